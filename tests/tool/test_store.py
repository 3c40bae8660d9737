# SPDX-License-Identifier: Apache-2.0
"""test_store.py: store copy between token directories, and what store commands refuse. tests/postgresql has servers."""
import json
import os

from harness import MASTER, MODULE, ToolTest, main

SERIAL = "SN-000123"


class Copy(ToolTest):
    def setUp(self):
        super().setUp()
        self.tokens, self.copy = self.path("tokens"), self.path("copy")

    def use_copy(self):
        self.write("keydiv.conf", "token-dir = %s\nslots = 3\nscrypt-log2-n = 14\n" % self.copy)

    def message(self, counter):
        made = self.user_json("sign", SERIAL, "--key", "plain", "--counter", str(counter), "--message", "00")
        return ["--counter", str(counter), "--message", made["message"], "--mac", made["mac"]]

    def verdict(self, message):
        return json.loads(self.run_tool("verify", SERIAL, "--key", "windowed", *message, "--json", "--pin-file", self.pin).out)["verdict"]

    def test_everything_is_copied(self):
        self.import_key("plain", MASTER)
        self.import_key("windowed", MASTER, "--window", "64")
        message, later = self.message(5), self.message(6)
        self.assertEqual(self.verdict(message), "ok")
        keys = self.user_json("key", "list")
        done = json.loads(self.ok("store", "copy", self.tokens, self.copy, "--to-slot", "2", "--json"))
        self.assertEqual(done, {"objects": 2, "marks": 2})  # the head of the window, and a stream
        self.use_copy()
        self.assertEqual(self.user_json("key", "list"), keys)
        self.assertEqual(self.verdict(message), "replayed")
        self.assertEqual(self.verdict(later), "ok")

    def test_wrong_tries_are_copied(self):
        wrong = self.write("wrong", "4321\n")
        for _ in range(10):
            self.run_tool("key", "list", "--pin-file", wrong)
        self.ok("store", "copy", self.tokens, self.copy)
        self.use_copy()
        self.refused("key", "list", says="CKR_PIN_LOCKED")

    def test_a_token_that_is_there(self):
        self.import_key("old", MASTER)
        self.ok("store", "copy", self.tokens, self.copy)
        self.user("key", "delete", "--force", "old")
        self.refused("store", "copy", self.tokens, self.copy, says="--replace", pin=False)
        self.ok("store", "copy", "--replace", self.tokens, self.copy)
        self.use_copy()
        self.assertEqual(self.user_json("key", "list"), [])

    def test_clients_are_refused(self):
        self.import_key("bdk", MASTER, "--allow", "odukpt")
        self.user("odukpt", "initial", "--key", "bdk", "--device", "TERMINAL-01", "--shape", "2,3", "--label", "ik")
        self.user("odukpt", "client", "--key", "ik", "--shape", "2,3", "--label", "terminal")
        self.refused("store", "copy", self.tokens, self.copy, says="the O-DUKPT client 'terminal'", pin=False)
        self.refused("store", "copy", self.copy, self.path("more"), says="there is no token", pin=False)

    def test_what_is_no_token(self):
        self.refused("store", "copy", self.path("other"), self.copy, says="there is no token in slot 0", pin=False)
        self.assertFalse(os.path.exists(self.path("other")))
        self.refused("store", "copy", self.tokens, self.copy, "--from-slot", "1", says="there is no token in slot 1", pin=False)
        self.refused("store", "copy", self.tokens, self.tokens, says="its own place", pin=False)
        self.refused("store", "copy", "tokens", self.copy, says="absolute path", pin=False)
        self.refused("store", "copy", self.tokens, self.copy, "--to-slot", "64", says="no such slot", pin=False)

    def test_a_directory_has_no_tables(self):
        for command in "init", "status":
            self.refused("store", command, self.tokens, says="postgresql:", pin=False)

    def test_a_server_that_is_not_there(self):
        """Without libpq there is no keydiv-store-postgresql.so."""
        built = os.path.exists(os.path.join(os.path.dirname(MODULE), "keydiv-store-postgresql.so"))
        server = "postgresql:host=" + self.dir
        for command in "init", "status":
            self.refused("store", command, server, says="connection" if built else "keydiv-store-postgresql.so", pin=False)
        self.refused("store", "copy", self.tokens, server, says="CKR_DEVICE_ERROR" if built else "CKR_FUNCTION_NOT_SUPPORTED", pin=False)
        self.refused("store", "copy", server, self.copy, says="CKR_DEVICE_ERROR" if built else "CKR_FUNCTION_NOT_SUPPORTED", pin=False)
        self.refused("store", "status", "postgresql:", says="CKR_ARGUMENTS_BAD", pin=False)
        self.refused("store", "status", "postgresql:host=x password=y", says="password", pin=False)
        self.refused("store", "status", "postgresql:nonsense=x", says="libpq does not understand", pin=False)
        if not built:
            return
        self.write("keydiv.conf", "store = %s\n" % server)
        done = self.run_tool("info")
        self.assertEqual(done.code, 1)
        self.assertIn("store server: none answers\nstore lease: 250 ms, over\nstore last contact: never\n", done.out)
        self.refused("init", "--label", "t", "--so-pin-file", self.so_pin, says="cannot read the token in slot 0")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_window.py: window show, forget and skip, for every way to describe a stream."""
import json

from harness import MASTER, ToolTest, main

SERIAL = "SN-000123"


class Window(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("plain", MASTER)
        self.import_key("windowed", MASTER, "--window", "64", "--reserve", "4")

    def message(self, command, counter, *arguments):
        """The message of a device, made under the master without a window."""
        done = self.run_tool(command, SERIAL, "--key", "plain", "--counter", str(counter), "--message", "00", "--json", "--pin-file", self.pin,
                             *arguments)
        self.assertEqual(done.code, 0, done.err)
        made = json.loads(done.out)
        return ["--counter", str(counter), "--message", made["message"], "--mac", made["mac"], *arguments]

    def verdict(self, command, message):
        done = self.run_tool(command, SERIAL, "--key", "windowed", *message, "--json", "--pin-file", self.pin)
        return json.loads(done.out)["verdict"]

    def window(self, command, *arguments):
        done = self.run_tool("window", command, SERIAL, "--key", "windowed", "--json", "--pin-file", self.pin, *arguments)
        self.assertEqual(done.code, 0, done.err)
        return json.loads(done.out)

    def check(self, make, check, *stream, arguments=()):
        """The window of the messages that MAKE makes and CHECK accepts; STREAM names it for `window`."""
        messages = {c: self.message(make, c, *arguments) for c in (5, 7, 100)}
        self.assertEqual(self.window("show", *stream, *arguments), {"serial": SERIAL, "direction": "incoming", "used": False})
        for c in 5, 7:
            self.assertEqual(self.verdict(check, messages[c]), "ok")
        self.assertEqual(self.verdict(check, messages[5]), "replayed")
        shown = self.window("show", *stream, *arguments)
        self.assertEqual(shown, {"serial": SERIAL, "direction": "incoming", "used": True, "highest": 7, "accepted_below": 6})
        self.assertEqual(self.window("show", "--outgoing", *stream, *arguments), {"serial": SERIAL, "direction": "outgoing", "used": False})
        self.assertFalse(self.window("forget", "--force", *stream, *arguments)["used"])
        self.assertEqual(self.verdict(check, messages[5]), "ok")
        skipped = self.window("skip", "--to", "100", "--force", *stream, *arguments)
        self.assertEqual((skipped["highest"], skipped["accepted_below"]), (100, 0))
        for c in messages:
            self.assertEqual(self.verdict(check, messages[c]), "replayed")
        self.assertEqual(self.verdict(check, self.message(make, 101, *arguments)), "ok")

    def test_signed(self):
        self.check("sign", "verify")

    def test_sealed(self):
        self.check("seal", "open", "--sealed")

    def test_other_streams(self):
        self.check("sign", "verify", arguments=("--purpose", "mac", "--operation", "sha256-hmac"))

    def test_mechanism(self):
        self.check("sign", "verify", arguments=("--mechanism", "device-message-key", "--counter-field", "COUNTER"))

    def test_outgoing(self):
        self.user("sign", SERIAL, "--key", "windowed", "--counter", "5", "--message", "00")
        self.assertEqual(self.window("show", "--outgoing"), {"serial": SERIAL, "direction": "outgoing", "used": True, "highest": 5})

    def test_changes_are_confirmed(self):
        for command in ("forget",), ("skip", "--to", "9"):
            self.refused("window", command[0], SERIAL, "--key", "windowed", *command[1:], says="nothing was changed")
        self.assertFalse(self.window("show")["used"])

    def test_refusals(self):
        self.refused("window", "show", SERIAL, "--key", "plain", says="made without --window")
        self.refused("window", "skip", SERIAL, "--key", "windowed", "--force", says="by --to")
        self.refused("window", "skip", SERIAL, "--key", "windowed", "--to", "x", "--force", says="--to takes a number")
        self.refused("window", "show", SERIAL, "--key", "windowed", "--operation", "aes-ctr", "--iv", "00" * 16, says="a MAC or tag")
        self.refused("window", "show", SERIAL, "--key", "windowed", "--previous", says="has no previous key")

    def test_key_options(self):
        self.refused("key", "generate", "--label", "x", "--window", "1025", says="0 to 1024")
        self.refused("key", "generate", "--label", "x", "--usage", "sign", "--window", "8", says="for masters")
        self.refused("key", "generate", "--label", "x", "--reserve", "8", says="with --window")
        self.refused("key", "generate", "--label", "x", "--window", "8", "--reserve", "4097", says="1 to 4096")
        self.user("key", "generate", "--label", "made", "--window", "8", "--reserve", "16")
        shown = json.loads(self.user("key", "show", "made", "--json"))
        self.assertEqual((shown["use_only"], shown["window"], shown["reserve"]), (True, 8, 16))
        self.user("key", "generate", "--label", "used", "--use-only")
        shown = json.loads(self.user("key", "show", "used", "--json"))
        self.assertEqual((shown["use_only"], "window" in shown), (True, False))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_failures.py: every command, with each call of the module failing once (tests/support/failing_module.c)."""
import collections
import os
import subprocess

from failing import FailingTest
from harness import MODULE, TOOL, derive_check_value, main

FAILING = os.environ["FAILING_MODULE_LIBRARY"]

# Every command begins with them, so they fail in a few commands only.
START = {"C_Initialize", "C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_Login"}

# These calls end what is done already. A session object is destroyed with its session at the latest.
FORGIVEN = {"C_CloseSession", "C_FindObjectsFinal", "C_DestroyObject"}

# The calls whose failure may leave a key more or less: none, or the reading of what was made.
KEYS_STAY = frozenset()
MADE = {"C_GetAttributeValue"}

DEVICE_ERROR, NOTHING = "0x30", "0x0"


class Failures(FailingTest):
    def run_failing(self, command, fault=None, log=None):
        env = dict(self.env, FAILING_MODULE=MODULE)
        env.update({"FAILING_CALL": fault} if fault else {}, **({"FAILING_LOG": log} if log else {}))
        return subprocess.run([TOOL, *command, "--module", FAILING], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=env, text=True, start_new_session=True)

    def calls_of(self, command):
        log = self.path("log")
        if os.path.exists(log):
            os.unlink(log)
        self.restore()
        done = self.run_failing(command, log=log)
        self.assertEqual(done.returncode, 0, "%s: %s" % (command, done.stderr))
        return collections.Counter(self.read("log").split()), done

    def check(self, command, fault, right, changes, forgiven):
        """The output before the fault stays, one line says what failed, and no key is made or lost."""
        with self.subTest(command=command, fault=fault):
            self.check_one(command, fault, right, changes, forgiven)

    def check_one(self, command, fault, right, changes, forgiven):
        self.restore()
        done = self.run_failing(command, " ".join(fault))
        text = "%s with %s: %s%s" % (" ".join(command), fault, done.stdout, done.stderr)
        if done.returncode == 0:
            self.assertIn(fault[0], forgiven, text)
            return
        self.assertEqual(done.returncode, 1, text)
        lines = done.stderr.splitlines()
        self.assertTrue(lines[-1].startswith("keydiv: "), text)
        self.assertTrue(all(line.startswith("keydiv: note: ") for line in lines[:-1]), text)
        if fault[2] == DEVICE_ERROR and not lines[-1].endswith("on this machine"):  # the verdict of selftest
            self.assertTrue(lines[-1].endswith("(CKR_DEVICE_ERROR)"), text)
            self.assertTrue(right.startswith(done.stdout), text)
        if changes is not None and fault[0] not in changes:
            self.assertEqual(self.labels(), self.before, text)
        if "--record" in command and fault[2] == DEVICE_ERROR:  # no key without its record
            self.assertEqual("new" in self.labels(), os.path.exists(self.path("record")), text)

    def each_call_fails(self, *command, changes=None, forgiven=FORGIVEN, start=False, pin=True):
        """CHANGES: the calls whose failure may leave a changed token; without any, the keys are not compared."""
        command = [*command, *(["--pin-file", self.pin] if pin else [])]
        counts, right = self.calls_of(command)
        for function, n in counts.items():
            if function in START and not start:
                continue
            for skip in sorted({0, min(1, n - 1), n - 1}):
                self.check(command, (function, str(skip), DEVICE_ERROR), right.stdout, changes, forgiven)
            # A module whose function does nothing and says CKR_OK may deceive the tool, which ends in an orderly way.
            self.check(command, (function, str(n - 1), NOTHING), right.stdout, None, counts)

    def test_start(self):
        info = FORGIVEN | {"C_GetMechanismInfo"}  # flat parameters are not shown
        self.each_call_fails("key", "list", start=True)
        self.each_call_fails("info", start=True, forgiven=info, pin=False)
        self.each_call_fails("mechanisms", start=True, pin=False)
        self.each_call_fails("mechanisms", "aes-gcm", pin=False)
        self.each_call_fails("selftest", start=True, pin=False)

    def test_pins(self):
        so = ["--so-pin-file", self.so_pin]
        self.each_call_fails("pin", "change", "--new-pin-file", self.pin, changes=KEYS_STAY)
        self.each_call_fails("pin", "change", "--so", *so, "--new-pin-file", self.so_pin, changes=KEYS_STAY, pin=False)
        self.each_call_fails("pin", "unlock", *so, "--new-pin-file", self.pin, changes=KEYS_STAY, pin=False)
        self.each_call_fails("init", "--erase", "--slot", "0", "--label", "x", *so)
        self.each_call_fails("key", "trust", "--force", "kbpk", *so, changes=KEYS_STAY)

    def test_keys(self):
        self.each_call_fails("key", "show", "master")
        self.each_call_fails("key", "show", "client")
        self.each_call_fails("key", "show", "window")
        self.each_call_fails("key", "generate", "--label", "new", changes=MADE)
        self.each_call_fails("key", "delete", "--force", "out", changes=KEYS_STAY)
        self.each_call_fails(
            "key", "import", "--label", "new", "--component-file", self.path("c1"), "--component-file", self.path("c2"),
            "--check-value", derive_check_value(bytes.fromhex(64 * "3")), "--record", self.path("record"), changes=MADE)

    def test_wrapped_keys(self):
        self.each_call_fails("key", "export", "out", "--wrap-with", "kek", "--json")
        self.each_call_fails("key", "export", "out", "--wrap-with", "kbpk", "--key-block")
        self.each_call_fails("key", "import", "--key-block", self.path("block"), "--unwrap-key", "kbpk", "--label", "new", changes=MADE)
        self.each_call_fails("key", "import", "--key-block-csv", self.path("blocks"), "--unwrap-key", "kbpk",
                             "--threads", "1")
        self.each_call_fails("key", "import", "--csv", self.path("wrapped"), "--unwrap-key", "kek", "--usage", "encrypt,decrypt",
                             "--threads", "1")

    def test_derivation(self):
        derive = ["derive", "--key", "master"]
        self.each_call_fails(*derive, "SN-1", "--mac", "x")
        self.each_call_fails(*derive, "SN-1", "--previous", "--explain")
        self.each_call_fails(*derive, "A", "--wrap-with", "kek", "--json")
        self.each_call_fails(*derive, "A", "--wrap-with", "kbpk", "--key-block", "--usage", "encrypt")
        self.each_call_fails(*derive, "--csv", self.path("serials"), "--threads", "1", start=True)
        self.each_call_fails(*derive, "--csv", self.path("serials"), "--threads", "1", "--store", "--usage", "sign",
                             "--output", self.path("output"))

    def test_devices(self):
        self.each_call_fails("device", "rotate", "SN-2")
        self.each_call_fails("device", "wrap", "--key", "master", "SN-1")
        self.each_call_fails("device", "retire", "SN-1")
        self.each_call_fails("device", "show", "SN-1")

    def test_messages(self):
        self.each_call_fails("sign", "--key", "window", "A", "--counter", "5", "--message", "00")
        self.each_call_fails("verify", "--key", "window", "--csv", self.path("signed"), "--threads", "1")
        self.each_call_fails("open", "--key", "window", "--csv", self.path("sealed"), "--threads", "1")
        self.each_call_fails("window", "show", "--key", "window", "A")
        self.each_call_fails("window", "skip", "--force", "--key", "window", "A", "--to", "9")

    def test_odukpt(self):
        shape = ["--shape", "4,5"]
        self.each_call_fails("odukpt", "initial", "--key", "master", "--device", "U", *shape, "--label", "new", changes=MADE)
        self.each_call_fails("odukpt", "client", "--key", "initial", *shape, "--label", "new", changes=MADE | {"C_DestroyObject"},
                             forgiven=FORGIVEN - {"C_DestroyObject"})
        self.each_call_fails("odukpt", "next", "--key", "client", "--mac", "x", changes=KEYS_STAY)
        self.each_call_fails("odukpt", "retrieve", "--key", "master", "--device", "T", *shape, "--transaction", "3")


if __name__ == "__main__":
    main()

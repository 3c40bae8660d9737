# SPDX-License-Identifier: Apache-2.0
"""test_readme.py: the Python example of README.md works, and its MAC is the one that openssl computes. The parameters that
mechanisms/MESSAGES.md shows give the results that the page shows."""
import os
import re
import subprocess
import textwrap
import unittest

from harness import *

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
README = os.path.join(ROOT, "README.md")
MESSAGES = os.path.join(ROOT, "mechanisms", "MESSAGES.md")
WITH_DERIVED_KEY = 0x8B440010
DEVICE_KEY_THAT_SIGNS = "3f2dba18a87fa581e735f039b80cbbfd"  # of SN-000123 under MASTER, tests/vectors/keydiv.txt


class ReadmeTest(TokenTest):
    def test_first_key_from_python(self):
        with open(README, encoding="utf-8") as f:
            section = f.read().split("## The first key from Python")[1].split("\n## ")[0]
        code = textwrap.dedent("".join(re.findall(r"^    .*\n", section, re.M)))
        lib, session = open_session()
        self.addCleanup(lambda: lib.lib.C_Finalize())
        session.createObject(secret_key(MASTER, label="master", derive=True))
        names = {"PyKCS11": PyKCS11, "session": session}
        exec(code, names)
        out = subprocess.run(["openssl", "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:" + DEVICE_KEY_THAT_SIGNS,
                              "-in", "-", "CMAC"], input=b"hello from the device", stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(bytes(names["mac"]).hex(), out.decode().strip().lower())

    def test_messages_page(self):
        with open(MESSAGES, encoding="utf-8") as f:
            tables = re.findall(r"\| tag .*\n\|---.*\n((?:\| .*\n)+)[^`]*(?:`[0-9a-f]{32}`[^`]*)?`([0-9a-f]{32,})`", f.read())
        self.assertEqual(len(tables), 2)
        lib, session = open_session()
        self.addCleanup(lambda: lib.lib.C_Finalize())
        master = session.createObject(secret_key(MASTER, derive=True))
        text = b"hello from the device"
        for (rows, result), operation in zip(tables, (session.sign, session.encrypt)):
            fields = re.findall(r"^\| ([0-9A-F]{2}) \| [A-Z].*?\| `([0-9a-f]+)`", rows, re.M)
            parameter = b"".join(field(int(tag, 16), bytes.fromhex(value)) for tag, value in fields)
            self.assertEqual(len(fields), 4)
            made = operation(master, text, PyKCS11.Mechanism(WITH_DERIVED_KEY, parameter))
            self.assertEqual(bytes(made).hex(), result)


if __name__ == "__main__":
    unittest.main()

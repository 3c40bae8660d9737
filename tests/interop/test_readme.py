# SPDX-License-Identifier: Apache-2.0
"""test_readme.py: the Python example of README.md works, and its MAC is the one that openssl computes."""
import os
import re
import subprocess
import textwrap
import unittest

from harness import *

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
DEVICE_KEY_THAT_SIGNS = "3f2dba18a87fa581e735f039b80cbbfd"  # of SN-000123 under MASTER, tests/vectors/keydiv.txt


class ReadmeTest(TokenTest):
    def test_first_key_from_python(self):
        with open(README, encoding="utf-8") as f:
            section = f.read().split("## The first key from Python")[1].split("\n## ")[0]
        code = textwrap.dedent("".join(re.findall(r"^    .*\n", section, re.M)))
        lib, session = open_session()
        self.addCleanup(lib.lib.C_Finalize)
        session.createObject(secret_key(MASTER, label="master", derive=True))
        names = {"PyKCS11": PyKCS11, "session": session}
        exec(code, names)
        out = subprocess.run(["openssl", "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:" + DEVICE_KEY_THAT_SIGNS,
                              "-in", "-", "CMAC"], input=b"hello from the device", stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(bytes(names["mac"]).hex(), out.decode().strip().lower())


if __name__ == "__main__":
    unittest.main()

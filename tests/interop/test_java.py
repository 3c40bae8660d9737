# SPDX-License-Identifier: Apache-2.0
"""test_java.py: Java's SunPKCS11 with a plain configuration: every Cipher, Mac and KeyGenerator works, though its templates name no usage."""
import os
import unittest

from harness import *

HERE = os.path.dirname(os.path.abspath(__file__))


@needs("javac")
class Java(TokenTest):
    def test_every_cipher_mac_and_key_generator(self):
        configuration = os.path.join(self.work, "java.conf")
        with open(configuration, "w") as out:
            out.write("name = keydiv\nlibrary = %s\nslotListIndex = 0\n" % MODULE)
        out = self.run_program("java", os.path.join(HERE, "SunPkcs11.java"), configuration, PIN).decode()
        for service in ("Cipher AES/CBC/NoPadding", "Cipher AES/GCM/NoPadding", "Cipher DESede/CBC/NoPadding", "Mac HmacSHA256",
                        "KeyGenerator AES", "KeyGenerator DESede"):
            self.assertIn("ok %s\n" % service, out)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""test_pkcs11_tool.py: OpenSC's pkcs11-tool: its own test, and its ways of working with tokens and keys."""
import os
import unittest

from harness import *


@needs("pkcs11-tool")
class Pkcs11ToolTest(TokenTest):
    def tool(self, *arguments, **options):
        return self.run_program("pkcs11-tool", "--module", MODULE, *arguments, **options).decode(errors="replace")

    def user(self, *arguments, **options):
        return self.tool("--login", "--pin", PIN, *arguments, **options)

    def path(self, name, content=None):
        name = os.path.join(self.work, name)
        if content is not None:
            with open(name, "wb") as out:
                out.write(content)
        return name

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def test_its_own_test(self):
        out = self.user("--test")
        self.assertIn("No errors", out)
        self.assertNotIn("ERR:", out)

    def test_information(self):
        self.assertIn(LABEL, self.tool("--list-slots"))
        self.assertIn("login required", self.tool("--list-token-slots"))
        out = self.tool("--list-mechanisms")
        for name in ("AES-CMAC", "AES-CBC-PAD", "AES-KEY-GEN", "SHA256-HMAC", "derive"):
            self.assertIn(name, out)
        self.assertIn("8B440001", out.upper())
        self.tool("--show-info")

    def test_keys(self):
        self.user("--keygen", "--key-type", "AES:32", "--label", "made", "--id", "01", "--usage-decrypt", "--private")
        self.user("--keygen", "--key-type", "GENERIC:64", "--label", "generic", "--id", "02", "--usage-sign", "--private")
        out = self.user("--list-objects")
        self.assertIn("made", out)
        self.assertIn("generic", out)
        self.assertNotIn("made", self.tool("--list-objects"))
        self.user("--delete-object", "--type", "secrkey", "--label", "made")
        self.assertNotIn("made", self.user("--list-objects"))

    def test_import_and_encrypt(self):
        self.path("key", MASTER)
        self.user("--write-object", self.path("key"), "--type", "secrkey", "--key-type", "AES:16", "--label", "imported", "--id", "03",
                  "--usage-decrypt", "--extractable")
        self.path("plain", b"sixteen bytes..." * 3)
        common = ["--id", "03", "--mechanism", "AES-CBC-PAD", "--iv", bytes(range(16)).hex()]
        self.user("--encrypt", *common, "--input-file", self.path("plain"), "--output-file", self.path("sealed"))
        wanted = self.run_program("openssl", "enc", "-aes-128-cbc", "-K", MASTER.hex(), "-iv", bytes(range(16)).hex(),
                                  data=self.content("plain"))
        self.assertEqual(self.content("sealed"), wanted)
        self.user("--decrypt", *common, "--input-file", self.path("sealed"), "--output-file", self.path("back"))
        self.assertEqual(self.content("back"), self.content("plain"))

    def test_hmac_and_digest(self):
        # OpenSC 0.23 writes no generic keys, so the key is the token's own
        self.user("--keygen", "--key-type", "GENERIC:32", "--label", "hmac", "--id", "04", "--usage-sign")
        self.path("data", b"what is signed")
        self.user("--sign", "--id", "04", "--mechanism", "SHA256-HMAC", "--input-file", self.path("data"), "--output-file", self.path("mac"))
        self.assertEqual(len(self.content("mac")), 32)
        self.user("--verify", "--id", "04", "--mechanism", "SHA256-HMAC", "--input-file", self.path("data"), "--signature-file", self.path("mac"))
        self.tool("--hash", "--mechanism", "SHA256", "--input-file", self.path("data"), "--output-file", self.path("digest"))
        wanted = self.run_program("openssl", "dgst", "-sha256", "-binary", data=b"what is signed")
        self.assertEqual(self.content("digest"), wanted)

    def test_data_objects(self):
        self.path("object", b"some data")
        self.user("--write-object", self.path("object"), "--type", "data", "--label", "a data object", "--private")
        self.user("--read-object", "--type", "data", "--label", "a data object", "--output-file", self.path("read"))
        self.assertEqual(self.content("read"), b"some data")
        self.user("--delete-object", "--type", "data", "--label", "a data object")

    def test_random(self):
        self.tool("--generate-random", "40", "--output-file", self.path("random"))
        self.assertEqual(len(self.content("random")), 40)
        self.assertNotEqual(self.content("random"), bytes(40))

    def test_pins(self):
        self.user("--change-pin", "--new-pin", "654321")
        self.tool("--login", "--pin", PIN, "--list-objects", fails=True)
        self.tool("--login", "--login-type", "so", "--so-pin", SO_PIN, "--init-pin", "--new-pin", PIN)
        self.user("--list-objects")

    def test_init_token(self):
        with open(self.path("two.conf"), "w") as out:
            out.write("token-dir = %s/other\nscrypt-log2-n = 14\nslots = 2\n" % self.work)
        extra = {"KEYDIV_CONF": self.path("two.conf")}
        self.tool("--init-token", "--slot", "1", "--label", "made by OpenSC", "--so-pin", "so-pin-77", **extra)
        self.tool("--init-pin", "--slot", "1", "--login", "--login-type", "so", "--so-pin", "so-pin-77", "--new-pin", "998877", **extra)
        self.assertIn("made by OpenSC", self.tool("--list-token-slots", **extra))
        self.tool("--slot", "1", "--login", "--pin", "998877", "--list-objects", **extra)


if __name__ == "__main__":
    unittest.main()

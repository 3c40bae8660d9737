# SPDX-License-Identifier: Apache-2.0
"""test_wrap.py: keys that leave the token wrapped and come back: key export, key import, key blocks."""
import json

from harness import MASTER, ToolTest, aes_check_value, keywrap, main, needs_keywrap

KEK = bytes(range(32))


@needs_keywrap
class Export(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("kek", KEK, "--usage", "wrap,unwrap")
        self.import_key("data", MASTER, "--usage", "encrypt,decrypt", "--extractable")

    def test_as_text_and_json(self):
        out = self.user("key", "export", "data", "--wrap-with", "kek")
        self.assertEqual(out.count("\n"), 1)
        self.assertEqual(keywrap.aes_key_unwrap_with_padding(KEK, bytes.fromhex(out.strip())), MASTER)
        shown = self.user_json("key", "export", "data", "--wrap-with", "kek")
        self.assertEqual(shown, {"key": "data", "wrapped_key": out.strip(), "check_value": aes_check_value(MASTER)})
        out = self.user("key", "export", "data", "--wrap-with", "kek", "--wrap-mechanism", "CKM_AES_KEY_WRAP")
        self.assertEqual(keywrap.aes_key_unwrap(KEK, bytes.fromhex(out.strip())), MASTER)

    def test_and_back(self):
        out = self.user("key", "export", "data", "--wrap-with", "kek")
        self.user("key", "import", "--csv", "-", "--unwrap-key", "kek", "--usage", "encrypt,decrypt", data="again," + out)
        self.assertEqual(self.user_json("key", "show", "again")["check_value"], aes_check_value(MASTER))

    def test_refusals(self):
        self.refused("key", "export", "data", says="give --wrap-with")
        self.refused("key", "export", "data", "--key-block", says="give --wrap-with")
        self.refused("key", "export", "none", "--wrap-with", "kek", says="there is no key 'none'")
        self.refused("key", "export", "data", "--wrap-with", "data", says="'data' wraps no keys")
        self.refused("key", "export", "kek", "--wrap-with", "kek", says="cannot wrap the key of 'kek'")
        self.import_key("closed", MASTER, "--usage", "sign")
        self.refused("key", "export", "closed", "--wrap-with", "kek", says="the key was made without --extractable (CKR_KEY_UNEXTRACTABLE)")
        self.refused("key", "export", "data", "--wrap-with", "kek", "--wrap-mechanism", "aes-cbc", says="(CKR_MECHANISM_INVALID)")
        self.user("key", "generate", "--label", "master", "--extractable", "--wrap-with-trusted")
        self.refused("key", "export", "master", "--wrap-with", "kek", says="leaves only under a key that the security officer trusts")
        self.refused("key", "export", says="an argument is missing", code=2)


if __name__ == "__main__":
    main()

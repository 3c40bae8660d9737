# SPDX-License-Identifier: Apache-2.0
"""test_wrap.py: keys that leave the token wrapped and come back: key export, key import, key blocks."""
import json

import hashlib
import json

from harness import MASTER, SOURCE, ToolTest, aes_check_value, derive_check_value, keywrap, main, needs_keywrap, openssl

KEK = bytes(range(32))


def read_blocks():
    """The good blocks of tests/vectors/key_block.txt, except those of single DES keys, which the token does not have."""
    with open(SOURCE + "/tests/vectors/key_block.txt", encoding="utf-8") as vectors:
        records = [dict(line.split(" = ", 1) for line in record.splitlines() if " = " in line) for record in vectors.read().split("\n\n")]
    return [record for record in records if record.get("status") == "good" and len(record["key"]) > 16]


def check_value_of(key, shown):
    """The check value of KEY as a key of type SHOWN["type"]."""
    if shown["type"] == "aes":
        return (derive_check_value if shown["usage"] == ["derive"] else aes_check_value)(key)
    if shown["type"] not in ("des2", "des3"):
        return hashlib.sha1(key).hexdigest()[:6].upper()
    return openssl("enc", "-des-ede3", "-nopad", "-K", (key + key[:8])[:24].hex(), data=bytes(8))[:3].hex().upper()


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


class KeyBlocks(ToolTest):
    def setUp(self):
        super().setUp()
        self.make("kbpk", "--usage", "wrap,unwrap", "--allow", "key-block")
        self.make("master", "--extractable-children")

    def make(self, label, *arguments):
        self.user("key", "generate", "--label", label, *arguments)

    def trusted(self, label="trusted", *arguments):
        self.make(label, "--usage", "wrap,unwrap", "--allow", "key-block", "--public", *arguments)
        self.ok("key", "trust", label, "--force", "--pin-file", self.pin, "--so-pin-file", self.so_pin, "--json")

    def check_value(self, label):
        return self.user_json("key", "show", label)["check_value"]

    def export(self, label, *arguments, kbpk="kbpk"):
        return self.user("key", "export", label, "--wrap-with", kbpk, *(arguments or ["--key-block"])).strip("\n")

    def import_block(self, block, *arguments, label="again", kbpk="kbpk"):
        return self.user_json("key", "import", "--key-block", "-", "--unwrap-key", kbpk, "--label", label, *arguments, data=block + "\n")

    def refuse_block(self, block, *arguments, says, label="again", kbpk="kbpk", **more):
        """The key block is refused with one line, and nothing is made."""
        before = self.user_json("key", "list")
        self.refused("key", "import", "--key-block", "-", "--unwrap-key", kbpk, "--label", label, *arguments, data=block, says=says, **more)
        self.assertEqual(self.user_json("key", "list"), before)

    def test_a_bdk_and_back(self):
        """A key that derives leaves under a trusted KBPK only, and the header says what comes back."""
        self.trusted()
        self.make("bdk", "--allow", "aes-dukpt,with-derived-key", "--size", "128", "--extractable", "--wrap-with-trusted")
        self.refused("key", "export", "bdk", "--wrap-with", "kbpk", "--key-block", says="or it may leave under a trusted key only")
        block = self.export("bdk", kbpk="trusted")
        self.assertEqual((block[:16], len(block)), ("D0144B0AX00N0000", 144))
        shown = self.import_block(block, kbpk="trusted")
        self.assertEqual((shown["type"], shown["bits"], shown["usage"], shown["check_value"]), ("aes", 128, ["derive"], self.check_value("bdk")))
        shown = self.user_json("key", "show", "again")
        self.assertEqual(sorted(shown["allowed_mechanisms"]),
                         ["CKM_KEYDIV_AES_DUKPT_INITIAL_KEY", "CKM_KEYDIV_AES_DUKPT_KEY", "CKM_KEYDIV_WITH_DERIVED_KEY"])
        self.assertEqual((shown["sensitive"], shown["extractable"]), (True, False))

    def test_exportability(self):
        self.trusted()
        self.make("bdk", "--allow", "aes-dukpt,with-derived-key", "--extractable", "--wrap-with-trusted")
        never = self.export("bdk", kbpk="trusted")
        self.refuse_block(never, "--extractable", says="(CKR_TEMPLATE_INCONSISTENT)", kbpk="trusted")
        again = self.export("bdk", "--key-block-header", "D0000B0AX00E0000", kbpk="trusted")
        self.import_block(again, "--extractable", kbpk="trusted")
        shown = self.user_json("key", "show", "again")
        self.assertEqual((shown["extractable"], shown["wrap_with_trusted"]), (True, True))
        self.refused("key", "export", "bdk", "--wrap-with", "trusted", "--key-block-header", "D0000B0AX00S0000",
                     says="the header does not say what the key is")

    def test_tdes(self):
        self.make("data", "--type", "des2", "--usage", "encrypt", "--extractable")
        for kind in "des2", "des3":
            self.make(kind, "--type", kind, "--usage", "wrap,unwrap", "--allow", "key-block")
            block = self.export("data", kbpk=kind)
            self.assertEqual((block[:16], len(block)), ("B0096D0TE00N0000", 96))
            self.assertEqual(self.import_block(block, kbpk=kind, label="of " + kind)["check_value"], self.check_value("data"))
        self.make("long", "--usage", "encrypt", "--extractable")
        self.refused("key", "export", "long", "--wrap-with", "des3", "--key-block", says="(CKR_WRAPPING_KEY_SIZE_RANGE)")

    def test_list_of_device_keys(self):
        derive = ["derive", "--key", "master", "--wrap-with", "kbpk", "--usage", "sign,verify", "--allow", "aes-cmac", "--csv", "-"]
        data = "".join("SN-%d\n" % i for i in range(200))
        out = self.user(*derive, "--key-block", data=data)
        lines = [line.split(",") for line in out.splitlines()]
        self.assertEqual([line[0] for line in lines], data.split())
        self.assertEqual({(line[1][:16], len(line[1])) for line in lines}, {("D0144M6AC00N0000", 144)})
        done = self.user("key", "import", "--key-block-csv", "-", "--unwrap-key", "kbpk", data=out)
        self.assertEqual(done.splitlines(), ["%s,%s" % (line[0], line[2]) for line in lines])
        shown = self.user_json("key", "show", "SN-7")
        self.assertEqual((shown["usage"], shown["allowed_mechanisms"]), (["sign", "verify"], ["CKM_AES_CMAC"]))
        line = json.loads(self.user(*derive, "--key-block", "--json", data="SN-7\n"))
        self.assertEqual((list(line), line["check_value"]), (["serial", "key_block", "check_value"], shown["check_value"]))

    def test_header(self):
        """The header of the caller, its length digits ignored, and an optional block with a comma in a list."""
        derive = ["derive", "--key", "master", "--wrap-with", "kbpk", "--usage", "encrypt"]
        block = self.user(*derive, "--key-block-header", "D9999P0AE17N0000", "x").split(",")[1]
        self.assertEqual(block[:16], "D0144P0AE17N0000")
        out = self.user(*derive, "--key-block-header", "D0000P0AE00N0100LB08a,b\"", "--csv", "-", data="x\n")
        self.assertIn('"D0160P0AE00N0200LB08a,b""PB', out)
        self.user("key", "import", "--key-block-csv", "-", "--unwrap-key", "kbpk", data=out)
        self.assertEqual(self.check_value("x"), out.strip().rpartition(",")[2])

    def test_rows_of_the_manual(self):
        """The table of keydiv(1), Key blocks: the options that make a key, and the header of the key."""
        leaves = ["--extractable", "--wrap-with-trusted"]
        self.trusted()
        self.trusted("tdes", "--type", "des3")
        for header, *options in (
                ("D0144B0AX", "--allow", "aes-dukpt,with-derived-key", *leaves),
                ("B0096B0TX", "--type", "des2", "--allow", "tdes-dukpt,with-derived-key", *leaves),
                ("D0144B1AX", "--allow", "aes-dukpt-key-of-initial,with-derived-key", *leaves),
                ("B0096B1TX", "--type", "des2", "--allow", "tdes-dukpt-key-of-initial,with-derived-key", *leaves),
                ("D0144D0AB", "--usage", "encrypt,decrypt", "--extractable"),
                ("B0096D0TD", "--type", "des3", "--usage", "decrypt", "--extractable"),
                ("B0096E0TX", "--type", "des2", "--allow", "emv-card-key,with-derived-key", *leaves),
                ("D0144K0AE", "--usage", "wrap", "--allow", "aes-key-wrap,aes-key-wrap-kwp", "--extractable"),
                ("D0144K1AB", "--usage", "wrap,unwrap", "--allow", "key-block", "--extractable"),
                ("B0096K1TD", "--type", "des2", "--usage", "unwrap", "--allow", "key-block", "--extractable"),
                ("B0096M3TG", "--type", "des2", "--usage", "sign", "--allow", "retail-mac", "--extractable"),
                ("D0144M6AC", "--usage", "sign,verify", "--allow", "aes-cmac", "--extractable"),
                ("B0096M6TV", "--type", "des3", "--usage", "verify", "--allow", "des3-cmac", "--extractable"),
                ("D014410AX", *leaves),
                ("D014411AX", "--allow", "odukpt,with-derived-key", *leaves)):
            with self.subTest(header):
                self.make("key", *options)
                kbpk = "trusted" if header[0] == "D" else "tdes"
                block = self.export("key", kbpk=kbpk)
                self.assertEqual(block[:9], header)
                self.import_block(block, kbpk=kbpk)
                made, back = self.user_json("key", "show", "key"), self.user_json("key", "show", "again")
                for member in "type", "bits", "check_value", "usage":
                    self.assertEqual(made[member], back[member])
                self.assertEqual(sorted(made.get("allowed_mechanisms", [])), sorted(back.get("allowed_mechanisms", [])))
                for label in "key", "again":
                    self.user("key", "delete", "--force", label)
        hmac = ["--type", "sha256-hmac", "--usage", "sign,verify", "--allow", "sha256-hmac"]
        out = self.user("derive", "--key", "master", "--wrap-with", "kbpk", "--key-block", *hmac, "x")
        self.assertRegex(out, r"^x,D0\d\d\dM7HC00N0200HM0621PB")
        out = self.user("derive", "--key", "master", "--wrap-with", "kbpk", "--key-block-header", "E0000P0AE00N0000", "--usage", "encrypt", "x")
        self.assertTrue(out.startswith("x,E0116P0AE00N0000"), out)

    def test_keys_without_a_row(self):
        """A device key without usage, and a key that signs without a list, fit no usage of key blocks."""
        for usage in [], ["--usage", "sign"]:
            self.refused("derive", "--key", "master", "--wrap-with", "kbpk", "--key-block", *usage, "x", says="no usage of key blocks fits the key")
        for header in "D0000P0AD00N0000", "X0000P0AE00N0000", "D0000P0TE00N0000", "D0000??AE00N0000":
            self.refused("derive", "--key", "master", "--wrap-with", "kbpk", "--usage", "encrypt", "--key-block-header", header, "x",
                         says="the header does not say what the key is; see keydiv(1), Key blocks (CKR_MECHANISM_PARAM_INVALID)")

    def test_bad_blocks(self):
        self.make("data", "--usage", "encrypt,decrypt", "--extractable")
        self.make("other", "--usage", "wrap,unwrap", "--allow", "key-block")
        block = self.export("data")
        for bad in "garbage", block[:-1], block + "0", block[:-1] + ("1" if block[-1] == "0" else "0"), block.lower(), "C" + block[1:]:
            self.refuse_block(bad + "\n", says="the key was wrapped under another key, or is damaged (CKR_WRAPPED_KEY_INVALID)")
        self.refuse_block(block, kbpk="other", says="(CKR_WRAPPED_KEY_INVALID)")
        self.refuse_block("", says="'-' is empty: a key block is one line")
        self.refuse_block("\n\r\n", says="'-' is empty: a key block is one line")
        self.refuse_block(block + "\0", says="a character that is no printable ASCII")
        self.refuse_block("\0\n", says="a character that is no printable ASCII")
        self.refuse_block(block + "\n" + block + "\n", says="'-' has more than one line: give --key-block-csv for a list")
        self.refuse_block(block[:20] + "\u00e9", says="that is no printable ASCII, or is too long")
        self.refuse_block("D" * 11000, says="'-' is too long: a key block has 9992 characters at most")
        self.refuse_block(block, label="data", says="there is a key 'data' already")
        self.refuse_block(block, "--type", "des2", says="the options say more than the header")
        self.refuse_block(block, "--usage", "sign", says="the options say more than the header")
        self.refuse_block(block, kbpk="none", says="there is no key 'none'")
        self.refuse_block(block, kbpk="master", says="cannot unwrap the key of 'again'")
        self.assertEqual(self.import_block(block, "--type", "aes", "--usage", "encrypt,decrypt")["check_value"], self.check_value("data"))

    def test_less_than_the_header(self):
        self.make("data", "--usage", "encrypt,decrypt", "--extractable")
        self.import_block(self.export("data"), "--usage", "encrypt", "--allow", "aes-cbc")
        shown = self.user_json("key", "show", "again")
        self.assertEqual((shown["usage"], shown["allowed_mechanisms"]), (["encrypt"], ["CKM_AES_CBC"]))

    def test_options(self):
        block = self.write("block", "D0144")
        start = ["key", "import", "--key-block", block]
        self.refused(*start, "--label", "x", says="--key-block needs --unwrap-key")
        self.refused(*start, "--unwrap-key", "kbpk", says="give --label")
        self.refused(*start, "--unwrap-key", "kbpk", "--label", "x", "--csv", block, says="exclude each other")
        self.refused(*start, "--unwrap-key", "kbpk", "--label", "x", "--components", "2", says="leave out --size")
        self.refused(*start, "--unwrap-key", "kbpk", "--label", "x", "--hex", says="go with --csv")
        self.refused("key", "import", "--key-block", self.path("none"), "--unwrap-key", "kbpk", "--label", "x", says="No such file")
        self.refused("key", "import", "--key-block-csv", block, says="--key-block-csv needs --unwrap-key")
        self.refused("key", "import", "--key-block-csv", block, "--unwrap-key", "kbpk", "--label", "x", says="--key-block-csv takes labels and keys from the file")
        self.refused("key", "import", "--unwrap-key", "kbpk", "--label", "x", says="--unwrap-key goes with --csv, --key-block or --key-block-csv")

    def test_a_bad_line_of_a_list(self):
        out = self.user("derive", "--key", "master", "--wrap-with", "kbpk", "--usage", "encrypt", "--key-block", "A", "B", "C", "D")
        lines = out.splitlines(True)
        bad = self.write("list", "".join(lines[:2]) + lines[2].replace("D0144", "D0145") + lines[3])
        done = self.run_tool("key", "import", "--key-block-csv", bad, "--unwrap-key", "kbpk", "--threads", "1", "--pin-file", self.pin)
        self.assertEqual((done.code, [line.split(",")[0] for line in done.out.splitlines()]), (1, ["A", "B"]))
        self.assertEqual(done.err, "keydiv: line 3: cannot unwrap the key of 'C': the key was wrapped under another key, or is damaged "
                                   "(CKR_WRAPPED_KEY_INVALID)\n")
        labels = {key["label"] for key in self.user_json("key", "list")}
        self.assertEqual(labels & {"A", "B", "C"}, {"A", "B"})
        self.refused("key", "import", "--key-block-csv", "-", "--unwrap-key", "kbpk", data="X\n", says="line 1: the line has too few fields")
        self.refused("key", "import", "--key-block-csv", "-", "--unwrap-key", "kbpk", data=lines[0], says="line 1: there is a key 'A' already")

    def test_with_flat_parameters(self):
        with open(self.path("keydiv.conf"), "a") as f:
            f.write("parameters = flat\n")
        self.make("data", "--usage", "encrypt", "--extractable")
        block = self.export("data", "--key-block-header", "D0000P0AE00S0000")
        self.import_block(block, "--extractable")
        self.assertEqual(self.export("again")[:16], "D0144D0AE00N0000")

    def test_published_blocks(self):
        """A partner's KBPK comes in components, and the partner's keys in the published blocks."""
        refused = set()
        for i, block in enumerate(read_blocks()):
            kbpk, cipher = bytes.fromhex(block["kbpk"]), "aes" if block["block"][0] in "DE" else "des%d" % (len(block["kbpk"]) // 16)
            label = "kbpk " + block["kbpk"] + cipher
            with self.subTest(block["block"]):
                if label not in {key["label"] for key in self.user_json("key", "list")}:
                    self.import_tdes_or_aes(label, kbpk, cipher)
                done = self.run_tool("key", "import", "--key-block", "-", "--unwrap-key", label, "--label", "key %d" % i, "--json",
                                     "--pin-file", self.pin, data=block["block"])
                if done.code:
                    refused.add(block["block"][5:9])
                    self.assertIn("the token offers nothing for the usage in the header (CKR_KEY_TYPE_INCONSISTENT)", done.err)
                    continue
                shown = json.loads(done.out)
                self.assertEqual(shown["check_value"], check_value_of(bytes.fromhex(block["key"]), shown))
        self.assertGreater(i, 20)
        self.assertEqual(refused, {"K0TN", "B0TV"})  # TDES keys that wrap keys alone, and a BDK that verifies

    def import_tdes_or_aes(self, label, key, cipher):
        files = [self.write("c%d" % i, part.hex() + "\n") for i, part in enumerate((b"\x02" * len(key), bytes(b ^ 2 for b in key)))]
        self.user("key", "import", "--label", label, "--type", cipher, "--usage", "unwrap", "--allow", "key-block", "--check-value",
                  check_value_of(key, {"type": cipher, "usage": []}), *(a for name in files for a in ("--component-file", name)),
                  *(["--size", "128"] if cipher == "aes" and len(key) == 16 else []))


if __name__ == "__main__":
    main()

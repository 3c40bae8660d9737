# SPDX-License-Identifier: Apache-2.0
"""test_key.py: key generate, import, list, show, delete."""
import json
import os
import shutil
import subprocess
import unittest

from harness import MASTER, MODULE, PIN, SO_PIN, TOOL, Terminal, ToolTest, aes_check_value, cmac, keywrap, main, needs_keywrap, not_sanitized, openssl


def cmac_check(key):
    return cmac(key, bytes(16))[:3].hex().upper()


MASTER_CHECK = cmac_check(MASTER)  # of a key that derives


class Generate(ToolTest):
    def test_a_master_by_default(self):
        self.user("key", "generate", "--label", "master")
        shown = self.user_json("key", "show", "master")
        self.assertEqual((shown["type"], shown["bits"], shown["usage"]), ("aes", 256, ["derive"]))
        for flag in "token", "private", "sensitive", "always_sensitive", "never_extractable", "local":
            self.assertTrue(shown[flag], flag)
        self.assertFalse(shown["extractable"])
        self.assertEqual(sorted(shown["allowed_mechanisms"]),
                         sorted("CKM_KEYDIV_" + m for m in ("DEVICE_KEY", "MESSAGE_KEY", "DEVICE_MESSAGE_KEY", "SESSION_KEY",
                                                             "DEVICE_SESSION_KEY", "DATA_KEY", "WITH_DERIVED_KEY")))
        self.assertNotIn("value", shown)

    def test_two_keys_differ(self):
        for label in "a", "b":
            self.user("key", "generate", "--label", label)
        checks = {k["check_value"] for k in self.user_json("key", "list")}
        self.assertEqual(len(checks), 2)

    def test_other_keys(self):
        self.user("key", "generate", "--label", "k", "--id", "0102ff", "--size", "128", "--usage", "wrap,unwrap", "--extractable",
                  "--public")
        shown = self.user_json("key", "show", "id:0102FF")
        self.assertEqual((shown["label"], shown["id"], shown["bits"], shown["usage"]), ("k", "0102ff", 128, ["wrap", "unwrap"]))
        self.assertTrue(shown["extractable"])
        self.assertFalse(shown["private"])
        for kind, bits in ("des2", 128), ("des3", 192), ("generic", 256):
            self.user("key", "generate", "--label", kind, "--type", kind, "--usage", "sign")
            shown = self.user_json("key", "show", kind)
            self.assertEqual((shown["type"], shown["bits"]), (kind, bits))

    def test_allow(self):
        self.user("key", "generate", "--label", "bdk", "--allow", "odukpt,aes-dukpt,cmac,CKM_SP800_108_COUNTER_KDF,0x8b440102")
        self.assertEqual(sorted(self.user_json("key", "show", "bdk")["allowed_mechanisms"]),
                         ["CKM_KEYDIV_AES_DUKPT_INITIAL_KEY", "CKM_KEYDIV_AES_DUKPT_KEY", "CKM_KEYDIV_AN10922", "CKM_KEYDIV_CMAC",
                          "CKM_KEYDIV_ODUKPT_INITIAL_KEY", "CKM_KEYDIV_ODUKPT_KEY", "CKM_SP800_108_COUNTER_KDF"])
        self.refused("key", "derive", code=2, says="no command")
        self.refused("derive", "--key", "bdk", "SN-1", says="(CKR_MECHANISM_INVALID)")

    def test_refusals(self):
        self.refused("key", "generate", says="give --label")
        self.refused("key", "generate", "--label", "", says="give --label")
        self.refused("key", "generate", "--label", "x", "--type", "rsa", says="is no type of key")
        self.refused("key", "generate", "--label", "x", "--usage", "sing", says="is no usage")
        self.refused("key", "generate", "--label", "x", "--usage", "derive,sign", says="does nothing else")
        self.refused("key", "generate", "--label", "x", "--allow", "sing", says="is no mechanism or scheme")
        self.refused("key", "generate", "--label", "x", "--allow", "cmac,", says="empty or too long")
        self.refused("key", "generate", "--label", "x", "--size", "100", says="multiple of 8")
        self.refused("key", "generate", "--label", "x", "--size", "136", says="CKR_")
        self.refused("key", "generate", "--label", "x", "--id", "xyz", says="--id takes")
        self.refused("key", "generate", "--label", "x", "--type", "sha256-hmac", says="--type generic")
        self.assertEqual(self.user_json("key", "list"), [])
        self.user("key", "generate", "--label", "x")
        self.refused("key", "generate", "--label", "x", says="there is a key 'x' already")

    def test_extractable_masters(self):
        self.refused("key", "generate", "--label", "x", "--extractable", says="needs --wrap-with-trusted")
        self.refused("key", "generate", "--label", "x", "--usage", "sign", "--extractable-children", says="is for masters")
        self.user("key", "generate", "--label", "x", "--extractable", "--wrap-with-trusted")
        shown = self.user_json("key", "show", "x")
        self.assertEqual((shown["extractable"], shown["wrap_with_trusted"], shown["extractable_children"]), (True, True, False))

    def test_unwrap_template(self):
        self.user("key", "generate", "--label", "kek", "--usage", "wrap,unwrap", "--public", "--unwrap-template",
                  "sensitive,wrap-with-trusted,derive,allow=device,allow=cmac")
        done = self.run_tool("key", "trust", "kek", "--force", "--pin-file", self.pin, "--so-pin-file", self.so_pin)
        self.assertEqual((done.code, done.err), (0, ""))
        self.user("key", "generate", "--label", "loose", "--usage", "wrap,unwrap", "--public", "--unwrap-template", "sensitive")
        done = self.run_tool("key", "trust", "loose", "--force", "--pin-file", self.pin, "--so-pin-file", self.so_pin)
        self.assertEqual((done.code, done.err.count("\n")), (1, 1))
        self.assertIn("'loose' cannot be trusted", done.err)
        for wrong, says in (("sensitive,sensitive=no", "twice"), ("sensitive=maybe", "is not part of a template"), ("secret", "is not part"),
                            ("allow=nothing", "is no mechanism"), ("", "empty")):
            self.refused("key", "generate", "--label", "x", "--usage", "unwrap", "--unwrap-template", wrong, says=says)
        self.refused("key", "generate", "--label", "x", "--unwrap-template", "sensitive", says="add unwrap to --usage")

    def test_unwrap_template_with_flat_parameters(self):
        with open(self.path("keydiv.conf"), "a") as f:
            f.write("parameters = flat\n")
        self.user("key", "generate", "--label", "kek", "--usage", "wrap,unwrap", "--public", "--unwrap-template",
                  "sensitive,wrap-with-trusted,derive,allow=device,allow=cmac")
        # The key can be trusted only with that template.
        done = self.run_tool("key", "trust", "kek", "--force", "--pin-file", self.pin, "--so-pin-file", self.so_pin)
        self.assertEqual((done.code, done.err), (0, ""))

    def test_a_flat_form_is_allowed_by_its_standard_mechanism(self):
        self.user("key", "generate", "--label", "x", "--type", "generic", "--allow", "flat-hkdf-derive,hkdf-derive")
        self.assertEqual(self.user_json("key", "show", "x")["allowed_mechanisms"], ["CKM_HKDF_DERIVE"])

    def test_whatever_is_in_a_label(self):
        self.user("key", "generate", "--label", "a\n\033[1mb", "--id", "01")
        self.user("key", "generate", "--label", b"z\xe4hler", "--id", "02")
        self.assertEqual({k["id"]: k["label"] for k in self.user_json("key", "list")}, {"01": "a\n\033[1mb", "02": "z\ufffdhler"})
        lines = self.user("key", "list").splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], ["a??[1mb", "z\ufffdhler"])
        self.assertIn("label: a??[1mb\n", self.user("key", "show", "id:01"))

    def test_list_in_text(self):
        self.user("key", "generate", "--label", "master")
        lines = self.user("key", "list").splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[1].split()[:3], ["master", "aes", "256"])

    def test_delete(self):
        self.user("key", "generate", "--label", "master")
        self.refused_twice = self.run_tool("key", "delete", "master", "--pin-file", self.pin)
        self.assertEqual(self.refused_twice.code, 1)
        self.assertEqual(len(self.user_json("key", "list")), 1)
        self.refused("key", "delete", "master", "--json", code=2, says="is no option")
        self.user("key", "delete", "master", "--force")
        self.assertEqual(self.user_json("key", "list"), [])
        self.refused("key", "delete", "master", "--force", says="there is no key 'master'")

    def test_delete_asks(self):
        self.user("key", "generate", "--label", "master")
        for answer, left in ("no", 1), ("yes", 0):
            t = Terminal(["key", "delete", "master", "--pin-file", self.pin], self.env)
            t.expect("(yes/no)")
            t.type(answer)
            t.end()
            self.assertEqual(len(self.user_json("key", "list")), left)


class Names(ToolTest):
    def test_every_key_has_an_id(self):
        self.import_key("imported", MASTER)
        self.user("key", "generate", "--label", "generated", "--allow", "odukpt")
        self.user("derive", "--key", "imported", "--store", "--usage", "sign", "derived")
        self.user("odukpt", "initial", "--key", "generated", "--device", "d", "--shape", "2,2", "--label", "initial")
        self.user("odukpt", "client", "--key", "initial", "--shape", "2,2", "--label", "client", "--keep-initial")
        keys = self.user_json("key", "list")
        self.assertEqual([len(k["id"]) for k in keys], 5 * [16])
        self.assertEqual(len({k["id"] for k in keys}), 5)
        for k in keys:
            self.assertEqual(self.user_json("key", "show", "id:" + k["id"])["label"], k["label"])

    @not_sanitized
    @unittest.skipUnless(shutil.which("pkcs11-tool"), "pkcs11-tool is not installed")
    def test_two_keys_of_one_label(self):
        for kind in "aes", "generic":
            subprocess.run(["pkcs11-tool", "--module", MODULE, "--login", "--pin", PIN, "--keygen", "--key-type",
                            kind + ":32", "--label", "twin", "--usage-sign"], env=self.env, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        self.refused("key", "show", "twin", says="several keys fit 'twin': name one by its uid:")
        uids = [k["uid"] for k in self.user_json("key", "list")]
        self.assertEqual(len(set(uids)), 2)
        shown = self.user_json("key", "show", "uid:" + uids[0])
        self.assertEqual((shown["label"], shown["uid"]), ("twin", uids[0]))
        self.assertIn(uids[1], self.user("key", "list"))
        self.user("key", "delete", "uid:" + uids[0], "--force")
        self.assertEqual([k["uid"] for k in self.user_json("key", "list")], uids[1:])
        self.refused("key", "show", "uid:none", says="there is no key 'uid:none'")

    def test_two_processes_do_not_give_one_label(self):
        arguments = ["key", "generate", "--label", "race", "--pin-file", self.pin, "--module", MODULE]
        for _ in range(5):
            runs = [subprocess.Popen([TOOL, *arguments], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                    for _ in range(6)]
            errors = [p.communicate()[1] for p in runs]
            keys = [k["label"] for k in self.user_json("key", "list")]
            self.assertEqual(len(keys), [p.returncode for p in runs].count(0))
            self.assertLessEqual(len(keys), 1)
            for e in filter(None, errors):
                self.assertRegex(e, "choose another label")
            if keys:
                self.user("key", "delete", "race", "--force")


class Trust(ToolTest):
    def trust(self, *arguments, **more):
        return self.run_tool("key", "trust", "--pin-file", self.pin, "--so-pin-file", self.so_pin, *arguments, **more)

    def test_what_the_officer_sees(self):
        self.user("key", "generate", "--label", "kek", "--usage", "wrap", "--public")
        done = self.trust("kek", "--force")
        self.assertEqual((done.code, done.err), (0, ""))
        shown = self.user_json("key", "show", "kek")
        self.assertTrue(shown["trusted"])
        self.assertIn("local: yes\n", done.out)
        self.assertIn("check value: %s\n" % shown["check_value"], done.out)
        t = Terminal(["key", "trust", "kek", "--pin-file", self.pin], self.env)
        t.expect("(yes/no)")
        self.assertIn("local: yes", t.seen.decode())
        t.type("yes")
        t.expect("SO PIN: ")
        t.type(SO_PIN)
        self.assertEqual(t.end()[1], 0)

    def test_refusals(self):
        self.user("key", "generate", "--label", "private", "--usage", "wrap")
        self.refused("key", "trust", "private", "--so-pin-file", self.so_pin, says="make the key with --public")
        self.user("key", "generate", "--label", "kek", "--usage", "wrap", "--public")
        self.refused("key", "trust", "none", says="there is no key 'none'")
        done = self.trust("kek")
        self.assertEqual(done.code, 1)
        self.assertIn("answer yes at a terminal, or give --force", done.err)
        self.assertFalse(self.user_json("key", "show", "kek")["trusted"])


class Components(ToolTest):
    def components(self, key, count):
        parts = [os.urandom(len(key)) for _ in range(count - 1)]
        last = key
        for p in parts:
            last = bytes(a ^ b for a, b in zip(last, p))
        return parts + [last]

    def files(self, parts, checks=None):
        arguments = []
        for i, part in enumerate(parts):
            text = part.hex() + ("," + checks[i] if checks else "") + "\n"
            arguments += ["--component-file", self.write("c%d" % i, text)]
        return arguments

    def test_any_number_makes_the_key(self):
        for count in 2, 3, 5:
            parts = self.components(MASTER, count)
            checks = [aes_check_value(p) for p in parts]
            self.user("key", "import", "--label", "m%d" % count, "--size", "128", *self.files(parts, checks), "--check-value", MASTER_CHECK)
            shown = self.user_json("key", "show", "m%d" % count)
            self.assertEqual((shown["check_value"], shown["bits"], shown["local"]), (MASTER_CHECK, 128, False))
            self.assertEqual((shown["sensitive"], shown["extractable"], shown["usage"]), (True, False, ["derive"]))

    def test_nothing_is_left_of_the_components(self):
        self.user("key", "import", "--label", "m", "--size", "128", "--check-value", MASTER_CHECK, *self.files(self.components(MASTER, 2)))
        self.assertEqual([k["label"] for k in self.user_json("key", "list")], ["m"])

    def test_wrong_check_values(self):
        parts = self.components(MASTER, 2)
        self.refused("key", "import", "--label", "m", *self.files(parts, [aes_check_value(parts[0]), "000000"]),
                     says="component 2 has the check value %s or %s, not 000000" % (aes_check_value(parts[1]), cmac_check(parts[1])))
        self.refused("key", "import", "--label", "m", *self.files(parts), "--check-value", "000000",
                     says="has the check value %s, not 000000: the key was not imported" % MASTER_CHECK)
        self.assertEqual(self.user_json("key", "list"), [])

    def test_refusals(self):
        one = os.urandom(16)
        self.refused("key", "import", "--label", "m", *self.files([one, one]), says="cancel out")
        self.refused("key", "import", "--label", "m", *self.files([one, os.urandom(32)]), says="all must have the same length")
        self.refused("key", "import", "--label", "m", *self.files([one]), says="once for each")
        self.refused("key", "import", "--label", "m", "--components", "1", says="one person holds the whole key")
        self.refused("key", "import", "--label", "m", "--components", "3", *self.files([one, os.urandom(16)]),
                     says="--components says 3, but --component-file is given 2 times")
        self.refused("key", "import", "--label", "", *self.files([one, os.urandom(16)]), says="give --label")
        for option in ["--output", "x"], ["--resume"], ["--header"], ["--column", "1"], ["--threads", "1"]:
            self.refused("key", "import", "--label", "m", *option, *self.files([one, os.urandom(16)]), says="go with --csv")
        self.refused("key", "import", "--label", "m", *self.files([os.urandom(15), os.urandom(15)]),
                     says="component 1 has 15 bytes, and a key of type aes has 16, 24 or 32")
        self.refused("key", "import", "--label", "m", "--type", "des3", *self.files([one, one]),
                     says="component 1 has 16 bytes, and a key of type des3 has 24")
        for text in "12 34 5", "no key", "00" * 65:
            self.write("bad", text + "\n")
            self.refused("key", "import", "--label", "m", "--component-file", self.path("bad"), "--component-file", self.path("bad"),
                         says="component 1")
        self.assertEqual(self.user_json("key", "list"), [])

    def test_des_keys_get_their_parity(self):
        key = bytes.fromhex("0123456789abcdeffedcba9876543210")
        expected = openssl("enc", "-des-ede-ecb", "-nopad", "-K", key.hex(), data=bytes(8))[:3].hex().upper()
        self.user("key", "import", "--label", "d", "--type", "des2", "--usage", "encrypt", "--check-value", expected,
                  *self.files(self.components(key, 3)))
        self.assertEqual(self.user_json("key", "show", "d")["check_value"], expected)

    def test_check_values_of_both_kinds(self):
        parts = self.components(MASTER, 2)
        block = openssl("enc", "-aes-128-ecb", "-nopad", "-K", parts[0].hex(), data=bytes(16)).hex()
        mac = cmac(parts[1], bytes(16)).hex()
        good = [block[:4], block[:6].upper(), block[:10], "%s %s" % (block[:4], block[4:8]), " " + block[:5] + "\t"]
        for i, text in enumerate(good):
            self.user("key", "import", "--label", "m%d" % i, "--size", "128", "--check-value", " ".join(MASTER_CHECK),
                      *self.files(parts, [text, mac[:4 + i]]))
        for text in block[:3], mac[:11], "ab cg", "0000", block[:9] + ("0" if block[9] != "0" else "1"):
            done = self.run_tool("key", "import", "--label", "m", "--size", "128", "--check-value", MASTER_CHECK, "--pin-file", self.pin,
                                 *self.files(parts, [text, mac[:6]]))
            self.assertEqual((done.code, done.err.count("\n")), (1, 1))
        for text in "123", "12345678901", "xyzw", "":
            self.refused("key", "import", "--label", "m", "--size", "128", "--check-value", text, *self.files(parts),
                         says="--check-value: a check value has 4 to 10 hexadecimal digits")
        self.user("key", "import", "--label", "m", "--size", "128", "--check-value", aes_check_value(MASTER), *self.files(parts))
        self.assertEqual(len(self.user_json("key", "list")), 6)

    def test_check_values_of_other_types(self):
        import hashlib
        value = os.urandom(32)
        digest = hashlib.sha1(value).hexdigest()
        self.user("key", "import", "--label", "g", "--type", "generic", "--usage", "sign", "--check-value", digest[:10],
                  *self.files(self.components(value, 2)))
        self.assertEqual(self.user_json("key", "show", "g")["check_value"], digest[:6].upper())

    def test_nothing_is_stored_unconfirmed(self):
        parts = self.components(os.urandom(32), 2)
        self.refused("key", "import", "--label", "m", *self.files(parts), says="confirm it with --check-value")
        parts = self.components(MASTER, 2)
        self.refused("key", "import", "--label", "m", *self.files(parts), "--check-value", MASTER_CHECK,
                     says="an AES key of 128 bits: confirm that with --size 128")
        self.refused("key", "import", "--label", "m", *self.files(parts), "--check-value", MASTER_CHECK, "--size", "256",
                     says="a key of 128 bits, not 256")
        self.assertEqual(self.user_json("key", "list"), [])

    def type_components(self, parts, *arguments):
        t = Terminal(["key", "import", "--label", "m", "--pin-file", self.pin, *arguments], self.env)
        for i, part in enumerate(parts):
            t.expect("component %d of 2 (hexadecimal, not shown): " % (i + 1))
            t.type(" ".join(part.hex()[k:k + 4] for k in range(0, len(part.hex()), 4)))
            t.expect("(yes/no)")
            self.assertIn("is %s (CMAC: %s)" % (aes_check_value(part), cmac_check(part)), t.seen.decode())
            self.assertNotIn(part.hex()[:4], t.seen.decode())
            t.type("yes")
        return t

    def test_typed(self):
        for key in MASTER, os.urandom(32):
            for answer in "no", "yes":
                t = self.type_components(self.components(key, 2))
                t.expect("Store it? (yes/no)")
                self.assertIn("type aes, %d bits" % (8 * len(key)), t.seen.decode())
                self.assertIn("check value %s" % cmac_check(key), t.seen.decode())
                self.assertEqual("not the usual 256" in t.seen.decode(), len(key) == 16)
                self.assertEqual(self.user_json("key", "list"), [])
                t.type(answer)
                seen, code = t.end()
                self.assertEqual(code, 0 if answer == "yes" else 1, seen)
            self.assertEqual(self.user_json("key", "show", "m")["check_value"], cmac_check(key))
            self.user("key", "delete", "m", "--force")

    def test_typed_with_a_check_value(self):
        # People who typed the components are asked, also if --check-value and --size say all there is to confirm.
        for size in [], ["--size", "128"]:
            t = self.type_components(self.components(MASTER, 2), "--check-value", MASTER_CHECK, *size)
            t.expect("Store it? (yes/no)")
            self.assertIn("128 bits", t.seen.decode())
            self.assertIn("check value %s" % MASTER_CHECK, t.seen.decode())
            t.type("no")
            self.assertEqual(t.end()[1], 1)
            self.assertEqual(self.user_json("key", "list"), [])
        t = self.type_components(self.components(MASTER, 2), "--check-value", MASTER_CHECK, "--size", "128")
        t.expect("Store it? (yes/no)")
        self.assertNotIn("not the usual", t.seen.decode())
        t.type("yes")
        self.assertEqual(t.end()[1], 0)

    def test_a_typed_secret_has_one_check_value(self):
        """A secret that is no key of a cipher has no CMAC, only the digest that its components and its records show."""
        import hashlib
        parts = self.components(os.urandom(20), 2)
        t = Terminal(["key", "import", "--label", "g", "--type", "generic", "--usage", "sign", "--pin-file", self.pin], self.env)
        for part in parts:
            t.expect("(hexadecimal, not shown): ")
            t.type(part.hex())
            t.expect("(yes/no)")
            self.assertIn("is %s. Is that right?" % hashlib.sha1(part).hexdigest()[:6].upper(), t.seen.decode())
            t.type("yes")
        t.expect("Store it? (yes/no)")
        t.type("yes")
        self.assertEqual(t.end()[1], 0)
        value = hashlib.sha1(bytes(a ^ b for a, b in zip(*parts))).hexdigest()[:6].upper()
        self.assertEqual(self.user_json("key", "show", "g")["check_value"], value)

    def test_files_at_a_terminal(self):
        # A script at a terminal is not asked if it gives the check value, unless the key is short and --size does not say so.
        for label, key, size, asked in ("a", MASTER, [], True), ("b", MASTER, ["--size", "128"], False), ("c", os.urandom(32), [], False):
            t = Terminal(["key", "import", "--label", label, "--pin-file", self.pin, "--check-value", cmac_check(key), *size,
                          *self.files(self.components(key, 2))], self.env)
            if asked:
                t.expect("128 bits (and not the usual 256) and check value %s. Store it? (yes/no)" % MASTER_CHECK)
                t.type("yes")
            seen, code = t.end()
            self.assertEqual((code, "yes/no" in seen), (0, False), seen)
        key = os.urandom(32)
        t = Terminal(["key", "import", "--label", "d", "--pin-file", self.pin, *self.files(self.components(key, 2))], self.env)
        t.expect("256 bits and check value %s. Store it? (yes/no)" % cmac_check(key))
        t.type("no")
        self.assertEqual(t.end()[1], 1)
        self.assertEqual(sorted(k["label"] for k in self.user_json("key", "list")), ["a", "b", "c"])

    def check_record(self, name, key, parts, type_="aes", label="m"):
        token = next(s for s in json.loads(self.ok("info", "--json"))["slots"] if s["token"] == "test")
        lines = self.read(name).splitlines()
        said = dict(line.split(": ", 1) for line in lines if ": " in line)
        self.assertRegex(said.pop("date"), r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$")
        self.assertEqual(said.pop("serial number"), token["serial"])
        expected = {"token": "test", "label": label, "type": type_, "bits": str(8 * len(key)),
                    "check value of the key": cmac_check(key) + " (CMAC)"}
        for i, part in enumerate(parts):
            expected["check value of component %d" % (i + 1)] = "%s (encrypted block of zeros), %s (CMAC)" % (
                aes_check_value(part), cmac_check(part))
        self.assertEqual(said, expected)
        self.assertEqual([line.split(" name ")[0].strip() for line in lines if line.endswith("signature ____________________")],
                         ["component %d" % (i + 1) for i in range(len(parts))] + ["operator"])
        for secret in parts + [key]:
            self.assertNotIn(secret.hex(), self.read(name).lower())

    def test_record(self):
        for count in 2, 16:
            key = os.urandom(32)
            parts = self.components(key, count)
            self.user("key", "import", "--label", "m", "--check-value", cmac_check(key), "--record", self.path("record"), *self.files(parts))
            self.check_record("record", key, parts)
            self.assertEqual(self.user_json("key", "show", "m")["check_value"], cmac_check(key))
            self.assertEqual([n for n in os.listdir(self.dir) if n.startswith(".")], [])
            self.user("key", "delete", "m", "--force")
            os.remove(self.path("record"))

    def test_record_of_a_typed_key(self):
        parts = self.components(MASTER, 2)
        for answer in "no", "yes":
            t = self.type_components(parts, "--record", self.path("record"))
            t.expect("Store it? (yes/no)")
            self.assertFalse(os.path.exists(self.path("record")))
            t.type(answer)
            self.assertEqual(t.end()[1], 0 if answer == "yes" else 1)
            self.assertEqual(os.path.exists(self.path("record")), answer == "yes")
        self.check_record("record", MASTER, parts)

    def test_record_of_other_types(self):
        import hashlib
        value = os.urandom(20)
        parts = self.components(value, 2)
        digest = hashlib.sha1(value).hexdigest()[:6].upper()
        self.user("key", "import", "--label", "a\n\033[1mb", "--type", "generic", "--usage", "sign", "--check-value", digest,
                  "--record", self.path("record"), *self.files(parts))
        text = self.read("record")
        self.assertIn("label: a??[1mb\ntype: generic\nbits: 160\n", text)
        self.assertIn("check value of component 1: %s (SHA-1)\n" % hashlib.sha1(parts[0]).hexdigest()[:6].upper(), text)
        self.assertIn("check value of the key: %s (SHA-1)\n" % digest, text)
        key = os.urandom(16)
        self.user("key", "import", "--label", "e", "--usage", "encrypt", "--size", "128", "--check-value", aes_check_value(key),
                  "--record", self.path("other"), *self.files(self.components(key, 2)))
        self.assertIn("check value of the key: %s (encrypted block of zeros)\n" % aes_check_value(key), self.read("other"))

    def test_record_refusals(self):
        parts = self.components(MASTER, 2)
        import_it = ["key", "import", "--label", "m", "--size", "128", "--check-value", MASTER_CHECK, *self.files(parts)]
        self.write("record", "earlier\n")
        self.refused(*import_it, "--record", self.path("record"), says="is there already")
        os.symlink("nowhere", self.path("link"))
        self.refused(*import_it, "--record", self.path("link"), says="is there already")
        self.refused(*import_it, "--record", self.path("none/record"), says="No such file")
        self.refused(*import_it, "--record", "/proc/record", says="cannot write '/proc/record'")
        none = self.path("none")
        self.refused("key", "import", "--label", "m", "--component-file", none, "--component-file", none, "--record", self.path("record"),
                     says="is there already")  # before anybody brings a component
        self.assertEqual(self.read("record"), "earlier\n")
        self.assertEqual(self.user_json("key", "list"), [])
        self.refused("key", "import", "--csv", self.path("record"), "--unwrap-key", "k", "--record", self.path("new"), says="--record")
        # A key that is refused leaves no record.
        self.refused("key", "import", "--label", "m", "--check-value", "000000", "--record", self.path("new"), *self.files(parts), says="not 000000")
        des = os.urandom(24)
        des_check = openssl("enc", "-des-ede3-ecb", "-nopad", "-K", des.hex(), data=bytes(8))[:3].hex()
        self.refused("key", "import", "--label", "m", "--type", "des3", "--check-value", des_check, "--record", self.path("new"),
                     *self.files(self.components(des, 2)), says="CKR_")  # a DES3 master needs --allow
        self.assertEqual(sorted(n for n in os.listdir(self.dir) if n.startswith((".", "new"))), [])
        self.assertEqual(self.user_json("key", "list"), [])

    def test_no_key_without_its_record(self):
        # The file appears, or its folder goes away, while people read the question.
        os.mkdir(self.path("stick"))
        for name, meanwhile in ("record", lambda: self.write("record", "another\n")), ("stick/record", lambda: os.rmdir(self.path("stick"))):
            t = self.type_components(self.components(MASTER, 2), "--record", self.path(name))
            t.expect("Store it? (yes/no)")
            meanwhile()
            t.type("yes")
            self.assertEqual(t.end()[1], 1)
            self.assertEqual(self.user_json("key", "list"), [])
        self.assertEqual(self.read("record"), "another\n")
        self.assertEqual([n for n in os.listdir(self.dir) if n.startswith(".")], [])

    def test_a_des_master_is_confirmed_by_the_check_value_it_keeps(self):
        key = bytes.fromhex("0123456789abcdeffedcba9876543210")
        expected = openssl("enc", "-des-ede-ecb", "-nopad", "-K", key.hex(), data=bytes(8))[:3].hex().upper()
        t = Terminal(["key", "import", "--label", "bdk", "--type", "des2", "--pin-file", self.pin, "--record", self.path("record"),
                      *self.files(self.components(key, 2))], self.env)
        t.expect("has type des2, 128 bits and check value %s. Store it? (yes/no)" % expected)
        t.type("yes")
        self.assertEqual(t.end()[1], 0)
        self.assertEqual(self.user_json("key", "show", "bdk")["check_value"], expected)
        self.assertIn("check value of the key: %s (encrypted block of zeros)\n" % expected, self.read("record"))

    def test_a_component_not_confirmed_ends_it(self):
        t = Terminal(["key", "import", "--label", "m", "--pin-file", self.pin], self.env)
        t.expect("not shown): ")
        t.type(os.urandom(16).hex())
        t.expect("(yes/no)")
        t.type("no")
        seen, code = t.end()
        self.assertEqual(code, 1)
        self.assertIn("was not confirmed", seen)
        self.assertEqual(self.user_json("key", "list"), [])


@needs_keywrap
class Wrapped(ToolTest):
    def setUp(self):
        super().setUp()
        self.kek = os.urandom(32)
        self.import_key("kek", self.kek, "--usage", "unwrap")

    def wrap(self, key):
        return keywrap.aes_key_wrap_with_padding(self.kek, key)

    def test_keys_from_a_file(self):
        keys = [os.urandom(16) for _ in range(200)]
        text = "name,key\n" + "".join("key-%d,%s\n" % (i, self.wrap(k).hex()) for i, k in enumerate(keys))
        out = self.user("key", "import", "--csv", self.write("in.csv", text), "--header", "--unwrap-key", "kek", "--usage", "encrypt")
        self.assertEqual(out.splitlines(), ["key-%d,%s" % (i, aes_check_value(k)) for i, k in enumerate(keys)])
        self.assertEqual(len(self.user_json("key", "list")), 201)
        shown = self.user_json("key", "show", "key-17")
        self.assertEqual((shown["usage"], shown["sensitive"], shown["extractable"], shown["local"]), (["encrypt"], True, False, False))
        self.refused("key", "import", "--csv", self.path("in.csv"), "--header", "--unwrap-key", "kek", "--usage", "encrypt",
                     says="line 2: there is a key 'key-0' already")

    def test_resume_takes_no_key_twice(self):
        keys = [os.urandom(16) for _ in range(20)]
        lines = ["key-%d,%s\n" % (i, self.wrap(k).hex()) for i, k in enumerate(keys)]
        self.write("in.csv", "".join(lines[:10]))
        self.user("key", "import", "--csv", self.path("in.csv"), "--unwrap-key", "kek", "--usage", "sign")
        self.write("in.csv", "".join(lines))
        self.write("out.csv", "key-0,%s\nkey-1,%s\nkey-" % (aes_check_value(keys[0]), aes_check_value(keys[1])))
        self.user("key", "import", "--csv", self.path("in.csv"), "--unwrap-key", "kek", "--usage", "sign", "--output",
                  self.path("out.csv"), "--resume")
        self.assertEqual(self.read("out.csv").splitlines(), ["key-%d,%s" % (i, aes_check_value(k)) for i, k in enumerate(keys)])
        self.assertEqual(len(self.user_json("key", "list")), 21)

    def test_a_damaged_key_stops_it(self):
        good, bad = self.wrap(os.urandom(16)), bytearray(self.wrap(os.urandom(16)))
        bad[5] ^= 1
        done = self.run_tool("key", "import", "--csv", self.write("in.csv", "a,%s\nb,%s\n" % (good.hex(), bad.hex())),
                             "--unwrap-key", "kek", "--usage", "sign", "--pin-file", self.pin)
        self.assertEqual(done.code, 1)
        self.assertIn("line 2: cannot unwrap the key of 'b'", done.err)
        self.assertIn("(CKR_WRAPPED_KEY_INVALID)", done.err)
        self.assertEqual(done.out.count("\n"), 1)
        self.refused("key", "import", "--csv", self.write("in.csv", "c,xyz\n"), "--unwrap-key", "kek", says="not hexadecimal")
        self.refused("key", "import", "--csv", self.write("in.csv", "c\n"), "--unwrap-key", "kek", says="too few fields")
        self.refused("key", "import", "--csv", self.path("in.csv"), says="--unwrap-key")
        for option in ["--check-value", "000000"], ["--components", "2"], ["--id", "00"], ["--label", "x"]:
            self.refused("key", "import", "--csv", self.path("in.csv"), "--unwrap-key", "kek", *option, says="leave out --label, --id")


class Link(ToolTest):
    """key link without another token; tests/interop has the rest."""

    def test_refusals(self):
        self.refused("key", "link", "--uri", "pkcs11:object=mk", says="give --label")
        self.refused("key", "link", "--label", "m", says="give --uri with the PKCS#11 URI")
        self.refused("key", "link", "--label", "m", "--uri", "mk", says="is no PKCS#11 URI")
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:object=mk;pin-value=1234", says="foreign-pin-source")
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:object=mk?pin-source=file:/p", says="foreign-pin-source")
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:object=mk", "--type", "rsa", says="is no type of key")
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:object=mk", "--reserve", "2", says="--window")
        self.assertEqual(self.user_json("key", "list"), [])

    def test_no_foreign_module(self):
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:object=mk", says="foreign-module")
        self.assertEqual(self.user_json("key", "list"), [])


if __name__ == "__main__":
    main()

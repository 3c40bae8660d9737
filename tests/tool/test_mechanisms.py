# SPDX-License-Identifier: Apache-2.0
"""
test_mechanisms.py: the list of mechanisms, and each mechanism by its name. The tests walk the list of the module, so that a new
mechanism is tested without a further line here.
"""
import hashlib
import json
import shlex

from harness import SOURCE, ToolTest, main

SIZES = ("128", "192", "256", None)  # bits of a key; None: the type has one length


def source_column():
    """The column "source" of mechanisms/README.md by the name of the mechanism."""
    sources, head = {}, None
    with open(SOURCE + "/mechanisms/README.md", encoding="utf-8") as readme:
        for line in readme:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|"):
                head = None
            elif head is None:
                head = cells
            elif "source" in head:
                sources.update((name.strip(), cells[head.index("source")]) for name in cells[0].split(","))
    return sources


class Mechanisms(ToolTest):
    def mechanisms(self, *name):
        return json.loads(self.ok("mechanisms", *name, "--json"))

    def make_key(self, kind, size, mechanism):
        """Make a key of the type KIND and SIZE bits that allows MECHANISM. False: there is no key of this size."""
        if kind == "odukpt-client":
            self.make_key("aes", size, "odukpt-client")
            return self.run_tool("odukpt", "client", "--key", "KEY", "--shape", "3,3", "--label", "CLIENT", "--pin-file", self.pin).code == 0
        size = ["--size", size] if size else []
        made = self.run_tool("key", "generate", "--label", "KEY", "--type", kind, *size, "--allow", mechanism, "--pin-file", self.pin)
        return made.code == 0

    def derive(self, arguments):
        """The check value of the key that the example ARGUMENTS derives, or None."""
        done = self.run_tool(*arguments, "--pin-file", self.pin, "--json")
        shown = json.loads(done.out) if done.code == 0 else {}
        return shown.get("data", shown.get("check_value"))

    def delete(self):
        for label in "KEY", "CLIENT":
            self.run_tool("key", "delete", "--force", label, "--pin-file", self.pin)

    def run_example(self, shown):
        """Run the example of the mechanism SHOWN with a key of some size. The last arguments and the check value, or None."""
        for kind in shown["key_types"].split(", "):
            for size in SIZES:
                if not self.make_key(kind, size, shown["name"]):
                    continue
                arguments = shlex.split(shown["example"])[1:]
                if kind == "odukpt-client":
                    arguments[arguments.index("KEY")] = "CLIENT"
                check = self.derive(arguments)
                if check is not None:
                    return arguments, check
                self.delete()
        return None

    def other_form(self, field, value):
        """VALUE of FIELD, an argument of --field, in hexadecimal or, if VALUE is in hexadecimal, unchanged."""
        if value.startswith("hex:") or field["name"] == "SHAPE":
            return value
        number = int(value).to_bytes(field["max"], "big") if field["number"] else value.encode()
        return "hex:" + number.hex()

    def test_every_example_of_a_derivation(self):
        """The example runs, number fields are decimal, and other fields are text: their hexadecimal forms give the same key."""
        for listed in self.mechanisms():
            shown = self.mechanisms(listed["name"])
            if "derive" not in listed["for"] or "fields" not in shown:
                continue
            with self.subTest(listed["name"]):
                self.assertTrue(shown["example"].startswith("keydiv derive --key KEY --mechanism "), shown)
                ran = self.run_example(shown)
                self.assertIsNotNone(ran, shown["example"])
                arguments, check = ran
                self.assertEqual(check == "", listed["name"] == "CKM_KEYDIV_ODUKPT_CLIENT")  # the state has no check value
                fields = {field["name"]: field for field in shown["fields"]}
                other = list(arguments)
                for i, argument in enumerate(arguments):
                    if arguments[i - 1] == "--field":
                        name, value = argument.split("=", 1)
                        field = fields[name.upper().replace("-", "_")]
                        self.assertTrue(value.isdigit() or not field["number"], argument)
                        other[i] = name + "=" + self.other_form(field, value)
                if other != arguments:
                    self.assertEqual(self.derive(other), check)
                self.delete()

    def test_every_example_of_wrapping(self):
        self.user("key", "generate", "--label", "KEY", "--usage", "encrypt", "--size", "128", "--extractable")
        for listed in self.mechanisms():
            if "wrap" not in listed["for"]:
                continue
            with self.subTest(listed["name"]):
                example = self.mechanisms(listed["name"])["example"]
                self.assertTrue(example.startswith("keydiv key export KEY --wrap-with KEK"), example)
                self.user("key", "generate", "--label", "KEK", "--usage", "wrap", "--size", "128", "--allow", listed["name"])
                self.assertRegex(self.user(*shlex.split(example)[1:]), r"\A[!-~]+\n\Z")
                self.user("key", "delete", "--force", "KEK")

    def test_every_example_of_use(self):
        """KEY is a master of devices. An example without a serial needs a key that may be used with the mechanism itself."""
        self.user("key", "generate", "--label", "KEY")
        self.user("key", "generate", "--label", "ROOT", "--size", "128", "--allow", "lorawan")
        self.user("key", "generate", "--label", "SHE", "--size", "128", "--usage", "sign")
        commands = {"sign": 0, "seal": 0}
        for listed in self.mechanisms():
            example = self.mechanisms(listed["name"]).get("example", "")
            command = example.split(" ")[1] if example else ""
            if command in commands:
                commands[command] += 1
                arguments = shlex.split(example)[1:]
                if "SN-000123" not in arguments:
                    arguments[arguments.index("KEY")] = "ROOT" if listed["scheme"] == "lorawan" else "SHE"
                with self.subTest(listed["name"]):
                    done = self.run_tool(*arguments, "--pin-file", self.pin, "--json")
                    self.assertEqual(done.code, 0, done.err)
        self.assertGreaterEqual(commands["sign"], 15)
        self.assertEqual(commands["seal"], 3)
        for name in "lorawan-mic", "lorawan-join-accept", "she-key-proof":
            self.assertNotIn("SN-000123", self.mechanisms(name)["example"])

    def test_every_source(self):
        column = source_column()
        for listed in self.mechanisms():
            name = listed["name"].replace("CKM_KEYDIV_FLAT_", "CKM_")
            self.assertEqual(listed["source"], column.get(name, "no line"), name)
            self.assertNotEqual(listed["source"], "")

    def test_fields_and_lengths(self):
        shown = self.mechanisms("data-key")
        self.assertEqual(shown["fields"], [{"name": "NONCE", "required": True, "number": False, "min": 16, "max": 64},
                                           {"name": "ENCRYPTION_CONTEXT", "required": False, "number": False, "min": 1, "max": 2048}])
        self.assertEqual((shown["key_types"], shown["for"], shown["scheme"]), ("aes", ["derive"], "device"))
        text = self.ok("mechanisms", "CKM_KEYDIV_AES_DUKPT_KEY")
        self.assertIn("fields: KSN 12 bytes, DUKPT_USAGE number of 2 bytes, [INITIAL_KEY_LENGTH] number of 1 byte\n", text)

    def test_numbers(self):
        """A code of one byte and a counter that is sent least significant byte first are numbers, too, and not the digits as text."""
        self.user("key", "generate", "--label", "meter", "--size", "128", "--allow", "oms")
        self.user("key", "generate", "--label", "root", "--size", "128", "--allow", "lorawan")
        self.user("key", "generate", "--label", "epoch", "--type", "hkdf", "--allow", "hkdf")
        oms = ("--key", "meter", "--mechanism", "oms-mode7-key", "--field", "meter-id=hex:78563412")
        lorawan = ("--key", "root", "--mechanism", "lorawan-device-key")
        hkdf = ("--key", "epoch", "--mechanism", "flat-hkdf-derive", "--type", "aes", "--length", "16", "--field", "hash=hex:00000250")
        for base, number, hexadecimal in ((oms, ("oms-key=17", "oms-counter=2739"), ("oms-key=hex:11", "oms-counter=hex:b30a0000")),
                                          (lorawan, ("lorawan-key=16",), ("lorawan-key=hex:10",)), (hkdf, ("steps=3",), ("steps=hex:03",))):
            one, other = (self.derive(["derive", *base, *(word for f in fields for word in ("--field", f))]) for fields in (number, hexadecimal))
            self.assertEqual(one, other)
            self.assertTrue(one)
        self.refused("derive", *oms, "--field", "oms-key=256", says="the field OMS_KEY is a number of 1 byte,")
        self.refused("derive", *oms, "--field", "oms-key=0", "--field", "oms-counter=4294967296", says="the field OMS_COUNTER is a number of 4 bytes,")
        self.refused("derive", *lorawan, "--field", "lorawan-key=10", says="CKR_MECHANISM_PARAM_INVALID")

    def test_wrong_fields(self):
        """The message names the field that is missing, too much, or of a wrong length."""
        self.user("key", "generate", "--label", "root", "--size", "128", "--allow", "lorawan")
        self.user("key", "generate", "--label", "bdk", "--type", "des2", "--allow", "tdes-dukpt", "--extractable-children")
        self.user("key", "generate", "--label", "she", "--size", "128", "--usage", "sign,wrap", "--extractable")
        lorawan = ("derive", "--key", "root", "--mechanism", "lorawan-session-key", "--field")
        self.refused(*lorawan, "lorawan-key=1", says="the field JOIN_NONCE is missing (CKR_MECHANISM_PARAM_INVALID)")
        self.refused(*lorawan, "constant=x", says="lorawan-session-key takes no field CONSTANT (CKR_")
        self.refused(*lorawan, "net-id=000013", says="the field NET_ID has 3 bytes, not 6: write hexadecimal digits behind hex:")
        self.refused(*lorawan, "net-id=00001x", says="the field NET_ID has 3 bytes, not 6\n")
        ksn = ("derive", "--key", "bdk", "--mechanism", "tdes-dukpt-initial-key")
        self.refused(*ksn, "FFFF9876543210E00000", says="takes no field DEVICE, and --serial-field names another for the serial (CKR_")
        self.refused(*ksn, "--serial-field", "ksn", "--hex", "FFFF9876543210E000", says="of 'ffff9876543210e000': the field KSN has 10 bytes here, not 9 (CKR_")
        self.refused("sign", "--key", "she", "--operation", "she-key-proof", "--message", "", says="cannot sign the message: the field SHE_UID is missing (CKR_")
        self.refused("key", "export", "she", "--wrap-with", "she", "--wrap-mechanism", "she-key-update", says="the key of 'she': the field SHE_UID is missing (CKR_")

    def test_results_without_a_check_value(self):
        """Data is printed, and the state of a client has none."""
        key = bytes.fromhex("0b" * 22)  # RFC 5869 A.1, by components as HKDF keys are imported
        files = [self.write("1", "00" * 21 + "01\n"), self.write("2", (key[:-1] + bytes([key[-1] ^ 1])).hex() + "\n")]
        self.user("key", "import", "--label", "hkdf", "--type", "hkdf", "--component-file", files[0], "--component-file", files[1], "--check-value",
                  hashlib.sha1(key).hexdigest()[:6], "--allow", "flat-hkdf-data,hkdf-data")
        data = ("derive", "--key", "hkdf", "--mechanism", "flat-hkdf-data", "--field", "hash=hex:00000250", "--field", "steps=3", "--field",
                "salt-value=hex:000102030405060708090a0b0c", "--length")
        info = "f0f1f2f3f4f5f6f7f8f9"
        okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        self.assertEqual(self.user(*data, "42", "--field", "info=hex:" + info), "data: %s\n" % okm)
        self.assertEqual(self.user(*data, "42", "--serial-field", "info", "--hex", info), "%s,%s\n" % (info, okm))
        self.assertEqual(json.loads(self.user(*data, "42", "--serial-field", "info", "--hex", info, "--json")), {"serial": info, "data": okm})
        self.refused(*data, "1025", says="the data is longer than 1024 bytes: give less with --length")
        self.user("key", "generate", "--label", "client", "--allow", "odukpt-client")
        self.assertEqual(self.user("derive", "--key", "client", "--mechanism", "odukpt-client", "--field", "shape=3,3"), "check value: none\n")

    def test_generation(self):
        self.assertEqual(self.mechanisms("hkdf-key-gen")["example"], "keydiv key generate --label KEY --type hkdf")
        for listed in self.mechanisms():
            example = self.mechanisms(listed["name"]).get("example", "")
            if example.startswith("keydiv key generate") and "hkdf" not in example:
                self.user(*shlex.split(example)[1:], *([] if "des3" not in example else ["--allow", "rfc3961"]))
                self.delete()

    def test_refusals(self):
        self.refused("mechanisms", "none", says="'none' is no mechanism: 'keydiv mechanisms' lists them", pin=False)
        self.refused("mechanisms", "aes-mac", says="the token does not offer 'aes-mac'", pin=False)
        self.refused("mechanisms", "a", "b", says="there is no use for the argument 'b'", code=2, pin=False)


if __name__ == "__main__":
    main()

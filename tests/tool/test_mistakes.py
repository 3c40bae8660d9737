# SPDX-License-Identifier: Apache-2.0
"""test_mistakes.py: options and files that do not fit. One line says what is wrong, and no key is made or used."""
import os
import subprocess

from harness import MASTER, MODULE, TOOL, ToolTest, main

NONCE = "00" * 8


class Mistakes(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER)
        self.with_pin = ["--pin-file", self.pin, "--module", MODULE]
        self.long = self.write("long", "x" * 70000)

    def mistakes(self, *command, cases):
        for arguments, says in cases:
            with self.subTest(command=command, arguments=arguments):
                self.refused(*command, *arguments, says=says)
        self.assertEqual([k["label"] for k in self.user_json("key", "list")], ["master"])


class Derivation(Mistakes):
    def test_device_keys(self):
        self.mistakes("derive", "x", cases=(
            (["--salt", "00" * 65], "--salt takes 8 to 64 bytes"),
            (["--salt", "0g" * 8], "--salt takes 8 to 64 bytes"),
            (["--salt", "0" * 17], "--salt takes 8 to 64 bytes"),
            (["--purpose", ""], "--purpose takes 1 to 32 bytes, not 0"),
            (["--counter", "1", "--message-purpose", ""], "--message-purpose takes 1 to 32 bytes, not 0"),
            (["--counter", "1x"], "--counter takes a number"),
            (["--initiator-nonce", NONCE, "--responder-nonce", "zz" * 8], "--responder-nonce takes 8 to 64 bytes"),
            (["--initiator-nonce", NONCE, "--responder-nonce", NONCE, "--session-purpose", "s" * 33],
             "--session-purpose takes 1 to 32 bytes, not 33"),
            (["--field", "purpose=x"], "go with --mechanism"),
            (["--serial-field", "device"], "go with --mechanism")))

    def test_with_a_mechanism_every_value_is_a_field(self):
        self.mistakes("derive", "x", "--mechanism", "device-key", cases=[
            (option, "give every field by --field")
            for option in (["--purpose", "x"], ["--salt", NONCE], ["--counter", "1"], ["--message-purpose", "x"], ["--initiator-nonce", NONCE],
                           ["--responder-nonce", NONCE], ["--session-purpose", "x"], ["--previous"], ["--unsalted"])])

    def test_fields(self):
        self.mistakes("derive", "x", "--mechanism", "odukpt-key", cases=(
            (["--field", "shape=3"], "the field SHAPE is two numbers, as 21,7, and not '3'"),
            (["--field", "shape=3,3,"], "the field SHAPE is two numbers"),
            (["--field", "shape=hex:0x"], "the field SHAPE is not hexadecimal behind hex:"),
            (["--field", "shape=hex:030"], "the field SHAPE is not hexadecimal behind hex:"),
            (["--field", "purpose=hex:" + "00" * 4097], "the field PURPOSE is longer than 4096 bytes"),
            (["--field", "purpose=" + "x" * 4097], "the field PURPOSE is longer than 4096 bytes"),
            (["--field", "x" * 40 + "=1"], "is no field"),
            (["--field", "purpose"], "--field takes FIELD=VALUE"),
            (["--field", "purpose=x", "--field", "PURPOSE=y"], "the field PURPOSE is given twice"),
            (["--serial-field", "none"], "'none' is no field"),
            (["--field", "none=1"], "'none' is no field")))

    def test_results(self):
        self.mistakes("derive", "x", cases=(
            (["--type", "rsa"], "'rsa' is no type of key"),
            (["--usage", "sing"], "is no usage"),
            (["--mac-file", self.path("none")], "cannot read '%s': No such file" % self.path("none")),
            (["--mac-file", self.dir], "cannot read '%s': Is a directory" % self.dir),
            (["--mac-file", self.long], "is longer than 64 KiB"),
            (["--wrap-with", "none"], "there is no key 'none'"),
            (["--store", "--usage", "sign", "--wrap-with", "master"], "leave out --store"),
            (["--store"], "--store needs --usage"),
            (["--store", "--usage", "sign", "--allow", "sing"], "is no mechanism or scheme")))
        self.mistakes("derive", "--explain", cases=(
            (["x", "--store", "--usage", "sign"], "--explain derives nothing"),
            (["--csv", self.pin], "--explain derives nothing"),
            (["x", "--wrap-with", "master"], "--explain derives nothing"),
            (["x", "--hex"], "is not hexadecimal, as --hex says"),
            (["0" * 258, "--hex"], "has 129 bytes: the limit is 128"),
            (["x" * 129], "has 129 bytes: the limit is 128")))
        self.mistakes("derive", cases=(
            (["x", "--csv", self.pin], "give the serials as arguments, or a file"),
            (["--mechanism", "device-key", "--store", "--usage", "sign"], "--store needs a serial")))
        empty = self.write("empty", b"")
        self.assertEqual(self.user("derive", "x", "--mac-file", empty), self.user("derive", "x", "--mac", ""))

    def test_a_serial_that_is_a_field_too(self):
        explain = ["derive", "x", "--explain", "--mechanism", "device-key", "--field", "device=y"]
        self.refused(*explain, says="the fields are too long, or one is given twice")

    def test_wrapping(self):
        self.mistakes("derive", "x", cases=(
            (["--wrap-mechanism", "aes-key-wrap"], "go with --wrap-with"),
            (["--wrap-with", "master", "--wrap-mechanism", "none"], "is no mechanism"),
            (["--wrap-with", "master", "--wrap-mechanism", "key-block", "--wrap-field", "none=1"], "'none' is no field"),
            (["--wrap-with", "master", "--wrap-field", "key-block-header=x"], "--wrap-field goes with --wrap-mechanism"),
            (["--wrap-with", "master", "--key-block-header", "D0112K0AB00E\x7f000"], "printable ASCII characters"),
            (["--wrap-with", "master", "--key-block-header", "D0112K0AB00E\x01000"], "printable ASCII characters")))

    def test_explain_odukpt(self):
        explain = ["--explain", "--mechanism", "odukpt-key", "--field", "transaction=1"]
        shape = "the field SHAPE is missing, or not two numbers from 1 to 32"
        self.mistakes("derive", "x", *explain, cases=(
            ([], shape), (["--field", "shape=0,3"], shape), (["--field", "shape=33,3"], shape), (["--field", "shape=3,0"], shape),
            (["--field", "shape=3,33"], shape)))
        self.mistakes("derive", "--explain", "--mechanism", "odukpt-initial-key", "--field", "shape=3,3", cases=(
            ([], "the field DEVICE is missing"),))
        for number in "19", "20", "18446744073709551615":
            self.refused("derive", "x", "--explain", "--mechanism", "odukpt-key", "--field", "shape=3,3", "--field", "transaction=" + number,
                         says="a client of this shape has no transaction " + number)

    def test_shapes(self):
        for shape in "33,3", "3,0", "3,", "":
            self.refused("odukpt", "initial", "--device", "d", "--label", "i", "--shape", shape, says="--shape takes two numbers")
        self.refused("odukpt", "client", "--key", "master", "--label", "i", "--shape", "0,1", says="--shape takes two numbers")
        self.refused("odukpt", "client", "--key", "master", "--label", "", "--shape", "3,3", says="give --key and --label")
        self.refused("odukpt", "initial", "--device", "d", "--shape", "3,3", says="give --device and --label")
        self.refused("odukpt", "next", "--key", "master", "--mac", "x", "--mac-file", self.pin, says="give one")
        self.refused("odukpt", "retrieve", "--device", "d", "--shape", "3,3", "--transaction", "1", "--type", "rsa", says="is no type of key")
        self.refused("odukpt", "plan", "--transactions", "0", pin=False, module=False, says="--transactions takes at least 1")
        for size in "15", "17", "33":
            self.refused("odukpt", "plan", "--key-size", size, pin=False, module=False, says="--key-size takes 16, 24 or 32")
        sizes = [self.ok("odukpt", "plan", "--transactions", "10", "--key-size", size, module=False) for size in ("16", "24", "32")]
        self.assertEqual(len(set(sizes)), 3)
        self.refused("odukpt", "plan", "--svg", self.path("none/x.svg"), pin=False, module=False,
                     says="cannot write '%s': No such file" % self.path("none/x.svg"))
        self.refused("odukpt", "plan", "--svg", "/dev/full", pin=False, module=False, says="cannot write '/dev/full': No space left")


class Messages(Mistakes):
    def test_options(self):
        self.mistakes("sign", "x", "--counter", "1", "--message", "00", cases=(
            (["--type", "rsa"], "'rsa' is no type of key"),
            (["--length", "0"], "--length takes a number of bytes from 1 to 255"),
            (["--length", "256"], "--length takes a number of bytes from 1 to 255"),
            (["--tag-length", "256"], "--tag-length takes a number of bytes from 1 to 255"),
            (["--iv", "000"], "--iv takes up to"),
            (["--iv", "00" * 5000], "--iv takes up to"),
            (["--aad", "0x"], "--aad takes up to"),
            (["--operation", "none"], "is no mechanism"),
            (["--field", "device=x"], "go with --mechanism"),
            (["--hex"], "is not hexadecimal, as --hex says")))
        self.mistakes("sign", "x", "--counter", "1", cases=(
            (["--message-file", self.long], "is longer than"),
            (["--message-file", self.dir], "cannot read '%s': Is a directory" % self.dir),
            (["--message", "0"], "the message is not hexadecimal")))
        self.user("key", "generate", "--label", "window", "--window", "8")
        verify = ["verify", "x", "--key", "window", "--counter", "1", "--message", "00", "--mac"]
        self.refused(*verify, "00" * 65, says="the MAC is longer than 64 bytes")
        self.refused(*verify, "0", says="the MAC is not hexadecimal")
        self.assertFalse(self.user_json("window", "show", "x", "--key", "window")["used"])
        self.refused("sign", "--operation", "none", "--key", "master", "--message", "00", says="is no mechanism")
        self.refused("sign", "--operation", "aes-cmac", "--key", "master", "--message", "00", "--tag-length", "0", says="--tag-length takes")

    def test_a_list_has_the_messages(self):
        messages = self.write("messages", "serial,counter,message\nA,1,00\n")
        for option in ["A"], ["--counter", "1"], ["--message", "00"], ["--message-file", self.pin], ["--json"]:
            self.refused("sign", "--csv", messages, *option, says="the messages come from the list")
        self.refused("verify", "--csv", messages, "--mac", "00", says="the messages come from the list")
        self.refused("sign", "--csv", messages, "--length", "0", says="--length takes")
        self.refused("sign", "--csv", messages, "--threads", "0", says="--threads takes")

    def test_type_and_length_of_the_key(self):
        """--type and --length are fields of the message: they choose the key, as derive does with them."""
        sign = ["sign", "x", "--counter", "1", "--message", "00"]
        plain = self.user_json(*sign)["mac"]
        self.assertEqual(self.user_json(*sign, "--type", "aes", "--length", "16")["mac"], plain)
        self.assertNotEqual(self.user_json(*sign, "--length", "32")["mac"], plain)
        generic = ["--type", "generic", "--operation", "sha256-hmac"]
        mac = self.user_json(*sign, *generic, "--length", "24")["mac"]
        derived = self.user_json("derive", "x", "--counter", "1", "--type", "generic", "--length", "24", "--mac-file", self.write("m", b"\0"))
        self.assertEqual(mac, derived["mac"])

    def test_windows(self):
        self.user("key", "generate", "--label", "window", "--window", "8")
        for to in "18446744073709551616", "-1", "":
            self.refused("window", "skip", "x", "--key", "window", "--force", "--to", to, says="--to takes a number from 0")
        self.refused("window", "show", "", "--key", "window", says="serial")
        self.refused("window", "show", "x", "--key", "none", says="there is no key 'none'")
        self.refused("window", "forget", "x", "--key", "window", "--force", "--iv", "x", says="--iv takes")
        self.user("device", "rotate", "x")
        previous = self.user_json("window", "show", "x", "--key", "window", "--previous")
        self.assertEqual(previous, {"serial": "x", "direction": "incoming", "used": False})


class Keys(Mistakes):
    def test_new_keys(self):
        self.mistakes("key", "generate", "--label", "x", cases=(
            (["--id", ""], "--id takes 1 to"),
            (["--id", "00" * 300], "--id takes 1 to"),
            (["--id", "0"], "--id takes 1 to"),
            (["--reserve", "0", "--window", "8"], "--reserve takes 1 to 4096, not 0"),
            (["--usage", "sign", "--use-only"], "--use-only and --window are for masters"),
            (["--usage", "sign", "--extractable-children"], "--extractable-children is for masters"),
            (["--unwrap-template", "extractable"], "add unwrap to --usage"),
            (["--allow", "0x"], "'0x' is no mechanism or scheme"),
            (["--allow", "0x1z"], "'0x1z' is no mechanism or scheme"),
            (["--allow", "0x11111111111111111"], "'0x11111111111111111' is no mechanism or scheme"),
            (["--allow", "x" * 128], "empty or too long"),
            (["--allow", ",".join(hex(n) for n in range(1, 300))], "mechanisms are allowed: shorten the list")))

    def test_unwrap_templates(self):
        generate = ["key", "generate", "--label", "x", "--usage", "unwrap", "--unwrap-template"]
        for part in "window=", "window=1025", "window=8x", "window=-1", "window=yes":
            self.refused(*generate, part, says="%s is not window=0 to window=1024" % part)
        for part in "extractable=maybe", "nothing", "=yes":
            self.refused(*generate, part, says="'%s' is not part of a template" % part)
        for part in "sign,sign=no", "window=8,window=9":
            self.refused(*generate, part, says="is twice in the template")
        self.refused(*generate, "allow=none", says="'none' is no mechanism or scheme")
        self.refused(*generate, ",".join("allow=0x%x" % n for n in range(1, 300)), says="shorten the list")
        self.user(*generate, "derive,window=8,sensitive,extractable=no")
        self.assertEqual(self.user_json("key", "show", "x")["usage"], ["unwrap"])

    def test_names_of_keys(self):
        for name in "id:", "id:0", "id:zz", "id:" + "00" * 300:
            self.refused("key", "show", name, says="'%s': an id is up to" % name)
        self.refused("key", "show", "id:ffffffffffffffff", says="there is no key")
        self.refused("key", "show", "uid:none", says="there is no key 'uid:none'")
        self.refused("key", "show", "pkcs11:object=master;none", says="no PKCS#11 URI")
        self.refused("key", "show", "pkcs11:object=master;none=1", says="has parts that name nothing here")
        self.refused("key", "show", "pkcs11:object=master?module-path=keydiv", says="module-path 'keydiv' is no path")
        self.refused("key", "show", "pkcs11:object=master?pin-source=pin", pin=False, says="pin-source 'pin' is no file")
        self.refused("key", "show", "pkcs11:object=master?pin-source=file://host", pin=False, says="is no file")
        self.assertIn("label: master", self.user("key", "show", "pkcs11:object=master?module-path=%s&pin-source=pin" % MODULE, module=False))
        self.assertEqual(self.ok("key", "show", *self.with_pin, "--", "master", module=False), self.user("key", "show", "master"))
        self.refused("key", "show", *self.with_pin, "--", "--master", pin=False, module=False, says="there is no key '--master'")
        self.refused("key", "show", "-", says="there is no key '-'")

    def test_forms_of_an_import(self):
        master, block = self.write("list", "a,00\n"), self.write("block", "x")
        component = ["--component-file", self.pin]
        for option in component, ["--components", "2"], ["--size", "128"], ["--check-value", "000000"], ["--record", self.path("r")]:
            self.refused("key", "import", "--csv", master, "--unwrap-key", "master", *option, says="--csv takes labels and keys from the file")
            self.refused("key", "import", "--key-block-csv", master, "--unwrap-key", "master", *option, says="--key-block-csv takes labels")
            self.refused("key", "import", "--label", "x", "--key-block", block, "--unwrap-key", "master", *option, says="--key-block takes the key")
        self.mistakes("key", "import", cases=(
            (["--label", "x", "--components", "17"], "--components takes 2 to 16"),
            (["--label", "x", *17 * component], "is given once for each of 2 to 16 components"),
            (["--label", "x", "--type", "rsa", *2 * component], "is no type of key"),
            (["--label", "master", *2 * component], "there is a key 'master' already"),
            (["--label", "x", *2 * ["--component-file", self.path("none")]], "cannot open the component"),
            (["--label", "x", *2 * component, "--check-value", "0"], "a check value has 4 to 10 hexadecimal digits"),
            (["--csv", master, "--key-block", block], "exclude each other"),
            (["--csv", master], "--csv needs --unwrap-key"),
            (["--key-block", block, "--label", "x"], "--key-block needs --unwrap-key"),
            (["--unwrap-key", "master", "--label", "x"], "--unwrap-key goes with --csv"),
            (["--csv", master, "--unwrap-key", "none"], "there is no key 'none'"),
            (["--label", "x", *2 * component, "--record", self.path("none/r")], "cannot write '%s': No such file" % self.path("none/r")),
            (["--label", "x", *2 * component, "--record", self.pin], "is there already: give another name"),
            (["--label", "x", *2 * component, "--record", self.pin + "/r"], "Not a directory"),
            (["--label", "x", *2 * component, "--record", "x" * 5000], "File name too long")))
        self.user("key", "generate", "--label", "kek", "--usage", "unwrap", "--allow", "key-block,cmac")
        for file, says in (self.dir, "Is a directory"), (self.path("none"), "No such file"), (self.long, "9992 characters at most"):
            self.refused("key", "import", "--label", "x", "--key-block", file, "--unwrap-key", "kek", says=says)

    def test_wrapped_keys_in_json(self):
        """A list that is imported with --json has a line of JSON for each key."""
        self.user("key", "generate", "--label", "kek", "--usage", "wrap,unwrap", "--public")
        self.user("key", "generate", "--label", "key", "--usage", "sign", "--extractable")
        wrapped = self.user("key", "export", "key", "--wrap-with", "kek").strip()
        done = self.user("key", "import", "--csv", self.write("list", "a/b,%s\n" % wrapped),
                         "--unwrap-key", "kek", "--usage", "sign", "--json")
        self.assertEqual(done, '{"label":"a/b","check_value":"%s"}\n' % self.user_json("key", "show", "key")["check_value"])

    def test_text_in_two_columns(self):
        """The key beside a label may be in quotation marks, and a label may have one in it."""
        self.user("key", "generate", "--label", "kek", "--usage", "wrap,unwrap", "--public")
        self.user("key", "generate", "--label", "key", "--usage", "sign", "--extractable")
        wrapped = self.user("key", "export", "key", "--wrap-with", "kek").strip()
        done = self.user("key", "import", "--csv", self.write("list", '"a""b","%s"\n' % wrapped), "--unwrap-key", "kek", "--usage", "sign")
        self.assertTrue(done.startswith('"a""b",'), done)
        self.refused("key", "import", "--csv", self.write("list", 'c,"%s""00"\n' % wrapped), "--unwrap-key", "kek", says="not hexadecimal")
        self.refused("key", "import", "--csv", self.write("list", 'c,"%s"\n' % (wrapped + "0")), "--unwrap-key", "kek", says="not hexadecimal")
        self.refused("key", "import", "--csv", self.write("list", "c, \n"), "--unwrap-key", "kek", "--trim", says="cannot unwrap")


class Lists(Mistakes):
    def test_columns(self):
        text = self.write("list", "A\n")
        for column in "0", "1001", "-1":
            self.refused("derive", "--csv", text, "--column", column, says="--column takes a number from 1 to 1000, or a heading")
        self.refused("derive", "--csv", text, "--column", "3rd", says="3rd")
        for delimiter in "\x7f", "\x01", "9":
            self.refused("derive", "--csv", text, "--delimiter", delimiter, says="--delimiter takes one character")
        self.assertEqual(self.user("derive", "--csv", self.write("list", "A\tx\n"), "--delimiter", "tab").count("A,"), 1)

    def test_names(self):
        for text, says in (("0" * 258 + "\n", "has 129 bytes: the limit is 128"), ("0" * 8000 + "\n", "the serial is longer than"),
                           ('"00""00"\n', "is not hexadecimal"), ("0\n", "is not hexadecimal")):
            self.refused("derive", "--csv", self.write("list", text), "--hex", says=says)
        self.refused("derive", "--csv", self.write("list", "x" * 8000 + "\n"), says="the serial")
        self.refused("derive", "--csv", self.write("list", '"' + "x" * 8000 + '"\n'), says="the serial")
        self.refused("derive", "--csv", self.write("list", "x" * 150 + "\x02\n"), says="control character")
        self.refused("derive", "--csv", self.write("list", "x" * 150 + ";\n"), says="';' in it")
        self.refused("derive", "--csv", self.write("list", " " + "x" * 150 + "\n"), says="blanks around the serial")
        name = "The serial number of the meters that we sold"  # words of a heading, but too long for one
        self.assertIn(name, self.user("derive", "--csv", self.write("list", name + "\n")))

    def test_trimmed_messages(self):
        """--trim also takes the blanks off the other columns, quoted or not."""
        for value in " 00 ", '" 00 "', ' "00" ':
            out = self.user("sign", "--csv", self.write("list", "serial,counter,message\nA,1,%s\n" % value), "--trim")
            self.assertEqual(out.splitlines()[1].rsplit(",", 1)[1], self.user_json("sign", "A", "--counter", "1", "--message", "00")["mac"])

    def test_outputs(self):
        text = self.write("list", "A\nB\n")
        self.refused("derive", "--csv", text, "--output", self.path("none/out"), says="cannot write '%s': No such file" % self.path("none/out"))
        self.refused("derive", "--csv", text, "--output", self.dir, "--resume", says="cannot write '%s': Is a directory" % self.dir)
        out = self.user("derive", "--csv", text)
        self.write("out", out.splitlines()[0] + "\n")
        wrong = self.write("wrong", "A,x\n#B\n")
        self.write("out", out)
        self.refused("derive", "--csv", wrong, "--output", self.path("out"), "--resume", says="line 2: the line begins with #")
        self.write("out", out.splitlines()[0] + "\nB")
        self.refused("derive", "--csv", wrong, "--output", self.path("out"), "--resume", says="line 2: the line begins with #")
        for line in "[]", "{}", '{"serial":1}', '{"serial":"%s"}' % ("x" * 9000), "x":
            self.write("out", line + "\n")
            self.refused("derive", "--csv", text, "--json", "--output", self.path("out"), "--resume", says="does not go with this input")
            self.assertEqual(self.read("out"), line + "\n")
        self.write("out", out + "B")
        self.refused("derive", "--csv", text, "--output", self.path("out"), "--resume", says="does not go with this input")

    def test_encodings(self):
        for text in b"\xff\xfeA\0\n\0", b"\xfe\xff\0A\0\n":
            self.refused("derive", "--csv", self.write("list", text), says="UTF-16")
        for text in b"\xff\n", b"\xfe\n", b"\xffA\n", b"\xfeA\n":
            self.assertEqual(self.run_bytes("derive", "--csv", self.write("list", text))[:len(text) - 1], text[:-1])
        for text in b"\xe2\x80\x8e\n", b"A\xe2\x80\x3f\n", b"\xe2\x81\x80\n", b"\xe2\x80\n":  # nearly a wide blank
            self.assertEqual(self.run_bytes("derive", "--csv", self.write("list", text)).count(b"\n"), 1)
        for text in b"\xc3\n", b"\xe0\x80\x80\n", b"\xf4\x90\x80\x80\n", b"\xf0\x9f\x92x\n", b"\xe4\xb8\n", b"\xff\n", b"\xc3\x28\n":
            self.refused("derive", "--json", "--csv", self.write("list", text), says="is not UTF-8", errors="replace")
        for text in "\u00e9", "\u4e2d", "\U0001f4a9", "\ud7ff", "\ue000":
            self.assertIn(text, self.user("derive", "--json", "--csv", self.write("list", text + "\n")))

    def run_bytes(self, *arguments):
        done = subprocess.run([TOOL, *arguments, "--pin-file", self.pin, "--module", MODULE], env=self.env, stdout=subprocess.PIPE, check=True)
        return done.stdout


class Start(Mistakes):
    def test_modules(self):
        self.refused("info", "--module", self.pin, module=False, pin=False, says="cannot load '%s'" % self.pin)
        self.refused("info", "--module", os.path.dirname(MODULE), module=False, pin=False, says="cannot load")

    def test_numbers(self):
        for number in "1x", "", "-1", "99999999999999999999":
            self.refused("key", "list", "--slot", number, code=2, says="--slot takes a number from 0 to")
        self.refused("derive", "x", *400 * ["--field", "a=1"], code=2, says="--field can be given")

    def test_pins(self):
        done = self.run_tool("key", "list", "--pin-file", self.write("pin", "1" * 5000))
        self.assertEqual(done.code, 1)
        self.assertIn("is too long", done.err)
        self.refused("key", "list", "--pin-file", self.dir, pin=False, says="Is a directory")
        self.refused("key", "list", "--pin-fd", "77", pin=False, says="Bad file descriptor")

    def test_closed_streams(self):
        """A closed standard stream is not taken for a file that the tool opens."""
        for fd in 0, 1, 2:
            script = 'exec "$0" "$@" %d>&-' % fd
            done = subprocess.run(["sh", "-c", script, TOOL, "key", "list", "--pin-file", self.pin, "--module", MODULE], env=self.env,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1 if fd == 1 else 0, done.stderr)
        self.user("derive", "x")

    def test_help(self):
        self.assertEqual(self.ok("help", module=False), self.ok("--help", module=False))
        done = self.run_tool(module=False)
        self.assertEqual((done.code, done.out, done.err), (2, "", self.ok("--help", module=False)))

    def test_slots(self):
        self.refused("mechanisms", "--slot", "7", pin=False, says="slot")
        self.refused("mechanisms", "--token", "none", pin=False, says="there is no such token")
        self.assertIn("device-key", self.ok("mechanisms", "--token", "test").lower().replace("_", "-"))
        self.refused("init", "--slot", "0", "--label", "x", "--so-pin-file", self.so_pin, says="--erase")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_explain.py: derive --explain prints a script that computes what the token computes; --mechanism and --field."""
import subprocess

from harness import MASTER, ToolTest, aes_check_value, cmac, derive_check_value, field, kdf, main, use

SERIAL = b"SN-000123"
NONCES = ["--initiator-nonce", "0001020304050607", "--responder-nonce", "08090a0b0c0d0e0f"]


class ExplainTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER, "--allow", "device,odukpt,cmac,an10922")

    def script(self, *command, master=MASTER):
        """The key that the printed script computes."""
        text = self.user(*command, "--explain")
        p = subprocess.run(["sh", "-eu", "-c", text], env=dict(self.env, MASTER=master.hex()), stdout=subprocess.PIPE, check=True, text=True)
        return bytes.fromhex(p.stdout.strip())

    def same(self, *command, check=aes_check_value):
        """That script and token agree, with usage and without."""
        key = self.script(*command, "--usage", "sign")
        out = self.user_json(*command, "--usage", "sign", "--mac", "x")
        self.assertEqual((out["check_value"], out["mac"]), (aes_check_value(key), cmac(key, b"x").hex()))
        key = self.script(*command)
        self.assertEqual(self.user_json(*command)["check_value"], check(key))
        return key


class Explain(ExplainTest):
    def test_published_answers(self):
        derive = ["derive", "--key", "master", SERIAL.decode()]
        for answer, *options in (("2759dd4361d7979a96a5c23692cd5555",),
                                 ("25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56", "--length", "32"),
                                 ("a534ead2171eb5a37319a6e5e19dd387", "--salt", "0011223344556677", "--purpose", "mac"),
                                 ("d5158ad88eaed7329eb0fa2246ed5c5d", "--counter", "1"), ("b7bcbd512389f178170f19fe0494677c", *NONCES),
                                 ("3f2dba18a87fa581e735f039b80cbbfd", "--usage", "sign"),
                                 ("0432d978ebae574bcbefa48e7c0504b8", "--usage", "encrypt,decrypt"),
                                 ("b5f9a1124d32f3142b091ba9bd783347", "--usage", "encrypt,sign"),
                                 ("e4f6626f91d7a036582ee027e14ac50e", "--usage", "wrap"),
                                 ("4fdf5115c93626ecf9759b92909656fb", "--usage", "verify", "--counter", "1"),
                                 ("5edbec2fe5b1b5e9a516134bb0d69808", "--usage", "decrypt", "--counter", "1"),
                                 ("24d46aa5ed7c13e7ead23bb3b3862a3e9d64e2e81bb78b04fc1ba814cdac5dd3", "--usage", "sign", "--type",
                                  "sha256-hmac", "--length", "32")):
            self.assertEqual(self.script(*derive, *options).hex(), answer, options)
        data = ["derive", "--key", "master", "--mechanism", "data-key", "--field", "nonce=hex:000102030405060708090a0b0c0d0e0f", "--length", "32"]
        self.assertEqual(self.script(*data).hex(), "f5197b7decbd8e22496680298aa2b747c6fc47449ab7f65a76f37047c04af36e")
        self.assertEqual(self.script(*data, "--usage", "encrypt").hex(), "56ce9c7de4096c95c62c1981e7a7717c1d37d1a44f10b7788601f4456db5115a")
        self.assertIn("parity", self.user("derive", "--key", "master", "x", "--usage", "encrypt", "--type", "des2", "--explain"))

    def test_script_and_token_agree(self):
        derive = ["derive", "--key", "master"]
        self.same(*derive, "x", check=derive_check_value)
        self.same(*derive, "S" * 128, "--purpose", "p" * 32, check=derive_check_value)
        self.same(*derive, "z\u00e4h'l $(er)\"", "--counter", str(2**64 - 1), "--message-purpose", "enc")
        self.same(*derive, "x", *NONCES, "--session-purpose", "mac")
        self.user("device", "rotate", "SN-1")
        self.same(*derive, "SN-1", check=derive_check_value)
        self.user("derive", "--key", "master", "--store", "--usage", "derive", "device")

    def test_below_a_device_key(self):
        self.user("derive", "--key", "master", "--store", "--usage", "derive", "SN-1")
        device = self.script("derive", "--key", "master", "SN-1")
        for fields in (["counter=7"], ["counter=7", "message-purpose=enc"]):
            fields = [w for f in fields for w in ("--field", f)]
            key = self.script("derive", "--key", "SN-1", "--mechanism", "message-key", *fields, "--usage", "sign", master=device)
            out = self.user_json("derive", "--key", "SN-1", "--mechanism", "message-key", *fields, "--mac", "x")
            self.assertEqual(out["mac"], cmac(key, b"x").hex())
        fields = ["--field", "responder_nonce=hex:08090a0b0c0d0e0f", "--field", "INITIATOR_NONCE=hex:0001020304050607"]
        key = self.script("derive", "--key", "SN-1", "--mechanism", "SESSION_KEY", *fields, "--usage", "sign", master=device)
        self.assertEqual(self.user_json("derive", "--key", "SN-1", "--mechanism", "SESSION_KEY", *fields, "--mac", "x")["mac"],
                         cmac(key, b"x").hex())

    def test_odukpt(self):
        retrieve = ["odukpt", "retrieve", "--key", "master", "--device", "TERMINAL-01"]
        for shape, number, purpose, answer in (
                ("3,3", 0, [], "c7c0b73702ef66b95bb7a696e370a6aa"), ("3,3", 1, [], "c33a312d4d86f3edc369b1d386b29b73"),
                ("3,3", 3, [], "8218a399d18d6bfa41e41222f97205c4"), ("3,3", 9, [], "b788273efa888a8b4e64e1ff1f7ee688"),
                ("3,3", 18, [], "8e6ff7d16e9f7f7d5668971568fffd32"),
                ("21,7", 1000000, ["--purpose", "pin"], "1b86f460ecd5d6380bad9aeb6beffe31"),
                ("21,7", 1184038, ["--purpose", "pin"], "f4ed3ed250ebd8d9decff03fe5b5c849"),
                ("21,7", 1000000, ["--purpose", "pin", "--usage", "encrypt"], "ed4b9f7bac857bcff5c5cc3330e3ffcf")):
            self.assertEqual(self.script(*retrieve, "--shape", shape, "--transaction", str(number), *purpose).hex(), answer)
        self.refused(*retrieve, "--shape", "3,3", "--transaction", "19", "--explain", says="has no transaction 19")

    def test_odukpt_from_the_initial_key(self):
        self.user("odukpt", "initial", "--key", "master", "--device", "T", "--shape", "4,5", "--label", "ik")
        initial = self.script("derive", "--key", "master", "--mechanism", "odukpt-initial-key", "--field", "shape=4,5", "T")
        for number in 0, 1, 17, 124:
            key = self.script("odukpt", "retrieve", "--key", "ik", "--shape", "4,5", "--transaction", str(number), "--usage", "sign", master=initial)
            out = self.user_json("odukpt", "retrieve", "--key", "master", "--device", "T", "--shape", "4,5", "--transaction", str(number), "--mac", "x")
            self.assertEqual(out["mac"], cmac(key, b"x").hex())

    def test_json(self):
        out = self.user_json("derive", "--key", "master", SERIAL.decode(), "--usage", "sign", "--counter", "1", "--explain")
        self.assertEqual((out["serial"], out["mechanism"]), (SERIAL.decode(), "CKM_KEYDIV_DEVICE_MESSAGE_KEY"))
        self.assertEqual([s["context"] for s in out["steps"]],
                         [field(1, SERIAL).hex(), (field(0x10, (1).to_bytes(8, "big")) + use(2)).hex()])
        self.assertEqual(out["steps"][1]["formula"], 'KEY = KDF(DK, "message", COUNTER USE, 16 bytes)')
        self.assertIn("openssl kdf -keylen 16 -kdfopt mac:CMAC -kdfopt cipher:AES-128-CBC -kdfopt hexkey:$MASTER -kdfopt salt:device "
                      "-kdfopt hexinfo:%s KBKDF" % field(1, SERIAL).hex(), out["steps"][0]["command"])

    def test_what_is_in_a_serial_is_no_command(self):
        text = self.user("derive", "--key", "master", "a\nexit 3\nb", "--explain")
        self.assertEqual(subprocess.run(["sh", "-eu", "-c", text], env=dict(self.env, MASTER=MASTER.hex()), stdout=subprocess.DEVNULL).returncode, 0)

    def test_refusals(self):
        self.refused("derive", "--key", "master", "--mechanism", "cmac", "--field", "message=x", "--explain", says="--explain knows")
        self.refused("derive", "--key", "master", "--csv", self.pin, "--explain", says="leave out --store, --csv and --wrap-with")
        self.refused("derive", "--key", "master", "--mechanism", "odukpt-key", "--field", "shape=3,3", "x", "--explain", says="TRANSACTION is missing")


class LongMaster(ExplainTest):
    def test_lengths(self):
        master = bytes(range(32))
        self.import_key("long", master)
        self.assertEqual(self.script("derive", "--key", "long", SERIAL.decode(), master=master).hex(),
                         "9eaf70a77a7975216ac1571d42c87475dfc1b8e0974217d4f3ac1b7946e6c546")
        key = kdf(kdf(master, b"device", field(1, b"x"), 32), b"message", field(0x10, bytes(8)), 16)
        self.assertEqual(self.script("derive", "--key", "long", "x", "--counter", "0", "--length", "16", master=master), key)


class Mechanisms(ExplainTest):
    def test_any_mechanism(self):
        out = self.user_json("derive", "--key", "master", "--mechanism", "CKM_KEYDIV_CMAC", "--field", "MESSAGE=SN-000123", "--mac", "x")
        self.assertEqual(out["mac"], cmac(bytes.fromhex("fa6b718d2d54dfdea10dae169a93615f"), b"x").hex())
        uid = "04782e21801d80"
        cards = self.user("derive", "--key", "master", "--mechanism", "an10922", "--serial-field", "message", "--hex", "--usage", "sign",
                          "--csv", self.write("uids.csv", uid.upper() + "\n04b99121801d80\n")).splitlines()
        one = self.user_json("derive", "--key", "master", "--mechanism", "an10922", "--field", "message=hex:" + uid, "--usage", "sign")
        self.assertEqual((cards[0], len(cards)), ("%s,%s" % (uid, one["check_value"]), 2))
        device = self.user_json("derive", "--key", "master", "--mechanism", "device-key", "SN-1", "--field", "purpose=mac", "--mac", "x")
        self.assertEqual(device["mac"], self.user_json("derive", "--key", "master", "SN-1", "--purpose", "mac", "--mac", "x")["mac"])

    def test_refusals(self):
        for arguments, says in ((["--mechanism", "nonsense"], "'nonsense' is no mechanism"), (["--field", "device=x", "SN"], "go with --mechanism"),
                                (["--mechanism", "cmac", "--field", "massage=x"], "'massage' is no field"),
                                (["--mechanism", "cmac", "--field", "message"], "takes FIELD=VALUE"),
                                (["--mechanism", "message-key", "--field", "counter=x"], "COUNTER is a number of 8 bytes"),
                                (["--mechanism", "message-key", "--field", "counter=hex:00"], "COUNTER has 8 bytes, not 1"),
                                (["--mechanism", "message-key", "--field", "counter=1", "--field", "counter=2"], "given twice"),
                                (["--mechanism", "device-key", "--field", "purpose=" + 33 * "p", "SN"], "PURPOSE has 1 to 32 bytes, not 33"),
                                (["--mechanism", "device-key", "--field", "device=x", "SN"], "(CKR_MECHANISM_PARAM_INVALID)"),
                                (["--mechanism", "device-key", "--purpose", "x", "SN"], "give every field by --field"),
                                (["--mechanism", "data-key", "--field", "nonce=short"], "NONCE has 16 to 64 bytes, not 5"),
                                (["--mechanism", "cmac", "--field", "message=hex:0g"], "not hexadecimal"),
                                (["--mechanism", "cmac", "--field", "message=x", "--store", "--usage", "sign"], "--store needs a serial"),
                                (["--purpose", "p" * 33, "SN"], "--purpose takes 1 to 32 bytes, not 33")):
            self.refused("derive", "--key", "master", *arguments, says=says)


if __name__ == "__main__":
    main()

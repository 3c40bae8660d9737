# SPDX-License-Identifier: Apache-2.0
"""test_derive.py: derive: the published answers, openssl's answers, options, refusals; device rotate, retire, show."""
import json

from harness import MASTER, ToolTest, aes_check_value, cmac, derive_check_value, field, kdf, keywrap, main, needs_keywrap, use

SERIAL = b"SN-000123"
SIGN = use(2)  # --mac makes a key that signs


class DeriveTest(ToolTest):
    master = MASTER

    def setUp(self):
        super().setUp()
        self.import_key("master", self.master)

    def derive(self, *arguments):
        """Check value and MAC of "x" of the one key derived."""
        out = self.user_json("derive", "--mac", "x", *arguments)
        return out["check_value"], out["mac"]

    def expect(self, key, *arguments):
        """That the key derived is KEY."""
        self.assertEqual(self.derive(*arguments), (aes_check_value(key), cmac(key, b"x").hex()))


class Derive(DeriveTest):
    def test_published_answers(self):
        serial = SERIAL.decode()
        self.expect(bytes.fromhex("3f2dba18a87fa581e735f039b80cbbfd"), serial)
        self.expect(bytes.fromhex("4fdf5115c93626ecf9759b92909656fb"), serial, "--counter", "1")
        self.expect(bytes.fromhex("efc4e5c8739fa49d48d413f90650b0fa"), serial, "--initiator-nonce", "0001020304050607",
                    "--responder-nonce", "08090a0b0c0d0e0f")

    def test_published_answers_without_usage(self):
        for answer, *options in (("2759dd4361d7979a96a5c23692cd5555",), ("d5158ad88eaed7329eb0fa2246ed5c5d", "--counter", "1"),
                                 ("a534ead2171eb5a37319a6e5e19dd387", "--salt", "0011223344556677", "--purpose", "mac"),
                                 ("25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56", "--length", "32")):
            check = aes_check_value if "--counter" in options else derive_check_value  # message keys derive nothing
            self.assertEqual(self.user_json("derive", SERIAL.decode(), *options)["check_value"], check(bytes.fromhex(answer)))

    def test_highest_counter(self):
        device = kdf(MASTER, b"device", field(1, SERIAL), 16)
        self.expect(kdf(device, b"message", field(0x10, b"\xff" * 8) + SIGN, 16), SERIAL.decode(), "--counter", str(2**64 - 1))
        for counter in str(2**64), "-1", "", "0x10", "1 ":
            self.refused("derive", "x", "--counter=" + counter, says="--counter takes a number")

    def test_session_purpose(self):
        device = kdf(MASTER, b"device", field(1, SERIAL), 16)
        self.expect(kdf(device, b"session", field(0x20, b"8 bytes!") + field(0x21, b"and more than that") + field(0x22, b"enc") + SIGN, 16),
                    SERIAL.decode(), "--initiator-nonce", b"8 bytes!".hex(), "--responder-nonce", b"and more than that".hex(),
                    "--session-purpose", "enc")

    def test_as_openssl(self):
        for serial in "x", "S" * 128, 'with "quotes", and comma', "z\u00e4hler-7":
            self.expect(kdf(MASTER, b"device", field(1, serial.encode()) + SIGN, 16), serial)
        self.expect(kdf(MASTER, b"device", field(1, SERIAL) + field(3, b"enc") + SIGN, 24), SERIAL.decode(), "--purpose", "enc", "--length", "24")

    def test_text(self):
        key = kdf(MASTER, b"device", field(1, SERIAL), 16)
        self.assertEqual(self.user("derive", "--key", "master", SERIAL.decode(), "B"),
                         "SN-000123,%s\nB,%s\n" % (derive_check_value(key), derive_check_value(kdf(MASTER, b"device", field(1, b"B"), 16))))
        self.assertEqual(self.user("derive", 'a,"b').split(",", 1)[0] + ",", '"a,')
        file = self.write("message", b"binary\0\n\xff")
        key = kdf(MASTER, b"device", field(1, SERIAL) + SIGN, 16)
        self.assertEqual(self.user("derive", "--mac-file", file, SERIAL.decode()),
                         "SN-000123,%s,%s\n" % (aes_check_value(key), cmac(key, b"binary\0\n\xff").hex()))

    def test_nothing_is_kept(self):
        self.user("derive", "a", "b")
        self.assertEqual([k["label"] for k in self.user_json("key", "list")], ["master"])

    def test_store(self):
        self.user("derive", "--store", "--usage", "sign,verify", "SN-1", "SN-2")
        shown = self.user_json("key", "show", "SN-2")
        self.assertEqual((shown["check_value"], shown["usage"], shown["sensitive"], shown["extractable"], shown["private"]),
                         (aes_check_value(kdf(MASTER, b"device", field(1, b"SN-2") + SIGN, 16)), ["sign", "verify"], True, False, True))
        self.refused("derive", "--key", "master", "--store", "--usage", "sign", "SN-1", says="there is a key 'SN-1' already")
        self.refused("derive", "--key", "master", "--store", "SN-3", says="--store needs --usage")
        self.assertEqual(len(self.user_json("key", "list")), 3)

    def test_a_stored_device_key_derives_message_keys_only(self):
        self.user("derive", "--store", "--usage", "derive", "SN-1")
        self.assertEqual(sorted(self.user_json("key", "show", "SN-1")["allowed_mechanisms"]),
                         ["CKM_KEYDIV_MESSAGE_KEY", "CKM_KEYDIV_SESSION_KEY", "CKM_KEYDIV_WITH_DERIVED_KEY"])
        self.refused("derive", "--key", "SN-1", "x", says="(CKR_MECHANISM_INVALID)")
        self.refused("derive", "x", says="more than one key to derive from")

    def test_refusals(self):
        self.refused("derive", says="give the serials as arguments")
        self.refused("derive", "", says="the serial is empty")
        self.refused("derive", "x" * 129, says="has 129 bytes: the limit is 128")
        self.refused("derive", "two\nlines\033[1m", "--length", "15", says="cannot derive the key of 'two?lines?[1m'")
        self.refused("derive", "x", "--length", "15", says="(CKR_KEY_SIZE_RANGE)")
        self.refused("derive", "x", "--length", "8", "--type", "generic", says="(CKR_KEY_SIZE_RANGE)")
        self.refused("derive", "x", "--salt", "00", says="8 to 64 bytes")
        self.refused("derive", "x", "--salt", "0011223344556677", "--unsalted", says="exclude each other")
        self.refused("derive", "x", "--message-purpose", "enc", says="goes with --counter")
        self.refused("derive", "x", "--initiator-nonce", "0011223344556677", says="has two nonces")
        self.refused("derive", "x", "--session-purpose", "enc", says="has two nonces")
        self.refused("derive", "x", "--initiator-nonce", "00", "--responder-nonce", "0011223344556677", says="--initiator-nonce takes")
        self.refused("derive", "x", "--initiator-nonce", "0011223344556677", "--responder-nonce", "0011223344556677", "--counter", "1",
                     says="one or the other")
        self.refused("derive", "x", "--mac", "a", "--mac-file", "b", says="give one")
        self.refused("derive", "x", "--mac", "a", "--usage", "derive", says="makes no MAC")
        self.refused("derive", "x", "--purpose", "p" * 33, says="--purpose takes 1 to 32 bytes, not 33")
        self.refused("derive", "x", "--key", "none", says="there is no key 'none'")
        self.refused("derive", "x", "--key", "pkcs11:token=test", says="names no key")
        self.refused("derive", "x", "--key", "pkcs11:nonsense", says="no PKCS#11 URI")
        self.refused("derive", "x", "--output", "y", says="go with --csv")
        self.refused("derive", "x", "--threads", "2", says="go with --csv")
        for threads in "0", "257":
            self.refused("derive", "--csv", self.pin, "--threads", threads, says="--threads takes a number from 1 to 256")

    def test_keys_by_uri(self):
        uri = self.user_json("key", "show", "master")["uri"]
        self.assertIn("object=master", uri)
        self.expect(kdf(MASTER, b"device", field(1, SERIAL) + SIGN, 16), "--key", uri, SERIAL.decode())


class LongMaster(DeriveTest):
    master = bytes(range(32))

    def test_published_answer(self):
        self.assertEqual(self.user_json("derive", SERIAL.decode())["check_value"],
                         derive_check_value(bytes.fromhex("9eaf70a77a7975216ac1571d42c87475dfc1b8e0974217d4f3ac1b7946e6c546")))


class Rotation(DeriveTest):
    def key(self, salt=b"", role=SIGN):
        return kdf(MASTER, b"device", field(1, b"SN-1") + (field(2, salt) if salt else b"") + role, 16)

    def test_rotate_and_retire(self):
        self.assertEqual(self.user_json("device", "show", "SN-1"), {"serial": "SN-1", "salt": "", "previous_key_kept": False})
        self.expect(self.key(), "SN-1")
        first = bytes.fromhex(self.user_json("device", "rotate", "SN-1")["salt"])
        self.assertEqual(len(first), 16)
        self.expect(self.key(first), "SN-1")
        self.expect(self.key(), "SN-1", "--previous")
        self.expect(self.key(), "SN-1", "--unsalted")
        self.expect(self.key(b"12345678"), "SN-1", "--salt", b"12345678".hex())
        self.refused("device", "rotate", "SN-1", says="still has a previous key")
        self.user("device", "retire", "SN-1")
        self.expect(self.key(first), "SN-1")
        self.refused("derive", "SN-1", "--previous", says="has no previous key")
        self.refused("device", "retire", "SN-1", says="no previous key")
        second = bytes.fromhex(self.user_json("device", "rotate", "SN-1")["salt"])
        self.assertNotEqual(first, second)
        self.expect(self.key(second), "SN-1")
        self.expect(self.key(first), "SN-1", "--previous")

    @needs_keywrap
    def test_new_key_under_the_old_one(self):
        self.import_key("open", MASTER, "--extractable-children")
        shown = self.user_json("key", "show", "open")
        self.assertEqual((shown["extractable"], shown["extractable_children"]), (False, True))
        self.refused("device", "wrap", "--key", "open", "SN-1", says="'keydiv device rotate' first")
        salt = bytes.fromhex(self.user_json("device", "rotate", "SN-1")["salt"])
        wrapped = self.user_json("device", "wrap", "--key", "open", "SN-1")
        new = keywrap.aes_key_unwrap_with_padding(self.key(role=use(4)), bytes.fromhex(wrapped["wrapped_key"]))
        self.assertEqual(new, self.key(salt, role=b""))
        self.assertEqual(wrapped["check_value"], derive_check_value(new))
        other = self.user_json("device", "wrap", "--key", "open", "--purpose", "mac", "--length", "32", "SN-1")
        old = kdf(MASTER, b"device", field(1, b"SN-1") + field(3, b"mac") + use(4), 32)
        self.assertEqual(keywrap.aes_key_unwrap_with_padding(old, bytes.fromhex(other["wrapped_key"])),
                         kdf(MASTER, b"device", field(1, b"SN-1") + field(2, salt) + field(3, b"mac"), 32))

    @needs_keywrap
    def test_usage_of_the_new_key(self):
        self.import_key("open", MASTER, "--extractable-children")
        salt = bytes.fromhex(self.user_json("device", "rotate", "SN-1")["salt"])
        for usage, role in ("sign", use(2)), ("encrypt,decrypt", use(1)), ("encrypt,verify", use(3)):
            wrapped = self.user_json("device", "wrap", "--key", "open", "--usage", usage, "SN-1")
            new = keywrap.aes_key_unwrap_with_padding(self.key(role=use(4)), bytes.fromhex(wrapped["wrapped_key"]))
            self.assertEqual(new, self.key(salt, role=role))
            self.assertEqual(wrapped["check_value"], aes_check_value(new))

    def test_masters_whose_keys_stay(self):
        self.user("device", "rotate", "SN-1")
        self.refused("device", "wrap", "--key", "master", "SN-1",
                     says="Keys derived from this master cannot be wrapped; create it with --extractable-children")

    def test_other_devices_stay_as_they_are(self):
        self.user("device", "rotate", "SN-1")
        self.expect(kdf(MASTER, b"device", field(1, b"SN-2") + SIGN, 16), "SN-2")
        self.refused("derive", "SN-2", "--previous", says="has no previous key")

    def test_bulk_uses_the_salts(self):
        salt = bytes.fromhex(self.user_json("device", "rotate", "SN-1")["salt"])
        out = self.user("derive", "--csv", "-", data="SN-0\nSN-1\n")
        self.assertEqual(out, "SN-0,%s\nSN-1,%s\n" % (derive_check_value(kdf(MASTER, b"device", field(1, b"SN-0"), 16)),
                                                     derive_check_value(self.key(salt, role=b""))))

    def test_refusals(self):
        self.refused("device", "rotate", "", says="1 to 128 bytes")
        self.refused("device", "retire", "SN-7", says="no previous key to retire")
        self.refused("derive", "SN-1", "--previous", says="has no previous key")

    def test_serials_in_hexadecimal(self):
        salt = bytes.fromhex(self.user_json("device", "rotate", "--hex", "00FF0a")["salt"])
        self.assertEqual(self.user_json("device", "show", "--hex", "00ff0A")["salt"], salt.hex())
        self.expect(kdf(MASTER, b"device", field(1, b"\0\xff\n") + field(2, salt) + SIGN, 16), "--hex", "00ff0a")
        self.user("device", "retire", "--hex", "00ff0a")
        self.refused("device", "show", "--hex", "SN", says="is not hexadecimal")
        self.refused("device", "show", "--hex", 129 * "00", says="a serial has 1 to 128 bytes, not 129")

    def test_records_are_private(self):
        self.user("device", "rotate", "SN-1")
        listed = json.dumps(self.user_json("key", "list"))
        self.assertNotIn("SN-1", listed)


@needs_keywrap
class Wrapped(DeriveTest):
    """derive --wrap-with."""

    kek = bytes(range(32))

    def setUp(self):
        super().setUp()
        self.import_key("open", MASTER, "--extractable-children")
        self.import_key("kek", self.kek, "--usage", "wrap")

    def device(self, role=b"", serial=SERIAL):
        return kdf(MASTER, b"device", field(1, serial) + role, 16)

    def wrap(self, *arguments, kek="kek", **more):
        return self.user("derive", "--key", "open", "--wrap-with", kek, *arguments, **more)

    def unwrapped(self, text):
        return keywrap.aes_key_unwrap_with_padding(self.kek, bytes.fromhex(text))

    def test_one_serial(self):
        serial, wrapped, check = self.wrap(SERIAL.decode()).strip().split(",")
        self.assertEqual((serial, self.unwrapped(wrapped), check), (SERIAL.decode(), self.device(), derive_check_value(self.device())))

    def test_the_usage_is_part_of_the_value(self):
        for usage, role in ("sign", use(2)), ("encrypt,decrypt", use(1)), ("wrap", use(4)):
            shown = json.loads(self.wrap("--usage", usage, "--json", SERIAL.decode()))
            self.assertEqual(list(shown), ["serial", "wrapped_key", "check_value"])
            self.assertEqual(self.unwrapped(shown["wrapped_key"]), self.device(role))
            self.assertEqual(shown["check_value"], aes_check_value(self.device(role)))

    def test_list(self):
        serials = ["SN-%04d" % i for i in range(3000)]
        out = self.wrap("--csv", "-", "--mac", "x", "--threads", "5", data="\n".join(serials))
        lines = [line.split(",") for line in out.splitlines()]
        self.assertEqual([line[0] for line in lines], serials)
        for i in 0, 1023, 1024, 2999:
            key = self.device(SIGN, serials[i].encode())
            self.assertEqual((self.unwrapped(lines[i][1]), lines[i][2:]), (key, [aes_check_value(key), cmac(key, b"x").hex()]))
        done = json.loads(self.wrap("--json", "--csv", "-", data="A\n"))
        self.assertEqual(self.unwrapped(done["wrapped_key"]), self.device(b"", b"A"))

    def test_the_list_goes_into_another_token(self):
        out = self.wrap("--usage", "sign", "--csv", "-", data="A\nB\n")
        self.import_key("unwrapping", self.kek, "--usage", "unwrap")
        self.user("key", "import", "--csv", "-", "--unwrap-key", "unwrapping", "--usage", "sign", data=out)
        self.assertEqual(self.user_json("key", "show", "B")["check_value"], aes_check_value(self.device(SIGN, b"B")))

    def test_without_a_serial(self):
        shown = json.loads(self.wrap("--mechanism", "device-key", "--field", "device=SN-000123", "--json"))
        self.assertEqual(self.unwrapped(shown["wrapped_key"]), self.device())

    def test_by_another_mechanism(self):
        out = self.wrap("--wrap-mechanism", "aes-key-wrap", SERIAL.decode())
        self.assertEqual(keywrap.aes_key_unwrap(self.kek, bytes.fromhex(out.split(",")[1])), self.device())
        self.refused("derive", "--key", "open", "--wrap-with", "kek", "--wrap-mechanism", "aes-ecb", "x", says="(CKR_MECHANISM_INVALID)")

    def test_keys_that_derive_leave_under_trusted_keys(self):
        self.refused("derive", "--key", "open", "--wrap-with", "kek", "--usage", "derive", "x", says="leaves only under a key that the security officer")
        self.import_key("trusted", bytes(range(1, 33)), "--usage", "wrap", "--public")
        self.ok("key", "trust", "trusted", "--force", "--pin-file", self.pin, "--so-pin-file", self.so_pin, "--json")
        out = self.wrap("--usage", "derive", SERIAL.decode(), kek="trusted")
        self.assertEqual(keywrap.aes_key_unwrap_with_padding(bytes(range(1, 33)), bytes.fromhex(out.split(",")[1])), self.device())

    def test_nothing_is_kept(self):
        before = self.user_json("key", "list")
        self.wrap("a", "b")
        self.assertEqual(self.user_json("key", "list"), before)

    def test_refusals(self):
        self.refused("derive", "--key", "master", "--wrap-with", "kek", "x",
                     says="Keys derived from this master cannot be wrapped; create it with --extractable-children")
        wrap = ["derive", "--key", "open", "--wrap-with", "kek"]
        self.refused("derive", "--key", "open", "--wrap-with", "none", "x", says="there is no key 'none'")
        self.refused("derive", "--key", "open", "--wrap-with", "master", "x", says="'master' wraps no keys: create a wrapping key with --usage wrap")
        self.refused(*wrap, "--store", "--usage", "sign", "x", says="leave out --store")
        self.refused(*wrap, "--explain", "x", says="--explain derives nothing")
        self.refused(*wrap, "--wrap-field", "ksn=x", "x", says="--wrap-field goes with --wrap-mechanism")
        self.refused(*wrap, "--wrap-mechanism", "none", "x", says="'none' is no mechanism")
        self.refused(*wrap, "--key-block", "--wrap-mechanism", "aes-key-wrap", "x", says="leave out --wrap-mechanism")
        for option in ["--key-block"], ["--key-block-header", "D"], ["--wrap-mechanism", "aes-key-wrap"], ["--wrap-field", "ksn=x"]:
            self.refused("derive", "--key", "open", *option, "x", says="go with --wrap-with")
        for header in "D0000", "D" * 1025:
            self.refused(*wrap, "--key-block-header", header, "x", says="takes 16 to 1024 characters")
        self.refused(*wrap, "--key-block-header", "D0000D0AB00E000\u00e9", "x", says="printable ASCII")
        self.import_key("short", MASTER, "--usage", "wrap")
        self.refused("derive", "--key", "open", "--wrap-with", "short", "--length", "32", "x", says="(CKR_WRAPPING_KEY_SIZE_RANGE)")


if __name__ == "__main__":
    main()

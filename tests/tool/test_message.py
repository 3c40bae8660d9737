# SPDX-License-Identifier: Apache-2.0
"""test_message.py: verify, open, sign and seal: published answers, lists in both forms, verdicts, replays, refusals."""
import json
import random
import re
import subprocess

from harness import MASTER, MODULE, TOOL, ToolTest, cmac, field, kdf, main, use

SERIAL = "SN-000123"
HELLO = b"hello from the device"
MAC = "3a7190ef42dfc20d9232e25a85cb5184"  # published, with counter 1
SEALED = "6af8dd53ec1ac9697430e6dbc286e50644d64fa5b6"
TAG = "8a9be1e982a4d7c163b5e373ccde9e1"


def message_mac(serial, counter, message):
    """The MAC of a device, made with openssl's CMAC and nothing else."""
    device = kdf(MASTER, b"device", field(1, serial.encode()), 16)
    return cmac(kdf(device, b"message", field(0x10, counter.to_bytes(8, "big")) + use(2), 16), message).hex()


class MessageTest(ToolTest):
    window = None

    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER, *(["--window", str(self.window)] if self.window else []))

    def run_list(self, command, kind, text, *arguments, **more):
        """Run COMMAND on a list and return what it did."""
        name = self.write("list", text)
        return self.run_tool(command, "--" + kind, name, "--pin-file", self.pin, *arguments, **more)

    def verdicts(self, lines, code, *arguments):
        """The verdicts of the messages (serial, counter, message, mac), which `verify` answers with CODE."""
        text = "serial,counter,message,mac\n" + "".join("%s,%d,%s,%s\n" % line for line in lines)
        done = self.run_list("verify", "csv", text, *arguments)
        self.assertEqual(done.code, code, done.err)
        heading, *out = done.out.splitlines()
        self.assertEqual(heading, "serial,counter,message,mac,verdict")
        self.assertEqual([line.rsplit(",", 1)[0] for line in out], text.splitlines()[1:])
        return [line.rsplit(",", 1)[1] for line in out]


class Trades(ToolTest):
    """Counters of 3 and 4 bytes, and an operation with fields of its own."""

    TAG = bytes.fromhex("b62a9baf092439bd43c62aee96b970c5")  # its URL is in tests/vectors/ntag424_sdm.txt
    TAP = ("041d3c8a2d6b80", "291", b"B8436E11F627BB7F543FCC0C1E0D1A89".hex(), "238b2543a8debad8")
    SDM = ("--key", "tag", "--hex", "--mechanism", "sdm-session-key", "--field", "card-key=hex:02", "--serial-field", "card-uid",
           "--counter-field", "read-counter", "--operation", "aes-cmac-odd")

    def test_urls_of_a_tag(self):
        self.import_key("tag", self.TAG, "--allow", "sdm,with-derived-key", "--window", "16")
        uid, counter, message, mac = self.TAP
        one = ["verify", uid, "--counter", counter, "--message", message, "--mac", mac, *self.SDM]
        self.assertEqual(self.user(*one), "serial: %s\nverdict: ok\n" % uid)
        done = self.run_tool(*one, "--pin-file", self.pin)
        self.assertEqual((done.code, done.out), (1, "serial: %s\nverdict: replayed\n" % uid))
        self.refused("verify", uid, "--counter", "16777216", "--message", "", "--mac", mac, *self.SDM, says="does not fit into the field READ_COUNTER")
        window = ["window", "skip", uid, "--force", *self.SDM, "--to"]
        self.refused(*window, "16777216", says="does not fit into the field READ_COUNTER")
        self.assertIn("highest: 16777215", self.user(*window, "16777215"))
        done = self.run_tool("verify", "--csv", "-", "--pin-file", self.pin, *self.SDM,
                             data="serial,counter,message,mac\n%s\n" % ",".join(self.TAP))
        self.assertEqual(done.out.splitlines()[1], ",".join(self.TAP) + ",replayed")

    def test_messages_of_a_meter(self):
        """OMS_COUNTER is sent least significant byte first: message 0x0ab3 of tests/vectors/wmbus_oms.txt."""
        self.import_key("meter", bytes(range(16)), "--allow", "oms,with-derived-key")
        mac = cmac(bytes.fromhex("c9cd19ff5a9aad5a6bbda13bd2c4c7ad"), HELLO)[:8].hex()
        out = self.run_tool("verify", "78563412", "--hex", "--key", "meter", "--mechanism", "oms-mode7-key", "--field", "oms-key=hex:01",
                            "--serial-field", "meter-id", "--counter-field", "oms-counter", "--counter", str(0x0AB3), "--operation",
                            "aes-cmac-general", "--tag-length", "8", "--message", HELLO.hex(), "--mac", mac, "--pin-file", self.pin)
        self.assertEqual((out.code, out.out), (0, "serial: 78563412\nverdict: ok\n"))

    def test_fields_of_an_operation(self):
        """Padding method 2 of a message is padding method 1 of the message with 80 and zeros."""
        self.import_key("master", MASTER, "--allow", "device,retail-mac")

        def mac(message, *more):
            out = self.user("sign", "SN-1", "--mechanism", "device-key", "--operation", "retail-mac", "--message", message, *more)
            return re.search("mac: ([0-9a-f]+)", out).group(1)

        whole = mac("00")
        self.assertEqual(len(whole), 16)
        self.assertEqual(mac("0080000000000000", "--field", "padding-method=1"), whole)
        self.assertEqual(mac("00", "--tag-length", "4"), whole[:8])
        self.assertNotEqual(mac("00", "--field", "previous-mac=hex:" + whole), whole)


class KeyItself(ToolTest):
    """Without a serial, --operation uses the key of --key, and nothing is derived."""

    ROOT = bytes.fromhex("00112233445566778899aabbccddeeff")  # tests/vectors/lorawan_join.txt
    ACCEPT = "20c70b57011122801903020000"
    NEW = bytes(range(15, -1, -1))  # the example of AUTOSAR
    PROOF = "00000000000000000000000000000141b472e8d8727d70d57295e74849a27917820d8d95dc11b4668878160cb2a4e23e"
    SHE = ("--key", "new", "--operation", "she-key-proof", "--field", "she-uid=hex:000000000000000000000000000001", "--field", "she-slots=65",
           "--field", "she-counter=1", "--message", "")

    def test_a_join(self):
        self.import_key("root", self.ROOT, "--allow", "lorawan")
        mic = ("--key", "root", "--operation", "lorawan-mic", "--message")
        self.assertEqual(self.user("sign", *mic, self.ACCEPT), "message: %s\nmac: 43485bbc\n" % self.ACCEPT)
        self.assertEqual(self.user("verify", *mic, self.ACCEPT, "--mac", "43485BBC"), "verdict: ok\n")
        done = self.run_tool("verify", *mic, self.ACCEPT, "--mac", "43485bbd", "--pin-file", self.pin)
        self.assertEqual((done.code, done.out, done.err), (1, "verdict: bad\n", ""))
        accept = ("seal", "--key", "root", "--operation", "lorawan-join-accept", "--message")
        self.assertEqual(self.user_json(*accept, self.ACCEPT[2:] + "43485bbc"), {"message": "493eeb51fba2116f810edb3742975142"})
        self.refused("sign", *mic, "0001", says="CKR_DATA_INVALID")
        self.refused(*accept, "00", says="does not take a message of this length")
        self.refused("sign", "--key", "root", "--operation", "aes-cmac", "--message", "", says="the key was not made for this use")

    def test_a_proof(self):
        self.import_key("new", self.NEW, "--usage", "sign,verify")
        self.assertEqual(self.user("verify", *self.SHE, "--mac", self.PROOF), "verdict: ok\n")
        self.assertEqual(self.user_json("sign", *self.SHE), {"message": "", "mac": self.PROOF})
        done = self.run_tool("verify", *self.SHE, "--mac", "01" + self.PROOF[2:], "--pin-file", self.pin)
        self.assertEqual((done.code, done.out), (1, "verdict: bad\n"))
        self.refused("sign", *self.SHE, "--tag-length", "8", says="CKR_MECHANISM_PARAM_INVALID")

    def test_macs(self):
        self.import_key("mac", MASTER, "--usage", "sign,verify")
        whole = cmac(MASTER, HELLO)
        for operation, mac in ("aes-cmac", whole), ("aes-cmac-odd", whole[1::2]):
            self.assertEqual(self.user_json("sign", "--key", "mac", "--operation", operation, "--message", HELLO.hex())["mac"], mac.hex())
        self.user("key", "generate", "--label", "des", "--type", "des2", "--usage", "sign,verify", "--allow", "retail-mac")
        retail = ("sign", "--key", "des", "--operation", "retail-mac", "--field", "padding-method=1", "--message", "00")
        whole = self.user_json(*retail)["mac"]
        self.assertEqual(len(whole), 16)
        self.assertEqual(self.user_json(*retail, "--tag-length", "4")["mac"], whole[:8])

    def test_refusals(self):
        self.import_key("master", MASTER)
        self.refused("sign", "--operation", "aes-cmac", "--message", "00", says="give it with --key")
        key = ("--key", "master", "--operation", "aes-cmac")
        self.refused("sign", *key, says="give the message with --message")
        self.refused("verify", *key, "--message", "00", says="give the MAC")
        self.refused("sign", *key, "--message", "00", "--counter", "1", says="no --counter")
        self.refused("sign", *key, "--message", "00", "--iv", "00", says="--iv and --aad are for the key of a device")
        self.refused("sign", *key, "--message", "00", "--field", "none=1", says="'none' is no field")
        for more in (["--mechanism", "device-key"], ["--purpose", "x"], ["--salt", "00" * 8], ["--previous"], ["--unsalted"], ["--type", "aes"],
                     ["--length", "16"], ["--serial-field", "device"], ["--counter-field", "counter"], ["--message-purpose", "x"]):
            self.refused("sign", *key, "--message", "00", *more, says="give the serial of the device")
        self.refused("sign", "--key", "master", "--message", "00", says="give the serial of the device")
        self.refused("open", *key, "--message", "00", "--mac", "00", says="give the serial of the device")
        self.refused("sign", *key, "--message", "00", says="the key was not made for this use")


class Forms(MessageTest):
    def test_blanks(self):
        """Blanks around a field are refused, and --trim removes them. The line is printed as it came."""
        mac = message_mac("SN-1", 7, b"\0")
        for line in " SN-1,7,00,%s", "SN-1 ,7,00,%s", "SN-1,7 ,00,%s", "SN-1,7, 00,%s", "SN-1,7,00, %s", '" SN-1","7 ","\t00",%s ':
            text = "serial,counter,message,mac\n" + line % mac + "\n"
            done = self.run_list("verify", "csv", text)
            self.assertEqual((done.code, done.out.count("\n")), (1, 1), line)
            self.assertRegex(done.err, r"keydiv: line 2: ")
            done = self.run_list("verify", "csv", text, "--trim")
            self.assertEqual((done.code, done.out.splitlines()[1]), (0, line % mac + ",ok"))
            done = self.run_list("sign", "csv", text, "--trim")
            self.assertEqual(done.out, "serial,counter,message,mac\nSN-1,7,00,%s\n" % mac)
        self.refused("verify", SERIAL, "--counter", "1", "--message", "00", "--mac", MAC, "--trim", says="go with --csv")

    def test_lists_in_doubt(self):
        """The rules of all lists hold for lists of messages."""
        line = ",1,00,%s\n" % message_mac("SN-1", 1, b"\0")
        for text, number, says in (("", 1, "no records"), ("\n", 1, "no records"), ("%s", 1, "heading and no records"), ("%sS;N" + line, 2, "';' in it"),
                                   ("%sS\tN" + line, 2, "a tab in it"), ("%s  \n", 2, "blanks only"), ("%s#SN" + line, 2, "begins with #"),
                                   ("#%s", 1, "begins with #"), ("%sSN-1;1;00;00\n", 2, "give --delimiter"), ("SN-1" + line, 1, "no heading 'serial'"),
                                   ("serial;counter;message;mac\nSN-1;1;00;00\n", 1, "--delimiter")):
            done = self.run_list("verify", "csv", text.replace("%s", "serial,counter,message,mac\n"))
            self.assertEqual((done.code, done.out.count("\n") <= 1, done.err.count("\nkeydiv: ") <= 1), (1, True, True))
            self.assertIn("keydiv: line %d: " % number, done.err)
            self.assertIn(says, done.err)


class One(MessageTest):
    def answer(self, command, *arguments, code=0):
        done = self.run_tool(command, SERIAL, "--counter", "1", "--json", "--pin-file", self.pin, *arguments)
        self.assertEqual(done.code, code, done.err)
        return json.loads(done.out)

    def test_published_answers(self):
        self.assertEqual(self.answer("sign", "--message", HELLO.hex()), {"serial": SERIAL, "message": HELLO.hex(), "mac": MAC})
        sealed = self.answer("seal", "--message", HELLO.hex())
        self.assertEqual(sealed["message"] + sealed["mac"],
                         "6af8dd53ec1ac9697430e6dbc286e50644d64fa5b68a9bea1e982a4d7c163b5e373ccde9e1")
        self.assertEqual(self.answer("verify", "--message", HELLO.hex(), "--mac", MAC), {"serial": SERIAL, "verdict": "ok"})
        self.assertEqual(self.answer("open", "--message", sealed["message"], "--mac", sealed["mac"]),
                         {"serial": SERIAL, "plaintext": HELLO.hex(), "verdict": "ok"})

    def test_bad(self):
        self.assertEqual(self.answer("verify", "--message", HELLO.hex(), "--mac", "00" * 16, code=1)["verdict"], "bad")
        self.assertEqual(self.answer("verify", "--message", HELLO.hex(), "--mac", MAC[:8], code=1)["verdict"], "bad")
        self.assertEqual(self.answer("open", "--message", "00" * 21, "--mac", "00" * 16, code=1), {"serial": SERIAL, "verdict": "bad"})

    def test_text(self):
        done = self.run_tool("verify", SERIAL, "--counter", "1", "--message", HELLO.hex(), "--mac", MAC, "--pin-file", self.pin)
        self.assertEqual((done.code, done.out), (0, "serial: SN-000123\nverdict: ok\n"))
        self.assertIn("keeps no counters", done.err)

    def test_file(self):
        name = self.write("message", HELLO)
        self.assertEqual(self.answer("verify", "--message-file", name, "--mac", MAC)["verdict"], "ok")
        empty = self.write("empty", b"")
        self.assertEqual(self.answer("sign", "--message-file", empty)["mac"], message_mac(SERIAL, 1, b""))

    def test_options(self):
        device = kdf(MASTER, b"device", field(1, SERIAL.encode()) + field(3, b"up"), 16)
        key = kdf(device, b"message", field(0x10, (1).to_bytes(8, "big")) + field(0x11, b"m") + use(2), 16)
        self.assertEqual(self.answer("sign", "--purpose", "up", "--message-purpose", "m", "--message", "00")["mac"], cmac(key, b"\0").hex())
        self.assertEqual(self.answer("sign", "--operation", "aes-cmac-general", "--tag-length", "8", "--message", HELLO.hex())["mac"], MAC[:16])
        fixed = self.answer("seal", "--iv", "00000000", "--message", HELLO.hex())
        self.assertEqual(fixed["message"], SEALED)
        other = self.answer("seal", "--iv", "00000001", "--aad", "aa", "--message", HELLO.hex())
        self.assertNotEqual(other["message"], SEALED)
        self.assertEqual(self.answer("open", "--iv", "00000001", "--aad", "aa", "--message", other["message"], "--mac", other["mac"])["verdict"],
                         "ok")
        self.assertEqual(self.answer("open", "--iv", "00000001", "--aad", "ab", "--message", other["message"], "--mac", other["mac"],
                                     code=1)["verdict"], "bad")

    def test_mechanism(self):
        """The same by the names of mechanism and fields; and with a counter in another place."""
        self.assertEqual(self.answer("sign", "--mechanism", "device-message-key", "--message", HELLO.hex())["mac"], MAC)
        self.refused("sign", SERIAL, "--counter", "1", "--message", "00", "--counter-field", "COUNTER", says="goes with --mechanism")
        self.refused("sign", SERIAL, "--counter", "1", "--message", "00", "--mechanism", "device-message-key", "--counter-field", "NO",
                     says="'NO' is no field")

    def test_salt(self):
        self.user("device", "rotate", SERIAL)
        rotated = self.answer("sign", "--message", HELLO.hex())["mac"]
        self.assertNotEqual(rotated, MAC)
        self.assertEqual(self.answer("sign", "--unsalted", "--message", HELLO.hex())["mac"], MAC)
        self.assertEqual(self.answer("sign", "--previous", "--message", HELLO.hex())["mac"], MAC)

    def test_refusals(self):
        message = ["--message", "00"]
        for arguments, says in ((["verify", SERIAL], "give the message"), (["verify", SERIAL, *message], "with --mac"),
                                (["sign", SERIAL, *message], "with --counter"), (["sign", *message], "give the serial"),
                                (["sign", SERIAL, "--counter", "-1", *message], "not a number from 0"),
                                (["sign", SERIAL, "--counter", "18446744073709551616", *message], "not a number from 0"),
                                (["sign", SERIAL, "--counter", "1", "--message", "0"], "not hexadecimal"),
                                (["sign", SERIAL, "--counter", "1", "--message", "00", "--message-file", "x"], "give the message"),
                                (["sign", SERIAL, "--counter", "1", "--message-file", self.path("none")], "cannot read"),
                                (["sign", SERIAL, "--counter", "1", *message, "--iv", "xy"], "--iv takes"),
                                (["sign", SERIAL, "--counter", "1", *message, "--tag-length", "0"], "--tag-length takes"),
                                (["sign", SERIAL, "--csv", "x"], "leave out the serial"),
                                (["sign", "--csv", "x", "--json-lines", "x"], "give one")):
            self.refused(*arguments, says=says)
        for arguments in ("--iv", "00"), ("--aad", "00"), ("--tag-length", "16"), ("--operation", "sha-1"), ("--operation", "aes-ctr"):
            self.refused("sign", SERIAL, "--counter", "1", *message, *arguments, says="CKR_MECHANISM_PARAM_INVALID")

    def test_highest_counter(self):
        out = self.user_json("sign", SERIAL, "--counter", str(2**64 - 1), "--message", "00")
        self.assertEqual(out["mac"], message_mac(SERIAL, 2**64 - 1, b"\0"))


class Lists(MessageTest):
    def test_csv(self):
        lines = [("SN-%d" % (i % 5), i, "%02x" % i, message_mac("SN-%d" % (i % 5), i, bytes([i]))) for i in range(20)]
        self.assertEqual(self.verdicts(lines, 0), ["ok"] * 20)
        lines[7] = lines[7][:3] + ("00" * 16,)
        self.assertEqual(self.verdicts(lines, 1, "--threads", "3"), ["ok"] * 7 + ["bad"] + ["ok"] * 12)

    def test_columns_in_any_order(self):
        mac = message_mac(SERIAL, 1, HELLO)
        done = self.run_list("verify", "csv", "mac;note;message;serial;counter\n%s;\"a;b\";%s;%s;1\n" % (mac, HELLO.hex(), SERIAL), "--delimiter", ";")
        self.assertEqual(done.out, "mac;note;message;serial;counter;verdict\n%s;\"a;b\";%s;%s;1;ok\n" % (mac, HELLO.hex(), SERIAL))

    def test_json(self):
        mac = message_mac(SERIAL, 1, HELLO)
        text = '{"serial": "%s", "counter": 1, "message": "%s", "mac": "%s", "at": 1.5}\n{"counter":"1","mac":"00","message":"","serial":"%s"} \n'
        done = self.run_list("verify", "json-lines", text % (SERIAL, HELLO.hex(), mac, SERIAL))
        first, second = done.out.splitlines()
        self.assertEqual(json.loads(first), {"serial": SERIAL, "counter": 1, "message": HELLO.hex(), "mac": mac, "at": 1.5, "verdict": "ok"})
        self.assertEqual(json.loads(second)["verdict"], "bad")
        self.assertEqual(done.code, 1)
        self.assertIn("1 of 2 messages are refused: 1 bad, 0 replayed", done.err)

    def test_seal_and_open(self):
        for kind in "csv", "json-lines":
            if kind == "csv":
                text = "serial,counter,message\n" + "".join("a\u00e4-%d,%d,%s\n" % (i, 2**64 - 1 - i, bytes(range(i)).hex()) for i in range(9))
            else:
                text = "".join('{"serial":"a\u00e4-%d","counter":%d,"message":"%s"}\n' % (i, 2**64 - 1 - i, bytes(range(i)).hex()) for i in range(9))
            for make, take in ("seal", "open"), ("sign", "verify"):
                made = self.run_list(make, kind, text)
                self.assertEqual(made.code, 0, made.err)
                taken = self.run_list(take, kind, made.out)
                self.assertEqual(taken.code, 0, taken.err)
                if make == "seal" and kind == "csv":
                    self.assertEqual([line.split(",")[4] for line in taken.out.splitlines()[1:]], [bytes(range(i)).hex() for i in range(9)])
                    self.assertEqual(taken.out.splitlines()[0], "serial,counter,message,mac,plaintext,verdict")
                elif make == "seal":
                    self.assertEqual([json.loads(line)["plaintext"] for line in taken.out.splitlines()], [bytes(range(i)).hex() for i in range(9)])

    def test_pipe_answers_at_once(self):
        """A message that waits in a pipe is answered before the next one comes."""
        mac = message_mac(SERIAL, 1, HELLO)
        command = [TOOL, "verify", "--csv", "-", "--pin-file", self.pin, "--module", MODULE]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.env, text=True) as p:
            p.stdin.write("serial,counter,message,mac\n")
            for _ in range(3):
                p.stdin.write("%s,1,%s,%s\n" % (SERIAL, HELLO.hex(), mac))
                p.stdin.flush()
                while not (line := p.stdout.readline()).startswith(SERIAL):
                    self.assertTrue(line)
                self.assertTrue(line.endswith(",ok\n"))
            p.stdin.close()
            self.assertEqual(p.wait(), 0)

    def test_bad_lists(self):
        good = '"serial":"a","counter":1,"message":"","mac":""'
        for kind, text, says in (("csv", "serial,counter,message\na,1,00\n", "no heading 'mac'"),
                                 ("csv", "counter,message,mac\n1,00,00\n", "no heading 'serial'"),
                                 ("csv", "serial,counter,message,mac,verdict\na,1,00,00,ok\n", "has a column 'verdict' already"),
                                 ("csv", "serial,counter,message,mac\na,1,0g,00\n", "line 2: the message '0g' is not hexadecimal"),
                                 ("csv", "serial,counter,message,mac\na,1,000,00\n", "is not hexadecimal"),
                                 ("csv", "serial,counter,message,mac\na,x,00,00\n", "line 2: the counter 'x' is not a number"),
                                 ("csv", "serial,counter,message,mac\na,1,00\n", "line 2"),
                                 ("csv", "serial,counter,message,mac\n", "a heading and no records"),
                                 ("json-lines", "{%s\n" % good, "line 1: the line is not JSON: its end is missing"),
                                 ("json-lines", "[1]\n", "not a JSON object"),
                                 ("json-lines", "{%s,\"serial\":\"b\"}\n" % good, "a member occurs twice"),
                                 ("json-lines", "{%s,\"verdict\":\"ok\"}\n" % good, "a member 'verdict' already"),
                                 ("json-lines", "{%s} x\n" % good, "not JSON"),
                                 ("json-lines", "{%s,}\n" % good.replace('"a"', '"\u00e4"'), "not JSON"),
                                 ("json-lines", "{%s}\n" % good.replace('"mac":""', '"mac":1.5'), "neither text nor a whole number"),
                                 ("json-lines", "{%s}\n" % good.replace('"mac":""', '"mac":"0x"'), "'0x' is not hexadecimal"),
                                 ("json-lines", "{%s}\n" % good.replace('"mac":""', '"x":""'), "the member 'mac' is missing"),
                                 ("json-lines", "{%s}\n" % good.replace(":1", ":18446744073709551616"), "more than 64 bits"),
                                 ("json-lines", "{%s}\n" % good.replace(":1", ":[1]"), "is not flat"),
                                 ("json-lines", "{%s}\n" % good.replace('"a"', r'"a\u0000b"'), "has a NUL in it"),
                                 ("json-lines", "{%s}\n" % good.replace('"a"', '""'), "the serial is empty")):
            done = self.run_list("verify", kind, text)
            self.assertEqual(done.code, 1, (text, done.out))
            self.assertIn(says, done.err, text)
            self.assertNotIn("ok\n", done.out)

    def test_first_wrong_line_ends_the_run(self):
        lines = "".join("SN-%d,%d,00,%s\n" % (i, i, message_mac("SN-%d" % i, i, b"\0")) for i in range(5))
        done = self.run_list("verify", "csv", "serial,counter,message,mac\n" + lines + "SN-9,x,00,00\n" + lines)
        self.assertEqual(done.code, 1)
        self.assertIn("line 7: the counter 'x'", done.err)
        self.assertLessEqual(len(done.out.splitlines()), 6)


class Replays(MessageTest):
    window = 64

    def signed(self, messages):
        """The lines of MESSAGES (serial, counter), each of one byte, as `sign` makes them."""
        done = self.run_list("sign", "csv", "serial,counter,message\n" + "".join("%s,%d,00\n" % m for m in messages))
        self.assertEqual((done.code, done.err), (0, ""))
        return [(s, int(c), m, mac) for s, c, m, mac in (line.split(",") for line in done.out.splitlines()[1:])]

    def test_one(self):
        arguments = ["verify", SERIAL, "--counter", "1", "--message", HELLO.hex(), "--mac", MAC, "--pin-file", self.pin]
        done = self.run_tool(*arguments)
        self.assertEqual((done.code, done.out, done.err), (0, "serial: SN-000123\nverdict: ok\n", ""))
        done = self.run_tool(*arguments)
        self.assertEqual((done.code, done.out), (1, "serial: SN-000123\nverdict: replayed\n"))

    def test_list(self):
        """In a list each counter is accepted once, in the order of the lines, whatever the number of threads is."""
        rng = random.Random(7)
        lines = self.signed([("SN-%d" % i, c) for c in range(1, 30) for i in range(4)])
        again = [rng.choice(lines) for _ in range(50)]
        verdicts = self.verdicts(lines + again, 1, "--threads", "8")
        self.assertEqual(verdicts, ["ok"] * len(lines) + ["replayed"] * 50)

    def test_order(self):
        """Later counters of a device do not pass earlier ones, though the window is narrow."""
        lines = self.signed([("SN-%d" % (i % 3), i) for i in range(3000)])
        self.assertEqual(lines[0][3], message_mac("SN-0", 0, b"\0"))
        self.assertEqual(set(self.verdicts(lines, 0, "--threads", "16")), {"ok"})

    def test_sign_needs_new_counters(self):
        self.user("sign", SERIAL, "--counter", "5", "--message", "00")
        self.refused("sign", SERIAL, "--counter", "5", "--message", "00", says="CKR_KEYDIV_REPLAYED")
        done = self.run_tool("verify", SERIAL, "--counter", "5", "--message", "00", "--mac", message_mac(SERIAL, 5, b"\0"), "--pin-file", self.pin)
        self.assertEqual(done.code, 0, done.err)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_clients.py LANGUAGE: build and run the example programs of one language.

Each program verifies a device's MAC and takes the next O-DUKPT key. The second MAC, which changes from run to run, is compared
with the model in tests/models. The file of each language that builds parameters is compared with keydiv.h.

Exit with 77, which skips the test, if a tool of the language is missing. With KEYDIV_CLIENTS=all a missing tool is a failure.
"""
import itertools
import os
import random
import re
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "tool"), os.path.join(HERE, "..", "models")]

import odukpt  # noqa: E402
from harness import MASTER, MODULE, SOURCE, ToolTest, cmac, field, kdf, use  # noqa: E402
from languages import LANGUAGES, Missing  # noqa: E402

CLIENT = os.environ["KEYDIV_CLIENT"]
BUILD = os.path.join(os.environ["KEYDIV_BUILD"], "clients")
MESSAGE = b"hello from the device"
TERMINAL, SHAPE = b"TERMINAL-01", (3, 3)


def transaction_mac(number):
    """The MAC of MESSAGE by the terminal's key NUMBER, computed outside of the token."""
    r, n = SHAPE
    key = kdf(MASTER, b"odukpt-initial", field(0x01, TERMINAL) + field(0x50, bytes(SHAPE)), 16)
    for _, step in odukpt.find(r, n, number):
        key = odukpt.child(key, step)
    return cmac(kdf(key, b"odukpt-key", use(2), 16), MESSAGE).hex()


def message(serial, counter, text=MESSAGE):
    """A line of input of verify_messages: MESSAGE with the MAC of TEXT by the key of the message."""
    key = kdf(MASTER, b"device", field(0x01, serial.encode()), 16)
    key = kdf(key, b"message", field(0x10, counter.to_bytes(8, "big")) + use(2), 16)
    return "%s,%d,%s,%s\n" % (serial, counter, MESSAGE.hex(), cmac(key, text).hex())


def cases():
    """Lines of fields for the programs cases.*."""
    draw = random.Random(20)
    lines = [
        "",  # no field
        "01:534e2d303030313233",
        "01:534e2d303030313233 10=1",
        "01: 02:",  # empty values
        "10=0", "10=18446744073709551615", "51=4294967296", "70#0", "70#2336489475 71#4234", "71#4294967295",
        "01:00 ff:00",
        "30:" + "aa" * 4093,  # the longest parameter
        "30:" + "aa" * 4082 + " 51=1",
        # refused: out of order, doubled, no tag, too long
        "02:00 01:00", "01:00 01:00", "10=1 10=2", "00:11", "30:" + "aa" * 4094, "30:" + "aa" * 4083 + " 51=1", "30:" + "aa" * 70000,
        "02:00 01:00 03:00",  # a later field does not repair the parameter
    ]
    for _ in range(200):
        tags = [draw.randrange(256) for _ in range(draw.randrange(1, 7))]
        if draw.random() < 0.8:
            tags = sorted(set(tags))
        lines.append(" ".join(draw.choice([
            lambda tag: "%02x=%d" % (tag, draw.getrandbits(64)),
            lambda tag: "%02x#%d" % (tag, draw.getrandbits(32)),
            lambda tag: "%02x:%s" % (tag, draw.randbytes(draw.choice([0, 1, 8, 255, 256, 700])).hex()),
        ])(tag) for tag in tags))
    return "".join(line + "\n" for line in lines)


class Clients(ToolTest):
    language = None
    # The library that makes scrypt cheap cannot be loaded before the OpenSSL that is a part of some builds of Node.
    real_scrypt = True

    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER)
        self.import_key("bdk", MASTER, "--allow", "odukpt")
        self.user("odukpt", "initial", "--key", "bdk", "--device", TERMINAL.decode(), "--shape", "3,3", "--label", "ik")
        self.user("odukpt", "client", "--key", "ik", "--shape", "3,3", "--label", "terminal")

    def run_program(self, program, module, server=None, data=""):
        """Run PROGRAM with MODULE. SERVER is the address of a token for keydiv-client.so. DATA is the standard input."""
        command, more = program
        environment = dict(self.env, KEYDIV_PIN_FILE=self.pin, **more)
        if server:
            environment["KEYDIV_CLIENT_CONF"] = self.write("client.conf", "server = %s\n" % server)
            del environment["KEYDIV_CONF"]
        return subprocess.run([*command, module], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def prints(self, program, wanted, *module, data=""):
        done = self.run_program(program, *module, data=data)
        self.assertEqual((done.returncode, done.stderr, done.stdout), (0, "", wanted))

    def modules(self):
        """Return the arguments of run_program for the module, and for two servers with the client's module."""
        settings = self.write("server.conf", self.read("keydiv.conf") + "parameters = flat\n")
        socket = self.path("socket")
        server = subprocess.Popen(["p11-kit", "server", "--foreground", "--name", socket, "--provider", MODULE, "pkcs11:token=test"],
                                  stdout=subprocess.DEVNULL, env=dict(self.env, KEYDIV_CONF=settings))
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        while not os.path.exists(socket):
            self.assertIsNone(server.poll(), "p11-kit server has ended")
            time.sleep(0.05)
        return {
            "the module": [MODULE],
            "the client and a socket": [CLIENT, "unix:path=" + socket],
            "the client and a command": [CLIENT, "|KEYDIV_CONF=%s p11-kit remote %s" % (settings, MODULE)],
        }

    def test_examples(self):
        number = 0
        modules = self.modules()
        for name, program in self.language.examples.items():
            for through, module in modules.items():
                with self.subTest(name=name, through=through):
                    self.prints(program, "".join(line + "\n" for line in (
                        "SN-000123: the MAC is right",
                        "SN-000123: a forged message is refused",
                        "TERMINAL-01: transaction %d, MAC %s" % (number, transaction_mac(number)))), *module)
                number += 1
        for program, wanted in self.language.more:
            for through, module in modules.items():
                with self.subTest(through=through):
                    self.prints(program, wanted, *module)
        self.assertEqual(sorted(key["label"] for key in self.user_json("key", "list")), ["bdk", "master", "terminal"])

    def verify_messages(self, program, module, *messages):
        """Check the verdicts of MESSAGES, each (serial, counter, verdict). A bad message has the MAC of another text."""
        self.prints(program, "".join("%s,%d,%s\n" % m for m in messages), *module, data="".join(
            message(serial, counter, b"another text" if verdict == "bad" else MESSAGE) for serial, counter, verdict in messages))

    def verdict_of_tool(self, serial, counter):
        """Return the verdict of `keydiv verify`, which uses the same stream."""
        self.write("messages.csv", "serial,counter,message,mac\n" + message(serial, counter))
        out = self.run_tool("verify", "--key", "meter", "--csv", self.path("messages.csv"), "--pin-file", self.pin).out
        return out.strip().split(",")[-1]

    def test_messages(self):
        self.import_key("meter", MASTER, "--window", "64")
        last = 2**64 - 1
        ways = itertools.product(self.language.messages.items(), self.modules().items())
        for i, ((name, program), (through, module)) in enumerate(ways):
            first, second = "SN-%06d" % i, "TM-%06d" % i
            with self.subTest(name=name, through=through):
                self.verify_messages(program, module, (first, 3, "ok"), (first, 1, "ok"), (second, 1, "ok"), (first, 3, "replayed"),
                                     (first, 2, "bad"), (first, 2, "ok"), (first, 2, "replayed"))
                # another process
                self.verify_messages(program, module, (first, 1, "replayed"), (first, 100, "ok"), (first, 35, "replayed"),
                                     (first, 36, "ok"), (second, last, "ok"), (second, last, "replayed"))
                self.assertEqual(self.verdict_of_tool(first, 100), "replayed")
                self.assertEqual(self.verdict_of_tool(first, 101), "ok")
                self.verify_messages(program, module, (first, 101, "replayed"))

    def test_another_master(self):
        """Every example fails with one line when the token has another master."""
        self.user("key", "delete", "master", "--force")
        self.import_key("master", bytes(range(16)))
        for program in [*self.language.examples.values(), *(program for program, _ in self.language.more)]:
            with self.subTest(program=program):
                done = self.run_program(program, MODULE)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertRegex(done.stderr, "the MAC is wrong")

    def test_parameter(self):
        text = cases()
        answers = {}
        for name, (command, more) in (("keydiv.h", self.language.reference), ("helper", self.language.cases)):
            answers[name] = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True,
                                           env=dict(os.environ, **more)).stdout.split("\n")
        self.assertEqual(len(answers["keydiv.h"]), text.count("\n") + 1)
        for line, wanted, got in zip(text.split("\n"), answers["keydiv.h"], answers["helper"]):
            self.assertEqual(got, wanted, line[:200])
        self.assertEqual(len(answers["helper"]), len(answers["keydiv.h"]))
        self.assertGreater(answers["keydiv.h"].count("refused"), 10)

    def test_readme(self):
        """The README names each program with its number of lines."""
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as f:
            rows = re.findall(r"^\|.*`(tests/clients/%s/.*)` \| (\d+) \|" % self.language.name, f.read(), re.M)
        self.assertEqual(len(rows), len(self.language.examples))
        for path, lines in rows:
            with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
                self.assertEqual(int(lines), len(f.readlines()), path)


if __name__ == "__main__":
    try:
        Clients.language = LANGUAGES[sys.argv.pop(1)](os.path.join(SOURCE, "tests", "clients"), BUILD, os.path.join(SOURCE, "include"))
    except Missing as missing:
        print("skipped: %s" % missing)
        sys.exit(1 if os.environ.get("KEYDIV_CLIENTS") == "all" else 77)
    unittest.main()

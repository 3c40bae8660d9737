# SPDX-License-Identifier: Apache-2.0
"""test_flat_server.py: a client that writes its requests by hand, behind p11-kit's server, with parameters = flat.

The client sends pointers in every parameter. The server must stay alive, and every flat form must work. P11_KIT_REMOTE names
another command than `p11-kit remote`, for servers of other versions."""
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from harness import MASTER, MODULE, PIN, TokenTest, field, needs

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import rpc  # noqa: E402
from rpc import Refused, array, template, u32, ulong  # noqa: E402

GENERATE, UNWRAP, DIGEST_INIT, DECRYPT_INIT, VERIFY_INIT = 58, 61, 37, 33, 50
MESSAGE_ENCRYPT_INIT, ENCRYPT_MESSAGE, ENCRYPT_BEGIN, ENCRYPT_NEXT, MESSAGE_ENCRYPT_FINAL = 68, 69, 70, 71, 72
MESSAGE_DECRYPT_INIT, DECRYPT_MESSAGE, DECRYPT_BEGIN, DECRYPT_NEXT = 73, 74, 75, 76
rpc.SIGNATURES.update({
    GENERATE: b"uMaA", UNWRAP: b"uMuayaA", DIGEST_INIT: b"uM", DECRYPT_INIT: b"uMu", VERIFY_INIT: b"uMu",
    MESSAGE_ENCRYPT_INIT: b"uMu", ENCRYPT_MESSAGE: b"uayayayfy", ENCRYPT_BEGIN: b"uayay", ENCRYPT_NEXT: b"uayayfyu",
    MESSAGE_ENCRYPT_FINAL: b"u", MESSAGE_DECRYPT_INIT: b"uMu", DECRYPT_MESSAGE: b"uayayayfy", DECRYPT_BEGIN: b"uayay",
    DECRYPT_NEXT: b"uayayfyu"})

MECHANISM_INVALID, PARAM_INVALID, TYPE_INVALID, OPERATION_ACTIVE = 0x70, 0x71, 0x12, 0x90
GCM, CCM, GMAC, HKDF, HKDF_DATA, PBKDF2 = 0x1087, 0x1088, 0x108E, 0x402A, 0x402B, 0x3B0
COUNTER, FEEDBACK, PIPELINE, DES_ECB, DES_CBC, AES_ECB, AES_CBC = 0x3AC, 0x3AD, 0x3AE, 0x1102, 0x1103, 0x1104, 0x1105
STANDARD = (GCM, CCM, GMAC, HKDF, HKDF_DATA, PBKDF2, COUNTER, FEEDBACK, PIPELINE, DES_ECB, DES_CBC, AES_ECB, AES_CBC)
CKA_VERIFY, CKA_DECRYPT, CKA_UNWRAP, CKA_EXTRACTABLE_CHILDREN = 0x10A, 0x105, 0x107, 0x8B440006
WRAP_TEMPLATE, UNWRAP_TEMPLATE, DERIVE_TEMPLATE = 0x40000211, 0x40000212, 0x40000213
FLAT_TEMPLATE = 0x8B448000
CKK_GENERIC, CKK_DES3, CKO_DATA = 0x10, 0x15, 0


def flat(number):
    return 0x8B448000 | number


SHA256, PRF = field(0x78, u32(0x250)), field(0x78, u32(0x108A))
IV = field(0x72, b"twelve bytes")
PIECES = field(0x7D, b"\4\0\4text" + b"\1\0\0")
TEXT = b"data of two AES blocks in length"
FLAT_FIELDS = {
    HKDF: SHA256 + b"\x79\0\1\3" + field(0x7A, b"salt"), HKDF_DATA: SHA256 + b"\x79\0\1\3",
    COUNTER: PRF + field(0x7D, b"\1\0\1\x20\4\0\4text"), FEEDBACK: PRF + PIECES, PIPELINE: PRF + PIECES,
    AES_ECB: field(0x30, TEXT), DES_ECB: field(0x30, TEXT),
    AES_CBC: field(0x30, TEXT) + field(0x72, bytes(16)), DES_CBC: field(0x30, TEXT) + field(0x72, bytes(8)),
    PBKDF2: field(0x61, b"password") + field(0x78, u32(0x220)) + field(0x7A, b"salt") + field(0x7C, ulong(2)),
    GCM: IV, CCM: IV + field(0x77, ulong(len(TEXT))), GMAC: IV,
}


def raw_attribute(kind, value):
    """An attribute whose value the server takes as bytes."""
    return u32(kind) + b"\1" + u32(len(value)) + u32(len(value)) + value


def attributes(values, *raw):
    return u32(len(values) + len(raw)) + template(values)[4:] + b"".join(raw)


class Client(rpc.Connection):
    """A connection to a server process of its own."""

    def __init__(self, environment):
        here, there = socket.socketpair()
        self.socket = here
        here.settimeout(60)
        command = os.environ.get("P11_KIT_REMOTE", "p11-kit remote").split() + [MODULE]
        self.process = subprocess.Popen(command, stdin=there, stdout=there, stderr=subprocess.DEVNULL, env=environment)
        there.close()
        here.sendall(b"\0")
        self.read(1)
        self.presence = False
        self.call(rpc.INITIALIZE, array(rpc.HANDSHAKE), b"\0", array(b"\0"))
        self.session = self.open(PIN.encode())

    def mechanism(self, number, parameter):
        return u32(number) + (b"\1" if self.presence else b"") + u32(len(parameter)) + parameter

    def new_key(self, kind, value, *usages):
        values = {rpc.CKA_CLASS: rpc.CKO_SECRET_KEY, rpc.CKA_KEY_TYPE: kind, rpc.CKA_VALUE: value, rpc.CKA_TOKEN: False}
        values.update({usage: True for usage in usages})
        if rpc.CKA_DERIVE in usages:
            values.update({rpc.CKA_SENSITIVE: False, rpc.CKA_EXTRACTABLE: True, rpc.CKA_WRAP_WITH_TRUSTED: True})
            extra = (raw_attribute(CKA_EXTRACTABLE_CHILDREN, b"\1"), self.allowed())
        else:
            extra = ()
        return self.number(rpc.CREATE_OBJECT, ulong(self.session), attributes(values, *extra))

    def allowed(self):
        return rpc.attribute(rpc.CKA_ALLOWED_MECHANISMS, STANDARD)

    def close(self):
        """Close, and return the exit status of the server, which is negative after a signal."""
        self.socket.close()
        return self.process.wait(60)

    def alive(self):
        self.number(rpc.OPEN_SESSION, ulong(0), ulong(6))


@needs("p11-kit")
class FlatServer(TokenTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.environ["KEYDIV_CONF"], "a") as conf:
            conf.write("parameters = flat\n")

    def setUp(self):
        self.client = self.connect()
        # From 0.25.6 on a byte before the parameter says that there is one.
        presence = False
        try:
            self.start(rpc.SIGN_INIT, flat(GMAC), FLAT_FIELDS[GMAC])
        except (Refused, ConnectionError):
            presence = True
        self.client.close()
        self.client = self.connect(presence)

    def connect(self, presence=False):
        client = Client(self.environment)
        client.presence = presence
        self.addCleanup(client.process.wait)
        self.addCleanup(client.socket.close)
        self.key = client.new_key(rpc.CKK_AES, MASTER, rpc.CKA_ENCRYPT, CKA_DECRYPT, rpc.CKA_SIGN, CKA_VERIFY)
        self.base = {kind: client.new_key(kind, value, rpc.CKA_DERIVE) for kind, value in (
            (rpc.CKK_AES, MASTER), (CKK_GENERIC, b"\x0b" * 22),
            (CKK_DES3, bytes.fromhex("0123456789abcdef23456789abcdef01456789abcdef0123")))}
        return client

    def base_for(self, number):
        return self.base[CKK_DES3 if number in (DES_ECB, DES_CBC) else CKK_GENERIC if number in (HKDF, HKDF_DATA) else rpc.CKK_AES]

    def start(self, call, number, parameter):
        """One of the functions that take a mechanism, and other arguments that are right."""
        c = self.client
        session, m, key = ulong(c.session), c.mechanism(number, parameter), ulong(self.key)
        if call == rpc.DERIVE:
            values = {rpc.CKA_SENSITIVE: False, rpc.CKA_EXTRACTABLE: True}
            if number in (HKDF_DATA, flat(HKDF_DATA)):
                values = {rpc.CKA_CLASS: CKO_DATA}
            return c.number(call, session, m, ulong(self.base_for(number & 0x7FFF)), template(values))
        if call == GENERATE:
            return c.number(call, session, m, template({rpc.CKA_VALUE_LEN: 20, rpc.CKA_SENSITIVE: False, rpc.CKA_EXTRACTABLE: True}))
        if call == DIGEST_INIT:
            return c.call(call, session, m)
        if call == rpc.WRAP:
            return c.call(call, session, m, key, key, u32(512))
        if call == UNWRAP:
            return c.call(call, session, m, key, array(bytes(24)), template({rpc.CKA_CLASS: rpc.CKO_SECRET_KEY}))
        return c.call(call, session, m, key)

    def refused(self, code, function, *arguments):
        with self.assertRaises(Refused) as refused:
            function(*arguments)
        self.assertEqual(refused.exception.code, code)

    def test_every_flat_form_works(self):
        for number in (HKDF, HKDF_DATA, COUNTER, FEEDBACK, PIPELINE, DES_ECB, DES_CBC, AES_ECB, AES_CBC):
            self.assertTrue(self.start(rpc.DERIVE, flat(number), FLAT_FIELDS[number]))
        # RFC 5869 A.1 and RFC 6070
        hkdf = SHA256 + b"\x79\0\1\3" + field(0x7A, bytes(range(13))) + field(0x7B, bytes(range(0xF0, 0xFA)))
        data = self.start(rpc.DERIVE, flat(HKDF_DATA), hkdf)
        self.assertEqual(self.client.value(self.client.session, data).hex(),
                         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
        key = self.start(GENERATE, flat(PBKDF2), FLAT_FIELDS[PBKDF2])
        self.assertEqual(self.client.value(self.client.session, key).hex(), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957")
        for number in (GCM, CCM):
            self.start(rpc.ENCRYPT_INIT, flat(number), FLAT_FIELDS[number])
            sealed = self.client.octets(rpc.ENCRYPT, ulong(self.client.session), array(TEXT), u32(100))
            self.assertEqual(len(sealed), len(TEXT) + 16)
            self.start(DECRYPT_INIT, flat(number), FLAT_FIELDS[number])
            rpc.SIGNATURES[34] = b"uayfy"
            self.assertEqual(self.client.octets(34, ulong(self.client.session), array(sealed), u32(100)), TEXT)
        self.assertEqual(self.client.close(), 0)

    def test_the_struct_of_the_standard(self):
        """The attack: a struct with an address of the server, and the same bytes under the number of the flat form."""
        struct_of_pointers = struct.pack("<QQ", 0x10000, 32)
        self.refused(MECHANISM_INVALID, self.start, rpc.DERIVE, AES_ECB, struct_of_pointers)
        self.refused(PARAM_INVALID, self.start, rpc.DERIVE, flat(AES_ECB), struct_of_pointers)
        self.client.alive()

    CALLS = (rpc.DERIVE, GENERATE, rpc.ENCRYPT_INIT, DECRYPT_INIT, rpc.SIGN_INIT, VERIFY_INIT, DIGEST_INIT, rpc.WRAP, UNWRAP)

    def send_pointers(self, call, number, parameter):
        """Send a parameter that must be refused. A server that checks the parameter itself closes the connection."""
        try:
            self.start(call, number, parameter)
        except Refused as refused:
            self.assertIn(refused.code, (MECHANISM_INVALID, PARAM_INVALID, OPERATION_ACTIVE, 0x31))
            if not 0x8B440000 <= number:
                self.assertIn(refused.code, (MECHANISM_INVALID, 0x31))
        except ConnectionError:
            self.assertIn(self.client.process.wait(60), (0, 1))
            self.client = self.connect(self.client.presence)
        else:
            self.fail("call %d took pointers for mechanism 0x%x" % (call, number))

    def test_pointers_into_every_function(self):
        for number in STANDARD:
            for call in self.CALLS:
                for size in (16, 24, 32, 40, 48, 64, 72):
                    words = [0x10000 if i % 2 == 0 else 16 for i in range(size // 8)]
                    parameter = struct.pack("<%dQ" % len(words), *words)
                    self.send_pointers(call, number, parameter)
                    self.send_pointers(call, flat(number), parameter)
        self.client.alive()

    def test_a_flood_of_random_parameters(self):
        chance = random.Random(1)
        for _ in range(1000):
            number = chance.choice(STANDARD)
            fields = FLAT_FIELDS[number]
            kind = chance.randrange(3)
            if kind == 0:
                parameter = b"".join(struct.pack("<Q", chance.choice((0, 1, 16, 0x10000, 2**47 - 4096, 2**64 - 1)))
                                     for _ in range(chance.randrange(1, 12)))
            elif kind == 1:
                at = chance.randrange(len(fields))
                parameter = fields[:at] + struct.pack("<Q", 0x10000) + fields[at + chance.randrange(9):]
            else:
                parameter = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 100)))
            try:
                self.start(chance.choice(self.CALLS), chance.choice((number, flat(number))), parameter)
            except Refused:
                pass
            except ConnectionError:
                self.assertIn(self.client.process.wait(60), (0, 1))
                self.client = self.connect(self.client.presence)
        self.client.alive()

    def test_templates(self):
        c = self.client
        forbids = u32(rpc.CKA_ENCRYPT) + u32(1) + b"\0"
        values = {rpc.CKA_CLASS: rpc.CKO_SECRET_KEY, rpc.CKA_KEY_TYPE: rpc.CKK_AES, rpc.CKA_VALUE: MASTER, rpc.CKA_WRAP: True}
        key = c.number(rpc.CREATE_OBJECT, ulong(c.session), attributes(values, raw_attribute(FLAT_TEMPLATE | 0x211, forbids)))
        answer = c.call(rpc.GET_ATTRIBUTE, ulong(c.session), ulong(key), u32(1) + u32(FLAT_TEMPLATE | 0x211) + u32(64))
        self.assertIn(forbids, answer)
        # A server without arrays gives the module a buffer of 0xff, which holds no pointers to write to.
        for kind in (WRAP_TEMPLATE, UNWRAP_TEMPLATE, DERIVE_TEMPLATE):
            try:
                answer = c.call(rpc.GET_ATTRIBUTE, ulong(c.session), ulong(key), u32(1) + u32(kind) + u32(24 * 4) + u32(0))
                self.assertNotIn(forbids, answer)
            except ConnectionError:
                self.assertIn(c.process.wait(60), (0, 1))
                c = self.connect(c.presence)
            except Refused:
                pass
        # The bytes of an array under the standard number: the server refuses or takes apart, or the module refuses.
        for kind in (WRAP_TEMPLATE, UNWRAP_TEMPLATE, DERIVE_TEMPLATE):
            other = self.connect(c.presence)
            pointers = struct.pack("<QQQ", rpc.CKA_ENCRYPT, 0x10000, 1)
            with self.assertRaises((Refused, ConnectionError)):
                other.number(rpc.CREATE_OBJECT, ulong(other.session), attributes(values, raw_attribute(kind, pointers)))
                self.fail("a template with pointers was taken")
            self.assertIn(other.close(), (0, 1))

    def test_messages(self):
        c, session = self.client, ulong(self.client.session)
        try:
            c.call(MESSAGE_ENCRYPT_INIT, session, c.mechanism(flat(GCM), b""), ulong(self.key))
        except (Refused, ConnectionError):
            self.skipTest("this server has no message functions")
        aad = b"beside"
        sealed = c.octets(ENCRYPT_MESSAGE, session, array(IV), array(aad), array(TEXT), u32(100))
        self.assertEqual(len(sealed), len(TEXT) + 16)
        c.call(MESSAGE_DECRYPT_INIT, session, c.mechanism(flat(GCM), b""), ulong(self.key))
        self.assertEqual(c.octets(DECRYPT_MESSAGE, session, array(IV), array(aad), array(sealed), u32(100)), TEXT)
        for size in (8, 16, 24, 32, 40, 48, 56):
            pointers = struct.pack("<%dQ" % (size // 8), *[0x10000, 12, 0, 0, 0x10000, 128, 0][:size // 8])
            for call in (ENCRYPT_MESSAGE, DECRYPT_MESSAGE):
                self.refused(PARAM_INVALID, c.call, call, session, array(pointers), array(aad), array(sealed), u32(100))
            for call in (ENCRYPT_BEGIN, DECRYPT_BEGIN):
                self.refused(PARAM_INVALID, c.call, call, session, array(pointers), array(aad))
            c.call(ENCRYPT_BEGIN, session, array(IV), array(aad))
            self.refused(PARAM_INVALID, c.call, ENCRYPT_NEXT, session, array(pointers), array(TEXT), u32(100), ulong(1))
        c.alive()


if __name__ == "__main__":
    unittest.main()

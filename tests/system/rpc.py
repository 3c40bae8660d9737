# SPDX-License-Identifier: Apache-2.0
"""rpc.py: the requests that an application sends to p11-kit's server, written by hand: any mechanism, any parameter bytes.

p11-kit's own client refuses mechanisms that it does not know. An attacker's client has no such limit."""
import socket
import struct

HANDSHAKE = b"PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1"
INITIALIZE, OPEN_SESSION, LOGIN, CREATE_OBJECT, GET_ATTRIBUTE = 1, 10, 18, 20, 24
FIND_INIT, FIND, FIND_FINAL = 26, 27, 28
ENCRYPT_INIT, ENCRYPT, SIGN_INIT, SIGN, WRAP, DERIVE = 29, 30, 42, 43, 60, 62
SIGNATURES = {  # of the protocol: the types of a request's arguments
    INITIALIZE: b"ayyay", OPEN_SESSION: b"uu", LOGIN: b"uuay", CREATE_OBJECT: b"uaA", GET_ATTRIBUTE: b"uufA",
    FIND_INIT: b"uaA", FIND: b"ufu", FIND_FINAL: b"u", ENCRYPT_INIT: b"uMu", ENCRYPT: b"uayfy", SIGN_INIT: b"uMu", SIGN: b"uayfy",
    WRAP: b"uMuufy", DERIVE: b"uMuaA",
}

CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_VALUE, CKA_KEY_TYPE = 0, 1, 2, 3, 0x11, 0x100
CKA_SENSITIVE, CKA_ENCRYPT, CKA_WRAP, CKA_SIGN, CKA_DERIVE, CKA_VALUE_LEN = 0x103, 0x104, 0x106, 0x108, 0x10C, 0x161
CKA_EXTRACTABLE, CKA_WRAP_WITH_TRUSTED, CKA_ALLOWED_MECHANISMS = 0x162, 0x210, 0x40000600
CKO_SECRET_KEY, CKK_AES = 4, 0x1F
ULONGS = (CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE_LEN)
BYTES = (CKA_LABEL, CKA_VALUE)


class Refused(Exception):
    """The server answered with a CKR_ code."""

    def __init__(self, code):
        super().__init__("0x%x" % code)
        self.code = code


def u32(value):
    return struct.pack(">I", value)


def ulong(value):
    return struct.pack(">Q", value)


def array(value):
    return b"\1" + u32(len(value)) + value


def attribute(kind, value):
    if kind in ULONGS:
        return u32(kind) + b"\1" + u32(8) + ulong(value)
    if kind in BYTES:
        return u32(kind) + b"\1" + u32(len(value)) + u32(len(value)) + value
    if kind == CKA_ALLOWED_MECHANISMS:
        return u32(kind) + b"\1" + u32(8 * len(value)) + u32(len(value)) + b"".join(map(ulong, value))
    return u32(kind) + b"\1" + u32(1) + (b"\1" if value else b"\0")


def template(attributes):
    return u32(len(attributes)) + b"".join(attribute(kind, value) for kind, value in attributes.items())


def mechanism(number, parameter):
    return u32(number) + u32(len(parameter)) + parameter


class Connection:
    """One connection, which is one application to the token. Calls give the bytes of the answer or raise Refused."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.socket.sendall(b"\0")
        self.read(1)
        self.call(INITIALIZE, array(HANDSHAKE), b"\0", array(b"\0"))

    def close(self):
        self.socket.close()

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the server closed the connection")
            data += part
        return data

    def call(self, number, *arguments):
        signature = SIGNATURES[number]
        body = u32(number) + u32(len(signature)) + signature + b"".join(arguments)
        self.socket.sendall(struct.pack(">III", 1, 0, len(body)) + body)
        _, options, size = struct.unpack(">III", self.read(12))
        self.read(options)
        answer = self.read(size)
        head = 8 + struct.unpack_from(">I", answer, 4)[0]
        if struct.unpack_from(">I", answer)[0] == 0:
            raise Refused(struct.unpack_from(">Q", answer, head)[0])
        return answer[head:]

    def number(self, call, *arguments):
        return struct.unpack(">Q", self.call(call, *arguments))[0]

    def octets(self, call, *arguments):
        answer = self.call(call, *arguments)
        return answer[5:5 + struct.unpack_from(">I", answer, 1)[0]]

    def open(self, pin=None, slot=0):
        """Open a session, log in with PIN, and return the session's handle."""
        session = self.number(OPEN_SESSION, ulong(slot), ulong(6))
        if pin is not None:
            self.call(LOGIN, ulong(session), ulong(1), array(pin))
        return session

    def find(self, session, attributes):
        self.call(FIND_INIT, ulong(session), template(attributes))
        answer = self.call(FIND, ulong(session), u32(16))
        self.call(FIND_FINAL, ulong(session))
        count = struct.unpack_from(">I", answer, 1)[0]
        return list(struct.unpack_from(">%dQ" % count, answer, 5))

    def create(self, session, attributes):
        return self.number(CREATE_OBJECT, ulong(session), template(attributes))

    def derive(self, session, base, kind, parameter, attributes):
        return self.number(DERIVE, ulong(session), mechanism(kind, parameter), ulong(base), template(attributes))

    def sign(self, session, key, kind, data, parameter=b""):
        self.call(SIGN_INIT, ulong(session), mechanism(kind, parameter), ulong(key))
        return self.octets(SIGN, ulong(session), array(data), u32(256))

    def encrypt(self, session, key, kind, data, parameter=b""):
        self.call(ENCRYPT_INIT, ulong(session), mechanism(kind, parameter), ulong(key))
        return self.octets(ENCRYPT, ulong(session), array(data), u32(len(data) + 64))

    def wrap(self, session, under, key, kind, parameter=b""):
        return self.octets(WRAP, ulong(session), mechanism(kind, parameter), ulong(under), ulong(key), u32(512))

    def value(self, session, key):
        """The bytes of CKA_VALUE."""
        answer = self.call(GET_ATTRIBUTE, ulong(session), ulong(key), u32(1) + u32(CKA_VALUE) + u32(512))
        rv = struct.unpack_from(">Q", answer, len(answer) - 8)[0]
        if rv:
            raise Refused(rv)
        size = struct.unpack_from(">I", answer, 13)[0]
        return answer[17:17 + size]

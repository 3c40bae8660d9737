# SPDX-License-Identifier: Apache-2.0
"""Keys of NTAG 424 tags (AN12196), of OSDP readers and of OMS meters in mode 7. Lines as in row.py: 131, 151, 152 and 161."""

from kdf import cmac
from row import AES_KEY, Request, aes, line


def sdm(key, fields):
    if fields[0x3E][0] not in (1, 2):
        return None
    vector = bytes.fromhex("c33c" if fields[0x3E][0] == 1 else "3cc3") + bytes.fromhex("00010080")
    vector += fields.get(0x3F, b"") + fields.get(0x43, b"")[::-1]
    return cmac(key, vector.ljust(16, b"\0"))


def scbk(key, fields):
    uid = fields[0x3F]
    return aes(key, uid + bytes(255 - byte for byte in uid))


def osdp_session(key, fields):
    constant = {1: "0182", 2: "0101", 3: "0102"}.get(fields[0x4B][0])
    return None if constant is None else aes(key, bytes.fromhex(constant) + fields[0x4C][:6] + bytes(8))


def oms(key, fields):
    if fields[0x4D][0] not in (0x00, 0x01, 0x10, 0x11):
        return None
    return cmac(key, fields[0x4D] + fields[0x4E] + fields[0x4F] + bytes([7] * 7))


def answer(text):
    request = Request(text)
    if len(request.key) != 16:
        return "refused"
    value = {0x131: sdm, 0x151: scbk, 0x152: osdp_session, 0x161: oms}[request.number](request.key, request.fields)
    return "refused" if value is None else request.finish(value)


def code(rng, known):
    return bytes([rng.choice(known) if rng.random() < 0.95 else rng.randrange(256)])


def draw(rng):
    key = rng.randbytes(16 if rng.random() < 0.95 else rng.choice([24, 32]))
    number = rng.choice([0x131, 0x151, 0x152, 0x161])
    if number == 0x131:
        fields = {0x3E: code(rng, [1, 2]), 0x3F: rng.randbytes(7), 0x43: rng.randbytes(3)}
        for tag in (0x3F, 0x43):
            if rng.random() < 0.3:
                del fields[tag]
    elif number == 0x151:
        fields = {0x3F: rng.randbytes(8)}
    elif number == 0x152:
        fields = {0x4B: code(rng, [1, 2, 3]), 0x4C: rng.randbytes(8)}
    else:
        fields = {0x4D: code(rng, [0x00, 0x01, 0x10, 0x11]), 0x4E: rng.randbytes(4), 0x4F: rng.randbytes(4)}
    return line(number, AES_KEY, key, fields)

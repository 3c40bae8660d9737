# SPDX-License-Identifier: Apache-2.0
"""GlobalPlatform cards: static keys of EMV CPS 1.1, VISA2 and KDF3, and session keys of SCP02. Lines as in row.py: 104 and 106."""

from kdf import cmac
from row import AES_KEY, DES2, Request, line, tdes, xor


def static_des(key, method, kdd, which):
    head = kdd[4:10] if method == 1 else kdd[0:2] + kdd[4:8]
    return tdes(key, head + bytes([0xF0, which])) + tdes(key, head + bytes([0x0F, which]))


def static_aes(key, kdd, which):
    out, i = b"", 0
    while len(out) < len(key):
        i += 1
        out += cmac(key, bytes([i, 0, 0, 0, which, 0]) + kdd)
    return out[: len(key)]


def cbc(key, data):
    out, last = b"", bytes(8)
    for at in range(0, len(data), 8):
        last = tdes(key, xor(last, data[at : at + 8]))
        out += last
    return out


def answer(text):
    request = Request(text)
    if request.number == 0x106:
        constant, counter = request.fields[0x3B], request.fields[0x3C]
        if request.key_type != DES2 or constant.hex() not in ("0182", "0101", "0102", "0181"):
            return "refused"
        return request.finish(cbc(request.key, constant + counter + bytes(12)))
    method, kdd, which = request.fields[0x38][0], request.fields[0x39], request.fields[0x3A][0]
    if method not in (1, 2, 3) or which not in (1, 2, 3) or (method == 3) != (request.key_type == AES_KEY):
        return "refused"
    if method == 3:
        return request.finish(static_aes(request.key, kdd, which))
    return request.finish(static_des(request.key, method, kdd, which))


def draw(rng):
    des, aes = rng.randbytes(16), rng.randbytes(rng.choice([16, 24, 32]))
    if rng.random() < 0.3:
        constant = bytes.fromhex(rng.choice(["0182", "0101", "0102", "0181"] * 5 + ["0183"]))
        key_type, key = (DES2, des) if rng.random() < 0.95 else (AES_KEY, aes)
        return line(0x106, key_type, key, {0x3B: constant, 0x3C: rng.randbytes(2)})
    method = rng.choice([1, 2, 3]) if rng.random() < 0.95 else rng.randrange(256)
    key_type, key = (AES_KEY, aes) if (method == 3) == (rng.random() < 0.95) else (DES2, des)
    which = rng.choice([1, 2, 3]) if rng.random() < 0.97 else rng.randrange(256)
    return line(0x104, key_type, key, {0x38: bytes([method]), 0x39: rng.randbytes(10), 0x3A: bytes([which])})

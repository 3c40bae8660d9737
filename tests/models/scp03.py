# SPDX-License-Identifier: Apache-2.0
"""The data derivation scheme of SCP03, GlobalPlatform Card Specification v2.3 Amendment D, 4.1.5. Lines as in row.py: 103."""

from kdf import cmac
from row import AES_KEY, GENERIC, Request, line


def derive(key, constant, context, length):
    out, i = b"", 0
    while len(out) < length:
        i += 1
        label = bytes(11) + bytes([constant])
        out += cmac(key, label + b"\0" + (8 * length).to_bytes(2, "big") + bytes([i]) + context)
    return out[:length]


def answer(text):
    request = Request(text)
    constant, context = request.fields[0x31][0], request.fields[0x32]
    if constant not in (4, 6, 7) or len(context) not in (16, 32):
        return "refused"
    return request.finish(derive(request.key, constant, context, request.length))


def draw(rng):
    key = rng.randbytes(rng.choice([16, 24, 32]))
    constant = rng.choice([4, 6, 7]) if rng.random() < 0.95 else rng.randrange(256)
    context = rng.randbytes(rng.choice([16, 32]))
    wanted, length = rng.choice([(None, 0), (AES_KEY, 0), (AES_KEY, rng.choice([16, 24, 32])), (GENERIC, rng.randint(16, 64))])
    return line(0x103, AES_KEY, key, {0x31: bytes([constant]), 0x32: context}, wanted, length)

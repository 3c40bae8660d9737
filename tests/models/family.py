# SPDX-License-Identifier: Apache-2.0
"""The device, message, session and data keys of keydiv, with USE. Lines as in row.py: 1 to 6."""

from kdf import field, kdf, use
from row import AES_KEY, DES2, DES3, DES_TYPES, GENERIC, SHA1_HMAC, SHA256_HMAC, Request, line

FIELDS = {  # tag: shortest and longest value, required
    0x01: (1, 128, True),
    0x02: (8, 64, False),
    0x03: (1, 32, False),
    0x10: (8, 8, True),
    0x11: (1, 32, False),
    0x20: (8, 64, True),
    0x21: (8, 64, True),
    0x22: (1, 32, False),
    0x28: (16, 64, True),
    0x29: (1, 2048, False),
}
DEVICE, MESSAGE, SESSION, DATA = (1, 2, 3), (0x10, 0x11), (0x20, 0x21, 0x22), (0x28, 0x29)
STEPS = {  # mechanism: label and fields of each step
    1: [(b"device", DEVICE)],
    2: [(b"message", MESSAGE)],
    3: [(b"device", DEVICE), (b"message", MESSAGE)],
    4: [(b"session", SESSION)],
    5: [(b"device", DEVICE), (b"session", SESSION)],
    6: [(b"data", DATA)],
}


def answer(text):
    request = Request(text)
    key, steps = request.key, STEPS[request.number]
    for label, tags in steps[:-1]:
        key = kdf(key, label, b"".join(field(tag, request.fields[tag]) for tag in tags if tag in request.fields), len(key))
    kind = "des" if request.type in DES_TYPES else "aes" if request.type == AES_KEY else "generic"
    label, tags = steps[-1]
    context = b"".join(field(tag, request.fields[tag]) for tag in tags if tag in request.fields)
    return request.finish(kdf(key, label, context + use(request.usage, kind), request.length))


def draw(rng):
    number, fields = rng.choice(list(STEPS)), {}
    for _, tags in STEPS[number]:
        for tag in tags:
            low, high, required = FIELDS[tag]
            if required or rng.random() < 0.5:
                fields[tag] = rng.randbytes(rng.randint(low, min(high, 128)))
    wanted = rng.choice([None, AES_KEY, DES2, DES3, GENERIC, SHA1_HMAC, SHA256_HMAC])
    length = 0 if wanted in (None, *DES_TYPES) else rng.choice([16, 24, 32]) if wanted == AES_KEY else rng.randint(16, 64)
    usage = "".join(letter for letter in "EDSVWU" if rng.random() < 0.3) or "-"
    return line(number, AES_KEY, rng.randbytes(rng.choice([16, 24, 32])), fields, wanted, length, usage)

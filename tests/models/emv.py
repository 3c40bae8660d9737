# SPDX-License-Identifier: Apache-2.0
"""EMV Book 2: card keys (A1.4.1 option A, A1.4.2 option B, A1.4.3 option C) and session keys (A1.3.1). Lines as in row.py: 111 and 112."""

import hashlib

from row import AES_KEY, DES2, Request, aes, line, tdes, xor


def two_blocks(encrypt, y):
    return encrypt(y) + encrypt(bytes(255 - byte for byte in y))


def digits_a(pan, sequence):
    return (pan + sequence)[-16:].rjust(16, "0")


def digits_b(pan, sequence):
    """The first 16 decimal digits of the hash; where they are too few, its letters, A as 0 to F as 5."""
    if len(pan) <= 16:
        return digits_a(pan, sequence)
    whole = pan + sequence
    if len(whole) % 2:
        whole = "0" + whole
    digest = hashlib.sha1(bytes.fromhex(whole)).hexdigest()
    decimal = "".join(c for c in digest if c.isdigit())
    letters = "".join(str("abcdef".index(c)) for c in digest if not c.isdigit())
    return (decimal + letters)[:16]


def card_key(option, key, pan, sequence, length):
    if option == "C":
        y = bytes.fromhex((pan + sequence).rjust(32, "0"))
        return two_blocks(lambda block: aes(key, block), y)[:length]
    y = bytes.fromhex((digits_a if option == "A" else digits_b)(pan, sequence))
    return two_blocks(lambda block: tdes(key, block), y)[:length]


def session_key(encrypt, diversifier, length):
    if length == len(diversifier):
        return encrypt(diversifier)
    f1, f2 = (diversifier[:2] + third + diversifier[3:] for third in (b"\xf0", b"\x0f"))
    return (encrypt(f1) + encrypt(f2))[:length]


def answer(text):
    request = Request(text)
    is_aes = request.key_type == AES_KEY
    if request.number == 0x112:
        diversifier = request.fields[0x37]
        if len(diversifier) != (16 if is_aes else 8):
            return "refused"
        cipher = aes if is_aes else tdes
        return request.finish(session_key(lambda block: cipher(request.key, block), diversifier, request.length))
    option, pan, sequence = (request.fields[tag].decode() for tag in (0x34, 0x35, 0x36))
    if is_aes != (option == "C"):
        return "refused"
    return request.finish(card_key(option, request.key, pan, sequence, request.length))


def draw_digits(rng, count):
    return "".join(rng.choices("0123456789", k=count)).encode()


def draw(rng):
    option = rng.choice(b"ABC")
    key_type, key = (AES_KEY, rng.randbytes(rng.choice([16, 24, 32]))) if option == ord("C") else (DES2, rng.randbytes(16))
    if rng.random() < 0.25:
        size = 16 if (key_type == AES_KEY) == (rng.random() < 0.95) else 8
        return line(0x112, key_type, key, {0x37: rng.randbytes(size)})
    if rng.random() < 0.02:
        option = rng.choice(b"ABC")
    fields = {0x34: bytes([option]), 0x35: draw_digits(rng, rng.randint(8, 19)), 0x36: draw_digits(rng, 2)}
    if key_type == AES_KEY and rng.random() < 0.3:
        return line(0x111, key_type, key, fields, AES_KEY, rng.choice([16, 24, 32]))
    return line(0x111, key_type, key, fields)

# SPDX-License-Identifier: Apache-2.0
"""DK of RFC 3961, section 5.1, with the random-to-key of section 6.3.1 for DES3, and of RFC 3962 for AES. Lines as in row.py: 303."""

from nfold import nfold
from row import AES_KEY, DES3, Request, aes, line, odd_parity, tdes

# The weak and semi-weak keys, by the halves that they repeat (FIPS 74).
WEAK = ["0101010101010101", "fefefefefefefefe", "1f1f1f1f0e0e0e0e", "e0e0e0e0f1f1f1f1"]
SEMI_WEAK = ["01fe01fe01fe01fe", "1fe01fe00ef10ef1", "01e001e001f101f1", "1ffe1ffe0efe0efe", "011f011f010e010e", "e0fee0fef1fef1fe"]


def swapped(text):
    return "".join(text[i + 2 : i + 4] + text[i : i + 2] for i in range(0, 16, 4))


BAD = {bytes.fromhex(text) for text in WEAK + SEMI_WEAK + [swapped(text) for text in SEMI_WEAK]}


def dr(cipher, key, constant, block, length):
    out, text = b"", nfold(constant, block)
    while len(out) < length:
        text = cipher(key, text)
        out += text
    return out[:length]


def des_key(seven):
    """Seven bytes stay, and their lowest bits are the eighth, the first byte's the second lowest there."""
    eighth = sum((byte & 1) << (i + 1) for i, byte in enumerate(seven))
    key = odd_parity(seven + bytes([eighth]))
    return key[:7] + bytes([key[7] ^ 0xF0]) if key in BAD else key


def dk(key_type, key, constant):
    if key_type == AES_KEY:
        return dr(aes, key, constant, 16, len(key))
    seed = dr(tdes, key, constant, 8, 21)
    return b"".join(des_key(seed[i : i + 7]) for i in (0, 7, 14))


def answer(text):
    request = Request(text)
    if request.length != len(request.key):
        return "refused"
    return request.finish(dk(request.key_type, request.key, request.fields[0x60]))


def draw(rng):
    key_type, size = rng.choice([(AES_KEY, 16), (AES_KEY, 24), (AES_KEY, 32), (DES3, 24)])
    constant = rng.randbytes(rng.choice([5, 8, 16, rng.randint(1, 40), rng.randint(41, 255)]))
    wanted, length = rng.choice([(None, 0)] * 8 + [(AES_KEY, 16), (AES_KEY, 24), (DES3, 24)])
    return line(0x303, key_type, rng.randbytes(size), {0x60: constant}, wanted, length)

# SPDX-License-Identifier: Apache-2.0
"""What the models of published schemes share: lines that name a mechanism by number, and a few lines about ciphers.

A line: NUMBER TYPE KEY PARAMETER WANTED-TYPE WANTED-LENGTH USAGE. Numbers and bytes are in hexadecimal, the length is decimal. "-" and 0 are a
type and a length that nobody asked for. USAGE is a letter for each usage attribute of the result (E, D, S, V, W, U), or "-". PARAMETER is in the
encoding of mechanisms/README.md. The answer is a key, or "refused".
"""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, TripleDES
from cryptography.hazmat.primitives.ciphers.modes import ECB

GENERIC, DES2, DES3, AES_KEY, SHA1_HMAC, SHA256_HMAC = 0x10, 0x14, 0x15, 0x1F, 0x28, 0x2B
DES_TYPES = (DES2, DES3)


def encode(fields):
    return "".join(f"{tag:02x}{len(value):04x}{value.hex()}" for tag, value in sorted(fields.items()))


def line(number, key_type, key, fields, wanted_type=None, wanted_length=0, usage="-"):
    wanted = "-" if wanted_type is None else f"{wanted_type:x}"
    return f"{number:x} {key_type:x} {key.hex()} {encode(fields)} {wanted} {wanted_length} {usage}"


class Request:
    """A line taken apart; type and length are those of the base key where nothing was asked for."""

    def __init__(self, text):
        number, key_type, key, parameter, wanted, length, self.usage = text.split()
        self.number, self.key_type, self.key = int(number, 16), int(key_type, 16), bytes.fromhex(key)
        rest, self.fields = bytes.fromhex(parameter), {}
        while rest:
            end = 3 + int.from_bytes(rest[1:3], "big")
            self.fields[rest[0]] = rest[3:end]
            rest = rest[end:]
        self.asked = wanted != "-"
        self.given_length = int(length) != 0
        self.type = int(wanted, 16) if self.asked else self.key_type
        fixed = {DES2: 16, DES3: 24}.get(self.type)
        self.length = int(length) or fixed or len(self.key)

    def finish(self, value):
        return (odd_parity(value) if self.type in DES_TYPES else value).hex()


def odd_parity(data):
    return bytes((byte & 0xFE) | (bin(byte >> 1).count("1") + 1) % 2 for byte in data)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def aes(key, block):
    encryptor = Cipher(AES(key), ECB()).encryptor()
    return encryptor.update(block)


def tdes(key, block):
    """Triple DES with keys of 16 or 24 bytes; single DES with one of 8."""
    encryptor = Cipher(TripleDES(key), ECB()).encryptor()
    return encryptor.update(block)

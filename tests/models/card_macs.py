# SPDX-License-Identifier: Apache-2.0
"""ISO/IEC 9797-1 algorithm 3 with DES2, and the odd-numbered bytes of AES-CMAC. Lines as in operation.py: 121 and 122."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from kdf import cmac
from operation import Operation, line
from row import AES_KEY, DES2, DES3, tdes, xor

MODE = "operation"


def pad(message, method):
    message += b"\x80" if method == 2 else b""
    return message + bytes(-len(message) % 8) or bytes(8)


def algorithm_3(key, message, method, previous):
    """Single DES in CBC mode; then the last block decrypted by the right half and encrypted by the left half."""
    left, right = key[:8], key[8:]
    chain, message = tdes(left, previous) if previous else bytes(8), pad(message, method)
    for at in range(0, len(message), 8):
        chain = tdes(left, xor(chain, message[at : at + 8]))
    return tdes(left, Cipher(TripleDES(right), ECB()).decryptor().update(chain))


def answer(text):
    operation = Operation(text)
    key, data, fields = operation.key, operation.data, operation.fields
    if operation.number == 0x122:
        return cmac(key, data)[1::2].hex() if operation.key_type == AES_KEY else "refused"
    method, length = fields.get(0x3D, b"\2")[0], fields.get(0x74, b"\x08")[0]
    if operation.key_type != DES2 or method not in (1, 2) or not 4 <= length <= 8:
        return "refused"
    return algorithm_3(key, data, method, fields.get(0x33))[:length].hex()


def draw(rng):
    data = rng.randbytes(rng.choice([0, 7, 8, 9, 15, 16, 17, rng.randint(0, 200)]))
    if rng.random() < 0.3:
        key_type, size = (AES_KEY, rng.choice([16, 24, 32])) if rng.random() < 0.95 else (DES3, 24)
        return line(0x122, key_type, rng.randbytes(size), data=data)
    fields = {0x33: rng.randbytes(8), 0x3D: bytes([rng.choice([1, 2] * 10 + [0, 3])]), 0x74: bytes([rng.choice([4, 5, 6, 7, 8] * 5 + [0, 3, 9])])}
    for tag in list(fields):
        if rng.random() < 0.5:
            del fields[tag]
    key_type, size = (DES2, 16) if rng.random() < 0.95 else (AES_KEY, 16)
    return line(0x121, key_type, rng.randbytes(size), fields, data)

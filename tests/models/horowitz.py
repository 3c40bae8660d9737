# SPDX-License-Identifier: Apache-2.0
"""Horowitz key derivation. Lines in: KIND KEY CONSTANT, or KIND password:LENGTH:PASSWORD CONSTANT, where
KIND is aes or des; lines out: the key, or "refused"."""

import sys

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, TripleDES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from nfold import nfold


def odd_parity(data):
    return bytes((byte & 0xFE) | (bin(byte >> 1).count("1") + 1) % 2 for byte in data)


def encrypt(kind, key, block):
    encryptor = Cipher(AES(key) if kind == "aes" else TripleDES(key), ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def dk(kind, key, constant):
    block, size = (16 if kind == "aes" else 8), len(key)
    padded = -(-len(constant) // block) * block
    if padded == len(constant) and len(constant) < size:
        padded += block
    if padded == len(constant) and size > block:
        return None
    out = b""
    i = 0
    while len(out) < size:
        whole = constant + bytes([i]) * (padded - len(constant))
        out += encrypt(kind, key, nfold(whole, block) if padded > block else whole)
        i += 1
    derived = nfold(out, size)
    return derived if kind == "aes" else odd_parity(derived)


def answer(line):
    kind, key, constant = line.split()
    if key.startswith("password:"):
        _, size, password = key.split(":")
        key = nfold(bytes.fromhex(password), int(size))
        key = key if kind == "aes" else odd_parity(key)
    else:
        key = bytes.fromhex(key)
    result = dk(kind, key, bytes.fromhex(constant))
    return result.hex() if result else "refused"


if __name__ == "__main__":
    for text in sys.stdin:
        print(answer(text))

# SPDX-License-Identifier: Apache-2.0
"""The memory update protocol of AUTOSAR_TR_SecureHardwareExtensions, with numbers for bit strings. Lines as in operation.py: 171 and 172."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from kdf import cmac
from operation import Operation, line
from row import AES_KEY, aes, xor

MODE = "operation"
UID, SLOTS, COUNTER, FLAGS = range(0x62, 0x66)
ENC, MAC = "010153484500", "010253484500"


def compression(blocks):
    """Miyaguchi-Preneel."""
    chained = bytes(16)
    for block in blocks:
        chained = xor(xor(aes(chained, block), block), chained)
    return chained


def kdf(key, constant):
    message = key + bytes.fromhex(constant)
    bits = 8 * len(message)
    message += b"\x80" + bytes(4) + bits.to_bytes(5, "big")
    return compression([message[i : i + 16] for i in range(0, len(message), 16)])


def bit_string(*parts):
    """16 bytes: each part a number and its bits, then zeros."""
    value = bits = 0
    for number, width in parts:
        value, bits = value << width | number, bits + width
    return (value << (128 - bits)).to_bytes(16, "big")


def update(auth, new, place, counter, flags):
    m2 = Cipher(AES(kdf(auth, ENC)), CBC(bytes(16))).encryptor().update(bit_string((counter, 28), (flags, 6)) + new)
    return place + m2 + cmac(kdf(auth, MAC), place + m2)


def proof(new, place, counter):
    m4 = place + aes(kdf(new, ENC), bit_string((counter, 28), (1, 1)))
    return m4 + cmac(kdf(new, MAC), m4)


def answer(text):
    operation = Operation(text)
    fields = operation.fields
    place, counter = fields[UID] + fields[SLOTS], int.from_bytes(fields[COUNTER], "big")
    if counter >= 1 << 28 or fields.get(FLAGS, b"\0")[0] >= 1 << 6:
        return "refused"
    if operation.number == 0x172:
        return "refused" if operation.data else proof(operation.key, place, counter).hex()
    return update(operation.key, operation.target, place, counter, fields[FLAGS][0]).hex()


def draw(rng):
    counter = rng.choice([1, (1 << 28) - 1, rng.randrange(1 << 28), rng.randrange(1 << 28), rng.randrange(1 << 32)])
    fields = {UID: rng.choice([bytes(15), rng.randbytes(15)]), SLOTS: rng.randbytes(1), COUNTER: counter.to_bytes(4, "big")}
    key = rng.randbytes(16)
    if rng.random() < 0.5:
        return line(0x172, AES_KEY, key, fields, rng.randbytes(1) if rng.random() < 0.03 else b"")
    fields[FLAGS] = bytes([rng.randrange(64) if rng.random() < 0.95 else rng.randrange(256)])
    return line(0x171, AES_KEY, key, fields, target=rng.randbytes(16))

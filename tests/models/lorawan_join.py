# SPDX-License-Identifier: Apache-2.0
"""Messages of a LoRaWAN join, 1.0.4 and 1.1 section 6.2: MICs and encrypted accepts. Lines as in operation.py: 143 and 144."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from kdf import cmac
from operation import Operation, line
from row import AES_KEY

MODE = "operation"
ACCEPT, ACCEPT_WITH_CHANNELS = 13, 29
BEFORE_ACCEPT = 1 + 8 + 2  # JoinReqType, JoinEUI, DevNonce: LoRaWAN 1.1


def is_accept(data):
    return len(data) in (ACCEPT, ACCEPT_WITH_CHANNELS) and data[0] == 0x20


def is_message(data):
    join_request = len(data) == 19 and data[0] == 0
    rejoin_request = len(data) == 20 and data[:2] == b"\xc0\x01"
    accept_11 = is_accept(data[BEFORE_ACCEPT:]) and data[0] in (0xFF, 0, 1, 2)
    return join_request or rejoin_request or is_accept(data) or accept_11


def answer(text):
    operation = Operation(text)
    if operation.number == 0x143:
        return cmac(operation.key, operation.data)[:4].hex() if is_message(operation.data) else "refused"
    return Cipher(AES(operation.key), ECB()).decryptor().update(operation.data).hex()


def draw_message(rng):
    accept = b"\x20" + rng.randbytes(rng.choice([ACCEPT, ACCEPT_WITH_CHANNELS]) - 1)
    message = rng.choice([
        b"\x00" + rng.randbytes(18),
        b"\xc0\x01" + rng.randbytes(18),
        accept,
        bytes([rng.choice([0xFF, 0, 1, 2])]) + rng.randbytes(10) + accept,
    ])
    if rng.random() < 0.1:
        at = rng.choice([0, 1, 11])
        message = message[:at] + rng.randbytes(1) + message[at + 1:]
    return message[:rng.randint(0, 40)] if rng.random() < 0.05 else message


def draw(rng):
    if rng.random() < 0.3:
        return line(0x144, AES_KEY, rng.randbytes(16), data=rng.randbytes(rng.choice([16, 32])))
    return line(0x143, AES_KEY, rng.randbytes(16), data=draw_message(rng))

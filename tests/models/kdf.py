# SPDX-License-Identifier: Apache-2.0
"""The KDF of keydiv's own schemes, as plainly as it can be said. Shared by the models beside it."""

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC


def cmac(key, message):
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def field(tag, value):
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def kdf(key, label, context, length):
    out = b""
    i = 0
    while len(out) < length:
        i += 1
        out += cmac(key, i.to_bytes(4, "big") + label + b"\0" + context + (8 * length).to_bytes(4, "big"))
    return out[:length]


def use(usage, kind):
    """The field USE at the end of the context, nothing for a key without usage. USAGE: a letter for each usage attribute, or "-". KIND: of the
    key, "aes", "des" or "generic"."""
    if usage == "-":
        return b""
    bits = sum(bit for bit, letters in ((1, "ED"), (2, "SV"), (4, "WU")) if set(letters) & set(usage))
    return field(0x7F, bytes([bits + {"aes": 0, "des": 0x10, "generic": 0x20}[kind]]))

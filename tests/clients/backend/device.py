# SPDX-License-Identifier: Apache-2.0
"""device.py: what the firmware of a device computes, with AES-CMAC alone (Debian: python3-cryptography)."""
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC


def cmac(key, message):
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def field(tag, value):
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def kdf(key, label, context, length):
    """SP 800-108 in counter mode with AES-CMAC."""
    out, i = b"", 0
    while len(out) < length:
        i += 1
        out += cmac(key, i.to_bytes(4, "big") + label + b"\0" + context + (8 * length).to_bytes(4, "big"))
    return out[:length]


class Device:
    def __init__(self, serial, key):
        self.serial = serial
        self.key = key  # written into the device when the device was made
        self.counter = 0  # must survive a loss of power: a counter that comes twice is refused

    def message(self, text):
        """Return the next message, with a MAC by the key of this message."""
        self.counter += 1
        # 7F 0001 02 (USE) stands for a key that signs.
        context = field(0x10, self.counter.to_bytes(8, "big")) + field(0x7F, b"\x02")
        key = kdf(self.key, b"message", context, len(self.key))
        return {"serial": self.serial, "counter": self.counter, "message": text, "mac": cmac(key, text.encode()).hex()}


def device_key(master, serial):
    """Return the key of a device. The factory derives the key in the token. This example knows the master, which is public."""
    return kdf(master, b"device", field(0x01, serial.encode()), len(master))

# SPDX-License-Identifier: Apache-2.0
"""Lines for mechanisms that sign, wrap or encrypt by a function of their own: NUMBER TYPE KEY PARAMETER DATA TARGET. TARGET is an AES key to
wrap. "-" stands for nothing. The answer is the MAC, the wrapped key or the ciphertext, or "refused"."""

from row import encode


def line(number, key_type, key, fields=None, data=b"", target=b""):
    return f"{number:x} {key_type:x} {key.hex()} {encode(fields) if fields else '-'} {data.hex() or '-'} {target.hex() or '-'}"


class Operation:
    """A line taken apart."""

    def __init__(self, text):
        number, key_type, key, parameter, data, target = text.split()
        self.number, self.key_type, self.key = int(number, 16), int(key_type, 16), bytes.fromhex(key)
        self.data, self.target = (bytes.fromhex(part) if part != "-" else b"" for part in (data, target))
        rest, self.fields = bytes.fromhex(parameter) if parameter != "-" else b"", {}
        while rest:
            end = 3 + int.from_bytes(rest[1:3], "big")
            self.fields[rest[0]] = rest[3:end]
            rest = rest[end:]

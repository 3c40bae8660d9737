# SPDX-License-Identifier: Apache-2.0
"""keydiv_parameter.py: the mechanism parameter of keydiv's mechanisms. Copy this file into your program.

    parameter = Parameter().put(DEVICE, b"SN-000123").number(COUNTER, 1)
    bytes(parameter)

A parameter is a list of fields in ascending order of their tags: the tag (1 byte), the length (2 bytes, big-endian), the value.
keydiv.h lists all tags, mechanisms and attributes. This file has those that the examples use.
"""

# Mechanisms
DEVICE_KEY = 0x8B440001
DEVICE_MESSAGE_KEY = 0x8B440003
WITH_DERIVED_KEY = 0x8B440010
ODUKPT_KEY = 0x8B440222
ODUKPT_NEXT_KEY = 0x8B440224

# Tags of fields
DEVICE = 0x01
COUNTER = 0x10
SHAPE = 0x50
TRANSACTION = 0x51
DERIVATION = 0x70
OPERATION = 0x71

# Attributes and return codes
CKA_KEYDIV_TRANSACTION = 0x8B440002
CKR_KEYDIV_REPLAYED = 0x8B440002

MAX = 4096  # bytes in a parameter


class Parameter:
    def __init__(self):
        self._bytes = b""
        self._last_tag = 0

    def put(self, tag, value):
        """Append the field TAG with the bytes VALUE. Return the parameter."""
        if not self._last_tag < tag <= 0xFF:
            raise ValueError("put the fields in ascending order of their tags")
        if len(self._bytes) + 3 + len(value) > MAX:
            raise ValueError("a parameter has at most %d bytes" % MAX)
        self._bytes += bytes([tag]) + len(value).to_bytes(2, "big") + bytes(value)
        self._last_tag = tag
        return self

    def number(self, tag, number):
        """Append the field TAG with NUMBER as 8 big-endian bytes: COUNTER, TRANSACTION."""
        return self.put(tag, number.to_bytes(8, "big"))

    def type(self, tag, number):
        """Append the field TAG with the CKM or CKK NUMBER as 4 big-endian bytes: DERIVATION, OPERATION, KEY_TYPE."""
        return self.put(tag, number.to_bytes(4, "big"))

    def __bytes__(self):
        return self._bytes

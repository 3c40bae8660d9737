# SPDX-License-Identifier: Apache-2.0
"""session_python_pkcs11.py: a session that is logged in, with python-pkcs11. The examples share this file.

python-pkcs11 takes mechanisms and key types from enumerations that have no vendor numbers. The functions `vendor_mechanism` and
`attribute_mapper` add what is missing.
"""
import os

import pkcs11
from pkcs11 import Attribute, Mechanism
from pkcs11.attributes import AttributeMapper, handle_bytes, handle_ulong

from keydiv_parameter import CKA_KEYDIV_TRANSACTION


def vendor_mechanism(number):
    """Return a member of the enumeration Mechanism that has a vendor number."""
    mechanism = int.__new__(Mechanism, number)
    mechanism._name_, mechanism._value_ = "KEYDIV_%X" % number, number
    return mechanism


def attribute_mapper():
    """Return the library's mapper, with keydiv's attribute and with key types as numbers."""
    mapper = AttributeMapper()
    mapper.register_handler(CKA_KEYDIV_TRANSACTION, *handle_bytes)
    mapper.register_handler(Attribute.KEY_TYPE, *handle_ulong)  # O-DUKPT client states have a vendor key type
    return mapper


def login(module):
    """Return a logged-in session on the first token of MODULE."""
    # The PIN comes from a file, because other users can read the arguments of a program.
    with open(os.environ["KEYDIV_PIN_FILE"]) as f:
        pin = f.readline().rstrip("\n")
    token = next(iter(pkcs11.lib(module).get_tokens()))
    return token.open(rw=True, user_pin=pin, attribute_mapper=attribute_mapper())


def find(session, label):
    return next(iter(session.get_objects({Attribute.LABEL: label})))

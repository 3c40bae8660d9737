# SPDX-License-Identifier: Apache-2.0
"""verify_messages_python_pkcs11.py: the same as verify_messages.py with python-pkcs11.

python-pkcs11 gives a key the method `verify` only if the key has CKA_VERIFY, which no master has. The class Master adds the method.
"""
import csv
import sys

import pkcs11
from pkcs11._pkcs11 import VerifyMixin

from keydiv_parameter import (CKR_KEYDIV_REPLAYED, COUNTER, DERIVATION, DEVICE, DEVICE_MESSAGE_KEY, OPERATION, WITH_DERIVED_KEY,
                              Parameter)
from session_python_pkcs11 import find, login, vendor_mechanism


def find_master(session, label):
    master = find(session, label)
    master.__class__ = type("Master", (type(master), VerifyMixin), {})
    return master


def verify(master, serial, counter, message, mac):
    """Return "ok", "bad" or "replayed".

    The token derives the key of this message, verifies the MAC, destroys the key, and marks the counter. No key object exists.
    """
    parameter = Parameter().put(DEVICE, serial.encode()).number(COUNTER, counter)
    parameter.type(DERIVATION, DEVICE_MESSAGE_KEY).type(OPERATION, pkcs11.Mechanism.AES_CMAC)
    try:
        right = master.verify(message, mac, mechanism=vendor_mechanism(WITH_DERIVED_KEY), mechanism_param=bytes(parameter))
    except pkcs11.PKCS11Error as e:
        # The library has no class for vendor codes, and names them in the text alone.
        if "%#x" % CKR_KEYDIV_REPLAYED in str(e):
            return "replayed"
        raise
    return "ok" if right else "bad"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: verify_messages_python_pkcs11.py MODULE < messages.csv")
    with login(sys.argv[1]) as session:
        master = find_master(session, "meter")
        for serial, counter, message, mac in csv.reader(sys.stdin):
            verdict = verify(master, serial, int(counter), bytes.fromhex(message), bytes.fromhex(mac))
            print("%s,%s,%s" % (serial, counter, verdict))


main()

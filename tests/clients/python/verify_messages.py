# SPDX-License-Identifier: Apache-2.0
"""verify_messages.py: verify each message of a CSV file in one call, and accept each message once, with PyKCS11.

A line of the standard input is SERIAL,COUNTER,MESSAGE,MAC with message and MAC in hexadecimal. The key "meter" is a master with a
window (keydiv key generate --label meter --window 64).
"""
import csv
import sys

import PyKCS11

from keydiv_parameter import (CKR_KEYDIV_REPLAYED, COUNTER, DERIVATION, DEVICE, DEVICE_MESSAGE_KEY, OPERATION, WITH_DERIVED_KEY,
                              Parameter)
from session import find, login


def verify(session, master, serial, counter, message, mac):
    """Return "ok", "bad" or "replayed".

    The token derives the key of this message, verifies the MAC, destroys the key, and marks the counter. No key object exists.
    """
    parameter = Parameter().put(DEVICE, serial.encode()).number(COUNTER, counter)
    parameter.type(DERIVATION, DEVICE_MESSAGE_KEY).type(OPERATION, PyKCS11.CKM_AES_CMAC)
    try:
        right = session.verify(master, message, mac, PyKCS11.Mechanism(WITH_DERIVED_KEY, bytes(parameter)))
    except PyKCS11.PyKCS11Error as e:
        if e.value == CKR_KEYDIV_REPLAYED:
            return "replayed"
        if e.value == PyKCS11.CKR_SIGNATURE_LEN_RANGE:
            return "bad"
        raise
    return "ok" if right else "bad"  # PyKCS11 returns False for CKR_SIGNATURE_INVALID


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: verify_messages.py MODULE < messages.csv")
    session = login(sys.argv[1])
    try:
        master = find(session, "meter")
        for serial, counter, message, mac in csv.reader(sys.stdin):
            verdict = verify(session, master, serial, int(counter), bytes.fromhex(message), bytes.fromhex(mac))
            print("%s,%s,%s" % (serial, counter, verdict))
    finally:
        session.closeSession()


if __name__ == "__main__":
    main()

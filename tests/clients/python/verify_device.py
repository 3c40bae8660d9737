# SPDX-License-Identifier: Apache-2.0
"""verify_device.py: what a back end does with keydiv, in Python with PyKCS11 (Debian: python3-pykcs11).

    KEYDIV_PIN_FILE=pin python3 verify_device.py /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
"""
import sys

import PyKCS11

from keydiv_parameter import (CKA_KEYDIV_TRANSACTION, DEVICE, DEVICE_KEY, ODUKPT_KEY, ODUKPT_NEXT_KEY, SHAPE, TRANSACTION,
                              Parameter)
from session import find, login

SERIAL = b"SN-000123"
MESSAGE = b"hello from the device"
# The MAC that came with the message. The device computed the MAC with its own key.
MAC = bytes.fromhex("2331bebd43c7c5992675db8b02f7018e")
TERMINAL, TERMINAL_SHAPE = b"TERMINAL-01", bytes([3, 3])


def derive(session, mechanism, parameter, base, usage):
    """Derive an AES key with USAGE (CKA_SIGN, CKA_VERIFY), and nothing else."""
    return session.deriveKey(base, [(usage, True)], PyKCS11.Mechanism(mechanism, bytes(parameter)))


def verify(session, key, message, mac):
    return session.verify(key, message, mac, PyKCS11.Mechanism(PyKCS11.CKM_AES_CMAC))


def verify_message(session):
    """Verify the MAC of a message by the key of the device that sent the message."""
    key = derive(session, DEVICE_KEY, Parameter().put(DEVICE, SERIAL), find(session, "master"), PyKCS11.CKA_VERIFY)
    if not verify(session, key, MESSAGE, MAC):
        raise ValueError("the MAC is wrong")
    print("%s: the MAC is right" % SERIAL.decode())
    if verify(session, key, MESSAGE + b"!", MAC):
        raise ValueError("a forged message was accepted")
    print("%s: a forged message is refused" % SERIAL.decode())
    session.destroyObject(key)


def next_transaction(session):
    """Take the terminal's next O-DUKPT key, and verify its MAC with the key that the server derives."""
    key = derive(session, ODUKPT_NEXT_KEY, Parameter(), find(session, "terminal"), PyKCS11.CKA_SIGN)
    number = int.from_bytes(bytes(session.getAttributeValue(key, [CKA_KEYDIV_TRANSACTION])[0]), "big")
    mac = bytes(session.sign(key, MESSAGE, PyKCS11.Mechanism(PyKCS11.CKM_AES_CMAC)))

    parameter = Parameter().put(DEVICE, TERMINAL).put(SHAPE, TERMINAL_SHAPE).number(TRANSACTION, number)
    key = derive(session, ODUKPT_KEY, parameter, find(session, "bdk"), PyKCS11.CKA_VERIFY)
    if not verify(session, key, MESSAGE, mac):
        raise ValueError("terminal and server have different keys")
    print("%s: transaction %d, MAC %s" % (TERMINAL.decode(), number, mac.hex()))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: verify_device.py MODULE")
    session = login(sys.argv[1])
    try:
        verify_message(session)
        next_transaction(session)
    finally:
        session.closeSession()  # destroys the session's keys


main()

# SPDX-License-Identifier: Apache-2.0
"""verify_device_python_pkcs11.py: the same as verify_device.py with python-pkcs11 (from PyPI).

    pip install -r requirements.txt
    KEYDIV_PIN_FILE=pin python3 verify_device_python_pkcs11.py /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
"""
import sys

from pkcs11 import KeyType, Mechanism, MechanismFlag

from keydiv_parameter import (CKA_KEYDIV_TRANSACTION, DEVICE, DEVICE_KEY, ODUKPT_KEY, ODUKPT_NEXT_KEY, SHAPE, TRANSACTION,
                              Parameter)
from session_python_pkcs11 import find, login, vendor_mechanism

SERIAL = b"SN-000123"
MESSAGE = b"hello from the device"
# The MAC that came with the message. The device computed the MAC with its own key.
MAC = bytes.fromhex("2331bebd43c7c5992675db8b02f7018e")
TERMINAL, TERMINAL_SHAPE = b"TERMINAL-01", bytes([3, 3])


def derive(mechanism, parameter, base, usage):
    """Derive an AES key with USAGE (SIGN, VERIFY), and nothing else."""
    return base.derive_key(KeyType.AES, 128, mechanism=vendor_mechanism(mechanism), mechanism_param=bytes(parameter) or None,
                           capabilities=usage)


def verify(key, message, mac):
    return key.verify(message, mac, mechanism=Mechanism.AES_CMAC)


def verify_message(session):
    """Verify the MAC of a message by the key of the device that sent the message."""
    key = derive(DEVICE_KEY, Parameter().put(DEVICE, SERIAL), find(session, "master"), MechanismFlag.VERIFY)
    if not verify(key, MESSAGE, MAC):
        raise ValueError("the MAC is wrong")
    print("%s: the MAC is right" % SERIAL.decode())
    if verify(key, MESSAGE + b"!", MAC):
        raise ValueError("a forged message was accepted")
    print("%s: a forged message is refused" % SERIAL.decode())
    key.destroy()


def next_transaction(session):
    """Take the terminal's next O-DUKPT key, and verify its MAC with the key that the server derives."""
    key = derive(ODUKPT_NEXT_KEY, Parameter(), find(session, "terminal"), MechanismFlag.SIGN)
    number = int.from_bytes(key[CKA_KEYDIV_TRANSACTION], "big")
    mac = key.sign(MESSAGE, mechanism=Mechanism.AES_CMAC)

    parameter = Parameter().put(DEVICE, TERMINAL).put(SHAPE, TERMINAL_SHAPE).number(TRANSACTION, number)
    key = derive(ODUKPT_KEY, parameter, find(session, "bdk"), MechanismFlag.VERIFY)
    if not verify(key, MESSAGE, mac):
        raise ValueError("terminal and server have different keys")
    print("%s: transaction %d, MAC %s" % (TERMINAL.decode(), number, mac.hex()))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: verify_device_python_pkcs11.py MODULE")
    with login(sys.argv[1]) as session:
        verify_message(session)
        next_transaction(session)


main()

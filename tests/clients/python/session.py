# SPDX-License-Identifier: Apache-2.0
"""session.py: a session that is logged in, with PyKCS11. The examples share this file."""
import os

import PyKCS11


def login(module):
    """Return a logged-in session on the first token of MODULE."""
    # The PIN comes from a file, because other users can read the arguments of a program.
    with open(os.environ["KEYDIV_PIN_FILE"]) as f:
        pin = f.readline().rstrip("\n")
    library = PyKCS11.PyKCS11Lib()
    library.load(module)
    session = library.openSession(library.getSlotList(tokenPresent=True)[0], PyKCS11.CKF_RW_SESSION)
    session.login(pin)
    return session


def find(session, label):
    keys = session.findObjects([(PyKCS11.CKA_LABEL, label)])
    if not keys:
        raise LookupError("no key has the label " + label)
    return keys[0]

# SPDX-License-Identifier: Apache-2.0
"""harness.py: a token in a temporary directory, made with PyKCS11, for the clients of these tests."""
import os
import shutil
import subprocess
import tempfile
import unittest

import PyKCS11
from PyKCS11 import LowLevel

MODULE = os.environ["KEYDIV_MODULE"]
SERVED_MODULE = os.environ.get("KEYDIV_SERVED_MODULE")
SO_PIN, PIN = "12345678", "123456"
LABEL = "interop"
MASTER = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")  # of the published answers
DEVICE_KEY = 0x8B440001
MESSAGE_KEY = 0x8B440002
DATA_KEY = 0x8B440006


def field(tag, value):
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def needs(program):
    return unittest.skipIf(shutil.which(program) is None, program + " is not installed")


class TokenTest(unittest.TestCase):
    """One token for the class; self.environment for programs that use it."""

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="keydiv-interop-")
        conf = os.path.join(cls.work, "keydiv.conf")
        with open(conf, "w") as out:
            out.write("token-dir = %s/tokens\nscrypt-log2-n = 14\n" % cls.work)
        os.environ["KEYDIV_CONF"] = conf
        if SERVED_MODULE:
            cls.write_client_conf(conf)
        cls.environment = dict(os.environ, KEYDIV_CONF=conf)
        lib = PyKCS11.PyKCS11Lib()
        lib.load(MODULE)
        slot = lib.getSlotList()[0]
        lib.initToken(slot, SO_PIN, LABEL.ljust(32))  # PyKCS11 does not pad it
        session = lib.openSession(slot, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
        session.login(SO_PIN, PyKCS11.CKU_SO)
        session.initPin(PIN)
        session.logout()
        session.closeSession()
        lib.lib.C_Finalize()
        del lib

    @classmethod
    def write_client_conf(cls, conf):
        """MODULE is keydiv-client.so: each process that uses it starts a server with SERVED_MODULE."""
        with open(conf, "a") as out:
            out.write("parameters = flat\n")
        client_conf = os.path.join(cls.work, "client.conf")
        with open(client_conf, "w") as out:
            out.write("server = |exec p11-kit remote %s\n" % SERVED_MODULE)
        os.environ["KEYDIV_CLIENT_CONF"] = client_conf

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    def run_program(self, *arguments, data=b"", fails=False, **extra):
        done = subprocess.run(arguments, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(self.environment, **extra), timeout=1800)
        if fails != (done.returncode != 0):
            self.fail("%s: %d\n%s" % (" ".join(arguments), done.returncode, done.stdout.decode(errors="replace")))
        return done.stdout


def open_session(module=MODULE, login=True):
    lib = PyKCS11.PyKCS11Lib()
    lib.load(module)
    for slot in lib.getSlotList(tokenPresent=True):
        if lib.getTokenInfo(slot).label.strip() == LABEL:
            session = lib.openSession(slot, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
            if login:
                session.login(PIN)
            return lib, session
    raise AssertionError("no token labelled %s through %s" % (LABEL, module))


def secret_key(value, key_type=PyKCS11.CKK_AES, label="key", token=False, **usage):
    template = [
        (PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY),
        (PyKCS11.CKA_KEY_TYPE, key_type),
        (PyKCS11.CKA_VALUE, value),
        (PyKCS11.CKA_LABEL, label),
        (PyKCS11.CKA_TOKEN, token),
    ]
    return template + [(getattr(PyKCS11, "CKA_" + name.upper()), wanted) for name, wanted in usage.items()]


READABLE_AES = [
    (PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY),
    (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES),
    (PyKCS11.CKA_SENSITIVE, False),
    (PyKCS11.CKA_EXTRACTABLE, True),
    (PyKCS11.CKA_WRAP_WITH_TRUSTED, True),  # as every extractable master, and so its keys
]


def derive(session, base, mechanism, parameter, length=16, template=READABLE_AES):
    """The handle of the derived key."""
    wanted = template + [(PyKCS11.CKA_VALUE_LEN, length)]
    return session.deriveKey(base, wanted, PyKCS11.Mechanism(mechanism, parameter))


def value_of(session, key):
    return bytes(session.getAttributeValue(key, [PyKCS11.CKA_VALUE])[0])

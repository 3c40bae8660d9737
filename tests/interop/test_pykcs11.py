# SPDX-License-Identifier: Apache-2.0
"""test_pykcs11.py: PyKCS11 derives with the vendor mechanisms, and its keys are what `openssl kdf` computes."""
import random
import subprocess
import unittest

import PyKCS11

from harness import *


def openssl_kbkdf(key, label, context, length):
    command = ["openssl", "kdf", "-keylen", str(length), "-kdfopt", "mac:CMAC", "-kdfopt", "cipher:AES-%d-CBC" % (8 * len(key)),
               "-kdfopt", "hexkey:" + key.hex(), "-kdfopt", "salt:" + label, "-kdfopt", "hexinfo:" + context.hex(), "KBKDF"]
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    return bytes.fromhex(out.replace(":", "").strip())


class PyKCS11Test(TokenTest):
    def setUp(self):
        self.lib, self.session = open_session()
        self.addCleanup(self.lib.lib.C_Finalize)

    def master(self, value=MASTER):
        return self.session.createObject(secret_key(value, derive=True, sensitive=False, extractable=True, wrap_with_trusted=True))

    def test_published_answer(self):
        key = derive(self.session, self.master(), DEVICE_KEY, field(1, b"SN-000123"))
        self.assertEqual(value_of(self.session, key).hex(), "2759dd4361d7979a96a5c23692cd5555")

    def test_mechanism_is_listed(self):
        slot = self.session.getSessionInfo().slotID
        self.assertIn(DEVICE_KEY, [m if isinstance(m, int) else PyKCS11.CKM[m] if m in PyKCS11.CKM else int(m.split("_")[-1], 16)
                                   for m in self.lib.getMechanismList(slot)])

    def test_random_inputs_against_openssl(self):
        draw = random.Random(7)
        for i in range(60):
            key = draw.randbytes(draw.choice([16, 24, 32]))
            length = draw.choice([16, 24, 32])
            kind = i % 3
            if kind == 0:
                context, label = field(1, draw.randbytes(draw.randint(1, 128))), "device"
                if draw.random() < 0.5:
                    context += field(2, draw.randbytes(draw.randint(8, 64)))
                if draw.random() < 0.5:
                    context += field(3, draw.randbytes(draw.randint(1, 32)))
                mechanism, base = DEVICE_KEY, self.master(key)
            elif kind == 1:
                context, label = field(0x28, draw.randbytes(draw.randint(16, 64))), "data"
                mechanism, base = DATA_KEY, self.master(key)
            else:
                # a message key, from the device key that openssl computed first
                context, label, mechanism = field(0x10, draw.randbytes(8)), "message", MESSAGE_KEY
                serial = field(1, draw.randbytes(9))
                base = derive(self.session, self.master(key), DEVICE_KEY, serial, len(key), READABLE_AES + [(PyKCS11.CKA_DERIVE, True)])
                key = openssl_kbkdf(key, "device", serial, len(key))
            derived = derive(self.session, base, mechanism, context, length)
            self.assertEqual(value_of(self.session, derived), openssl_kbkdf(key, label, context, length), (i, context.hex()))

    def test_refusals_have_their_codes(self):
        master = self.master()
        for parameter in (b"\x01", field(2, bytes(8)), field(1, b""), field(1, bytes(129)), field(1, b"x") + b"\0"):
            with self.assertRaises(PyKCS11.PyKCS11Error) as refused:
                derive(self.session, master, DEVICE_KEY, parameter)
            self.assertEqual(refused.exception.value, PyKCS11.CKR_MECHANISM_PARAM_INVALID)

    def test_a_closed_master_gives_closed_keys_that_work(self):
        master = self.session.createObject(secret_key(MASTER, derive=True, sensitive=True, extractable=False))
        key = derive(self.session, master, DEVICE_KEY, field(1, b"SN-000123"), 16, [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES), (PyKCS11.CKA_SIGN, True)])
        mac = bytes(self.session.sign(key, b"message", PyKCS11.Mechanism(PyKCS11.CKM_AES_CMAC)))
        wanted = subprocess.run(["openssl", "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:3f2dba18a87fa581e735f039b80cbbfd", "CMAC"],
                                input=b"message", stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        self.assertEqual(mac.hex(), wanted.lower())
        self.assertIsNone(self.session.getAttributeValue(key, [PyKCS11.CKA_VALUE])[0])

    def test_ciphers_against_openssl(self):
        key = self.session.createObject(secret_key(MASTER, encrypt=True, decrypt=True))
        iv = bytes(range(16))
        for text in (b"x", bytes(16), bytes(1000)):
            sealed = bytes(self.session.encrypt(key, text, PyKCS11.Mechanism(PyKCS11.CKM_AES_CBC_PAD, iv)))
            wanted = subprocess.run(["openssl", "enc", "-aes-128-cbc", "-K", MASTER.hex(), "-iv", iv.hex()], input=text,
                                    stdout=subprocess.PIPE, check=True).stdout
            self.assertEqual(sealed, wanted)
            self.assertEqual(bytes(self.session.decrypt(key, sealed, PyKCS11.Mechanism(PyKCS11.CKM_AES_CBC_PAD, iv))), text)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""derive.py LABEL PIN-FILE: log in, find a key, and for each line on stdin derive a key from it and print the code, in hexadecimal."""
import ctypes
import os
import sys

ULONG = ctypes.c_ulong

# Places in CK_FUNCTION_LIST, counted from C_Initialize.
PLACES = {"Initialize": 0, "OpenSession": 12, "Login": 18, "DestroyObject": 22, "FindObjectsInit": 26, "FindObjects": 27,
          "FindObjectsFinal": 28, "DeriveKey": 62}


class Attribute(ctypes.Structure):
    _fields_ = [("type", ULONG), ("value", ctypes.c_char_p), ("length", ULONG)]


class Mechanism(ctypes.Structure):
    _fields_ = [("mechanism", ULONG), ("parameter", ctypes.c_char_p), ("length", ULONG)]


def main(label, pin_file):
    module = ctypes.CDLL(os.environ["KEYDIV_MODULE"])
    functions = ctypes.POINTER(ctypes.c_void_p)()
    module.C_GetFunctionList(ctypes.byref(functions))

    def call(name, *arguments):
        return ctypes.CFUNCTYPE(ULONG)(functions[1 + PLACES[name]])(*arguments)

    session, key, derived, count = ULONG(), ULONG(), ULONG(), ULONG()
    pin = open(pin_file, "rb").read().strip()
    field = b"\x01\x00\x09SN-000123"
    mechanism = Mechanism(0x8B440001, field, len(field))
    template = Attribute(0x003, label.encode(), len(label))
    codes = [call("Initialize", None), call("OpenSession", ULONG(0), ULONG(6), None, None, ctypes.byref(session)),
             call("Login", session, ULONG(1), pin, ULONG(len(pin))), call("FindObjectsInit", session, ctypes.byref(template), ULONG(1)),
             call("FindObjects", session, ctypes.byref(key), ULONG(1), ctypes.byref(count)), call("FindObjectsFinal", session)]
    if codes != [0] * 6 or count.value != 1:
        sys.exit("derive.py: %s, %d keys" % (codes, count.value))
    for _ in sys.stdin:
        rv = call("DeriveKey", session, ctypes.byref(mechanism), key, None, ULONG(0), ctypes.byref(derived))
        if rv == 0:
            call("DestroyObject", session, derived)
        print("%X" % rv, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

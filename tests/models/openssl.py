# SPDX-License-Identifier: Apache-2.0
"""The openssl command as second implementation: KBKDF in counter mode (device keys) and feedback mode, KRB5KDF. Lines in, keys out:

    device KEY DEVICE SALT PURPOSE LENGTH
    rfc3961 aes|des KEY CONSTANT
    feedback cmac|hmac KEY IV LABEL CONTEXT LENGTH

Bytes are in hexadecimal, "-" is an absent field.
"""

import subprocess
import sys

from kdf import field


def kdf(name, length, **options):
    command = ["openssl", "kdf", "-keylen", str(length), "-binary"]
    for option, value in options.items():
        command += ["-kdfopt", f"{option}:{value}"]
    return subprocess.run(command + [name], capture_output=True, check=True).stdout.hex()


def aes_cbc(key):
    return f"AES-{4 * len(key)}-CBC"


def device(key, name, salt, purpose, length):
    context = field(1, bytes.fromhex(name))
    for tag, value in ((2, salt), (3, purpose)):
        if value != "-":
            context += field(tag, bytes.fromhex(value))
    return kdf("KBKDF", length, mac="CMAC", cipher=aes_cbc(key), hexkey=key, salt="device", hexinfo=context.hex())


def rfc3961(kind, key, constant):
    cipher = aes_cbc(key) if kind == "aes" else "DES-EDE3-CBC"
    return kdf("KRB5KDF", len(key) // 2, cipher=cipher, hexkey=key, hexconstant=constant)


def feedback(prf, key, iv, label, context, length):
    mac = {"mac": "CMAC", "cipher": aes_cbc(key)} if prf == "cmac" else {"mac": "HMAC", "digest": "SHA2-256"}
    return kdf("KBKDF", length, mode="FEEDBACK", **mac, hexkey=key, hexseed=iv, hexsalt=label, hexinfo=context)


def answer(line):
    what, *rest = line.split()
    return globals()[what](*rest)


if __name__ == "__main__":
    for text in sys.stdin:
        print(answer(text))

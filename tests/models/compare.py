#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Put the same random lines to a model and to the driver, and compare every answer.

Usage: compare.py DRIVER MODEL [LINES [SEED]]. MODEL is a file of this folder; those with a draw() of their own speak the lines of row.py, or those of the driver's mode MODE. Exit
code 77: python3-cryptography, or openssl, is not installed.
"""

import math
import random
import shutil
import subprocess
import sys


def blob(rng, low, high):
    return rng.randbytes(rng.randint(low, high)).hex()


def nfold_line(rng):
    return f"{blob(rng, 1, 80)} {rng.randint(1, 64)}"


def horowitz_line(rng):
    kind = rng.choice(["aes", "des"])
    size = rng.choice([16, 24, 32] if kind == "aes" else [16, 24])
    constant = blob(rng, 1, 80) if rng.random() < 0.9 else blob(rng, 200, 255)
    if rng.random() < 0.3:
        return f"{kind} password:{size}:{blob(rng, 1, 60)} {constant}"
    key = rng.randbytes(size)
    if kind == "des" and len({key[i : i + 8] for i in range(0, size, 8)}) < size // 8:
        key = bytes(range(size))  # a key with equal halves: libraries differ on taking it
    return f"{kind} {key.hex()} {constant}"


def odukpt_line(rng):
    while True:
        r, n = rng.randint(1, 32), rng.randint(1, 32)
        if rng.random() < 0.3:
            r, n = rng.choice([(21, 7), (13, 10), (21, 10), (3, 3), (1, 5), (5, 1), (32, 32)])
        total = math.comb(n + r, r) - 1
        if total < 2**63:
            break
    key = rng.randbytes(rng.choice([16, 24, 32])).hex()
    if rng.random() < 0.15 and r * n < 200:
        return f"state {r} {n} {key} {rng.randint(0, min(total, 60))}"
    number = rng.choice([0, total - 1, rng.randrange(total)])
    purpose = blob(rng, 1, 32) if rng.random() < 0.5 else "-"
    usage = rng.choice(["-", "-", "E", "S", "SV", "EDSV", "U"])
    return f"key {r} {n} {key} {blob(rng, 1, 128)} {number} {purpose} {rng.randint(16, 64)} {usage}"


def openssl_line(rng):
    what = rng.choice(["device", "rfc3961", "feedback"])
    if what == "device":
        salt = blob(rng, 8, 64) if rng.random() < 0.5 else "-"
        purpose = blob(rng, 1, 32) if rng.random() < 0.5 else "-"
        return f"device {rng.randbytes(rng.choice([16, 24, 32])).hex()} {blob(rng, 1, 128)} {salt} {purpose} {rng.randint(16, 64)}"
    if what == "rfc3961":
        aes = rng.random() < 0.5
        key = rng.randbytes(rng.choice([16, 32]) if aes else 24)
        return f"rfc3961 {'aes' if aes else 'des'} {key.hex()} {blob(rng, 1, 16 if aes else 8)}"
    prf = rng.choice(["cmac", "hmac"])
    iv = rng.randbytes(16 if prf == "cmac" else 32).hex()
    return f"feedback {prf} {rng.randbytes(16).hex()} {iv} {blob(rng, 1, 40)} {blob(rng, 1, 40)} {rng.randint(16, 64)}"


def main():
    driver, name = sys.argv[1:3]
    lines = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(2**32)
    try:
        model = __import__(name)
    except ModuleNotFoundError as error:
        print(f"{error}: python3-cryptography is needed")
        return 77
    if name == "openssl" and shutil.which("openssl") is None:
        print("the openssl command is needed")
        return 77
    if name == "nfold":
        answer = lambda line: model.nfold(bytes.fromhex(line.split()[0]), int(line.split()[1])).hex()
    else:
        answer = model.answer
    # A model with check() looks at what the driver answers to a line that has more than one right answer.
    check = getattr(model, "check", None)
    expected = lambda line, got: answer(line) or check(line, got) if check else answer(line)
    rng = random.Random(seed)
    draw = model.draw if hasattr(model, "draw") else globals()[name + "_line"]
    mode = getattr(model, "MODE", "row") if hasattr(model, "draw") else name
    made = [draw(rng) for _ in range(lines)]
    ran = subprocess.run([driver, mode], input="\n".join(made) + "\n", capture_output=True, text=True, check=True)
    got = ran.stdout.splitlines()
    if len(got) != lines:
        print(f"{len(got)} answers to {lines} lines, seed {seed}")
        return 1
    wrong = [(line, a, b) for line, a, b in zip(made, map(expected, made, got), got) if a != b]
    refused = got.count("refused")
    for line, a, b in wrong[:3]:
        print(f"{line}\n  model  {a}\n  driver {b}")
    print(f"{name}: {lines} random inputs ({refused} refused), {len(wrong)} differences, seed {seed}")
    return 1 if wrong or refused > lines // 3 else 0


if __name__ == "__main__":
    sys.exit(main())

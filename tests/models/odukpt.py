# SPDX-License-Identifier: Apache-2.0
"""Optimal-DUKPT: a model to hold the C code against.

The numbers come from the tree itself: a key, then the subtrees of its children in registers 1, 2, ..., and the size of a
subtree from its definition, not from a closed formula. Lines in, lines out:

    key R N BDK DEVICE NUMBER PURPOSE LENGTH USAGE  ->  register path, then the transaction key
    state R N IK STEPS                          ->  the client state after STEPS steps

Bytes are in hexadecimal, "-" is no purpose and no usage. USAGE is as in row.py, for a generic secret.
"""

import functools
import sys

from kdf import field, kdf, use


@functools.lru_cache(maxsize=None)
def subtree(register, left):
    """Keys in the subtree of a key in REGISTER below which LEFT computations are left."""
    if left == 0:
        return 1
    return 1 + sum(subtree(p, left - 1) for p in range(1, register + 1))


def find(registers, left, number, first=0):
    """The (register, number) steps from a key to transaction NUMBER; its first child's number is FIRST."""
    for p in range(1, registers + 1):
        size = subtree(p, left - 1)
        if number < first + size:
            step = [(p, first)]
            return step if number == first else step + find(p, left - 1, number, first + 1)
        first += size
    raise ValueError("no such transaction")


def child(key, number):
    return kdf(key, b"odukpt", field(0x51, number.to_bytes(8, "big")), len(key))


def transaction_key(r, n, bdk, device, number, purpose, length, usage):
    key = kdf(bdk, b"odukpt-initial", field(0x01, device) + field(0x50, bytes([r, n])), len(bdk))
    steps = find(r, n, number)
    for _, step_number in steps:
        key = child(key, step_number)
    context = (field(0x52, purpose) if purpose else b"") + use(usage, "generic")
    return [p for p, _ in steps], kdf(key, b"odukpt-key", context, length)


class Client:
    """R registers of (distance, number, key); None is an empty one."""

    def __init__(self, r, n, ik):
        self.n = n
        self.key_length = len(ik)
        self.next = 0
        self.registers = self.children(ik, 0, r, 0)

    def children(self, key, distance, registers, number):
        made = []
        for p in range(1, registers + 1):
            made.append((distance + 1, number, child(key, number)))
            number += subtree(p, self.n - distance - 1)
        return made

    def step(self):
        lowest = next(i for i, register in enumerate(self.registers) if register)
        distance, number, key = self.registers[lowest]
        self.registers[lowest] = None
        if distance < self.n:
            self.registers[: lowest + 1] = self.children(key, distance, lowest + 1, number + 1)
        assert number == self.next
        self.next += 1
        return number, key

    def state(self):
        out = bytes([1, len(self.registers), self.n, self.key_length]) + self.next.to_bytes(8, "big")
        for register in self.registers:
            out += bytes([register[0]]) + register[2] if register else bytes(1 + self.key_length)
        return out


def answer(line):
    what, r, n, *rest = line.split()
    r, n = int(r), int(n)
    if what == "key":
        bdk, device, number, purpose, length, usage = rest
        purpose = b"" if purpose == "-" else bytes.fromhex(purpose)
        path, key = transaction_key(r, n, bytes.fromhex(bdk), bytes.fromhex(device), int(number), purpose, int(length), usage)
        return ",".join(map(str, path)) + " " + key.hex()
    client = Client(r, n, bytes.fromhex(rest[0]))
    for _ in range(int(rest[1])):
        client.step()
    return client.state().hex()


if __name__ == "__main__":
    for text in sys.stdin:
        print(answer(text))

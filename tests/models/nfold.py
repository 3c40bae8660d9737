# SPDX-License-Identifier: Apache-2.0
"""n-fold of RFC 3961, section 5.1, bit by bit as the RFC tells it. Lines in: INPUT LENGTH (hexadecimal, bytes); lines out: the fold."""

import math
import sys


def rotate_right(bits, count):
    count %= len(bits)
    return bits[-count:] + bits[:-count] if count else bits


def nfold(data, length):
    bits = "".join(f"{byte:08b}" for byte in data)
    total = math.lcm(len(data), length) * 8
    copies = "".join(rotate_right(bits, 13 * i) for i in range(total // len(bits)))
    size = 8 * length
    result = 0
    for start in range(0, total, size):
        result += int(copies[start : start + size], 2)
        if result >> size:  # the end-around carry of one's complement addition
            result = (result & ((1 << size) - 1)) + 1
    return result.to_bytes(length, "big")


if __name__ == "__main__":
    for line in sys.stdin:
        data, length = line.split()
        print(nfold(bytes.fromhex(data), int(length)).hex())

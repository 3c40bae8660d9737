# SPDX-License-Identifier: Apache-2.0
"""cases.py: build the parameter of each line of the standard input with keydiv_parameter.py and print the parameter.

A line has fields TAG:VALUE in hexadecimal, TAG=NUMBER (8 bytes) and TAG#NUMBER (4 bytes) in decimal.
"""
import sys

from keydiv_parameter import Parameter


def build(line):
    parameter = Parameter()
    for field in line.split():
        tag, kind, rest = int(field[:2], 16), field[2], field[3:]
        if kind == "=":
            parameter.number(tag, int(rest))
        elif kind == "#":
            parameter.type(tag, int(rest))
        else:
            parameter.put(tag, bytes.fromhex(rest))
    return bytes(parameter).hex()


for text in sys.stdin:
    try:
        print(build(text))
    except ValueError:
        print("refused")

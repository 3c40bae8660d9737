#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What mechanisms/README.md says can be computed outside: run each of its commands and pieces of Python, and compare what they print with
what the page says; and the numbers in its drawing of a tree with the model's.

Usage: readme.py README. A command's output stands below it; that of Python in the comment of each print(). Exit code 77: python3-cryptography
or openssl is not installed.
"""

import contextlib
import io
import re
import shutil
import subprocess
import sys


def blocks(text):
    """The indented pieces of the page, without their indentation."""
    found, block = [], []
    for line in text.splitlines() + ["end"]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            found.append(block)
            block = []
    return found


def run_command(block):
    last = next(i for i, line in enumerate(block) if not line.endswith("\\"))
    ran = subprocess.run(["sh", "-c", "\n".join(block[: last + 1])], capture_output=True, text=True, check=True)
    return ran.stdout.split(), block[last + 1 :]


def run_python(block):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec("\n".join(block), {})
    promised = [re.search(r"#.*\b([0-9a-f]{32,})$", line) for line in block if line.lstrip().startswith("print(")]
    return printed.getvalue().split(), [match.group(1) if match else "nothing" for match in promised]


def walk_tree(block):
    """Each node's registers and number against the order of use: lowest filled register first."""
    drawn = [re.search(r"\(([0-9,]+)\) +([0-9]+)$", line) for line in block[1:]]
    size = max(len(match.group(1).split(",")) for match in drawn)
    registers, order = {p: (p,) for p in range(1, size + 1)}, []
    while registers:
        lowest = min(registers)
        path = registers.pop(lowest)
        order.append(path)
        if len(path) < size:
            registers.update({p: path + (p,) for p in range(1, lowest + 1)})
    got = [(tuple(map(int, match.group(1).split(","))), int(match.group(2))) for match in drawn]
    return got, [(path, number) for number, path in enumerate(order)]


def main():
    try:
        import cryptography  # noqa: F401
    except ModuleNotFoundError:
        print("python3-cryptography is needed")
        return 77
    if shutil.which("openssl") is None:
        print("the openssl command is needed")
        return 77
    with open(sys.argv[1], encoding="utf-8") as page:
        text = page.read()
    wrong = seen = 0
    for block in blocks(text):
        if block[0] == "IK":
            got, promised = walk_tree(block)
        elif block[0].startswith("from "):
            got, promised = run_python(block)
        else:
            got, promised = run_command(block)
        seen += 1
        if not promised or got != promised:
            wrong += 1
            print(f"{block[0]}\n  gives {got}\n  page  {promised}")
    print(f"{seen} pieces of the page, {wrong} wrong")
    return 1 if wrong or seen == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

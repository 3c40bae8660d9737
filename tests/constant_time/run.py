#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py SOURCE VALGRIND PROGRAM...: run the programs under memcheck, where keys and PINs are undefined bytes (poison.c).

Fails if the code of the module branches on a secret or uses a secret in an address, if an exception in exceptions.supp or a
secret_reveal in the sources does not occur, or if a program fails. What the programs do with the results, such as comparing them,
does not count: the innermost function of a report must be the module's.
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULE, TEST = "module", "test"


def source_files(source):
    """Return the place of each C file by its name, and the reasons of all calls of secret_reveal."""
    place, reasons = {}, set()
    for folder in ("src", "mechanisms"):
        for path in (source / folder).rglob("*.[ch]"):
            place[path.name] = MODULE
            if path.name not in ("secret.c", "secret.h"):
                reasons |= set(re.findall(r'secret_reveal\(.*?,\s*"([^"]*)"\)', path.read_text(), re.S))
    for folder in ("constant_time", "module"):
        for path in (source / "tests" / folder).glob("*.[ch]"):
            place[path.name] = TEST
    return place, reasons


def read(log):
    """Parse LOG. A process that was killed has written no end."""
    text = log.read_text(errors="replace")
    if "</valgrindoutput>" not in text:
        text += "</valgrindoutput>"
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None


class Findings:
    def __init__(self, place):
        self.place, self.errors, self.used, self.revealed, self.unread = place, {}, set(), set(), 0

    def place_of(self, frame):
        """Return the place of FRAME, or None for a library. Some files of tests/module have the name of a file of the module."""
        if (frame.findtext("obj") or "").endswith("keydiv-poisoned.so"):
            return MODULE
        return self.place.get(frame.findtext("file"))

    def take(self, log):
        root = read(log)
        if root is None:
            self.unread += 1
            return
        for error in root.iter("error"):
            stack = error.find("stack")
            known = [place for place in map(self.place_of, stack.iter("frame")) if place is not None]
            if known and known[0] == MODULE:
                self.errors.setdefault(describe(stack), error.findtext("what"))
        self.used |= {pair.findtext("name") for pair in root.iter("pair")}
        for message in root.iter("clientmsg"):
            self.revealed |= set(re.findall(r"revealed: (.*)", message.findtext("text") or ""))


def describe(stack):
    lines = []
    for frame in list(stack.iter("frame"))[:8]:
        name = frame.findtext("file")
        lines.append("    %s (%s)" % (frame.findtext("fn") or "?",
                                      "%s:%s" % (name, frame.findtext("line")) if name else frame.findtext("obj")))
    return "\n".join(lines)


def run(valgrind, program, logs):
    command = [valgrind, "--xml=yes", f"--xml-file={logs}/{Path(program).name}.%p.xml", "--leak-check=no",
               "--error-limit=no", "--num-callers=30", f"--suppressions={HERE}/exceptions.supp", program]
    environment = dict(os.environ, KEYDIV_UNDER_VALGRIND="1")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return program, done.returncode, done.stdout


def main():
    source, valgrind, programs = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    place, reasons = source_files(source)
    names = set(re.findall(r"^\{\n\s*(\S+)", (HERE / "exceptions.supp").read_text(), re.M))
    findings, failed = Findings(place), False
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as logs:
        with ThreadPoolExecutor(2) as pool:
            for program, status, output in pool.map(lambda p: run(valgrind, p, logs), programs):
                failed |= status != 0
                print(output if status != 0 else output.splitlines()[-1] if output else "", program if status else "", flush=True)
        count = 0
        for log in Path(logs).iterdir():
            findings.take(log)
            count += 1
    for stack, what in findings.errors.items():
        print(f"{what}\n{stack}\n")
    for name in sorted(names - findings.used):
        print(f"exceptions.supp: {name} did not occur; remove it")
    for reason in sorted(reasons - findings.revealed):
        print(f'secret_reveal: nothing secret was revealed because "{reason}"')
    print(f"{len(programs)} programs, {count} processes, {findings.unread} logs cut off, {len(findings.errors)} places that "
          f"depend on a secret, {len(names & findings.used)} exceptions in libcrypto, {len(reasons & findings.revealed)} revealed on "
          "purpose")
    return failed or findings.errors or names - findings.used or reasons - findings.revealed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)

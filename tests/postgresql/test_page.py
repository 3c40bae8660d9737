# SPDX-License-Identifier: Apache-2.0
"""test_page.py: the steps of "Three hosts on one machine" in pkcs11-conf/POSTGRESQL.md, as they are written there, but for the ports."""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import find_programs, free_port, server_user, sweep  # noqa: E402
from servers import SKIPPED  # noqa: E402

PAGE = os.path.join(os.environ["KEYDIV_SOURCE"], "pkcs11-conf", "POSTGRESQL.md")


def steps():
    """The indented lines of the section."""
    with open(PAGE, encoding="utf-8") as f:
        section = re.search(r"^## Three hosts on one machine\n(.*?)^## ", f.read(), re.M | re.S).group(1)
    return "".join(line[4:] if line.startswith("    ") else "\n" for line in section.splitlines(keepends=True))


def reap(command):
    """Run a command and be the parent of all processes below it that lose theirs, as init is. A server that was killed and that nobody waits
    for would count as running."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    child = os.spawnvp(os.P_NOWAIT, command[0], command)
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


class Page(unittest.TestCase):
    def setUp(self):
        base = os.environ.get("TMPDIR") or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp")
        self.dir = tempfile.mkdtemp(prefix="keydiv-page-", dir=base)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(sweep, self.dir)
        self.user = server_user()
        os.chmod(self.dir, 0o755)

    def programs(self):
        """Copies of the programs where an ordinary user can reach them."""
        where = os.path.join(self.dir, "programs")
        os.mkdir(where)
        module = os.environ["KEYDIV_MODULE"]
        for path in (module, os.path.join(os.path.dirname(module), "keydiv-store-postgresql.so"), os.environ["CHEAP_SCRYPT"]):
            shutil.copy(path, where)
        shutil.copy(os.environ["KEYDIV_TOOL"], os.path.join(where, "tool"))
        with open(os.path.join(where, "keydiv"), "w") as out:
            out.write(f'#!/bin/sh\nLD_PRELOAD={where}/{os.path.basename(os.environ["CHEAP_SCRYPT"])} exec {where}/tool "$@" '
                f'--module {where}/{os.path.basename(module)}\n')
        os.chmod(os.path.join(where, "keydiv"), 0o755)
        return where

    def test_steps(self):
        place = os.path.join(self.dir, "fleet")
        os.mkdir(place)
        text = steps().replace("5433", str(free_port())).replace("5434", str(free_port()))
        prefix = []
        if self.user is not None:
            os.chown(place, self.user.pw_uid, self.user.pw_gid)
            prefix = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        path = self.programs() + ":" + os.environ["PATH"]
        # The servers stay in their directory, so that sweep() finds them also if a step fails.
        with open(os.path.join(self.dir, "out"), "w+") as out:
            done = subprocess.run([sys.executable, __file__, "reap", *prefix, "bash", "-e", "-o", "pipefail", "-c", text], cwd=place, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env={"PATH": path, "HOME": place, "LC_ALL": "C.UTF-8", "KEYDIV_SOURCE": os.environ["KEYDIV_SOURCE"]})
            out.seek(0)
            printed = out.read()
        self.assertEqual(done.returncode, 0, printed)
        keys = re.findall(r"^SN-000123,.*$", printed, re.M)
        self.assertEqual(len(keys), 6, printed)
        self.assertEqual(len(set(keys)), 1, printed)
        self.assertEqual(printed.count("as it should be"), 1, printed)
        self.assertIn("token in slot 0: 'fleet', 1 objects", printed)
        self.assertNotIn("warning", printed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["reap"]:
        sys.exit(reap(sys.argv[2:]))
    if find_programs() is None:
        sys.exit(SKIPPED)
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""test_system.py: lists, with calls of the C library failing once (tests/support/failing_system.c)."""
import collections
import errno
import os
import subprocess
import unittest

from failing import FailingTest
from harness import MODULE, TOOL, derive_check_value, main, not_sanitized

FAILING = os.environ.get("FAILING_SYSTEM_LIBRARY")

MEMORY = {"malloc", "calloc", "realloc", "aligned_alloc", "strdup", "open_memstream"}
SHORT = {"read", "write", "pread64"}  # a call that was interrupted or short is made again

# A command may go on without these: what they do is of use and not needed, or happens in another way.
FORGIVEN = {"access", "fclose", "flock", "fstat64", "fsync", "getrandom", "lstat64", "lseek64", "open64", "read", "syscall", "tcgetattr"}


@not_sanitized
@unittest.skipUnless(FAILING, "the C library is not glibc")
class System(FailingTest):
    def run_failing(self, command, fault=None, log=None, data=None):
        env = dict(self.env, FAILING_PROGRAM=os.path.basename(TOOL), LD_PRELOAD=FAILING + ":" + self.env["LD_PRELOAD"])
        env.update({"FAILING_SYSTEM": fault} if fault else {}, **({"FAILING_SYSTEM_LOG": log} if log else {}))
        return subprocess.run([TOOL, *command, "--module", MODULE], input=data or "", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=env, text=True, start_new_session=True)

    def start_again(self, output):
        """Make the token as it was, and the file OUTPUT as an earlier run left it (None: there was none)."""
        self.restore()
        if output is not None:
            self.write("output", output)

    def check(self, command, fault, right, data, output):
        function, skip, number = fault
        self.start_again(output)
        done = self.run_failing(command, "%s %d %d" % fault, data=data)
        text = "%s with %s: %d\n%s%s" % (" ".join(command), fault, done.returncode, done.stdout, done.stderr)
        if number in (0, errno.EINTR):
            self.assertEqual((done.returncode, done.stdout), (0, right.stdout), text)
            return
        if done.returncode == 0:
            self.assertTrue(function in FORGIVEN and done.stdout == right.stdout, text)
            return
        if function in MEMORY and done.returncode == -6:  # abort() is the end where no memory is left for a text
            return
        self.assertEqual(done.returncode, 1, text)
        self.assertTrue(done.stderr.splitlines()[-1].startswith("keydiv: "), text)
        self.assertTrue(right.stdout.startswith(done.stdout), text)
        self.assertFalse([n for n in os.listdir(self.dir) if n.startswith(".keydiv-")], text)

    def each_call_fails(self, *command, only, data=None, output=None, pin=True):
        """Each call of the functions ONLY fails: the first three, and the last."""
        command = [*command, *(["--pin-file", self.pin] if pin else [])]
        log = self.path("log")
        if os.path.exists(log):
            os.unlink(log)
        self.start_again(output)
        right = self.run_failing(command, log=log, data=data)
        self.assertEqual(right.returncode, 0, right.stderr)
        for function, n in collections.Counter(self.read("log").split()).items():
            if function not in only:
                continue
            numbers = [errno.ENOMEM if function in MEMORY else errno.EIO] + ([0, errno.EINTR] if function in SHORT else [])
            for skip in sorted({*range(min(n, 3)), n - 1}):
                for number in numbers:
                    with self.subTest(command=command, function=function, skip=skip, number=number):
                        self.check(command, (function, skip, number), right, data, output)

    def test_lists(self):
        self.write("unsorted", "B\nA\nD\nC\n")
        derive = ["derive", "--key", "master", "--csv", self.path("unsorted"), "--threads", "1"]
        self.each_call_fails(*derive, only={"pread64", "fflush"})
        self.each_call_fails(*derive, "--output", self.path("output"), only={"pread64", "fflush", "write", "fdopen"})

    def test_memory_and_threads(self):
        self.write("unsorted", "B\nA\nD\nC\n")
        derive = ["derive", "--key", "master", "--csv"]
        self.each_call_fails(*derive, self.path("unsorted"), "--threads", "2", only={"calloc", "malloc", "pthread_create", "fstat64", "getrandom"})
        self.each_call_fails(*derive, "-", "--threads", "1", data="B\nA\n", only={"write", "lseek64"})

    def test_going_on(self):
        self.write("unsorted", "B\nA\nD\nC\n")
        derive = ["derive", "--key", "master", "--csv", self.path("unsorted"), "--threads", "1"]
        out = self.user(*derive)
        only = {"fread", "fseeko64", "ftruncate64", "flock", "fclose", "calloc"}
        self.each_call_fails(*derive, "--output", self.path("output"), "--resume", output=out[:out.index("A,") + 1], only=only)

    def test_components(self):
        self.each_call_fails(
            "key", "import", "--label", "new", "--component-file", self.path("c1"), "--component-file", self.path("c2"), "--check-value",
            derive_check_value(bytes.fromhex(64 * "3")), "--record", self.path("record"),
            only={"read", "write", "fsync", "getrandom", "lstat64", "access", "prctl", "mmap64"})

    def test_files_of_messages(self):
        self.write("message", "x")
        self.each_call_fails("derive", "--key", "master", "x", "--mac-file", self.path("message"), only={"fopen64", "fread"})
        self.each_call_fails("sign", "--key", "window", "A", "--counter", "9", "--message-file", self.path("message"), only={"fopen64", "fread"})
        self.each_call_fails("key", "import", "--label", "new", "--key-block", self.path("block"), "--unwrap-key", "kbpk", only={"fopen64", "fread"})


if __name__ == "__main__":
    main()

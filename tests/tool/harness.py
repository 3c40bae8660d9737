# SPDX-License-Identifier: Apache-2.0
"""harness.py: runs the keydiv tool on a token of its own in a temporary directory, in pipes and at a terminal."""
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

try:
    from cryptography.hazmat.primitives import keywrap
except ImportError:
    keywrap = None

# Programs built without the sanitizer cannot load a module built with it, and memory cannot be locked.
not_sanitized = unittest.skipIf("KEYDIV_TESTS_SANITIZED" in os.environ, "the module is built with a sanitizer")

needs_keywrap = unittest.skipUnless(keywrap, "python3-cryptography is not installed")

TOOL = os.environ["KEYDIV_TOOL"]
MODULE = os.environ["KEYDIV_MODULE"]
SOURCE = os.environ["KEYDIV_SOURCE"]

SO_PIN, PIN = "12345678", "user-1234"
MASTER = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")  # of the published answers


class Finished:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, check=True).stdout


def aes_check_value(key):
    """First 3 bytes of the encrypted zero block."""
    return openssl("enc", "-aes-%d-ecb" % (8 * len(key)), "-nopad", "-K", key.hex(), data=bytes(16))[:3].hex().upper()


def cmac(key, data):
    out = openssl("mac", "-cipher", "AES-%d-CBC" % (8 * len(key)), "-macopt", "hexkey:" + key.hex(), "CMAC", data=data)
    return bytes.fromhex(out.decode().strip())


def derive_check_value(key):
    """First 3 bytes of the CMAC of a zero block: the check value of AES keys that derive."""
    return cmac(key, bytes(16))[:3].hex().upper()


def field(tag, value):
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def use(bits):
    """The field USE at the end of the context of a key with usage: 1 encrypt or decrypt, 2 sign or verify, 4 wrap or unwrap."""
    return field(0x7F, bytes([bits]))


def kdf(key, label, context, length):
    """SP 800-108 counter mode with AES-CMAC, by openssl's CMAC and nothing else."""
    out, i = b"", 0
    while len(out) < length:
        i += 1
        out += cmac(key, i.to_bytes(4, "big") + label + b"\0" + context + (8 * length).to_bytes(4, "big"))
    return out[:length]


class ToolTest(unittest.TestCase):
    """A directory with a configuration, PIN files and, unless `token` is False, an initialised token."""

    token = True
    slots = 1
    real_scrypt = False  # stretch PINs with N = 2^14, as tests of PINs do, and not with the 2^4 of tests/support/cheap_scrypt.h

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="keydiv-tool-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.write("keydiv.conf", "token-dir = %s/tokens\nslots = %d\nscrypt-log2-n = 14\n" % (self.dir, self.slots))
        self.so_pin = self.write("so-pin", SO_PIN + "\n")
        self.pin = self.write("pin", PIN + "\n")
        self.env = dict(os.environ, KEYDIV_CONF=self.path("keydiv.conf"), LC_ALL="C")
        if not self.real_scrypt:
            self.env["LD_PRELOAD"] = os.environ["CHEAP_SCRYPT"]
        if self.token:
            self.ok("init", "--label", "test", "--so-pin-file", self.so_pin, "--pin-file", self.pin)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def run_tool(self, *arguments, data=None, module=True, **more):
        command = [TOOL, *arguments] + (["--module", MODULE] if module else [])
        p = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env, text=True,
                           start_new_session=True, **more)
        return Finished(p.returncode, p.stdout, p.stderr)

    def ok(self, *arguments, **more):
        """Run, expect success, return what was printed."""
        done = self.run_tool(*arguments, **more)
        self.assertEqual((done.code, done.err), (0, ""), "keydiv %s: %s" % (arguments, done.err))
        return done.out

    def user(self, *arguments, **more):
        return self.ok(*arguments, "--pin-file", self.pin, **more)

    def user_json(self, *arguments, **more):
        return json.loads(self.user(*arguments, "--json", **more))

    def refused(self, *arguments, says, code=1, pin=True, **more):
        """Run, expect one line of error that has SAYS in it, and nothing on standard output."""
        done = self.run_tool(*arguments, *(["--pin-file", self.pin] if pin else []), **more)
        self.assertEqual(done.code, code, done.out + done.err)
        self.assertIn(says, done.err)
        self.assertTrue(done.err.startswith("keydiv: "), done.err)
        self.assertEqual(done.err.count("\n"), 1, done.err)
        self.assertEqual(done.out, "")

    def import_key(self, label, key, *arguments):
        """Import the AES key KEY by two components."""
        one = os.urandom(len(key))
        two = bytes(a ^ b for a, b in zip(one, key))
        files = [self.write("c1", one.hex() + "\n"), self.write("c2", two.hex() + "\n")]
        return self.user_json("key", "import", "--label", label, "--component-file", files[0], "--component-file", files[1],
                              "--size", str(8 * len(key)), "--check-value", aes_check_value(key), *arguments)


class Terminal:
    """The tool at a pseudo-terminal that is its controlling one."""

    def __init__(self, arguments, env, user=None):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if user is not None:
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it; subprocess does this by itself
            os.execve(TOOL, [TOOL, *arguments, "--module", MODULE], env)

    def expect(self, text, seconds=1800):
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError("%r did not come: %r" % (text, self.seen))
            try:
                got = os.read(self.fd, 4096)
            except OSError:
                got = b""
            if not got:
                raise AssertionError("%r did not come: %r" % (text, self.seen))
            self.seen += got

    def type(self, text):
        self.seen = b""
        os.write(self.fd, text.encode() + b"\n")

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self):
        """Everything until it ends, and its exit status."""
        while True:
            try:
                got = os.read(self.fd, 4096)
            except OSError:
                break
            if not got:
                break
            self.seen += got
        os.close(self.fd)
        status = os.waitpid(self.pid, 0)[1]
        return self.seen.decode(), os.waitstatus_to_exitcode(status)


def main():
    unittest.main(verbosity=1)

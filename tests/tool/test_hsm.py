# SPDX-License-Identifier: Apache-2.0
"""test_hsm.py: masters in SoftHSM by `keydiv key link`, and the commands of pkcs11-conf/HSM.md, which are run as the page has them."""
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import termios
import time
import unittest

from harness import MASTER, MODULE, PIN, SO_PIN, SOURCE, TOOL, ToolTest, derive_check_value, main, not_sanitized

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PAGE = os.path.join(SOURCE, "pkcs11-conf/HSM.md")
NOTE = "no other person or program must use the key there"

needs_softhsm = unittest.skipUnless(
    os.path.exists(SOFTHSM) and shutil.which("softhsm2-util") and shutil.which("pkcs11-tool"), "SoftHSM 2 or pkcs11-tool is not installed")


def wait_for_no_echo(fd, seconds=10):
    """A program that asks for a PIN turns the echo off, and drops what was typed before."""
    end = time.monotonic() + seconds
    while termios.tcgetattr(fd)[3] & termios.ECHO and time.monotonic() < end:
        time.sleep(0.01)


def at_a_terminal(command, env, seconds=100):
    """Run COMMAND, a list, at a pseudo-terminal, and type the PIN that each prompt asks for. What was printed, and the exit status."""
    seen, answered = b"", 0
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, env)
    while select.select([fd], [], [], seconds)[0]:
        try:
            got = os.read(fd, 4096)
        except OSError:
            break
        if not got:
            break
        seen += got
        prompt = seen[answered:].decode(errors="replace")
        if re.search(r"(?i)pin[^\n]*: ?$", prompt):
            answered = len(seen)
            wait_for_no_echo(fd)
            os.write(fd, ((SO_PIN if re.search(r"(?i)\bso pin|security officer", prompt.splitlines()[-1]) else PIN) + "\n").encode())
    os.close(fd)
    return seen.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@needs_softhsm
@not_sanitized
class Hsm(ToolTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("hsm"), 0o700)
        self.env["SOFTHSM2_CONF"] = self.write(
            "softhsm2.conf", "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n" % self.path("hsm"))
        self.outside = {k: v for k, v in self.env.items() if k != "LD_PRELOAD"}  # for programs that are not keydiv's

    def softhsm(self, *arguments):
        return subprocess.run(arguments, env=self.outside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, text=True).stdout

    def token_with_a_key(self):
        """A token "hsm" with the key "mk" of the value MASTER."""
        self.softhsm("softhsm2-util", "--init-token", "--free", "--label", "hsm", "--so-pin", SO_PIN, "--pin", PIN)
        self.softhsm("softhsm2-util", "--import", self.write("mk.bin", MASTER), "--aes", "--token", "hsm", "--label", "mk", "--id", "01",
                     "--pin", PIN)
        self.configure("foreign-module = %s\n" % SOFTHSM)

    def configure(self, text):
        with open(self.path("keydiv.conf"), "a") as f:
            f.write(text)

    def link(self, *arguments):
        done = self.run_tool("key", "link", "--label", "master", "--uri", "pkcs11:token=hsm;object=mk", "--json", "--pin-file", self.pin,
                             *arguments)
        self.assertEqual(done.code, 0, done.err)
        return done

    def test_a_master(self):
        self.token_with_a_key()
        done = self.link("--extractable-children")
        self.assertIn(NOTE, done.err)
        shown = self.user_json("key", "show", "master")
        self.assertEqual((shown["type"], shown["bits"], shown["usage"]), ("aes", 128, ["derive"]))
        self.assertEqual(shown["foreign_key"], "pkcs11:token=hsm;object=mk")
        self.assertEqual(shown["check_value"], derive_check_value(MASTER))
        self.assertTrue(shown["sensitive"])
        self.assertFalse(shown["extractable"] or shown["local"])
        self.assertIn("pkcs11:token=hsm;object=mk", self.user("key", "list"))
        self.import_key("same", MASTER, "--extractable-children")
        for more in ["--mac", "hello"], ["--counter", "5"], ["--purpose", "enc"]:
            there, here = (self.user("derive", "--key", label, *more, "SN-000123") for label in ("master", "same"))
            self.assertEqual(there, here)
        # An imported key of SoftHSM is not extractable by default in this version; the warning follows the attribute.
        self.assertEqual("extractable" in done.err, shown["foreign_key_extractable"])

    def test_another_name_is_needed(self):
        self.token_with_a_key()
        self.link()
        self.refused("key", "link", "--label", "master", "--uri", "pkcs11:token=hsm;object=mk", says="master")
        self.assertEqual(len(self.user_json("key", "list")), 1)

    def test_refusals(self):
        self.token_with_a_key()
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:token=hsm;object=none", says="names no secret key of the other token")
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:token=other;object=mk", says="names no secret key of the other token")
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:token=hsm;object=mk", "--type", "generic", "--allow", "hkdf",
                     says="CKR_TEMPLATE_INCONSISTENT")
        self.configure("foreign-pin-source = file:%s\n" % self.write("wrong", "0000\n"))
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:token=hsm;object=mk", says="foreign-pin-source")
        self.assertEqual(self.user_json("key", "list"), [])

    def test_another_module_that_is_not_there(self):
        self.token_with_a_key()
        self.configure("foreign-module = %s\n" % self.path("none.so"))
        self.refused("key", "link", "--label", "m", "--uri", "pkcs11:token=hsm;object=mk", says="the other token cannot be used: see the log")
        self.assertEqual(self.user_json("key", "list"), [])

    def test_faults_of_the_other_token(self):
        """The remedy is about the other token. The codes are those that keydiv's own token has too."""
        self.token_with_a_key()
        self.link()
        use = "derive", "--key", "master", "SN-000123"
        self.configure("foreign-pin-source = file:%s\n" % self.write("hsm-pin", "0000\n"))
        self.refused(*use, says="the other token refuses the PIN")
        self.write("hsm-pin", "")
        self.refused(*use, says="the other token fails")
        self.write("hsm-pin", PIN)
        self.user(*use)
        self.softhsm("softhsm2-util", "--delete-token", "--token", "hsm")
        self.refused(*use, says="the other token, which has the key, is not there")

    def test_an_extractable_key_is_a_warning(self):
        self.token_with_a_key()
        self.softhsm("pkcs11-tool", "--module", SOFTHSM, "--token-label", "hsm", "--login", "--pin", PIN, "--keygen", "--key-type", "AES:32",
                     "--label", "open", "--id", "02", "--extractable")
        done = self.run_tool("key", "link", "--label", "open", "--uri", "pkcs11:token=hsm;object=open", "--pin-file", self.pin)
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("extractable in the other token", done.err)
        self.assertTrue(self.user_json("key", "show", "open")["foreign_key_extractable"])

    def test_the_page(self):
        """Every indented line of the page is a command, or a line of keydiv.conf."""
        with open(PAGE, encoding="utf-8") as f:
            lines = re.findall(r"^    (\S.*)$", f.read(), re.M)
        self.assertEqual(len(lines), 5)
        for line in lines:
            if " = " in line:
                self.configure(line + "\n")
                continue
            command = shlex.split(line)
            ours = command[0] == "keydiv"
            out, code = at_a_terminal([TOOL] + command[1:] + ["--module", MODULE] if ours else command,
                                      self.env if ours else self.outside)
            self.assertEqual(code, 0, line + "\n" + out)
        self.assertEqual(self.user_json("key", "show", "master")["bits"], 256)
        # The other usage of the page, for schemes that need blocks.
        other = [c for c in lines if c.startswith("pkcs11-tool")][0].replace("--label mk --id 01", "--label blocks --id 02")
        other = other.replace("--usage-sign --allowed-mechanisms AES-CMAC", "--usage-decrypt --allowed-mechanisms AES-ECB")
        out, code = at_a_terminal(shlex.split(other), self.outside, 10)
        self.assertEqual(code, 0, out)
        done = self.run_tool("key", "link", "--label", "blocks", "--uri", "pkcs11:token=hsm;object=blocks", "--allow", "aes-dukpt,device",
                             "--pin-file", self.pin)
        self.assertEqual(done.code, 0, done.err)
        self.user("derive", "--key", "blocks", "SN-000123")
        self.user("derive", "--key", "blocks", "--mechanism", "aes-dukpt-initial-key", "--field", "ksn=hex:1234567890123456")


if __name__ == "__main__":
    main()

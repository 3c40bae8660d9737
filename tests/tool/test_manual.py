# SPDX-License-Identifier: Apache-2.0
"""test_manual.py: the manual pages are well-formed, name every command and option that the tool has and no other; examples work."""
import os
import re
import shutil
import subprocess
import unittest

from harness import SOURCE, TOOL, ToolTest, main

PAGES = ["src/tool/keydiv.1", "pkcs11-conf/keydiv.conf.5"]


def tool_help(*words):
    return subprocess.run([TOOL, *words, "--help"], stdout=subprocess.PIPE, check=True, text=True).stdout


def commands():
    return re.findall(r"^  (\w+(?: \w+)?)  ", tool_help(), re.M)


def page(name):
    text = subprocess.run(["mandoc", "-Tascii", os.path.join(SOURCE, name)], stdout=subprocess.PIPE, check=True, text=True).stdout
    return re.sub(".\b", "", text)


@unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
class Manual(unittest.TestCase):
    def test_lint(self):
        for name in PAGES:
            p = subprocess.run(["mandoc", "-Tlint", "-Wwarning", os.path.join(SOURCE, name)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
            self.assertEqual((p.stdout, p.returncode), ("", 0))

    def test_every_command_and_option_is_there(self):
        text = page(PAGES[0])
        self.assertGreater(len(commands()), 15)
        for command in commands():
            group, _, word = command.partition(" ")
            self.assertRegex(text, r"(?m)\b%s\b" % group)
            self.assertIn(word, text)
            for option in re.findall(r"--[a-z-]+", tool_help(*command.split())):
                self.assertRegex(text, re.escape(option) + r"(?![a-z-])", command)

    def test_no_option_is_invented(self):
        known = {"--version", "--help"} | {o for c in commands() for o in re.findall(r"--[a-z-]+", tool_help(*c.split()))}
        self.assertEqual(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page(PAGES[0]))) - known, set())

    def test_configuration_keys(self):
        with open(os.path.join(SOURCE, "pkcs11-conf/keydiv.conf")) as f:
            keys = re.findall(r"^#([a-z0-9-]+) = ", f.read(), re.M)
        self.assertEqual(keys, ["token-dir", "slots", "log-file", "log-level", "scrypt-log2-n", "lock-memory",
                                "read-only-login", "parameters", "foreign-module", "foreign-module-arguments",
                                "foreign-pin-source", "foreign-compute-twice", "store", "lease"])
        text = page(PAGES[1])
        for key in keys:
            self.assertIn(key, text)

    def test_the_sample_is_accepted_with_every_key_set(self):
        import tempfile
        from harness import MODULE
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(SOURCE, "pkcs11-conf/keydiv.conf")) as f:
                text = re.sub(r"(?m)^#([a-z0-9-]+ = )", r"\1", f.read())
            text = text.replace("/var/lib/keydiv", d + "/tokens").replace("/var/log", d)
            with open(d + "/keydiv.conf", "w") as f:
                f.write(text)
            subprocess.run([TOOL, "info", "--module", MODULE], env=dict(os.environ, KEYDIV_CONF=d + "/keydiv.conf"), check=True,
                           stdout=subprocess.DEVNULL)


class Examples(ToolTest):
    """Every example of the manual and of README.md works as it stands, with nothing added but where the PINs are."""

    token = False
    shell = r"""
set -eu
keydiv() {
    case "$*" in
    "odukpt plan"*) "$KEYDIV_TOOL" "$@" ;;
    selftest | mechanisms*) "$KEYDIV_TOOL" "$@" --module "$KEYDIV_MODULE" ;;
    init*) "$KEYDIV_TOOL" "$@" --so-pin-file so-pin --pin-file pin --module "$KEYDIV_MODULE" ;;
    "key trust"*) "$KEYDIV_TOOL" "$@" --so-pin-file so-pin --pin-file pin --module "$KEYDIV_MODULE" ;;
    *--pin-fd*) "$KEYDIV_TOOL" "$@" --module "$KEYDIV_MODULE" ;;
    *) "$KEYDIV_TOOL" "$@" --pin-file pin --module "$KEYDIV_MODULE" ;;
    esac
}
pass() { cat pin; }
"""

    def run_example(self, text):
        """Run TEXT in the shell on a token of its own, with a master unless it makes one."""
        self.setUp()
        self.write("serials.csv", "SN-1\nSN-2\n")
        self.write("fleet.csv", "model,serial\nmeter,SN-1\nmeter,SN-2\n")
        self.write("readings.csv", "serial,counter,message\nSN-1,1,00\nSN-2,1,01\n")
        before = "" if "keydiv init" in text else "keydiv init --label t >/dev/null\n"
        if "--label master" not in text and "--key master" in text:
            before += "keydiv key generate --label master --extractable-children >/dev/null\n"
        p = subprocess.run(["bash", "-c", self.shell + before + text], cwd=self.dir, env=self.env, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
        self.assertEqual((p.returncode, p.stderr), (0, ""), text)

    def test_manual(self):
        with open(os.path.join(SOURCE, PAGES[0])) as f:
            examples = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed", f.read().split(".Sh EXAMPLES")[1], re.M)
        self.assertEqual(len(examples), 8)
        for text in examples:
            self.run_example(text.replace("\\e\n", "\\\n"))

    def test_readme(self):
        with open(os.path.join(SOURCE, "README.md")) as f:
            examples = re.findall(r"((?:^    .*\n)+)", f.read().split("## Speed")[0], re.M)
        # The example of "key link" needs a key in another token; the tests of foreign keys have one.
        examples = [e for e in examples if e.startswith("    keydiv ") and "key link" not in e]
        self.assertEqual(len(examples), 3)
        for text in examples:
            self.run_example(text)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_completion.py: what bash, zsh and fish offer at each place of a command line, beside the help of the tool."""
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import time
import unittest

from harness import TOOL, main

COMPLETIONS = os.environ["KEYDIV_COMPLETIONS"]

BASH = r"""
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_keydiv
printf '%s\n' "${COMPREPLY[@]}"
"""


def tool_help(*words):
    return subprocess.run([TOOL, *words, "--help"], stdout=subprocess.PIPE, check=True, text=True).stdout


def commands():
    return re.findall(r"^  (\w+(?: \w+)?)  ", tool_help(), re.M)


def options(command):
    return set(re.findall(r"^  (--[a-z-]+)", tool_help(*command.split()), re.M))


class Shell:
    """The questions that every shell must answer. words(LINE...) returns what the shell offers for the last word."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("serials.csv", "other.txt"):
            open(os.path.join(self.folder, name), "w").close()

    def test_commands(self):
        first = {c.split()[0] for c in commands()}
        self.assertEqual({w for w in self.words("") if not w.startswith("-")}, first)
        for group in {c.split()[0] for c in commands() if " " in c}:
            self.assertEqual(self.words(group, ""), {c.split()[1] for c in commands() if c.startswith(group + " ")})

    def test_every_option_of_every_command(self):
        self.assertGreater(len(commands()), 20)
        for command in commands():
            self.assertEqual(self.words(*command.split(), "--"), options(command), command)

    def test_mechanisms(self):
        self.assertEqual(self.words("key", "generate", "--allow", "odukpt-n"), {"odukpt-next-key"})
        self.assertIn("device", self.words("key", "generate", "--allow", "dev"))
        self.assertEqual(self.words("derive", "--mechanism", "aes-key-wrap-"), {"aes-key-wrap-kwp"})
        self.assertEqual(self.words("mechanisms", "aes-key-wrap-"), {"aes-key-wrap-kwp"})

    def test_a_list_with_commas(self):
        self.assertEqual(self.last_of_list("key", "generate", "--usage", "sign,ver"), "sign,verify")

    def test_types_without_the_states(self):
        self.assertEqual(self.words("key", "generate", "--type", "des"), {"des2", "des3"})
        self.assertEqual(self.words("key", "generate", "--type", "odukpt"), set())

    def test_files(self):
        self.assertEqual(self.words("derive", "--csv", "ser"), {"serials.csv"})
        self.assertEqual(self.words("config", "check", "oth"), {"other.txt"})
        self.assertEqual(self.words("store", "status", "oth"), {"other.txt"})
        self.assertEqual(self.words("derive", "ser"), set())

    def test_an_argument_that_nobody_knows(self):
        self.assertEqual(self.words("key", "generate", "--label", "ser"), set())

    def test_fields(self):
        self.assertEqual(self.words("derive", "--field", "scp03-co"), {"scp03-constant=", "scp03-context="})
        self.assertEqual(self.words("derive", "--serial-field", "scp03-co"), {"scp03-constant", "scp03-context"})

    def last_of_list(self, *line):
        words = self.words(*line)
        self.assertEqual(len(words), 1)
        return words.pop()


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Bash(Shell, unittest.TestCase):
    def words(self, *line):
        out = subprocess.run(["bash", "-c", BASH, "bash", os.path.join(COMPLETIONS, "keydiv"), "keydiv", *line], check=True,
                             cwd=self.folder, stdout=subprocess.PIPE, text=True).stdout
        return set(out.split())

    def test_name_equals_value(self):
        self.assertEqual(self.words("derive", "--csv", "=", "ser"), {"serials.csv"})
        self.assertIn("serials.csv", self.words("derive", "--csv", "="))


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(Shell, unittest.TestCase):
    def words(self, *line):
        command = "source %s; complete -C %s" % (shlex.quote(os.path.join(COMPLETIONS, "keydiv.fish")),
                                                 shlex.quote(" ".join(("keydiv",) + line)))
        out = subprocess.run(["fish", "--no-config", "-c", command], check=True, cwd=self.folder, stdout=subprocess.PIPE,
                             env=dict(os.environ, HOME=self.folder), text=True).stdout
        return {line.split("\t")[0] for line in out.splitlines()}


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Shell, unittest.TestCase):
    """At a pseudo-terminal, because zsh completes nothing elsewhere. compadd is wrapped and writes what it would offer to a file."""

    SETUP = r"""
PS1= PS2= RPS1= ; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep 2>/dev/null
fpath=(%(folder)s $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
	builtin compadd "$@"
	local result=$?
	local -a offered
	[[ " $* " == *" -O "* || " $* " == *" -A "* || " $* " == *" -D "* ]] || {
		builtin compadd -O offered "$@"
		local suffix=
		[[ $argv[(r)-S] == -S ]] && suffix=$argv[$argv[(i)-S]+1]
		[[ $suffix == = ]] || suffix=
		print -rl -- ${^offered}$suffix >>offered
	}
	return $result
}
finished() { print -r -- finished >>offered }
zle -C try complete-word try
try() { _main_complete; compstate[insert]= compstate[list]= ; finished }
bindkey '^I' try
print rea''dy
"""

    def setUp(self):
        super().setUp()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], dict(os.environ, HOME=self.folder, ZDOTDIR=self.folder, TERM="dumb"))
        os.makedirs(os.path.join(self.folder, "functions"))
        shutil.copy(os.path.join(COMPLETIONS, "_keydiv"), os.path.join(self.folder, "functions"))
        with open(os.path.join(self.folder, "setup"), "w") as f:
            f.write(self.SETUP % {"folder": shlex.quote(os.path.join(self.folder, "functions"))})
        self.offered = os.path.join(self.folder, "offered")
        os.write(self.fd, b"source ./setup\n")
        self.wait(lambda seen: b"ready\r\n" in seen)

    def tearDown(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def wait(self, done, seconds=600):
        seen, end = b"", time.monotonic() + seconds
        while not done(seen):
            self.assertLess(time.monotonic(), end, seen)
            if select.select([self.fd], [], [], 0.01)[0]:
                seen += os.read(self.fd, 4096)

    def finished(self, _):
        try:
            with open(self.offered) as f:
                return "finished\n" in f.read()
        except FileNotFoundError:
            return False

    def words(self, *line):
        if os.path.exists(self.offered):
            os.unlink(self.offered)
        os.write(self.fd, b"\x15" + " ".join(("keydiv",) + line).encode() + b"\t")
        self.wait(self.finished)
        with open(self.offered) as f:
            words = set(f.read().split()) - {"finished"}
        os.unlink(self.offered)
        return words

    def last_of_list(self, *line):
        words = self.words(*line)  # of zsh's _values, the words after the last comma
        self.assertEqual(len(words), 1)
        return line[-1].rpartition(",")[0] + "," + words.pop()


class Kinds(unittest.TestCase):
    def test_no_argument_hides_what_it_is(self):
        """LIST and NAME would say nothing about the words that can follow."""
        for command in commands():
            self.assertNotRegex(tool_help(*command.split()), r"(?m)^  --[a-z-]+ (LIST|NAME)\b")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_token.py: init, info, mechanisms, pin, where PINs come from, messages."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from harness import MODULE, PIN, SO_PIN, TOOL, Terminal, ToolTest, main, not_sanitized

P11_KIT_CLIENT = os.path.join(subprocess.run(["pkg-config", "--variable=p11_module_path", "p11-kit-1"], text=True,
                                             stdout=subprocess.PIPE, check=False).stdout.strip(), "p11-kit-client.so")


class Init(ToolTest):
    token = False
    slots = 2

    def init(self, *arguments):
        return self.run_tool("init", "--so-pin-file", self.so_pin, "--pin-file", self.pin, *arguments)

    def tokens(self):
        return [(s["slot"], s["token"]) for s in json.loads(self.ok("info", "--json"))["slots"] if s["initialised"]]

    def test_first_free_slot_is_taken(self):
        for label in "one", "two":
            self.assertEqual(self.init("--label", label).code, 0)
        self.assertEqual(self.tokens(), [(0, "one"), (1, "two")])
        full = self.init("--label", "three")
        self.assertEqual(full.code, 1)
        self.assertIn("every token is initialised already", full.err)

    def test_slot_is_obeyed(self):
        self.assertEqual(self.init("--label", "two", "--slot", "1").code, 0)
        self.assertEqual(self.tokens(), [(1, "two")])
        self.refused("init", "--label", "x", "--slot", "7", says="there is no slot 7")

    def test_a_token_is_not_erased_by_accident(self):
        self.init("--label", "one", "--slot", "0")
        self.refused("init", "--label", "new", "--slot", "0", says="--erase")
        self.refused("init", "--label", "new", "--token", "one", says="--erase")
        self.user("key", "generate", "--label", "gone", "--slot", "0")
        self.assertEqual(self.init("--label", "new", "--slot", "0", "--erase").code, 0)
        self.assertEqual(self.tokens(), [(0, "new")])
        self.assertEqual(self.user_json("key", "list", "--slot", "0"), [])

    def test_erasing_wants_the_so_pin(self):
        self.init("--label", "one", "--slot", "0")
        wrong = self.write("wrong", "87654321\n")
        done = self.run_tool("init", "--label", "new", "--slot", "0", "--erase", "--so-pin-file", wrong, "--pin-file", self.pin)
        self.assertEqual(done.code, 1)
        self.assertIn("(CKR_PIN_INCORRECT)", done.err)
        self.assertEqual(self.tokens(), [(0, "one")])

    def test_a_pin_that_does_not_fit_leaves_no_token(self):
        short = self.write("short", "123\n")
        self.refused("init", "--label", "x", "--so-pin-file", self.so_pin, "--pin-file", short, pin=False,
                     says="the user PIN has 3 bytes, and a PIN 4 to 255")
        self.refused("init", "--label", "x", "--so-pin-file", short, says="the SO PIN has 3 bytes")
        self.assertEqual(self.tokens(), [])

    def test_a_damaged_token_is_not_one_that_is_missing(self):
        self.init("--label", "one", "--slot", "0")
        with open(self.path("tokens/slot-0/token.db"), "r+b") as f:
            f.write(b"junk")
        for which in ["--slot", "0"], ["--token", "one"], []:
            self.refused("key", "list", *which, says="cannot read the token in slot 0: the token's files are damaged")
        info = self.run_tool("info", "--json")
        self.assertEqual((info.code, len(json.loads(info.out)["slots"])), (1, 2))
        self.refused("init", "--label", "new", "--slot", "0", "--erase", "--so-pin-file", self.so_pin, says="(CKR_DEVICE_ERROR)")
        self.assertEqual(self.init("--label", "two").code, 0)  # in the slot that is free

    def test_labels_have_1_to_32_bytes(self):
        for label in "", "x" * 33:
            self.refused("init", "--label", label, says="a --label of 1 to 32 bytes")
        self.assertEqual(self.init("--label", "x" * 32).code, 0)
        self.assertEqual(self.tokens()[0][1], "x" * 32)

    def test_which_token_must_be_said_if_there_are_two(self):
        self.refused("key", "list", says="there is no token: make one")
        self.init("--label", "one")
        self.user("key", "list")
        self.init("--label", "two")
        self.refused("key", "list", says="say which with --token or --slot")
        self.user("key", "generate", "--label", "k", "--token", "two")
        self.assertEqual(self.user_json("key", "list", "--token", "one"), [])
        self.assertEqual(len(self.user_json("key", "list", "--token", "pkcs11:token=two")), 1)
        self.assertEqual(len(self.user_json("key", "list", "--slot", "1")), 1)
        self.user("key", "show", "pkcs11:token=two;object=k")
        self.refused("key", "show", "pkcs11:token=one;object=k", says="there is no key")
        self.refused("key", "show", "pkcs11:token=one;object=k", "--token", "two", says="names another token")
        self.refused("key", "list", "--token", "three", says="there is no such token")
        self.refused("key", "list", "--token", "one", "--slot", "0", says="give one")


class Info(ToolTest):
    def test_info_is_true(self):
        info = json.loads(self.ok("info", "--json"))
        self.assertEqual(len(info["slots"]), 1)
        slot = info["slots"][0]
        self.assertEqual((slot["token"], slot["user_pin"], slot["so_pin"]), ("test", "in order", "in order"))
        self.assertIn("token=test", slot["uri"])
        self.assertIn("token: test\n", self.ok("info"))
        self.assertEqual(info["parameters"], "native")

    def test_info_says_which_parameters_the_module_takes(self):
        with open(self.path("keydiv.conf"), "a") as f:
            f.write("parameters = flat\n")
        self.assertEqual(json.loads(self.ok("info", "--json"))["parameters"], "flat")
        self.assertIn("parameters: flat\n", self.ok("info"))
        self.assertEqual(json.loads(self.ok("config", "check", "--json", module=False))["parameters"], "flat")

    def test_every_mechanism_has_a_name(self):
        mechanisms = json.loads(self.ok("mechanisms", "--json"))
        self.assertIn("CKM_KEYDIV_DEVICE_KEY", [m["name"] for m in mechanisms])
        self.assertEqual([m["name"] for m in mechanisms if not m["name"].startswith("CKM_")], [])
        self.assertEqual([m["name"] for m in mechanisms if not m["for"]], [])
        self.assertEqual([m["name"] for m in mechanisms if m["name"].startswith("CKM_KEYDIV") and not m["inputs"]], [])

    def test_selftest_passes_for_every_mechanism(self):
        rows = json.loads(self.ok("selftest", "--json"))
        names = {m["name"] for m in json.loads(self.ok("mechanisms", "--json"))}
        self.assertEqual({r["mechanism"] for r in rows}, names)
        self.assertEqual([r for r in rows if r["result"] != "pass"], [])
        self.assertGreater(sum(r["nanoseconds"] for r in rows), 0)

    def test_selftest_blames_the_mechanism_that_failed_and_no_other(self):
        answer = b"a8dd63a3b89d54b37ca802473fda9175"  # AN10922's first
        with open(MODULE, "rb") as f:
            whole = f.read()
        self.assertEqual(whole.count(answer), 1)
        broken = self.write("broken.so", whole.replace(answer, b"b" + answer[1:]), 0o700)
        done = self.run_tool("selftest", "--json", "--module", broken, module=False)
        rows = json.loads(done.out)
        results = [r["result"] for r in rows]
        at = results.index("FAIL")
        self.assertEqual(rows[at]["mechanism"], "CKM_KEYDIV_AN10922")
        self.assertGreater(rows[at]["nanoseconds"], 0)
        self.assertEqual(results, at * ["pass"] + ["FAIL"] + (len(rows) - at - 1) * ["not run"])
        self.assertEqual(len({r["mechanism"] for r in rows}), len(rows))
        self.assertEqual(done.code, 1)
        self.assertIn("keydiv: 1 of %d mechanisms failed" % len(rows), done.err)


class SelftestOfTwoSlots(ToolTest):
    token = False
    slots = 2

    def test_any_token_will_do(self):
        self.refused("selftest", pin=False, says="'keydiv init' (CKR_TOKEN_NOT_RECOGNIZED)")
        self.ok("init", "--label", "two", "--slot", "1", "--so-pin-file", self.so_pin, "--pin-file", self.pin)
        self.assertIn("CKM_KEYDIV_DEVICE_KEY", self.ok("selftest"))


class Pins(ToolTest):
    real_scrypt = True

    def test_pin_from_a_descriptor(self):
        r, w = os.pipe()
        os.write(w, (PIN + "\nnot for us").encode())
        os.close(w)
        self.ok("key", "list", "--pin-fd", str(r), pass_fds=[r])
        self.assertEqual(os.read(r, 100), b"not for us")
        os.close(r)

    def test_wrong_pin(self):
        wrong = self.write("wrong", "nonsense\n")
        self.refused("key", "list", "--pin-file", wrong, pin=False, says="(CKR_PIN_INCORRECT)")
        slot = json.loads(self.ok("info", "--json"))["slots"][0]
        self.assertEqual(slot["user_pin"], "wrong PIN entered")

    def test_lock_and_unlock(self):
        self.user("key", "generate", "--label", "stays")
        wrong = self.write("wrong", "nonsense\n")
        for _ in range(10):
            self.run_tool("key", "list", "--pin-file", wrong)
        self.refused("key", "list", says="'keydiv pin unlock' (CKR_PIN_LOCKED)")
        new = self.write("new", "another one\n")
        self.ok("pin", "unlock", "--so-pin-file", self.so_pin, "--new-pin-file", new)
        self.refused("key", "list", says="(CKR_PIN_INCORRECT)")
        self.assertIn("stays", self.ok("key", "list", "--pin-file", new))

    def test_nobody_unlocks_the_security_officer(self):
        wrong = self.write("wrong", "nonsense\n")
        for _ in range(10):
            self.run_tool("pin", "unlock", "--so-pin-file", wrong, "--new-pin-file", self.pin)
        says = "of the security officer, and nobody can unlock that PIN"
        self.refused("pin", "unlock", "--so-pin-file", self.so_pin, "--new-pin-file", self.pin, pin=False, says=says)
        self.refused("pin", "change", "--so", "--so-pin-file", self.so_pin, "--new-pin-file", self.pin, pin=False, says=says)
        self.refused("init", "--label", "x", "--slot", "0", "--erase", "--so-pin-file", self.so_pin, says=says)
        self.user("key", "list")

    def test_change(self):
        new = self.write("new", "another one\n")
        self.user("pin", "change", "--new-pin-file", new)
        self.refused("key", "list", says="(CKR_PIN_INCORRECT)")
        self.ok("key", "list", "--pin-file", new)
        self.ok("pin", "change", "--so", "--so-pin-file", self.so_pin, "--new-pin-file", new)
        self.ok("pin", "unlock", "--so-pin-file", new, "--new-pin-file", self.pin)
        self.user("key", "list")

    def test_short_pin(self):
        short = self.write("short", "123\n")
        self.refused("pin", "change", "--new-pin-file", short, says="(CKR_PIN_LEN_RANGE)")

    def test_what_a_uri_says_of_pin_and_module(self):
        self.user("key", "generate", "--label", "k")
        for uri in "pkcs11:token=test?pin-source=file:" + self.pin, "pkcs11:?pin-source=file://" + self.pin, "pkcs11:?pin-source=" + self.pin:
            self.assertIn("k", self.ok("key", "list", "--token", uri))
            done = self.run_tool("key", "list", "--token", uri + "&module-path=" + MODULE, module=False)
            self.assertEqual((done.code, done.err), (0, ""))
        self.ok("key", "show", "pkcs11:object=k?pin-source=file:" + self.pin, "--token", "test")
        self.refused("key", "show", "pkcs11:object=k?pin-source=file:/none", pin=False, says="cannot open user PIN '/none'")
        self.refused("key", "show", "pkcs11:object=k?pin-source=|cat%20" + self.pin, pin=False, says="is no file")
        self.user("key", "show", "pkcs11:object=k?pin-source=file:/none")  # an option counts for more
        self.refused("key", "show", "pkcs11:object=k;type=private", says="names no secret key")
        done = self.run_tool("key", "list", "--token", "pkcs11:token=test?module-name=no-such-name", module=False)
        self.assertIn("p11-kit knows no module 'no-such-name'", done.err)

    def test_never_on_the_command_line(self):
        self.refused("key", "list", "--token", "pkcs11:token=test?pin-value=" + PIN, pin=False, says="--pin-file or --pin-fd")
        self.refused("key", "list", "--pin", PIN, pin=False, code=2, says="is no option")

    def test_without_a_terminal(self):
        self.refused("key", "list", pin=False, says="there is no terminal")

    def test_empty_and_missing_files(self):
        self.refused("key", "list", "--pin-file", self.write("empty", ""), pin=False, says="is empty")
        self.refused("key", "list", "--pin-file", self.path("none"), pin=False, says="No such file")
        self.refused("key", "list", "--pin-fd", "77", says="given twice")
        self.refused("key", "list", "--pin-fd", "77", pin=False, says="Bad file descriptor")
        self.refused("key", "list", "--pin-fd", str(2**32), pin=False, says="there is no descriptor")

    def test_a_file_others_can_read_gets_a_note(self):
        done = self.run_tool("key", "list", "--pin-file", self.write("open", PIN + "\n", 0o644))
        self.assertEqual(done.code, 0)
        self.assertIn("chmod 600", done.err)

    def test_crlf_and_no_newline(self):
        for text in PIN, PIN + "\r\n":
            self.ok("key", "list", "--pin-file", self.write("p", text))


class AtTheTerminal(ToolTest):
    def test_pin_is_asked_for_and_not_shown(self):
        t = Terminal(["key", "list"], self.env)
        t.expect("user PIN: ")
        t.type(PIN)
        seen, code = t.end()
        self.assertEqual(code, 0, seen)
        self.assertNotIn(PIN, seen)

    def test_an_empty_line_costs_no_try(self):
        for _ in range(11):
            terminal = Terminal(["key", "list"], self.env)
            terminal.expect("PIN: ")
            terminal.type("")
            out, code = terminal.end()
            self.assertEqual(code, 1)
            self.assertIn("nothing was typed for 'user PIN': begin again", out)
        self.user("key", "list")

    def test_a_line_too_long_is_called_that(self):
        t = Terminal(["key", "list"], self.env)
        t.expect("user PIN: ")
        t.type("x" * 1500)
        seen, code = t.end()
        self.assertEqual(code, 1)
        self.assertIn("what was typed for 'user PIN' is too long", seen)

    def test_a_new_pin_is_asked_for_twice(self):
        t = Terminal(["pin", "change", "--pin-file", self.pin], self.env)
        t.expect("new PIN: ")
        t.type("another one")
        t.expect("new PIN, again: ")
        t.type("mistyped")
        seen, code = t.end()
        self.assertEqual(code, 1)
        self.assertIn("not the same", seen)
        self.user("key", "list")
        t = Terminal(["pin", "change", "--pin-file", self.pin], self.env)
        t.expect("new PIN: ")
        t.type("another one")
        t.expect("new PIN, again: ")
        t.type("another one")
        seen, code = t.end()
        self.assertEqual(code, 0, seen)
        self.assertNotIn("another one", seen)
        self.ok("key", "list", "--pin-file", self.write("new", "another one"))

    def test_init_asks_for_both(self):
        self.write("keydiv.conf", "token-dir = %s/others\nscrypt-log2-n = 14\n" % self.dir)
        t = Terminal(["init", "--label", "typed"], self.env)
        for prompt, pin in ("SO PIN: ", SO_PIN), ("SO PIN, again: ", SO_PIN), ("user PIN: ", PIN), ("user PIN, again: ", PIN):
            t.expect(prompt)
            t.type(pin)
        seen, code = t.end()
        self.assertEqual(code, 0, seen)
        self.user("key", "list", "--token", "typed")

    def test_interrupt_gives_the_echo_back(self):
        t = Terminal(["key", "list"], self.env)
        t.expect("user PIN: ")
        import termios
        self.assertFalse(termios.tcgetattr(t.fd)[3] & termios.ECHO)
        t.signal(signal.SIGINT)
        t.expect("")
        while os.waitid(os.P_PID, t.pid, os.WEXITED | os.WNOWAIT) is None:
            pass
        self.assertTrue(termios.tcgetattr(t.fd)[3] & termios.ECHO)
        self.assertEqual(t.end()[1], -signal.SIGINT)


class Hidden(ToolTest):
    """The tool's memory, and mechanisms that p11-kit's client does not pass."""

    @not_sanitized
    def test_other_processes_cannot_read_the_memory(self):
        user = os.geteuid()
        if user == 0:  # to root every process is open: run the tool as somebody else
            user = 65534
            os.chmod(self.dir, 0o755)
            for directory, _, files in os.walk(self.dir):
                for path in [directory] + [os.path.join(directory, f) for f in files]:
                    os.chown(path, user, user)
        t = Terminal(["key", "list"], self.env, user=user if os.geteuid() == 0 else None)
        t.expect("user PIN: ")
        owner = os.stat("/proc/%d/mem" % t.pid).st_uid  # root's if the process is not dumpable
        with open("/proc/%d/status" % t.pid) as f:
            status = dict(line.split(":", 1) for line in f)
        with open("/proc/%d/limits" % t.pid) as f:
            limits = f.read()
        t.type(PIN)
        seen, code = t.end()
        self.assertEqual((code, owner), (0, 0), seen)
        self.assertGreaterEqual(int(status["VmLck"].split()[0]), 64)
        self.assertRegex(limits, r"(?m)^Max core file size +0 ")

    @not_sanitized
    @unittest.skipUnless(os.path.exists(P11_KIT_CLIENT) and shutil.which("p11-kit"), "p11-kit's server is not installed")
    def test_p11_kit_is_named(self):
        self.user("key", "generate", "--label", "master")
        socket = self.path("socket")
        server = subprocess.Popen(["p11-kit", "server", "-f", "-n", socket, "--provider", MODULE, "pkcs11:token=test"], env=self.env,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not os.path.exists(socket) and server.poll() is None:
                time.sleep(0.05)
            env = dict(self.env, P11_KIT_SERVER_ADDRESS="unix:path=" + socket)
            p = subprocess.run([TOOL, "derive", "SN-1", "--pin-file", self.pin, "--module", P11_KIT_CLIENT], env=env, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        finally:
            server.terminate()
            server.wait()
        self.assertEqual((p.returncode, p.stdout, p.stderr.count("\n")), (1, "", 1))
        self.assertIn("p11-kit's client, through which this program reaches the token, hides CKM_KEYDIV_DEVICE_KEY", p.stderr)


class ClosedStreams(ToolTest):
    """Standard streams that are closed: their numbers go to no file, and what is printed into none."""

    def run_without(self, fd, *arguments):
        return subprocess.run([TOOL, *arguments, "--pin-file", self.pin, "--module", MODULE], env=self.env, text=True,
                              preexec_fn=lambda: os.close(fd), stdout=None if fd == 1 else subprocess.PIPE,
                              stderr=None if fd == 2 else subprocess.PIPE)

    def test_nothing_gets_into_a_file(self):
        with open(self.path("keydiv.conf"), "a") as f:
            f.write("log-file = %s\nlog-level = debug\n" % self.path("log"))
        self.user("key", "generate", "--label", "master")
        serials = self.write("serials", "STRAY-1\n")
        for command in ["key", "list"], ["derive", "STRAY-1"], ["derive", "--csv", serials], ["key", "list", "--json"]:
            done = self.run_without(1, *command)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot write the output", done.stderr)
        self.assertEqual(self.run_without(2, "key", "show", "stray").returncode, 1)
        self.assertIn("cannot read the input", self.run_without(0, "derive", "--csv", "-").stderr)
        log = self.read("log")
        for text in "master", "STRAY-1", "stray":
            self.assertNotIn(text, log)
        self.user("key", "list")


class CommandLine(ToolTest):
    token = False

    def test_the_nearest_word_is_suggested(self):
        for wrong, right in (("inti", "init"), ("derives", "derive"), ("key lsit", "key list"), ("keys list", "key list"), ("mechanism", "mechanisms"),
                             ("key-generate", "key generate"), ("selftset", "selftest"), ("odukpt nxet", "odukpt next")):
            self.refused(*wrong.split(), pin=False, code=2, says="did you mean 'keydiv %s'?" % right)
        self.refused("derive", "--purpos", "x", pin=False, code=2, says="'--purpos' is no option of 'keydiv derive': did you mean --purpose?")
        self.refused("frobnicate", pin=False, code=2, says="see 'keydiv --help'")
        self.refused("x" * 3000, pin=False, code=2, says="there is no command 'xxx")

    def test_wrong_words(self):
        self.refused("sing", pin=False, code=2, says="there is no command 'sing")
        self.refused("key", "sing", pin=False, code=2, says="there is no command 'key sing")
        self.refused("key", pin=False, code=2, says="'key' needs a second word: generate, import, export, ")
        self.refused("key", "gen", pin=False, code=2, says="did you mean 'keydiv key generate'?")
        self.refused("key", "zzzzzzzzzzzzzzzz", pin=False, code=2, says="the commands of key are generate, import, export, ")
        self.refused("info", "--sing", pin=False, code=2, says="'--sing' is no option")
        self.refused("key", "show", code=2, says="an argument is missing; usage: keydiv key show")
        self.refused("info", "operand", pin=False, code=2, says="no use for the argument 'operand'; usage: keydiv info")
        self.refused("init", "--slot", "one", code=2, says="--slot takes a number")
        self.refused("init", "--lab", "one", pin=False, code=2, says="'--lab' is no option")
        self.refused("init", "-l", "one", pin=False, code=2, says="two dashes")
        self.refused("info", "--json=yes", pin=False, code=2, says="takes no argument")
        done = self.run_tool("init", "--label", module=False)
        self.assertEqual((done.code, done.out), (2, ""))
        self.assertIn("--label needs an argument", done.err)

    def test_a_path_of_a_module_may_be_relative(self):
        done = self.run_tool("info", "--module", os.path.relpath(MODULE, self.dir), module=False, cwd=self.dir)
        self.assertEqual((done.code, done.err), (0, ""))

    def test_a_module_that_is_not_there(self):
        done = self.run_tool("info", "--module", self.path("none.so"), module=False)
        self.assertEqual(done.code, 1)
        self.assertIn("cannot load", done.err)
        done = self.run_tool("info", "--module", "no-such-module-name", module=False)
        self.assertEqual(done.code, 1)
        self.assertIn("p11-kit knows no module 'no-such-module-name'", done.err)

    def test_a_wrong_configuration(self):
        self.write("keydiv.conf", "slots = many\n")
        done = self.run_tool("info")
        self.assertEqual((done.code, done.out), (1, ""))
        module, tool = done.err.splitlines()
        self.assertEqual(module, "keydiv: %s:1: slots must be a number from 1 to 64" % self.path("keydiv.conf"))
        self.assertIn("(CKR_FUNCTION_FAILED)", tool)

    def test_config_check(self):
        shown = json.loads(self.run_tool("config", "check", "--json", module=False).out)
        self.assertEqual((shown["file"], shown["slots"], shown["scrypt-log2-n"]), (self.path("keydiv.conf"), 1, 14))
        self.assertEqual((shown["foreign-module"], shown["foreign-pin-source"]), ("", ""))
        self.write("keydiv.conf", "foreign-module = hsm\nforeign-module-arguments = a b\nforeign-pin-source = file:///p\n")
        shown = json.loads(self.run_tool("config", "check", "--json", module=False).out)
        self.assertEqual([shown[name] for name in ("foreign-module", "foreign-module-arguments", "foreign-pin-source")],
                         ["hsm", "a b", "file:/p"])
        self.write("keydiv.conf", "# ours\nslots = 2\nlog-levle = debug\n")
        for file in [], [self.path("keydiv.conf")]:
            done = self.run_tool("config", "check", *file, module=False)
            self.assertEqual((done.code, done.out), (1, ""))
            self.assertEqual(done.err, "keydiv: %s:3: unknown key 'log-levle'\n" % self.path("keydiv.conf"))
        done = self.run_tool("config", "check", self.path("none"), module=False)
        self.assertIn("%s: no such file" % self.path("none"), done.err)

    def test_full_disk(self):
        for words in ["info", "--module", MODULE], ["--help"], ["--version"], ["derive", "--help"]:
            with open("/dev/full", "w") as full:
                p = subprocess.run([TOOL, *words], stdout=full, stderr=subprocess.PIPE, env=self.env, text=True)
            self.assertEqual(p.returncode, 1)
            self.assertIn("cannot write the output", p.stderr)


if __name__ == "__main__":
    main()

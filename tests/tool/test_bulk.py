# SPDX-License-Identifier: Apache-2.0
"""test_bulk.py: many records: order, threads, resuming after a kill, lines that are wrong, progress."""
import fcntl
import os
import signal
import subprocess
import time

from harness import MASTER, MODULE, TOOL, Terminal, ToolTest, derive_check_value, field, kdf, main, not_sanitized

COUNT = 20000


class Bulk(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER)
        self.input = self.write("in.csv", "".join("SN-%06d,meter\n" % i for i in range(COUNT)))

    def derive(self, *arguments, **more):
        return self.user("derive", "--csv", self.input, *arguments, **more)

    def test_order_does_not_depend_on_threads(self):
        one = self.derive("--threads", "1")
        lines = one.splitlines()
        self.assertEqual([x.split(",")[0] for x in lines], ["SN-%06d" % i for i in range(COUNT)])
        for i in 0, 63, 64, COUNT - 1:
            self.assertEqual(lines[i].split(",")[1], derive_check_value(kdf(MASTER, b"device", field(1, b"SN-%06d" % i), 16)))
        for threads in "2", "7":
            self.assertEqual(self.derive("--threads", threads), one)
        self.assertEqual(self.derive(), one)

    def test_json_lines(self):
        import json
        lines = self.derive("--json").splitlines()
        self.assertEqual(len(lines), COUNT)
        self.assertEqual(json.loads(lines[5])["serial"], "SN-000005")

    def test_json_is_utf8_or_nothing(self):
        latin = self.write("latin.csv", b"good\nz\xe4hler\n")
        self.assertEqual(self.user("derive", "--csv", self.write("utf8.csv", "z\u00e4hler\n"), "--json").count("\n"), 1)
        done = self.run_tool("derive", "--csv", latin, "--json", "--pin-file", self.pin, errors="replace")
        self.assertEqual((done.code, done.out.count("\n")), (1, 1))
        self.assertIn("line 2: the serial 'z\ufffdhler' is not UTF-8", done.err)
        self.assertEqual(self.user("derive", "--csv", latin, errors="replace").count("\n"), 2)

    def test_standard_input_and_columns(self):
        text = "\ufeffmodel,serial\r\nmeter,A\r\n\r\n\"the \"\"big\"\", one\",B\r\n"
        expected = self.user("derive", "A", "B")
        self.assertEqual(self.user("derive", "--csv", "-", "--column", "serial", data=text), expected)
        self.assertEqual(self.user("derive", "--csv", "-", "--column", "2", "--header", data=text), expected)
        self.assertEqual(self.user("derive", "--csv", "-", data="A\nB"), expected)
        self.refused("derive", "--csv", "-", "--column", "none", data=text, says="has no heading 'none'")
        self.refused("derive", "--csv", "-", "--column", "0", data=text, says="--column takes")
        self.refused("derive", "--csv", "-", "--column", "3", "--header", data=text, says="line 2: the line has too few fields")
        self.refused("derive", "--csv", "-", data='"open\n', says="line 1: a quotation mark is not closed")
        self.refused("derive", "--csv", "-", data='"a"b\n', says="line 1: there is text behind")
        self.refused("derive", "--csv", self.path("none"), says="No such file")
        self.refused("derive", "--csv", "-", "A", data="B", says="give the serials as arguments")

    def test_a_line_without_end_takes_no_memory(self):
        endless = self.write("endless", "")
        os.truncate(endless, 2**28)
        self.refused("derive", "--csv", endless, says="line 1: the line is longer than 16384 bytes")
        self.assertLess(self.peak(endless)[1], self.peak(self.write("short.csv", "x\n"))[1] + 2**16)
        self.refused("derive", "--csv", self.dir, says="cannot read the input: Is a directory")
        self.refused("derive", "--csv", self.write("nul", b"a\0b\n"), says="line 1: the serial has a control character")

    def test_two_runs_do_not_write_one_output(self):
        self.write("out.csv", "")
        with open(self.path("out.csv")) as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            self.refused("derive", "--csv", self.input, "--output", self.path("out.csv"), "--resume", says="another run is writing")
        self.derive("--output", self.path("out.csv"), "--resume")

    def test_a_wrong_line_stops_it_behind_all_before(self):
        lines = ["SN-%d" % i for i in range(1000)]
        lines[700] = "x" * 129
        done = self.run_tool("derive", "--csv", "-", "--pin-file", self.pin, data="\n".join(lines))
        self.assertEqual(done.code, 1)
        self.assertIn("line 701: the serial '%s' has 129 bytes: the limit is 128" % ("x" * 129), done.err)
        self.assertEqual([x.split(",")[0] for x in done.out.splitlines()], lines[:700])

    def test_a_kill_and_a_resume_give_the_whole(self):
        expected = self.derive()
        out = self.path("out.csv")
        for delay in 0.12, 0.15, 0.2:
            p = subprocess.Popen([TOOL, "derive", "--csv", self.input, "--output", out, "--resume", "--pin-file", self.pin,
                                  "--module", MODULE], env=self.env)
            time.sleep(delay)
            p.send_signal(signal.SIGKILL)
            p.wait()
        self.derive("--output", out, "--resume")
        with open(out) as f:
            self.assertEqual(f.read(), expected)

    def test_resume_mends_a_torn_line(self):
        expected = self.derive()
        out = self.path("out.csv")
        for cut in 0, 1, 11, 17, 18, 19, 5000, len(expected) - 3, len(expected):
            self.write("out.csv", expected[:cut])
            self.derive("--output", out, "--resume")
            self.assertEqual(self.read("out.csv"), expected, cut)

    def test_resume_does_nothing_twice(self):
        expected = self.derive()
        changed = expected[:7000 * 17].replace(expected.split("\n")[3], "SN-000003,FFFFFF")
        self.write("out.csv", changed)
        self.derive("--output", self.path("out.csv"), "--resume")
        self.assertEqual(self.read("out.csv").splitlines()[3], "SN-000003,FFFFFF")

    def test_resume_in_json(self):
        expected = self.derive("--json")
        self.write("out.csv", expected[:12345])
        self.derive("--json", "--output", self.path("out.csv"), "--resume")
        self.assertEqual(self.read("out.csv"), expected)

    def test_output_of_something_else_is_not_touched(self):
        self.write("out.csv", "OTHER,123456\n")
        self.refused("derive", "--csv", self.input, "--output", self.path("out.csv"), says="is there already")
        self.refused("derive", "--csv", self.input, "--output", self.path("out.csv"), "--resume", says="does not go with this input")
        self.assertEqual(self.read("out.csv"), "OTHER,123456\n")
        self.write("short.csv", "A\n")
        self.write("out.csv", "A,123456\nB,123456\n")
        self.refused("derive", "--csv", self.path("short.csv"), "--output", self.path("out.csv"), "--resume", says="more lines than the input")
        self.refused("derive", "--csv", self.input, "--resume", says="--resume needs --output")

    def test_a_device_is_no_earlier_output(self):
        """Reading some of them would never end."""
        for device in "/dev/full", "/dev/zero", "/dev/null":
            self.refused("derive", "--csv", self.input, "--output", device, "--resume", says="'%s' is no regular file" % device)

    def test_the_end_of_something_else_is_not_cut_off(self):
        torn = ["a text without a newline", "SN-000001", "SN-000000,123456\nSN-000002", "SN-000000,123456\n\0\0"]
        for text in torn + ["{\"serial\":\"SN-000000\",\"check_value\":\"123456\"}\n{\"label\":\"SN-000001\""]:
            self.write("out.csv", text)
            json_too = ["--json"] if text.startswith("{") else []
            self.refused("derive", "--csv", self.input, "--output", self.path("out.csv"), "--resume", *json_too, says="does not go with this input")
            self.assertEqual(self.read("out.csv"), text)
        short = self.write("short.csv", "A\nB")
        self.refused("derive", "--csv", short, "--output", short, "--resume", says="is the input")
        self.assertEqual(self.read("short.csv"), "A\nB")

    def test_stored_keys_survive_a_kill_once_each(self):
        small = self.write("small.csv", "".join("SN-%d\n" % i for i in range(300)))
        out = self.path("out.csv")
        arguments = ["derive", "--key", "master", "--csv", small, "--store", "--usage", "sign", "--output", out, "--resume",
                     "--pin-file", self.pin]
        for delay in 0.2, 0.3:
            p = subprocess.Popen([TOOL, *arguments, "--module", MODULE], env=self.env)
            time.sleep(delay)
            p.send_signal(signal.SIGKILL)
            p.wait()
        self.ok(*arguments)
        keys = self.user_json("key", "list")
        self.assertEqual(sorted(k["label"] for k in keys), sorted(["master"] + ["SN-%d" % i for i in range(300)]))
        checks = {k["label"]: k["check_value"] for k in keys}
        self.assertEqual(self.read("out.csv"), "".join("SN-%d,%s\n" % (i, checks["SN-%d" % i]) for i in range(300)))

    def test_no_label_twice_however_many_threads(self):
        # Each label stands in every batch of 64 lines, so that many threads come to it at once.
        twice = self.write("twice.csv", "".join("SN-%d\n" % (i % 64) for i in range(64 * 24)))
        out = self.user("derive", "--key", "master", "--csv", twice, "--store", "--usage", "sign", "--output", self.path("out.csv"),
                        "--resume", "--allow-duplicates")
        self.assertEqual(out, "")
        keys = [k["label"] for k in self.user_json("key", "list")]
        self.assertEqual(sorted(keys), sorted(["master"] + ["SN-%d" % i for i in range(64)]))
        self.assertEqual(len(self.read("out.csv").splitlines()), 64 * 24)

    def test_a_reader_that_goes_away_gets_one_message(self):
        r, w = os.pipe()
        os.close(r)
        p = subprocess.run([TOOL, "derive", "--csv", self.input, "--pin-file", self.pin, "--module", MODULE], env=self.env, stdout=w,
                           stderr=subprocess.PIPE, text=True, restore_signals=False)  # SIGPIPE stays ignored, as by Python
        os.close(w)
        self.assertEqual((p.returncode, p.stderr), (1, "keydiv: cannot write the output: Broken pipe\n"))

    def test_progress_is_for_terminals(self):
        t = Terminal(["derive", "--csv", self.input, "--output", self.path("out.csv"), "--pin-file", self.pin], self.env)
        seen, code = t.end()
        self.assertEqual(code, 0)
        self.assertIn("%d done in" % COUNT, seen)
        os.remove(self.path("out.csv"))
        self.derive("--output", self.path("out.csv"))  # ok() sees that standard error is empty
        seen, code = Terminal(["derive", "--csv", self.input, "--pin-file", self.pin], self.env).end()
        self.assertEqual((code, seen.count("\r\n"), "done" in seen), (0, COUNT, False))

    def test_a_message_wipes_the_progress(self):
        self.write("in.csv", "".join("SN-%d\n" % i for i in range(5000)) + "x" * 129)
        t = Terminal(["derive", "--csv", self.input, "--output", self.path("out.csv"), "--pin-file", self.pin], self.env)
        seen, code = t.end()
        self.assertEqual(code, 1)
        self.assertIn("\r\033[Kkeydiv: line 5001: ", seen)
        self.assertIn("5000 done in", seen)

    def peak(self, file):
        """Exit code of deriving for FILE, and the most memory that took, in KiB."""
        script = "import resource,subprocess,sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, " \
                 "stderr=subprocess.DEVNULL).returncode; print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        p = subprocess.run(["/usr/bin/python3", "-c", script, TOOL, "derive", "--csv", file, "--pin-file", self.pin, "--module", MODULE],
                           env=self.env, stdout=subprocess.PIPE, text=True)
        return tuple(int(n) for n in p.stdout.split())

    @not_sanitized  # AddressSanitizer keeps memory that was freed
    def test_memory_does_not_grow(self):
        def peak(count):
            code, kib = self.peak(self.write("in2.csv", "".join("SN-%07d\n" % i for i in range(count))))
            self.assertEqual(code, 0)
            return kib

        self.assertLess(peak(200000), peak(2000) + 4096)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""test_csv.py: lists that could be misread are refused with their line; nothing is printed from that line on."""
import os
import random
import subprocess

from harness import MASTER, MODULE, TOOL, ToolTest, main, not_sanitized


class Csv(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER)

    def derive(self, text, *arguments):
        """Derive for the list TEXT from a file and from a pipe, which must give the same."""
        if isinstance(text, str):
            text = text.encode()
        file = self.run_tool("derive", "--csv", self.write("in.csv", text), *arguments, "--pin-file", self.pin, errors="replace")
        pipe = subprocess.run([TOOL, "derive", "--csv", "-", *arguments, "--pin-file", self.pin, "--module", MODULE], input=text,
                              env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((file.code, file.out, file.err),
                         (pipe.returncode, pipe.stdout.decode(errors="replace"), pipe.stderr.decode(errors="replace")))
        return file

    def serials(self, text, *arguments):
        """The serials that keys are derived for, as the output shows them."""
        done = self.derive(text, *arguments)
        self.assertEqual((done.code, done.err), (0, ""))
        return [line.rpartition(",")[0] for line in done.out.splitlines()]

    def wrong(self, text, line, says, *arguments, printed=0):
        """The list is refused at LINE, after PRINTED lines of output."""
        done = self.derive(text, *arguments)
        self.assertEqual((done.code, done.out.count("\n"), done.err.count("\n")), (1, printed, 1), done.err)
        self.assertTrue(done.err.startswith("keydiv: line %d: " % line), done.err)
        self.assertIn(says, done.err)

    def test_delimiters_of_other_lists(self):
        for other in ";", "\t", ";meter;", "\tmeter\t1":
            self.wrong("SN-1%s\nSN-2%s\n" % (other, other), 1, "--delimiter")
        self.wrong("model;serial\nmeter;SN-1\n", 1, "--delimiter", "--column", "serial")
        self.wrong("meter;SN-1\nmeter;SN-2\n", 1, "--delimiter", "--column", "2")
        self.wrong('"meter";SN-1\n', 1, "--delimiter", "--column", "2")
        self.wrong("A\nB\nSN;3\nC\n", 3, "has ';' in it", printed=2)
        self.wrong("A\nB,x\nSN\t3,y\nC\n", 3, "has a tab in it", printed=2)
        self.wrong("SN-1,meter\n", 1, "has ',' in it", "--delimiter", ";")
        self.assertEqual(self.serials('"SN;1",x\n"S\tN",y\n'), ['"SN;1"', '"S\tN"'])

    def test_delimiter(self):
        plain = self.serials("SN-1,meter\nSN-2,meter\n")
        for c in ";", "\t", "|", " ":
            text = "SN-1%smeter\nSN-2%smeter\n" % (c, c)
            self.assertEqual(self.serials(text, "--delimiter", c), plain)
        self.assertEqual(self.serials("SN-1\tmeter\nSN-2\tx\n", "--delimiter", "\\t"), plain)
        self.assertEqual(self.serials("model;serial\nmeter;SN-1\nmeter;SN-2\n", "--delimiter", ";", "--column", "serial"), plain)
        self.assertEqual(self.serials('meter;"a,b"\n', "--delimiter", ";", "--column", "2"), ['"a,b"'])
        for wrong in "", ";;", "a", "1", '"', "\n", "\u00a7":
            self.refused("derive", "--csv", self.pin, "--delimiter", wrong, says="--delimiter takes one character")
        self.refused("derive", "x", "--delimiter", ";", says="go with --csv")

    def test_a_list_with_tabs_is_not_trimmed(self):
        # Each line has the same tabs and no comma, so the tabs separate fields. One line that has not is enough for --trim.
        for text in "\tSN-1\n\tSN-2\n", "SN-1\t\nSN-2\t\n", "\r\n\ufeff\tSN-1\t\r\n\r\n\tSN-2\t", "SN-1\t\n", '"SN-1"\t\n"S,N"\t\n':
            first = 2 if text.startswith("\r") else 1
            self.wrong(text.replace("\ufeff", ""), first, "give --delimiter", "--trim")
            self.wrong(text.replace("\t", "\t "), first, "give --delimiter", "--trim")
            self.wrong("serial\n" + text.replace("\ufeff", ""), first + 1, "give --delimiter", "--trim", "--header")
            self.wrong(text.replace("\ufeff", ""), first, "give --delimiter", "--trim", "--delimiter", "|")
        self.assertEqual(self.serials("SN-1\t\nSN-2\n", "--trim"), ["SN-1", "SN-2"])
        self.assertEqual(self.serials("SN-1\t\nSN-2\t\t\n", "--trim"), ["SN-1", "SN-2"])
        self.assertEqual(self.serials("SN-1\t\nSN-2\t,x\n", "--trim"), ["SN-1", "SN-2"])
        self.assertEqual(self.serials("SN-1\t\nSN-2\t\n", "--trim", "--delimiter", "\t"), ["SN-1", "SN-2"])
        # The first 256 KiB decide.
        for count, refused in (2000, False), (40000, True):
            names = ["SN-%d" % i for i in range(count)]
            text = "".join(name + "\t\n" for name in names)[:-2]
            if refused:
                self.wrong(text, 1, "give --delimiter", "--trim")
            else:
                self.assertEqual(self.serials(text, "--trim"), names)

    def test_blanks(self):
        for serial in " SN-1", "SN-1 ", "\u00a0SN-1", "SN-1\u00a0", "SN-1\u3000", "\u200bSN-1", "SN-1\u2009":
            self.wrong("A\n%s,x\n" % serial, 2, "blanks around the serial", printed=1)
            self.wrong('A\n"%s",x\n' % serial, 2, "blanks around the serial", printed=1)
            self.assertEqual(self.serials("A\n%s,x\n" % serial, "--trim"), ["A", "SN-1"])
            self.assertEqual(self.serials('A\n"%s",x\n' % serial, "--trim"), ["A", "SN-1"])
        for c in "\t", " ":  # in quotation marks the delimiter is a blank
            self.wrong('A\n"SN-1%s"%sx\n' % (c, c), 2, "blanks around the serial", "--delimiter", c, printed=1)
            self.assertEqual(self.serials('A\n"%sSN-1%s"%sx\n' % (c, c, c), "--delimiter", c, "--trim"), ["A", "SN-1"])
        self.wrong('A\n "SN-1",x\n', 2, "blanks before a quotation mark", printed=1)
        self.wrong('A\n"SN-1" ,x\n', 2, "blanks behind a quotation mark", printed=1)
        self.wrong('A, "b,c", SN-1\n', 1, "blanks before a quotation mark", "--column", "3")
        self.assertEqual(self.serials('A\n\t "SN-1" ,x\n', "--trim"), ["A", "SN-1"])
        self.assertEqual(self.serials("SN 1\n\u00e9 \u00e0\n"), ["SN 1", "\u00e9 \u00e0"])
        self.assertEqual(self.serials("model , serial\nx, SN-1\n", "--trim", "--column", "serial"), ["SN-1"])

    def test_lines_that_are_no_records(self):
        for blanks in " ", "\t", "  \t ", "\u00a0":
            self.wrong("A\n%s\nB\n" % blanks, 2, "blanks only", printed=1)
            self.wrong("A\n%s\nB\n" % blanks, 2, "blanks only", "--trim", printed=1)
        self.wrong("A\n# the second shift\nB\n", 2, "begins with #", printed=1)
        self.wrong("A,x\n#B,y\n", 2, "begins with #", "--column", "2", printed=1)
        self.wrong("A\n  # B\n", 2, "begins with #", "--trim", printed=1)
        self.wrong("# a list\nserial\nA\n", 1, "begins with #", "--header")
        self.assertEqual(self.serials('A\n"#1"\n'), ["A", '"#1"'])
        self.wrong("A,x\n,y\n", 2, "the serial is empty", printed=1)
        self.wrong('A,x\n"",y\n', 2, "the serial is empty", printed=1)
        self.assertEqual(self.serials("A\n\nB\r\n\r\n"), ["A", "B"])

    def test_empty_lists(self):
        for empty in "", "\n", "\r\n\r\n", "\ufeff":
            self.assertEqual(self.derive(empty).code, 1)
            self.assertIn("the input has no records", self.derive(empty).err)
        self.wrong("", 1, "the input has no records")
        self.wrong("serial,model\n", 1, "a heading and no records", "--header")
        self.wrong("serial,model\n", 1, "a heading and no records", "--column", "serial")

    def test_headings(self):
        for heading in "serial", "Serial", "SERIAL", "id", "ID", "device", "Device ID", "serial_number", "Serial No.", "S/N", "name", "label", "Model", "type", "tag-uid":
            self.wrong("%s,model\nSN-1,meter\n" % heading, 1, "is a heading")
            self.wrong('"%s"\nSN-1\n' % heading, 1, "is a heading")
            self.assertEqual(self.serials("%s,model\nSN-1,meter\n" % heading, "--header"), ["SN-1"])
        self.wrong("model,serial\nmeter,SN-1\n", 1, "is a heading", "--column", "2")
        self.wrong("\ufeffserial\nSN-1\n", 1, "is a heading")
        self.assertEqual(self.serials("SN-1\nserial\nid\n"), ["SN-1", "serial", "id"])

    def test_length_of_quotation_marks(self):
        # A quotation mark counts once, though a field with quotation marks has it twice.
        marks = '"' * 200
        self.assertEqual(self.serials('model,"%s"\nmeter,SN-1\n' % (2 * marks), "--column", marks), ["SN-1"])
        self.wrong('"%s"\n' % ('""' * 512), 1, "serial")
        self.assertNotIn("longer than 512", self.derive('"%s"\n' % ('""' * 512)).err)
        self.wrong('"%s"\n' % ('""' * 513), 1, "the serial is longer than 512 bytes")

    def test_characters(self):
        self.wrong("A\nB\rC\n", 2, "a control character", printed=1)
        self.wrong('A\n"B\x1b[1m"\n', 2, "a control character", printed=1)
        self.wrong(b"A\nB\0\n", 2, "a control character", printed=1)
        self.wrong("SN-1\nSN-2\n".encode("utf-16"), 1, "UTF-16")

    def test_hex(self):
        self.assertEqual(self.serials("00ff\n0A0a\n", "--hex"), ["00ff", "0a0a"])
        done = self.derive("534e2d31\n", "--hex")
        self.assertEqual(done.out.split(",")[1], self.user("derive", "SN-1").split(",")[1])
        self.assertEqual(self.user("derive", "--hex", "534E2D31"), done.out)
        for bad in "0", "xy", "SN-1", "00 ff", "0x00":
            self.wrong("00ff\n%s\n" % bad, 2, "is not hexadecimal", "--hex", printed=1)
        self.refused("derive", "--hex", "SN-1", says="is not hexadecimal")
        self.wrong("0a\n0A\n", 2, "is also in line 1", "--hex", printed=1)
        self.assertEqual(self.serials(" 00ff \n\t01\t,x\n", "--hex", "--trim"), ["00ff", "01"])
        self.user("derive", "--csv", self.write("in.csv", "00\n01\n"), "--hex", "--output", self.path("out"))
        whole = self.read("out")
        self.write("out", whole[:12])
        self.user("derive", "--csv", self.path("in.csv"), "--hex", "--output", self.path("out"), "--resume")
        self.assertEqual(self.read("out"), whole)
        self.user("derive", "--csv", self.path("in.csv"), "--hex", "--json", "--store", "--usage", "sign")
        labels = [key["label"] for key in self.user_json("key", "list")]
        self.assertLessEqual({"00", "01"}, set(labels))
        self.user("derive", "--hex", "534E2d31", "00FF", "--store", "--usage", "sign")
        for label in "534e2d31", "00ff":
            self.assertEqual(self.user_json("key", "show", label)["label"], label)
        self.refused("derive", "--hex", "534e2D31", "--store", "--usage", "sign", says="there is a key '534e2d31' already")
        self.user("derive", "--csv", self.write("in.csv", "00\n01\n02\n"), "--hex", "--store", "--usage", "sign", "--resume", "--output", self.path("new"))
        self.assertEqual(len(self.user_json("key", "list")), len(labels) + 3)

    def test_duplicates(self):
        self.wrong("A\nA\n", 2, "'A' is also in line 1", printed=1)
        self.wrong("A\nB\n\nA\nC\n", 4, "'A' is also in line 1", printed=2)
        self.wrong("x,A\ny,B\nz,A\n", 3, "is also in line 1", "--column", "2", printed=2)
        self.wrong('serial\nA\n"A"\n', 3, "is also in line 2", "--header", printed=1)
        self.wrong("A\n A\n", 2, "is also in line 1", "--trim", printed=1)
        self.wrong("C\nB\nA\nB\n", 4, "is also in line 2", printed=3)
        self.assertEqual(self.serials("A\nB\nA\nA\n", "--allow-duplicates"), ["A", "B", "A", "A"])
        # A wrong line before the duplicate ends the work first.
        self.wrong("B\nA\n;\nB\n", 3, "has ';' in it", printed=2)

    def test_duplicates_in_long_lists(self):
        chance = random.Random(1)
        names = ["SN-%d" % i for i in range(3000)]
        shuffled = chance.sample(names, len(names))
        for order in names, names[::-1], sorted(names), shuffled, names[:2000] + names[2000:][::-1]:
            self.assertEqual(self.serials("\n".join(order)), order)
            for first, second in (0, len(order) - 1), (17, 2900), (1234, 1235):
                twice = order[:second] + [order[first]] + order[second:]
                self.wrong("\n".join(twice), second + 1, "'%s' is also in line %d" % (order[first], first + 1), printed=second)

    def test_many_duplicates(self):
        # The first of many is named, and the marks for a second reading do not overflow.
        names = ["SN-%d" % (i * 7919 % 50021) for i in range(50021)]
        done = self.run_tool("derive", "--csv", "-", "--pin-file", self.pin, data="\n".join(names + names[::-1] + names))
        self.assertEqual((done.code, done.out.count("\n")), (1, 50021))
        self.assertIn("line 50022: the serial 'SN-42102' is also in line 50021", done.err)

    @not_sanitized  # AddressSanitizer keeps memory that was freed
    def test_memory_of_the_search_does_not_grow(self):
        def peak(count):
            names = ["SN-%07d\n" % i for i in range(count)]
            random.Random(2).shuffle(names)
            script = "import resource,subprocess,sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; " \
                     "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            p = subprocess.run(["/usr/bin/python3", "-c", script, TOOL, "derive", "--csv", self.write("in.csv", "".join(names)),
                                "--pin-file", self.pin, "--module", MODULE], env=self.env, stdout=subprocess.PIPE, text=True)
            code, kib = p.stdout.split()
            self.assertEqual(code, "0")
            return int(kib)

        self.assertLess(peak(200000), peak(2000) + 4096)

    def test_a_sorted_pipe_is_not_read_to_its_end_first(self):
        p = subprocess.Popen([TOOL, "derive", "--csv", "-", "--pin-file", self.pin, "--module", MODULE], env=self.env,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = p.communicate("".join("SN-%05d\n" % i for i in range(5000)))
        self.assertEqual((p.returncode, err, out.count("\n")), (0, "", 5000))

    def test_no_room_for_the_copy_of_a_pipe(self):
        env = dict(self.env, TMPDIR="/dev/null")
        text = "B\nA\n"
        p = subprocess.run([TOOL, "derive", "--csv", "-", "--pin-file", self.pin, "--module", MODULE], env=env, input=text,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((p.returncode, p.stderr), (0, ""))  # /var/tmp and /tmp come next

    def test_a_wrong_line_of_a_wrapped_list(self):
        self.import_key("kek", os.urandom(32), "--usage", "unwrap")
        for option in "--csv", "--key-block-csv":
            for text, line, says in (("label,key\nk,00\n", 1, "is a heading"), ("a;00\nb;00\n", 1, "--delimiter"), ("", 1, "no records"),
                                     (" a,00\n", 1, "blanks around the label"), ("#a,00\n", 1, "begins with #"), (" \n", 1, "blanks only"),
                                     ("a\tb,00\n", 1, "has a tab in it")):
                done = self.run_tool("key", "import", option, self.write("in.csv", text), "--unwrap-key", "kek", "--pin-file", self.pin)
                self.assertEqual((done.code, done.out), (1, ""))
                self.assertTrue(done.err.startswith("keydiv: line %d: " % line), done.err)
                self.assertIn(says, done.err)


if __name__ == "__main__":
    main()

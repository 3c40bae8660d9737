# SPDX-License-Identifier: Apache-2.0
"""test_trades.py: the recipes of mechanisms/TRADES.md print what the page shows. With a file as argument, the page is written there with the
output of this run, for a new recipe: test_trades.py --write FILE."""
import os
import re
import subprocess
import sys

from harness import MODULE, SOURCE, TOOL, ToolTest, main

PAGE = os.path.join(SOURCE, "mechanisms", "TRADES.md")
END = "\x01"  # after the output of each command


class Recipes(ToolTest):
    def setUp(self):
        super().setUp()
        with open(PAGE, encoding="utf-8") as f:
            self.page = f.read()
        for name, key in re.findall(r"^\| (\w+) \| ([0-9a-f]{32,64}) \|", self.page, re.M):
            key, one = bytes.fromhex(key), os.urandom(len(key) // 2)
            self.write(name + ".1", one.hex() + "\n")
            self.write(name + ".2", bytes(a ^ b for a, b in zip(one, key)).hex() + "\n")
        os.mkdir(self.path("bin"))
        pins = 'case "$1 $2" in "key trust") so="--so-pin-file %s" ;; esac' % self.so_pin
        self.write("bin/keydiv", '#!/bin/sh\n%s\nexec %s "$@" --module %s --pin-file %s $so\n' % (pins, TOOL, MODULE, self.pin), 0o700)
        self.env["PATH"] = self.path("bin") + ":" + self.env["PATH"]

    def outputs(self, commands):
        """What each of the COMMANDS of one recipe prints, in one shell."""
        script = "".join("%s\nprintf '%s'\n" % (command, END) for command in commands)
        done = subprocess.run(["sh", "-c", script], cwd=self.dir, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout.split(END)[:-1]

    def test_page(self):
        sections = re.split(r"^## ", self.page, flags=re.M)[1:]
        run = 0
        for section in sections:
            blocks = re.findall(r"^    \$ (.*)\n((?:    (?!\$ ).*\n)*)", section, re.M)
            got = self.outputs([command for command, _ in blocks])
            for (command, shown), output in zip(blocks, got):
                shown = re.sub("^    ", "", shown, flags=re.M)
                wanted = re.escape(shown).replace(re.escape("..."), "(?s:.*)")
                self.assertTrue(re.fullmatch(wanted, output), "%s\nshows\n%s\nand prints\n%s" % (command, shown, output))
                run += 1
        self.assertGreater(run, 40)

    def test_every_trade_has_a_recipe(self):
        """The schemes that the page promises, by the mechanisms that its commands name."""
        used = set(re.findall(r"--(?:mechanism|operation|wrap-mechanism) ([a-z0-9-]+)", self.page))
        self.assertLessEqual({"sdm-session-key", "aes-cmac-odd", "lorawan-session-key", "lorawan-device-key", "tdes-dukpt-initial-key", "gp-static-key",
                              "scp03-key", "osdp-scbk", "osdp-session-key", "oms-mode7-key", "she-key-update", "she-key-proof", "lorawan-mic",
                              "lorawan-join-accept", "cmac", "flat-hkdf-derive"}, used)

    def write_page(self, path):
        """Write the page to PATH with the output of this run."""
        lines, text = self.page.splitlines(keepends=True), []
        section = []
        for line in lines + ["## "]:
            if line.startswith("## "):
                got = iter(self.outputs([l[6:-1] for l in section if l.startswith("    $ ")]))
                for l in section:
                    if l.startswith("    $ "):
                        text.append(l + re.sub("^(?=.)", "    ", next(got), flags=re.M))
                    elif not l.startswith("    "):
                        text.append(l)
                section = []
            section.append(line)
        with open(path, "w", encoding="utf-8") as f:
            f.write("".join(text))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        recipes = Recipes("test_page")
        recipes.setUp()
        recipes.write_page(sys.argv[2])
        recipes.doCleanups()
    else:
        main()

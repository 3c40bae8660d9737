# SPDX-License-Identifier: Apache-2.0
"""failing.py: a token and files that every command of the tool can work on, again and again."""
import os
import shutil

from harness import MASTER, ToolTest


class FailingTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("master", MASTER, "--extractable-children", "--allow", "device,odukpt")
        self.user("key", "generate", "--label", "kek", "--usage", "wrap,unwrap", "--public")
        self.user("key", "generate", "--label", "kbpk", "--usage", "wrap,unwrap", "--allow", "key-block", "--public")
        self.user("key", "generate", "--label", "out", "--usage", "encrypt,decrypt", "--extractable", "--size", "128")
        self.user("key", "generate", "--label", "window", "--window", "8")
        self.user("odukpt", "initial", "--key", "master", "--device", "T", "--shape", "4,5", "--label", "initial")
        self.user("odukpt", "initial", "--key", "master", "--device", "T", "--shape", "4,5", "--label", "initial2")
        self.user("odukpt", "client", "--key", "initial2", "--shape", "4,5", "--label", "client")
        self.user("device", "rotate", "SN-1")
        wrapped = self.user("key", "export", "out", "--wrap-with", "kek").strip()
        self.write("wrapped", "one,%s\ntwo,%s\n" % (wrapped, wrapped))
        self.write("block", self.user("key", "export", "out", "--wrap-with", "kbpk", "--key-block"))
        self.write("blocks", "three," + self.read("block"))
        self.write("serials", "A\nB\n")
        self.write("messages", "serial,counter,message\nA,1,00\nA,2,01\n")
        self.write("signed", self.user("sign", "--key", "window", "--csv", self.path("messages")))
        self.write("sealed", self.user("seal", "--key", "window", "--csv", self.path("messages")))
        self.write("c1", 64 * "1" + "\n")
        self.write("c2", 64 * "2" + "\n")
        shutil.copytree(self.path("tokens"), self.path("kept"))
        self.before = self.labels()

    def restore(self):
        shutil.rmtree(self.path("tokens"))
        shutil.copytree(self.path("kept"), self.path("tokens"))
        for name in "record", "output":
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    def labels(self):
        return sorted(row["label"] for row in self.user_json("key", "list"))

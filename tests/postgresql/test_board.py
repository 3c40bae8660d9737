# SPDX-License-Identifier: Apache-2.0
"""test_board.py: the checker of histories finds each breach, and accepts what is allowed."""
import os
import tempfile
import unittest

from board import BY_DESTROY, BY_DISABLE, DEVICE_ERROR, OK, SILENT, check_end, check_running, make_board


class Checker(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.board = make_board(os.path.join(self.dir.name, "board"), 1)
        self.board.keys = 1
        self.key = self.board.key[0]
        self.key.make_begin, self.key.make_end = 100, 200

    def end(self, by=BY_DESTROY, rv=OK, end=400):
        self.key.gone_begin, self.key.gone_end, self.key.gone_by, self.key.gone_rv = 300, end, by, rv

    def running(self, text):
        found = check_running(self.board)
        self.assertEqual(len(found), 1 if text else 0, found)
        self.assertIn(text, "".join(found))

    def at_end(self, labels, usable, text):
        found = check_end(self.board, labels, usable)
        self.assertEqual(len(found), 1 if text else 0, found)
        self.assertIn(text, "".join(found))

    def test_use_after_the_end(self):
        for by in BY_DESTROY, BY_DISABLE:
            self.end(by)
            self.key.used = 399
            self.running("")
            self.key.used = 401
            self.running("used it in a call that began")

    def test_use_after_an_end_that_nobody_has_acknowledged(self):
        self.end(end=0)
        self.key.used = 500
        self.running("")
        self.end(rv=DEVICE_ERROR)
        self.running("")

    def test_found_after_the_end(self):
        self.end()
        self.key.found = 401
        self.running("was found by a search")
        self.end(BY_DISABLE)
        self.running("")

    def test_missed(self):
        self.key.missed = 250
        self.running("missed by a search")
        self.end()
        self.running("missed by a search")
        self.key.missed = 301
        self.running("")

    def test_refused(self):
        self.key.refused = 250
        self.running("refused")
        self.end(end=0)
        self.key.refused = 350
        self.running("")

    def test_counter(self):
        self.board.accepted[2][7] = 1
        self.running("")
        self.board.accepted[2][7] = 2
        self.running("window 2 accepted counter 7 2 times")

    def test_lost(self):
        self.at_end([], [], "K0 was acknowledged and is lost")
        self.at_end(["K0"], ["K0"], "")
        self.at_end(["K0", "K0"], ["K0"], "2 times")
        self.at_end(["K0"], [], "cannot be used")

    def test_destroyed(self):
        self.end()
        self.at_end([], [], "")
        self.at_end(["K0"], ["K0"], "was destroyed and is there")
        self.end(end=0)
        self.at_end([], [], "")
        self.at_end(["K0"], ["K0"], "")

    def test_disabled(self):
        self.end(BY_DISABLE)
        self.at_end(["K0"], [], "")
        self.at_end(["K0"], ["K0"], "was disabled and can be used")
        self.at_end([], [], "lost")

    def test_refused_changes(self):
        self.end(rv=DEVICE_ERROR)
        self.at_end([], [], "lost")
        self.at_end(["K0"], ["K0"], "")
        self.end(rv=DEVICE_ERROR, end=300 + SILENT)
        self.at_end([], [], "")
        self.end(BY_DISABLE, rv=DEVICE_ERROR)
        self.at_end(["K0"], [], "its end gave 0x30")

    def test_refused_creation(self):
        self.key.make_rv = DEVICE_ERROR
        self.at_end([], [], "")
        self.at_end(["K0"], ["K0"], "its creation gave 0x30")
        self.key.make_end = self.key.make_begin + SILENT
        self.at_end(["K0"], ["K0"], "")

    def test_killed_creation(self):
        self.key.make_end = 0
        self.at_end([], [], "")
        self.at_end(["K0"], ["K0"], "")


if __name__ == "__main__":
    unittest.main()

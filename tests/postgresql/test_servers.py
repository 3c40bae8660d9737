# SPDX-License-Identifier: Apache-2.0
"""test_servers.py: the servers of tests do what servers.py promises: otherwise a test of a fault would test nothing."""
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import find_programs, processes_below  # noqa: E402
from servers import SKIPPED, send  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = [sys.executable, os.path.join(HERE, "servers.py")]


def psql(service, text, timeout=60, **environment):
    """Run SQL through a service. Return what it printed, or None if that failed."""
    done = subprocess.run([os.path.join(find_programs(), "psql"), "-XAtq", "-c", text, "service=" + service], timeout=timeout,
        env=os.environ | environment, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


class Servers(unittest.TestCase):
    """One pair of servers for all tests, which put back what they change."""

    def command(self, *words):
        return send(os.environ["KEYDIV_PG"], words)

    def test_a_durable(self):
        for name in "ab":
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                self.assertEqual(self.command("sql", name, "SHOW", setting), "on")
        self.assertEqual(psql("way", "SELECT pg_is_in_recovery()"), "f")
        self.assertEqual(psql("b", "SELECT pg_is_in_recovery()"), "t")

    def test_b_kill(self):
        psql("way", "CREATE TABLE kept(n int); INSERT INTO kept VALUES(1)")
        self.command("kill", "a")
        self.assertEqual(processes_below(os.path.join(os.environ["KEYDIV_PG"], "a")), [])
        self.assertIsNone(psql("a", "SELECT 1"))
        self.command("start", "a")
        self.command("synchronous")
        self.assertEqual(psql("way", "SELECT n FROM kept"), "1")

    def test_c_pause(self):
        self.command("pause", "a")
        with self.assertRaises(subprocess.TimeoutExpired):
            psql("a", "SELECT 1", timeout=1)
        self.command("cont", "a")
        self.assertEqual(psql("a", "SELECT 1"), "1")

    def test_d_cut(self):
        """A cut link gives no answer, not even an end. The other links go on."""
        self.command("cut", "way-a")
        with self.assertRaises(subprocess.TimeoutExpired):
            psql("way", "SELECT 1", timeout=1)
        self.assertEqual(psql("direct", "SELECT 1"), "1")
        self.command("heal", "way-a")
        self.assertEqual(psql("way", "SELECT 1"), "1")
        self.command("reset", "way")
        self.assertIsNone(psql("way", "SELECT 1"))
        self.command("heal", "way")

    def test_e_cut_within_a_connection(self):
        client = subprocess.Popen([os.path.join(find_programs(), "psql"), "-XAtq", "service=way"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        client.stdin.write("SELECT 1;\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "1\n")
        self.command("cut", "way")
        client.stdin.write("SELECT 2;\n")
        client.stdin.flush()
        time.sleep(0.5)
        self.assertIsNone(client.poll())
        self.command("heal", "way")
        client.stdin.close()
        self.assertEqual(client.stdout.read(), "")
        self.assertNotEqual(client.wait(), 0)
        client.stdout.close()

    def test_f_no_commit_without_standby(self):
        self.command("cut", "replication")
        with self.assertRaises(subprocess.TimeoutExpired):
            psql("a", "CREATE TABLE waits(n int)", timeout=1)
        self.command("heal", "replication")
        self.command("synchronous")

    def test_g_promote(self):
        """The old primary runs on, cut off, and takes no commit. Then it becomes the standby."""
        self.command("cut", "replication")
        self.command("promote", "b")
        self.assertEqual(self.command("primary"), "b")
        self.assertEqual(psql("b", "SELECT pg_is_in_recovery()"), "f")
        self.assertEqual(psql("a", "SELECT pg_is_in_recovery()"), "f")
        with self.assertRaises(subprocess.TimeoutExpired):
            psql("a", "CREATE TABLE lost(n int)", timeout=1)
        self.command("heal", "replication")
        self.command("rebuild", "a")
        self.assertEqual(psql("way", "SELECT count(*) FROM pg_class WHERE relname = 'lost'"), "0")
        self.assertEqual(psql("a", "SELECT pg_is_in_recovery()"), "t")

    def test_h_cleaned_up_after_kill(self):
        """The program that runs the servers is killed: its servers end, and their directory is removed."""
        process = subprocess.Popen(SERVERS + ["run", "--", "sh", "-c", "echo $KEYDIV_PG; exec sleep 1000"], stdout=subprocess.PIPE,
            text=True, start_new_session=True)
        directory = process.stdout.readline().strip()
        self.assertNotEqual(processes_below(directory), [])
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        while os.path.exists(directory):
            time.sleep(0.05)
        self.assertEqual(processes_below(directory), [])


if __name__ == "__main__":
    if find_programs() is None:
        sys.exit(SKIPPED)
    if "KEYDIV_PG" in os.environ:
        unittest.main()
    os.execv(sys.executable, SERVERS + ["run", "--standby", "--link", "way", "--", sys.executable, os.path.abspath(__file__)] + sys.argv[1:])

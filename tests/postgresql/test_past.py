# SPDX-License-Identifier: Apache-2.0
"""test_past.py: a restore to an earlier moment, out of a base backup and archived WAL. What is back, what is gone, and what has to be
skipped is as pkcs11-conf/POSTGRESQL.md says, "Backup and point-in-time restore"."""
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server  # noqa: E402
from tool_on_server import SERIAL, STORE, Server, run, send, sql  # noqa: E402
from harness import MASTER  # noqa: E402

MOMENT_PASSES = 0.1


def prepare():
    """Make a directory for the archive. Return the options of servers.py."""
    os.environ["KEYDIV_ARCHIVE"] = tempfile.mkdtemp(prefix="keydiv-archive-")
    if server.server_user() is not None:
        os.chown(os.environ["KEYDIV_ARCHIVE"], server.server_user().pw_uid, -1)
    return ["--setting", "archive_mode = on", "--setting", "archive_command = 'cp %%p %s/%%f'" % os.environ["KEYDIV_ARCHIVE"]]


class Past(Server):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(shutil.rmtree, os.environ["KEYDIV_ARCHIVE"])

    def back_up(self):
        pg = os.environ["KEYDIV_PG"]
        self.restored = server.Server("restored", pg, os.path.join(pg, "s"))
        primary = server.Server("a", pg, self.restored.sockets)
        primary.port = int(send(pg, ["port", "a"]))
        self.restored.copy_running(primary)

    def restore(self, moment):
        """End the old server, and bring the backup to MOMENT."""
        archive = os.environ["KEYDIV_ARCHIVE"]
        send(os.environ["KEYDIV_PG"], ["stop", "a"])
        self.restored.write("postgresql.conf", f"archive_mode = off\nrestore_command = 'cp {archive}/%f %p'\n"
            f"recovery_target_time = '{moment}'\nrecovery_target_action = promote\n")
        self.restored.write("recovery.signal", "", "w")
        self.restored.start()
        self.addCleanup(self.restored.kill)
        self.restored.wait_for("SELECT pg_is_in_recovery()", "f")
        self.use(f"store = postgresql:host={self.restored.sockets} port={self.restored.port} dbname=keydiv user=postgres")

    def labels(self):
        return sorted(key["label"] for key in self.user_json("key", "list"))

    def test_a_restore_to_an_earlier_moment(self):
        self.ok("store", "init", STORE)
        self.use("store = " + STORE)
        self.make_token()
        for label, *arguments in ["plain"], ["windowed", "--window", "64"], ["destroyed"]:
            self.import_key(label, MASTER, *arguments)
        messages = {n: self.message(n) for n in (1, 2, 3, 9, 11)}
        self.assertEqual(self.verdict(messages[1]), "ok")
        self.back_up()
        self.assertEqual(self.verdict(messages[2]), "ok")
        moment = sql("SELECT clock_timestamp()")
        time.sleep(MOMENT_PASSES)
        self.assertEqual(self.verdict(messages[3]), "ok")
        self.user("key", "delete", "destroyed", "--force")
        self.import_key("late", MASTER)
        self.assertEqual(self.labels(), ["late", "plain", "windowed"])

        self.restore(moment)
        self.assertEqual(self.labels(), ["destroyed", "plain", "windowed"])
        self.assertEqual([self.verdict(messages[n]) for n in (1, 2, 3, 3)], ["replayed", "replayed", "ok", "replayed"])
        self.user("window", "skip", SERIAL, "--key", "windowed", "--to", "10", "--force")
        self.assertEqual([self.verdict(messages[n]) for n in (9, 11)], ["replayed", "ok"])
        self.import_key("another", MASTER)
        self.assertEqual(self.labels(), ["another", "destroyed", "plain", "windowed"])


if __name__ == "__main__":
    run(prepare)

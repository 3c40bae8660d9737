# SPDX-License-Identifier: Apache-2.0
"""test_tool.py: keydiv store init, status and copy, and keydiv info, on servers."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tool_on_server import HERE, SERIAL, STORE, Server, run, send, sql  # noqa: E402
from harness import MASTER  # noqa: E402


class Init(Server):
    def test_tables_are_made_once(self):
        self.assertEqual(self.status()[0]["tables"], "none: run 'keydiv store init'")
        self.assertEqual(self.ok("store", "init", STORE), "tables: made, version 2\n")
        self.assertEqual(self.ok("store", "init", STORE), "tables: as they were, version 2\n")
        self.assertEqual(self.status()[0]["tables"], "version 2")

    def test_the_step_from_version_1(self):
        schema = os.path.join(os.environ["KEYDIV_SOURCE"], "src", "store", "postgresql", "schema_1.sql")
        send(os.environ["KEYDIV_PG"], ["load", "a", "keydiv", schema])
        self.assertEqual(self.status()[0]["tables"], "version 1, old: run 'keydiv store init'")
        self.use("store = " + STORE)
        self.refused("init", "--label", "t", "--so-pin-file", self.so_pin, says="cannot read the token in slot 0")
        self.assertEqual(self.ok("store", "init", STORE), "tables: brought from version 1 to 2\n")
        self.make_token()
        self.import_key("plain", MASTER)
        self.import_key("windowed", MASTER, "--window", "64")
        message = self.message(7)
        self.assertEqual([self.verdict(message), self.verdict(message)], ["ok", "replayed"])
        self.assertEqual(sql("SELECT DISTINCT length(change) FROM keydiv.mark"), "16")

    def test_a_version_of_the_future(self):
        self.ok("store", "init", STORE)
        sql("UPDATE keydiv.version SET version = 99")
        for command in "init", "status":
            self.refused("store", command, STORE, says="the tables have version 99", pin=False)
        self.use("store = " + STORE)
        self.refused("init", "--label", "t", "--so-pin-file", self.so_pin, says="cannot read the token in slot 0")

    def test_the_module_needs_the_granted_rights_only(self):
        sql("DO $$ BEGIN CREATE ROLE fleet LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
        self.ok("store", "init", STORE, "--grant", "fleet")
        rights = sql("SELECT string_agg(DISTINCT privilege_type, ' ' ORDER BY privilege_type) FROM information_schema.role_table_grants "
                     "WHERE grantee = 'fleet'")
        self.assertEqual(rights, "DELETE INSERT SELECT UPDATE")
        self.use("store = postgresql:service=direct user=fleet")
        self.make_token()
        self.import_key("plain", MASTER)
        self.import_key("windowed", MASTER, "--window", "64")
        message = self.message(5)
        self.assertEqual([self.verdict(message), self.verdict(message)], ["ok", "replayed"])
        self.user("key", "delete", "--force", "plain")
        self.user("pin", "change", "--new-pin-file", self.write("new", "other-pin\n"))
        self.assertIn("fleet", self.status("postgresql:service=direct user=fleet")[0]["database"])
        self.refused("store", "init", "postgresql:service=nosuch", says="nosuch", pin=False)

    def test_a_role_that_is_not_there(self):
        self.refused("store", "init", STORE, "--grant", 'no"body', says="does not exist", pin=False)
        self.assertIn("none", self.status()[0]["tables"])  # nothing was made


class Status(Server):
    def test_hosts_and_tokens(self):
        self.ok("store", "init", STORE)
        self.use("store = " + STORE)
        self.make_token()
        self.import_key("one", MASTER)
        seen = self.status()[0]
        self.assertEqual(seen["role"], "primary")
        self.assertIn("PostgreSQL", seen["server"])
        self.assertRegex(seen["token in slot 0"], r"^'test', 1 objects, 0 marks, \d+ changes$")

    def test_a_warning_without_a_synchronous_standby(self):
        self.assertEqual(self.status()[1], "")
        sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        try:
            sql("SELECT pg_reload_conf()")
            self.assertIn("note: several hosts are named and synchronous_standby_names is empty", self.status()[1])
            self.assertEqual(self.status("postgresql:service=a")[1], "")
            self.ok("store", "init", STORE)
            warning = "several hosts are named and synchronous_standby_names is empty"
            for store, count in ("postgresql:service=a", 0), (STORE, 1):
                self.use("store = %s\nlog-file = %s" % (store, self.path("log")))
                if count == 0:
                    self.make_token()
                self.assertEqual(self.ok("info").count("store warning: " + warning), count)
                self.assertEqual(self.read("log").count("lease: " + warning), count)
        finally:
            sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            sql("SELECT pg_reload_conf()")

    def test_info_of_a_process(self):
        self.ok("store", "init", STORE)
        self.use("store = " + STORE + "\nlease = 500")
        self.make_token()
        slot = json.loads(self.ok("info", "--json"))["slots"][0]
        self.assertIn(os.environ["KEYDIV_PG"], slot["store_server"])
        self.assertRegex(slot["store_lease"], r"^500 ms, \d+ ms left$")
        self.assertRegex(slot["store_last_contact"], r"^\d+ s ago$")

    def test_info_without_a_server(self):
        self.use("store = postgresql:host=%s" % self.dir)
        done = self.run_tool("info", "--json")
        self.assertEqual(done.code, 1)
        slot = json.loads(done.out)["slots"][0]
        self.assertEqual((slot["store_server"], slot["store_lease"], slot["store_last_contact"]), ("none answers", "250 ms, over", "never"))
        self.refused("store", "status", "postgresql:host=%s" % self.dir, says="cannot ask the server: connection", pin=False)


class Copy(Server):
    def setUp(self):
        super().setUp()
        self.make_token()
        self.ok("store", "init", STORE)

    def test_there_and_back(self):
        self.import_key("plain", MASTER)
        self.import_key("windowed", MASTER, "--window", "64")
        messages = [self.message(c) for c in range(1, 6)]
        self.assertEqual(self.verdict(messages[0]), "ok")
        self.import_key("gone", MASTER)
        self.user("key", "delete", "--force", "gone")
        keys = self.user_json("key", "list")
        done = json.loads(self.ok("store", "copy", self.tokens, STORE, "--to-slot", "3", "--json"))
        self.assertEqual(done, {"objects": 2, "marks": 2})
        self.refused("store", "copy", self.tokens, STORE, "--to-slot", "3", says="--replace", pin=False)

        self.use("store = %s\nslots = 4" % STORE)
        self.assertEqual(self.user_json("key", "list"), keys)
        self.assertEqual([self.verdict(m) for m in messages[:2]], ["replayed", "ok"])
        self.import_key("new", MASTER)
        keys = self.user_json("key", "list")
        self.assertEqual(keys[-1]["uid"][-2:], "04")  # not the id of the key that is gone

        self.ok("store", "copy", STORE, self.path("back"), "--from-slot", "3", "--to-slot", "0")
        self.use("token-dir = " + self.path("back"))
        self.assertEqual(self.user_json("key", "list"), keys)
        self.assertEqual([self.verdict(m) for m in messages[:3]], ["replayed", "replayed", "ok"])

        self.ok("store", "copy", "--replace", self.path("back"), STORE, "--to-slot", "3")
        self.use("store = %s\nslots = 4" % STORE)
        self.assertEqual([self.verdict(m) for m in messages[2:4]], ["replayed", "ok"])

    def test_tries(self):
        wrong = self.write("wrong", "4321\n")
        for _ in range(10):
            self.run_tool("key", "list", "--pin-file", wrong)
        self.ok("store", "copy", self.tokens, STORE)
        self.use("store = " + STORE)
        self.refused("key", "list", says="CKR_PIN_LOCKED")

    def test_more_objects_than_are_read_at_once(self):
        for i in range(130):
            self.user("key", "generate", "--label", "k%d" % i)
        done = json.loads(self.ok("store", "copy", self.tokens, STORE, "--json"))
        self.assertEqual(done["objects"], 130)
        self.use("store = " + STORE)
        self.assertEqual(len(self.user_json("key", "list")), 130)

    def test_clients(self):
        self.import_key("bdk", MASTER, "--allow", "odukpt")
        self.user("odukpt", "initial", "--key", "bdk", "--device", "TERMINAL-01", "--shape", "2,3", "--label", "ik")
        self.user("odukpt", "client", "--key", "ik", "--shape", "2,3", "--label", "terminal")
        self.refused("store", "copy", self.tokens, STORE, says="the O-DUKPT client 'terminal'", pin=False)

    def test_without_tables(self):
        sql("DROP SCHEMA keydiv CASCADE")
        self.refused("store", "copy", self.tokens, STORE, says="cannot copy the token", pin=False)


class Restore(Server):
    """Older rows are put back in place while a process has cached a key that they do not have."""

    def test_a_cached_key(self):
        self.ok("store", "init", STORE)
        self.use("store = " + STORE)
        self.make_token()
        self.import_key("old", MASTER)
        tables = "slot", "token", "object"
        for table in tables:
            sql("CREATE TABLE keydiv.saved_%s AS SELECT * FROM keydiv.%s" % (table, table))
        self.import_key("new", MASTER)
        with subprocess.Popen([sys.executable, os.path.join(HERE, "derive.py"), "new", self.pin], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, env=self.env) as process:
            def derive():
                process.stdin.write("\n")
                process.stdin.flush()
                return process.stdout.readline()

            self.assertEqual([derive(), derive()], ["0\n", "0\n"])
            sql("BEGIN; " + "".join("DELETE FROM keydiv.%s; INSERT INTO keydiv.%s SELECT * FROM keydiv.saved_%s; " % (table, table, table)
                                    for table in tables) + "COMMIT")
            time.sleep(0.3)  # longer than a lease
            self.assertEqual(derive(), "60\n")  # CKR_KEY_HANDLE_INVALID
            process.stdin.close()
        self.assertEqual([key["label"] for key in self.user_json("key", "list")], ["old"])


if __name__ == "__main__":
    run(lambda: ["--standby"])

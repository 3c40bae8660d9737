# SPDX-License-Identifier: Apache-2.0
"""tool_on_server.py: the keydiv tool with tokens on the servers that servers.py has started, for tests of several programs."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.environ["KEYDIV_SOURCE"], "tests", "tool")]
from harness import ToolTest, main  # noqa: E402
from server import find_programs  # noqa: E402
from servers import SKIPPED, on_servers, send  # noqa: E402

STORE = "postgresql:service=direct"
SERIAL = "SN-000123"


def sql(text):
    return send(os.environ["KEYDIV_PG"], ["sql", send(os.environ["KEYDIV_PG"], ["primary"]), text])


class Server(ToolTest):
    token = False

    def setUp(self):
        super().setUp()
        sql("DROP SCHEMA IF EXISTS keydiv CASCADE")
        self.use("token-dir = %s/tokens" % self.dir)
        self.tokens = self.path("tokens")

    def use(self, line):
        self.write("keydiv.conf", line + "\nscrypt-log2-n = 14\n")

    def make_token(self):
        self.ok("init", "--label", "test", "--so-pin-file", self.so_pin, "--pin-file", self.pin)

    def status(self, store=STORE):
        done = self.run_tool("store", "status", store, "--json")
        self.assertEqual(done.code, 0, done.err)
        return json.loads(done.out), done.err

    def message(self, counter):
        made = self.user_json("sign", SERIAL, "--key", "plain", "--counter", str(counter), "--message", "00")
        return ["--counter", str(counter), "--message", made["message"], "--mac", made["mac"]]

    def verdict(self, message):
        return json.loads(self.run_tool("verify", SERIAL, "--key", "windowed", *message, "--json", "--pin-file", self.pin).out)["verdict"]


def run(prepare):
    """The main function of a test: start servers with the options that PREPARE returns, and run the test there."""
    if find_programs() is None:
        sys.exit(SKIPPED)
    if "KEYDIV_PG" not in os.environ:
        on_servers(*prepare())
    main()

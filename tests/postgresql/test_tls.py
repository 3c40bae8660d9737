# SPDX-License-Identifier: Apache-2.0
"""test_tls.py: hosts that reach their server over TLS as pkcs11-conf/POSTGRESQL.md says, with a certificate in place of a password."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tool_on_server import SERIAL, Server, run, send, sql  # noqa: E402
from harness import MASTER  # noqa: E402
from server import server_user  # noqa: E402

HBA = """local all all trust
hostssl keydiv keydiv_host 127.0.0.1/32 cert
"""


class Certificates:
    """A certificate authority with the certificates that it has signed, as files in DIRECTORY."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.openssl("req", "-x509", *self.new_key(name), "-days", "2", "-out", self.path(name, "crt"), "-subj", "/CN=" + name)

    def path(self, name, kind):
        return os.path.join(self.directory, name + "." + kind)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name, "key")]

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def sign(self, name, common_name):
        self.openssl("req", *self.new_key(name), "-out", self.path(name, "csr"), "-subj", "/CN=" + common_name)
        with open(self.path(name, "ext"), "w") as out:
            out.write("subjectAltName = DNS:" + common_name + "\n")
        self.openssl("x509", "-req", "-in", self.path(name, "csr"), "-CA", self.path(self.name, "crt"), "-CAkey", self.path(self.name, "key"),
                     "-CAcreateserial", "-days", "2", "-extfile", self.path(name, "ext"), "-out", self.path(name, "crt"))


def prepare():
    """Make the certificates. Return the options of servers.py."""
    directory = tempfile.mkdtemp(prefix="keydiv-tls-")
    os.environ["KEYDIV_TLS"] = directory
    os.chmod(directory, 0o755)
    authority = Certificates(directory, "authority")
    authority.sign("server", "localhost")
    authority.sign("host", "keydiv_host")
    Certificates(directory, "stranger")
    if server_user() is not None:
        os.chown(authority.path("server", "key"), server_user().pw_uid, server_user().pw_gid)
    settings = ["ssl = on", "log_connections = on"] + [f"{setting} = '{directory}/{name}'" for setting, name in (
        ("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key"), ("ssl_ca_file", "authority.crt"))]
    return [word for setting in settings for word in ("--setting", setting)]


class Tls(Server):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(shutil.rmtree, os.environ["KEYDIV_TLS"])
        sql("CREATE ROLE keydiv_host LOGIN")
        path = os.path.join(os.environ["KEYDIV_PG"], "a", "pg_hba.conf")
        with open(path, "w") as out:
            out.write(HBA)
        sql("SELECT pg_reload_conf()")

    def setUp(self):
        super().setUp()
        self.ok("store", "init", "postgresql:service=direct", "--grant", "keydiv_host")
        with open(send(os.environ["KEYDIV_PG"], ["log", "a"])) as log:
            self.log_before = len(log.read())

    def service(self, **changes):
        """A service for hosts. CHANGES are options that differ from those of the page; None removes an option."""
        tls = os.environ["KEYDIV_TLS"]
        options = {"host": "localhost", "hostaddr": "127.0.0.1", "port": send(os.environ["KEYDIV_PG"], ["port", "a"]), "dbname": "keydiv",
            "user": "keydiv_host", "sslmode": "verify-full", "sslrootcert": tls + "/authority.crt", "sslcert": tls + "/host.crt",
            "sslkey": tls + "/host.key"} | changes
        lines = "".join(f"{name}={value}\n" for name, value in options.items() if value is not None)
        self.env["PGSERVICEFILE"] = self.write("pg_service.conf", "[keydiv]\n" + lines)
        self.env["HOME"] = self.dir  # without other certificates
        return "postgresql:keydiv"

    def connections(self):
        """The lines of the server's log about connections of hosts."""
        with open(send(os.environ["KEYDIV_PG"], ["log", "a"])) as log:
            return [line for line in log.read()[self.log_before:].splitlines()
                    if "connection authorized" in line and "user=keydiv_host" in line]

    def test_hosts_have_certificates(self):
        self.use("store = " + self.service())
        self.make_token()
        self.import_key("master", MASTER)
        self.user("derive", SERIAL, "--key", "master", "--mac", "00")
        lines = self.connections()
        self.assertGreater(len(lines), 3)
        for line in lines:
            self.assertIn("SSL enabled (protocol=TLSv1.3", line)

    def is_refused(self, says, **changes):
        """Neither the tool nor the module gets to the server."""
        store = self.service(**changes)
        self.refused("store", "status", store, says=says, pin=False)
        self.use("store = " + store + "\nlog-file = " + self.path("log"))
        self.refused("init", "--label", "t", "--so-pin-file", self.so_pin, says="cannot read the token in slot 0")
        self.assertIn(says, self.read("log"))
        self.assertEqual(self.connections(), [])

    def test_a_server_of_another_authority_is_refused(self):
        self.is_refused("certificate verify failed", sslrootcert=os.environ["KEYDIV_TLS"] + "/stranger.crt")

    def test_a_server_of_another_name_is_refused(self):
        self.is_refused('does not match host name "127.0.0.1"', host="127.0.0.1")

    def test_a_host_without_a_certificate_is_refused(self):
        self.is_refused("requires a valid client certificate", sslcert=None, sslkey=None)

    def test_a_host_without_tls_is_refused(self):
        self.is_refused("no pg_hba.conf entry", sslmode="disable")


if __name__ == "__main__":
    run(prepare)

# SPDX-License-Identifier: Apache-2.0
"""test_units.py: systemd's own programs accept the units, sysusers.d and tmpfiles.d, and find no access left open."""
import os
import shutil
import stat
import subprocess
import tempfile
import unittest

UNITS, SYSUSERS, TMPFILES, CONF = (os.environ["KEYDIV_" + name] for name in ("UNITS", "SYSUSERS", "TMPFILES", "SERVER_CONF"))
SOCKET, SERVICE = (os.path.join(UNITS, name) for name in ("keydiv-server.socket", "keydiv-server@.service"))


def run(*command, code=0):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    output = done.stdout.decode()
    assert done.returncode == code, "%s: %d\n%s" % (" ".join(command), done.returncode, output)
    return output


@unittest.skipIf(shutil.which("systemd-analyze") is None, "systemd is not installed")
class UnitsTest(unittest.TestCase):
    def test_verify_prints_nothing(self):
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", SOCKET, SERVICE), "")

    def test_exposure(self):
        """systemd's measure is 0 to 10, where 10 is a service of root without limits."""
        run("systemd-analyze", "security", "--offline=true", "--threshold=5", "--no-pager", SERVICE)  # 0.5

    def test_server_processes_are_apart(self):
        """Every server process has the same user. Without a user namespace each could read the memory of the others."""
        with open(SERVICE) as lines:
            self.assertIn("PrivateUsers=yes\n", lines)

    def test_shared_directories_are_out_of_reach(self):
        """ProtectSystem=strict leaves these open to every user."""
        with open(SERVICE) as lines:
            hidden, = [line for line in lines if line.startswith("InaccessiblePaths=")]
        for path in ("/dev/shm", "/dev/mqueue", "/run/lock"):
            self.assertIn("-" + path, hidden)

    def test_exposure_without_a_sandbox(self):
        with tempfile.TemporaryDirectory() as work, open(SERVICE) as lines:
            bare = os.path.join(work, "keydiv-server@.service")
            with open(bare, "w") as out:
                out.writelines(line for line in lines if not line.startswith(("SystemCallFilter", "PrivateNetwork")))
            run("systemd-analyze", "security", "--offline=true", "--threshold=5", "--no-pager", bare, code=1)


@unittest.skipIf(shutil.which("systemd-sysusers") is None, "systemd is not installed")
@unittest.skipIf(os.geteuid() != 0, "only root can make users and directories")
class UsersTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="keydiv-root-")
        self.addCleanup(shutil.rmtree, self.root)
        os.mkdir(self.root + "/etc")
        run("systemd-sysusers", "--root=" + self.root, SYSUSERS)

    def column(self, table, name, column):
        with open(self.root + "/etc/" + table) as lines:
            return [line.rstrip("\n").split(":")[column] for line in lines if line.startswith(name + ":")][0]

    def create(self):
        with open(TMPFILES) as lines:
            text = lines.read()
        share = [line.split()[-1] for line in text.splitlines() if line.startswith("C /etc/keydiv/server.conf")][0]
        os.makedirs(os.path.dirname(self.root + share), exist_ok=True)
        shutil.copy(CONF, self.root + share)
        run("systemd-tmpfiles", "--create", "--root=" + self.root, TMPFILES)

    def test_users(self):
        self.assertEqual(self.column("passwd", "keydiv", 6), "/usr/sbin/nologin")
        self.assertIn(self.column("shadow", "keydiv", 1)[:1], ("!", "*"))
        self.assertEqual(self.column("group", "keydiv-clients", 3), "")  # nobody is a member until the administrator says so
        self.assertNotEqual(self.column("passwd", "keydiv", 3), self.column("group", "keydiv-clients", 2))

    def test_directories(self):
        self.create()
        store = os.stat(self.root + "/var/lib/keydiv-server")
        self.assertEqual((str(store.st_uid), stat.S_IMODE(store.st_mode)), (self.column("passwd", "keydiv", 2), 0o700))
        for path, mode in (("/run/keydiv", 0o755), ("/etc/keydiv", 0o755), ("/etc/keydiv/server.conf", 0o644)):
            made = os.stat(self.root + path)
            self.assertEqual((made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)), (0, 0, mode), path)

    def test_client_conf_names_the_socket(self):
        self.create()
        with open(self.root + "/etc/keydiv/client.conf") as made, open(SOCKET) as unit:
            self.assertIn(made.read().replace("server = unix:path=", "ListenStream="), unit)

    def test_server_conf_is_kept(self):
        self.create()
        conf = self.root + "/etc/keydiv/server.conf"
        with open(conf) as shipped, open(CONF) as sample:
            self.assertEqual(shipped.read(), sample.read())
        with open(conf, "a") as out:
            out.write("slots = 2\n")
        self.create()
        with open(conf) as kept:
            self.assertTrue(kept.read().endswith("slots = 2\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

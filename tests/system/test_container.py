# SPDX-License-Identifier: Apache-2.0
"""test_container.py: what pkcs11-conf/CONTAINERS.md says about containers, in namespaces and with the limits of a container.

The user of the processes has no name, and the environment has no HOME."""
from harness import *


class ContainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = make_directory()
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.volume = os.path.join(cls.work, "volume")
        os.mkdir(cls.volume)
        os.chown(cls.volume, SERVER, SERVER)
        cls.write_configuration("keydiv.conf")
        cls.keydiv("init", "--label", "prod", "--so-pin-file", cls.work + "/so-pin", "--pin-file", cls.work + "/pin")
        cls.keydiv("key", "generate", "--label", "master", "--pin-file", cls.work + "/pin")

    @classmethod
    def write_configuration(cls, name, *lines):
        """The server container's configuration, with the volume of this test."""
        with open(CONF) as sample:
            text = sample.read()
        assert "token-dir = /var/lib/keydiv-server/tokens\n" in text
        conf = os.path.join(cls.work, name)
        with open(conf, "w") as out:
            out.write(text.replace("/var/lib/keydiv-server", cls.volume) + "\n".join(lines) + "\n")
        os.chmod(conf, 0o644)
        return conf

    @classmethod
    def keydiv(cls, *arguments, before=(), conf=None, limit=None, code=0):
        """Run the tool and return its output. BEFORE is a command that starts the command of its arguments, as root."""
        command = [*before, "setpriv", "--reuid=%d" % SERVER, "--regid=%d" % SERVER, "--clear-groups", "--inh-caps=-all",
                   "--bounding-set=-all", "--no-new-privs", os.path.join(cls.work, "keydiv"), *arguments, "--module",
                   os.path.join(cls.work, "keydiv-pkcs11.so")]
        environment = {"PATH": os.environ["PATH"], "KEYDIV_CONF": conf or os.path.join(cls.work, "keydiv.conf")}
        if conf == "none":
            del environment["KEYDIV_CONF"]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              preexec_fn=limit and (lambda: resource.setrlimit(*limit)))
        output = done.stdout.decode()
        assert done.returncode == code, "%s: %d\n%s" % (" ".join(command), done.returncode, output)
        return output

    def derive(self, **changes):
        return self.keydiv("derive", "--key", "master", "SN-000123", "--pin-file", self.work + "/pin", **changes)

    def test_read_only_root(self):
        script = ('mount --make-rprivate / && mount --bind "$1" "$1" && for at in $(cut -d" " -f5 /proc/self/mountinfo | grep -vFx "$1"); do '
                  'mount -o remount,bind,ro "$at" 2>/dev/null; done; touch "$2" 2>/dev/null && exit 9; shift 2; exec "$@"')
        read_only = ["unshare", "--mount", "sh", "-c", script, "sh", self.volume, self.work + "/written"]
        self.assertRegex(self.derive(before=read_only), "SN-000123,[0-9A-F]{6}")
        self.assertIn("label: more", self.keydiv("key", "generate", "--label", "more", "--pin-file", self.work + "/pin", before=read_only))

    def test_no_configuration_and_no_home(self):
        script = 'mount -t tmpfs -o mode=755 none /var/lib && { [ ! -d /etc/keydiv ] || mount -t tmpfs none /etc/keydiv; } && exec "$@"'
        fresh = ["unshare", "--mount", "sh", "-c", script, "sh"]
        self.assertIn("CKR_FUNCTION_FAILED", self.keydiv("info", before=fresh, conf="none", code=1))

    def test_no_locked_memory(self):
        nothing = (resource.RLIMIT_MEMLOCK, (0, 0))
        output = self.derive(limit=nothing)
        self.assertIn("warning: cannot lock memory for keys", output)
        self.assertRegex(output, "SN-000123,[0-9A-F]{6}")
        locked = self.write_configuration("locked.conf", "lock-memory = yes")
        self.assertIn("CKR_FUNCTION_FAILED", self.derive(limit=nothing, conf=locked, code=1))

    def test_too_little_memory_for_scrypt(self):
        self.assertIn("CKR_HOST_MEMORY", self.derive(limit=(resource.RLIMIT_AS, (60 << 20, 60 << 20)), code=1))
        self.assertRegex(self.derive(limit=(resource.RLIMIT_AS, (256 << 20, 256 << 20))), "SN-000123,[0-9A-F]{6}")

    def test_volume_of_a_group(self):
        self.addCleanup(subprocess.run, ["chmod", "-R", "go-w", self.volume], check=True)
        subprocess.run(["chgrp", "-R", str(CLIENTS), self.volume], check=True)
        os.chmod(self.volume, 0o2770)  # the volume alone: tokens are one level below
        self.derive()
        subprocess.run(["chmod", "-R", "g+rwX", self.volume], check=True)
        self.assertIn("can be written by group or others", self.derive(code=1))
        subprocess.run(["chmod", "-R", "go-w", self.volume], check=True)
        self.derive()

    def test_two_process_namespaces(self):
        """Processes with the same number use the same token at the same time."""
        apart = ["unshare", "--pid", "--fork", "--mount-proc"]
        names = ["key-%d" % n for n in range(4)]
        threads = [threading.Thread(target=self.keydiv, args=("key", "generate", "--label", name, "--pin-file", self.work + "/pin"),
                                    kwargs={"before": apart}) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = self.keydiv("key", "list", "--pin-file", self.work + "/pin", before=apart)
        for name in names:
            self.assertIn(name, listed)


if __name__ == "__main__":
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("test_container.py: cannot make namespaces, which root usually can: skipped")
        raise SystemExit(77)
    unittest.main(verbosity=2)

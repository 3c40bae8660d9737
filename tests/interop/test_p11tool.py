# SPDX-License-Identifier: Apache-2.0
"""test_p11tool.py: GnuTLS's p11tool, and p11-kit's own ways to the module."""
import os
import pwd
import shutil
import unittest

from harness import *

PROXY = "/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so"


@needs("p11tool")
class P11ToolTest(TokenTest):
    def tool(self, *arguments, **options):
        return self.run_program("p11tool", "--provider", MODULE, "--batch", *arguments, GNUTLS_PIN=PIN, GNUTLS_SO_PIN=SO_PIN,
                                **options).decode(errors="replace")

    def test_tokens(self):
        out = self.tool("--list-tokens")
        self.assertIn("Label: " + LABEL, out)
        self.assertIn("Requires login", out)
        self.assertIn("manufacturer=", out)

    def test_mechanisms(self):
        self.assertIn("AES_CMAC", self.tool("--list-mechanisms", "pkcs11:token=" + LABEL))

    def test_keys(self):
        url = "pkcs11:token=" + LABEL
        self.tool("--login", "--write", "--secret-key", MASTER.hex(), "--label", "by p11tool", url)
        out = self.tool("--login", "--list-all", url)
        self.assertIn("by%20p11tool", out.replace("+", "%20"))
        self.assertIn("Secret key", out)
        self.tool("--login", "--delete", url + ";object=by%20p11tool;type=secret-key")
        self.assertIn("No matching objects", self.tool("--login", "--list-all", url, fails=True))

    def test_random(self):
        self.run_program("p11tool", "--provider", MODULE, "--generate-random", "32", "--outfile", os.path.join(self.work, "random"),
                         "pkcs11:token=" + LABEL)
        self.assertEqual(os.path.getsize(os.path.join(self.work, "random")), 32)


DERIVE = """
import sys
sys.path.insert(0, %r)
from harness import *
lib, session = open_session(%r)
master = session.createObject(secret_key(MASTER, derive=True, sensitive=False, extractable=True, wrap_with_trusted=True))
print(value_of(session, derive(session, master, DEVICE_KEY, field(1, b"SN-000123"))).hex())
"""


@unittest.skipUnless(os.path.exists(PROXY), "p11-kit's proxy module is not installed")
class ProxyTest(TokenTest):
    """Through p11-kit's configuration and proxy. p11-kit reads no user's configuration for root, so root becomes somebody."""

    def setUp(self):
        modules = os.path.join(self.work, "config", "pkcs11", "modules")
        os.makedirs(modules, exist_ok=True)
        copy = os.path.join(self.work, "keydiv-pkcs11.so")
        shutil.copy(MODULE, copy)
        with open(os.path.join(modules, "keydiv-under-test.module"), "w") as out:
            out.write("module: %s\n" % copy)
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness.py"), self.work)
        self.become, self.counts = [], {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for directory, _, files in os.walk(self.work):
                for path in [directory] + [os.path.join(directory, name) for name in files]:
                    os.chown(path, nobody.pw_uid, nobody.pw_gid)
            self.become = ["setpriv", "--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups"]
            # A build for coverage writes counts. This user may not write to the build directory, and gcov would say so.
            self.counts = {"GCOV_PREFIX": self.work}

    def through_p11_kit(self, *arguments):
        # KEYDIV_MODULE is what harness.py wants to be told; the module itself comes from p11-kit's configuration
        return self.run_program(*self.become, *arguments, XDG_CONFIG_HOME=os.path.join(self.work, "config"), HOME=self.work,
                                PYTHONDONTWRITEBYTECODE="1", **self.counts).decode(errors="replace")

    def test_listed(self):
        out = self.through_p11_kit("p11-kit", "list-modules")
        self.assertIn("keydiv-under-test", out)
        self.assertIn(LABEL, out)

    def test_derived_through_the_proxy(self):
        out = self.through_p11_kit("/usr/bin/python3", "-c", DERIVE % (self.work, PROXY))
        self.assertEqual(out.strip().splitlines()[-1], "2759dd4361d7979a96a5c23692cd5555")


if __name__ == "__main__":
    unittest.main()

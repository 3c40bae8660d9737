# SPDX-License-Identifier: Apache-2.0
"""test_two_uids.py: an application that may use keydiv-server.socket, and holds the user PIN, tries to reach the keys behind the socket.

Every attack has a control: the same code succeeds for root, or without the protection."""
import itertools
import random

from harness import *
from rpc import *

CKM_AES_ECB, CKM_AES_KEY_WRAP_KWP, CKM_AES_ECB_ENCRYPT_DATA, DEVICE_KEY = 0x1081, 0x210B, 0x1104, 0x8B440001
FLAT_AES_ECB_ENCRYPT_DATA = 0x8B440000 | 0x8000 | CKM_AES_ECB_ENCRYPT_DATA
MECHANISM_INVALID, PARAM_INVALID, SENSITIVE, UNEXTRACTABLE, PIN_INCORRECT = 0x70, 0x71, 0x11, 0x6A, 0xA0
TOKEN_WRITE_PROTECTED = 0xE2
NOWHERE = 0x1000  # an address that nobody may read
STRUCTS = {  # the words of a struct of PKCS#11 for each mechanism whose parameter has pointers
    0x1087: [NOWHERE, 12, 96, NOWHERE, 16, 128], 0x1088: [64, NOWHERE, 12, NOWHERE, 16, 16], 0x108E: [NOWHERE, 12],
    0x1104: [NOWHERE, 16], 0x1102: [NOWHERE, 16], 0x1105: [1, 2, NOWHERE, 16], 0x1103: [1, NOWHERE, 16],
    0x402A: [0x101, 0x250, 2, NOWHERE, 16, 0, NOWHERE, 16], 0x3B0: [1, NOWHERE, 16, 1000, 4, 0, 0, NOWHERE, NOWHERE],
    0x3AC: [0x108A, 2, NOWHERE, 0, 0], 0x3AD: [0x108A, 2, NOWHERE, 16, NOWHERE, 0, 0], 0x3AE: [0x108A, 2, NOWHERE, 0, 0],
}
MASTER = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")  # of the published answers
SERIAL = b"\x01\x00\x09SN-000123"
AES_KEY = {CKA_CLASS: CKO_SECRET_KEY, CKA_KEY_TYPE: CKK_AES}
READABLE = {**AES_KEY, CKA_SENSITIVE: False, CKA_EXTRACTABLE: True, CKA_WRAP_WITH_TRUSTED: True, CKA_VALUE_LEN: 16}
KNOWN_MASTER = {**AES_KEY, CKA_VALUE: MASTER, CKA_DERIVE: True, CKA_SENSITIVE: False, CKA_EXTRACTABLE: True,
                                CKA_WRAP_WITH_TRUSTED: True, CKA_TOKEN: False}


def as_application(function, *arguments):
    return as_user(APPLICATION, [CLIENTS], function, *arguments)


def connect(path, pin=PIN.encode()):
    connection = Connection(path)
    return connection, connection.open(pin)


def read_file(path, size=1 << 20):
    with open(path, "rb") as data:
        return data.read(size)


def mapping(process, name):
    """The address of the first byte of the file NAME in the memory of PROCESS."""
    for line in read_file("/proc/%d/maps" % process).decode().splitlines():
        if line.endswith("/" + name):
            return int(line.split("-")[0], 16)
    raise AssertionError(name + " is not in the memory of the server")


def read_memory(process, address):
    with open("/proc/%d/mem" % process, "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(16)


def read_with_system_call(process, address):
    buffer = ctypes.create_string_buffer(16)
    local = struct.pack("QQ", ctypes.addressof(buffer), 16)
    remote = struct.pack("QQ", address, 16)
    if libc.process_vm_readv(process, local, 1, remote, 1, 0) != 16:
        raise OSError(ctypes.get_errno(), "process_vm_readv")
    return buffer.raw


def read_by_tracing(process, address):
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(16, process, None, None) != 0:  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(process, 0x40000000)  # __WALL
    words = [libc.ptrace(1, process, address + at, None) & (1 << 64) - 1 for at in (0, 8)]  # PTRACE_PEEKTEXT
    libc.ptrace(17, process, None, None)  # PTRACE_DETACH
    return struct.pack("QQ", *words)


def read_by_parameter(connection, session, address, number=CKM_AES_ECB_ENCRYPT_DATA):
    """Have the module encrypt 16 bytes at ADDRESS of its own process, under a key that the attacker chose."""
    key = connection.create(session, {**KNOWN_MASTER, CKA_ALLOWED_MECHANISMS: [number]})
    derived = connection.derive(session, key, number, struct.pack("=QQ", address, 16), READABLE)
    command = ["openssl", "enc", "-d", "-aes-128-ecb", "-nopad", "-K", MASTER.hex()]
    return subprocess.run(command, input=connection.value(session, derived), stdout=subprocess.PIPE, check=True).stdout


def spoil(draw, words):
    """WORDS as the bytes of a struct, half of the time with other words or another length."""
    if draw.random() < 0.5:
        words = [draw.choice([NOWHERE, 0, 1, 16, 128]) if draw.random() < 0.3 else word for word in words]
        words = (words + [NOWHERE])[:draw.randint(1, len(words) + 1)]
    return struct.pack("=%dQ" % len(words), *words)


def flood(server, connect, rounds):
    """Return how many server processes a parameter killed. p11-kit itself closes a connection on a form that p11-kit refuses."""
    draw, killed, connection = random.Random(9), 0, None
    for number, words in list(STRUCTS.items()) * rounds:
        for call, flat in itertools.product((ENCRYPT_INIT, SIGN_INIT, DERIVE, WRAP), (0, 0x8B448000)):
            if connection is None:
                connection, session, _ = connect(server)
                key = connection.create(session, {**AES_KEY, CKA_VALUE: MASTER, CKA_ENCRYPT: True, CKA_SIGN: True, CKA_TOKEN: False})
            more = {DERIVE: [template(READABLE)], WRAP: [ulong(key), u32(512)]}.get(call, [])
            try:
                connection.call(call, ulong(session), mechanism(flat | number, spoil(draw, words)), ulong(key), *more)
            except Refused:
                pass
            except ConnectionError:
                killed, connection = killed + (server.newest().wait() < 0), None
    return killed


class TwoUsersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = make_directory()
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.server = Server(cls.work)
        cls.addClassCleanup(cls.server.stop)
        pins = ["--so-pin-file", cls.work + "/so-pin", "--pin-file", cls.work + "/pin"]
        cls.server.tool("init", "--label", "prod", *pins)
        cls.server.tool("key", "generate", "--label", "master", "--pin-file", cls.work + "/pin")

    def refused(self, code, function, *arguments):
        with self.assertRaises(Refused) as raised:
            function(*arguments)
        self.assertEqual(hex(raised.exception.code), hex(code))

    def forbidden(self, function, *arguments):
        self.assertRaises(PermissionError, as_application, function, *arguments)

    def connected(self, server=None):
        """A logged-in connection, for which a server process runs, and the number of that process."""
        server = server or self.server
        connection, session = connect(server.path)
        self.addCleanup(connection.close)
        return connection, session, server.newest().pid

    def test_application_derives(self):
        def derive():
            connection, session = connect(self.server.path)
            master = connection.create(session, {**KNOWN_MASTER, CKA_ALLOWED_MECHANISMS: [DEVICE_KEY]})
            return connection.value(session, connection.derive(session, master, DEVICE_KEY, SERIAL, READABLE))
        self.assertEqual(as_application(derive).hex(), "2759dd4361d7979a96a5c23692cd5555")

    def use_client_module(self, uid, *groups):
        """Run keydiv derive with keydiv-client.so as UID."""
        conf, pin = (os.path.join(self.work, name) for name in ("client.conf", "pin-of-the-application"))
        for path, text in ((conf, "server = unix:path=%s\n" % self.server.path), (pin, PIN + "\n")):
            with open(path, "w") as out:
                out.write(text)
        os.chown(pin, uid, uid)
        os.chmod(pin, 0o400)
        command = [self.work + "/keydiv", "derive", "--key", "master", "SN-000123", "--pin-file", pin, "--module", self.work + "/keydiv-client.so"]
        return subprocess.run(command, env={"PATH": os.environ["PATH"], "KEYDIV_CLIENT_CONF": conf}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: become(uid, *groups))

    def test_application_uses_the_client_module(self):
        done = self.use_client_module(APPLICATION, CLIENTS)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertRegex(done.stdout.decode(), "SN-000123,[0-9A-F]{6}")
        self.assertEqual(done.stdout.decode(), self.server.tool("derive", "--key", "master", "SN-000123", "--pin-file", self.work + "/pin"))

    def test_outsider_learns_the_remedy(self):
        done = self.use_client_module(OUTSIDER)
        self.assertIn(b"members of group keydiv-clients (CKR_DEVICE_REMOVED)", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_outsider_cannot_connect(self):
        self.assertRaises(PermissionError, as_user, OUTSIDER, [], connect, self.server.path)
        self.assertRaises(PermissionError, as_user, OUTSIDER, [SERVER], connect, self.server.path)
        as_application(lambda: connect(self.server.path) and None)

    def test_server_runs_as_its_own_user(self):
        for process in (self.connected()[2], self.connected()[2]):
            self.assertEqual(os.stat("/proc/%d" % process).st_uid, SERVER)

    def test_application_needs_the_pin(self):
        connection = Connection(self.server.path)
        self.addCleanup(connection.close)
        session = connection.open()
        self.assertEqual(connection.find(session, {CKA_LABEL: b"master"}), [])
        connection.create(session, {CKA_CLASS: 0, CKA_LABEL: b"public", CKA_PRIVATE: False, CKA_TOKEN: False})  # CKO_DATA
        self.assertEqual(len(connection.find(session, {CKA_LABEL: b"public"})), 1)
        self.refused(PIN_INCORRECT, connection.call, LOGIN, ulong(session), ulong(1), array(b"wrong-pin"))
        connect(self.server.path)  # ends the count of wrong PINs

    def test_master_does_not_leave_the_token(self):
        connection, session, _ = self.connected()
        master, = connection.find(session, {CKA_LABEL: b"master"})
        self.refused(SENSITIVE, connection.value, session, master)
        under = connection.create(session, {**AES_KEY, CKA_VALUE: bytes(32), CKA_WRAP: True, CKA_TOKEN: False})
        self.refused(UNEXTRACTABLE, connection.wrap, session, under, master, CKM_AES_KEY_WRAP_KWP)

    def test_files_of_the_token(self):
        paths = [os.path.join(folder, name) for folder, _, names in os.walk(self.server.store) for name in names]
        self.assertIn("token.db", [os.path.basename(path) for path in paths])
        for path in paths:
            self.forbidden(read_file, path)
            self.forbidden(os.open, path, os.O_WRONLY)
            self.forbidden(os.rename, path, path + ".old")
            as_user(SERVER, [], read_file, path)
        self.forbidden(os.listdir, self.server.store)
        self.forbidden(os.mkdir, self.server.store + "/slot-1")
        self.forbidden(os.open, self.server.conf, os.O_WRONLY)
        for path in paths:  # each also protects itself
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)

    def test_memory_of_the_server(self):
        process = self.connected()[2]
        address = mapping(process, "keydiv-pkcs11.so")
        for read in (read_memory, read_with_system_call, read_by_tracing):
            self.forbidden(read, process, address)
            self.assertEqual(read(process, address)[:4], b"\x7fELF", read.__name__)  # as root
        for name in ("maps", "smaps", "environ", "auxv"):
            self.forbidden(read_file, "/proc/%d/%s" % (process, name))
            self.assertTrue(read_file("/proc/%d/%s" % (process, name)))
        for name in ("fd", "map_files"):
            self.forbidden(os.listdir, "/proc/%d/%s" % (process, name))
        self.forbidden(os.kill, process, signal.SIGABRT)

    def crash(self, server):
        """Return true if a server process that dies of SIGABRT writes a core dump."""
        process = self.connected(server)[2]
        os.kill(process, signal.SIGABRT)
        return os.WCOREDUMP(os.waitpid(process, 0)[1])

    def test_no_core_dump(self):
        if read_file("/proc/sys/kernel/core_pattern").startswith(b"|"):
            self.skipTest("core dumps are handed to a program, whatever the limit is")
        self.assertFalse(self.crash(self.server))
        unlimited = Server(self.work, limits=False)
        self.addCleanup(unlimited.stop)
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY:
            self.assertTrue(self.crash(unlimited))

    def test_pointers_in_a_parameter(self):
        connection, session, process = self.connected()
        address = mapping(process, "keydiv-pkcs11.so")
        self.refused(MECHANISM_INVALID, read_by_parameter, connection, session, address)
        self.refused(PARAM_INVALID, read_by_parameter, connection, session, address, FLAT_AES_ECB_ENCRYPT_DATA)

    def test_pointers_without_flat_parameters(self):
        """The control: with native parameters the attack reads the memory of the server."""
        native = Server(self.work, edit=lambda lines: [line for line in lines if not line.startswith("parameters")])
        self.addCleanup(native.stop)
        connection, session, process = self.connected(native)
        address = mapping(process, "keydiv-pkcs11.so")
        self.assertEqual(read_by_parameter(connection, session, address)[:4], b"\x7fELF")

    def test_flood_of_structs(self):
        self.assertEqual(flood(self.server, self.connected, 20), 0)
        native = Server(self.work, edit=lambda lines: [line for line in lines if not line.startswith("parameters")])
        self.addCleanup(native.stop)
        self.assertGreater(flood(native, self.connected, 2), 0)

    def test_read_only_store(self):
        """A connection cannot count wrong PINs from zero: without the file of tries nobody logs in."""
        work = make_directory()
        self.addCleanup(shutil.rmtree, work)
        server = Server(work)
        self.addCleanup(server.stop)
        server.tool("init", "--label", "prod", "--so-pin-file", work + "/so-pin", "--pin-file", work + "/pin")
        self.connected(server)
        slot = os.path.join(server.store, "slot-0")
        for name in os.listdir(slot):
            os.chmod(os.path.join(slot, name), 0o400)
        os.chmod(slot, 0o500)
        self.refused(TOKEN_WRITE_PROTECTED, connect, server.path)

    def test_connections_share_nothing(self):
        first, session, one = self.connected()
        key = first.create(session, {**KNOWN_MASTER, CKA_LABEL: b"of the first", CKA_ALLOWED_MECHANISMS: [DEVICE_KEY]})
        second, other, two = self.connected()
        self.assertNotEqual(one, two)
        self.assertEqual(first.find(session, {CKA_LABEL: b"of the first"}), [key])
        self.assertEqual(second.find(other, {CKA_LABEL: b"of the first"}), [])
        third = Connection(self.server.path)
        self.addCleanup(third.close)
        self.assertEqual(third.find(third.open(), {CKA_LABEL: b"master"}), [])  # nobody logged in on this connection

    def test_server_process_ends_with_its_connection(self):
        connection, _, _ = self.connected()
        process = self.server.newest()
        connection.close()
        process.wait(timeout=600)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("test_two_uids.py: must run as root to run programs as other users: skipped")
        raise SystemExit(77)
    unittest.main(verbosity=2)

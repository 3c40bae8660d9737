# SPDX-License-Identifier: Apache-2.0
"""harness.py: runs keydiv-server.socket and keydiv-server@.service without systemd, as users that exist for the tests only.

The launcher takes socket mode, group, command, umask and limits from the unit files, so a test fails if a unit is weakened."""
import configparser
import ctypes
import itertools
import os
import pickle
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import unittest

MODULE, CLIENT, TOOL, UNITS, CONF = (os.environ["KEYDIV_" + name] for name in ("MODULE", "CLIENT", "TOOL", "UNITS", "SERVER_CONF"))
SERVER, APPLICATION, OUTSIDER, CLIENTS = 61001, 61002, 61003, 61004  # no user of the system has these numbers
SO_PIN, PIN = "12345678", "user-1234"

libc = ctypes.CDLL(None, use_errno=True)


def read_unit(name):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    with open(os.path.join(UNITS, name)) as lines:
        unit.read_file(lines)
    return unit


def become(uid, *groups):
    os.setgroups(groups)
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def as_user(uid, groups, function, *arguments):
    """Return what FUNCTION returns in a process of UID, or raise what FUNCTION raises."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become(uid, *groups)
            answer = (True, function(*arguments))
        except BaseException as raised:
            answer = (False, raised)
        try:
            os.write(into, pickle.dumps(answer))
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        done, answer = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    if not done:
        raise answer
    return answer


class Server:
    """The socket unit and the service unit in DIRECTORY. EDIT changes the lines of server.conf, LIMITS is false without limits."""

    numbers = itertools.count()

    def __init__(self, directory, edit=lambda lines: lines, limits=True):
        self.directory = directory
        self.limits = limits
        self.socket_unit = read_unit("keydiv-server.socket")["Socket"]
        self.service = read_unit("keydiv-server@.service")["Service"]
        self.write_configuration(edit)
        self.processes = []
        self.lock = threading.Lock()
        self.path = os.path.join(directory, "run%d" % next(Server.numbers), "pkcs11")
        self.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def write_configuration(self, edit):
        self.store = os.path.join(self.directory, "store")
        with open(CONF) as lines:
            text = "".join(edit(lines.readlines()))
        assert "token-dir = /var/lib/%s\n" % self.service["StateDirectory"] in text
        self.conf = os.path.join(self.directory, "server%d.conf" % next(Server.numbers))
        with open(self.conf, "w") as out:
            out.write(text.replace("/var/lib/" + self.service["StateDirectory"], self.store) + "scrypt-log2-n = 14\n")
        if not os.path.exists(self.store):
            os.mkdir(self.store)
            os.chown(self.store, SERVER, SERVER)
            os.chmod(self.store, int(self.service["StateDirectoryMode"], 8))

    def listen(self):
        assert self.socket_unit["SocketGroup"] == "keydiv-clients" and self.socket_unit["SocketUser"] == "root"
        assert self.service["User"] == "keydiv" and self.socket_unit["Accept"] == "yes"
        os.mkdir(os.path.dirname(self.path))
        os.chmod(os.path.dirname(self.path), int(self.socket_unit["DirectoryMode"], 8))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chown(self.path, 0, CLIENTS)
        os.chmod(self.path, int(self.socket_unit["SocketMode"], 8))
        self.listener.listen()

    def environment(self):
        assert self.service["Environment"] == "KEYDIV_CONF=/etc/keydiv/server.conf"
        return {"PATH": os.environ["PATH"], "HOME": self.store, "KEYDIV_CONF": self.conf}

    def prepare(self):
        """In the new process, before the program starts."""
        os.umask(int(self.service["UMask"], 8))
        if self.limits:
            core = int(self.service["LimitCORE"])
            resource.setrlimit(resource.RLIMIT_CORE, (core, core))
        else:
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        become(SERVER)

    def accept(self):
        command = self.service["ExecStart"].split()
        assert command[-1].endswith("/keydiv-pkcs11.so")
        command = [shutil.which(os.path.basename(command[0]))] + command[1:-1] + [os.path.join(self.directory, "keydiv-pkcs11.so")]
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with open(os.path.join(self.directory, "log"), "ab") as log:
                with self.lock:
                    self.processes.append(subprocess.Popen(command, stdin=connection, stdout=connection, stderr=log, cwd=self.store,
                                                           env=self.environment(), preexec_fn=self.prepare))
            connection.close()

    def newest(self):
        """The process of the connection that was answered last."""
        with self.lock:
            return self.processes[-1]

    def tool(self, *arguments):
        """Run the keydiv tool as the administrator does: as the server's user, with the configuration of the service."""
        command = [os.path.join(self.directory, "keydiv"), *arguments, "--module", os.path.join(self.directory, "keydiv-pkcs11.so")]
        return subprocess.run(command, env=self.environment(), preexec_fn=self.prepare, stdin=subprocess.DEVNULL, check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for process in self.processes:
            process.kill()
            process.wait()


def make_directory():
    """A directory that every user can reach, with modules and tool, and PIN files that only the server's user can read."""
    work = tempfile.mkdtemp(prefix="keydiv-system-", dir="/tmp")
    os.chmod(work, 0o755)
    shutil.copy(MODULE, os.path.join(work, "keydiv-pkcs11.so"))
    shutil.copy(CLIENT, os.path.join(work, "keydiv-client.so"))
    shutil.copy(TOOL, os.path.join(work, "keydiv"))
    for name, pin in (("so-pin", SO_PIN), ("pin", PIN)):
        with open(os.path.join(work, name), "w") as out:
            out.write(pin + "\n")
        os.chown(out.name, SERVER, SERVER)
        os.chmod(out.name, 0o400)
    return work

# SPDX-License-Identifier: Apache-2.0
"""server.py: one PostgreSQL server of a test: its data directory, its processes, and psql."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

# fsync and synchronous_commit keep their values, on. Everything here only makes a small and quiet server.
SETTINGS = """
listen_addresses = '127.0.0.1'
shared_buffers = 16MB
dynamic_shared_memory_type = mmap
wal_keep_size = 64MB
min_wal_size = 32MB
hot_standby = on
autovacuum_naptime = 10s
log_min_messages = warning
log_line_prefix = '%m [%p] '
wal_receiver_timeout = 10s
wal_sender_timeout = 10s
wal_retrieve_retry_interval = 200ms
"""
PATIENCE = 120  # seconds until a server that does not answer is an error. The host may be busy.


def find_programs():
    """Return the directory of PostgreSQL's programs: POSTGRESQL_PROGRAMS, or the newest of Debian's, or None."""
    if "POSTGRESQL_PROGRAMS" in os.environ:
        return os.environ["POSTGRESQL_PROGRAMS"]
    found = [p for p in glob.glob("/usr/lib/postgresql/*/bin") if os.access(p + "/initdb", os.X_OK)]
    return max(found, key=lambda p: int(p.split("/")[4])) if found else None


def server_user():
    """Return the user for servers if this process is root, whom PostgreSQL refuses, or None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("neither a user postgres nor a user nobody")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processes_below(directory):
    """Return the processes that work below DIRECTORY. Every process of a PostgreSQL server works in its data directory."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            where = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        if where == directory or where.startswith(directory + "/"):
            found.append(int(entry))
    return found


def send_signal(number, pids):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def sweep(directory):
    """Kill every process that works below DIRECTORY, until there is none."""
    while pids := processes_below(directory):
        send_signal(signal.SIGKILL, pids)
        time.sleep(0.01)


class Server:
    def __init__(self, name, directory, sockets):
        self.name = name
        self.directory = directory
        self.data = os.path.join(directory, name)
        self.log = os.path.join(directory, name + ".log")
        self.sockets = sockets
        self.port = free_port()
        self.programs = find_programs()
        self.user = server_user()
        self.process = None

    # --- Programs, as the server's user ---

    def prefix(self):
        if self.user is None:
            return ["setpriv", "--pdeathsig", "KILL"]
        return ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", "--pdeathsig", "KILL"]

    def program(self, name, *arguments):
        """Run a program of PostgreSQL to its end."""
        command = self.prefix() + [os.path.join(self.programs, name)] + list(arguments)
        done = subprocess.run(command, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr.strip()}")
        return done.stdout

    def sql(self, text, database="postgres", timeout=PATIENCE):
        """Run SQL as superuser. Return its rows, unaligned."""
        command = [os.path.join(self.programs, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-p", str(self.port),
            "-U", "postgres", "-d", database, "-c", text]
        done = subprocess.run(command, env={"PATH": "/usr/bin:/bin", "PGCONNECT_TIMEOUT": "5"}, capture_output=True, text=True,
            timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    # --- The data directory ---

    def own(self, path, mode):
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        os.chmod(path, mode)

    def make_data(self):
        shutil.rmtree(self.data, ignore_errors=True)
        os.mkdir(self.data)
        self.own(self.data, 0o700)

    def write(self, name, text, mode="a"):
        path = os.path.join(self.data, name)
        with open(path, mode) as out:
            out.write(text)
        self.own(path, 0o600)

    def write_place(self):
        """The lines that differ between servers. The last line of a setting counts."""
        self.write("postgresql.conf", f"port = {self.port}\nunix_socket_directories = '{self.sockets}'\n")

    def initialise(self, settings):
        self.make_data()
        self.program("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D", self.data)
        self.write("postgresql.conf", SETTINGS + "".join(line + "\n" for line in settings))
        self.write_place()

    def copy_of(self, other):
        """Copy the data of a server that does not run."""
        self.make_data()
        subprocess.run(["cp", "-a", other.data + "/.", self.data], check=True)
        self.write_place()

    def copy_running(self, primary):
        """Copy the data of a server that runs."""
        self.make_data()
        self.program("pg_basebackup", "-D", self.data, "-X", "stream", "-c", "fast", "--no-sync", "-h", self.sockets,
            "-p", str(primary.port), "-U", "postgres")
        self.write_place()

    def follow(self, port):
        """Be a standby of the server behind PORT."""
        self.write("standby.signal", "", "w")
        self.write("postgresql.auto.conf", f"primary_conninfo = 'host=127.0.0.1 port={port} user=postgres application_name={self.name}'\n", "w")

    # --- The process ---

    def start(self):
        if self.process is not None:
            self.kill()
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.prefix() + [os.path.join(self.programs, "postgres"), "-D", self.data], cwd=self.data,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})

    def wait(self):
        """Wait until the server takes connections."""
        self.wait_for("SELECT 1", "1")

    def wait_for(self, query, wanted):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.sql(query) == wanted:
                    return
                error = f"'{query}' does not give {wanted}"
            except (RuntimeError, subprocess.TimeoutExpired) as reason:
                error = str(reason)
            if self.process is not None and self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"server {self.name}: {error}\n{self.end_of_log()}")
            time.sleep(0.05)

    def end_of_log(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-12:])

    def signal(self, number):
        """Send a signal to every process of the server, also to those that begin while that is done."""
        done = set()
        while pids := set(processes_below(self.data)) - done:
            send_signal(number, pids)
            done |= pids

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.process = None

    def kill(self):
        """SIGKILL to every process of the server, also if they are stopped."""
        if self.process is None:
            return
        sweep(self.data)
        self.process.wait()
        self.process = None
        self.remove_memory()

    def remove_memory(self):
        """Remove the segment of System V memory of a server that was killed. Its id is in the file postmaster.pid."""
        path = os.path.join(self.data, "postmaster.pid")
        try:
            with open(path) as lines:
                words = lines.read().split("\n")[6].split()
            subprocess.run(["ipcrm", "-m", words[1]], stderr=subprocess.DEVNULL)
            os.unlink(path)
        except (OSError, IndexError):
            pass

    def stop_at_once(self):
        """End the server without a checkpoint, so that it still removes its shared memory."""
        if self.process is None:
            return
        self.signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def promote(self):
        self.program("pg_ctl", "promote", "-w", "-t", str(PATIENCE), "-D", self.data)

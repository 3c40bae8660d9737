# SPDX-License-Identifier: Apache-2.0
"""servers.py: PostgreSQL servers for tests, in a directory of their own, see README.md.

    servers.py run [OPTION...] -- PROGRAM [ARGUMENT...]   start servers, run the program, end the servers
    servers.py start [OPTION...] [--pid PID] DIRECTORY    start servers that go on until `end`, or until process PID ends
    servers.py DIRECTORY COMMAND [ARGUMENT...]            a command below; DIRECTORY may be $KEYDIV_PG

A process of its own, the keeper, owns the servers. It reads commands from DIRECTORY/control, a socket: a line in, a line out, which is
"ok", "ok TEXT" or "error TEXT". When the program that asked for the servers ends, also by SIGKILL, the keeper kills the servers and
removes the directory.
"""
import argparse
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from proxy import Proxy  # noqa: E402
from server import Server, find_programs, sweep  # noqa: E402

SKIPPED = 77


class Keeper:
    """The servers `a`, which begins as primary, and `b`, its standby. The links to them, which can be cut, and the commands."""

    def __init__(self, directory, options):
        self.directory = directory
        self.options = options
        self.sockets = os.path.join(directory, "s")
        self.servers = {}
        self.proxies = {}
        self.primary = "a"
        self.ending = False

    # --- Starting and ending ---

    def start(self):
        make_directory(self.directory, self.sockets)
        a = self.servers["a"] = Server("a", self.directory, self.sockets)
        a.initialise(self.options.setting)
        if self.options.standby:
            b = self.servers["b"] = Server("b", self.directory, self.sockets)
            b.copy_of(a)
            self.proxies["replication"] = Proxy(lambda: self.servers[self.primary].port)
            b.follow(self.proxies["replication"].port)
        for name in self.options.link:
            for server in self.servers.values():
                self.proxies[name + "-" + server.name] = Proxy(lambda s=server: s.port)
        self.write_services()
        for server in self.servers.values():
            server.start()
        a.wait()
        if self.options.standby:
            self.servers["b"].wait()
            self.be_synchronous()
        a.sql("CREATE DATABASE keydiv")

    def write_services(self):
        """Make the service file: a service for each server by its UNIX socket, `direct` for all of them, and one for each link."""
        names, ports = list(self.servers), [str(s.port) for s in self.servers.values()]
        common = "dbname=keydiv\nuser=postgres\n"
        text = ""
        for server in self.servers.values():
            text += f"[{server.name}]\nhost={self.sockets}\nport={server.port}\n{common}\n"
        hosts = ",".join([self.sockets] * len(names))
        text += f"[direct]\nhost={hosts}\nport={','.join(ports)}\ntarget_session_attrs=read-write\n{common}\n"
        for link in self.options.link:
            hosts = ",".join(["127.0.0.1"] * len(names))
            ports = ",".join(str(self.proxies[f"{link}-{n}"].port) for n in names)
            text += f"[{link}]\nhost={hosts}\nport={ports}\ntarget_session_attrs=read-write\n{common}\n"
        with open(os.path.join(self.directory, "pg_service.conf"), "w") as out:
            out.write(text)

    def end(self):
        for server in self.servers.values():
            server.stop_at_once()
        sweep(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- Commands ---

    def command(self, words):
        """Do one command and return the answer."""
        name, arguments = words[0], words[1:]
        method = getattr(self, "do_" + name, None)
        if method is None:
            raise ValueError("no such command: " + name)
        return method(*arguments)

    def do_start(self, name):
        """Start a server that was stopped or killed. Return when it takes connections."""
        self.servers[name].start()
        self.servers[name].wait()

    def do_begin(self, name):
        """Start a server and do not wait."""
        self.servers[name].start()

    def do_wait(self, name):
        self.servers[name].wait()

    def do_stop(self, name):
        """Stop a server as its administrator does: SIGINT, connections are ended."""
        self.servers[name].stop()

    def do_kill(self, name):
        """SIGKILL to every process of a server."""
        self.servers[name].kill()

    def do_pause(self, name):
        """SIGSTOP to every process of a server."""
        self.servers[name].signal(signal.SIGSTOP)

    def do_cont(self, name):
        self.servers[name].signal(signal.SIGCONT)

    def do_promote(self, name):
        """Make a standby the primary, which waits for no standby until `rebuild`. The old primary is left as it is."""
        self.servers[name].promote()
        self.primary = name

    def do_rebuild(self, name):
        """Make a server a new standby of the present primary, from a copy, and wait until it is synchronous."""
        server, primary = self.servers[name], self.servers[self.primary]
        server.kill()
        server.copy_running(primary)
        server.follow(self.proxies["replication"].port)
        server.start()
        server.wait()
        self.be_synchronous()

    def do_synchronous(self):
        """Wait until the primary has a synchronous standby."""
        self.synchronous()

    def be_synchronous(self):
        """Have the primary wait for its standby in each commit."""
        self.servers[self.primary].sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.servers[self.primary].sql("SELECT pg_reload_conf()")
        self.synchronous()

    def synchronous(self):
        self.servers[self.primary].wait_for("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "1")

    def do_primary(self):
        return self.primary

    def chosen(self, name):
        found = [p for n, p in self.proxies.items() if n == name or n.rsplit("-", 1)[0] == name]
        if not found:
            raise ValueError("no such link: " + name)
        return found

    def do_cut(self, name):
        """Drop what goes over a link: NAME for all servers, NAME-a for one, `replication` between the servers."""
        for proxy in self.chosen(name):
            proxy.cut()

    def do_reset(self, name):
        """Close the connections of a link and refuse new ones."""
        for proxy in self.chosen(name):
            proxy.reset()

    def do_heal(self, name):
        for proxy in self.chosen(name):
            proxy.heal()

    def do_sql(self, name, *words):
        """Run SQL as superuser at a server, in the database keydiv. The answer has unaligned rows, with | between columns."""
        return self.servers[name].sql(" ".join(words), "keydiv")

    def do_query(self, name, database, *words):
        """As sql, in another database, in one transaction."""
        return self.servers[name].sql(" ".join(words), database)

    def do_database(self, name, database):
        self.servers[name].sql("CREATE DATABASE " + database)

    def do_drop(self, name, database):
        self.servers[name].sql(f"DROP DATABASE {database} WITH (FORCE)")

    def do_load(self, name, database, *paths):
        """Run the SQL of files."""
        for path in paths:
            with open(path) as f:
                self.servers[name].sql(f.read(), database)

    def do_port(self, name):
        return str(self.proxies[name].port if name in self.proxies else self.servers[name].port)

    def do_log(self, name):
        """The path of a server's log."""
        return self.servers[name].log

    def do_end(self):
        self.ending = True

    # --- Serving commands ---

    def serve(self, lives):
        """Serve commands until one of the file descriptors LIVES ends, or `end` comes."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(os.path.join(self.directory, "control"))
        listener.listen(64)
        readers = {listener: None}
        while not self.ending:
            ready, _, _ = select.select(list(readers) + lives, [], [])
            for s in ready:
                if s in lives:
                    return
                if s is listener:
                    readers[s.accept()[0]] = b""
                    continue
                self.read(s, readers)

    def read(self, s, readers):
        try:
            data = s.recv(1 << 16)
        except OSError:
            data = b""
        readers[s] += data
        if not data:
            del readers[s]
            s.close()
            return
        while b"\n" in readers[s]:
            line, readers[s] = readers[s].split(b"\n", 1)
            try:
                answer = self.command(line.decode().split(" "))
                answer = "ok" if answer is None else "ok " + answer
            except Exception as error:  # the keeper must go on, whatever a command has met
                answer = "error " + str(error)
            try:
                s.sendall(answer.replace("\n", "\\n").encode() + b"\n")
            except OSError:
                pass


def make_directory(directory, sockets):
    """The server's user must reach the directories, and everybody the sockets."""
    os.chmod(directory, 0o755)
    os.mkdir(sockets)
    os.chmod(sockets, 0o777)


def environment(directory):
    """The variables that programs need to reach the keeper and the servers."""
    return {"KEYDIV_PG": directory, "PGSERVICEFILE": os.path.join(directory, "pg_service.conf")}


def new_directory():
    base = os.environ.get("TMPDIR") or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp")
    return tempfile.mkdtemp(prefix="keydiv-pg-", dir=base)


def begin(directory, options, lives, others):
    """Fork the keeper, and return its id and, when its servers run, "ok" or an error. The end of one of LIVES ends the keeper.
    OTHERS are file descriptors that the keeper closes."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid != 0:
        os.close(told)
        with os.fdopen(ready) as answer:
            return pid, answer.read()
    for fd in others + [ready]:
        os.close(fd)
    os.setsid()
    keeper = Keeper(directory, options)
    ends, ender = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os.write(ender, b"x"))
    try:
        try:
            keeper.start()
            answer = "ok"
        except Exception as error:
            answer = "error " + str(error)
        os.write(told, answer.encode())
        os.close(told)
        if answer == "ok":
            close_output()
            keeper.serve(lives + [ends])
    finally:
        keeper.end()
        os._exit(0)


def close_output():
    """A reader of the test's output must not wait for the keeper."""
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)


def check(text):
    if text != "ok":
        sys.exit("servers.py: the servers did not start: " + (text or "the keeper ended"))


def run(options, program):
    directory = new_directory()
    life, mine = os.pipe()
    pid, text = begin(directory, options, [life], [mine])
    if text != "ok":
        os.waitpid(pid, 0)
    check(text)
    status = subprocess.call(program, env=os.environ | environment(directory))
    os.close(mine)
    os.waitpid(pid, 0)
    sweep(directory)
    shutil.rmtree(directory, ignore_errors=True)
    sys.exit(status if status >= 0 else 128 - status)


def start(options, directory):
    os.makedirs(directory, exist_ok=True)
    lives = [os.pidfd_open(options.pid)] if options.pid else []
    _, text = begin(directory, options, lives, [])
    check(text)
    for name, value in environment(directory).items():
        print(f"export {name}={value}")


def send(directory, words):
    """Send one command to the keeper of DIRECTORY. Return its answer; an error is an exception."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(os.path.join(directory, "control"))
        s.sendall(" ".join(words).replace("\n", " ").encode() + b"\n")
        answer = s.makefile().readline().rstrip("\n").replace("\\n", "\n")
    if words[0] == "end":
        return ""
    if not answer.startswith("ok"):
        raise RuntimeError(answer or "the keeper ended")
    return answer[3:]


def on_servers(*options):
    """Go on if servers were started for this program. Otherwise start them with OPTIONS, and run this program there."""
    if "KEYDIV_PG" not in os.environ:
        os.execv(sys.executable, [sys.executable, os.path.abspath(__file__), "run", *options, "--", sys.executable, *sys.argv])


def main():
    if len(sys.argv) > 2 and sys.argv[1] not in ("run", "start"):
        print(send(sys.argv[1], sys.argv[2:]))
        return
    words = sys.argv[1:]
    program = words[words.index("--") + 1:] if "--" in words else []
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=["run", "start"])
    parser.add_argument("directory", nargs="?")
    parser.add_argument("--standby", action="store_true", help="a synchronous standby b as well")
    parser.add_argument("--link", action="append", default=[], help="a link to all servers, with a service of that name")
    parser.add_argument("--setting", action="append", default=[], help="a line of postgresql.conf")
    parser.add_argument("--pid", type=int, help="end when this process ends")
    options = parser.parse_intermixed_args(words[:len(words) - len(program) - 1] if program else words)
    if (options.what == "run") != bool(program) or (options.what == "start") != bool(options.directory):
        parser.error("run needs a program, start needs a directory")
    if find_programs() is None:
        print("servers.py: skipped, there is no /usr/lib/postgresql/*/bin")
        sys.exit(SKIPPED)
    if program:
        run(options, program)
    start(options, os.path.abspath(options.directory))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""histories.py: three hosts work on one database while hosts and servers are killed, stopped, cut and promoted. board.py then checks the
history of all calls.

SEED repeats the choices of faults, MINUTES is the time, ONLY=TEXT makes only faults whose names contain TEXT. KEYDIV_HOST is the program of
a host (host.c), KEYDIV_TOOL the tool, and KEYDIV_MODULE the module. With STORE=directory the hosts use one token directory, without
faults of servers: the checker then looks at the store that everybody has.
"""
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import board as history  # noqa: E402
from servers import on_servers, send  # noqa: E402

HOSTS = 3
STUCK = 120  # seconds


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Failure(Exception):
    pass


class Fleet:
    """The hosts, which are processes with a link each, and their board."""

    def __init__(self, directory, seed, on_server):
        self.directory = directory
        self.on_server = on_server
        self.path = os.path.join(directory, "board")
        self.board = history.make_board(self.path, seed)
        self.processes = [None] * HOSTS
        self.kills = 0

    def environment(self, index):
        """Each host has a configuration, a token directory and a log of its own."""
        home = os.path.join(self.directory, f"host{index}")
        conf = os.path.join(home, "keydiv.conf")
        if not os.path.exists(conf):
            os.mkdir(home)
            tokens = home if self.on_server else self.directory
            with open(conf, "w") as out:
                out.write(f"token-dir = {tokens}/tokens\nscrypt-log2-n = 14\nlog-file = {home}/log\nlog-level = info\n")
                if self.on_server:
                    out.write(f"store = postgresql:service=host{index}\n")
            os.chmod(conf, 0o600)
        return os.environ | {"KEYDIV_CONF": conf}

    def begin(self, index, *what):
        return subprocess.Popen([os.environ["KEYDIV_HOST"], self.path, str(index), *what], env=self.environment(index),
            stdout=subprocess.PIPE if what else None, text=True)

    def run(self, index, what):
        process = self.begin(index, what)
        out, _ = process.communicate(timeout=STUCK)
        if process.returncode != 0:
            raise Failure(f"host {what}: exit status {process.returncode}, see {self.directory}")
        return out

    def start(self, index):
        self.processes[index] = self.begin(index)

    def kill(self, index):
        self.processes[index].kill()
        self.processes[index].wait()
        self.kills += 1

    def check_alive(self):
        for index, process in enumerate(self.processes):
            if process.poll() is not None:
                raise Failure(f"host {index} ended with status {process.returncode}")

    def wait_working(self, since):
        """Wait until every host has used a key since the time SINCE. Return the longest wait in seconds."""
        while any(self.board.host[i].worked < since for i in range(HOSTS)):
            self.check_alive()
            if now() - since > STUCK * 10**9:
                raise Failure("a host does not recover: " + ", ".join(f"{(now() - self.board.host[i].worked) / 1e9:.1f} s"
                    for i in range(HOSTS)))
            time.sleep(0.01)
        return max(0, max(self.board.host[i].worked for i in range(HOSTS)) - since) / 1e9

    def stop(self):
        self.board.stop = 1
        for index, process in enumerate(self.processes):
            try:
                status = process.wait(STUCK)
            except subprocess.TimeoutExpired:
                raise Failure(f"host {index} is stuck")
            if status != 0:
                raise Failure(f"host {index} ended with status {status}")
        self.board.stop = 0

    def kill_all(self):
        for process in self.processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


class Faults:
    """The faults. Each begins something, lets the hosts work, and ends it."""

    def __init__(self, fleet, choice):
        self.fleet = fleet
        self.choice = choice
        self.counts = {}

    def command(self, *words):
        return send(os.environ["KEYDIV_PG"], words)

    def sleep(self, low, high):
        end = time.monotonic() + self.choice.uniform(low, high)
        while time.monotonic() < end:
            self.fleet.check_alive()
            time.sleep(min(0.05, max(0, end - time.monotonic())))

    def primary(self):
        return self.command("primary")

    def standby(self):
        return "b" if self.primary() == "a" else "a"

    def some_hosts(self):
        return self.choice.sample(range(HOSTS), self.choice.randint(1, HOSTS))

    def kill_host(self):
        index = self.choice.randrange(HOSTS)
        self.fleet.kill(index)
        self.fleet.start(index)
        self.sleep(0.1, 1)

    def kill_all_hosts(self):
        for index in range(HOSTS):
            self.fleet.kill(index)
        for index in range(HOSTS):
            self.fleet.start(index)
        self.sleep(0.1, 1)

    def kill_server(self):
        name = self.primary()
        self.command("kill", name)
        self.sleep(0, 1.5)
        self.command("start", name)

    def restart_server(self):
        name = self.primary()
        self.command("stop", name)
        self.command("start", name)

    def kill_server_and_host(self):
        name, index = self.primary(), self.choice.randrange(HOSTS)
        self.command("kill", name)
        self.fleet.kill(index)
        self.fleet.start(index)
        self.sleep(0, 0.5)
        self.command("start", name)

    def stop_server(self):
        """SIGSTOP."""
        name = self.primary()
        self.command("pause", name)
        self.sleep(0.1, 4)
        self.command("cont", name)

    def stop_host(self):
        """A host that stands still, as a machine that was paused, is late by what was left of its lease, and no more."""
        index = self.choice.randrange(HOSTS)
        self.fleet.processes[index].send_signal(signal.SIGSTOP)
        self.sleep(0.1, 2)
        self.fleet.processes[index].send_signal(signal.SIGCONT)

    def cut_hosts(self):
        names = [f"host{i}" for i in self.some_hosts()]
        for name in names:
            self.command("cut", name)
        self.sleep(0.1, 5)
        for name in names:
            self.command("heal", name)

    def reset_hosts(self):
        names = [f"host{i}" for i in self.some_hosts()]
        for name in names:
            self.command("reset", name)
        self.sleep(0, 0.5)
        for name in names:
            self.command("heal", name)

    def cut_standby(self):
        """No commit is acknowledged while the standby is away."""
        self.command("cut", "replication")
        self.sleep(0.1, 3)
        self.command("heal", "replication")
        self.command("synchronous")

    def kill_standby(self):
        name = self.standby()
        self.command("kill", name)
        self.sleep(0, 1)
        self.command("start", name)
        self.command("synchronous")

    def promote(self):
        """The standby becomes primary while the old primary runs on. Some hosts see only the old one, the others only the new one, for long
        enough that the others have noticed and destroy keys."""
        old, new = self.primary(), self.standby()
        behind = self.choice.sample(range(HOSTS), self.choice.randint(1, HOSTS - 1))
        self.command("cut", "replication")
        for index in range(HOSTS):
            self.command("cut", f"host{index}-{new if index in behind else old}")
        self.command("promote", new)
        self.sleep(1, 12)
        for index in behind:
            self.command("cut", f"host{index}-{old}")
            self.command("heal", f"host{index}-{new}")
        self.sleep(0, 1)
        self.command("heal", "replication")
        self.command("rebuild", old)
        for index in range(HOSTS):
            self.command("heal", f"host{index}")

    def promote_after_kill(self):
        """The primary dies, often after a time in which it could not reach its standby. What it committed alone was not acknowledged."""
        old, new = self.primary(), self.standby()
        if self.choice.randrange(3):
            self.command("cut", "replication")
            self.sleep(0.2, 2)
        self.command("kill", old)
        self.command("promote", new)
        self.command("heal", "replication")
        self.sleep(0, 1)
        self.command("rebuild", old)

    WEIGHTS = {"kill_host": 4, "kill_all_hosts": 1, "kill_server": 4, "restart_server": 1, "kill_server_and_host": 2, "stop_server": 3,
        "stop_host": 3, "cut_hosts": 4, "reset_hosts": 2, "cut_standby": 2, "kill_standby": 1, "promote": 3, "promote_after_kill": 2}
    OF_HOSTS = ("kill_host", "kill_all_hosts", "stop_host")

    def one(self):
        """Make one fault. Return its name, and the seconds after its end until all hosts worked."""
        names = [n for n in self.WEIGHTS if os.environ.get("ONLY", "") in n and (self.fleet.on_server or n in self.OF_HOSTS)]
        name = self.choice.choices(names, [self.WEIGHTS[n] for n in names])[0]
        self.counts[name] = self.counts.get(name, 0) + 1
        getattr(self, name)()
        return name, self.fleet.wait_working(now())


def work(fleet, faults, seconds):
    """Make faults for SECONDS. Return the longest recovery of each kind of fault."""
    slowest = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        faults.sleep(0.2, 1.5)
        name, recovery = faults.one()
        slowest[name] = max(slowest.get(name, 0), recovery)
    faults.sleep(1, 1)
    return slowest


def report(fleet, faults, slowest):
    hosts = fleet.board.host[:HOSTS]
    print(f"{sum(h.uses for h in hosts)} uses, {sum(h.changes for h in hosts)} changes and {sum(h.marks for h in hosts)} marks "
        f"acknowledged, {fleet.board.keys} keys, {fleet.kills} kills of hosts")
    print(f"{sum(h.failures for h in hosts)} calls failed, {sum(h.strange for h in hosts)} of them with another code than "
        f"CKR_DEVICE_ERROR, the last one 0x{max(h.strange_rv for h in hosts):x}")
    for name in sorted(faults.counts):
        print(f"{faults.counts[name]:6} {name}, all hosts worked at most {slowest[name]:.2f} s after its end")


def judge(fleet):
    wrong = history.check_running(fleet.board)
    lines = [line.split() for line in fleet.run(0, "list").splitlines()]
    labels = [words[0] for words in lines if words[0].startswith("K")]
    usable = {words[0] for words in lines if words[1] == "usable"}
    return wrong + history.check_end(fleet.board, labels, usable), len(labels)


def main():
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
    minutes = float(os.environ.get("MINUTES") or 1)
    on_server = os.environ.get("STORE") != "directory"
    print(f"histories: SEED={seed}, {minutes} minutes", flush=True)
    directory = tempfile.mkdtemp(prefix="keydiv-history-", dir=os.environ.get("KEYDIV_PG"))
    fleet = Fleet(directory, seed, on_server)
    faults = Faults(fleet, random.Random(seed))
    wrong = []
    try:
        if on_server:
            subprocess.run([os.environ["KEYDIV_TOOL"], "store", "init", "postgresql:service=direct", "--module",
                os.environ["KEYDIV_MODULE"]], env=fleet.environment(0), check=True, stdout=subprocess.DEVNULL)
        fleet.run(0, "make")
        for index in range(HOSTS):
            fleet.start(index)
        fleet.wait_working(now())
        slowest = work(fleet, faults, 60 * minutes)
        fleet.stop()
        report(fleet, faults, slowest)
        wrong, there = judge(fleet)
        print(f"{there} keys are there at the end: {len(wrong)} breaches")
    except (Failure, RuntimeError) as failure:
        wrong = [str(failure)] + history.check_running(fleet.board)
        print_logs(fleet)
    finally:
        fleet.kill_all()
    for line in wrong[:20]:
        print("BREACH: " + line)
    if wrong:
        sys.exit(f"histories: {len(wrong)} breaches, SEED={seed}")


def print_logs(fleet):
    for index in range(HOSTS):
        path = os.path.join(fleet.directory, f"host{index}", "log")
        if os.path.exists(path):
            with open(path, errors="replace") as log:
                print(f"the end of the log of host {index}:\n" + "".join(log.readlines()[-15:]))


if __name__ == "__main__":
    if os.environ.get("STORE") != "directory":
        on_servers("--standby", *(word for i in range(HOSTS) for word in ("--link", f"host{i}")))
    main()

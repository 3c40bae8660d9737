# SPDX-License-Identifier: Apache-2.0
"""fleet.py [OBJECTS]: the store on a PostgreSQL server beside the store in a directory, in one run. ninja -C build bench-fleet starts it.

Each comparison takes turns: half a second of the one, half a second of the other, and so on, and prints the median of the ratios, with the
quarter below and the quarter above. FLEET_CPU=1 counts processor time in place of time, for a busy machine. The servers are a
primary and a synchronous standby on this machine, in TMPDIR or /dev/shm. With OBJECTS, tokens of so many objects are compared too.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "postgresql"))
from servers import send  # noqa: E402

ROUNDS = 15


class Place:
    """A configuration and what runs with it."""

    def __init__(self, directory, name, line):
        self.conf = os.path.join(directory, name + ".conf")
        with open(self.conf, "w") as out:
            out.write(line + "\nscrypt-log2-n = 14\n")
        os.chmod(self.conf, 0o600)

    def begin(self, *arguments):
        return subprocess.Popen([os.environ["KEYDIV_FLEET"], *map(str, arguments)], env=os.environ | {"KEYDIV_CONF": self.conf},
            stdout=subprocess.PIPE, text=True)

    def run(self, *arguments):
        process = self.begin(*arguments)
        out = process.communicate()[0]
        if process.returncode != 0:
            sys.exit(f"fleet {arguments}: exit status {process.returncode}")
        return [float(word) for word in out.split()]

    def together(self, n, *arguments):
        """Run N processes at once. Return the sum of their numbers."""
        processes = [self.begin(*arguments) for _ in range(n)]
        return sum(float(p.communicate()[0]) for p in processes)


def store(*arguments):
    subprocess.run([os.environ["KEYDIV_TOOL"], "store", *arguments, "--module", os.environ["KEYDIV_MODULE"]], check=True,
        stdout=subprocess.DEVNULL)


def compare(name, bar, one, other):
    numbers = [(one(), other()) for _ in range(ROUNDS)]
    a, b = (statistics.median(n[i] for n in numbers) for i in (0, 1))
    low, middle, high = statistics.quantiles((n[0] / n[1] for n in numbers), n=4)
    print(f"{name}: {a:.0f} beside {b:.0f}, ratio {middle:.3f}, {low:.3f} to {high:.3f} (bar: {bar})", flush=True)


def recover(server):
    """Kill the server, start it, and print how long after its return a host derived again."""
    waits = []
    for _ in range(3):
        process = server.begin("watch", 6)
        time.sleep(1)
        send(os.environ["KEYDIV_PG"], ["kill", "a"])
        time.sleep(1)
        send(os.environ["KEYDIV_PG"], ["start", "a"])
        returned = time.clock_gettime(time.CLOCK_MONOTONIC)
        gaps = [line.split() for line in process.communicate()[0].splitlines()]
        waits.append(max([float(end) for end, length in gaps if float(length) > 0.2], default=returned) - returned)
    print(f"recovery after the server takes connections again: at most {max(waits):.2f} s in {len(waits)} kills (bar: 2 s)", flush=True)


def main():
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with tempfile.TemporaryDirectory(dir=os.environ["KEYDIV_PG"]) as directory:
        files = Place(directory, "files", f"token-dir = {directory}/tokens")
        server = Place(directory, "server", "store = postgresql:service=direct")
        os.environ["KEYDIV_CONF"] = files.conf
        store("init", "postgresql:service=direct")
        files.run("make", objects)
        store("copy", f"{directory}/tokens", "postgresql:service=direct")
        compare("derivations a second, on a server beside in a directory", ">= 0.85",
            lambda: server.run("derive", 0.5)[0], lambda: files.run("derive", 0.5)[0])
        n = os.cpu_count()
        compare(f"derivations a second, {n} hosts beside {n} times one host", ">= 0.93",
            lambda: server.together(n, "derive", 0.5), lambda: n * server.run("derive", 0.5)[0])
        marks = [server.run("mark", 2, 64)[0] for _ in range(3)]
        print(f"durable marks a second, 64 threads of one host: {statistics.median(marks):.0f} (bar: >= 20000)", flush=True)
        recover(server)
        for place, name in ((files, "in a directory"), (server, "on a server")):
            starts = [place.run("start") for _ in range(ROUNDS)]
            print(f"with {objects} objects, {name}: C_Initialize and session {statistics.median(s[0] for s in starts):.1f} ms, C_Login "
                f"{statistics.median(s[1] for s in starts):.1f} ms, search and derivation {statistics.median(s[2] for s in starts):.1f} ms, "
                f"{statistics.median(s[3] for s in starts) / 1024:.1f} MiB resident", flush=True)


if __name__ == "__main__":
    if "KEYDIV_PG" not in os.environ:
        os.execv(sys.executable, [sys.executable, os.path.join(HERE, "..", "postgresql", "servers.py"), "run", "--standby", "--",
            sys.executable, os.path.abspath(__file__), *sys.argv[1:]])
    main()

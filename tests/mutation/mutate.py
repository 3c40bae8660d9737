#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Change the sources in one way at a time, and count the changes that no test notices.

Usage: mutate.py [AREA...]. The environment: COUNT=n mutants of each area (all), SEED=n of the choice
(1), BUDGET=n seconds of processor time for the tests of one mutant (15; 0: no limit), JOBS=n (2),
MINUTES=n of all (no limit), FILE=pattern, TESTS=pattern of the names of tests, LISTED=1 for the
mutants of survivors.txt alone. README.md describes the method and the files.
"""

import concurrent.futures
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from areas import AREAS, LAST_TESTS, ROW_TESTS
from points import Source, compiling

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(ROOT, "build-mutation")
TREE, OUT, OUT_SANITIZED = (os.path.join(WORK, d) for d in ("tree", "out", "out-sanitized"))
SEED, COUNT = int(os.environ.get("SEED", 1)), int(os.environ.get("COUNT", 0))
BUDGET, JOBS = float(os.environ.get("BUDGET", 15)), int(os.environ.get("JOBS", 2))
MINUTES = float(os.environ.get("MINUTES", 0))
CHUNK = 20  # mutants between two writes of the results
LIMITS = ["prlimit", "--core=0", "--fsize=200000000:unlimited"]
MEMORY_LIMIT = "--as=8000000000:unlimited"  # not under a sanitizer, which reserves more
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:allocator_may_return_null=1:verify_asan_link_order=0",
              "UBSAN_OPTIONS": "halt_on_error=1"}  # fmt: skip


def write(path, text):
    """Write TEXT to PATH unless PATH has this text: ninja goes by the time of a file."""
    if os.path.exists(path) and open(path).read() == text:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(text)


# --- Sources and build ---


def load_sources():
    sources, number = {}, 0
    for area, parts in AREAS.items():
        for paths, functions, tables in parts:
            for path in paths.split():
                sources[path] = Source(path, open(os.path.join(ROOT, path)).read(), functions, tables)
                sources[path].area = area
    seen = {}
    for source in sources.values():
        for m in source.mutants:
            number += 1
            m.number, m.area = number, source.area
            seen[m.file, m.function, m.what] = again = seen.get((m.file, m.function, m.what), 0) + 1
            m.name = f"{m.file}: {m.function}: {m.what}" + (f" #{again}" if again > 1 else "")
    return sources, number


def copy_tree(sources):
    listed = subprocess.run(["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for path in filter(None, listed.stdout.decode().split("\0")):
        here, there = os.path.join(ROOT, path), os.path.join(TREE, path)
        if path in sources or not os.path.exists(here):
            continue
        if not os.path.exists(there) or os.path.getmtime(there) < os.path.getmtime(here):
            os.makedirs(os.path.dirname(there), exist_ok=True)
            shutil.copy(here, there)


def compile_check(text):
    command = ["gcc", "-fsyntax-only", "-w", "-x", "c", "-D_GNU_SOURCE", "-DMUTANT_LAST=1", '-DKEYDIV_VERSION="0"']
    command += [f"-I{HERE}", *(f"-I{ROOT}/{d}" for d in ("include", "src", "mechanisms")), "-"]
    return subprocess.run(command, input=text.encode(), capture_output=True).returncode == 0


def prepare(sources):
    """Write the tree with all points. Points with which a file does not compile are no mutants."""
    copy_tree(sources)
    for path, source in sources.items():
        cache = os.path.join(WORK, "compiling", hashlib.sha256(source.text.encode()).hexdigest() + path.replace("/", "_"))
        if not os.path.exists(cache):
            write(cache, "\n".join(m.name for m in compiling(source, compile_check)))
        names = set(open(cache).read().split("\n"))
        source.mutants = [m for m in source.mutants if m.row or m.name in names]
        source.points = set(source.mutants)
        write(os.path.join(TREE, path), source.render(source.points))
    flags = f"-I{HERE} -DMUTANT_LAST=100000 -w"
    sanitize = ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
    for out, options in ((OUT, ["-Doptimization=0"]), (OUT_SANITIZED, ["-Doptimization=1", *sanitize])):
        if not os.path.exists(os.path.join(out, "build.ninja")):
            subprocess.run(["meson", "setup", out, TREE, "-Ddebug=false", f"-Dc_args={flags}", *options], check=True)
        elif not ninja(out, ["build.ninja"]):  # configure again, so that tests which are new are listed
            sys.exit("the tree with its mutants cannot be configured")


def ninja(out, targets, quiet=False):
    run = subprocess.run(["ninja", "-C", out, *targets], capture_output=quiet)
    return run.returncode == 0


# --- Tests ---


def session(leader):
    """(process, state, ticks) of what a test has started. Its children have process groups of their own."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{entry}/stat").read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found.append((int(entry), fields[0], int(fields[11]) + int(fields[12])))
    return found


def end_session(leader):
    for process, _, _ in session(leader):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Test:
    def __init__(self, entry, out=OUT, turn=0, areas=()):
        """A test of the build OUT. It runs after the tests of a lower TURN, and for mutants of AREAS (empty: of all)."""
        self.name, self.command, self.out, self.turn, self.areas = entry["name"], entry["cmd"], out, turn, areas
        self.environment = entry["env"]
        files = [self.command[0]]
        files += [v for k, v in entry["env"].items() if k in ("KEYDIV_MODULE", "FAKE_FOREIGN", "EVIL_PROVIDER")]
        self.targets = [os.path.relpath(f, out) for f in files]
        self.limits = LIMITS + ([MEMORY_LIMIT] if out == OUT else [])
        self.seconds, self.reached, self.runs, self.kills = 0.0, set(), {}, {}

    def cost(self, file):
        """The seconds that a mutant of FILE costs until this test kills it, by what happened so far."""
        return self.seconds * (self.runs.get(file, 0) + 1) / (self.kills.get(file, 0) + 0.2)

    def run(self, number, reached=None):
        """Return "passed", "failed" or "hung"."""
        scratch = f"/dev/shm/keydiv-mutation.{os.getpid()}.{number}.{self.name}"
        os.makedirs(scratch)
        environment = {**os.environ, **self.environment, "MUTANT": str(number), "TMPDIR": scratch}
        if reached:
            environment["MUTANT_REACHED"] = reached
        cpu, wall = int(10 + 10 * self.seconds), 300 + 30 * self.seconds
        command = [*self.limits, f"--cpu={cpu}", *self.command]
        null = subprocess.DEVNULL
        process = subprocess.Popen(command, env=environment, cwd=scratch, stdin=null, stdout=null, stderr=null, start_new_session=True)
        try:
            _, status, used = self.wait(process, wall)
        finally:
            end_session(process.pid)
            shutil.rmtree(scratch, ignore_errors=True)
        self.used = used
        if status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)):
            return "hung"
        return "passed" if status == 0 else "failed"

    @staticmethod
    def wait(process, wall):
        """Wait for PROCESS. It hangs if the time is over, or if all its processes sleep for 8 s."""
        end = time.monotonic() + wall
        look, before, sleeps = time.monotonic() + 1, None, 0
        while (now := time.monotonic()) < end and sleeps < 8:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = status
                return pid, status, usage.ru_utime + usage.ru_stime
            if now > look:
                after = session(process.pid)
                asleep = after == before and all(state == "S" for _, state, _ in after)
                look, before, sleeps = now + 1, after, sleeps + 1 if asleep else 0
            time.sleep(0.01)
        process.kill()
        os.wait4(process.pid, 0)
        process.returncode = -9
        return 0, None, 1.0


def listed_tests(out, suites):
    """The tests of the build OUT whose names begin with one of SUITES, as meson describes them."""
    listed = subprocess.run(["meson", "introspect", "--tests", out], capture_output=True, check=True)
    return [t for t in json.loads(listed.stdout) if re.match(f"({suites})-", t["name"]) and t["cmd"][0].startswith(out)]


def load_tests(areas):
    """The unit and module tests; the unit tests under the sanitizers; the tests that come last in AREAS."""
    tests = [Test(t) for t in listed_tests(OUT, "unit|module")]
    for t in listed_tests(OUT_SANITIZED, "unit"):
        entry = {"name": "sanitized-" + t["name"], "cmd": t["cmd"], "env": {**t["env"], **SANITIZERS}}
        tests.append(Test(entry, OUT_SANITIZED, turn=1))
    modules = {"KEYDIV_MODULE": f"{OUT}/keydiv-pkcs11.so", "FAKE_FOREIGN": f"{OUT}/tests/support/fake_foreign.so"}
    for area in areas:
        for name, target, arguments, environment in LAST_TESTS.get(area, []):
            command = [f"{OUT}/{target}", *(os.path.join(TREE, a) if "/" in a else a for a in arguments)]
            own = {k: f"{OUT}/{v}" if "/" in v else v for k, v in environment.items()}
            entry = {"name": name, "cmd": command, "env": {**modules, "LD_BIND_NOW": "1", **own}}
            tests.append(Test(entry, turn=2, areas=(area,)))
    return [t for t in tests if re.search(os.environ.get("TESTS", "."), t.name)]


def digest(folders):
    """Changes with every file of these folders of the tree."""
    names = (os.path.join(d, f) for top in folders for d, _, files in os.walk(os.path.join(TREE, top)) for f in files)
    names = [n for n in sorted(names) if "/tests/mutation/" not in n]
    return hashlib.sha256(b"".join(n.encode() + open(n, "rb").read() for n in names)).hexdigest()


def kept_file(name):
    path = os.path.join(WORK, name)
    return path, json.load(open(path)) if os.path.exists(path) else {}


def run_without_mutant(test):
    """Run TEST without a mutant. Return its verdict, its seconds and the points that it reaches."""
    reached = os.path.join(WORK, f"reached.{test.name}")
    open(reached, "wb").write(bytes(100001))
    verdict = test.run(0, reached)
    points = [n for n, byte in enumerate(open(reached, "rb").read()) if byte]
    os.remove(reached)
    print(f"baseline: {test.name}: {verdict}, {test.used:.2f} s, {len(points)} points", flush=True)
    return verdict, test.used, points


def baseline(tests):
    """Run each test without a mutant, and note the points that the test reaches and its time."""
    path, kept = kept_file("baseline.json")
    new = []
    for t in tests:
        parts = [open(os.path.join(t.out, f), "rb").read() for f in t.targets]
        parts += [repr((t.command, t.environment)).encode()] if t.areas else []
        t.built = hashlib.sha256(b"".join(parts)).hexdigest()
        if kept.get(t.name, [""])[:2] != [t.built, "passed"]:
            new.append(t)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for t, result in zip(new, pool.map(run_without_mutant, new)):
            kept[t.name] = [t.built, *result]
            write(path, json.dumps(kept))
    for t in tests:
        _, verdict, t.seconds, points = kept[t.name]
        t.reached = set(points)
        if verdict != "passed":
            print(f"{t.name} {verdict} without a mutant, and is left out")
    return [t for t in tests if kept[t.name][1] == "passed"]


# --- Mutants ---


def judge(m, tests, build=None):
    """Run the tests that reach M until one fails. Return the verdict and the test."""
    spent, left_out = 0.0, False
    for t in sorted(tests, key=lambda t: (t.turn, t.cost(m.file))):
        if BUDGET and t.turn == 0 and spent + t.seconds > BUDGET:
            left_out = True
            continue
        if build and not build(t.out, t.targets):
            return "not compiled", ""
        t.runs[m.file] = t.runs.get(m.file, 0) + 1
        verdict = t.run(0 if m.row else m.number)
        spent += t.used
        if verdict != "passed":
            t.kills[m.file] = t.kills.get(m.file, 0) + 1
            return verdict, t.name
    return ("over budget" if left_out else "survived" if spent else "unreached"), ""


def judge_row(m, source, tests):
    path = os.path.join(TREE, m.file)
    write(path, source.render(source.points, m))
    stem = os.path.basename(m.file)[:-2]
    wanted = [f"unit-{stem}", f"module-{stem}", *ROW_TESTS[m.area]]
    os.environ["CCACHE_DISABLE"] = "1"
    result = judge(m, [t for t in tests if t.name in wanted], lambda out, targets: ninja(out, targets, True))
    write(path, source.render(source.points))
    return result


def choose(sources, areas):
    """The mutants of each area in the order of the seed, the first of each area first."""
    chosen, listed = [], listed_survivors()
    for area in areas:
        mutants = [m for s in sources.values() if s.area == area for m in s.mutants]
        mutants = [m for m in mutants if re.search(os.environ.get("FILE", "."), m.file)]
        if os.environ.get("LISTED"):
            mutants = [m for m in mutants if m.name in listed]
        random.Random(SEED).shuffle(mutants)
        chosen += enumerate(mutants[: COUNT or None])
    return [m for _, m in sorted(chosen, key=lambda pair: pair[0])]


def known_results():
    """The results of earlier runs. Those of mutants that no test noticed count for the same tests only."""
    path, kept = kept_file("results.json")
    sources, tests = digest(["src", "mechanisms", "include"]), digest(["tests"])
    known = kept.get("results", {}) if kept.get("sources") == sources else {}
    if kept.get("tests") != tests or kept.get("budget") != BUDGET:
        known = {name: v for name, v in known.items() if v[0] in ("failed", "hung")}
    kept = {"sources": sources, "tests": tests, "budget": BUDGET}
    return known, lambda: write(path, json.dumps({**kept, "results": dict(known)}))


def run_all(chosen, sources, tests):
    """Judge the mutants until the time is over. Return the verdicts of those that were judged."""
    known, save = known_results()
    end = time.monotonic() + MINUTES * 60 if MINUTES else float("inf")
    work = [m for m in chosen if m.name not in known]

    def run(m):
        if time.monotonic() < end:
            known[m.name] = judge(m, [t for t in tests if m.number in t.reached and m.area in (t.areas or [m.area])])

    for at in range(0, len(work), CHUNK):
        part = work[at : at + CHUNK]
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(run, (m for m in part if not m.row)))
        for m in (m for m in part if m.row):
            if time.monotonic() < end:
                known[m.name] = judge_row(m, sources[m.file], tests)
        save()
        print(f"{at + len(part)} of {len(work)} mutants", flush=True)
    return {m: known[m.name] for m in chosen if m.name in known}


# --- Report ---


def listed_survivors():
    lines = open(os.path.join(HERE, "survivors.txt")).read().split("\n") if os.path.exists(os.path.join(HERE, "survivors.txt")) else []
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {name: reason for name, reason in pairs}


def report(results, areas, total):
    print(f"seed {SEED}, {time.strftime('%Y-%m-%d', time.gmtime())}")
    print(f"{'area':10} {'mutants':>8} {'run':>6} {'killed':>7} {'hung':>5} {'survived':>9} {'unreached':>10} {'score':>7}")
    good = True
    for area in areas:
        verdicts = [v for m, (v, _) in results.items() if m.area == area and v != "not compiled"]
        count = {v: verdicts.count(v) for v in ("failed", "hung", "unreached")}
        killed = count["failed"] + count["hung"]
        survived = len(verdicts) - killed - count["unreached"]
        score = 100 * killed / max(len(verdicts), 1)
        good &= score >= 90
        print(f"{area:10} {total[area]:8} {len(verdicts):6} {killed:7} {count['hung']:5} {survived:9} {count['unreached']:10} {score:6.1f}%")
    listed = listed_survivors()
    with open(os.path.join(WORK, "survivors.txt"), "w") as out:
        new = 0
        for m, (verdict, _) in results.items():
            if verdict in ("failed", "hung", "not compiled"):
                if m.name in listed and verdict != "not compiled":
                    print(f"killed, but listed as survivor: {m.name}")
                continue
            new += m.name not in listed
            out.write(f"{m.name}\t{listed.get(m.name, 'NEW, ' + verdict)}\n")
    print(f"{new} survivors are not in tests/mutation/survivors.txt; all of this run: {os.path.join(WORK, 'survivors.txt')}")
    return good and new == 0


def main():
    areas = sys.argv[1:] or list(AREAS)
    sources, last = load_sources()
    prepare(sources)
    tests = load_tests(areas)
    for out in (OUT, OUT_SANITIZED):
        targets = sorted({f for t in tests if t.out == out for f in t.targets})
        if targets and not ninja(out, targets):
            sys.exit("the tree with its mutants does not build")
    tests = baseline(tests)
    chosen = choose(sources, areas)
    total = {a: sum(len(s.mutants) for s in sources.values() if s.area == a) for a in areas}
    results = run_all(chosen, sources, tests)
    sys.exit(0 if report(results, areas, total) else 1)


if __name__ == "__main__":
    main()

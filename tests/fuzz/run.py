#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py: run fuzz targets under libFuzzer, or merge what they found into the corpus.

Usage: run.py BUILD_DIRECTORY [merge] [TARGET...]

MINUTES=n  each target runs so long (default 3)
RUNS=n     each target runs so many inputs instead
JOBS=n     so many targets run at once (default: one for each processor)
SEED=n     libFuzzer's seed

The inputs that reach new code are kept in BUILD_DIRECTORY/corpus/TARGET, the log is in
BUILD_DIRECTORY/log/TARGET.log, and an input that ended a target in BUILD_DIRECTORY/found. Exits with 1
after a finding.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent
MAX_LEN = {"calls": 400, "csv": 2000, "flat": 1000, "client": 400, "foreign": 600, "reply": 2000}
MERGED_LEN = 400  # bytes of an input that is committed
MERGED_TOTAL = 48 * 1024  # bytes of a target's committed inputs


def targets():
    return sorted(f.stem[len("fuzz_"):] for f in SOURCE.glob("fuzz_*.c"))


def environment(build):
    values = dict(os.environ)
    values["KEYDIV_MODULE"] = str(build / "keydiv-pkcs11.so")
    values["FUZZ_FOREIGN"] = str(build / "tests" / "fuzz" / "fuzz_foreign_module.so")
    values.setdefault("TMPDIR", "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp")
    values.setdefault("ASAN_OPTIONS", "malloc_context_size=4:quarantine_size_mb=16")
    values.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    return values


def limit():
    if "RUNS" in os.environ:
        return [f"-runs={int(os.environ['RUNS'])}"]
    return [f"-max_total_time={int(60 * float(os.environ.get('MINUTES', '3')))}"]


def number(log, pattern):
    found = re.findall(pattern, log)
    return int(found[-1]) if found else 0


def fuzz(build, name):
    """Run one target. Returns its line of the table and True if there is no finding."""
    grown, log, found = build / "corpus" / name, build / "log" / f"{name}.log", build / "found"
    for directory in (grown, log.parent, found):
        directory.mkdir(parents=True, exist_ok=True)
    # Entropic scheduling spends more time on its statistics than these short targets take.
    command = [str(build / "tests" / "fuzz" / f"libfuzzer_{name}"), "-entropic=0", "-print_final_stats=1",
               f"-max_len={MAX_LEN.get(name, 4096)}", f"-artifact_prefix={found}/{name}-",
               f"-seed={os.environ.get('SEED', '0')}", *limit(), str(grown), str(SOURCE / "corpus" / name)]
    with open(log, "wb") as out:
        code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=environment(build), check=False).returncode
    text = log.read_text(errors="replace")
    executions, speed, cov, features, seed = (number(text, pattern + r"(\d+)") for pattern in (
        "number_of_executed_units: ", "average_exec_per_sec: +", " cov: ", " ft: ", "Seed: "))
    inputs = len(list(grown.iterdir()))
    line = f"{name:10} {executions:12} {speed:8} {cov:8} {features:8} {inputs:7} {seed:11}  "
    if code == 0 and executions > 0:
        return line + "none", True
    places = re.findall(r"Test unit written to (\S+)", text)
    return line + (places[-1] if places else f"exit {code}, see {log}"), False


def fuzz_all(build, names):
    print(f"{'target':10} {'executions':>12} {'exec/s':>8} {'coverage':>8} {'features':>8} {'corpus':>7} {'seed':>11}  finding",
          flush=True)
    good = True
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for line, ok in pool.map(lambda name: fuzz(build, name), names):
            print(line, flush=True)
            good = good and ok
    return good


def merge(build, name):
    """Add short inputs that reach new code to the committed corpus, while it is small."""
    corpus, grown, chosen = SOURCE / "corpus" / name, build / "corpus" / name, build / "merged" / name
    short = build / "short" / name
    for directory in (chosen, short):
        subprocess.run(["rm", "-rf", str(directory)], check=True)
        directory.mkdir(parents=True)
    for file in grown.iterdir():
        if file.stat().st_size <= MERGED_LEN:
            os.link(file, short / file.name)
    for file in corpus.iterdir():
        (chosen / file.name).write_bytes(file.read_bytes())
    before = {file.name for file in corpus.iterdir()}
    subprocess.run([str(build / "tests" / "fuzz" / f"libfuzzer_{name}"), "-merge=1", "-use_counters=0",
                    str(chosen), str(short)],
                   check=True, env=environment(build), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    total, added = sum(file.stat().st_size for file in corpus.iterdir()), 0
    for file in sorted(chosen.iterdir(), key=lambda file: (file.stat().st_size, file.name)):
        if file.name in before or total + file.stat().st_size > MERGED_TOTAL:
            continue
        (corpus / file.name).write_bytes(file.read_bytes())
        total, added = total + file.stat().st_size, added + 1
    print(f"{name:10} {added} inputs added, {len(list(corpus.iterdir()))} inputs of {total} bytes in all")


def main(arguments):
    build = pathlib.Path(arguments[0]).resolve()
    merging = arguments[1:2] == ["merge"]
    names = arguments[2 if merging else 1:] or targets()
    wrong = [name for name in names if name not in targets()]
    if wrong:
        sys.exit(f"{sys.argv[0]}: no target {wrong[0]}: the targets are {' '.join(targets())}")
    if not merging:
        return 0 if fuzz_all(build, names) else 1
    for name in names:
        merge(build, name)
    return 0


sys.exit(main(sys.argv[1:]))

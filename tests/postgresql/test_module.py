# SPDX-License-Identifier: Apache-2.0
"""test_module.py PROGRAM...: the programs of tests/module with their tokens on a server, four at a time, because they wait for the server
most of the time. tests/module/on_server.c lists the tests that do not apply."""
import concurrent.futures
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from servers import on_servers  # noqa: E402


def run(program):
    return subprocess.run([program], env=os.environ | {"KEYDIV_TEST_SERVER": "a"}, capture_output=True, text=True, errors="replace")


def main(programs):
    failed = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for program, done in zip(programs, pool.map(run, programs)):
            name = os.path.basename(program).removeprefix("test_module_")
            lines = done.stdout.splitlines()
            print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} {lines[1] if len(lines) > 1 else ''}", flush=True)
            if done.returncode != 0:
                failed.append(name)
                print("\n".join(lines[2:]) + done.stderr, flush=True)
    if failed:
        sys.exit("failed: " + " ".join(failed))


if __name__ == "__main__":
    on_servers()
    main(sys.argv[1:])

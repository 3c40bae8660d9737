# SPDX-License-Identifier: Apache-2.0
"""test_faults.py PROGRAM...: regimes of tests/faults with their tokens on a primary and its synchronous standby, one after another.

Each takes 20 s and begins with the same seed. MINUTES=n and SEED=n change that. ONLY=load runs that one. README.md says what is left
out."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from servers import on_servers  # noqa: E402

SEED = "14"
MINUTES = "0.34"


def main(programs):
    environment = {"SEED": SEED, "MINUTES": MINUTES} | dict(os.environ) | {"KEYDIV_TEST_SERVER": "a"}
    only = environment.pop("ONLY", "")
    chosen = [program for program in programs if only in os.path.basename(program)]
    if not chosen:
        sys.exit(f"no regime's name contains {only}")
    failed = [os.path.basename(program) for program in chosen if subprocess.run([program], env=environment).returncode != 0]
    if failed:
        sys.exit("failed: " + " ".join(failed))


if __name__ == "__main__":
    on_servers("--standby")
    main(sys.argv[1:])

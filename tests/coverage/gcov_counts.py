# SPDX-License-Identifier: Apache-2.0
"""gcov_counts.py: the counts of gcov, summed over every object of a build directory.

A source file is in many objects: a static library, the module, the tests that compile the file again. The inline
functions of a header are in every object that calls them. A line or a branch is covered if one of the objects covered it.
"""

import json
import pathlib
import subprocess
import sys

PRODUCT = ('src', 'mechanisms', 'include')
# Tests of this store end servers and processes at random moments, so what they cover differs from run to run.
NOT_MEASURED = 'src/store/postgresql'
# One gcov reads so many files.
FILES_AT_ONCE = 50
# gcov gives some lines of initialisers no function.
NO_FUNCTION = 'none'


class Line:
    """A line of one function: how often it ran, and how often each of its branches was taken."""

    def __init__(self):
        self.count = 0
        self.branches = []

    def add(self, measured):
        self.count += measured['count']
        taken = [branch['count'] for branch in measured['branches']]
        self.branches += [0] * (len(taken) - len(self.branches))
        for i, count in enumerate(taken):
            self.branches[i] += count

    def missed(self):
        """Return how many branches were never taken."""
        return self.branches.count(0)


def run_gcov(build):
    """Yield what gcov says of each object. An object that no program ran has a .gcno file alone, and all its counts are 0."""
    notes = sorted(str(path.relative_to(build)) for path in build.rglob('*.gcno'))
    for start in range(0, len(notes), FILES_AT_ONCE):
        command = ['gcov', '--json-format', '--stdout', '--branch-probabilities']
        result = subprocess.run(command + notes[start:start + FILES_AT_ONCE], cwd=build, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            faults = [line for line in result.stderr.splitlines() if 'assuming not executed' not in line]
            sys.exit('\n'.join(['gcov failed:'] + faults))
        yield from (json.loads(line) for line in result.stdout.splitlines() if line.startswith('{'))


def product_path(source, build, name):
    """Return the path below SOURCE if the file NAME is part of the product, else None."""
    for candidate in ((source / name).resolve(), (build / name).resolve()):
        if candidate.is_file() and source in candidate.parents:
            path = candidate.relative_to(source)
            measured = path.parts[0] in PRODUCT and not str(path).startswith(NOT_MEASURED)
            return str(path) if measured else None
    return None


def measure(source, build):
    """Return {file: {(function, line number): Line}} for the product's files in the objects below BUILD."""
    source, build = pathlib.Path(source).resolve(), pathlib.Path(build).resolve()
    files, paths = {}, {}
    for report in run_gcov(build):
        for measured in report['files']:
            name = measured['file']
            if name not in paths:
                paths[name] = product_path(source, build, name)
            if paths[name] is None:
                continue
            lines = files.setdefault(paths[name], {})
            for line in measured['lines']:
                lines.setdefault((line.get('function_name') or NO_FUNCTION, line['line_number']), Line()).add(line)
    return files

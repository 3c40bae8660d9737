# SPDX-License-Identifier: Apache-2.0
"""coverage.py: compare what the suites do not cover with uncovered.txt.

    coverage.py compare SOURCE BUILD          print the shares, and fail if uncovered.txt or a goal does not agree
    coverage.py show SOURCE BUILD [PATH...]   print each uncovered line and branch of the files below PATH
    coverage.py entries SOURCE BUILD [PATH...]  print the entries that uncovered.txt lacks
    coverage.py names SOURCE                  fail if uncovered.txt names a function or a line that is not in the sources

SOURCE is the repository, and BUILD a build directory with -Db_coverage=true in which the tests have run.
"""

import collections
import pathlib
import re
import sys

from gcov_counts import measure

GOALS = {'lines': 95.0, 'branches': 90.0}


class Entry:
    """What may be uncovered in one function: a line with TEXT, or COUNT branches of lines that ran (TEXT is None).

    A loose entry depends on the order in which threads and processes run. It may be covered or not.
    """

    def __init__(self, where, text, count, loose):
        self.where, self.text, self.count, self.loose = where, text, count, loose

    def __str__(self):
        what = f': {self.text}' if self.text is not None else f' {self.count} branches'
        return f'{"? " if self.loose else ""}{" ".join(self.where)}{what}'


def read_list(path):
    """Return the entries of the list. Fail if a line is no entry, or if an entry stands under no reason."""
    entries, reason = [], False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.fullmatch(r'(\? )?(\S+) (\w+)(?:: (.*)| (\d+) branch(?:es)?)', line)
        if found and reason:
            loose, name, function, text, count = found.groups()
            entries.append(Entry((name, function), text, int(count or 1), loose is not None))
        elif line.startswith('## '):
            reason = True
        elif line and not line.startswith('#'):
            sys.exit(f'{path}:{number}: no entry, or no reason above it: {line}')
    return entries


def uncovered(source, files):
    """Return {((file, function), text or None): count}. The branches of a line that did not run belong to the line."""
    found = collections.Counter()
    for name, lines in files.items():
        text = (source / name).read_text().splitlines()
        for (function, number), line in lines.items():
            if line.count == 0:
                found[(name, function), text[number - 1].strip()] += 1
            elif line.missed():
                found[(name, function), None] += line.missed()
    return found


def differences(entries, found):
    """Yield (entry, 'is not covered' or 'is covered') where the list and the measurement disagree."""
    least, most = collections.Counter(), collections.Counter()
    for entry in entries:
        most[entry.where, entry.text] += entry.count
        least[entry.where, entry.text] += 0 if entry.loose else entry.count
    for where, text in sorted(set(most) | set(found), key=str):
        count = found[where, text]
        if count > most[where, text]:
            yield Entry(where, text, count - most[where, text], False), 'is not covered, and not in the list'
        elif count < least[where, text]:
            yield Entry(where, text, least[where, text] - count, False), 'is in the list, but covered'


def totals(files):
    """Return {folder: {'lines': (all, missed), 'branches': (all, missed)}}, with the sum as 'all'."""
    sums = collections.defaultdict(lambda: {'lines': [0, 0], 'branches': [0, 0]})
    for name, lines in files.items():
        for line in lines.values():
            for folder in (str(pathlib.PurePath(name).parent), 'all'):
                sums[folder]['lines'][0] += 1
                sums[folder]['lines'][1] += line.count == 0
                sums[folder]['branches'][0] += len(line.branches)
                sums[folder]['branches'][1] += line.missed()
    return sums


def print_totals(sums):
    """Print a row for each folder. Return true if the goals are met."""
    good = True
    for folder in sorted(sums, key=lambda name: (name == 'all', name)):
        row = f'{folder:22}'
        for kind, (count, missed) in sums[folder].items():
            share = 100 * (count - missed) / count if count else 100
            row += f'  {count:6} {kind} {missed:5} missed {share:6.2f} %'
            good = good and (folder != 'all' or share >= GOALS[kind])
        print(row)
    return good


def compare(source, build, path):
    files = measure(source, build)
    wrong = list(differences(read_list(path), uncovered(source, files)))
    for entry, fault in wrong:
        print(f'{entry}\n\t{fault}')
    good = print_totals(totals(files))
    if not good:
        print(f'the goals are {GOALS["lines"]:g} % of lines and {GOALS["branches"]:g} % of branches')
    if wrong:
        print(f'{len(wrong)} differences from {path}')
    return good and not wrong


def below(name, paths):
    return not paths or any(name == path or name.startswith(path.rstrip('/') + '/') for path in paths)


def show(source, build, paths):
    files = {name: lines for name, lines in measure(source, build).items() if below(name, paths)}
    for name in sorted(files):
        text = (source / name).read_text().splitlines()
        for (function, number), line in sorted(files[name].items(), key=lambda item: item[0][1]):
            missed = '-' if line.count == 0 else f'{line.missed()}/{len(line.branches)}'
            if line.count == 0 or line.missed():
                print(f'{name}:{number}: {function}: {missed}: {text[number - 1].strip()}')
    print_totals(totals(files))
    return True


def show_entries(source, build, path, paths):
    for entry, fault in differences(read_list(path), uncovered(source, measure(source, build))):
        if below(entry.where[0], paths):
            print(entry if 'not covered' in fault else f'# {fault}: {entry}')
    return True


def check_names(source, path):
    """Return true if each entry names a file, a function and a line that the sources have."""
    good, texts = True, {}
    for entry in read_list(path):
        name, function = entry.where
        if name not in texts:
            file = source / name
            texts[name] = file.read_text() if file.is_file() else ''
        lines = [line.strip() for line in texts[name].splitlines()]
        if not re.search(rf'\b{function}\b', texts[name]) or (entry.text is not None and entry.text not in lines):
            print(f'not in the sources: {entry}')
            good = False
    return good


def main(arguments):
    path = pathlib.Path(__file__).parent / 'uncovered.txt'
    if len(arguments) == 2 and arguments[0] == 'names':
        return check_names(pathlib.Path(arguments[1]), path)
    if len(arguments) < 3 or arguments[0] not in ('compare', 'show', 'entries'):
        sys.exit(__doc__)
    command, source, build = arguments[0], pathlib.Path(arguments[1]), pathlib.Path(arguments[2])
    if command == 'compare':
        return compare(source, build, path)
    return show(source, build, arguments[3:]) if command == 'show' else show_entries(source, build, path, arguments[3:])


if __name__ == '__main__':
    sys.exit(not main(sys.argv[1:]))

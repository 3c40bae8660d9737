# SPDX-License-Identifier: Apache-2.0
"""coverage.py: compare what the suites do not cover with uncovered.txt.

    coverage.py compare SOURCE BUILD          print the shares, and fail if uncovered.txt or a goal does not agree
    coverage.py show SOURCE BUILD [PATH...]   print each uncovered line and branch of the files below PATH
    coverage.py update SOURCE BUILD           change uncovered.txt to what was measured: take out what is covered, and put
                                              what is new under "no reason yet", which `compare` and `names` refuse
    coverage.py names SOURCE                  fail if uncovered.txt names a function or a line that is not in the sources

SOURCE is the repository, and BUILD a build directory with -Db_coverage=true in which the tests have run.
"""

import collections
import itertools
import pathlib
import re
import sys

from gcov_counts import NO_FUNCTION, measure

GOALS = {'lines': 95.0, 'branches': 90.0}


NO_REASON = 'no reason yet'
WIDTH = 120


class Entry:
    """A part of one function that may be uncovered: a line with TEXT, or COUNT branches of lines that ran (TEXT is None).

    WHERE is (file, function). A loose entry depends on the order in which threads and processes run. It may be covered or not.
    """

    def __init__(self, where, text, count, loose):
        self.where, self.text, self.count, self.loose = where, text, count, loose

    def __str__(self):
        name, function = self.where
        what = f'{name} {function}: {self.text}' if self.text is not None else f'{name}: {function} {self.count}'
        return ('? ' if self.loose else '') + what


class Group:
    """The entries of one REASON."""

    def __init__(self, reason):
        self.reason, self.entries = reason, []


def read_entries(line):
    """Return the entries of a line of the list, or None if it is not in the form of README.md."""
    loose = line.startswith('? ')
    line = line.removeprefix('? ')
    if found := re.fullmatch(r'(\S+): (\w+ \d+(?:, \w+ \d+)*)', line):
        pairs = [pair.split(' ') for pair in found[2].split(', ')]
        return [Entry((found[1], function), None, int(count), loose) for function, count in pairs]
    if found := re.fullmatch(r'(\S+) (\w+): (.*)', line):
        return [Entry((found[1], found[2]), found[3], 1, loose)]
    return None


def read_list(path):
    """Return the head of the list and its groups. Fail if a line is no entry, or if an entry stands under no reason."""
    head, groups = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith('## '):
            groups.append(Group(line.removeprefix('## ')))
        elif not groups and (not line or line.startswith('#')):
            head.append(line)
        elif line:
            entries = read_entries(line)
            if not groups or entries is None:
                sys.exit(f'{path}:{number}: no entry, or no reason above it: {line}')
            groups[-1].entries += entries
    return head, groups


def all_entries(groups):
    return [entry for group in groups for entry in group.entries]


def group_lines(group):
    """Yield the lines of a group, sorted by file: first the branches, then the lines that did not run."""
    def place(entry):
        return entry.where[0], entry.text is not None, entry.loose, entry.where[1]
    yield f'## {group.reason}'
    for (name, is_line, loose), entries in itertools.groupby(sorted(group.entries, key=place), lambda entry: place(entry)[:3]):
        if is_line:
            yield from map(str, entries)
            continue
        counts = collections.Counter()
        for entry in entries:
            counts[entry.where[1]] += entry.count
        line = ''
        for part in (f'{function} {count}' for function, count in counts.items()):
            if line and len(line) + len(part) > WIDTH:
                yield line
                line = ''
            line = f'{line}, {part}' if line else f'{"? " if loose else ""}{name}: {part}'
        yield line


def write_list(path, head, groups):
    """Write the groups that have entries."""
    blocks = ['\n'.join(group_lines(group)) for group in groups if group.entries]
    path.write_text('\n'.join(head).rstrip('\n') + '\n\n' + '\n\n'.join(blocks) + '\n')


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


NOT_COVERED, COVERED = 'is not covered, and not in the list', 'is in the list, but covered'


def differences(entries, found):
    """Yield (entry, NOT_COVERED or COVERED) where the list and the measurement disagree."""
    least, most = collections.Counter(), collections.Counter()
    for entry in entries:
        most[entry.where, entry.text] += entry.count
        least[entry.where, entry.text] += 0 if entry.loose else entry.count
    for where, text in sorted(set(most) | set(found), key=str):
        count = found[where, text]
        if count > most[where, text]:
            yield Entry(where, text, count - most[where, text], False), NOT_COVERED
        elif count < least[where, text]:
            yield Entry(where, text, least[where, text] - count, False), COVERED


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
    _, groups = read_list(path)
    wrong = list(differences(all_entries(groups), uncovered(source, files)))
    for entry, fault in wrong:
        print(f'{entry}\n\t{fault}')
    good = print_totals(totals(files))
    if not good:
        print(f'the goals are {GOALS["lines"]:g} % of lines and {GOALS["branches"]:g} % of branches')
    if wrong:
        print(f'{len(wrong)} differences from {path}')
    return has_reasons(groups) and good and not wrong


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


def take_out(groups, covered):
    """Take the entry COVERED out of the groups. Its count may be spread over several of them."""
    left = covered.count
    for group in groups:
        for entry in group.entries:
            if (entry.where, entry.text, entry.loose) == (covered.where, covered.text, False):
                taken = min(entry.count, left)
                entry.count -= taken
                left -= taken
        group.entries = [entry for entry in group.entries if entry.count > 0]


def update(source, build, path):
    head, groups = read_list(path)
    new = Group(NO_REASON)
    for entry, fault in list(differences(all_entries(groups), uncovered(source, measure(source, build)))):
        if fault == COVERED:
            take_out(groups, entry)
        else:
            repeated, count = (1, entry.count) if entry.text is None else (entry.count, 1)
            new.entries += [Entry(entry.where, entry.text, count, False) for _ in range(repeated)]
    write_list(path, head, groups + [new])
    return not new.entries


def has_reasons(groups):
    """Return true if every entry has a reason."""
    without = sum(len(group.entries) for group in groups if group.reason == NO_REASON)
    if without:
        print(f'{without} entries have no reason yet')
    return not without


def known(function, text):
    """Return true if TEXT names the function. gcov gives the lines of some initialisers no function."""
    return function == NO_FUNCTION or re.search(rf'\b{function}\b', text) is not None


def check_names(source, path):
    """Return true if each entry names a file, a function and a line that the sources have."""
    _, groups = read_list(path)
    good, texts = has_reasons(groups), {}
    for entry in all_entries(groups):
        name, function = entry.where
        if name not in texts:
            file = source / name
            texts[name] = file.read_text() if file.is_file() else ''
        lines = [line.strip() for line in texts[name].splitlines()]
        if not known(function, texts[name]) or (entry.text is not None and entry.text not in lines):
            print(f'not in the sources: {entry}')
            good = False
    return good


def main(arguments):
    path = pathlib.Path(__file__).parent / 'uncovered.txt'
    if len(arguments) == 2 and arguments[0] == 'names':
        return check_names(pathlib.Path(arguments[1]), path)
    if len(arguments) < 3 or arguments[0] not in ('compare', 'update', 'show'):
        sys.exit(__doc__)
    command, source, build = arguments[0], pathlib.Path(arguments[1]), pathlib.Path(arguments[2])
    if command == 'show':
        return show(source, build, arguments[3:])
    return (compare if command == 'compare' else update)(source, build, path)


if __name__ == '__main__':
    sys.exit(not main(sys.argv[1:]))

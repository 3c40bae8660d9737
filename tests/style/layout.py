#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""layout.py SOURCE-ROOT: check which file may include which, and how large a folder may be.

The rules are checked over *.c and *.h of src, mechanisms and include:
  1. Dependencies run in one direction only. A folder may include the folders to its right:
     module, client, tool -> calls -> token -> policy, state -> store -> object -> mechanisms, foreign -> key -> base.
     The tool and the client are programs of their own and may include src/base and include only.
  2. No cycle exists between units. A unit is x.c together with x.h.
  3. A library header is included only in the folder that wraps the library.
  4. No folder, counted without its subfolders, holds more than 20 % of all lines.

Print each breach. Exit with 1 if there is one.
"""
import os
import re
import sys

from report import Report

# The rank of each folder. A file may include files of the same folder and files of a lower rank.
RANK = {
    'include': 0,
    'src/base': 0,
    'src/key': 1,
    'mechanisms': 2,
    'src/foreign': 2,
    'src/object': 3,
    'src/store': 4,
    'src/policy': 5,
    'src/state': 5,
    'src/token': 6,
    'src/calls': 7,
    'src/module': 8,
}
# Programs that are clients of a PKCS#11 module. They share only these folders with the module.
PROGRAMS = {'src/tool': ('src/tool', 'src/base', 'include'), 'src/client': ('src/client', 'src/base', 'include')}

# Which files may include the headers of a library.
DOORS = [
    (r'openssl/', r'src/key/|src/base/secret\.[ch]$'),
    (r'sqlite3\.h$', r'src/store/sqlite/'),
    (r'libpq-fe\.h$', r'src/store/postgresql/'),
    (r'p11-kit/', r'src/base/p11_kit\.h$'),
    (r'dlfcn\.h$', r'src/foreign/|src/store/load\.c$|src/tool/token/store_module\.c$'),
    (r'json-c/', r'src/tool/'),
    (r'ini\.h$', r'src/base/config_file\.c$'),
]

MAX_FOLDER_SHARE = 0.20

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def source_files(root):
    for top in ('src', 'mechanisms', 'include'):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    yield os.path.relpath(os.path.join(folder, name), root)


def layer(path):
    parts = path.split('/')
    return '/'.join(parts[:2]) if parts[0] == 'src' else parts[0]


def unit(path):
    return path.rsplit('.', 1)[0]


def resolve(path, name, files):
    """Return the file of the project that #include "NAME" in PATH means, or None."""
    for folder in (os.path.dirname(path), 'src', 'include', 'mechanisms'):
        candidate = os.path.normpath(os.path.join(folder, name))
        if candidate in files:
            return candidate
    return None


def read_includes(root):
    """Return two lists of (file, target): files of the project, and headers of libraries."""
    files = set(source_files(root))
    inside, outside = [], []
    for path in sorted(files):
        with open(os.path.join(root, path), encoding='utf-8') as f:
            text = f.read()
        for quote, name in INCLUDE.findall(text):
            target = resolve(path, name, files) if quote == '"' else None
            if target:
                inside.append((path, target))
            else:
                outside.append((path, name))
    return inside, outside


def may_include(path, target):
    above, below = layer(path), layer(target)
    if above in PROGRAMS:
        return below in PROGRAMS[above]
    if above == below or below == 'include':
        return True
    if (above, below) == ('src/state', 'src/policy') or (above, below) == ('src/policy', 'src/state'):
        return False
    if below in PROGRAMS or above not in RANK or below not in RANK:
        return False
    return RANK[below] < RANK[above]


def find_cycles(edges):
    """Return the strongly connected components that hold more than one unit (Tarjan's algorithm)."""
    sys.setrecursionlimit(10000)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while True:
                component.append(stack.pop())
                if component[-1] == node:
                    break
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def check_upward(report, inside):
    upward = {}
    for path, target in inside:
        if not may_include(path, target):
            upward.setdefault('%s %s' % (layer(path), layer(target)), []).append('%s includes %s' % (path, target))
    for pair, found in sorted(upward.items()):
        report.rule('%s must not include %s' % tuple(pair.split()), found)
    folders = {layer(path) for path, _ in inside}
    report.rule('tests/style/layout.py gives every folder a rank',
                sorted(folders - set(RANK) - set(PROGRAMS)))


def check_cycles(report, inside):
    edges = {}
    for path, target in inside:
        if unit(path) != unit(target):
            edges.setdefault(unit(path), set()).add(unit(target))
    cycles = find_cycles(edges)
    for cycle in cycles:
        members = set(cycle)
        lines = ['%s -> %s' % (a, ', '.join(sorted(edges[a] & members))) for a in cycle]
        report.rule('these %d units include each other in a cycle' % len(cycle), lines)


def check_doors(report, outside):
    for header, place in DOORS:
        report.rule('<%s> is included only in %s' % (header, place),
                    ['%s includes <%s>' % (path, name) for path, name in outside
                     if re.match(header, name) and not re.match(place, path)])


def check_folder_share(report, root):
    lines = {}
    for path in source_files(root):
        with open(os.path.join(root, path), encoding='utf-8') as f:
            lines[os.path.dirname(path)] = lines.get(os.path.dirname(path), 0) + len(f.readlines())
    total = sum(lines.values())
    report.rule('a folder holds at most %.0f %% of the lines' % (100 * MAX_FOLDER_SHARE),
                ['%s: %d of %d lines (%.1f %%)' % (folder, count, total, 100 * count / total)
                 for folder, count in sorted(lines.items()) if count > MAX_FOLDER_SHARE * total])


def main():
    root = sys.argv[1]
    report = Report()
    inside, outside = read_includes(root)
    check_upward(report, inside)
    check_cycles(report, inside)
    check_doors(report, outside)
    check_folder_share(report, root)
    print('layout: %s' % ('broken' if report.failed else 'all rules kept'))
    return 1 if report.failed else 0


if __name__ == '__main__':
    sys.exit(main())

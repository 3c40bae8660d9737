#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""markdown.py SOURCE-ROOT: check the Markdown files of the repository.

  1. Each file or folder named in backquotes exists. A name counts as a path if it begins with a top-level folder.
  2. Each relative link points to a file that exists.
  3. No banned word occurs (comments.py has the list).

Print each breach. Exit with 1 if there is one.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from comments import BANNED  # noqa: E402

TOP = ('src', 'include', 'mechanisms', 'tests', 'pkcs11-conf')
NAME = re.compile(r'`((?:%s)(?:/[A-Za-z0-9_.-]+)*/?)`' % '|'.join(TOP))
LINK = re.compile(r'\]\(([^)#:]+)\)')


def markdown_files(root):
    for folder, folders, names in os.walk(root):
        # Build directories are not part of the sources.
        folders[:] = [f for f in folders if not f.startswith('.') and not os.path.exists(os.path.join(folder, f, 'build.ninja'))]
        for name in sorted(names):
            if name.endswith('.md'):
                yield os.path.join(folder, name)


def check(root, path):
    with open(path, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            where = '%s:%d: ' % (os.path.relpath(path, root), number)
            for name in NAME.findall(line):
                if not os.path.exists(os.path.join(root, name)):
                    yield where + '%s does not exist' % name
            for link in LINK.findall(line):
                if not os.path.exists(os.path.join(os.path.dirname(path), link)):
                    yield where + 'the link %s points nowhere' % link
            for match in BANNED.finditer(line):
                yield where + 'say "%s" in a plainer word' % match.group(0)


def main():
    root = sys.argv[1]
    found = [text for path in markdown_files(root) for text in check(root, path)]
    for text in found:
        print('BROKEN: ' + text)
    print('markdown: %s' % ('broken' if found else 'all rules kept'))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""comments.py SOURCE-ROOT [FOLDER...]: check the language of comments and the length of lines.

Without a FOLDER, check every rule and exit with 1 if a rule is broken. With FOLDERs, only measure each FOLDER and list
what breaks a rule there.
"""
import os
import re
import sys

from report import Report

COLUMNS = 100
TAB = 8
MAX_SHORT_LAST_LINES = 0.20
MAX_COLONS = 3.4  # colons and semicolons per 100 words

# Words that a reader stumbles over, or that say less than a plainer word.
BANNED = re.compile(r'\b(to be had|anew|but for|save for|lest|of ours|dear|mend|mends|mended|whoever|without a word)\b', re.I)
# A comment must begin with what the code does, not with half a question.
RIDDLE = re.compile(r'(Whether|What|Who|Whoever|Of which)\b')

CODE = ('src', 'mechanisms', 'include')
# One comment, or a string or character literal, which may contain what looks like a comment.
TOKEN = re.compile(r'/\*(.*?)\*/|//([^\n]*)|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


class Measures:
    def __init__(self):
        self.blocks = self.short = self.words = self.colons = 0
        self.breaches = {}

    def breach(self, rule, path, line, text):
        self.breaches.setdefault(rule, []).append('%s:%d: %s' % (path, line, text))

    def colons_per_100_words(self):
        return 100 * self.colons / max(1, self.words)

    def short_share(self):
        return self.short / max(1, self.blocks)

    def summary(self):
        return '%d blocks, %.1f %% end in one or two words; %.1f colons and semicolons per 100 words; %s' % (
            self.blocks, 100 * self.short_share(), self.colons_per_100_words(),
            ', '.join('%s %d' % (rule, len(self.breaches.get(rule, ())))
                      for rule in ('wide', 'banned', 'riddle', 'last word')))


def files_of(root, folders):
    """Return the *.c and *.h files below FOLDERS, as paths relative to ROOT."""
    found = []
    for top in folders:
        for folder, _, names in os.walk(os.path.join(root, top)):
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(('.c', '.h'))]
    return sorted(found)


def measure_comment(measures, path, line, body):
    lines = [re.sub(r'^\s*\*?\s?', '', text).strip() for text in body.split('\n')]
    lines = [text for text in lines if text]
    if not lines or 'SPDX' in body:
        return
    text = ' '.join(lines)
    measures.words += len(text.split())
    measures.colons += text.count(':') + text.count(';')
    if len(lines) > 1:
        words = len(lines[-1].split())
        measures.blocks += 1
        measures.short += words <= 2
        if words == 1:
            measures.breach('last word', path, line, lines[-1])
    if RIDDLE.match(lines[0]):
        measures.breach('riddle', path, line, lines[0][:70])
    for match in BANNED.finditer(text):
        measures.breach('banned', path, line, match.group(0))


def measure(root, paths):
    measures = Measures()
    for path in paths:
        with open(os.path.join(root, path), encoding='utf-8') as f:
            text = f.read()
        for number, line in enumerate(text.split('\n'), 1):
            if len(line.expandtabs(TAB)) > COLUMNS:
                measures.breach('wide', path, number, '%d columns' % len(line.expandtabs(TAB)))
        for match in TOKEN.finditer(text):
            body = match.group(1) if match.group(1) is not None else match.group(2)
            if body is not None:
                measure_comment(measures, path, text.count('\n', 0, match.start()) + 1, body)
    return measures


def check(root):
    report = Report()
    code = measure(root, files_of(root, CODE))
    tests = measure(root, files_of(root, ['tests']))
    both = {rule: code.breaches.get(rule, []) + tests.breaches.get(rule, []) for rule in ('wide', 'banned', 'riddle', 'last word')}
    report.rule('a line has at most %d columns, a tab counts as %d' % (COLUMNS, TAB), both['wide'])
    report.rule('a comment says this in a plainer word', both['banned'])
    report.rule('a comment begins with a verb or a noun, for example "Return true if ..."', both['riddle'])
    report.rule('a comment is wrapped so that its last line has more than one word', both['last word'])
    for top in ('src', 'mechanisms', 'tests'):
        part = tests if top == 'tests' else measure(root, files_of(root, [top]))
        report.rule('at most %.0f %% of the comment blocks of a part end in a line of one or two words' % (
            100 * MAX_SHORT_LAST_LINES),
            ['%s: %d of %d (%.0f %%)' % (top, part.short, part.blocks, 100 * part.short_share())]
            if part.short_share() > MAX_SHORT_LAST_LINES else [])
        if top in CODE:
            report.rule('comments have at most %.1f colons and semicolons per 100 words' % MAX_COLONS,
                        ['%s: %.1f in %d words' % (top, part.colons_per_100_words(), part.words)]
                        if part.colons_per_100_words() > MAX_COLONS else [])
    print('comments: %s' % ('broken' if report.failed else 'all rules kept'))
    return 1 if report.failed else 0


def main():
    root, folders = sys.argv[1], sys.argv[2:]
    if not folders:
        return check(root)
    for folder in folders:
        paths = [folder] if os.path.isfile(os.path.join(root, folder)) else files_of(root, [folder])
        measures = measure(root, paths)
        print('%s: %s' % (folder, measures.summary()))
        for rule in sorted(measures.breaches):
            for line in measures.breaches[rule]:
                print('    %s: %s' % (rule, line))
    return 0


if __name__ == '__main__':
    sys.exit(main())

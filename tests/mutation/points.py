# SPDX-License-Identifier: Apache-2.0
"""The mutants of a C file, and the file with all of them in it.

A point is a mutant inside a function. Its text is chosen at run time: `a < b` becomes
`(mutant(7) ? (a <= b) : (a < b))`, so one build holds all points. A row is a mutant of a constant
table. It needs a build of its own.
"""

import bisect
import re

TOKEN = re.compile(
    r"(?P<skip>\s+|/\*.*?\*/|//[^\n]*|^\#(?:[^\n]*\\\n)*[^\n]*)|(?P<str>\"(?:\\.|[^\"\\])*\")|(?P<chr>'(?:\\.|[^'\\])*')"
    r"|(?P<num>\d\w*)|(?P<id>[A-Za-z_]\w*)|(?P<op>->|\+\+|--|<<=|>>=|<<|>>|[<>=!+\-*/%&|^]=|&&|\|\||\.\.\.|[^\s\w])",
    re.S | re.M,
)
LEVELS = ["|| ", "&& ", "| ", "^ ", "& ", "== != ", "< > <= >= ", "<< >> ", "+ - ", "* / % "]
PRECEDENCE = {op: n for n, level in enumerate(LEVELS, 3) for op in level.split()}
PRECEDENCE.update({op: 2 for op in "?:"}, **{op: 1 for op in "= += -= *= /= %= |= &= ^= <<= >>=".split()})
SWAP = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
        "|": "&", "&": "|", "<<": ">>", ">>": "<<"}  # fmt: skip
DROPPED = ("&&", "||", "|", "&")
KEYWORDS = set("return if else while for do switch case default break continue goto sizeof".split())
DECLARATION = re.compile(r"(const|static|struct|enum|union|unsigned|__attribute__)\b|\w+\s*\*?\s*(?!\1)\b[A-Za-z_]\w*\s*[=;,\[(]|\w+ \*")
TYPE = re.compile(r"(?:const |struct |unsigned |enum )*(?:\w+_t|CK_\w+|bool|int|long|unsigned|char|void|size_t|(?<=struct )\w+)[ *]*$")


class Mutant:
    """FILE and FUNCTION, what is changed (WHAT), and TEXT for the characters LO to HI."""

    def __init__(self, file, function, what, lo, hi, text, row=False, form="expression"):
        self.file, self.function, self.what, self.lo, self.hi = file, function, what, lo, hi
        self.text, self.row, self.form, self.number = text, row, form, 0


class Source:
    def __init__(self, file, text, functions=".", tables=None):
        self.file, self.text, self.mutants = file, text, []
        found = [m for m in TOKEN.finditer(text) if m.lastgroup != "skip"]
        self.kind = [m.lastgroup for m in found]
        self.tok = [m.group() for m in found]
        self.at = [m.span() for m in found]
        self.pair, opened = {}, []
        for i, t in enumerate(self.tok):
            if t in "([{":
                opened.append(i)
            elif t in ")]}":
                self.pair[i] = opened.pop()
                self.pair[self.pair[i]] = i
        self.split(re.compile(functions), re.compile(tables) if tables else None)

    def add(self, what, lo, hi, text, **more):
        original = " ".join(self.text[lo:hi].split())
        self.mutants.append(Mutant(self.file, self.name, f"{what}: {original} => {' '.join(text.split())}", lo, hi, text, **more))

    def span(self, i, j):
        """The text of the tokens I to J."""
        return self.text[self.at[i][0] : self.at[j][1]]

    # --- The parts of a file ---

    def split(self, functions, tables):
        i = start = 0
        while i < len(self.tok):
            if self.tok[i] == "{":
                head = self.span(start, i)
                if self.tok[i - 1] == ")":
                    opening = self.pair[i - 1]
                    self.name = self.tok[opening - 1]
                    if functions.search(self.name):
                        self.function(self.span(start, opening - 2), i + 1, self.pair[i])
                    i = start = self.pair[i] + 1
                    continue
                self.name = re.sub(r"\W*=\W*$|\W+$", "", head).split()[-1].split("[")[0].lstrip("*")
                if tables and "=" in head and tables.search(head):
                    self.table(i)
                i = self.pair[i]
            elif self.tok[i] == ";":
                start = i + 1
            i += 1

    def function(self, head, first, last):
        self.first, self.last = first, last
        self.returns = "rv" if "CK_RV" in head else "bool" if "bool" in head and "*" not in head else ""
        self.masked = set()
        starts = self.statements()
        self.mask(starts)
        for i in range(first, last):
            if i not in self.masked:
                self.token(i)
        for i in starts:
            self.statement(i)

    def statements(self):
        """The first tokens of the statements. Braces of initialisers hold none."""
        starts, i = [], self.first
        while i < self.last:
            t = self.tok[i]
            if t == "{":
                i += 1
            elif t in ("}", ";", "else", "do"):
                i += 1
            elif t in ("if", "while", "for", "switch"):
                starts.append(i)
                i = self.pair[i + 1] + 1
            elif t == "case" or t == "default":
                while self.tok[i] != ":":
                    i += 1
                i += 1
            else:
                starts.append(i)
                i = self.end(i) + 1
        return starts

    def end(self, i):
        while self.tok[i] != ";":
            i = self.pair[i] + 1 if self.tok[i] in "([{" else i + 1
        return i

    def mask(self, starts):
        """Leave out labels, the sizes of arrays, static tables, messages and the hints of __builtin_expect."""
        for i in range(self.first, self.last):
            if self.tok[i] == "case":
                j = i
                while self.tok[j] != ":":
                    j += 1
                self.masked.update(range(i, j))
            if self.tok[i] == "__builtin_expect":
                close = self.pair[i + 1]
                self.masked.update((close - 1, close - 2) if self.tok[close - 2] == "," else ())
        for i in starts:
            text = self.span(i, self.end(i)) if self.tok[i] not in KEYWORDS else ""
            if text.startswith(("static", "log_")):
                self.masked.update(range(i, self.end(i)))
            elif DECLARATION.match(text):
                j = i
                while self.tok[j] not in "=;":
                    self.masked.add(j)
                    j += 1

    # --- Mutants in a function ---

    def operand_like(self, i):
        t = self.tok[i]
        if t == ")":
            return not TYPE.match(self.span(self.pair[i] + 1, i - 1)) or self.tok[self.pair[i] - 1] == "sizeof"
        return t == "]" or self.kind[i] in ("num", "chr") or (self.kind[i] == "id" and t not in KEYWORDS)

    def binary(self, i):
        t = self.tok[i]
        return t in PRECEDENCE and (t not in ("+", "-", "&", "*") or self.operand_like(i - 1))

    def left(self, i, level):
        j = i - 1
        while j >= self.first:
            t = self.tok[j]
            if t in ")]}":
                j = self.pair[j] - 1
                continue
            if t in "([{;," or t in ("return", "else", "do") or (self.binary(j) and PRECEDENCE[t] < level):
                break
            j -= 1
        return j + 1

    def right(self, i, level):
        j = i + 1
        while j < self.last:
            t = self.tok[j]
            if t in "([{":
                j = self.pair[j]
            elif t in ")]};," or (self.binary(j) and PRECEDENCE[t] <= level):
                break
            j += 1
        return j - 1

    def token(self, i):
        t, (lo, hi) = self.tok[i], self.at[i]
        if self.kind[i] == "num":
            if self.tok[i - 1 : i + 2] != ["{", "0", "}"]:
                self.constant(t, lo, hi, above=self.span(i - 1, i) != "-1" or self.binary(i - 1))
        elif t in ("true", "false"):
            self.add("constant", lo, hi, "false" if t == "true" else "true")
        elif t in SWAP and self.binary(i):
            self.operator(i, t)
        elif t == "?":
            first = self.left(i, 3)
            self.add("negated", self.at[first][0], self.at[i - 1][1], f"!({self.span(first, i - 1)})")
        elif t in ("if", "while"):
            first, last = i + 2, self.pair[i + 1] - 1
            self.negate(first, last)

    def constant(self, t, lo, hi, above=True, **more):
        """One more, if ABOVE is true, and one less."""
        m = re.fullmatch(r"(0x[0-9a-fA-F]+|[1-9]\d*|0)([uUlL]*)", t)
        if not m:
            return
        n = int(m[1], 0)
        if above:
            self.add("constant", lo, hi, f"{n + 1}{m[2]}", **more)
        if n > 0:
            self.add("constant", lo, hi, f"{n - 1}{m[2]}", **more)

    def negate(self, first, last):
        """Negate a condition, unless an operator in it is swapped."""
        i = first
        while i <= last:
            if self.tok[i] in "([{":
                i = self.pair[i]
            elif self.tok[i] in ("<", "<=", ">", ">=", "==", "!=", "&&", "||") and self.binary(i):
                return
            i += 1
        self.add("negated", self.at[first][0], self.at[last][1], f"!({self.span(first, last)})")

    def operator(self, i, t):
        first, last = self.left(i, PRECEDENCE[t]), self.right(i, PRECEDENCE[t])
        lo, hi = self.at[first][0], self.at[last][1]
        a, b = self.span(first, i - 1), self.span(i + 1, last)
        self.add("operator", lo, hi, f"{a} {SWAP[t]} {b}")
        if t in DROPPED:
            self.add("operand", lo, hi, a)
            self.add("operand", lo, hi, b)

    def statement(self, i):
        t = self.tok[i]
        if t in ("if", "while", "for", "switch"):
            return
        last = self.end(i)
        lo, hi = self.at[i][0], self.at[last][1]
        if t == "return":
            self.result(i, last, lo, hi)
        elif t in ("break", "continue"):
            self.add("deleted", lo, hi, ";", form="statement")
        elif not DECLARATION.match(self.text[lo:hi]) and not t.startswith(("HOLD", "LOCKED", "_Static", "log_")):
            self.add("deleted", lo, hi, ";", form="statement")
            if t == "TRY":
                call = self.span(i + 2, self.pair[i + 1] - 1)
                self.add("ignored", lo, hi, f"{{ CK_RV rv_ = {call}; (void)rv_; }}", form="statement")

    def result(self, i, last, lo, hi):
        if last == i + 1:
            self.add("deleted", lo, hi, ";", form="statement")
        elif self.returns == "rv" and self.span(i + 1, last - 1) != "CKR_OK":
            self.add("result", lo, hi, "return CKR_OK;", form="statement")
        elif self.returns == "bool" and self.tok[i + 1] not in ("true", "false"):
            self.negate(i + 1, last - 1)

    # --- Rows of tables ---

    def table(self, opening):
        close, element = self.pair[opening], opening + 1
        for i in range(opening + 1, close):
            lo, hi = self.at[i]
            if self.kind[i] == "num":
                self.constant(self.tok[i], lo, hi, row=True)
            elif self.kind[i] == "chr" and len(self.tok[i]) == 3:
                self.add("constant", lo, hi, f"'{chr(ord(self.tok[i][1]) + 1)}'", row=True)
            elif self.tok[i] in ("true", "false"):
                self.add("constant", lo, hi, "false" if self.tok[i] == "true" else "true", row=True)
            elif self.tok[i] == "|":
                self.add("operand", self.at[i][0], self.at[i + 1][1], "", row=True)
                self.add("operand", self.at[i - 1][0], self.at[i][1], "", row=True)
        self.elements(opening)

    def elements(self, opening):
        close, first = self.pair[opening], opening + 1
        i = first
        while i < close:
            j = i
            while j < close and self.tok[j] != ",":
                j = self.pair[j] + 1 if self.tok[j] in "([{" else j + 1
            named = self.tok[i] in ("{", ".", "[") or self.tok[i].startswith(("CKM_", "FLAG_", "USAGE_"))
            if named:
                hi = self.at[j][1] if j < close else self.at[j - 1][1]
                self.add("deleted", self.at[i][0], hi, "", row=True)
            for k in range(i, j):
                if self.tok[k] == "{":
                    self.elements(k)
                    break
            i = j + 1

    # --- The file with its mutants ---

    def render(self, use, row=None):
        """The file with the points in USE, and the row ROW."""
        points = sorted((m for m in self.mutants if m in use and not m.row), key=lambda m: (m.lo, -m.hi, m.number))
        body = self.part(0, len(self.text), points, row)
        return f'#include "mutant.h"\n{body}'

    def part(self, lo, hi, points, row):
        out, at, i = [], lo, 0
        while i < len(points):
            p = points[i]
            same = [q for q in points[i:] if (q.lo, q.hi) == (p.lo, p.hi)]
            inside = [q for q in points[i:] if q.lo >= p.lo and q.hi <= p.hi and q not in same]
            out += [self.plain(at, p.lo, row), self.choice(same, self.part(p.lo, p.hi, inside, row))]
            at, i = p.hi, i + len(same) + len(inside)
        return "".join(out) + self.plain(at, hi, row)

    def plain(self, lo, hi, row):
        if row and lo <= row.lo and row.hi <= hi:
            return self.text[lo : row.lo] + row.text + self.text[row.hi : hi]
        return self.text[lo:hi]

    def choice(self, same, original):
        for m in same:
            if m.form == "statement":
                continue
            original = f"(mutant({m.number}) ? ({m.text}) : ({original}))"
        statements = [m for m in same if m.form == "statement"]
        if statements:
            tests = "".join(f"if (mutant({m.number})) {m.text} else " for m in statements)
            original = f"{{ {tests} {original} }}"
        return original


def compiling(source, compiles):
    """The points of SOURCE with which the file compiles. COMPILES answers for a set of points."""
    points = [m for m in source.mutants if not m.row]

    def good(part):
        if not part or compiles(source.render(set(part))):
            return part
        if len(part) == 1:
            return []
        half = len(part) // 2
        return good(part[:half]) + good(part[half:])

    return good(points)

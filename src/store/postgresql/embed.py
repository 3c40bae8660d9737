# SPDX-License-Identifier: Apache-2.0
"""embed.py OUTPUT FILE...: write the SQL files, of version 1 and so on, as the array schema_sql of strings."""
import sys

names = []
with open(sys.argv[1], "w") as out:
    out.write("/* Made by embed.py. */\n")
    for path in sys.argv[2:]:
        with open(path, "rb") as f:
            text = f.read() + b"\0"
        names.append(f"schema_sql_{len(names) + 1}")
        out.write(f"static const char {names[-1]}[] = {{{','.join(str(b) for b in text)}}};\n")
    out.write(f"static const char *const schema_sql[] = {{{', '.join(names)}}};\n")

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# musl.sh: compile the module and the tool with musl's headers (package musl-tools), and check that musl has every function of libc that
# they call. Debian has no other library built with musl, so nothing is linked or run. The headers of the other libraries come from
# Debian, each below a directory of links, because /usr/include as a whole has the headers of glibc.
set -eu
cd "$(dirname "$0")/../.."
command -v musl-gcc >/dev/null || { echo "$0: needs the package musl-tools" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
triplet=$(gcc -print-multiarch)

mkdir -p "$work/include/openssl"
for header in /usr/include/openssl/*.h "/usr/include/$triplet"/openssl/*.h; do
	ln -s "$header" "$work/include/openssl/"
done
for header in sqlite3.h ini.h json-c p11-kit-1/p11-kit linux asm-generic; do
	ln -s "/usr/include/$header" "$work/include/"
done
ln -s "/usr/include/$triplet/asm" "$work/include/asm"

# The build makes the header of names and the list of commands. Its objects of glibc are compiled again for musl.
KEYDIV_TESTS=no meson setup "$work/build" -Doptimization=2 >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
ninja -C "$work/build" mechanism_names.h >"$work/log" 2>&1 || ninja -C "$work/build" mechanisms/mechanism_names.h >"$work/log" 2>&1 ||
	{ cat "$work/log"; exit 1; }

python3 - "$work/build/compile_commands.json" "$work/include" <<'END' >"$work/commands"
import json, re, shlex, sys
for entry in json.load(open(sys.argv[1])):
    words = shlex.split(entry["command"])
    if re.search(r"(print_names|print_completion)\.p/", entry["output"]):
        continue  # programs of the build
    keep = [w for w in words if w.startswith(("-D", "-std=", "-W", "-O", "-f", "-m")) or w.startswith("-I") and "/usr/include" not in w]
    keep = [w for w in keep if not w.startswith(("-flto", "-ffile-prefix-map"))]
    print(shlex.join(["musl-gcc", *keep, "-Werror", "-isystem", sys.argv[2], "-c", entry["file"], "-o", entry["output"].replace("/", "_")]))
END
mkdir "$work/objects"
count=0 failed=0
while read -r command; do
	(cd "$work/build" && eval "$(echo "$command" | sed "s| -o | -o $work/objects/|")") || failed=$((failed + 1))
	count=$((count + 1))
done <"$work/commands"
[ $failed = 0 ] || { echo "$failed of $count files do not compile" >&2; exit 1; }
echo "== $count files compiled with $(musl-gcc --version | head -n 1), musl $(dpkg-query -W -f '${Version}' musl-dev)"

# What the objects need, without what they and the other libraries define.
nm -P "$work"/objects/*.o | awk 'NF >= 3 && $2 != "U" { print $1 }' >"$work/defined"
for library in libcrypto.so.3 libsqlite3.so.0 libinih.so.1 libjson-c.so.5 libp11-kit.so.0; do
	nm -DP "/usr/lib/$triplet/$library" | awk '$2 != "U" { sub("@.*", "", $1); print $1 }'
done >>"$work/defined"
for archive in /usr/lib/*-linux-musl/libc.a "$(musl-gcc -print-libgcc-file-name)"; do
	nm -P "$archive" 2>/dev/null | awk 'NF >= 3 && $2 != "U" { print $1 }'
done >>"$work/defined"
sort -u "$work/defined" -o "$work/defined"
missing=$(nm -P "$work"/objects/*.o | awk '$2 == "U" { print $1 }' | sort -u | comm -23 - "$work/defined" | grep -vx '_GLOBAL_OFFSET_TABLE_' || true)
[ -z "$missing" ] || { echo "musl has no:" $missing >&2; exit 1; }
echo "== musl has every function of libc that the module and the tool call"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# reproducible.sh: build the committed tree twice, in two directories whose paths differ in length and depth, and compare
# what is installed byte for byte, debug information included. Exit with 1 if a file differs.
#
# The compiler, the libraries and the options of both builds are the same. With them every installed file is the same in both
# builds, also the build ID of the linker, which is a hash of the contents. The build directory is not compared: meson and ninja keep
# absolute paths and times there, in build.ninja, compile_commands.json and logs.
#
# SOURCE_DATE_EPOCH is not needed: no file contains the time of the build.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# build SOURCE BUILD ROOT: build a copy of the tree at SOURCE in the directory BUILD, and install it below ROOT.
build()
{
	mkdir -p "$1"
	git archive HEAD | tar -x -C "$1"
	KEYDIV_TESTS=no meson setup "$2" "$1" -Dprefix=/usr >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	ninja -C "$2" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	DESTDIR=$3 meson install -C "$2" --no-rebuild --quiet
}

umask 022
export CCACHE_DISABLE=1
build "$work/a" "$work/a/build" "$work/first"
build "$work/another/deeper/directory" "$work/elsewhere" "$work/second"

cd "$work/first"
find . -type f | sort >"$work/files"
(cd "$work/second" && find . -type f | sort) | diff "$work/files" - || { echo "$0: the builds install different files" >&2; exit 1; }
different=0
while read -r file; do
	cmp "$file" "$work/second/$file" || different=$((different + 1))
done <"$work/files"
grep -E '\.so$|/bin/' "$work/files" | while read -r file; do
	sha256sum "$file"
done
echo "== $(wc -l <"$work/files") files installed, $different differ between the two builds"
[ "$different" = 0 ]

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# format.sh SOURCE-ROOT: check that clang-format leaves the C files as they are. Another version than 14 formats differently,
# so the test is skipped with any other version.
set -u
cd "$1" || exit 2

for program in clang-format-14 clang-format; do
	case "$($program --version 2>/dev/null)" in
	*' version 14.'*) break ;;
	esac
	program=
done
[ -n "$program" ] || {
	echo 'skipped: clang-format 14 is not installed'
	exit 77
}

# keydiv.h has tables of numbers, one on each line.
find src mechanisms include tests -name '*.[ch]' ! -path include/keydiv.h -print0 |
	xargs -0 "$program" --dry-run --Werror 2>&1 | grep ' error: ' && {
	echo "BROKEN: run $program -i on these files"
	exit 1
}
echo 'all files are formatted'

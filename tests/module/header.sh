#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# header.sh COMPILER STANDARD SOURCE INCLUDE...: keydiv.h compiles alone after p11-kit's pkcs11.h, without a warning, and works.
set -eu
compiler=$1 standard=$2 source=$3
shift 3
command -v "$compiler" >/dev/null || exit 77
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$compiler" "-std=$standard" -Wall -Wextra -pedantic -Wconversion -Werror -Wno-unused-function $(
	for i in "$@"; do echo "-I$i"; done) $(pkg-config --cflags p11-kit-1 | sed 's/-I/-isystem /g') "$source" -o "$out"
${MESON_EXE_WRAPPER:-} "$out"

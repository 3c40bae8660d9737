#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# key_block.sh BUILD-DIRECTORY [ROUNDS [SEED]]: compare key blocks with psec and with tr31-tool of openemv/tr31, in both directions.
# README.md in this folder says how to get both. KEYDIV_PSEC_PYTHON is a Python that has psec, KEYDIV_TR31_TOOL is tr31-tool.
set -u

build=${1:-}
[ -n "$build" ] || {
	echo "usage: $0 BUILD-DIRECTORY [ROUNDS [SEED]]" >&2
	exit 2
}
shift
driver=$build/tests/peers/key_block_driver
[ -x "$driver" ] || {
	echo "$driver is missing: build it with 'ninja -C $build tests/peers/key_block_driver'" >&2
	exit 2
}
[ -x "${KEYDIV_TR31_TOOL:-}" ] || {
	echo 'KEYDIV_TR31_TOOL is not the path of tr31-tool: see README.md in the folder of this script' >&2
	exit 2
}
"${KEYDIV_PSEC_PYTHON:-python3}" -c 'import psec' 2>/dev/null || {
	echo 'KEYDIV_PSEC_PYTHON is not a Python that has psec: see README.md in the folder of this script' >&2
	exit 2
}
exec "${KEYDIV_PSEC_PYTHON:-python3}" -W ignore "$(dirname "$0")/key_block.py" "$driver" "$KEYDIV_TR31_TOOL" "$@"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# clang.sh: build the tree with clang and --werror in build-clang, and run every suite. The tests' packages and clang are installed
# already. Left out are the tests of the instruction counts, which are those of gcc. Valgrind of Debian 12 also cannot read the debug
# information of clang.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-clang}
export CC

[ -f build-clang/build.ninja ] || meson setup build-clang --werror
ninja -C build-clang all meson-test-prereq
$CC --version | head -n 1
tests=$(meson test -C build-clang --no-rebuild --list 2>/dev/null | sed -n 's|.* / ||p' | grep -vxE "instructions|count")
exec meson test -C build-clang --no-rebuild --print-errorlogs $tests

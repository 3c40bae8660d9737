#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# clang.sh: build the tree with clang and --werror in build-clang, and run every suite. The tests' packages and clang are installed
# already. The instruction counts are those of gcc, so their test is left out.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-clang}
export CC

[ -f build-clang/build.ninja ] || meson setup build-clang --werror
ninja -C build-clang
$CC --version | head -n 1
tests=$(meson test -C build-clang --no-rebuild --list 2>/dev/null | sed -n 's|.* / ||p' | grep -vx instructions)
exec meson test -C build-clang --no-rebuild --print-errorlogs $tests

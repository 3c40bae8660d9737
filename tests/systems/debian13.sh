#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# debian13.sh [SUITE-OF-TESTS...]: build the committed tree in a fresh Debian 13 (OpenSSL 3.5, p11-kit 0.25.5) with --werror, and run
# the suites of tests, without an argument all but style, whose clang-format is that of Debian 12. tests/support/debian.sh says what the
# script needs.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/debian.sh

[ $# -gt 0 ] || set -- unit module interop models tool fuzz postgresql faults
fresh trixie "$work/root"
tree_in "$work/root/src/keydiv"
quietly "$work/root" /src/keydiv/tests/run.sh install
quietly "$work/root" sh -c 'cd /src/keydiv && meson setup build --werror && ninja -C build all meson-test-prereq'
inside "$work/root" sh -c 'openssl version; dpkg-query -W p11-kit libsqlite3-0 gcc'
inside "$work/root" sh -c 'cd /src/keydiv && for suite in "$@"; do set -- "$@" --suite "$suite"; shift; done &&
	meson test -C build --no-rebuild --print-errorlogs "$@"' sh "$@"

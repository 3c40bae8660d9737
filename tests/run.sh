#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh: install what the tests need, build, and run every suite, plain and under the address and undefined-behaviour
# sanitizers, and the heart of the module under valgrind. Ends in meson's own summary. With an argument, only that part: plain,
# sanitize, memcheck (the heart), valgrind (every suite of our own under valgrind: half an hour).
# MESON_OPTIONS, if set, goes to meson setup: CI makes warnings errors.
set -eu
cd "$(dirname "$0")/.."

packages="gcc g++ libc6-dev meson ninja-build pkg-config libssl-dev libp11-kit-dev p11-kit p11-kit-modules libsqlite3-dev
	libinih-dev libjson-c-dev check openssl sqlite3 softhsm2 libnss3 opensc gnutls-bin python3 python3-pykcs11 python3-cryptography
	valgrind mandoc"

install_packages()
{
	missing=
	for p in $packages; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
	done
	[ -z "$missing" ] && return
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# build DIR OPTIONS...: configure once, then compile.
build()
{
	dir=$1
	shift
	[ -f "$dir/build.ninja" ] || meson setup "$dir" "$@"
	ninja -C "$dir"
}

plain()
{
	build build ${MESON_OPTIONS:-}
	meson test -C build --no-rebuild --print-errorlogs
}

sanitize()
{
	build build-sanitize -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 ${MESON_OPTIONS:-}
	meson test -C build-sanitize --no-rebuild --print-errorlogs --setup sanitize
}

valgrind()
{
	build build ${MESON_OPTIONS:-}
	meson test -C build --no-rebuild --print-errorlogs --setup valgrind
}

# What handles objects, keys and sessions; of the module, what hands memory across.
memcheck()
{
	build build ${MESON_OPTIONS:-}
	meson test -C build --no-rebuild --print-errorlogs --setup valgrind unit-pool unit-object unit-object_encode unit-template \
		unit-attribute unit-plan unit-plan_create unit-plan_derive unit-plan_copy unit-plan_use unit-session unit-objects \
		unit-derive unit-derive_more unit-key unit-mac unit-wrap unit-digest unit-parameter unit-self_test \
		module-derive module-attributes module-templates module-initialize
}

install_packages
case "${1:-all}" in
plain | sanitize | memcheck | valgrind) "$1" ;;
all)
	sanitize
	memcheck
	plain
	;;
*)
	echo "usage: $0 [plain|sanitize|memcheck|valgrind]" >&2
	exit 2
	;;
esac

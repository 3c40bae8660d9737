#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh: install the packages that the tests need, build, and run every suite. Ends in meson's own summary.
#
#	tests/run.sh             every suite, plain and under the address and undefined-behaviour sanitizers, the heart of the module
#	                         under valgrind, the module under the thread sanitizer, and faults for four minutes
#	tests/run.sh quick       the unit and module tests, built at -O0 in build-quick
#	tests/run.sh plain       every suite, as the module is shipped
#	tests/run.sh clients     the example programs in other languages
#	tests/run.sh sanitize    every suite under the sanitizers
#	tests/run.sh memcheck    the heart of the module under valgrind
#	tests/run.sh valgrind    all unit and module tests under valgrind, in half an hour
#	tests/run.sh thread      the module tests and the unit tests that start threads, under the thread sanitizer
#	tests/run.sh faults      every regime of tests/faults in 4 minutes; `faults kill` runs one. MINUTES=n: in n minutes, SEED=n repeats
#	tests/run.sh mutation    changes the sources in one way at a time (tests/mutation). `mutation AREA` for one area, COUNT=n, SEED=n
#	tests/run.sh fuzz        every target of tests/fuzz under libFuzzer; `fuzz csv` runs one, `fuzz merge` keeps what was found.
#	                         MINUTES=n runs each for so long, RUNS=n so many inputs. Needs clang and libclang-rt-14-dev
#	tests/run.sh coverage    the suites in a build for gcov; what they do not cover must be in tests/coverage/uncovered.txt
#	tests/run.sh install     nothing but the packages
#
# MESON_OPTIONS, if set, is passed to meson setup. The CI passes --werror.
set -eu
cd "$(dirname "$0")/.."

packages="gcc g++ libc6-dev meson ninja-build pkg-config libssl-dev libp11-kit-dev p11-kit p11-kit-modules libsqlite3-dev
	libinih-dev libjson-c-dev check openssl sqlite3 softhsm2 libnss3 opensc gnutls-bin python3 python3-pykcs11 python3-cryptography
	valgrind mandoc default-jdk-headless clang-format zsh fish postgresql libpq-dev"

install_packages()
{
	installed=$(dpkg-query -W -f '${Package} ${Status}\n' $packages 2>/dev/null | sed -n 's/ install ok installed$//p')
	missing=
	for p in $packages; do
		echo "$installed" | grep -qx "$p" || missing="$missing $p"
	done
	[ -z "$missing" ] && return
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# The tools of other languages, unless they are there from another source than Debian. cargo-web is the newer cargo of Debian 12.
# With KEYDIV_CLIENTS=all a missing tool is not a reason to skip a language.
install_languages()
{
	packages="python3-venv default-jdk-headless make"
	command -v go >/dev/null || packages="$packages golang-go"
	command -v npm >/dev/null || packages="$packages nodejs npm"
	command -v cargo >/dev/null || {
		apt-cache show cargo-web >/dev/null 2>&1 && packages="$packages cargo-web" || packages="$packages cargo"
	}
	install_packages
	export KEYDIV_CLIENTS=all
}

# build DIR OPTIONS...: configure, then compile. A directory that is there already (the demonstration's) may have been configured
# before what the tests need was installed, and what cannot be built is left out: so it is configured again.
build()
{
	dir=$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		meson setup --reconfigure "$dir" "$@"
	else
		meson setup "$dir" "$@"
	fi
	ninja -C "$dir" all meson-test-prereq # newer versions of meson build programs of tests by the second target only
}

# has DIR TEST...: fail if one of these tests, each of which hangs on another package, was left out.
has()
{
	dir=$1
	shift
	meson test -C "$dir" --no-rebuild --list >"$dir/tests.txt"
	for test in unit-key module-derive model-odukpt tool-derive interop-softhsm interop-nss_sp800 "$@"; do
		grep -q " / $test\$" "$dir/tests.txt" || {
			echo "$0: $dir was configured without the test $test: what does it need that 'meson setup' does not find?" >&2
			exit 1
		}
	done
}

# meson test builds the programs of the selected tests and no others.
quick()
{
	[ -f build-quick/build.ninja ] || meson setup build-quick -Doptimization=0 ${MESON_OPTIONS:-}
	meson test -C build-quick --suite unit --suite module --print-errorlogs
}

plain()
{
	install_languages
	build build ${MESON_OPTIONS:-}
	has build interop-pykcs11 interop-java system-two_uids clients-python instructions hardening constant_time postgresql-module
	meson test -C build --no-rebuild --print-errorlogs
}

clients()
{
	install_languages
	build build ${MESON_OPTIONS:-}
	meson test -C build --no-rebuild --print-errorlogs --suite clients
}

sanitize()
{
	build build-sanitize -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 ${MESON_OPTIONS:-}
	has build-sanitize
	meson test -C build-sanitize --no-rebuild --print-errorlogs --setup sanitize
}

valgrind()
{
	build build ${MESON_OPTIONS:-}
	has build
	meson test -C build --no-rebuild --print-errorlogs --setup valgrind
}

# What handles objects, keys and sessions; of the module, what hands memory across.
memcheck()
{
	build build ${MESON_OPTIONS:-}
	has build unit-constant_time
	meson test -C build --no-rebuild --print-errorlogs --setup valgrind unit-pool unit-object unit-object_encode unit-template \
		unit-attribute unit-plan unit-plan_create unit-plan_derive unit-plan_copy unit-plan_use unit-session unit-objects \
		unit-derive unit-derive_more unit-key unit-mac unit-wrap unit-digest unit-constant_time unit-parameter \
		unit-self_test module-derive module-attributes module-templates module-initialize
}

# The module tests, and the unit tests that start threads. A report of the thread sanitizer makes the program fail. Only what these
# tests need is built.
thread()
{
	[ -f build-thread/build.ninja ] ||
		meson setup build-thread -Db_sanitize=thread -Db_lundef=false -Doptimization=1 ${MESON_OPTIONS:-}
	meson test -C build-thread --print-errorlogs --setup thread --suite module
	meson test -C build-thread --print-errorlogs --setup thread \
		$(grep -lE 'pthread_create|other_thread.h' tests/unit/test_*.c | sed 's,.*/test_\(.*\)\.c,unit-\1,')
}

# Measure what the suites cover of the sources. Left out are suites that run none of the code, or none that others do not run:
# the rules of style, other languages, other users (who may not write counts), the same programs under valgrind, the benchmark.
coverage()
{
	rm -rf build-coverage # the build runs programs too, and their counts belong to the measurement
	build build-coverage -Db_coverage=true -Doptimization=0 -Dc_args=-fprofile-update=atomic ${MESON_OPTIONS:-}
	has build-coverage
	# The messages of gcov about counts that cannot be written must not come among the messages of a program.
	export GCOV_ERROR_FILE=/dev/null
	meson test -C build-coverage --no-rebuild --print-errorlogs --no-suite style --no-suite clients --no-suite system \
		--no-suite constant_time --no-suite bench --no-suite slow --no-suite postgresql
	python3 tests/coverage/coverage.py compare . build-coverage
}

# faults [REGIME...]: each regime is a program. Two regimes run at a time, and MINUTES is the time for all of them. What a regime
# prints is in build-quick/faults-REGIME.log, and is shown when the regime has ended. All of them run, also after one that failed.
faults()
{
	regimes="kill power calls memory full load bits fork"
	[ $# -gt 0 ] || set -- $regimes
	[ -f build-quick/build.ninja ] || meson setup build-quick -Doptimization=0 ${MESON_OPTIONS:-}
	ninja -C build-quick faults
	export KEYDIV_MODULE="$PWD/build-quick/keydiv-pkcs11.so" CK_VERBOSITY=normal LD_BIND_NOW=1
	export FAKE_FOREIGN="$PWD/build-quick/tests/support/fake_foreign.so"
	if [ -n "${MINUTES:-}" ]; then
		MINUTES=$(awk -v minutes="$MINUTES" -v regimes=$# 'BEGIN { print minutes / int((regimes + 1) / 2) }')
		export MINUTES
	fi
	rm -f build-quick/faults-*.log build-quick/faults-*.failed
	printf '%s\n' "$@" | xargs -P 2 -I '{}' sh -c '
		build-quick/tests/faults/fault_{} >build-quick/faults-{}.log 2>&1 || echo {} >build-quick/faults-{}.failed
		cat build-quick/faults-{}.log'
	failed=$(cat build-quick/faults-*.failed 2>/dev/null || true)
	[ -z "$failed" ] || {
		echo "$0: these regimes failed:" $failed >&2
		exit 1
	}
}

# mutation [AREA...]: mutants of the sources, and the tests that do not notice them.
mutation()
{
	nice -n 10 python3 tests/mutation/mutate.py "$@"
}

# fuzz [merge] [TARGET...]: libFuzzer is a part of clang's runtime, which Debian 12 has in a package of its own.
fuzz()
{
	packages="clang libclang-rt-14-dev python3"
	install_packages
	[ -f build-fuzz/build.ninja ] || CC=clang CC_LD= meson setup build-fuzz -Doptimization=2 -Db_sanitize=address,undefined \
		-Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link ${MESON_OPTIONS:-}
	ninja -C build-fuzz fuzzers
	python3 tests/fuzz/run.py build-fuzz "$@"
}

install_packages
case "${1:-all}" in
install) ;;
quick | plain | clients | sanitize | memcheck | valgrind | thread | coverage) "$1" ;;
faults | mutation | fuzz) "$@" ;;
all)
	sanitize
	memcheck
	thread
	plain
	faults
	;;
*)
	echo "usage: $0 [install|quick|plain|clients|sanitize|memcheck|valgrind|thread|coverage|faults [REGIME...]|mutation [AREA...]|fuzz [merge] [TARGET...]]" >&2
	exit 2
	;;
esac

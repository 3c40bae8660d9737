#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# aarch64.sh [TEST...]: in a fresh Debian 12, build the committed tree for aarch64 with the cross compiler, and run the suites unit and
# module, or the tests that are named, under qemu-user. Then build it for this machine as well, and check that a token that one
# architecture writes gives the same keys on the other. tests/support/debian.sh says what the script needs.
#
# qemu-user is not a kernel. The functions of tests that need what it lacks are listed below with the reason, and only they may fail.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/debian.sh

fresh bookworm "$work/root"
tree_in "$work/root/src/keydiv"
cat >"$work/root/src/cross.txt" <<'END'
[binaries]
c = 'aarch64-linux-gnu-gcc'
cpp = 'aarch64-linux-gnu-g++'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = 'qemu-aarch64'

[properties]
pkg_config_libdir = '/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig'

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
quietly "$work/root" sh -ec 'dpkg --add-architecture arm64
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends meson ninja-build pkgconf gcc libc6-dev python3 qemu-user \
		crossbuild-essential-arm64 check:arm64
	for arch in amd64 arm64; do
		apt-get install -y -qq --no-install-recommends libssl-dev:$arch libsqlite3-dev:$arch libinih-dev:$arch libjson-c-dev:$arch \
			libp11-kit-dev:$arch
	done'

echo "== build"
quietly "$work/root" sh -ec 'cd /src/keydiv
	meson setup --cross-file ../cross.txt ../aarch64 --werror
	nice ninja -C ../aarch64
	KEYDIV_TESTS=no meson setup ../native --werror
	nice ninja -C ../native keydiv keydiv-pkcs11.so'
inside "$work/root" sh -ec 'aarch64-linux-gnu-gcc --version | head -n 1; qemu-aarch64 --version | head -n 1
	for file in keydiv keydiv-pkcs11.so; do
		aarch64-linux-gnu-readelf -h /src/aarch64/$file | sed -n "s|^ *Machine: *|$file: |p"
	done
	aarch64-linux-gnu-readelf -n /src/aarch64/keydiv-pkcs11.so | sed -n "s/^ *Properties: /keydiv-pkcs11.so: /p"'

echo "== tokens of both architectures"
cat >"$work/root/src/exchange.sh" <<'END'
set -eu
cd /src
echo 12345678 >so-pin
echo 123456 >pin
native() { /src/native/keydiv "$@" --module /src/native/keydiv-pkcs11.so --pin-file pin; }
aarch64() { qemu-aarch64 /src/aarch64/keydiv "$@" --module /src/aarch64/keydiv-pkcs11.so --pin-file pin; }

# write_and_read WRITER READER: WRITER makes a token with a master, an Optimal-DUKPT client and stored keys, and both derive from it.
write_and_read()
{
	rm -rf tokens
	printf 'token-dir = /src/tokens\n' >keydiv.conf
	export KEYDIV_CONF=/src/keydiv.conf
	"$1" init --label t --so-pin-file so-pin >/dev/null
	"$1" key generate --label master >/dev/null
	"$1" key generate --label bdk --allow odukpt >/dev/null
	"$1" odukpt initial --key bdk --device D1 --shape 21,7 --label ik >/dev/null
	"$1" odukpt client --key ik --shape 21,7 --label client --keep-initial >/dev/null
	"$1" derive --key master --store --usage sign stored >/dev/null
	"$1" derive --key master --mac text SN-1 SN-2 SN-3 >written
	"$2" derive --key master --mac text SN-1 SN-2 SN-3 >read
	cmp written read
	"$1" key list >written
	"$2" key list >read
	cmp written read
	# The client's state moves on in one architecture, then in the other. Each key is the one that the server derives.
	"$1" odukpt next --key client --mac text >next
	"$2" odukpt next --key client --mac text >>next
	for transaction in 0 1; do
		"$2" odukpt retrieve --key ik --shape 21,7 --transaction $transaction --mac text
	done >retrieved
	grep -v '^remaining:' next | cmp - retrieved
	"$2" key generate --label second >/dev/null
	"$1" derive --key second --mac text SN-1 >written
	"$2" derive --key second --mac text SN-1 >read
	cmp written read
	echo "a token written on $1 gives the same keys on $2, among them an Optimal-DUKPT client that both advance"
}

write_and_read native aarch64
write_and_read aarch64 native
END
inside "$work/root" sh /src/exchange.sh

echo "== tests under qemu"
inside "$work/root" sh -c 'cd /src/aarch64
	[ $# -gt 0 ] || set -- --suite unit --suite module
	export MESON_EXE_WRAPPER=qemu-aarch64 # for programs that tests compile and start themselves
	nice -n 10 meson test --no-rebuild "$@" | grep -v " OK "' sh "$@" || true

# What may fail: the name of a test function, and what qemu lacks.
cat >"$work/lacking" <<'END'
keys_are_in_the_arena                               VmFlags in /proc/self/smaps
cached_keys_and_scratch_keys_are_in_the_arena       VmFlags in /proc/self/smaps
long_secrets_are_in_an_arena                        VmFlags in /proc/self/smaps
blocks_of_every_size                                VmFlags in /proc/self/smaps
pages_with_keys_are_not_dumped                      VmFlags in /proc/self/smaps
a_forked_child                                      MADV_WIPEONFORK
nothing_in_a_forked_child                           MADV_WIPEONFORK
scrypt_memory                                       RLIMIT_AS
no_memory_is_no_wrong_pin                           RLIMIT_AS
failing_memory_costs_no_try                         RLIMIT_AS
refused_system_calls_do_not_make_a_token_read_only  seccomp
END
log=$work/root/src/aarch64/meson-logs/testlog.txt
grep -aoE ':[FES]:[a-z0-9_]+:[a-z0-9_]+:' "$log" | cut -d: -f4 | sort -u >"$work/failed"
cut -d ' ' -f 1 "$work/lacking" | sort >"$work/may_fail"
grep -F -f "$work/failed" "$work/lacking" | sed 's/^/failed, for lack of it in qemu: /'
unexpected=$(comm -23 "$work/failed" "$work/may_fail")
[ -z "$unexpected" ] || { echo "failed without such a reason:" $unexpected >&2; exit 1; }
# A program that fails names a function, unless it is not written with Check.
programs=$(grep -ac '^result: .*exit status [^0]\|^result: .*killed' "$log" || true)
named=$(grep -aoE ':[FES]:[a-z0-9_]+:' "$log" | sort -u | wc -l)
[ "$programs" -le "$named" ] || { echo "$programs programs failed, and only $named say in which function" >&2; exit 1; }

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main job, from a clone on a fresh Debian 12 or 13. The script installs the packages, builds, and makes a token with a
# non-extractable AES-256 master. For every serial number in tests/fixtures/serials.csv it derives a key inside the token, through
# p11-kit, and prints the key check value and a CMAC by the derived key, beside the same CMAC computed by openssl.
#
# The master is imported from two components and is public, because openssl computes with it too. The token is in a temporary
# directory. p11-kit finds the module by the keydiv.module of this build. Root installs that file, because p11-kit reads no user's
# configuration for root. Other users get a temporary configuration directory.
#
# MESON_OPTIONS are passed to meson setup. -Dprefix=$HOME/.local makes an installation without root possible.
#
# With the argument --installed the script builds nothing and tries the keydiv that a package has installed.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
packages="gcc libc6-dev meson ninja-build pkg-config libssl-dev libsqlite3-dev libinih-dev libp11-kit-dev libjson-c-dev p11-kit openssl"
master=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
message="hello from the device"

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
	missing=$(for p in $packages; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done)
	[ -n "$missing" ] || return 0
	echo "== packages:" $missing
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

if [ "$build" = --installed ]; then
	program=keydiv
else
	install_packages
	echo "== build"
	[ -f "$build/build.ninja" ] || meson setup "$build" ${MESON_OPTIONS:-} >/dev/null
	ninja -C "$build" product | tail -n 1
	build=$(cd "$build" && pwd)
	program=$build/keydiv
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
umask 077
printf 'token-dir = %s/tokens\n' "$work" >"$work/keydiv.conf"
export KEYDIV_CONF="$work/keydiv.conf"
echo 12345678 >"$work/so-pin"
echo 123456 >"$work/pin"
cp tests/fixtures/component-1.txt tests/fixtures/component-2.txt "$work"

echo "== p11-kit"
if [ "$build" = --installed ]; then
	:
elif [ "$(id -u)" = 0 ]; then
	meson install -C "$build" --no-rebuild --quiet
else
	export XDG_CONFIG_HOME="$work/config"
	mkdir -p "$XDG_CONFIG_HOME/pkcs11/modules"
	sed "s|^module:.*|module: $build/keydiv-pkcs11.so|" "$build/pkcs11-conf/keydiv.module" \
		>"$XDG_CONFIG_HOME/pkcs11/modules/keydiv.module"
fi
keydiv() {
	command "$program" "$@" --module keydiv # a name, not a path: p11-kit's configuration says what it is
}

echo "== token"
keydiv init --label demo --so-pin-file "$work/so-pin" --pin-file "$work/pin"
keydiv key import --label master --component-file "$work/component-1.txt" --component-file "$work/component-2.txt" \
	--check-value 377822 --pin-file "$work/pin" >/dev/null
keydiv key show master --pin-file "$work/pin" | grep -E '^(label|type|bits|check value|usage|sensitive|extractable):'
# p11-kit 0.24 begins the paragraph of a module with "keydiv: PATH", later releases with "module: keydiv".
p11-kit list-modules | sed -n '/^keydiv:/,/^[^ ]/p; /^module: keydiv$/,/^[^ ]/p' | grep -E '^keydiv:|^module: keydiv|^ *token:' || {
	echo "p11-kit does not show the keydiv token: see user-config in pkcs11.conf(5)" >&2
	exit 1
}

echo "== derive: tests/fixtures/serials.csv, CMAC of \"$message\""
keydiv derive --key master --csv tests/fixtures/serials.csv --column serial --mac "$message" --pin-file "$work/pin" >"$work/derived.csv"

# The device key as openssl computes it: KBKDF with CMAC, label "device", context 01 || length || serial || 7F 0001 02. The last
# field is USE, which the token adds. 02 stands for a key that signs.
openssl_cmac() {
	context=01$(printf '%04x' "${#1}")$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')7f000102
	key=$(openssl kdf -keylen 32 -kdfopt mac:CMAC -kdfopt cipher:AES-256-CBC -kdfopt "hexkey:$master" -kdfopt salt:device \
		-kdfopt "hexinfo:$context" KBKDF | tr -d ':\n')
	printf %s "$message" | openssl mac -cipher AES-256-CBC -macopt "hexkey:$key" CMAC | tr 'A-F' 'a-f' | tr -d '\n'
}

wrong=0 count=0
printf '%-10s  %-6s  %-32s  %-32s\n' serial check "CMAC by the derived key" "CMAC by openssl"
while IFS=, read -r serial check mac; do
	other=$(openssl_cmac "$serial")
	same=same
	[ "$mac" = "$other" ] || same=DIFFERENT wrong=$((wrong + 1))
	printf '%-10s  %-6s  %-32s  %-32s  %s\n' "$serial" "$check" "$mac" "$other" "$same"
	count=$((count + 1))
done <"$work/derived.csv"
echo "== $count keys derived in the token, $wrong different from openssl"
[ "$count" -eq $(($(wc -l <tests/fixtures/serials.csv) - 1)) ] && [ "$wrong" -eq 0 ]

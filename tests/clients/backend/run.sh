#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [BUILD]: a back end and a fleet of meters, from a clone on a fresh Debian 12 or 13. The script installs the packages,
# builds, makes a token with a master that has a replay window, and starts the back end. Meters and an attacker send messages. Then
# the script kills the back end with SIGKILL, starts it again, and the attacker sends every message a second time.
#
# With BUILD, a directory that is built already, the script installs and builds nothing. The master is public, because the simulated
# meters compute with it. The token is in a temporary directory.
set -eu
cd "$(dirname "$0")/../../.."
packages="gcc libc6-dev meson ninja-build pkg-config libssl-dev libsqlite3-dev libinih-dev libp11-kit-dev libjson-c-dev p11-kit
	python3 python3-pykcs11 python3-cryptography"
here=tests/clients/backend
python=/usr/bin/python3 # Debian's, for which PyKCS11 is packaged
export PYTHONDONTWRITEBYTECODE=1

as_root()
{
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

build=${1:-}
if [ -n "$build" ]; then
	"$python" -c 'import PyKCS11, cryptography' 2>/dev/null || {
		echo "skipped: python3-pykcs11 or python3-cryptography is not installed"
		exit 77
	}
else
	build=build
	missing=$(for p in $packages; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done)
	if [ -n "$missing" ]; then
		echo "== packages:" $missing
		as_root apt-get update -qq
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
	fi
	echo "== build"
	[ -f build/build.ninja ] || meson setup build >/dev/null
	ninja -C build product | tail -n 1
fi
build=$(cd "$build" && pwd)
module=$build/keydiv-pkcs11.so

work=$(mktemp -d)
backend=
trap '[ -z "$backend" ] || kill "$backend" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
umask 077
printf 'token-dir = %s/tokens\n' "$work" >"$work/keydiv.conf"
export KEYDIV_CONF="$work/keydiv.conf" KEYDIV_PIN_FILE="$work/pin"
echo 12345678 >"$work/so-pin"
echo 123456 >"$work/pin"
cp tests/fixtures/component-1.txt tests/fixtures/component-2.txt "$work"

echo "== token: a master with a window of 64 counters"
"$build/keydiv" init --label fleet --so-pin-file "$work/so-pin" --pin-file "$work/pin" --module "$module"
"$build/keydiv" key import --label meter --window 64 --component-file "$work/component-1.txt" \
	--component-file "$work/component-2.txt" --check-value 377822 --pin-file "$work/pin" --module "$module" >/dev/null

# start_backend: start the back end and wait until it listens.
start_backend()
{
	rm -f "$work/port"
	"$python" "$here/backend.py" "$module" "$work/port" &
	backend=$!
	until [ -f "$work/port" ]; do
		kill -0 "$backend" 2>/dev/null || { echo "the back end has ended" >&2; exit 1; }
		sleep 0.1
	done
}

echo "== the meters send messages, and an attacker listens"
start_backend
printf '%-10s  %7s  %-22s  %s\n' serial counter message verdict
"$python" "$here/fleet.py" before "$(cat "$work/port")" "$work/heard"

echo "== the back end is killed and started again"
kill -9 "$backend"
wait "$backend" 2>/dev/null || true
start_backend
"$python" "$here/fleet.py" after "$(cat "$work/port")" "$work/heard"

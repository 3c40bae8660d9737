#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# client.sh PROGRAM CLIENT MODULE KEYDIV [CALLS]: measure a call through keydiv-client.so beside the same request by hand and
# beside p11-kit-client.so, all to one server of p11-kit, and eight processes of keydiv-client.so at once.
set -eu
program=$1 client=$2 module=$3 keydiv=$4 calls=${5:-50000}
other=$(pkg-config --variable=p11_module_path p11-kit-1)/p11-kit-client.so
dir=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$dir"' EXIT
umask 077
printf 'token-dir = %s/tokens\nparameters = flat\n' "$dir" > "$dir/keydiv.conf"
export KEYDIV_CONF="$dir/keydiv.conf" KEYDIV_CLIENT_CONF=/dev/null
printf '12345678' > "$dir/pin"
"$keydiv" init --module "$module" --label bench --pin-file "$dir/pin" --so-pin-file "$dir/pin" > /dev/null
p11-kit server -f -n "$dir/socket" --provider "$module" 'pkcs11:' > /dev/null &
server=$!
export P11_KIT_SERVER_ADDRESS="unix:path=$dir/socket"
while [ ! -S "$dir/socket" ]; do sleep 0.1; done

for round in 1 2 3; do
	hand=$("$program" hand "$dir/socket" "$calls")
	own=$("$program" module "$client" "$calls")
	p11_kit=$([ -e "$other" ] && "$program" module "$other" "$calls" || echo none)
	echo "round $round, microseconds a call: by hand $hand, keydiv-client.so $own, p11-kit-client.so $p11_kit;" \
		"keydiv-client.so takes $(awk "BEGIN { printf \"%.2f\", $own / $hand }") times as long as by hand"
done

begin=$(date +%s%N)
"$program" module "$client" "$calls" > /dev/null
middle=$(date +%s%N)
pids=
for i in 1 2 3 4 5 6 7 8; do
	"$program" module "$client" "$calls" > /dev/null &
	pids="$pids $!"
done
wait $pids
end=$(date +%s%N)
echo "eight processes make $(awk "BEGIN { printf \"%.2f\", 8 * ($middle - $begin) / ($end - $middle) }") times the calls of one," \
	"on $(nproc) processors"

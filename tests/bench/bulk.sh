#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bulk.sh: the tool over a CSV file of many serials: rate, processor use and memory of `keydiv derive`, the same killed half-way and
# resumed, and the rate of `keydiv key import` of wrapped keys. Fails if the resumed output differs from the uninterrupted one.
# Usage: bulk.sh KEYDIV MODULE [N (1000000)] [IMPORTED (N)] [DIR]
set -eu
keydiv=$1 module=$2 n=${3:-1000000} imported=${4:-${3:-1000000}}
dir=${5:-}
[ -n "$dir" ] || dir=$(mktemp -d /var/tmp/keydiv-bulk-XXXXXX)
mkdir -p "$dir"
trap 'rm -rf "$dir"' EXIT
printf 'token-dir = %s/token\n' "$dir" >"$dir/keydiv.conf"
export KEYDIV_CONF="$dir/keydiv.conf"
umask 077
echo 12345678 >"$dir/pin"
run()
{
	"$keydiv" "$@" --module "$module" --pin-file "$dir/pin"
}
now()
{
	date +%s%N
}

# timed NAME COMMAND...: seconds, processor seconds and peak memory (MiB) of the command.
timed()
{
	name=$1
	shift
	start=$(now)
	/usr/bin/env time -f '%U %S %M' -o "$dir/time" "$@"
	took=$(($(now) - start))
	read -r user system memory <"$dir/time"
	awk -v name="$name" -v ns="$took" -v u="$user" -v s="$system" -v m="$memory" -v n="$count" 'BEGIN {
		t = ns / 1e9
		printf "%s of %d: %.1f s, %.0f a second, %.2f cores busy, %.1f MiB at most\n", name, n, t, n / t, (u + s) / t, m / 1024 }'
}

"$keydiv" init --label bulk --module "$module" --pin-file "$dir/pin" --so-pin-file "$dir/pin" >/dev/null
run key generate --label master >/dev/null
seq -f 'SN-%08.0f' 1 "$n" >"$dir/serials.csv"

count=$((n / 100))
head -n "$count" "$dir/serials.csv" >"$dir/few.csv"
timed 'keydiv derive' "$keydiv" derive --csv "$dir/few.csv" --output "$dir/few.out" --module "$module" --pin-file "$dir/pin"
count=$n
timed 'keydiv derive' "$keydiv" derive --csv "$dir/serials.csv" --output "$dir/whole.out" --module "$module" --pin-file "$dir/pin"

# killed OUTPUT BYTES COMMAND...: start it, and kill -9 it once OUTPUT has BYTES.
killed()
{
	output=$1 bytes=$2
	shift 2
	"$@" --output "$output" --module "$module" --pin-file "$dir/pin" &
	pid=$!
	while kill -0 $pid 2>/dev/null && [ "$(wc -c 2>/dev/null <"$output" || echo 0)" -lt "$bytes" ]; do
		sleep 0.02
	done
	kill -9 $pid 2>/dev/null || echo "it had ended before it was killed"
	wait $pid 2>/dev/null || true
	left=$(wc -l <"$output")
}

killed "$dir/resumed.out" $(($(wc -c <"$dir/whole.out") / 2)) "$keydiv" derive --csv "$dir/serials.csv"
printf 'killed after %d of %d lines; ' "$left" "$n"
run derive --csv "$dir/serials.csv" --output "$dir/resumed.out" --resume
cmp "$dir/whole.out" "$dir/resumed.out"
echo 'resumed: the output is that of an uninterrupted run'
cut -d, -f1 "$dir/whole.out" | cmp - "$dir/serials.csv"
echo 'the output is in the order of the input'

# One key wrapped under a key known to both sides, under many labels.
kek=000102030405060708090a0b0c0d0e0f
echo $kek >"$dir/component1"
echo 00000000000000000000000000000000 >"$dir/component2"
check=$(head -c 16 /dev/zero | openssl enc -aes-128-ecb -nopad -K $kek | head -c 3 | od -An -tx1 | tr -d ' \n')
run key import --label kek --usage unwrap --component-file "$dir/component1" --component-file "$dir/component2" --size 128 \
	--check-value "$check" >/dev/null
wrapped=$(printf 'abcdefghijklmnop' | openssl enc -id-aes128-wrap-pad -e -K $kek -iv A65959A6 | od -An -v -tx1 | tr -d ' \n')
seq -f "key-%08.0f,$wrapped" 1 "$imported" >"$dir/wrapped.csv"
killed "$dir/imported.out" $((imported * 10)) "$keydiv" key import --csv "$dir/wrapped.csv" --unwrap-key kek
printf 'keydiv key import: killed after %d of %d lines; the rest:\n' "$left" "$imported"
count=$((imported - left))
timed 'keydiv key import --resume' "$keydiv" key import --csv "$dir/wrapped.csv" --unwrap-key kek --resume \
	--output "$dir/imported.out" --module "$module" --pin-file "$dir/pin"
cut -d, -f1 "$dir/wrapped.csv" >"$dir/labels"
cut -d, -f1 "$dir/imported.out" | cmp - "$dir/labels"
echo 'the output is in the order of the input, every label once'

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD-OF-BENCH MODULE KEYDIV OUTPUT [--record | --record-all]: measure everything and write bench.json, scale.json, bulk.txt
# and charts into OUTPUT. With --record (ninja bench-record) measure the operations alone, with more rounds, and write their table in
# tests/bench/README.md: 3 minutes. With --record-all (ninja bench-record-all) measure everything at full size too, up to 10^6 objects
# and serials, and write the repository's charts and all figures: half an hour. Use a quiet machine to record.
# KEYDIV_BENCH_DIR, if set, keeps the tokens with many objects from one run to the next.
set -eu
programs=$1 module=$2 keydiv=$3 out=$4 record=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
full='' n=100000 imported=10000
mkdir -p "$out"
"$programs/bench" "$module" --json "$out/bench.json" ${record:+--rounds 21}
if [ -n "$record" ]; then
	"$here/report.sh" operations "$here/README.md" "$out/bench.json"
	[ "$record" = --record-all ] || exit 0
	full=--full n=1000000 imported=1000000
fi
"$programs/scale" "$module" --json "$out/scale.json" $full ${KEYDIV_BENCH_DIR:+--dir "$KEYDIV_BENCH_DIR"}
"$here/bulk.sh" "$keydiv" "$module" $n $imported >"$out/bulk.txt" # no pipe, so that a failure ends this script
cat "$out/bulk.txt"
"$here/charts.sh" "$out/bench.json" "$out/scale.json" "$out/charts"
if [ -n "$record" ]; then
	"$here/charts.sh" "$out/bench.json" "$out/scale.json" "$here/charts"
	"$here/report.sh" growth "$here/README.md" "$out/scale.json" "$out/bulk.txt"
fi

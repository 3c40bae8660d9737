#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD-OF-BENCH MODULE KEYDIV OUTPUT [--record]: measure everything and write bench.json, scale.json, bulk.txt and charts
# into OUTPUT. With --record (ninja bench-record) measure at full size, up to 10^6 objects and serials, and write the repository's
# charts and the figures of tests/bench/README.md. Use a quiet machine for that.
# KEYDIV_BENCH_DIR, if set, keeps the tokens with many objects from one run to the next.
set -eu
programs=$1 module=$2 keydiv=$3 out=$4 record=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
full='' n=100000 imported=10000
if [ -n "$record" ]; then
	full=--full n=1000000 imported=1000000
fi
mkdir -p "$out"
"$programs/bench" "$module" --json "$out/bench.json"
"$programs/scale" "$module" --json "$out/scale.json" $full ${KEYDIV_BENCH_DIR:+--dir "$KEYDIV_BENCH_DIR"}
"$here/bulk.sh" "$keydiv" "$module" $n $imported >"$out/bulk.txt" # no pipe, so that a failure ends this script
cat "$out/bulk.txt"
"$here/charts.sh" "$out/bench.json" "$out/scale.json" "$out/charts"
if [ -n "$record" ]; then
	"$here/charts.sh" "$out/bench.json" "$out/scale.json" "$here/charts"
	"$here/report.sh" "$out/bench.json" "$out/scale.json" "$out/bulk.txt" "$here/README.md"
fi

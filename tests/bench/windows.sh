#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# windows.sh PROGRAM [STREAMS]: measure replay windows with 10^6 streams, or STREAMS, in a directory of its own on the disk that
# KEYDIV_BENCH_DIR names, /var/tmp by default. 10^7 streams take 1 GB.
set -eu
program=$1 streams=${2:-1000000}
dir=$(mktemp -d "${KEYDIV_BENCH_DIR:-/var/tmp}/keydiv-windows.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$program" durable "$dir/durable"
"$program" fill "$dir/many" "$streams"
echo "streams: $streams, $(($(stat -c %s "$dir/many/windows.db") / 1048576)) MiB in the file"
"$program" look "$dir/many" "$streams"

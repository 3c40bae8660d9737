#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# count.sh: count the instructions of the hot path with callgrind, and compare with what instructions.txt records. More than 10 %
# worse fails, with the old and the new count printed. With --record the file is written anew: do that in the commit that changes
# the count, and say why there.
# Usage: count.sh LOOP-PROGRAM MODULE [--record]
set -eu
loop=$1 module=$2 record=${3:-}
file=$(dirname "$0")/instructions.txt
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# count OPERATION N: instructions of the whole process.
count()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$loop" "$module" "$1" "$2" 2>&1 |
		sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

# The counts hold for the compiler and the libcrypto that gave them: which they were stands in the file's first line.
version()
{
	echo "# $(openssl version | cut -d' ' -f1,2), $(uname -m)"
}

failed=0
version >"$dir/new"
echo "recorded with $(sed -n '1s/^# //p' "$file"); here $(version | cut -c3-)"
while read -r old operation; do
	[ "$old" != '#' ] || continue
	few=$(count "$operation" 1000)
	many=$(count "$operation" 3000)
	new=$(((many - few) / 2000))
	echo "$new $operation" >>"$dir/new"
	limit=$((old * 110 / 100))
	if [ "$new" -gt "$limit" ] && [ -z "$record" ]; then
		echo "WORSE: $operation: $old instructions recorded, $new now"
		failed=1
	else
		echo "$operation: $old instructions recorded, $new now"
	fi
done <"$file"
if [ -n "$record" ]; then
	cp "$dir/new" "$file"
fi
exit $failed

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_count.sh: count.sh fails for a count that has grown by more than a tenth and prints both, takes one that has not, and compares nothing
# with what another compiler gave. Usage: test_count.sh LOOP-PROGRAM MODULE BUILD
set -eu
count=$(dirname "$0")/count.sh
file=$(mktemp)
trap 'rm -f "$file"' EXIT
operation='AES-CMAC 16 bytes, init + sign, token key'

# run EXPECTED-CODE: count.sh against FILE; its output into $output.
run()
{
	expected=$1
	shift
	code=0
	output=$("$count" "$@" "$file" 2>&1) || code=$?
	[ $code = "$expected" ] || { echo "$output"; echo "exit code $code, not $expected"; exit 1; }
}

# said TEXT: the output has it.
said()
{
	case $output in
	*"$1"*) ;;
	*) echo "$output"; echo "does not say: $1"; exit 1 ;;
	esac
}

printf '# build: %s\n# libraries: none\n1 1 %s\n' "$3" "$operation" >"$file"
run 1 "$@"
said "WORSE: $operation: the module alone: 1 instructions recorded, "
said '(not compared)' # with libraries that are not those here
run 0 "$@" --record
run 0 "$@"
said "$operation: the module alone: "
sed 's/^# build: .*/# build: another compiler/; s/^[1-9][0-9]* /1 /' "$file" >"$file.other"
cat "$file.other" >"$file"
rm "$file.other"
run 77 "$@"
said 'recorded with another compiler, here '

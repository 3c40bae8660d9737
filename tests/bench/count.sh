#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# count.sh: count the instructions of the hot path with callgrind, and compare with what instructions.txt records. More than 10 %
# worse fails, with the old and the new count printed. With --record the file is written anew (`ninja -C build count-record`): do that in the
# commit that changes a count, and say why there.
#
# Two counts an operation: those in the module itself, which hang on the compiler and its options, and those of libcrypto and libc with
# them, which hang on their versions and the processor too. The file says for which they hold; what does not hold here is printed, but
# not compared. If nothing can be compared, the exit code is 77, meson's for a skipped test.
# Usage: count.sh LOOP-PROGRAM MODULE BUILD (what compiled the module, in words) [--record] [FILE]
set -eu
loop=$1 module=$2 build=$3
shift 3
record=''
[ "${1:-}" != --record ] || { record=$1; shift; }
file=${1:-$(dirname "$0")/instructions.txt}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
times=1000

# What the second count hangs on besides; of the processor, what libcrypto asks for and valgrind lets it see.
libraries()
{
	printf '%s, %s, %s' "$(openssl version | sed 's/.*Library: //' | cut -d' ' -f1,2)" "$(getconf GNU_LIBC_VERSION)" "$(uname -m)"
	for flag in aes pclmulqdq avx2; do
		grep -qw "$flag" /proc/cpuinfo && printf ' %s' $flag || true
	done
}

# count OPERATION: instructions in the module and all instructions, an operation. In callgrind's file a line of cost belongs to the
# last "ob="; the line after "calls=" is the cost of what was called, which has its own lines. The first "ob=" or "cob=" with an
# object's number has the object's name too.
count()
{
	valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$dir/out" "$loop" "$module" "$1" $times >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		return 1
	}
	awk -v module="$(basename "$module")" -v times=$times '
		/^c?ob=/ {
			number = $1; sub("^.*=", "", number)
			if (NF > 1) ours[number] = $2 ~ "/" module "$"
			if (/^ob=/) id = number
			next
		}
		/^calls=/ { getline; next }
		/^[0-9+*-]/ { all += $2; if (ours[id]) own += $2 }
		END { printf "%d %d\n", own / times, all / times }' "$dir/out"
}

# compare WHAT OLD NEW COMPARED (yes or no)
compare()
{
	if [ -z "$record" ] && [ "$4" = yes ] && [ "$3" -gt $(($2 * 110 / 100)) ]; then
		echo "WORSE: $operation: $1: $2 instructions recorded, $3 now"
		failed=1
	elif [ -z "$record" ] && [ "$4" = yes ] && [ "$3" -lt $(($2 * 90 / 100)) ]; then
		echo "better (record it): $operation: $1: $2 instructions recorded, $3 now"
	else
		echo "$operation: $1: $2 instructions recorded, $3 now$([ "$4" = yes ] || echo ' (not compared)')"
	fi
}

# holds WHAT RECORDED HERE: are they the same? Says so if not.
holds()
{
	[ "$2" != "$3" ] || { echo yes; return; }
	echo "$1: recorded with $2, here $3" >&2
	echo no
}

here=$(libraries)
own_holds=$(holds 'the module alone' "$(sed -n 's/^# build: //p' "$file")" "$build")
all_holds=$(holds 'with libcrypto and libc' "$(sed -n 's/^# libraries: //p' "$file")" "$here")
[ $own_holds = yes ] || all_holds=no
if [ $own_holds = no ] && [ -z "$record" ]; then
	echo 'nothing recorded can be compared with this build'
	exit 77
fi
failed=0
{
	echo '# Instructions an operation: in the module alone, with libcrypto and libc; what they hold for. Written by count.sh --record.'
	echo "# build: $build"
	echo "# libraries: $here"
} >"$dir/new"
while read -r own all operation; do
	[ "$own" != '#' ] || continue
	counts=$(count "$operation")
	new_own=${counts% *} new_all=${counts#* }
	echo "$new_own $new_all $operation" >>"$dir/new"
	compare 'the module alone' "$own" "$new_own" $own_holds
	compare 'with libcrypto and libc' "$all" "$new_all" $all_holds
done <"$file"
if [ -n "$record" ]; then
	cat "$dir/new" >"$file"
	exit 0
fi
exit $failed

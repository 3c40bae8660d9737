#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build_path.sh SOURCE-ROOT BUILD-ROOT FILE...: check that no FILE, as built, contains the path of the source or of the build
# directory. tests/systems/reproducible.sh compares two whole builds.
set -u
source=$1
build=$2
shift 2
failed=0

for file in "$@"; do
	for path in "$source" "$build"; do
		if grep -aqF "$path/" "$file"; then
			echo "BROKEN: $file contains the path $path"
			grep -aoE "[[:print:]]*$path/[[:print:]]*" "$file" | sort | uniq -c | head -n 5
			failed=1
		fi
	done
done
[ $failed = 0 ] && echo 'no path of the build'
exit $failed

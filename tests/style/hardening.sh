#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hardening.sh: check that the module was built with the hardening that SECURITY.md relies on, because meson leaves out in
# silence what a compiler does not know. Usage: hardening.sh MODULE COMPILE-COMMANDS.
set -u
module=$1
commands=$2
failed=0

breach()
{
	echo "BROKEN: $1"
	failed=1
}

flags='-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=[23] -fvisibility=hidden'
[ "$(uname -m)" = x86_64 ] && flags="$flags -fcf-protection=full"
[ "$(uname -m)" = aarch64 ] && flags="$flags -mbranch-protection=standard"
for flag in $flags; do
	grep '"command"' "$commands" | grep -E 'src/key/key\.c' | grep -q -e " $flag " || breach "key.c is compiled without $flag"
done
readelf -Ws "$module" | grep -q '__[a-z]*_chk' || breach 'the module calls no function of _FORTIFY_SOURCE'
readelf -Ws "$module" | grep -q '__stack_chk_fail' || breach 'the module has no stack protector'
readelf -Wl "$module" | grep -q 'GNU_RELRO' || breach 'the module has no read-only relocations'
readelf -Wd "$module" | grep -qE 'BIND_NOW|FLAGS.*NOW' || breach 'the module is not bound at once'
readelf -Wl "$module" | grep 'GNU_STACK' | grep -q 'RWE' && breach 'the stack of the module is executable'
exported=$(readelf -W --dyn-syms "$module" | awk '$7 != "UND" && $5 == "GLOBAL" { sub("@.*", "", $8); print $8 }' | sort | xargs)
[ "$exported" = 'C_GetFunctionList C_GetInterface C_GetInterfaceList' ] || breach "the module exports: $exported"

[ $failed = 0 ] && echo 'hardened as meant'
exit $failed

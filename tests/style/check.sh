#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh SOURCE-ROOT: check the rules that a grep can check. Print each breach and exit with 1 if there is one.
set -u
cd "$1" || exit 2
failed=0

# rule TEXT FOUND: report FOUND as a breach of the rule, unless FOUND is empty.
rule()
{
	[ -z "$2" ] && return
	echo "BROKEN: $1"
	echo "$2" | sed 's/^/    /'
	failed=1
}

code=$(find src include mechanisms -name '*.[ch]')
mechanisms=$(find mechanisms -name '*.[ch]')

rule 'a mechanism includes only headers of mechanisms, src/base and src/key, and libc' \
	"$(grep -nE '#include' $mechanisms |
		grep -vE '#include "([a-z0-9_]+\.h|(base|key)/[a-z0-9_]+\.h)"|#include <(assert|stdbool|stddef|stdint|string)\.h>' |
		grep -vxE 'mechanisms/print_names\.c:[0-9]+:#include <stdio\.h>')"
rule 'the internal headers of src/key are included only in src/key' \
	"$(grep -nE '"(key/)?(block|ccm|crypto|gcm|key_struct)\.h"' $code | grep -v '^src/key/')"
rule 'a comment cites a published standard or a file of this repository' \
	"$(grep -nE '[ (](RULES|ATTACKS)[ .,)]|[Ss]pecification,? section' $code)"
rule 'a mechanism never reads the bytes of a base key' "$(grep -nE 'key_expose' $mechanisms)"
rule 'no switch over mechanism numbers outside mechanisms' \
	"$(grep -nE 'switch *\([^)]*mechanism' $(find src -name '*.c')
		grep -nE 'case CKM_' $(find src -name '*.c' | grep -v '^src/tool/'))"
rule 'only the key type table and mechanisms compare with a CKK_ number' \
	"$(grep -nE '([!=]= *|case +)CKK_|CKK_[A-Z0-9_]+ *[!=]=' $(find src -name '*.[ch]' ! -path src/key/key_type.c))"
rule 'no string function without a bound, no system()' \
	"$(grep -nE '(^|[^_a-z])(strcpy|strcat|sprintf|gets|alloca|system)\(' $code)"
rule 'no destructor, because the host program may already have cleaned up libcrypto' \
	"$(grep -nE '(^|[^_a-z])atexit\(|__attribute__\(\(destructor' $(echo "$code" | grep -v '^src/tool/'))"
rule 'libcrypto is called only through a private library context' \
	"$(grep -nE '(^|[^_A-Za-z])(AES_set_encrypt_key|AES_encrypt|SHA256_Init|MD5_Init|RAND_bytes)\(' $code)"
rule 'every file names its licence' "$(grep -LE 'SPDX-License-Identifier: Apache-2.0' $code)"
# The words are split here so that this file does not break its own rule.
rule 'no open point is left in the text' "$(grep -nE "TO""DO|FIX""ME|XX""X" $code README.md)"
rule 'the top level of the repository has no other file or folder' "$(git ls-files 2>/dev/null | cut -d/ -f1 | sort -u |
	grep -vxE 'src|include|mechanisms|tests|pkcs11-conf|meson\.build|README\.md|LICENSE|SECURITY\.md|CONTRIBUTING\.md|CHANGELOG\.md|\..*')"

[ $failed = 0 ] && echo 'all rules kept'
exit $failed

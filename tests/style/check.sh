#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh: the rules of the house that a grep can keep. Usage: check.sh SOURCE-ROOT. Prints each breach; fails if there is one.
set -u
cd "$1" || exit 2
failed=0

# rule TEXT: what comes in on standard input breaks it.
rule()
{
	found=$(cat)
	[ -z "$found" ] && return
	echo "BROKEN: $1"
	echo "$found" | sed 's/^/    /'
	failed=1
}

code=$(find src include mechanisms -name '*.[ch]')

grep -lE '<openssl/' $code | grep -vE '^src/key/|^src/base/secret\.c$' | rule 'libcrypto is used in src/key and src/base/secret.c only'
[ "$(grep -lE '<sqlite3\.h>' $code | wc -l)" -le 1 ] || grep -lE '<sqlite3\.h>' $code | rule 'SQLite is included in one file only'
grep -nE '#include "(token|store|module)/' $(find mechanisms -name '*.[ch]') | rule 'a mechanism includes nothing of token, store or module'
grep -nE 'key_expose' $(find mechanisms -name '*.[ch]') | rule 'a mechanism never sees the bytes of a base key'
grep -nE '#include "(token|module|store|mechanism)' $(find src/base src/key -name '*.[ch]') | rule 'base and key depend on nothing above them'
grep -nE '#include "(token|module)/' $(find src/store -name '*.[ch]') | rule 'the store depends on nothing above it'
grep -nE '#include "module/' $(find src/token -name '*.[ch]') | rule 'the token layer does not depend on the module'
grep -nE 'switch *\([^)]*(mechanism|->type|\.mechanism)' $(find src -name '*.c') | grep -vE 'key_type|KIND_|->kind' | rule 'no switch over mechanism numbers outside mechanisms/'
grep -nE '\b(strcpy|strcat|sprintf|gets|alloca|system)\(' $code | rule 'no unbounded string functions, no system()'
grep -nE '\batexit\(|__attribute__\(\(destructor' $code | rule 'no destructors: the host may have cleaned libcrypto up already'
grep -nE '\b(AES_set_encrypt_key|AES_encrypt|SHA256_Init|MD5_|RAND_bytes\()' $code | rule 'EVP in a private library context only'
grep -LE 'SPDX-License-Identifier: Apache-2.0' $code | rule 'every file names its licence'
# What the words are is put together here, so that this file does not break its own rule.
grep -nE "TO""DO|FIX""ME|XX""X" $code README.md | rule 'nothing is left open in the text'
git ls-files 2>/dev/null | cut -d/ -f1 | sort -u |
	grep -vxE 'src|include|mechanisms|tests|pkcs11-conf|meson\.build|README\.md|LICENSE|SECURITY\.md|CONTRIBUTING\.md|CHANGELOG\.md|\..*' |
	rule 'the top level stays as it is'

[ $failed = 0 ] && echo 'all rules kept'
exit $failed

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh: the rules of the house that a grep can keep. Usage: check.sh SOURCE-ROOT. Prints each breach; fails if there is one.
set -u
cd "$1" || exit 2
failed=0

# rule TEXT FOUND: FOUND, if it is not empty, breaks it.
rule()
{
	[ -z "$2" ] && return
	echo "BROKEN: $1"
	echo "$2" | sed 's/^/    /'
	failed=1
}

code=$(find src include mechanisms -name '*.[ch]')

rule 'libcrypto is used in src/key and src/base/secret.c only' \
	"$(grep -lE '<openssl/' $code | grep -vE '^src/key/|^src/base/secret\.c$')"
rule 'SQLite is included in src/store/sqlite/database.c only' "$(grep -lE '<sqlite3\.h>' $code | grep -vx 'src/store/database\.c')"
rule 'p11-kit is the tool'\''s; the module has its header of Cryptoki only' \
	"$(grep -nE '<p11-kit/' $code | grep -vE '^src/tool/|^src/base/pkcs11\.h:.*<p11-kit/pkcs11\.h>')"
rule 'JSON is the tool'\''s, inih the configuration'\''s' \
	"$(grep -nE '<json-c/' $code | grep -v '^src/tool/'; grep -nE '<ini\.h>' $code | grep -v '^src/module/config\.c:')"
# What mechanism.h itself stands on is src/base and src/key.
rule 'a mechanism includes mechanism.h, headers of its folder, what src/base and src/key offer, and libc' \
	"$(grep -nE '#include' $(find mechanisms -name '*.[ch]') |
		grep -vE '#include "([a-z0-9_]+\.h|(base|key)/[a-z0-9_]+\.h)"|#include <(assert|stdbool|stddef|stdint|string)\.h>' |
		grep -vxE 'mechanisms/print_names\.c:[0-9]+:#include <stdio\.h>')"
rule 'the insides of src/key stay there' \
	"$(grep -nE '"(key/)?(block|ccm|crypto|gcm|key_struct)\.h"' $code | grep -v '^src/key/')"
rule 'the tool is a client of any module: it includes src/base and keydiv.h, and nothing else of the module' \
	"$(grep -nE '#include "(key|store|token|module)/|#include "(mechanism|selftest|odukpt[a-z_]*)\.h"' $(find src/tool -name '*.[ch]'))"
rule 'comments cite what a reader can find: the standard, or a file of this repository' \
	"$(grep -nE '[ (](RULES|ATTACKS)[ .,)]|[Ss]pecification,? section' $code)"
rule 'a mechanism never sees the bytes of a base key' "$(grep -nE 'key_expose' $(find mechanisms -name '*.[ch]'))"
rule 'base and key depend on nothing above them' \
	"$(grep -nE '#include "(token|module|store|mechanism)' $(find src/base src/key -name '*.[ch]'))"
rule 'the store depends on nothing above it' "$(grep -nE '#include "(token|module)/' $(find src/store -name '*.[ch]'))"
rule 'the token layer does not depend on the module' "$(grep -nE '#include "module/' $(find src/token -name '*.[ch]'))"
rule 'no switch over mechanism numbers outside mechanisms/' \
	"$(grep -nE 'switch *\([^)]*mechanism' $(find src -name '*.c'))$(grep -nE 'case CKM_' $(find src -name '*.c' | grep -v '^src/tool/'))"
rule 'no unbounded string functions, no system()' \
	"$(grep -nE '(^|[^_a-z])(strcpy|strcat|sprintf|gets|alloca|system)\(' $code)"
rule 'no destructors: the host may have cleaned libcrypto up already' \
	"$(grep -nE '(^|[^_a-z])atexit\(|__attribute__\(\(destructor' $(echo "$code" | grep -v '^src/tool/'))"
rule 'EVP in a private library context only' \
	"$(grep -nE '(^|[^_A-Za-z])(AES_set_encrypt_key|AES_encrypt|SHA256_Init|MD5_Init|RAND_bytes)\(' $code)"
rule 'every file names its licence' "$(grep -LE 'SPDX-License-Identifier: Apache-2.0' $code)"
# What the words are is put together here, so that this file does not break its own rule.
rule 'nothing is left open in the text' "$(grep -nE "TO""DO|FIX""ME|XX""X" $code README.md)"
rule 'the top level stays as it is' "$(git ls-files 2>/dev/null | cut -d/ -f1 | sort -u |
	grep -vxE 'src|include|mechanisms|tests|pkcs11-conf|meson\.build|README\.md|LICENSE|SECURITY\.md|CONTRIBUTING\.md|CHANGELOG\.md|\..*')"

[ $failed = 0 ] && echo 'all rules kept'
exit $failed

/* SPDX-License-Identifier: Apache-2.0 */
/* flat.c: see flat.h. */
#include "flat.h"

CK_RV digest_of_mechanism(CK_MECHANISM_TYPE hash, enum digest_kind *ret)
{
	static const struct {
		CK_MECHANISM_TYPE hash;
		enum digest_kind kind;
	} known[] = {{CKM_SHA_1, DIGEST_SHA1}, {CKM_SHA224, DIGEST_SHA224},
		{CKM_SHA256, DIGEST_SHA256}, {CKM_SHA384, DIGEST_SHA384},
		{CKM_SHA512, DIGEST_SHA512}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].hash == hash) {
			*ret = known[i].kind;
			return CKR_OK;
		}
	return FAIL(CKR_MECHANISM_PARAM_INVALID, "unknown hash");
}

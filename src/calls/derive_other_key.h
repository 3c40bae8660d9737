/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive_other_key.h: the second key of a derivation, which the mechanism parameter names by handle
 * (CK_SP800_108_KEY_HANDLE, the hSaltKey of HKDF).
 */
#ifndef KEYDIV_CALLS_DERIVE_OTHER_KEY_H
#define KEYDIV_CALLS_DERIVE_OTHER_KEY_H

#include "calls/derive_call.h"

/*
 * RET_VALUE = the value of the key HANDLE, for D->other_key. The key is checked as the base is, and
 * must be protected no better than the base: a caller who knows the value of a base could compute
 * the other key back from the derived key. CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
 * CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV derive_other_key(
	struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value);

#endif

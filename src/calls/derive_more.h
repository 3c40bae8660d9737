/* SPDX-License-Identifier: Apache-2.0 */
/* derive_more.h: several keys from one derivation (SP 800-108, "additional derived keys"). */
#ifndef KEYDIV_CALLS_DERIVE_MORE_H
#define KEYDIV_CALLS_DERIVE_MORE_H

#include "calls/derive_call.h"

/*
 * The last steps of a call whose parameter may ask for further keys: plan all keys, derive once,
 * cut the result, and add all keys or none. All handles are written after everything else has
 * succeeded. CKR_MECHANISM_PARAM_INVALID for more than 16 additional keys and for a NULL pointer of
 * an additional key. CKR_HOST_MEMORY, and the codes of derive_plan, derive_value and object_add.
 */
__attribute__((noinline)) MUST_USE CK_RV derive_more_keys(
	struct derive_call *c, CK_OBJECT_HANDLE *ret_key);

#endif

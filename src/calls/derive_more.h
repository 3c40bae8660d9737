/* SPDX-License-Identifier: Apache-2.0 */
/* derive_more.h: several keys from one derivation (SP 800-108, "additional derived keys"). */
#ifndef KEYDIV_CALLS_DERIVE_MORE_H
#define KEYDIV_CALLS_DERIVE_MORE_H

#include "calls/derive_call.h"

/*
 * The last steps of a call whose parameter may ask for further keys: plan all keys, derive once,
 * cut the result, and add all keys or none. Handles are written last, and none on failure.
 */
__attribute__((noinline)) MUST_USE CK_RV derive_more_keys(
	struct derive_call *c, CK_OBJECT_HANDLE *ret_key);

#endif

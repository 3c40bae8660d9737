/* SPDX-License-Identifier: Apache-2.0 */
/* derive_call.h: one call of C_DeriveKey. */
#ifndef KEYDIV_CALLS_DERIVE_CALL_H
#define KEYDIV_CALLS_DERIVE_CALL_H

#include "calls/requested.h"
#include "policy/plan.h"
#include "token/key_cache.h"

struct derive_call {
	struct derivation d; /* what the mechanism's functions see; d.call points back here */
	struct requested requested;
	struct session *session;
	struct rights rights;
	CK_OBJECT_HANDLE base_handle;
	struct cached_key *base; /* pinned; NULL before find_base */
	struct parsed parsed;
	struct template template;
	struct key_request request;
	struct object planned; /* the new object */
	bool again;            /* the store has changed since the keys were found */
};

#endif

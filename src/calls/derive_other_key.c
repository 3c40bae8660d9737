/* SPDX-License-Identifier: Apache-2.0 */
/* derive_other_key.c: see derive_other_key.h. */
#include "calls/derive_other_key.h"

#include "token/session_key.h"

CK_RV derive_other_key(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value)
{
	struct cached_key *cached;

	TRY(session_key(d->call->session, handle, &cached));
	TRY(plan_second_key(&cached->object, &d->call->base->object, d->mechanism));
	struct bytes value = key_expose(cached->key);
	return secret_set(ret_value, value.p, value.n);
}

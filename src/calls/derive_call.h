/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive_call.h: one call of C_DeriveKey, shared by derive.c (the pipeline) and derive_more.c
 * (several keys from one derivation).
 */
#ifndef KEYDIV_TOKEN_DERIVE_CALL_H
#define KEYDIV_TOKEN_DERIVE_CALL_H

#include "calls/operation.h"
#include "calls/parameter_copy.h"
#include "token/objects.h"

/* The derivation is the first member: a row's other_key gets from it to the session. */
struct call {
	struct derivation d;
	struct session *session;
	struct rights rights;
	CK_OBJECT_HANDLE base_handle;
	struct cached_key *base;
	struct parsed parsed;
	struct template template;
	struct key_request request;
	struct object planned;
	struct secret value;
};

/*
 * Settle every attribute of the new key but its value, from the caller's template; sets
 * d.type, d.length, d.object_class.
 */
MUST_USE CK_RV derive_plan(struct call *c, CK_ATTRIBUTE *attributes, CK_ULONG count);

/* The planned object O gets its value, N bytes: a key's is secret, public data's is not. */
MUST_USE CK_RV derive_fill_in(struct object *o, const uint8_t *value, size_t n);

/*
 * The last steps for a parameter that asks for further keys (SP 800-108): plan them all, derive
 * once, cut, add all or none. Handles are written last, none on failure.
 */
MUST_USE CK_RV derive_more_keys(struct call *c, CK_OBJECT_HANDLE *ret_key);

#endif

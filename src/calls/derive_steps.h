/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive_steps.h: the steps of a derivation that derive.c (one key) and derive_more.c
 * (several keys) and use.c (no key object) share.
 */
#ifndef KEYDIV_CALLS_DERIVE_STEPS_H
#define KEYDIV_CALLS_DERIVE_STEPS_H

#include "calls/derive_call.h"

/*
 * Begin a derivation in session S from the key BASE. The caller has set c->requested, and calls
 * derive_call_end at the end, which wipes what the derivation left and unpins c->base.
 */
void derive_call_begin(struct derive_call *c, struct session *s, CK_OBJECT_HANDLE base);
void derive_call_end(struct derive_call *c);

/*
 * Check that the keys of the call are those of the store, after the value was computed and before
 * anything is made of it (session_confirm). If the store has changed meanwhile, set c->again and
 * return an error; the caller begins again.
 */
MUST_USE CK_RV derive_confirm(struct derive_call *c);

/*
 * Plan every attribute of the new key except its value, from COUNT ATTRIBUTES of the caller. Sets
 * c->planned, and type, length, usage and object_class of c->d. The codes of template_parse,
 * plan_derive and the mechanism's plan.
 */
MUST_USE CK_RV derive_plan(struct derive_call *c, CK_ATTRIBUTE *attributes, CK_ULONG count);

/*
 * Give the planned object O its value, N bytes. The value of a key is a secret; the value of a
 * public data object is not. CKR_HOST_MEMORY, CKR_DEVICE_MEMORY.
 */
MUST_USE CK_RV derive_fill_in(struct object *o, const uint8_t *value, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive_state.h: the steps of a derivation whose base has a state, or whose result
 * is one (state_kind.h).
 */
#ifndef KEYDIV_CALLS_DERIVE_STATE_H
#define KEYDIV_CALLS_DERIVE_STATE_H

#include "calls/derive_call.h"

/* Set c->d.state_key_length, which the mechanism's plan needs, from the attributes of the base. */
__attribute__((noinline)) void derive_state_plan(struct derive_call *c);

/*
 * Advance the state of the base, durably if the base is a token object, and load the released key
 * into c->d.scratch[0], where the mechanism's derive expects it. Sets c->d.number.
 * CKR_KEYDIV_EXHAUSTED; CKR_KEY_HANDLE_INVALID if the base was destroyed meanwhile;
 * CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_HOST_MEMORY.
 */
__attribute__((noinline)) MUST_USE CK_RV derive_state_claim(struct derive_call *c);

/*
 * The derived value in c->planned.value is a new state of KIND. Set the attributes of the planned
 * object that follow from the state and never change. CKR_HOST_MEMORY.
 */
__attribute__((noinline)) MUST_USE CK_RV derive_state_attributes(
	struct derive_call *c, const struct state_kind *kind);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive.c: C_DeriveKey, the main job of this module. Read derive() first: it lists the checks and
 * the steps in their order.
 *
 * If the base key was used in this session before, a derivation allocates no memory, does not read
 * the store, and takes no lock that a derivation of another thread takes.
 */
#include "calls/derive.h"

#include "calls/derive_more.h"
#include "calls/derive_other_key.h"
#include "calls/derive_state.h"
#include "calls/derive_steps.h"
#include "calls/failure.h"
#include "token/objects.h"
#include "token/self_test_gate.h"
#include "token/session_key.h"

static CK_RV find_base(struct derive_call *c)
{
	TRY(session_key(c->session, c->base_handle, &c->base));
	key_cache_pin(c->base); /* a second key must not take its place in the cache */
	TRY(key_cache_may_use(c->base, c->d.mechanism, FLAG_DERIVE));
	TRY(session_scratch(c->session));
	c->d.base = c->base->key;
	c->d.scratch[0] = c->session->scratch[0];
	c->d.scratch[1] = c->session->scratch[1];
	c->d.other_key = derive_other_key;
	if (c->d.mechanism->derive.state != NULL)
		derive_state_plan(c);
	return CKR_OK;
}

/* Set the attributes that follow from the derivation itself. */
static CK_RV mark(struct derive_call *c)
{
	const struct state_kind *kind = state_kind_of(c->d.type);
	uint8_t number[8];

	if (c->d.mechanism->derive.sets_transaction) {
		put_be64(number, c->d.number);
		TRY(object_set_variable(
			&c->planned, VAR_TRANSACTION, bytes_of(number, sizeof number)));
	}
	return kind == NULL ? CKR_OK : derive_state_attributes(c, kind);
}

/*
 * A public data object is readable without login, so its value is no secret. Move the value of such
 * an object O from the secret to the attribute VAR_PUBLIC_VALUE.
 */
static CK_RV publish(struct object *o)
{
	if (__builtin_expect(o->object_class != CKO_DATA || (o->flags & FLAG_PRIVATE), 1))
		return CKR_OK;
	TRY(object_set_variable(
		o, VAR_PUBLIC_VALUE, bytes_of(secret_peek(&o->value), o->value.len)));
	secret_wipe(&o->value);
	return CKR_OK;
}

/*
 * Add the derived key, and look if the lease of the base key runs, if it has one. A lease that must
 * be renewed first, which takes time, is confirmed before the key is in the pool.
 */
static CK_RV add(struct derive_call *c, CK_OBJECT_HANDLE *ret_key)
{
	struct session *s = c->session;

	if (__builtin_expect(s->leased, 0) && !(c->planned.flags & FLAG_TOKEN)) {
		CK_OBJECT_HANDLE handle;
		TRY(object_add_under_lease(s, &c->planned, &handle));
		if (handle != 0) {
			*ret_key = handle;
			return CKR_OK;
		}
	}
	TRY(derive_confirm(c));
	return object_add(s, &c->planned, ret_key);
}

static CK_RV derive(
	struct derive_call *c, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	const struct mechanism *mech = c->d.mechanism;

	TRY(requested_parameter(c->session, &c->requested, attributes, count, &c->parsed));
	derivation_parameter(&c->d, &c->parsed);
	REQUIRE(ret_key != NULL, CKR_ARGUMENTS_BAD, "phKey is NULL");
	TRY(find_base(c));
	TRY(derive_plan(c, attributes, count));
	TRY(self_test_gate(c->requested.index));
	if (mech->derive.more_keys != NULL)
		return derive_more_keys(c, ret_key);
	if (mech->derive.state != NULL)
		TRY(derive_state_claim(c));
	TRY(derive_value(&c->d, &c->planned.value));
	TRY(mark(c));
	TRY(publish(&c->planned));
	if (c->template.given & GIVEN_CHECK_VALUE)
		TRY(plan_check_value(&c->planned, &c->template, c->d.scratch[0]));
	return add(c, ret_key);
}

CK_RV derive_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
	CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	struct derive_call c;

	REQUIRE(mechanism != NULL, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
	REQUIRE(attributes != NULL || count == 0, CKR_ARGUMENTS_BAD, "pTemplate is NULL");
	TRY(mechanism_request(mechanism, CKF_DERIVE, &c.requested));
	CK_RV rv;
	do {
		s->leased = false;
		derive_call_begin(&c, s, base);
		rv = derive(&c, attributes, count, ret_key);
		if (__builtin_expect(rv != CKR_OK && !c.again, 0))
			rv = call_failed(
				rv, c.requested.mech, s, base, c.base ? &c.base->object : NULL);
		derive_call_end(&c);
	} while (__builtin_expect(c.again, 0));
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive.c: C_DeriveKey, the module's main job. Read derive_key first: it is the order of the
 * checks and the steps.
 *
 * Nothing here allocates, reads the store or takes a lock that another thread's derivation takes,
 * as long as the base key has been used in this session before.
 */
#include "calls/derive_call.h"

#include "odukpt_client.h"
#include "token/self_test.h"
#include "token/session_key.h"

static void call_end(struct call *c)
{
	template_wipe(&c->template);
	object_wipe(&c->planned);
	secret_wipe(&c->value);
	if (c->d.scratch[0] != NULL)
		for (unsigned i = 0; i < SCRATCH_KEYS; i++)
			key_unload(c->d.scratch[i]);
	if (c->base != NULL)
		key_cache_unpin(c->base);
}

/* Make what call_end looks at true; the rest needs no clearing. */
static void call_begin(struct call *c, struct session *s, CK_OBJECT_HANDLE base)
{
	c->d = (struct derivation){0};
	c->session = s;
	c->rights = session_rights(s);
	c->base_handle = base;
	c->base = NULL;
	c->template.given = 0;
	c->template.heap = NULL;
	c->template.heap_len = 0;
	c->template.used = 0;
	memset(&c->planned, 0, offsetof(struct object, variables.small));
	c->planned.value.len = 0;
	c->planned.value.heap = NULL;
	c->value.len = 0;
	c->value.heap = NULL;
}

/*
 * Whether what is derived from BASE, and so guarded at least as BASE is, is guarded as
 * OTHER is too.
 */
static bool guarded_alike(uint32_t base, uint32_t other)
{
	uint32_t must = other & (FLAG_SENSITIVE | FLAG_PRIVATE),
		 must_not = ~other & FLAG_EXTRACTABLE;

	if (base &
		FLAG_EXTRACTABLE) /* or its children leave under keys that OTHER may not leave under */
		must |= other & FLAG_WRAP_WITH_TRUSTED;
	return (base & must) == must && (base & must_not) == 0;
}

/*
 * A key that the parameter names by handle (mechanism.h, other_key): the same rules as for the
 * base. And a base that is less guarded does not take it: under a base whose value he knows, a
 * caller could compute it back from what is derived.
 */
static CK_RV other_key(struct derivation *d, CK_OBJECT_HANDLE handle, struct secret *ret_value)
{
	struct call *c = (struct call *)(void *)d;
	struct cached_key *other;

	TRY(session_key(c->session, handle, &other));
	ENSURE(!key_type_is_state(other->object.key_type), CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(other->object.flags & FLAG_DERIVE, CKR_KEY_FUNCTION_NOT_PERMITTED);
	ENSURE(object_allows(&other->object, d->mechanism->type), CKR_MECHANISM_INVALID);
	ENSURE(guarded_alike(c->base->object.flags, other->object.flags),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
	/*
	 * What OTHER says of its children holds for this one too: the base must have said the same.
	 */
	struct bytes said = object_variable(&other->object, VAR_DERIVE_TEMPLATE);
	ENSURE(said.p == NULL ||
			bytes_equal(said, object_variable(&c->base->object, VAR_DERIVE_TEMPLATE)),
		CKR_KEY_FUNCTION_NOT_PERMITTED);
	struct bytes value = key_expose(other->key);
	return secret_set(ret_value, value.p, value.n);
}

/*
 * The length of an O-DUKPT client's register keys, from its shape and the length of
 * its state (odukpt_client.h).
 */
static size_t state_key_length(const struct object *client)
{
	struct bytes shape = object_variable(client, VAR_SHAPE);

	return shape.n == 2 && shape.p[0] > 0
		       ? (object_key_length(client) - ODUKPT_STATE_HEADER) / shape.p[0] - 1
		       : 0;
}

static CK_RV find_base(struct call *c)
{
	TRY(session_key(c->session, c->base_handle, &c->base));
	key_cache_pin(c->base); /* looking other keys up must not push it out */
	TRY(plan_may_use(&c->base->object, c->d.mechanism, FLAG_DERIVE));
	TRY(session_scratch(c->session));
	c->d.base = c->base->key;
	c->d.scratch[0] = c->session->scratch[0];
	c->d.scratch[1] = c->session->scratch[1];
	c->d.other_key = other_key;
	if (c->d.mechanism->derive.advance != NULL)
		c->d.state_key_length = state_key_length(&c->base->object);
	return CKR_OK;
}

CK_RV derive_plan(struct call *c, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	const struct mechanism *row = c->d.mechanism;

	TRY(template_parse(attributes, count, &c->template));
	TRY(plan_request(&c->template, &c->base->object, &c->request));
	c->d.object_class = c->request.object_class;
	TRY((row->derive.plan ? row->derive.plan : derive_plan_default)(&c->d, &c->request));
	CK_KEY_TYPE type = c->d.object_class == CKO_DATA ? CK_UNAVAILABLE_INFORMATION : c->d.type;
	TRY(plan_derive(&c->template, &c->base->object, row, type, &c->rights, &c->planned));
	c->d.usage = c->planned.flags & USAGE_ALL; /* part of the value: USE */
	return CKR_OK;
}

/*
 * Rows with state: move the state on, durably, and put the key it released where the row's
 * derive expects it.
 */
static CK_RV claim_state(struct call *c)
{
	SECRET released = {0};
	struct bytes reserve = object_variable(&c->base->object, VAR_RESERVE);

	CK_RV rv = object_advance(c->session, c->base_handle,
		reserve.n == 8 ? get_be64(reserve.p) : 1, &c->d, &released);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return FAIL(
			CKR_KEY_HANDLE_INVALID, "the client was destroyed or its file is missing");
	TRY(rv);
	return key_load(c->d.scratch[0], CKK_AES, secret_peek(&released), released.len);
}

/* The attributes that only the derivation itself knows. */
static CK_RV mark(struct call *c)
{
	uint8_t number[8];

	if (c->d.mechanism->derive.sets_transaction) {
		put_be64(number, c->d.number);
		TRY(object_set_variable(
			&c->planned, VAR_TRANSACTION, bytes_of(number, sizeof number)));
	}
	if (key_type_is_state(c->d.type))
		TRY(object_set_variable(
			&c->planned, VAR_SHAPE, parameter_get(c->d.parameter, KEYDIV_SHAPE)));
	return CKR_OK;
}

CK_RV derive_fill_in(struct object *o, const uint8_t *value, size_t n)
{
	if (o->object_class == CKO_DATA && !(o->flags & FLAG_PRIVATE))
		return object_set_variable(o, VAR_PUBLIC_VALUE, bytes_of(value, n));
	return secret_set(&o->value, value, n);
}

CK_RV derive_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
	CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	ENSURE(mechanism != NULL && (attributes != NULL || count == 0), CKR_ARGUMENTS_BAD);
	CK_MECHANISM caller;
	memcpy(&caller, mechanism, sizeof caller); /* once; it may be unaligned */

	const struct mechanism *row = mechanism_find(caller.mechanism);
	ENSURE(row != NULL && row->info.flags & CKF_DERIVE, CKR_MECHANISM_INVALID);

	__attribute__((cleanup(call_end))) struct call c;
	call_begin(&c, s, base);
	c.d.mechanism = row;
	TRY(session_parameter(s, row, &caller, &c.parsed));
	derivation_parameter(&c.d, &c.parsed);
	ENSURE(ret_key != NULL, CKR_ARGUMENTS_BAD);
	TRY(find_base(&c));
	TRY(derive_plan(&c, attributes, count));
	TRY(self_test_once(row));
	if (row->derive.more_keys != NULL)
		return derive_more_keys(&c, ret_key);
	if (row->derive.advance != NULL)
		TRY(claim_state(&c));
	TRY(derive_value(&c.d, &c.value));
	TRY(mark(&c));
	TRY(derive_fill_in(&c.planned, secret_peek(&c.value), c.value.len));
	if (c.template.given & GIVEN_CHECK_VALUE)
		TRY(plan_check_value(&c.planned, &c.template, c.d.scratch[0]));
	return object_add(s, &c.planned, ret_key);
}

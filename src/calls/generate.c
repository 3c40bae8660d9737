/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generate.c: C_GenerateKey, of random keys and of keys made from a
 * parameter; C_GenerateRandom, C_SeedRandom.
 */
#include "calls/operation.h"
#include "calls/parameter_copy.h"
#include "key/random.h"
#include "token/objects.h"
#include "token/self_test.h"

#define RANDOM_MAX                                                                                 \
	((CK_ULONG)1                                                                               \
		<< 31) /* a longer length is taken for a mistake, not for memory to be written */

/* --- Keys --- */

static CK_RV random_value(const struct template *t, const struct mechanism *row,
	const struct rights *rights, struct object *planned, struct secret *ret_value)
{
	size_t length;

	TRY(plan_generate(t, row, rights, planned, &length));
	TRY(secret_resize(ret_value, length));
	TRY(random_bytes(secret_bytes(ret_value), length));
	if (key_type_has_parity(row->operation.generates))
		des_set_odd_parity(secret_bytes(ret_value), length);
	return CKR_OK;
}

/*
 * A key that follows from the parameter alone: the row's plan and derive, as C_DeriveKey uses them,
 * without a base.
 */
static CK_RV derived_value(struct session *s, const struct template *t, struct derivation *d,
	const struct rights *rights, struct object *planned, struct secret *ret_value)
{
	const struct mechanism *row = d->mechanism;
	struct key_request request = {0};

	TRY(session_scratch(s));
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		d->scratch[i] = s->scratch[i];
	TRY(plan_request(t, NULL, &request));
	d->object_class = request.object_class;
	TRY((row->derive.plan ? row->derive.plan : derive_plan_default)(d, &request));
	TRY(plan_generate_as(t, row, d->type, rights, planned));
	CK_RV rv = derive_value(d, ret_value);
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		key_unload(d->scratch[i]);
	return rv;
}

static CK_RV generate(struct session *s, struct derivation *d, const struct template *t,
	CK_OBJECT_HANDLE *ret_key)
{
	struct rights rights = session_rights(s);
	OBJECT planned = {0};
	SECRET value = {0};

	if (d->mechanism->derive.value)
		TRY(derived_value(s, t, d, &rights, &planned, &value));
	else
		TRY(random_value(t, d->mechanism, &rights, &planned, &value));
	TRY(plan_value(&planned, t, secret_peek(&value), value.len));
	return object_add(s, &planned, ret_key);
}

CK_RV generate_key(struct session *s, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attributes,
	CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	CK_MECHANISM caller;
	struct parsed parsed;

	ENSURE(mechanism != NULL && (attributes != NULL || count == 0), CKR_ARGUMENTS_BAD);
	memcpy(&caller, mechanism, sizeof caller); /* once; it may be unaligned */
	const struct mechanism *row = mechanism_find(caller.mechanism);
	ENSURE(row != NULL && row->info.flags & CKF_GENERATE, CKR_MECHANISM_INVALID);
	TRY(self_test_once(row));
	ENSURE(ret_key != NULL, CKR_ARGUMENTS_BAD);

	TEMPLATE template;
	TRY(template_parse(attributes, count, &template));
	struct derivation d = {.mechanism = row};
	CK_RV rv = session_parameter(s, row, &caller, &parsed);
	if (rv == CKR_OK) {
		derivation_parameter(&d, &parsed);
		rv = generate(s, &d, &template, ret_key);
	}
	if (caller.ulParameterLen > 0) { /* it may hold a password */
		wipe(s->parameter, sizeof s->parameter);
		wipe(&parsed, sizeof parsed);
	}
	return rv;
}

/* --- Random numbers --- */

CK_RV generate_random(struct session *s, CK_BYTE *out, CK_ULONG n)
{
	(void)s;
	ENSURE(out != NULL || n == 0, CKR_ARGUMENTS_BAD);
	ENSURE(n <= RANDOM_MAX, CKR_ARGUMENTS_BAD);
	return n > 0 ? random_bytes(out, n) : CKR_OK;
}

/* What the caller gives is mixed in and trusted with nothing. */
CK_RV seed_random(struct session *s, CK_BYTE *in, CK_ULONG n)
{
	(void)s;
	ENSURE(in != NULL || n == 0, CKR_ARGUMENTS_BAD);
	ENSURE(n <= RANDOM_MAX, CKR_ARGUMENTS_BAD);
	return n > 0 ? random_seed(in, n) : CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* generate.c: see generate.h. */
#include "calls/generate.h"

#include "calls/failure.h"
#include "calls/requested.h"
#include "key/random.h"
#include "policy/plan.h"
#include "token/objects.h"
#include "token/self_test_gate.h"

/* A longer request is taken for a mistake of the caller, and not for memory to be written. */
#define RANDOM_MAX ((CK_ULONG)1 << 31)

/* --- Keys --- */

static CK_RV random_value(const struct template *t, const struct mechanism *mech,
	const struct rights *rights, struct object *planned, struct secret *ret_value)
{
	size_t length;

	TRY(plan_generate(t, mech, rights, planned, &length));
	TRY(secret_resize(ret_value, length));
	TRY(random_bytes(secret_bytes(ret_value), length));
	if (key_type_has_parity(mech->operation.generates))
		des_set_odd_parity(secret_bytes(ret_value), length);
	return CKR_OK;
}

/*
 * A key that follows from the parameter alone (PBKDF2): the mechanism plans and derives as in
 * C_DeriveKey, without a base.
 */
static CK_RV derived_value(struct session *s, const struct template *t, struct derivation *d,
	const struct rights *rights, struct object *planned, struct secret *ret_value)
{
	const struct mechanism *mech = d->mechanism;
	struct key_request request = {0};

	TRY(session_scratch(s));
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		d->scratch[i] = s->scratch[i];
	TRY(plan_request(t, NULL, &request));
	d->object_class = request.object_class;
	TRY((mech->derive.plan ? mech->derive.plan : derive_plan_default)(d, &request));
	TRY(plan_generate_as(t, mech, d->type, rights, planned));
	CK_RV rv = derive_value(d, ret_value);
	scratch_unload(d->scratch);
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

static CK_RV generate_by(struct session *s, const struct requested *requested,
	CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	struct derivation d = {.mechanism = requested->mech};
	struct parsed parsed;

	TRY(self_test_gate(requested->index));
	REQUIRE(ret_key != NULL, CKR_ARGUMENTS_BAD, "phKey is NULL");
	TEMPLATE template;
	TRY(template_parse(attributes, count, &template));
	CK_RV rv = requested_parameter(s, requested, attributes, count, &parsed);
	if (rv == CKR_OK)
		rv = parameter_once(&template, &parsed);
	if (rv == CKR_OK) {
		derivation_parameter(&d, &parsed);
		rv = generate(s, &d, &template, ret_key);
	}
	/* The parameter may contain a password. */
	if (requested->caller.ulParameterLen > 0 || (template.given & GIVEN_PARAMETER)) {
		wipe(s->parameter, sizeof s->parameter);
		wipe(&parsed, sizeof parsed);
	}
	return rv;
}

CK_RV generate_key(struct session *s, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attributes,
	CK_ULONG count, CK_OBJECT_HANDLE *ret_key)
{
	struct requested requested;

	REQUIRE(mechanism != NULL, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
	REQUIRE(attributes != NULL || count == 0, CKR_ARGUMENTS_BAD, "pTemplate is NULL");
	TRY(mechanism_request(mechanism, CKF_GENERATE, &requested));
	CK_RV rv = generate_by(s, &requested, attributes, count, ret_key);
	return rv == CKR_OK ? rv : call_failed(rv, requested.mech, s, 0, NULL);
}

/* --- Random numbers --- */

CK_RV generate_random(struct session *s, CK_BYTE *out, CK_ULONG n)
{
	(void)s;
	REQUIRE(out != NULL || n == 0, CKR_ARGUMENTS_BAD, "RandomData is NULL");
	REQUIRE(n <= RANDOM_MAX, CKR_ARGUMENTS_BAD, "ulRandomLen is over 2^31");
	return n > 0 ? random_bytes(out, n) : CKR_OK;
}

/* The seed is mixed in. The security of random numbers does not depend on it. */
CK_RV seed_random(struct session *s, CK_BYTE *in, CK_ULONG n)
{
	(void)s;
	REQUIRE(in != NULL || n == 0, CKR_ARGUMENTS_BAD, "pSeed is NULL");
	REQUIRE(n <= RANDOM_MAX, CKR_ARGUMENTS_BAD, "ulSeedLen is over 2^31");
	return n > 0 ? random_seed(in, n) : CKR_OK;
}

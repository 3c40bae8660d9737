/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrapping.c: see wrapping.h.
 *
 * Wrapping is the only way for the value of a sensitive key to leave the token. plan_may_wrap() has
 * the rules for the wrapping key and the wrapped key.
 */
#include "calls/wrapping.h"

#include "calls/failure.h"
#include "calls/operation_steps.h"
#include "calls/requested.h"
#include "policy/plan.h"
#include "token/objects.h"
#include "token/self_test_gate.h"
#include "token/session_key.h"

/* Turn a code that speaks of a key into the code for the wrapping or unwrapping key. */
static CK_RV other_code(CK_RV rv, CK_RV handle_invalid, CK_RV type_inconsistent)
{
	REQUIRE(rv != CKR_KEY_HANDLE_INVALID, handle_invalid, "no such wrapping key");
	REQUIRE(rv != CKR_KEY_TYPE_INCONSISTENT, type_inconsistent,
		"the mechanism does not take wrapping keys of this type");
	return rv;
}

/*
 * Find the mechanism. The parameter may be absent, or must be the initial value that the standard
 * fixes (SP 800-38F sections 6.2 and 6.3).
 */
static CK_RV find_mechanism(
	const CK_MECHANISM *mechanism, CK_FLAGS flag, const struct mechanism **ret)
{
	struct requested requested;

	TRY(mechanism_request(mechanism, flag, &requested));
	struct bytes iv = requested.mech->operation.wrap_iv;
	if (requested.caller.ulParameterLen != 0) {
		REQUIRE(requested.caller.ulParameterLen == iv.n &&
				requested.caller.pParameter != NULL,
			CKR_MECHANISM_PARAM_INVALID, "the initial value has a wrong length");
		REQUIRE(memcmp(requested.caller.pParameter, iv.p, iv.n) == 0,
			CKR_MECHANISM_PARAM_INVALID, "the initial value is not that of SP 800-38F");
	}
	TRY(self_test_gate(requested.index));
	*ret = requested.mech;
	return CKR_OK;
}

/* --- Wrap --- */

static CK_RV wrap_with(struct cached_key *wrapper, const struct mechanism *mech,
	struct cached_key *target, CK_BYTE *out, CK_ULONG *out_len)
{
	struct bytes value = key_expose(target->key), own = key_expose(wrapper->key);
	size_t needed;
	bool go;

	REQUIRE(wrapper != target, CKR_KEY_NOT_WRAPPABLE, "a key cannot wrap itself");
	TRY(plan_may_wrap(&wrapper->object, &target->object, mech));
	bool same = own.n == value.n && secret_equal(own.p, value.p, own.n);
	REQUIRE(!same, CKR_KEY_NOT_WRAPPABLE, "the wrapping key has the same value");
	needed = wrap_length(mech->operation.wrap, value.n);
	REQUIRE(needed != 0, CKR_KEY_SIZE_RANGE, "the mechanism cannot wrap a key of this length");
	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(key_wrap(wrapper->key, mech->operation.wrap, value.p, value.n, out));
	*out_len = needed;
	return CKR_OK;
}

CK_RV wrap_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapper,
	CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *out_len)
{
	struct cached_key *kek, *target;
	const struct mechanism *mech;

	REQUIRE(mechanism != NULL, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
	REQUIRE(out_len != NULL, CKR_ARGUMENTS_BAD, "pulWrappedKeyLen is NULL");
	TRY(find_mechanism(mechanism, CKF_WRAP, &mech));
	CK_RV rv = session_key(s, wrapper, &kek);
	if (rv != CKR_OK)
		return call_failed(other_code(rv, CKR_WRAPPING_KEY_HANDLE_INVALID, rv), mech, s,
			wrapper, NULL);
	key_cache_pin(kek); /* the other key must not take its place in the cache */
	rv = session_key(s, key, &target);
	if (rv != CKR_OK) {
		rv = call_failed(rv, mech, s, wrapper, &kek->object);
	} else {
		rv = wrap_with(kek, mech, target, out, out_len);
		if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
			rv = call_failed(rv, mech, s, key, &target->object);
	}
	key_cache_unpin(kek);
	return rv;
}

/* --- Unwrap --- */

struct wrapped {
	const CK_BYTE *bytes;
	CK_ULONG n;
	CK_ATTRIBUTE *attributes;
	CK_ULONG count;
};

static CK_RV unwrap_with(struct session *s, struct cached_key *unwrapper,
	const struct mechanism *mech, const struct wrapped *wrapped, CK_OBJECT_HANDLE *ret_key)
{
	struct rights rights = session_rights(s);
	OBJECT object = {0};
	SECRET value = {0};

	CK_RV rv = plan_may_use(&unwrapper->object, mech, FLAG_UNWRAP);
	if (rv != CKR_OK)
		return other_code(rv, rv, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	TEMPLATE template;
	TRY(template_parse(wrapped->attributes, wrapped->count, &template));
	TRY(plan_unwrap(&template, &unwrapper->object, &rights, &object));
	TRY(key_unwrap(unwrapper->key, mech->operation.wrap, wrapped->bytes, wrapped->n, &value));
	rv = plan_value(&object, &template, secret_peek(&value), value.len);
	REQUIRE(rv != CKR_ATTRIBUTE_VALUE_INVALID, CKR_WRAPPED_KEY_INVALID,
		"the wrapped key does not have the type of the template");
	TRY(rv);
	TRY(session_scratch(s));
	TRY(plan_check_value(&object, &template, s->scratch[0]));
	return object_add(s, &object, ret_key);
}

CK_RV unwrap_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapper,
	CK_BYTE *wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE *attributes, CK_ULONG count,
	CK_OBJECT_HANDLE *ret_key)
{
	const struct wrapped input = {wrapped, wrapped_len, attributes, count};
	struct cached_key *kek;
	const struct mechanism *mech;

	REQUIRE(mechanism != NULL, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
	REQUIRE(wrapped != NULL, CKR_ARGUMENTS_BAD, "pWrappedKey is NULL");
	REQUIRE(ret_key != NULL, CKR_ARGUMENTS_BAD, "phKey is NULL");
	REQUIRE(attributes != NULL || count == 0, CKR_ARGUMENTS_BAD, "pTemplate is NULL");
	TRY(find_mechanism(mechanism, CKF_UNWRAP, &mech));
	CK_RV rv = session_key(s, unwrapper, &kek);
	if (rv != CKR_OK)
		return call_failed(other_code(rv, CKR_UNWRAPPING_KEY_HANDLE_INVALID, rv), mech, s,
			unwrapper, NULL);
	key_cache_pin(kek);
	rv = unwrap_with(s, kek, mech, &input, ret_key);
	if (rv != CKR_OK)
		rv = call_failed(rv, mech, s, unwrapper, &kek->object);
	key_cache_unpin(kek);
	return rv;
}

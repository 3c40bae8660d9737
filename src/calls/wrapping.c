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

/* The mechanism that a caller asks for, with its fields. */
struct wrap_request {
	const struct mechanism *mech;
	struct parameter parameter; /* mechanisms with wrap_key and fields */
};

/*
 * Check the parameter of AES key wrap. It may be absent, or must be the initial value that the
 * standard fixes (SP 800-38F sections 6.2 and 6.3).
 */
static CK_RV check_iv(const CK_MECHANISM *caller, struct bytes iv)
{
	if (caller->ulParameterLen == 0)
		return CKR_OK;
	REQUIRE(caller->ulParameterLen == iv.n && caller->pParameter != NULL,
		CKR_MECHANISM_PARAM_INVALID, "the initial value has a wrong length");
	REQUIRE(memcmp(caller->pParameter, iv.p, iv.n) == 0, CKR_MECHANISM_PARAM_INVALID,
		"the initial value is not that of SP 800-38F");
	return CKR_OK;
}

/* Find the mechanism for FLAG, and parse its parameter. */
static CK_RV find_mechanism(
	struct session *s, const CK_MECHANISM *mechanism, CK_FLAGS flag, struct wrap_request *ret)
{
	struct requested requested;

	TRY(mechanism_request(mechanism, flag, &requested));
	const struct mechanism *mech = requested.mech;
	const CK_MECHANISM *caller = &requested.caller;
	if (mech->operation.wrap != WRAP_NONE)
		TRY(check_iv(caller, mech->operation.wrap_iv));
	else if (flag == CKF_WRAP && mech->fields != NULL)
		TRY(requested_fields(
			s, mech, caller->pParameter, caller->ulParameterLen, &ret->parameter));
	else
		REQUIRE(caller->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
			"the mechanism takes no parameter in this function");
	TRY(self_test_gate(requested.index));
	ret->mech = mech;
	return CKR_OK;
}

/* --- Wrap --- */

/* Apply AES key wrap to VALUE. */
static CK_RV wrap_value(struct cached_key *wrapper, enum wrap_kind kind, struct bytes value,
	CK_BYTE *out, CK_ULONG *out_len)
{
	size_t needed = wrap_length(kind, value.n);
	bool go;

	REQUIRE(needed != 0, CKR_KEY_SIZE_RANGE, "the mechanism cannot wrap a key of this length");
	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(key_wrap(wrapper->key, kind, value.p, value.n, out));
	*out_len = needed;
	return CKR_OK;
}

/* Wrap by WRAP, a function of the mechanism. */
static CK_RV wrap_by(wrap_function *wrap, const struct wrapping *w, CK_BYTE *out, CK_ULONG *out_len)
{
	size_t needed;
	bool go;

	TRY(wrap(w, NULL, &needed));
	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(wrap(w, out, &needed));
	*out_len = needed;
	return CKR_OK;
}

static CK_RV wrap_with(struct session *s, struct cached_key *wrapper,
	const struct wrap_request *request, struct cached_key *target, CK_BYTE *out,
	CK_ULONG *out_len)
{
	struct bytes value = key_expose(target->key), own = key_expose(wrapper->key);
	const struct operating *operation = &request->mech->operation;
	struct wrapped_role role;

	REQUIRE(wrapper != target, CKR_KEY_NOT_WRAPPABLE, "a key cannot wrap itself");
	TRY(plan_may_wrap(&wrapper->object, &target->object, request->mech));
	bool same = own.n == value.n && secret_equal(own.p, value.p, own.n);
	REQUIRE(!same, CKR_KEY_NOT_WRAPPABLE, "the wrapping key has the same value");
	if (operation->wrap_key == NULL)
		return wrap_value(wrapper, operation->wrap, value, out, out_len);
	TRY(session_scratch(s));
	plan_wrapped_role(&target->object, &role);
	CK_RV rv = wrap_by(operation->wrap_key,
		&(struct wrapping){
			wrapper->key, target->key, s->scratch, &request->parameter, &role},
		out, out_len);
	scratch_unload(s->scratch);
	return rv;
}

CK_RV wrap_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapper,
	CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *out_len)
{
	struct cached_key *kek, *target;
	struct wrap_request request;

	REQUIRE(mechanism != NULL, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
	REQUIRE(out_len != NULL, CKR_ARGUMENTS_BAD, "pulWrappedKeyLen is NULL");
	TRY(find_mechanism(s, mechanism, CKF_WRAP, &request));
	CK_RV rv = session_key_now(s, wrapper, &kek);
	if (rv != CKR_OK)
		return call_failed(other_code(rv, CKR_WRAPPING_KEY_HANDLE_INVALID, rv),
			request.mech, s, wrapper, NULL);
	key_cache_pin(kek); /* the other key must not take its place in the cache */
	rv = session_key_now(s, key, &target);
	if (rv != CKR_OK) {
		rv = call_failed(rv, request.mech, s, wrapper, &kek->object);
	} else {
		rv = wrap_with(s, kek, &request, target, out, out_len);
		if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
			rv = call_failed(rv, request.mech, s, key, &target->object);
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

/*
 * Unwrap WRAPPED with a form that says the role of the key, and plan the key by that role. The
 * wrapped key is checked first, because nothing that it says counts before.
 */
static CK_RV unwrap_by(struct session *s, struct cached_key *unwrapper, unwrap_function *unwrap,
	const struct wrapped *wrapped, const struct template *template, struct object *ret,
	struct secret *ret_value)
{
	struct rights rights = session_rights(s);
	struct wrapped_role role = {0};

	TRY(session_scratch(s));
	CK_RV rv = unwrap(&(struct unwrapping){unwrapper->key, s->scratch,
				  bytes_of(wrapped->bytes, wrapped->n)},
		&role, ret_value);
	scratch_unload(s->scratch);
	TRY(rv);
	return plan_unwrap(template, &unwrapper->object, &role, &rights, ret);
}

static CK_RV unwrap_value(struct session *s, struct cached_key *unwrapper, enum wrap_kind kind,
	const struct wrapped *wrapped, const struct template *template, struct object *ret,
	struct secret *ret_value)
{
	struct rights rights = session_rights(s);

	TRY(plan_unwrap(template, &unwrapper->object, NULL, &rights, ret));
	return key_unwrap(unwrapper->key, kind, wrapped->bytes, wrapped->n, ret_value);
}

static CK_RV unwrap_with(struct session *s, struct cached_key *unwrapper,
	const struct mechanism *mech, const struct wrapped *wrapped, CK_OBJECT_HANDLE *ret_key)
{
	const struct operating *operation = &mech->operation;
	OBJECT object = {0};
	SECRET value = {0};

	CK_RV rv = plan_may_use(&unwrapper->object, mech, FLAG_UNWRAP);
	if (rv != CKR_OK)
		return other_code(rv, rv, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	TEMPLATE template;
	TRY(template_parse(wrapped->attributes, wrapped->count, &template));
	if (operation->unwrap_key != NULL)
		TRY(unwrap_by(
			s, unwrapper, operation->unwrap_key, wrapped, &template, &object, &value));
	else
		TRY(unwrap_value(
			s, unwrapper, operation->wrap, wrapped, &template, &object, &value));
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
	struct wrap_request request;

	REQUIRE(mechanism != NULL, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
	REQUIRE(wrapped != NULL, CKR_ARGUMENTS_BAD, "pWrappedKey is NULL");
	REQUIRE(ret_key != NULL, CKR_ARGUMENTS_BAD, "phKey is NULL");
	REQUIRE(attributes != NULL || count == 0, CKR_ARGUMENTS_BAD, "pTemplate is NULL");
	TRY(find_mechanism(s, mechanism, CKF_UNWRAP, &request));
	CK_RV rv = session_key_now(s, unwrapper, &kek);
	if (rv != CKR_OK)
		return call_failed(other_code(rv, CKR_UNWRAPPING_KEY_HANDLE_INVALID, rv),
			request.mech, s, unwrapper, NULL);
	key_cache_pin(kek);
	rv = unwrap_with(s, kek, request.mech, &input, ret_key);
	if (rv != CKR_OK)
		rv = call_failed(rv, request.mech, s, unwrapper, &kek->object);
	key_cache_unpin(kek);
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrapping.c: C_WrapKey and C_UnwrapKey: the only way a secret value leaves the token, and only
 * under a key that can do nothing else with what it has wrapped (plan_may_wrap, plan_may_use).
 */
#include "calls/operation_steps.h"
#include "token/objects.h"
#include "token/self_test.h"
#include "token/session_key.h"

/* A code that speaks of a key, as it is when the key is the wrapping or unwrapping one. */
static CK_RV other_code(CK_RV rv, CK_RV handle_invalid, CK_RV type_inconsistent)
{
	ENSURE(rv != CKR_KEY_HANDLE_INVALID, handle_invalid);
	ENSURE(rv != CKR_KEY_TYPE_INCONSISTENT, type_inconsistent);
	return rv;
}

/*
 * The row of MECHANISM, whose initial value is always its standard's, named by the caller or not.
 */
static CK_RV find_row(
	const CK_MECHANISM *mechanism, CK_FLAGS flag, const struct mechanism **ret_row)
{
	CK_MECHANISM caller;

	memcpy(&caller, mechanism, sizeof caller);
	const struct mechanism *row = mechanism_find(caller.mechanism);
	ENSURE(row != NULL && row->info.flags & flag, CKR_MECHANISM_INVALID);
	if (caller.ulParameterLen != 0) {
		ENSURE(caller.ulParameterLen == row->operation.wrap_iv.n &&
				caller.pParameter != NULL,
			CKR_MECHANISM_PARAM_INVALID);
		ENSURE(memcmp(caller.pParameter, row->operation.wrap_iv.p,
			       row->operation.wrap_iv.n) == 0,
			CKR_MECHANISM_PARAM_INVALID);
	}
	TRY(self_test_once(row));
	*ret_row = row;
	return CKR_OK;
}

/* --- Wrap --- */

static CK_RV wrap_with(struct cached_key *wrapper, const struct mechanism *row,
	struct cached_key *target, CK_BYTE *out, CK_ULONG *out_len)
{
	struct bytes value = key_expose(target->key), own;
	size_t needed;
	bool go;

	ENSURE(wrapper != target, CKR_KEY_NOT_WRAPPABLE);
	TRY(plan_may_wrap(&wrapper->object, &target->object, row));
	own = key_expose(wrapper->key);
	bool same = own.n == value.n && secret_equal(own.p, value.p, own.n);
	ENSURE(!same, CKR_KEY_NOT_WRAPPABLE); /* a copy of a key is the key */
	needed = wrap_length(row->operation.wrap, value.n);
	ENSURE(needed != 0, CKR_KEY_SIZE_RANGE);
	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(key_wrap(wrapper->key, row->operation.wrap, value.p, value.n, out));
	*out_len = needed;
	return CKR_OK;
}

CK_RV wrap_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapper,
	CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *out_len)
{
	struct cached_key *kek, *target;
	const struct mechanism *row;

	ENSURE(mechanism != NULL && out_len != NULL, CKR_ARGUMENTS_BAD);
	TRY(find_row(mechanism, CKF_WRAP, &row));
	CK_RV rv = session_key(s, wrapper, &kek);
	if (rv != CKR_OK)
		return other_code(rv, CKR_WRAPPING_KEY_HANDLE_INVALID, rv);
	key_cache_pin(kek); /* looking the other one up must not push it out */
	rv = session_key(s, key, &target);
	if (rv == CKR_OK)
		rv = wrap_with(kek, row, target, out, out_len);
	key_cache_unpin(kek);
	return rv;
}

/* --- Unwrap --- */

/* PKCS#11, "DES3 secret key objects": to unwrap a key with wrong parity is an error. */
static CK_RV check_parity(const struct object *o, const struct secret *value)
{
	SECRET odd = {0};

	if (!key_type_has_parity(o->key_type))
		return CKR_OK;
	TRY(secret_set(&odd, secret_peek(value), value->len));
	des_set_odd_parity(secret_bytes(&odd), odd.len);
	ENSURE(secret_equal(secret_peek(&odd), secret_peek(value), odd.len),
		CKR_WRAPPED_KEY_INVALID);
	return CKR_OK;
}

struct wrapped {
	const CK_BYTE *bytes;
	CK_ULONG n;
	CK_ATTRIBUTE *attributes;
	CK_ULONG count;
};

static CK_RV unwrap_with(struct session *s, struct cached_key *unwrapper,
	const struct mechanism *row, const struct wrapped *wrapped, CK_OBJECT_HANDLE *ret_key)
{
	struct rights rights = session_rights(s);
	OBJECT object = {0};
	SECRET value = {0};

	CK_RV rv = plan_may_use(&unwrapper->object, row, FLAG_UNWRAP);
	if (rv != CKR_OK)
		return other_code(rv, rv, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	TEMPLATE template;
	TRY(template_parse(wrapped->attributes, wrapped->count, &template));
	TRY(plan_unwrap(&template, &unwrapper->object, &rights, &object));
	TRY(key_unwrap(unwrapper->key, row->operation.wrap, wrapped->bytes, wrapped->n, &value));
	rv = plan_value(&object, &template, secret_peek(&value), value.len);
	ENSURE(rv != CKR_ATTRIBUTE_VALUE_INVALID,
		CKR_WRAPPED_KEY_INVALID); /* 5.1: not of the type asked for */
	TRY(rv);
	TRY(check_parity(&object, &value));
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
	const struct mechanism *row;

	ENSURE(mechanism != NULL && wrapped != NULL && ret_key != NULL, CKR_ARGUMENTS_BAD);
	ENSURE(attributes != NULL || count == 0, CKR_ARGUMENTS_BAD);
	TRY(find_row(mechanism, CKF_UNWRAP, &row));
	CK_RV rv = session_key(s, unwrapper, &kek);
	if (rv != CKR_OK)
		return other_code(rv, CKR_UNWRAPPING_KEY_HANDLE_INVALID, rv);
	key_cache_pin(kek);
	rv = unwrap_with(s, kek, row, &input, ret_key);
	key_cache_unpin(kek);
	return rv;
}

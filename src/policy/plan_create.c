/* SPDX-License-Identifier: Apache-2.0 */
/* plan_create.c: C_CreateObject, C_GenerateKey, C_UnwrapKey, and the value of a key; see plan.h. */
#include "policy/plan_rules.h"

/* Closed unless the template opens it (PKCS#11 leaves these defaults to the token). */
#define KEY_DEFAULT (FLAGS_DEFAULT | FLAG_PRIVATE | FLAG_SENSITIVE)

/*
 * What a new key that is not derived has in common: flags, rights, role and
 * level, variable attributes.
 */
static CK_RV plan_key(const struct template *t, const struct mechanism *mech,
	const struct rights *rights, struct object *ret)
{
	TRY(plan_trusted(t, rights));
	ret->flags = plan_flags(t, KEY_DEFAULT);
	TRY(plan_level(t, mech, ret));
	TRY(plan_access(rights, ret->flags));
	return plan_variables(t, ret);
}

static CK_RV set_data_value(struct object *o, struct bytes value)
{
	if (o->flags & FLAG_PRIVATE)
		return secret_set(&o->value, value.p, value.n);
	return object_set_variable(o, VAR_PUBLIC_VALUE, value);
}

static CK_RV create_data(const struct template *t, const struct rights *rights, struct object *ret)
{
	TRY(plan_given(t, WHO_DATA, WHEN_CREATE));
	plan_start(ret, CKO_DATA, CK_UNAVAILABLE_INFORMATION);
	ret->flags = plan_flags(t, FLAGS_DEFAULT | FLAG_PRIVATE);
	TRY(plan_access(rights, ret->flags));
	TRY(plan_variables(t, ret));
	return t->given & GIVEN_VALUE ? set_data_value(ret, t->value) : CKR_OK;
}

static CK_RV create_key(const struct template *t, const struct rights *rights, struct object *ret)
{
	TRY(plan_given(t, WHO_KEY, WHEN_CREATE));
	ENSURE(t->given & GIVEN_KEY_TYPE, CKR_TEMPLATE_INCOMPLETE);
	ENSURE(key_type_is_key(t->key_type), CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(t->given & GIVEN_VALUE, CKR_TEMPLATE_INCOMPLETE);
	plan_start(ret, CKO_SECRET_KEY, t->key_type);
	TRY(plan_key(t, NULL, rights, ret));
	return plan_value(ret, NULL, t->value.p, t->value.n);
}

CK_RV plan_create(const struct template *t, const struct rights *rights, struct object *ret)
{
	ENSURE(t->given & GIVEN_CLASS, CKR_TEMPLATE_INCOMPLETE);
	switch (t->object_class) {
	case CKO_SECRET_KEY:
		return create_key(t, rights, ret);
	case CKO_DATA:
		return create_data(t, rights, ret);
	case CKO_PROFILE:
	case CKO_MECHANISM: /* the token's own */
		return FAIL(CKR_TEMPLATE_INCONSISTENT, "objects of this class cannot be created");
	default:
		return FAIL(CKR_ATTRIBUTE_VALUE_INVALID, "unknown object class");
	}
}

CK_RV plan_generate_as(const struct template *t, const struct mechanism *mech, CK_KEY_TYPE type,
	const struct rights *rights, struct object *ret)
{
	TRY(plan_given(t, WHO_KEY, WHEN_GENERATE));
	ENSURE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_SECRET_KEY,
		CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(t->given & GIVEN_KEY_TYPE) || t->key_type == type, CKR_TEMPLATE_INCONSISTENT);
	/*
	 * An empty check value says that none is wanted; another cannot be known before the key is
	 * (PKCS#11 4.7.2, CKA_CHECK_VALUE).
	 */
	ENSURE(!(t->given & GIVEN_CHECK_VALUE) || t->check_value.n == 0, CKR_ATTRIBUTE_READ_ONLY);
	ENSURE(key_type_is_key(type), CKR_TEMPLATE_INCONSISTENT);
	plan_start(ret, CKO_SECRET_KEY, type);
	TRY(plan_key(t, mech, rights, ret));
	ret->key_gen_mechanism = mech->type;
	ret->flags |= FLAG_LOCAL;
	if (ret->flags & FLAG_SENSITIVE)
		ret->flags |= FLAG_ALWAYS_SENSITIVE;
	if (!(ret->flags & FLAG_EXTRACTABLE))
		ret->flags |= FLAG_NEVER_EXTRACTABLE;
	return CKR_OK;
}

CK_RV plan_generate(const struct template *t, const struct mechanism *mech,
	const struct rights *rights, struct object *ret, size_t *ret_length)
{
	size_t length;

	TRY(plan_given(t, WHO_KEY, WHEN_GENERATE));
	length = key_type_only_length(key_type_find(mech->operation.generates));
	if (length == 0) {
		ENSURE(t->given & GIVEN_VALUE_LEN, CKR_TEMPLATE_INCOMPLETE);
		length = t->value_len;
		ENSURE(key_type_fits(mech->operation.generates, length),
			CKR_ATTRIBUTE_VALUE_INVALID);
	}
	ENSURE(!(t->given & GIVEN_VALUE_LEN) || t->value_len == length, CKR_TEMPLATE_INCONSISTENT);
	TRY(plan_generate_as(t, mech, mech->operation.generates, rights, ret));
	*ret_length = length;
	return CKR_OK;
}

/*
 * Whether a key with FLAGS may come out of an unwrapping key, whose own flags are UNWRAPPER, and
 * whose template gives FROM_UNWRAPPER: only the unwrapping key itself can say that a key comes out
 * less guarded than it may have gone in.
 */
static CK_RV unwrap_guard(uint32_t flags, uint32_t unwrapper, uint32_t from_unwrapper)
{
	const uint32_t leaving = FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED;

	/* Or anyone who may wrap and unwrap could read a sensitive key. */
	ENSURE((flags & FLAG_SENSITIVE) || (from_unwrapper & FLAG_SENSITIVE),
		CKR_TEMPLATE_INCONSISTENT);
	/* Or what leaves under trusted keys only could then leave under any. */
	bool anywhere = (flags & leaving) == FLAG_EXTRACTABLE;
	ENSURE(!(unwrapper & FLAG_TRUSTED) || !anywhere || (from_unwrapper & leaving),
		CKR_TEMPLATE_INCONSISTENT);
	return CKR_OK;
}

/*
 * The plan of an unwrapped key, T being the template with that of the unwrapping key merged in; the
 * flags as in unwrap_guard.
 */
static CK_RV unwrap_merged(const struct template *t, uint32_t unwrapper, uint32_t from_unwrapper,
	const struct rights *rights, struct object *ret)
{
	ENSURE(t->given & GIVEN_CLASS, CKR_TEMPLATE_INCOMPLETE);
	ENSURE(t->object_class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
	TRY(plan_given(t, WHO_KEY, WHEN_UNWRAP));
	ENSURE(t->given & GIVEN_KEY_TYPE, CKR_TEMPLATE_INCOMPLETE);
	ENSURE(key_type_is_key(t->key_type), CKR_ATTRIBUTE_VALUE_INVALID);
	plan_start(ret, CKO_SECRET_KEY, t->key_type);
	TRY(plan_key(t, NULL, rights, ret));
	TRY(unwrap_guard(ret->flags, unwrapper, from_unwrapper));
	if (t->given & GIVEN_VALUE_LEN) {
		ENSURE(t->value_len >= 1 && t->value_len <= SECRET_MAX, CKR_TEMPLATE_INCONSISTENT);
		ret->number = t->value_len; /* plan_value compares */
	}
	return CKR_OK;
}

CK_RV plan_unwrap(const struct template *t, const struct object *unwrapper,
	const struct rights *rights, struct object *ret)
{
	struct bytes encoded = object_variable(unwrapper, VAR_UNWRAP_TEMPLATE);
	struct template more, merged;

	if (encoded.p == NULL)
		return unwrap_merged(t, unwrapper->flags, 0, rights, ret);
	TRY(template_decode(encoded, &more));
	TRY(template_merge(t, &more, &merged));
	return unwrap_merged(&merged, unwrapper->flags, more.flags_given, rights, ret);
}

CK_RV plan_value(struct object *o, const struct template *t, const uint8_t *value, size_t n)
{
	if (o->object_class == CKO_DATA)
		return set_data_value(o, bytes_of(value, n));
	ENSURE(t == NULL || !(t->given & GIVEN_VALUE_LEN) || t->value_len == n,
		CKR_TEMPLATE_INCONSISTENT);
	ENSURE(o->number == 0 || o->number == n, CKR_TEMPLATE_INCONSISTENT);
	ENSURE(key_type_fits(o->key_type, n), CKR_ATTRIBUTE_VALUE_INVALID);
	TRY(secret_set(&o->value, value, n));
	o->number = n;
	return CKR_OK;
}

CK_RV plan_check_value(const struct object *o, const struct template *t, struct key *scratch)
{
	bool cmac_style = (o->flags & FLAG_DERIVE) != 0 && key_type_by_cmac(o->key_type);
	uint8_t kcv[3];

	if (!(t->given & GIVEN_CHECK_VALUE) || t->check_value.n == 0 ||
		o->object_class != CKO_SECRET_KEY)
		return CKR_OK;
	ENSURE(t->check_value.n == sizeof kcv, CKR_ATTRIBUTE_VALUE_INVALID);
	ENSURE(!key_type_is_state(o->key_type), CKR_ATTRIBUTE_TYPE_INVALID);
	TRY(key_load(scratch, o->key_type, secret_peek(&o->value), o->value.len));
	CK_RV rv = key_check_value(scratch, cmac_style, kcv);
	key_unload(scratch);
	TRY(rv);
	ENSURE(secret_equal(kcv, t->check_value.p, sizeof kcv), CKR_ATTRIBUTE_VALUE_INVALID);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* plan_create.c: C_CreateObject, C_GenerateKey, and the value of a key; see plan.h. */
#include "policy/plan_rules.h"

/* Closed unless the template opens the key. PKCS#11 leaves these defaults to the token. */
#define KEY_DEFAULT (FLAGS_DEFAULT | FLAG_PRIVATE | FLAG_SENSITIVE)

/*
 * Return the flags of a new key with the type of RET. A template without any usage attribute gets
 * the usage that other tokens give, because clients rely on that (Java's SunPKCS11). The default
 * never includes CKA_DERIVE, CKA_WRAP or CKA_UNWRAP.
 */
static uint32_t key_flags(const struct template *t, const struct object *ret)
{
	const struct key_type *type = key_type_find(ret->key_type);
	uint32_t defaults = KEY_DEFAULT;

	if (!(t->flags_given & (FLAGS_USAGE | FLAG_DERIVE)) && type != NULL)
		defaults |= type->usage;
	return plan_flags(t, defaults);
}

/* Mark RET as generated in this token (PKCS#11, "Key objects"). */
static void mark_generated(const struct mechanism *mech, struct object *ret)
{
	ret->key_gen_mechanism = mech->type;
	ret->flags |= FLAG_LOCAL;
	if (ret->flags & FLAG_SENSITIVE)
		ret->flags |= FLAG_ALWAYS_SENSITIVE;
	if (!(ret->flags & FLAG_EXTRACTABLE))
		ret->flags |= FLAG_NEVER_EXTRACTABLE;
}

/*
 * A copy of a master with replay windows, or a key object, would bypass the windows. So such a
 * master is CKA_KEYDIV_USE_ONLY and not CKA_COPYABLE.
 */
static CK_RV plan_window_flags(const struct template *t, struct object *ret)
{
	if (!(t->variables_given >> VAR_WINDOW & 1) || get_be64(t->variable[VAR_WINDOW].p) == 0)
		return CKR_OK;
	REQUIRE(!(t->flags_given & ~t->flags & FLAG_USE_ONLY), CKR_TEMPLATE_INCONSISTENT,
		"a master with CKA_KEYDIV_WINDOW has CKA_KEYDIV_USE_ONLY");
	REQUIRE(!(t->flags & FLAG_COPYABLE), CKR_TEMPLATE_INCONSISTENT,
		"a master with CKA_KEYDIV_WINDOW does not have CKA_COPYABLE");
	ret->flags |= FLAG_USE_ONLY;
	ret->flags &= ~(uint32_t)FLAG_COPYABLE;
	return CKR_OK;
}

/*
 * Plan everything that keys have in common if they are not derived. WAY is how the key is made.
 * MECH generates the key; NULL for created and unwrapped keys.
 */
static CK_RV plan_key(const struct template *t, enum made way, const struct mechanism *mech,
	const struct rights *rights, struct object *ret)
{
	ret->flags = key_flags(t, ret);
	TRY(plan_role_made(t, ret));
	TRY(plan_window_flags(t, ret));
	plan_drop_wrapping(ret);
	ret->made = (uint32_t)way | (ret->flags & MADE_FLAGS);
	TRY(plan_access(rights, ret->flags));
	TRY(plan_variables(t, ret));
	if (plan_wraps_in_blocks(ret))
		ret->made |= MADE_FOR_BLOCKS;
	if (mech != NULL)
		mark_generated(mech, ret);
	return ret->flags & FLAG_TRUSTED ? plan_trust(ret, rights) : CKR_OK;
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
	ENSURE(!plan_is_foreign(t), CKR_FUNCTION_FAILED); /* plan_foreign plans a foreign master */
	REQUIRE(t->given & GIVEN_KEY_TYPE, CKR_TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE is missing");
	REQUIRE(key_type_is_key(t->key_type), CKR_ATTRIBUTE_VALUE_INVALID,
		"keys of this type cannot be created");
	REQUIRE(t->given & GIVEN_VALUE, CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE is missing");
	plan_start(ret, CKO_SECRET_KEY, t->key_type);
	TRY(plan_key(t, MADE_CREATED, NULL, rights, ret));
	return plan_value(ret, NULL, t->value.p, t->value.n);
}

/* Check what T says about the key in the other token. */
static CK_RV check_foreign(const struct template *t)
{
	REQUIRE(!(t->given & GIVEN_VALUE), CKR_TEMPLATE_INCONSISTENT,
		"the value of a foreign master is in the other token, so CKA_VALUE must not be "
		"given");
	TRY(plan_given(t, WHO_KEY, WHEN_CREATE));
	REQUIRE(t->variable[VAR_FOREIGN_KEY].n >= 1 &&
			t->variable[VAR_FOREIGN_KEY].n <= OBJECT_URI_MAX,
		CKR_ATTRIBUTE_VALUE_INVALID,
		"CKA_KEYDIV_FOREIGN_KEY is not a URI of 1 to 1024 bytes");
	REQUIRE((t->flags & FLAG_TOKEN) && (t->flags & FLAG_DERIVE), CKR_TEMPLATE_INCONSISTENT,
		"a foreign master needs CKA_TOKEN and CKA_DERIVE true");
	REQUIRE(!(t->flags_given & ~t->flags & FLAG_SENSITIVE) && !(t->flags & FLAG_EXTRACTABLE),
		CKR_TEMPLATE_INCONSISTENT,
		"a foreign master is CKA_SENSITIVE and never CKA_EXTRACTABLE");
	return CKR_OK;
}

CK_RV plan_foreign(const struct template *t, const struct rights *rights,
	const struct foreign_plan *key, struct object *ret)
{
	CK_KEY_TYPE given = t->given & GIVEN_KEY_TYPE ? t->key_type : CKK_AES;

	TRY(check_foreign(t));
	REQUIRE(key_type_is_key(given), CKR_ATTRIBUTE_VALUE_INVALID,
		"keys of this type cannot be created");
	if (key != NULL) {
		REQUIRE(!(t->given & GIVEN_KEY_TYPE) || key->type == given,
			CKR_TEMPLATE_INCONSISTENT,
			"CKA_KEY_TYPE is not the type of the key in the other token");
		REQUIRE(key_type_is_key(key->type) && key_type_fits(key->type, key->length),
			CKR_KEY_TYPE_INCONSISTENT,
			"no mechanism takes a key of the type and length of the key in the other "
			"token");
	}
	plan_start(ret, CKO_SECRET_KEY, key != NULL ? key->type : given);
	TRY(plan_key(t, MADE_CREATED, NULL, rights, ret));
	if (key == NULL)
		return CKR_OK;
	ret->number = key->length;
	if (key->extractable)
		ret->flags |= FLAG_FOREIGN_EXTRACTABLE;
	return object_foreign_set(ret, &key->parts);
}

CK_RV plan_create(const struct template *t, const struct rights *rights, struct object *ret)
{
	REQUIRE(t->given & GIVEN_CLASS, CKR_TEMPLATE_INCOMPLETE, "CKA_CLASS is missing");
	switch (t->object_class) {
	case CKO_SECRET_KEY:
		return create_key(t, rights, ret);
	case CKO_DATA:
		return create_data(t, rights, ret);
	case CKO_PROFILE:
	case CKO_MECHANISM: /* only the token makes these objects */
		return FAIL(CKR_TEMPLATE_INCONSISTENT, "objects of this class cannot be created");
	default:
		return FAIL(CKR_ATTRIBUTE_VALUE_INVALID, "unknown object class");
	}
}

static CK_RV generate_as(const struct template *t, const struct mechanism *mech, CK_KEY_TYPE type,
	enum made way, const struct rights *rights, struct object *ret)
{
	TRY(plan_given(t, WHO_KEY, WHEN_GENERATE));
	REQUIRE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_SECRET_KEY,
		CKR_TEMPLATE_INCONSISTENT, "the mechanism generates secret keys only");
	REQUIRE(!(t->given & GIVEN_KEY_TYPE) || t->key_type == type, CKR_TEMPLATE_INCONSISTENT,
		"the mechanism generates keys of another type");
	/*
	 * An empty check value declines a check. No caller can know another check value before the
	 * key exists (PKCS#11 "Secret key objects", CKA_CHECK_VALUE).
	 */
	REQUIRE(!(t->given & GIVEN_CHECK_VALUE) || t->check_value.n == 0, CKR_ATTRIBUTE_READ_ONLY,
		"the check value of a generated key cannot be given");
	REQUIRE(key_type_is_key(type), CKR_TEMPLATE_INCONSISTENT,
		"keys of this type cannot be generated");
	plan_start(ret, CKO_SECRET_KEY, type);
	return plan_key(t, way, mech, rights, ret);
}

CK_RV plan_generate_as(const struct template *t, const struct mechanism *mech, CK_KEY_TYPE type,
	const struct rights *rights, struct object *ret)
{
	return generate_as(t, mech, type, MADE_FROM_PASSWORD, rights, ret);
}

CK_RV plan_generate(const struct template *t, const struct mechanism *mech,
	const struct rights *rights, struct object *ret, size_t *ret_length)
{
	CK_KEY_TYPE type = mech->operation.generates;

	TRY(plan_given(t, WHO_KEY, WHEN_GENERATE));
	size_t length = key_type_only_length(key_type_find(type));
	if (length == 0) {
		REQUIRE(t->given & GIVEN_VALUE_LEN, CKR_TEMPLATE_INCOMPLETE,
			"CKA_VALUE_LEN is missing");
		length = t->value_len;
		REQUIRE(key_type_fits(type, length), CKR_ATTRIBUTE_VALUE_INVALID,
			"keys of this type cannot have this length");
	}
	REQUIRE(!(t->given & GIVEN_VALUE_LEN) || t->value_len == length, CKR_TEMPLATE_INCONSISTENT,
		"keys of this type have another length");
	TRY(generate_as(t, mech, type, MADE_GENERATED, rights, ret));
	*ret_length = length;
	return CKR_OK;
}

CK_RV plan_unwrapped(const struct template *t, const struct rights *rights, struct object *ret)
{
	REQUIRE(t->given & GIVEN_CLASS, CKR_TEMPLATE_INCOMPLETE, "CKA_CLASS is missing");
	REQUIRE(t->object_class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT,
		"only secret keys can be unwrapped");
	TRY(plan_given(t, WHO_KEY, WHEN_UNWRAP));
	REQUIRE(t->given & GIVEN_KEY_TYPE, CKR_TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE is missing");
	REQUIRE(key_type_is_key(t->key_type), CKR_ATTRIBUTE_VALUE_INVALID,
		"keys of this type cannot be unwrapped");
	plan_start(ret, CKO_SECRET_KEY, t->key_type);
	TRY(plan_key(t, MADE_UNWRAPPED, NULL, rights, ret));
	if (t->given & GIVEN_VALUE_LEN) {
		REQUIRE(t->value_len >= 1 && t->value_len <= SECRET_MAX, CKR_TEMPLATE_INCONSISTENT,
			"no key has this length");
		ret->number = t->value_len; /* plan_value compares */
	}
	return CKR_OK;
}

CK_RV plan_value(struct object *o, const struct template *t, const uint8_t *value, size_t n)
{
	if (o->object_class == CKO_DATA)
		return set_data_value(o, bytes_of(value, n));
	REQUIRE((t == NULL || !(t->given & GIVEN_VALUE_LEN) || t->value_len == n) &&
			(o->number == 0 || o->number == n),
		CKR_TEMPLATE_INCONSISTENT, "the value has another length than CKA_VALUE_LEN");
	REQUIRE(key_type_fits(o->key_type, n), CKR_ATTRIBUTE_VALUE_INVALID,
		"keys of this type cannot have this length");
	TRY(secret_set(&o->value, value, n));
	o->number = n;
	return CKR_OK;
}

/* KCV = the check value of O. */
static CK_RV check_value_of(const struct object *o, struct key *scratch, uint8_t kcv[3])
{
	REQUIRE(!key_type_is_state(o->key_type), CKR_ATTRIBUTE_TYPE_INVALID,
		"a state has no CKA_CHECK_VALUE");
	if (object_is_foreign(o)) {
		struct bytes linked = object_foreign(o).check_value;
		REQUIRE(linked.n == 3, CKR_ATTRIBUTE_TYPE_INVALID,
			"the key in the other token may not compute a CKA_CHECK_VALUE");
		memcpy(kcv, linked.p, 3);
		return CKR_OK;
	}
	TRY(key_load(scratch, o->key_type, secret_peek(&o->value), o->value.len));
	CK_RV rv = key_check_value(scratch, object_checks_by_cmac(o), kcv);
	key_unload(scratch);
	return rv;
}

CK_RV plan_check_value(const struct object *o, const struct template *t, struct key *scratch)
{
	uint8_t kcv[3];

	if (!(t->given & GIVEN_CHECK_VALUE) || t->check_value.n == 0 ||
		o->object_class != CKO_SECRET_KEY)
		return CKR_OK;
	REQUIRE(t->check_value.n == sizeof kcv, CKR_ATTRIBUTE_VALUE_INVALID,
		"CKA_CHECK_VALUE is not 3 bytes long");
	TRY(check_value_of(o, scratch, kcv));
	REQUIRE(secret_equal(kcv, t->check_value.p, sizeof kcv), CKR_ATTRIBUTE_VALUE_INVALID,
		"CKA_CHECK_VALUE is not that of the key");
	return CKR_OK;
}

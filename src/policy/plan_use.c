/* SPDX-License-Identifier: Apache-2.0 */
/* plan_use.c: which function a key may be used for, and which keys it may wrap; see plan.h. */
#include "policy/plan_rules.h"

/* Return an error if KEY is a master that gives no key objects. */
static inline CK_RV gives_keys(const struct object *key)
{
	REQUIRE(!(key->flags & FLAG_USE_ONLY), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the master has CKA_KEYDIV_USE_ONLY, so it gives no key objects; use "
		"CKM_KEYDIV_WITH_DERIVED_KEY");
	return CKR_OK;
}

/*
 * plan_may_use with the FLAG that KEY must have. USE_ONLY: if that is FLAG_DERIVE, the call makes
 * no key object.
 */
static inline CK_RV may_use(
	const struct object *key, const struct mechanism *mech, uint32_t flag, bool use_only)
{
	REQUIRE(key->object_class == CKO_SECRET_KEY && mechanism_takes(mech, key->key_type),
		CKR_KEY_TYPE_INCONSISTENT, "the mechanism does not take a key of this type");
	REQUIRE(key->flags & flag, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key does not have the usage attribute of this function");
	if (flag == FLAG_DERIVE) {
		/* No way of making a key lets both be true. This check is a second barrier. */
		REQUIRE(!(key->flags & FLAGS_USAGE), CKR_KEY_FUNCTION_NOT_PERMITTED,
			"the key has another usage beside CKA_DERIVE");
		if (!use_only)
			TRY(gives_keys(key));
	}
	REQUIRE(object_allows(key, mech->type), CKR_MECHANISM_INVALID,
		"the mechanism is not in the key's CKA_ALLOWED_MECHANISMS");
	return CKR_OK;
}

CK_RV plan_may_use(const struct object *key, const struct mechanism *mech, uint32_t flag)
{
	bool by_deriving_key = mech->operation.by_deriving_key;

	return may_use(key, mech, by_deriving_key ? FLAG_DERIVE : flag, by_deriving_key);
}

CK_RV plan_may_use_derived(const struct object *base, const struct mechanism *mech)
{
	TRY(may_use(base, mech, FLAG_DERIVE, true));
	REQUIRE(object_allows(base, CKM_KEYDIV_WITH_DERIVED_KEY), CKR_MECHANISM_INVALID,
		"CKM_KEYDIV_WITH_DERIVED_KEY is not in the key's CKA_ALLOWED_MECHANISMS");
	return CKR_OK;
}

/*
 * Return true if CKA_ALLOWED_MECHANISMS of KEY is MECHANISM alone. HKDF computes PRK = HMAC(KEY as
 * salt, base), and the caller may know the base. Another mechanism of KEY could compute the same
 * HMAC and give PRK the usage of a key that signs. The MACs by this key would then be the keys that
 * HKDF expands from PRK (RFC 5869, section 2.3).
 */
static bool allows_only(const struct object *key, CK_MECHANISM_TYPE mechanism)
{
	struct bytes list = object_variable(key, VAR_ALLOWED_MECHANISMS);
	size_t n = list.p != NULL ? list.n / 8 : key->default_allowed_count;

	return n == 1 && object_names(key, mechanism);
}

CK_RV plan_second_key(
	const struct object *key, const struct object *base, const struct mechanism *mech)
{
	const uint32_t opens = FLAG_EXTRACTABLE | FLAG_EXTRACTABLE_CHILDREN;
	uint32_t must = key->flags & (FLAG_SENSITIVE | FLAG_PRIVATE);
	uint32_t must_not = ~key->flags & opens;
	struct bytes children = object_variable(key, VAR_DERIVE_TEMPLATE);

	REQUIRE(!key_type_is_state(key->key_type), CKR_KEY_TYPE_INCONSISTENT,
		"the second key is a state");
	REQUIRE(key->flags & FLAG_DERIVE, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"CKA_DERIVE of the second key is CK_FALSE");
	/* The mechanisms use the value of a second key. */
	REQUIRE(!object_is_foreign(key), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the second key is a foreign master, which is only used as base");
	TRY(gives_keys(key));
	REQUIRE(allows_only(key, mech->type), CKR_MECHANISM_INVALID,
		"CKA_ALLOWED_MECHANISMS of the second key is not this mechanism alone");
	/*
	 * The children of an extractable base leave under the keys that the base may leave under.
	 */
	if (base->flags & FLAG_EXTRACTABLE)
		must |= key->flags & FLAG_WRAP_WITH_TRUSTED;
	REQUIRE((base->flags & must) == must && (base->flags & must_not) == 0,
		CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the second key is protected better than the base key");
	REQUIRE(children.p == NULL ||
			bytes_equal(children, object_variable(base, VAR_DERIVE_TEMPLATE)),
		CKR_KEY_FUNCTION_NOT_PERMITTED,
		"CKA_DERIVE_TEMPLATE of the second key is not the base key's");
	return CKR_OK;
}

/* Return the strength of KEY in bits. A key that wraps must not be weaker than the wrapped key. */
static unsigned strength(const struct object *key)
{
	return key_type_strength(key->key_type, object_key_length(key));
}

/*
 * Check that TARGET matches CKA_WRAP_TEMPLATE of WRAPPER as in a search (PKCS#11 5.18.3:
 * CKR_KEY_HANDLE_INVALID if it does not).
 */
static CK_RV matches_wrap_template(const struct object *wrapper, const struct object *target)
{
	struct bytes encoded = object_variable(wrapper, VAR_WRAP_TEMPLATE);
	struct reading reading = {.object = target};
	struct template t;

	if (encoded.p == NULL)
		return CKR_OK;
	TRY(template_decode(VAR_WRAP_TEMPLATE, encoded, &t));
	REQUIRE(attributes_match(&reading, &t), CKR_KEY_HANDLE_INVALID,
		"the key does not match CKA_WRAP_TEMPLATE of the wrapping key");
	return CKR_OK;
}

/* Check the lengths of WRAPPER and TARGET for MECH, which wraps keys of one kind under its like. */
static CK_RV of_own_kind(
	const struct object *wrapper, const struct object *target, const struct mechanism *mech)
{
	size_t only = mech->info.ulMinKeySize;

	if (!mech->operation.wraps_own_kind)
		return CKR_OK;
	REQUIRE(object_key_length(wrapper) == only, CKR_WRAPPING_KEY_SIZE_RANGE,
		"the mechanism does not take a wrapping key of this length");
	REQUIRE(mechanism_takes(mech, target->key_type) && object_key_length(target) == only,
		CKR_KEY_NOT_WRAPPABLE, "the mechanism cannot wrap a key of this type or length");
	return CKR_OK;
}

CK_RV plan_may_wrap(
	const struct object *wrapper, const struct object *target, const struct mechanism *mech)
{
	CK_RV rv = plan_may_use(wrapper, mech, FLAG_WRAP);

	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		return CKR_WRAPPING_KEY_TYPE_INCONSISTENT;
	TRY(rv);
	REQUIRE(target->object_class == CKO_SECRET_KEY && !key_type_is_state(target->key_type),
		CKR_KEY_NOT_WRAPPABLE, "only secret keys can be wrapped");
	REQUIRE(target != wrapper, CKR_KEY_NOT_WRAPPABLE, "a key cannot wrap itself");
	REQUIRE(target->flags & FLAG_EXTRACTABLE, CKR_KEY_UNEXTRACTABLE,
		"the key does not have CKA_EXTRACTABLE");
	REQUIRE(!(target->flags & FLAG_WRAP_WITH_TRUSTED) || (wrapper->flags & FLAG_TRUSTED),
		CKR_KEY_NOT_WRAPPABLE, "the key needs a wrapping key with CKA_TRUSTED");
	TRY(plan_wrap_master(wrapper, target));
	TRY(matches_wrap_template(wrapper, target));
	TRY(of_own_kind(wrapper, target, mech));
	REQUIRE(strength(wrapper) >= strength(target), CKR_WRAPPING_KEY_SIZE_RANGE,
		"the wrapping key is weaker than the key");
	REQUIRE(object_key_length(target) > 0, CKR_KEY_NOT_WRAPPABLE, "the key has no value");
	return CKR_OK;
}

/* Put CKA_ALLOWED_MECHANISMS of TARGET into RET. */
static void wrapped_list(const struct object *target, struct wrapped_role *ret)
{
	struct bytes list = object_variable(target, VAR_ALLOWED_MECHANISMS);
	size_t n = list.p != NULL ? list.n / 8 : target->default_allowed_count;

	ret->has_list = list.p != NULL || target->default_allowed != NULL;
	ret->count = n <= WRAPPED_LIST_MAX ? n : 0;
	for (size_t i = 0; i < ret->count; i++)
		ret->list[i] =
			list.p != NULL ? get_be64(list.p + 8 * i) : target->default_allowed[i];
}

void plan_wrapped_role(const struct object *target, struct wrapped_role *ret)
{
	*ret = (struct wrapped_role){
		.type = target->key_type,
		.usage = target->flags & FLAGS_USAGE,
		.derives = (target->flags & FLAG_DERIVE) != 0,
		.exportability =
			target->flags & FLAG_WRAP_WITH_TRUSTED ? EXPORT_TRUSTED : EXPORT_ANY,
	};
	wrapped_list(target, ret);
}

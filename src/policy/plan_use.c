/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_use.c: whether a key may be used for something, and whether it may be wrapped; see plan.h.
 */
#include "policy/plan_rules.h"

CK_RV plan_may_use(const struct object *key, const struct mechanism *mech, uint32_t flag)
{
	ENSURE(key->object_class == CKO_SECRET_KEY, CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(mechanism_takes(mech, key->key_type), CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(key->flags & flag, CKR_KEY_FUNCTION_NOT_PERMITTED);
	/*
	 * Whoever may decrypt could decrypt what he has wrapped; whoever may encrypt could make up
	 * what he unwraps.
	 */
	ENSURE(flag != FLAG_WRAP || !(key->flags & FLAG_DECRYPT), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ENSURE(flag != FLAG_UNWRAP || !(key->flags & FLAG_ENCRYPT), CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* No way of making a key lets both happen; this is the second lock on the door. */
	ENSURE(flag != FLAG_DERIVE || !(key->flags & FLAGS_USAGE), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ENSURE(object_allows(key, mech->type), CKR_MECHANISM_INVALID);
	return CKR_OK;
}

/* A key that wraps must not be weaker than the key that is wrapped. */
static unsigned strength(const struct object *key)
{
	return key_type_strength(key->key_type, object_key_length(key));
}

/*
 * CKA_WRAP_TEMPLATE: the target must match it as in a search (PKCS#11 5.14.3:
 * "CKR_KEY_HANDLE_INVALID" if it does not).
 */
static CK_RV matches_wrap_template(const struct object *wrapper, const struct object *target)
{
	struct bytes encoded = object_variable(wrapper, VAR_WRAP_TEMPLATE);
	struct reading reading = {.object = target};
	struct template t;

	if (encoded.p == NULL)
		return CKR_OK;
	TRY(template_decode(encoded, &t));
	ENSURE(attributes_match(&reading, &t), CKR_KEY_HANDLE_INVALID);
	return CKR_OK;
}

CK_RV plan_may_wrap(
	const struct object *wrapper, const struct object *target, const struct mechanism *mech)
{
	CK_RV rv = plan_may_use(wrapper, mech, FLAG_WRAP);

	ENSURE(rv != CKR_KEY_TYPE_INCONSISTENT, CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
	TRY(rv);
	ENSURE(target->object_class == CKO_SECRET_KEY, CKR_KEY_NOT_WRAPPABLE);
	ENSURE(!key_type_is_state(target->key_type), CKR_KEY_NOT_WRAPPABLE);
	ENSURE(target != wrapper, CKR_KEY_NOT_WRAPPABLE);
	ENSURE(target->flags & FLAG_EXTRACTABLE, CKR_KEY_UNEXTRACTABLE);
	ENSURE(!(target->flags & FLAG_WRAP_WITH_TRUSTED) || (wrapper->flags & FLAG_TRUSTED),
		CKR_KEY_NOT_WRAPPABLE);
	TRY(matches_wrap_template(wrapper, target));
	ENSURE(strength(wrapper) >= strength(target), CKR_WRAPPING_KEY_SIZE_RANGE);
	ENSURE(object_key_length(target) > 0, CKR_KEY_NOT_WRAPPABLE);
	return CKR_OK;
}

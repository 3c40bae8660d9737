/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_trust.c: keys that the SO may trust, and keys that may wrap a master; see plan_rules.h.
 *
 * A key with CKA_WRAP_WITH_TRUSTED must never become readable for the holder of the user's PIN. Two
 * rules make this hold. A trusted wrapping key was made so that no other key of the token can
 * unwrap what it wrapped, except in the way that its CKA_UNWRAP_TEMPLATE fixes. And a master that
 * leaves comes back as a master with no wider list, or not at all.
 */
#include "policy/plan_rules.h"

/* Return true if a key made with the flags MADE can be trusted as far as the flags say. */
static bool made_for_wrapping(uint32_t made)
{
	uint32_t usage = made & (FLAGS_USAGE | FLAG_DERIVE);
	uint32_t way = made & (MADE_WAY | MADE_COPY);

	/*
	 * A key with another origin can have a sibling with the same value: the source of a copy, a
	 * key derived or unwrapped a second time, a key from the same password.
	 */
	if (way != MADE_CREATED && way != MADE_GENERATED)
		return false;
	if (usage == 0 || (usage & ~(uint32_t)USAGE_WRAPPING) != 0)
		return false;
	return (made & FLAG_SENSITIVE) && !(made & FLAG_EXTRACTABLE);
}

/* Return true if every key that O unwraps stays as protected as a key that O may wrap. */
static bool unwraps_protected(const struct object *o)
{
	const uint32_t protected = FLAG_SENSITIVE | FLAG_WRAP_WITH_TRUSTED;
	struct bytes encoded = object_variable(o, VAR_UNWRAP_TEMPLATE);
	struct template t;

	if (encoded.p == NULL || template_decode(VAR_UNWRAP_TEMPLATE, encoded, &t) != CKR_OK)
		return false;
	return (t.flags & protected) == protected && (t.flags_given & FLAG_DERIVE);
}

bool plan_wraps_in_blocks(const struct object *o)
{
	struct bytes list = object_variable(o, VAR_ALLOWED_MECHANISMS);

	for (size_t i = 0; i + 8 <= list.n; i += 8) {
		size_t index;
		const struct mechanism *mech = mechanism_look_up_any(get_be64(list.p + i), &index);
		if (mech == NULL || mech->operation.unwrap_key == NULL)
			return false;
	}
	return list.n > 0;
}

static bool may_be_trusted(const struct object *o)
{
	const uint32_t always = FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE;

	if (!made_for_wrapping(o->made))
		return false;
	if ((o->made & MADE_WAY) == MADE_GENERATED && (o->flags & always) != always)
		return false;
	/* The header of a key block keeps every key as protected as it was. */
	return !(o->made & FLAG_UNWRAP) || (o->made & MADE_FOR_BLOCKS) || unwraps_protected(o);
}

CK_RV plan_trust(const struct object *o, const struct rights *rights)
{
	REQUIRE(rights->so, CKR_ATTRIBUTE_READ_ONLY, "only the SO may set CKA_TRUSTED");
	REQUIRE(may_be_trusted(o), CKR_ATTRIBUTE_VALUE_INVALID,
		"CKA_TRUSTED needs a wrapping key that was generated or created for that alone");
	return CKR_OK;
}

/* --- Masters that leave --- */

/* Return true if both are absent, or both are the same template in any order of attributes. */
static bool same_template(struct bytes one, struct bytes other)
{
	struct template a, b;

	if (one.p == NULL || other.p == NULL)
		return one.p == other.p;
	if (template_decode(VAR_DERIVE_TEMPLATE, one, &a) != CKR_OK ||
		template_decode(VAR_DERIVE_TEMPLATE, other, &b) != CKR_OK)
		return false;
	/* Merging fails if a value differs, and adds nothing if both give the same attributes. */
	struct template merged;
	return a.given == b.given && a.flags_given == b.flags_given &&
	       a.variables_given == b.variables_given &&
	       template_merge(&a, &b, false, &merged) == CKR_OK;
}

/* The bytes of the variable attribute ID in T; p == NULL if T gives none. */
static struct bytes variable_of(const struct template *t, enum variable id)
{
	return t->variables_given >> id & 1 ? t->variable[id] : bytes_of(NULL, 0);
}

/* Return true if T, a CKA_UNWRAP_TEMPLATE, gives TARGET back with no wider list of mechanisms. */
static bool keeps_list(const struct template *t, const struct object *target)
{
	struct bytes list = variable_of(t, VAR_ALLOWED_MECHANISMS);

	if (list.p == NULL)
		return false;
	if (target->flags & FLAG_DERIVE)
		return plan_list_within(target, list);
	return list_within(list, object_variable(target, VAR_MASTER_LIST));
}

/*
 * Return true if T, a CKA_UNWRAP_TEMPLATE, gives TARGET back with the same bounds. Flags of the set
 * MAY_LOSE may be absent from T.
 */
static bool keeps_bounds(const struct template *t, const struct object *target, uint32_t may_lose)
{
	uint32_t differ = (target->flags ^ t->flags) & attributes_only_deriving.flags;

	if (differ & ~(target->flags & may_lose))
		return false;
	/*
	 * The caller chose the template of a derived key, so the template decides no role
	 * (plan_derive). The template of the key that comes back would decide one.
	 */
	if ((target->made & MADE_WAY) == MADE_DERIVED &&
		object_variable(target, VAR_DERIVE_TEMPLATE).p != NULL)
		return false;
	if (!same_template(variable_of(t, VAR_DERIVE_TEMPLATE),
		    object_variable(target, VAR_DERIVE_TEMPLATE)))
		return false;
	for (uint32_t left = attributes_only_deriving.variables; left != 0; left &= left - 1) {
		enum variable id = (enum variable)__builtin_ctz(left);
		struct bytes here = variable_of(t, id), there = object_variable(target, id);
		if ((here.p == NULL) != (there.p == NULL) || !bytes_equal(here, there))
			return false;
	}
	return true;
}

CK_RV plan_wrap_master(const struct object *wrapper, const struct object *target)
{
	struct bytes encoded = object_variable(wrapper, VAR_UNWRAP_TEMPLATE);
	bool master =
		(target->flags & FLAG_DERIVE) || object_variable(target, VAR_MASTER_LIST).p != NULL;
	struct template t = {0};

	if (encoded.p != NULL)
		TRY(template_decode(VAR_UNWRAP_TEMPLATE, encoded, &t));
	REQUIRE(master || !plan_unwraps_masters(&t), CKR_KEY_NOT_WRAPPABLE,
		"the wrapping key unwraps masters, so it wraps only masters");
	if (!master || !((wrapper->made | wrapper->flags) & FLAG_UNWRAP))
		return CKR_OK;
	/*
	 * A key block says role and list, but no bounds. A master that could send its children out
	 * comes back as a master that cannot.
	 */
	if ((wrapper->made & MADE_FOR_BLOCKS) && !plan_unwraps_masters(&t)) {
		REQUIRE(keeps_bounds(&t, target, FLAG_EXTRACTABLE_CHILDREN), CKR_KEY_NOT_WRAPPABLE,
			"a key block does not keep the bounds of this master");
		return CKR_OK;
	}
	REQUIRE(plan_unwraps_masters(&t) && keeps_list(&t, target) && keeps_bounds(&t, target, 0),
		CKR_KEY_NOT_WRAPPABLE,
		"CKA_UNWRAP_TEMPLATE of the wrapping key does not give this master back as it is");
	return CKR_OK;
}

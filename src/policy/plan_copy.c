/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_copy.c: C_CopyObject and C_SetAttributeValue. Which attributes may change, and in which
 * direction; see plan.h.
 */
#include "policy/plan_rules.h"

/*
 * Give O the flags of T. Protection may only grow, usage may only shrink, and CKA_DERIVE never
 * changes (PKCS#11 v3.0, chapter 4, footnotes of the tables). COPY: O is a copy.
 */
static CK_RV change_flags(
	const struct template *t, const struct rights *rights, bool copy, struct object *o)
{
	uint32_t changed = (o->flags ^ t->flags) & t->flags_given;

	if (copy) {
		REQUIRE(!(t->flags & FLAG_DERIVE) || !(t->flags & FLAGS_USAGE),
			CKR_TEMPLATE_INCONSISTENT, "a key with CKA_DERIVE has no other usage");
		REQUIRE(!(changed & t->flags & FLAGS_USAGE), CKR_TEMPLATE_INCONSISTENT,
			"a copy cannot have a usage that the key lacks");
	}
	REQUIRE(!(changed & attribute_flags_only_true & ~t->flags), CKR_ATTRIBUTE_READ_ONLY,
		"the attribute cannot become CK_FALSE");
	REQUIRE(!(changed & attribute_flags_only_false & t->flags), CKR_ATTRIBUTE_READ_ONLY,
		"the attribute cannot become CK_TRUE");
	REQUIRE(!(changed & attribute_flags_only_so) || rights->so, CKR_ATTRIBUTE_READ_ONLY,
		"only the SO may change CKA_TRUSTED");
	if (changed & t->flags & FLAG_TRUSTED)
		TRY(plan_trust(o, rights));
	o->flags ^= changed;
	return CKR_OK;
}

/* Give O the variable attributes of T. A list of mechanisms may only get shorter. */
static CK_RV change_variables(const struct template *t, struct object *o)
{
	if (t->variables_given & 1u << VAR_ALLOWED_MECHANISMS)
		REQUIRE(plan_list_within(o, t->variable[VAR_ALLOWED_MECHANISMS]),
			CKR_ATTRIBUTE_READ_ONLY, "CKA_ALLOWED_MECHANISMS may only get shorter");
	return plan_variables(t, o);
}

/*
 * Give the data object O a new value, or move the old value if O becomes private: a secret must not
 * be among the attributes. The flags of O have changed already.
 */
static CK_RV change_data(const struct template *t, struct object *o)
{
	bool private = (o->flags & FLAG_PRIVATE) != 0;
	struct bytes old = object_variable(o, VAR_PUBLIC_VALUE);

	if (t->given & GIVEN_VALUE)
		old = t->value;
	else if (!private || old.p == NULL)
		return CKR_OK;
	if (!private)
		return object_set_variable(o, VAR_PUBLIC_VALUE, old);
	TRY(secret_set(&o->value, old.p, old.n));
	return object_set_variable(o, VAR_PUBLIC_VALUE, bytes_of(NULL, 0));
}

static CK_RV change(
	const struct template *t, const struct rights *rights, bool copy, struct object *o)
{
	TRY(change_flags(t, rights, copy, o));
	TRY(change_variables(t, o));
	return o->object_class == CKO_DATA ? change_data(t, o) : CKR_OK;
}

CK_RV plan_copy(const struct template *t, const struct object *source, const struct rights *rights,
	struct object *ret)
{
	OBJECT o = {0};

	REQUIRE(source->object_class == CKO_SECRET_KEY || source->object_class == CKO_DATA,
		CKR_ACTION_PROHIBITED, "objects of this class cannot be copied");
	REQUIRE(source->flags & FLAG_COPYABLE, CKR_ACTION_PROHIBITED,
		"the object does not have CKA_COPYABLE");
	TRY(plan_given(t, attribute_who(source), WHEN_COPY));
	/* The value of a public token key is sealed while nobody is logged in. */
	REQUIRE(source->object_class != CKO_SECRET_KEY || source->value.len > 0 ||
			object_foreign(source).uri.n > 0,
		CKR_USER_NOT_LOGGED_IN, "the value of the key is sealed without a login");
	TRY(object_copy(source, &o));
	if (o.object_class == CKO_SECRET_KEY)
		o.made |= MADE_COPY;
	o.flags &= ~(uint32_t)FLAG_TRUSTED; /* a sibling could read what the trusted key wrapped */
	TRY(change(t, rights, true, &o));
	REQUIRE(!object_is_foreign(&o) || (o.flags & FLAG_TOKEN), CKR_TEMPLATE_INCONSISTENT,
		"a copy of a foreign master is a token object");
	TRY(plan_access(rights, o.flags));
	object_move(&o, ret);
	return CKR_OK;
}

CK_RV plan_set(const struct template *t, const struct rights *rights, struct object *o)
{
	OBJECT changed = {0};

	TRY(plan_access(rights, o->flags));
	REQUIRE(o->object_class == CKO_SECRET_KEY || o->object_class == CKO_DATA,
		CKR_ACTION_PROHIBITED, "objects of this class cannot be changed");
	REQUIRE(o->flags & FLAG_MODIFIABLE, CKR_ACTION_PROHIBITED,
		"the object does not have CKA_MODIFIABLE");
	TRY(plan_given(t, attribute_who(o), WHEN_SET));
	TRY(object_copy(o, &changed));
	TRY(change(t, rights, false, &changed));
	object_wipe(o);
	object_move(&changed, o);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_copy.c: C_CopyObject and C_SetAttributeValue: what may change, and only one way; see plan.h.
 */
#include "policy/plan_rules.h"

/*
 * The flags of O with those that T gives; protection only goes up, usage only down (PKCS#11 v3.0,
 * chapter 4, the tables' footnotes).
 */
static CK_RV change_flags(const struct template *t, const struct rights *rights,
	const struct object *o, uint32_t *ret)
{
	uint32_t changed = (o->flags ^ t->flags) & t->flags_given;

	ENSURE(!(changed & attribute_flags_only_true & ~t->flags), CKR_ATTRIBUTE_READ_ONLY);
	ENSURE(!(changed & attribute_flags_only_false & t->flags), CKR_ATTRIBUTE_READ_ONLY);
	/* Both ways, see unwrap_guard in plan_create.c. */
	ENSURE(!(changed & attribute_flags_only_so) || rights->so, CKR_ATTRIBUTE_READ_ONLY);
	*ret = o->flags ^ changed;
	return CKR_OK;
}

/*
 * Give O the variable attributes of T; lists of mechanisms only get shorter, and no data value is
 * anywhere but where it belongs.
 */
static CK_RV change_variables(const struct template *t, struct object *o)
{
	if (t->variables_given & 1u << VAR_ALLOWED_MECHANISMS)
		ENSURE(plan_list_within(o, t->variable[VAR_ALLOWED_MECHANISMS]),
			CKR_ATTRIBUTE_READ_ONLY);
	return plan_variables(t, o);
}

/* Data: a value given anew, and the old one moved if the object has become private. */
static CK_RV change_data(const struct template *t, uint32_t flags, struct object *o)
{
	struct bytes old = object_variable(o, VAR_PUBLIC_VALUE);

	if (t->given & GIVEN_VALUE)
		old = t->value;
	else if (!(flags & FLAG_PRIVATE) || old.p == NULL)
		return CKR_OK;
	if (!(flags & FLAG_PRIVATE))
		return object_set_variable(o, VAR_PUBLIC_VALUE, old);
	TRY(secret_set(&o->value, old.p, old.n));
	return object_set_variable(o, VAR_PUBLIC_VALUE, bytes_of(NULL, 0));
}

static CK_RV change(const struct template *t, const struct rights *rights, struct object *o)
{
	uint32_t flags = 0;

	TRY(change_flags(t, rights, o, &flags));
	TRY(change_variables(t, o));
	if (o->object_class == CKO_DATA)
		TRY(change_data(t, flags, o));
	o->flags = flags;
	return CKR_OK;
}

CK_RV plan_copy(const struct template *t, const struct object *source, const struct rights *rights,
	struct object *ret)
{
	OBJECT o = {0};

	ENSURE(source->object_class == CKO_SECRET_KEY || source->object_class == CKO_DATA,
		CKR_ACTION_PROHIBITED);
	ENSURE(source->flags & FLAG_COPYABLE, CKR_ACTION_PROHIBITED);
	TRY(plan_given(t, attribute_who(source), WHEN_COPY));
	/* A public token key while nobody is logged in: its value is sealed. */
	ENSURE(source->object_class != CKO_SECRET_KEY || source->value.len > 0,
		CKR_USER_NOT_LOGGED_IN);
	TRY(object_copy(source, &o));
	TRY(change(t, rights, &o));
	TRY(plan_access(rights, o.flags));
	object_move(&o, ret);
	return CKR_OK;
}

CK_RV plan_set(const struct template *t, const struct rights *rights, struct object *o)
{
	OBJECT changed = {0};

	TRY(plan_access(rights, o->flags));
	ENSURE(o->object_class == CKO_SECRET_KEY || o->object_class == CKO_DATA,
		CKR_ACTION_PROHIBITED);
	ENSURE(o->flags & FLAG_MODIFIABLE, CKR_ACTION_PROHIBITED);
	TRY(plan_given(t, attribute_who(o), WHEN_SET));
	TRY(object_copy(o, &changed));
	TRY(change(t, rights, &changed));
	object_wipe(o);
	object_move(&changed, o);
	return CKR_OK;
}

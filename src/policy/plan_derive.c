/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_derive.c: C_DeriveKey: what the derived object will be (mechanisms/README.md, "The derived
 * key"). The hot path.
 */
#include "policy/plan_rules.h"

/* T, or T with the base's CKA_DERIVE_TEMPLATE merged in, which takes MERGED. */
static CK_RV with_base_template(const struct template *t, const struct object *base,
	struct template *merged, const struct template **ret)
{
	struct bytes encoded =
		base ? object_variable(base, VAR_DERIVE_TEMPLATE) : bytes_of(NULL, 0);
	struct template more;

	if (__builtin_expect(encoded.p == NULL, 1)) {
		*ret = t;
		return CKR_OK;
	}
	TRY(template_decode(encoded, &more));
	TRY(template_merge(t, &more, merged));
	*ret = merged;
	return CKR_OK;
}

CK_RV plan_request(const struct template *t, const struct object *base, struct key_request *ret)
{
	struct template merged;

	TRY(with_base_template(t, base, &merged, &t));
	ret->object_class = t->given & GIVEN_CLASS ? t->object_class : CKO_SECRET_KEY;
	ENSURE(ret->object_class == CKO_SECRET_KEY || ret->object_class == CKO_DATA,
		CKR_TEMPLATE_INCONSISTENT);
	ret->has_type = (t->given & GIVEN_KEY_TYPE) != 0;
	ret->type = ret->has_type ? t->key_type : 0;
	ret->has_length = (t->given & GIVEN_VALUE_LEN) != 0;
	ret->length = ret->has_length ? t->value_len : 0;
	return CKR_OK;
}

/* Whether a key with FLAGS is guarded at least as well as BASE. */
static CK_RV guard(uint32_t flags, uint32_t base)
{
	bool extractable = (flags & FLAG_EXTRACTABLE) != 0;
	bool readable = extractable && !(flags & FLAG_SENSITIVE);
	bool base_readable = (base & FLAG_EXTRACTABLE) && !(base & FLAG_SENSITIVE);

	ENSURE(!(base & FLAG_PRIVATE) || (flags & FLAG_PRIVATE), CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(base & FLAG_SENSITIVE) || (flags & FLAG_SENSITIVE), CKR_TEMPLATE_INCONSISTENT);
	/*
	 * An unextractable base that is not sensitive cannot be read either: nor may its children.
	 */
	ENSURE(base_readable || !readable, CKR_TEMPLATE_INCONSISTENT);
	/*
	 * What leaves goes no further than the base itself might: under a trusted wrapping key, or
	 * not at all.
	 */
	bool any_wrapper = (base & FLAG_EXTRACTABLE) && !(base & FLAG_WRAP_WITH_TRUSTED);
	ENSURE(!extractable || any_wrapper || (flags & FLAG_WRAP_WITH_TRUSTED),
		CKR_TEMPLATE_INCONSISTENT);
	return CKR_OK;
}

/* A key with state: never out, never twice. */
static CK_RV plan_fixed(const struct template *t, uint32_t *flags)
{
	const uint32_t never = FLAG_EXTRACTABLE | FLAG_COPYABLE;

	ENSURE(!(t->flags & never), CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(t->flags_given & ~t->flags & (FLAG_DERIVE | FLAG_SENSITIVE)),
		CKR_TEMPLATE_INCONSISTENT);
	*flags = (*flags & ~never) | FLAG_DERIVE | FLAG_SENSITIVE;
	return CKR_OK;
}

static CK_RV derive_flags(const struct template *t, const struct object *base,
	const struct mechanism *mech, struct object *ret)
{
	uint32_t flags =
		plan_flags(t, FLAGS_DEFAULT | FLAG_SENSITIVE | (base->flags & FLAG_PRIVATE));

	if (mech->derive.level == LEVEL_FIXED)
		TRY(plan_fixed(t, &flags));
	TRY(guard(flags, base->flags));
	if ((base->flags & FLAG_ALWAYS_SENSITIVE) && (flags & FLAG_SENSITIVE))
		flags |= FLAG_ALWAYS_SENSITIVE;
	if ((base->flags & FLAG_NEVER_EXTRACTABLE) && !(flags & FLAG_EXTRACTABLE))
		flags |= FLAG_NEVER_EXTRACTABLE;
	ret->flags = flags;
	return CKR_OK;
}

/*
 * A CKO_DATA object, of a mechanism that makes one. It is no key and can be read: such mechanisms
 * stand in no default list, so whoever made the base has named it.
 */
static CK_RV derive_data(const struct template *t, const struct object *base,
	const struct rights *rights, struct object *ret)
{
	TRY(plan_given(t, WHO_DATA, WHEN_DERIVE));
	ENSURE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_DATA, CKR_TEMPLATE_INCONSISTENT);
	plan_start(ret, CKO_DATA, CK_UNAVAILABLE_INFORMATION);
	ret->flags = plan_flags(t, FLAGS_DEFAULT | (base->flags & FLAG_PRIVATE));
	ENSURE(!(base->flags & FLAG_PRIVATE) || (ret->flags & FLAG_PRIVATE),
		CKR_TEMPLATE_INCONSISTENT);
	TRY(plan_access(rights, ret->flags));
	return plan_variables(t, ret);
}

CK_RV plan_derive(const struct template *t, const struct object *base, const struct mechanism *mech,
	CK_KEY_TYPE type, const struct rights *rights, struct object *ret)
{
	enum attribute_who who = key_type_is_state(type) ? WHO_CLIENT : WHO_KEY;
	struct template merged;

	TRY(with_base_template(t, base, &merged, &t));
	if (type == CK_UNAVAILABLE_INFORMATION)
		return derive_data(t, base, rights, ret);
	TRY(plan_given(t, who, WHEN_DERIVE));
	ENSURE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_SECRET_KEY,
		CKR_TEMPLATE_INCONSISTENT);
	ENSURE(!(t->given & GIVEN_KEY_TYPE) || t->key_type == type, CKR_TEMPLATE_INCONSISTENT);
	TRY(plan_trusted(t, rights));
	plan_start(ret, CKO_SECRET_KEY, type);
	TRY(derive_flags(t, base, mech, ret));
	TRY(plan_level(t, mech, ret));
	TRY(plan_access(rights, ret->flags));
	return plan_variables(t, ret);
}

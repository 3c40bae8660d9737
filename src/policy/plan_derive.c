/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_derive.c: C_DeriveKey. What the derived object will be (mechanisms/README.md, "The derived
 * key"). The hot path.
 */
#include "policy/plan_rules.h"

/*
 * Decode CKA_DERIVE_TEMPLATE of BASE into RET_MORE, and merge the template into T. IGNORED are
 * flags of CKA_DERIVE_TEMPLATE that count as not given. RET_MERGED refers to T and RET_MORE.
 */
static CK_RV merge_base(const struct template *t, const struct object *base, uint32_t ignored,
	struct template *ret_more, struct template *ret_merged)
{
	TRY(template_decode(
		VAR_DERIVE_TEMPLATE, object_variable(base, VAR_DERIVE_TEMPLATE), ret_more));
	ret_more->flags_given &= ~ignored;
	ret_more->flags &= ~ignored;
	return template_merge(t, ret_more, true, ret_merged);
}

static CK_RV request(const struct template *t, struct key_request *ret)
{
	ret->object_class = t->given & GIVEN_CLASS ? t->object_class : CKO_SECRET_KEY;
	REQUIRE(ret->object_class == CKO_SECRET_KEY || ret->object_class == CKO_DATA,
		CKR_TEMPLATE_INCONSISTENT, "objects of this class cannot be derived");
	ret->has_type = (t->given & GIVEN_KEY_TYPE) != 0;
	ret->type = ret->has_type ? t->key_type : 0;
	ret->has_length = (t->given & GIVEN_VALUE_LEN) != 0;
	ret->length = ret->has_length ? t->value_len : 0;
	return CKR_OK;
}

/* Not inline, so that a base without CKA_DERIVE_TEMPLATE needs no stack for two templates. */
__attribute__((noinline)) static CK_RV request_merged(
	const struct template *t, const struct object *base, struct key_request *ret)
{
	struct template more, merged;

	TRY(merge_base(t, base, FLAG_DERIVE, &more, &merged));
	return request(&merged, ret);
}

CK_RV plan_request(const struct template *t, const struct object *base, struct key_request *ret)
{
	if (__builtin_expect(base != NULL && object_has(base, VAR_DERIVE_TEMPLATE), 0))
		return request_merged(t, base, ret);
	return request(t, ret);
}

/*
 * Check that a key with FLAGS, which can leave the token, may leave if its base has the flags BASE.
 */
static CK_RV guard_leaving(uint32_t flags, uint32_t base)
{
	bool base_readable = (base & FLAG_EXTRACTABLE) && !(base & FLAG_SENSITIVE);
	/* EXTRACTABLE_CHILDREN lets keys go to the field while the master stays. */
	bool anywhere = ((base & FLAG_EXTRACTABLE) && !(base & FLAG_WRAP_WITH_TRUSTED)) ||
			(base & FLAG_EXTRACTABLE_CHILDREN);

	/* A base that is not extractable cannot be read even if the base is not sensitive. */
	REQUIRE(base_readable || (flags & FLAG_SENSITIVE), CKR_TEMPLATE_INCONSISTENT,
		"a key derived from a key that cannot be read must not be readable");
	REQUIRE(anywhere || (flags & FLAG_WRAP_WITH_TRUSTED), CKR_TEMPLATE_INCONSISTENT,
		"keys derived from this master can leave only with CKA_WRAP_WITH_TRUSTED; create "
		"the master with CKA_KEYDIV_EXTRACTABLE_CHILDREN");
	return CKR_OK;
}

/* Check that a key with FLAGS is protected at least as well as BASE, the flags of its base. */
static CK_RV guard(uint32_t flags, uint32_t base)
{
	uint32_t lost = base & ~flags;

	REQUIRE(!(lost & FLAG_PRIVATE), CKR_TEMPLATE_INCONSISTENT,
		"a key derived from a private key must be private");
	REQUIRE(!(lost & FLAG_SENSITIVE), CKR_TEMPLATE_INCONSISTENT,
		"a key derived from a sensitive key must be sensitive");
	if (__builtin_expect(!(flags & FLAG_EXTRACTABLE), 1))
		return CKR_OK;
	return guard_leaving(flags, base);
}

/* Fix the flags of a key with state, which never leaves the token and exists once. */
static CK_RV fix_state(const struct template *t, uint32_t *flags)
{
	const uint32_t never = FLAG_EXTRACTABLE | FLAG_COPYABLE;

	REQUIRE(!(t->flags & never), CKR_TEMPLATE_INCONSISTENT,
		"a client state cannot be extractable or copyable");
	REQUIRE(!(t->flags_given & ~t->flags & (FLAG_DERIVE | FLAG_SENSITIVE)),
		CKR_TEMPLATE_INCONSISTENT, "a client state is sensitive and derives");
	*flags = (*flags & ~never) | FLAG_DERIVE | FLAG_SENSITIVE;
	return CKR_OK;
}

static CK_RV derive_flags(
	const struct template *t, const struct object *base, bool state, struct object *ret)
{
	uint32_t flags =
		plan_flags(t, FLAGS_DEFAULT | FLAG_SENSITIVE | (base->flags & FLAG_PRIVATE));

	if (state)
		TRY(fix_state(t, &flags));
	TRY(guard(flags, base->flags));
	uint32_t history = base->flags & (FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE);
	if (!(flags & FLAG_SENSITIVE))
		history &= ~(uint32_t)FLAG_ALWAYS_SENSITIVE;
	if (flags & FLAG_EXTRACTABLE)
		history &= ~(uint32_t)FLAG_NEVER_EXTRACTABLE;
	flags |= history;
	ret->flags = flags;
	ret->made = MADE_DERIVED | (flags & MADE_FLAGS);
	return CKR_OK;
}

/* Check the role of the key RET, and give RET the attributes that follow from the role. */
static CK_RV check_role(const struct derived_plan *plan, struct object *ret)
{
	if (ret->flags & (FLAGS_USAGE | FLAG_DERIVE))
		return plan_role_derived(plan, ret);
	if (plan->role->level == LEVEL_SHORTEN)
		ret->made |= MADE_CHECK_BY_CMAC; /* the value of a key that derives */
	return CKR_OK;
}

/* Finish a key that can leave the token or that the template calls trusted. */
static CK_RV derive_special(
	const struct derived_plan *plan, const struct rights *rights, struct object *ret)
{
	TRY(plan_note_master(plan, ret));
	return ret->flags & FLAG_TRUSTED ? plan_trust(ret, rights) : CKR_OK;
}

/*
 * Plan a CKO_DATA object, which is no key and can be read. The maker of the base has named the
 * mechanism, because no default list contains a mechanism that makes data.
 */
static CK_RV derive_data(const struct template *t, const struct object *base,
	const struct rights *rights, struct object *ret)
{
	TRY(plan_given(t, WHO_DATA, WHEN_DERIVE));
	REQUIRE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_DATA, CKR_TEMPLATE_INCONSISTENT,
		"the mechanism derives data only");
	plan_start(ret, CKO_DATA, CK_UNAVAILABLE_INFORMATION);
	ret->flags = plan_flags(t, FLAGS_DEFAULT | (base->flags & FLAG_PRIVATE));
	REQUIRE(!(base->flags & FLAG_PRIVATE) || (ret->flags & FLAG_PRIVATE),
		CKR_TEMPLATE_INCONSISTENT, "data derived from a private key must be private");
	TRY(plan_access(rights, ret->flags));
	return plan_variables(t, ret);
}

/*
 * Return MORE, the CKA_DERIVE_TEMPLATE of BASE, if MORE may decide the role of a result, else NULL.
 * The caller who derives a key chooses the template of that key. Two derivations would otherwise
 * give one base two templates, and so one result two roles.
 */
static const struct template *template_of_maker(
	const struct object *base, const struct template *more)
{
	return (base->made & MADE_WAY) == MADE_DERIVED ? NULL : more;
}

/* plan_derive, with CKA_DERIVE_TEMPLATE of BASE merged into the template of PLAN. */
static CK_RV derive(const struct derived_plan *plan, const struct object *base, CK_KEY_TYPE type,
	const struct rights *rights, struct object *ret)
{
	const struct template *t = plan->t;
	bool state = key_type_is_state(type);

	if (type == CK_UNAVAILABLE_INFORMATION)
		return derive_data(t, base, rights, ret);
	TRY(plan_given(t, state ? WHO_CLIENT : WHO_KEY, WHEN_DERIVE));
	REQUIRE(!(t->given & GIVEN_CLASS) || t->object_class == CKO_SECRET_KEY,
		CKR_TEMPLATE_INCONSISTENT, "the mechanism derives secret keys only");
	REQUIRE(!(t->given & GIVEN_KEY_TYPE) || t->key_type == type, CKR_TEMPLATE_INCONSISTENT,
		"the mechanism derives a key of another type");
	plan_start(ret, CKO_SECRET_KEY, type);
	TRY(derive_flags(t, base, state, ret));
	TRY(check_role(plan, ret));
	TRY(plan_access(rights, ret->flags));
	TRY(plan_variables(t, ret));
	if (__builtin_expect(!(ret->flags & (FLAG_EXTRACTABLE | FLAG_TRUSTED)), 1))
		return CKR_OK;
	return derive_special(plan, rights, ret);
}

/* Not inline, for the same reason as request_merged. */
__attribute__((noinline)) static CK_RV derive_merged(struct derived_plan *plan,
	const struct object *base, CK_KEY_TYPE type, const struct rights *rights,
	struct object *ret)
{
	struct template more, merged;

	TRY(merge_base(
		plan->t, base, plan->role->level == LEVEL_LEAF ? FLAG_DERIVE : 0, &more, &merged));
	plan->t = &merged;
	plan->base = template_of_maker(base, &more);
	CK_RV rv = derive(plan, base, type, rights, ret);
	plan->t = plan->base = NULL;
	return rv;
}

CK_RV plan_derive(const struct template *t, const struct object *base, const struct role *role,
	CK_KEY_TYPE type, const struct rights *rights, struct object *ret)
{
	struct derived_plan plan = {t, NULL, role, base->flags};

	if (__builtin_expect(object_has(base, VAR_DERIVE_TEMPLATE), 0))
		return derive_merged(&plan, base, type, rights, ret);
	return derive(&plan, base, type, rights, ret);
}

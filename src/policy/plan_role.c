/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_role.c: one value has one role, and levels do not mix
 * (mechanisms/README.md); see plan_rules.h.
 *
 * A CMAC or an ECB block under a master is a device key. A key that derives must therefore have no
 * other usage. Which usage a derived key may have follows from the mechanism and its parameter
 * (struct role), never from the caller, because two keys with the same value are one key.
 */
#include "default_lists.h"
#include "policy/plan_rules.h"

static bool list_given(const struct template *t)
{
	return (t->variables_given & 1u << VAR_ALLOWED_MECHANISMS) != 0;
}

/* Check the rules of every key that derives, whatever made the key. */
static CK_RV check_deriving(uint32_t flags)
{
	const uint32_t leaving = FLAG_EXTRACTABLE | FLAG_WRAP_WITH_TRUSTED;

	REQUIRE(!(flags & FLAGS_USAGE), CKR_TEMPLATE_INCONSISTENT,
		"a key with CKA_DERIVE must have no other usage");
	/* An untrusted wrapping key may belong to an attacker, who would get every device key. */
	REQUIRE((flags & leaving) != FLAG_EXTRACTABLE, CKR_TEMPLATE_INCONSISTENT,
		"an extractable key with CKA_DERIVE needs CKA_WRAP_WITH_TRUSTED");
	return CKR_OK;
}

static void set_default_list(struct object *ret, const CK_MECHANISM_TYPE *list, size_t n)
{
	ret->default_allowed = list;
	ret->default_allowed_count = (uint32_t)n;
}

/* Give RET the default list of its type, or check that the list of T is within the default list. */
static CK_RV list_of_type(const struct template *t, struct object *ret)
{
	size_t n;
	const CK_MECHANISM_TYPE *list = default_children(ret->key_type, &n);

	REQUIRE(list != NULL, CKR_TEMPLATE_INCONSISTENT,
		"CKA_DERIVE on a key of this type needs CKA_ALLOWED_MECHANISMS");
	set_default_list(ret, list, n);
	if (!list_given(t))
		return CKR_OK;
	REQUIRE(plan_list_within(ret, t->variable[VAR_ALLOWED_MECHANISMS]),
		CKR_TEMPLATE_INCONSISTENT, "CKA_ALLOWED_MECHANISMS is wider than the default list");
	set_default_list(ret, NULL, 0); /* the list of T is a variable attribute */
	return CKR_OK;
}

CK_RV plan_role_made(const struct template *t, struct object *ret)
{
	if (!(ret->flags & FLAG_DERIVE)) {
		bool for_masters = (t->flags_given & attributes_only_deriving.flags) ||
				   (t->variables_given & attributes_only_deriving.variables);
		REQUIRE(!for_masters, CKR_TEMPLATE_INCONSISTENT,
			"the template has an attribute of keys with CKA_DERIVE");
		return CKR_OK;
	}
	TRY(check_deriving(ret->flags));
	return list_given(t) ? CKR_OK : list_of_type(t, ret);
}

/* --- Derived keys --- */

static size_t count_children(const struct role *role)
{
	size_t n = 0;

	while (n < CHILDREN_MAX && role->children[n] != 0)
		n++;
	return n;
}

/* The usage that a derived key may have, and whether it may have CKA_DERIVE. */
struct permitted {
	uint32_t usage;
	bool derive;
};

/* Return what ROLE permits if CKA_DERIVE_TEMPLATE of the base is BASE (NULL: none). */
static struct permitted permitted_by(const struct role *role, const struct template *base)
{
	struct permitted ret = {role->usage, role->level != LEVEL_LEAF};

	if (base == NULL) {
		ret.derive &= role->level != LEVEL_BY_TEMPLATE;
		return ret;
	}
	bool derives = (base->flags & FLAG_DERIVE) != 0;
	bool leaf = (base->flags_given & FLAG_DERIVE) != 0 && !derives;
	if (role->level == LEVEL_BY_TEMPLATE) {
		ret.derive = derives;
		if (derives)
			ret.usage = 0;
		else if (base->flags & USAGE_WRAPPING)
			ret.usage = base->flags & USAGE_WRAPPING;
	} else if (leaf && role->leaf_by_template != 0) {
		ret.derive = false;
		ret.usage = role->leaf_by_template;
	}
	return ret;
}

/* Give RET, which derives, its list by the level of the role. */
static CK_RV list_of_role(const struct derived_plan *plan, struct object *ret)
{
	const struct template *t = plan->t;
	const struct role *role = plan->role;

	switch (role->level) {
	case LEVEL_LEAF:
		return FAIL(
			CKR_TEMPLATE_INCONSISTENT, "the result of this mechanism cannot derive");
	case LEVEL_BY_TEMPLATE:
		/*
		 * Only a template of the base permits CKA_DERIVE here. If that template has a list,
		 * the list of the caller is within it: template_merge.
		 */
		if (list_given(plan->base))
			return CKR_OK;
		return list_of_type(t, ret);
	case LEVEL_SHORTEN:
	case LEVEL_FIXED:
		break;
	}
	set_default_list(ret, role->children, count_children(role));
	if (!list_given(t))
		return CKR_OK;
	REQUIRE(role->level == LEVEL_SHORTEN, CKR_TEMPLATE_INCONSISTENT,
		"CKA_ALLOWED_MECHANISMS of the result is fixed");
	REQUIRE(plan_list_within(ret, t->variable[VAR_ALLOWED_MECHANISMS]),
		CKR_TEMPLATE_INCONSISTENT,
		"CKA_ALLOWED_MECHANISMS is wider than the mechanism allows");
	set_default_list(ret, NULL, 0); /* the list of T is a variable attribute */
	return CKR_OK;
}

CK_RV plan_role_derived(const struct derived_plan *plan, struct object *ret)
{
	struct permitted permitted = permitted_by(plan->role, plan->base);

	REQUIRE(!(ret->flags & FLAGS_USAGE & ~permitted.usage), CKR_TEMPLATE_INCONSISTENT,
		"the result of this mechanism must not have this usage");
	if (__builtin_expect(!(ret->flags & (FLAG_DERIVE | USAGE_WRAPPING)), 1))
		return CKR_OK;
	if (!(ret->flags & FLAG_DERIVE)) {
		plan_drop_wrapping(ret);
		ret->made = MADE_DERIVED | (ret->flags & MADE_FLAGS);
		return CKR_OK;
	}
	REQUIRE(permitted.derive, CKR_TEMPLATE_INCONSISTENT,
		"the result of this mechanism must not have CKA_DERIVE");
	TRY(check_deriving(ret->flags));
	return list_of_role(plan, ret);
}

/* Return true if T has no CKA_ALLOWED_MECHANISMS or names MECHANISM there. */
static bool names_in_list(const struct template *t, CK_MECHANISM_TYPE mechanism)
{
	uint8_t one[8];

	put_be64(one, mechanism);
	return !list_given(t) ||
	       list_within(bytes_of(one, sizeof one), t->variable[VAR_ALLOWED_MECHANISMS]);
}

CK_RV plan_note_master(const struct derived_plan *plan, struct object *ret)
{
	const struct role *role = plan->role;
	uint8_t list[8 * CHILDREN_MAX];
	size_t count = count_children(role), n = 0;

	/* Only a key that can leave the token can come back as another key. */
	if (!(ret->flags & FLAG_EXTRACTABLE) || (plan->base_flags & FLAG_EXTRACTABLE_CHILDREN))
		return CKR_OK;
	if (count == 0 || (ret->flags & (FLAGS_USAGE | FLAG_DERIVE)))
		return CKR_OK;
	/* If the base makes only leaves, the list stays empty. The key comes back as no master. */
	bool leaf = plan->base != NULL && (plan->base->flags_given & FLAG_DERIVE) != 0;
	for (size_t i = 0; i < count && !leaf; i++)
		if (names_in_list(plan->t, role->children[i]))
			put_be64(list + 8 * n++, role->children[i]);
	return object_set_variable(ret, VAR_MASTER_LIST, bytes_of(list, 8 * n));
}

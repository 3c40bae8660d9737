/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.c: the rules that all ways of making and changing an object share; see
 * plan.h and plan_rules.h.
 */
#include "default_lists.h"
#include "policy/plan_rules.h"

CK_RV plan_access(const struct rights *rights, uint32_t flags)
{
	ENSURE(!(flags & FLAG_PRIVATE) || rights->user, CKR_USER_NOT_LOGGED_IN);
	if (flags & FLAG_TOKEN) {
		ENSURE(rights->read_write, CKR_SESSION_READ_ONLY);
		ENSURE(rights->user || rights->so, CKR_USER_NOT_LOGGED_IN);
	}
	return CKR_OK;
}

/* T gives something that may not be given: which error is it? */
CK_RV plan_refuse(const struct template *t, enum attribute_who who, enum attribute_when when)
{
	const struct attribute_set *has = &attribute_sets[who][WHEN_EVER],
				   *may = &attribute_sets[who][when];
	uint32_t foreign =
		GIVEN_OTHER | (when == WHEN_SET ? GIVEN_OTHER_TRUE | GIVEN_OTHER_FALSE : 0);
	uint32_t others = GIVEN_OTHER | GIVEN_OTHER_TRUE | GIVEN_OTHER_FALSE;
	uint32_t given = t->given & ~others & ~may->given;

	/*
	 * 1. attributes that this kind of object has not
	 */
	ENSURE((t->flags_given & ~has->flags) == 0, CKR_ATTRIBUTE_TYPE_INVALID);
	ENSURE((t->variables_given & ~has->variables) == 0, CKR_ATTRIBUTE_TYPE_INVALID);
	ENSURE((t->given & foreign) == 0, CKR_ATTRIBUTE_TYPE_INVALID);
	ENSURE((given & ~has->given) == 0, CKR_ATTRIBUTE_TYPE_INVALID);

	/*
	 * 3. attributes that are not the caller's to give
	 */
	ENSURE((t->flags_given & ~may->flags) == 0, CKR_ATTRIBUTE_READ_ONLY);
	ENSURE((t->variables_given & ~may->variables) == 0, CKR_ATTRIBUTE_READ_ONLY);
	if (when == WHEN_GENERATE || when == WHEN_DERIVE || when == WHEN_UNWRAP) {
		ENSURE((given & ~(uint32_t)GIVEN_VALUE) == 0, CKR_ATTRIBUTE_READ_ONLY);
		ENSURE(given == 0,
			CKR_TEMPLATE_INCONSISTENT); /* the value comes from the function itself */
	}
	ENSURE(given == 0, CKR_ATTRIBUTE_READ_ONLY);

	/*
	 * 5. usage that no secret key has; not to have it is what every client says, and true
	 */
	ENSURE(!(t->given & GIVEN_OTHER_TRUE), CKR_TEMPLATE_INCONSISTENT);
	return CKR_OK;
}

void plan_start(struct object *ret, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type)
{
	ret->object_class = object_class;
	ret->key_type = type;
	ret->key_gen_mechanism = CK_UNAVAILABLE_INFORMATION;
	ret->number = 0;
	ret->flags = 0;
	ret->default_allowed = NULL;
	ret->default_allowed_count = 0;
}

CK_RV plan_variables(const struct template *t, struct object *ret)
{
	if (t->variables_given & 1u << VAR_RESERVE) {
		uint64_t reserve = get_be64(t->variable[VAR_RESERVE].p);
		ENSURE(reserve >= 1 && reserve <= PLAN_RESERVE_MAX, CKR_ATTRIBUTE_VALUE_INVALID);
	}
	for (uint32_t left = t->variables_given; left != 0; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctz(left);
		TRY(object_set_variable(ret, (enum variable)id, t->variable[id]));
	}
	return CKR_OK;
}

CK_RV plan_trusted(const struct template *t, const struct rights *rights)
{
	ENSURE(!(t->flags & attribute_flags_only_so) || rights->so, CKR_ATTRIBUTE_READ_ONLY);
	return CKR_OK;
}

bool plan_list_within(const struct object *o, struct bytes list)
{
	for (size_t i = 0; i + 8 <= list.n; i += 8)
		if (!object_allows(o, get_be64(list.p + i)))
			return false;
	return true;
}

/*
 * The list of RET, which derives, where T gives none or a mechanism has a say: the
 * table in mechanisms/README.md.
 */
static CK_RV plan_list(const struct template *t, const struct mechanism *mech, struct object *ret)
{
	bool given = (t->variables_given & 1u << VAR_ALLOWED_MECHANISMS) != 0;
	enum level level = mech ? mech->derive.level : LEVEL_OPEN;
	size_t n = 0;

	switch (level) {
	case LEVEL_LEAF:
		return FAIL(
			CKR_TEMPLATE_INCONSISTENT, "keys made by this mechanism derive no keys");
	case LEVEL_BY_TEMPLATE:
	case LEVEL_EXPLICIT:
		ENSURE(given, CKR_TEMPLATE_INCONSISTENT);
		return CKR_OK;
	case LEVEL_OPEN:
		if (given)
			return CKR_OK;
		ret->default_allowed = default_children(ret->key_type, &n);
		ENSURE(ret->default_allowed != NULL, CKR_TEMPLATE_INCONSISTENT);
		break;
	case LEVEL_SHORTEN:
	case LEVEL_FIXED:
		ret->default_allowed = mech->derive.children;
		while (n < CHILDREN_MAX && mech->derive.children[n] != 0)
			n++;
		break;
	}
	ret->default_allowed_count = (uint32_t)n;
	if (!given)
		return CKR_OK;

	/*
	 * The list in the variables, set already, is compared with that of the mech, and
	 * stands then alone.
	 */
	ENSURE(level == LEVEL_SHORTEN, CKR_TEMPLATE_INCONSISTENT);
	struct object children = {.default_allowed = ret->default_allowed,
		.default_allowed_count = ret->default_allowed_count};
	ENSURE(plan_list_within(&children, t->variable[VAR_ALLOWED_MECHANISMS]),
		CKR_TEMPLATE_INCONSISTENT);
	ret->default_allowed = NULL;
	ret->default_allowed_count = 0;
	return CKR_OK;
}

CK_RV plan_level(const struct template *t, const struct mechanism *mech, struct object *ret)
{
	if (!(ret->flags & FLAG_DERIVE))
		return CKR_OK;
	/* A CMAC or an ECB block under a master is a device key: roles do not mix. */
	ENSURE(!(ret->flags & FLAGS_USAGE), CKR_TEMPLATE_INCONSISTENT);
	return plan_list(t, mech, ret);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_rules.c: rules that every way of making or changing an object shares.
 */
#include "policy/plan_rules.h"

CK_RV plan_access(const struct rights *rights, uint32_t flags)
{
	REQUIRE(!(flags & FLAG_PRIVATE) || rights->user, CKR_USER_NOT_LOGGED_IN,
		"a private object needs the user's login");
	if (flags & FLAG_TOKEN) {
		REQUIRE(rights->read_write, CKR_SESSION_READ_ONLY, "the session is read-only");
		REQUIRE(rights->user || rights->so, CKR_USER_NOT_LOGGED_IN,
			"a token object needs a login");
	}
	return CKR_OK;
}

/* Refuse attributes that WHO does not have. */
static CK_RV refuse_foreign(
	const struct template *t, enum attribute_who who, enum attribute_when when, uint32_t given)
{
	const struct attribute_set *has = &attribute_sets[who][WHEN_EVER];
	uint32_t foreign =
		GIVEN_OTHER | (when == WHEN_SET ? GIVEN_OTHER_TRUE | GIVEN_OTHER_FALSE : 0);

	bool fits = (t->flags_given & ~has->flags) == 0 &&
		    (t->variables_given & ~has->variables) == 0 && (t->given & foreign) == 0 &&
		    (given & ~has->given) == 0;
	REQUIRE(fits, CKR_ATTRIBUTE_TYPE_INVALID,
		"the template has an attribute that this kind of object does not have");
	return CKR_OK;
}

CK_RV plan_refuse(const struct template *t, enum attribute_who who, enum attribute_when when)
{
	const struct attribute_set *may = &attribute_sets[who][when];
	uint32_t others = GIVEN_OTHER | GIVEN_OTHER_TRUE | GIVEN_OTHER_FALSE;
	uint32_t given = t->given & ~others & ~may->given;
	bool for_masters = (t->flags_given & attributes_only_deriving.flags) ||
			   (t->variables_given & attributes_only_deriving.variables);

	TRY(refuse_foreign(t, who, when, given));
	/* These are given when a master is made, and a derived key is none. */
	REQUIRE(when != WHEN_DERIVE || !for_masters, CKR_TEMPLATE_INCONSISTENT,
		"the template of a derivation has an attribute of masters");
	REQUIRE((t->flags_given & ~may->flags) == 0 && (t->variables_given & ~may->variables) == 0,
		CKR_ATTRIBUTE_READ_ONLY, "the template has an attribute that callers cannot give");
	if (when == WHEN_GENERATE || when == WHEN_DERIVE || when == WHEN_UNWRAP) {
		REQUIRE((given & ~(uint32_t)GIVEN_VALUE) == 0, CKR_ATTRIBUTE_READ_ONLY,
			"the template has an attribute that callers cannot give");
		REQUIRE(given == 0, CKR_TEMPLATE_INCONSISTENT,
			"the function makes the value, so the template must not give one");
	}
	REQUIRE(given == 0, CKR_ATTRIBUTE_READ_ONLY,
		"the template has an attribute that callers cannot give");
	/*
	 * Clients often send usage flags that secret keys lack. CK_FALSE is true, CK_TRUE is not.
	 */
	REQUIRE(!(t->given & GIVEN_OTHER_TRUE), CKR_TEMPLATE_INCONSISTENT,
		"the template asks for a usage that secret keys do not have");
	return CKR_OK;
}

void plan_start(struct object *ret, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type)
{
	ret->object_class = object_class;
	ret->key_type = type;
	ret->key_gen_mechanism = CK_UNAVAILABLE_INFORMATION;
	ret->number = 0;
	ret->flags = 0;
	ret->made = 0;
	ret->default_allowed = NULL;
	ret->default_allowed_count = 0;
}

/* Give RET the CKA_KEYDIV_WINDOW and CKA_KEYDIV_RESERVE of T. A window of 0 is none. */
static CK_RV plan_window(const struct template *t, struct object *ret)
{
	if (t->variables_given & 1u << VAR_WINDOW) {
		struct bytes window = t->variable[VAR_WINDOW];
		REQUIRE(get_be64(window.p) <= WINDOW_MAX, CKR_ATTRIBUTE_VALUE_INVALID,
			"CKA_KEYDIV_WINDOW is not 0 to 1024");
		if (get_be64(window.p) > 0)
			TRY(object_set_variable(ret, VAR_WINDOW, window));
	}
	if (t->variables_given & 1u << VAR_RESERVE) {
		uint64_t reserve = get_be64(t->variable[VAR_RESERVE].p);
		REQUIRE(object_reserves(ret), CKR_ATTRIBUTE_TYPE_INVALID,
			"only a client state or a master with CKA_KEYDIV_WINDOW has "
			"CKA_KEYDIV_RESERVE");
		REQUIRE(reserve >= 1 && reserve <= RESERVE_MAX, CKR_ATTRIBUTE_VALUE_INVALID,
			"CKA_KEYDIV_RESERVE is not 1 to 4096");
		TRY(object_set_variable(ret, VAR_RESERVE, t->variable[VAR_RESERVE]));
	}
	return CKR_OK;
}

static enum trade trade_of(CK_MECHANISM_TYPE type)
{
	size_t index;
	const struct mechanism *mech = mechanism_look_up_any(type, &index);

	return mech != NULL ? mech->trade : TRADE_NONE;
}

/* Check that LIST, a CKA_ALLOWED_MECHANISMS, serves one trade and nothing else, or no trade. */
static CK_RV check_trade(struct bytes list)
{
	enum trade trade = TRADE_NONE;

	for (size_t i = 0; i + 8 <= list.n && trade == TRADE_NONE; i += 8)
		trade = trade_of(get_be64(list.p + i));
	for (size_t i = 0; i + 8 <= list.n && trade != TRADE_NONE; i += 8) {
		CK_MECHANISM_TYPE type = get_be64(list.p + i);
		REQUIRE(trade_of(type) == trade || type == CKM_KEYDIV_WITH_DERIVED_KEY,
			CKR_TEMPLATE_INCONSISTENT,
			"CKA_ALLOWED_MECHANISMS mixes a trade with other mechanisms; use one "
			"master for each trade");
	}
	return CKR_OK;
}

#define WITH_LIST                                                                                  \
	(1u << VAR_ALLOWED_MECHANISMS | 1u << VAR_DERIVE_TEMPLATE | 1u << VAR_UNWRAP_TEMPLATE)

/*
 * Check the list of T, and the lists that its templates give to other keys. The template of a
 * derivation may shorten such a list, so two results with one value could serve two trades.
 */
__attribute__((noinline)) static CK_RV check_trades(const struct template *t)
{
	static const enum variable inner[] = {VAR_DERIVE_TEMPLATE, VAR_UNWRAP_TEMPLATE};
	struct template more;

	if (t->variables_given & 1u << VAR_ALLOWED_MECHANISMS)
		TRY(check_trade(t->variable[VAR_ALLOWED_MECHANISMS]));
	for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
		if (!(t->variables_given & 1u << inner[i]))
			continue;
		TRY(template_decode(inner[i], t->variable[inner[i]], &more));
		if (more.variables_given & 1u << VAR_ALLOWED_MECHANISMS)
			TRY(check_trade(more.variable[VAR_ALLOWED_MECHANISMS]));
	}
	return CKR_OK;
}

CK_RV plan_variables(const struct template *t, struct object *ret)
{
	uint32_t numbers = 1u << VAR_WINDOW | 1u << VAR_RESERVE;

	if (t->variables_given & numbers)
		TRY(plan_window(t, ret));
	if (t->variables_given & WITH_LIST)
		TRY(check_trades(t));
	for (uint32_t left = t->variables_given & ~numbers; left != 0; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctz(left);
		TRY(object_set_variable(ret, (enum variable)id, t->variable[id]));
	}
	return CKR_OK;
}

bool plan_list_within(const struct object *o, struct bytes list)
{
	for (size_t i = 0; i + 8 <= list.n; i += 8)
		if (!object_allows(o, get_be64(list.p + i)))
			return false;
	return true;
}

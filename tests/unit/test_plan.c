/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c: rights, what may be given when, roles and lists: the rules all plans share. */
#include "policy_support.h"

#include "policy/plan_rules.h"

static const struct rights public_rw = {.read_write = true}, user_ro = {.user = true},
			   so = {.so = true, .read_write = true};
static const struct rights public_ro = {0};

START_TEST(access_by_rights)
{
	/* PKCS#11 usage guide, "Permitted object accesses" */
	ck_ok(plan_access(&public_ro, 0));
	ck_rv(plan_access(&public_ro, FLAG_PRIVATE), CKR_USER_NOT_LOGGED_IN);
	ck_rv(plan_access(&public_rw, FLAG_PRIVATE), CKR_USER_NOT_LOGGED_IN);
	ck_rv(plan_access(&public_rw, FLAG_TOKEN), CKR_USER_NOT_LOGGED_IN);
	ck_rv(plan_access(&public_ro, FLAG_TOKEN), CKR_SESSION_READ_ONLY);
	ck_ok(plan_access(&user_ro, FLAG_PRIVATE));
	ck_rv(plan_access(&user_ro, FLAG_TOKEN), CKR_SESSION_READ_ONLY);
	ck_rv(plan_access(&user_ro, FLAG_TOKEN | FLAG_PRIVATE), CKR_SESSION_READ_ONLY);
	ck_ok(plan_access(&user, FLAG_TOKEN | FLAG_PRIVATE));
	ck_ok(plan_access(&so, FLAG_TOKEN));
	ck_rv(plan_access(&so, FLAG_PRIVATE), CKR_USER_NOT_LOGGED_IN);
	ck_rv(plan_access(&so, FLAG_TOKEN | FLAG_PRIVATE), CKR_USER_NOT_LOGGED_IN);
}
END_TEST

/* One attribute for a key, and what each of the ways of making one says to it. */
static const struct {
	CK_ATTRIBUTE attribute;
	CK_RV create, generate, derive, unwrap, copy, set;
} table[] = {
#define RO CKR_ATTRIBUTE_READ_ONLY
#define BAD CKR_ATTRIBUTE_TYPE_INVALID
#define CONTRA CKR_TEMPLATE_INCONSISTENT
	{YES(CKA_LOCAL), RO, RO, RO, RO, RO, RO},
	{NO(CKA_LOCAL), RO, RO, RO, RO, RO, RO},
	{YES(CKA_ALWAYS_SENSITIVE), RO, RO, RO, RO, RO, RO},
	{YES(CKA_NEVER_EXTRACTABLE), RO, RO, RO, RO, RO, RO},
	{STR(CKA_UNIQUE_ID, "0"), RO, RO, RO, RO, RO, RO},
	{STR(CKA_VALUE, "0123456789abcdef"), 0, CONTRA, CONTRA, CONTRA, RO, RO},
	{STR(CKA_CHECK_VALUE, "abc"), 0, 0, 0, 0, RO, RO},
	{YES(CKA_TOKEN), 0, 0, 0, 0, 0, RO},
	{YES(CKA_PRIVATE), 0, 0, 0, 0, 0, RO},
	{YES(CKA_MODIFIABLE), 0, 0, 0, 0, 0, RO},
	{STR(CKA_LABEL, "x"), 0, 0, 0, 0, 0, 0},
	{STR(CKA_ID, "x"), 0, 0, 0, 0, 0, 0},
	{STR(CKA_START_DATE, ""), 0, 0, 0, 0, 0, 0},
	{RAW(CKA_ALLOWED_MECHANISMS, NULL, 0), 0, 0, 0, 0, 0, 0},
	{RAW(CKA_WRAP_TEMPLATE, NULL, 0), 0, 0, 0, 0, RO, RO},
	{RAW(CKA_UNWRAP_TEMPLATE, NULL, 0), 0, 0, 0, 0, RO, RO},
	{RAW(CKA_DERIVE_TEMPLATE, NULL, 0), 0, 0, 0, 0, RO, RO},
	{STR(CKA_KEYDIV_TRANSACTION, "12345678"), RO, RO, RO, RO, RO, RO},
	{STR(CKA_KEYDIV_SHAPE, "12"), BAD, BAD, BAD, BAD, BAD, BAD},
	{STR(CKA_KEYDIV_REMAINING, "12345678"), BAD, BAD, BAD, BAD, BAD, BAD},
	{STR(CKA_APPLICATION, "app"), BAD, BAD, BAD, BAD, BAD, BAD},
	{STR(CKA_SUBJECT, "s"), BAD, BAD, BAD, BAD, BAD, BAD},
	{NO(CKA_SIGN_RECOVER), 0, 0, 0, 0, 0, BAD},
	{NO(CKA_VERIFY_RECOVER), 0, 0, 0, 0, 0, BAD},
	{NO(CKA_ALWAYS_AUTHENTICATE), 0, 0, 0, 0, 0, BAD},
	{YES(CKA_SIGN_RECOVER), CONTRA, CONTRA, CONTRA, CONTRA, CONTRA, BAD},
};

START_TEST(attributes_that_may_be_given_for_keys)
{
	TEMPLATE t;
	ck_ok(template_parse(&table[_i].attribute, 1, &t));
	ck_rv(plan_given(&t, WHO_KEY, WHEN_CREATE), table[_i].create);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_GENERATE), table[_i].generate);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_DERIVE), table[_i].derive);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_UNWRAP), table[_i].unwrap);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_COPY), table[_i].copy);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_SET), table[_i].set);
}
END_TEST

START_TEST(numbers_that_may_be_given)
{
	TEMPLATE t;
	ck_ok(parse(&t, LENGTH(16)));
	ck_rv(plan_given(&t, WHO_KEY, WHEN_CREATE),
		RO); /* PKCS#11 2.8.2, footnote 2: not with C_CreateObject */
	ck_ok(plan_given(&t, WHO_KEY, WHEN_GENERATE));
	ck_ok(plan_given(&t, WHO_KEY, WHEN_DERIVE));
	ck_ok(plan_given(&t, WHO_KEY, WHEN_UNWRAP));
	ck_rv(plan_given(&t, WHO_KEY, WHEN_SET), RO);
	ck_ok(parse(&t, NUM(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN)));
	for (int when = WHEN_CREATE; when < WHEN_COUNT; when++)
		ck_rv(plan_given(&t, WHO_KEY, when), RO);
	ck_ok(parse(&t, TYPE(CKK_AES), CLASS(CKO_SECRET_KEY)));
	ck_rv(plan_given(&t, WHO_KEY, WHEN_COPY), RO);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_SET), RO);
	ck_ok(parse(&t, NUM(CKA_KEYDIV_RESERVE, 2)));
	ck_ok(plan_given(&t, WHO_KEY, WHEN_CREATE)); /* plan_variables asks for a window */
	ck_rv(plan_given(&t, WHO_DATA, WHEN_CREATE), BAD);
	ck_ok(plan_given(&t, WHO_CLIENT, WHEN_DERIVE));
	ck_ok(plan_given(&t, WHO_CLIENT, WHEN_SET));
	ck_ok(parse(&t, NUM(CKA_KEYDIV_WINDOW, 64)));
	ck_ok(plan_given(&t, WHO_KEY, WHEN_CREATE));
	ck_ok(plan_given(&t, WHO_KEY, WHEN_GENERATE));
	ck_ok(plan_given(&t, WHO_KEY, WHEN_UNWRAP));
	ck_rv(plan_given(&t, WHO_KEY, WHEN_DERIVE), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_COPY), RO);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_SET), RO);
}
END_TEST

START_TEST(attributes_that_may_be_given_for_data)
{
	static const CK_ATTRIBUTE keys_only[] = {NO(CKA_SENSITIVE), YES(CKA_ENCRYPT),
		STR(CKA_ID, "x"), NO(CKA_LOCAL), RAW(CKA_ALLOWED_MECHANISMS, NULL, 0)};

	TEMPLATE t;
	for (size_t i = 0; i < sizeof keys_only / sizeof keys_only[0]; i++) {
		ck_ok(template_parse(&keys_only[i], 1, &t));
		ck_rv(plan_given(&t, WHO_DATA, WHEN_CREATE), BAD);
		ck_rv(plan_given(&t, WHO_DATA, WHEN_SET), BAD);
	}
	ck_ok(parse(&t, TYPE(CKK_AES)));
	ck_rv(plan_given(&t, WHO_DATA, WHEN_CREATE), BAD);
	ck_ok(parse(
		&t, STR(CKA_VALUE, "new"), STR(CKA_APPLICATION, "app"), STR(CKA_OBJECT_ID, "1")));
	ck_ok(plan_given(&t, WHO_DATA, WHEN_CREATE));
	ck_ok(plan_given(&t, WHO_DATA, WHEN_COPY));
	ck_ok(plan_given(&t, WHO_DATA, WHEN_SET));
	ck_ok(parse(&t, STR(CKA_UNIQUE_ID, "0")));
	ck_rv(plan_given(&t, WHO_DATA, WHEN_CREATE), RO);
}
END_TEST

/* --- Roles and levels --- */

static const CK_ATTRIBUTE_TYPE usages[] = {
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP};

static void planned(struct object *ret, CK_KEY_TYPE type, uint32_t flags)
{
	plan_start(ret, CKO_SECRET_KEY, type);
	ret->flags = flags;
}

START_TEST(a_master_does_nothing_else)
{
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, YES(CKA_DERIVE), YES(usages[_i])));
	planned(&o, CKK_AES, plan_flags(&t, 0));
	ck_rv(plan_role_made(&t, &o), CONTRA);
	o.flags &= ~(uint32_t)FLAG_DERIVE;
	ck_ok(plan_role_made(&t, &o));
}
END_TEST

START_TEST(an_extractable_master_needs_trusted_keys)
{
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, YES(CKA_DERIVE)));
	planned(&o, CKK_AES, FLAG_DERIVE | FLAG_EXTRACTABLE);
	ck_rv(plan_role_made(&t, &o), CONTRA);
	o.flags |= FLAG_WRAP_WITH_TRUSTED;
	ck_ok(plan_role_made(&t, &o));
}
END_TEST

START_TEST(attributes_of_masters)
{
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, NO(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));
	planned(&o, CKK_AES, FLAG_SIGN);
	ck_rv(plan_role_made(&t, &o), CONTRA);
	planned(&o, CKK_AES, FLAG_DERIVE);
	ck_ok(plan_role_made(&t, &o));
	ck_rv(plan_given(&t, WHO_KEY, WHEN_DERIVE), CONTRA);
	ck_rv(plan_given(&t, WHO_KEY, WHEN_SET), RO);
	ck_rv(plan_given(&t, WHO_DATA, WHEN_CREATE), BAD);
}
END_TEST

/* Created, generated and unwrapped keys: the default list, or any list that the template gives. */
static const struct {
	CK_KEY_TYPE type;
	uint32_t count; /* 0: the template must give a list */
} made[] = {{CKK_AES, 7}, {CKK_DES2, 3}, {CKK_DES3, 0}, {CKK_GENERIC_SECRET, 4}, {CKK_HKDF, 4},
	{CKK_SHA256_HMAC, 4}, {CKK_RC4, 0}};

START_TEST(lists_of_made_keys)
{
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, YES(CKA_DERIVE)));
	planned(&o, made[_i].type, FLAG_DERIVE);
	ck_rv(plan_role_made(&t, &o), made[_i].count ? CKR_OK : CONTRA);
	ck_assert_uint_eq(o.default_allowed_count, made[_i].count);
	if (made[_i].count > 0) {
		ck_assert(!object_allows(&o, CKM_KEYDIV_CMAC)); /* never by default */
		ck_assert(!object_allows(&o, CKM_AES_ECB_ENCRYPT_DATA));
		ck_assert(!object_allows(&o, CKM_HKDF_DATA));
	}
	ck_ok(parse(&t, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC)));
	planned(&o, made[_i].type, FLAG_DERIVE);
	ck_ok(plan_role_made(&t, &o));
	ck_assert_ptr_null(o.default_allowed);
}
END_TEST

/* --- Derived keys --- */

#define NO_BASE_TEMPLATE UINT32_MAX

/*
 * Plan a derived key with FLAGS and role ROLE. CKA_DERIVE_TEMPLATE of the base gives GIVEN with the
 * values VALUES. The caller gives N mechanisms of LIST unless LIST is NULL.
 */
static CK_RV role(const struct role *of, uint32_t given, uint32_t values, uint32_t flags,
	const CK_MECHANISM_TYPE *list, size_t n, struct object *o)
{
	CK_ATTRIBUTE a = {CKA_ALLOWED_MECHANISMS, (void *)(uintptr_t)list, 8 * n};
	struct template base = {.flags_given = given, .flags = values};

	TEMPLATE t;
	ck_ok(template_parse(&a, list == NULL ? 0 : 1, &t));
	struct derived_plan plan = {&t, given == NO_BASE_TEMPLATE ? NULL : &base, of, 0};
	planned(o, CKK_AES, flags);
	CK_RV rv = plan_role_derived(&plan, o);
	return rv == CKR_OK ? plan_variables(&t, o) : rv;
}

static const struct {
	CK_MECHANISM_TYPE mechanism;
	uint32_t count; /* of the default list; 0: a leaf */
	CK_RV shorter;
} levels[] = {
	{CKM_KEYDIV_DEVICE_KEY, 3, CKR_OK},
	{CKM_KEYDIV_DATA_KEY, 7, CKR_OK},
	{CKM_KEYDIV_ODUKPT_INITIAL_KEY, 3, CKR_OK},
	{CKM_KEYDIV_EMV_CARD_KEY, 2, CKR_OK},
	{CKM_KEYDIV_OSDP_SCBK, 2, CKR_OK},
	{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, 2, CKR_OK},
	{CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, 2, CKR_OK},
	{CKM_KEYDIV_ODUKPT_CLIENT, 1, CONTRA},
	{CKM_KEYDIV_MESSAGE_KEY, 0, CONTRA},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY, 0, CONTRA},
	{CKM_KEYDIV_SESSION_KEY, 0, CONTRA},
	{CKM_KEYDIV_DEVICE_SESSION_KEY, 0, CONTRA},
	{CKM_KEYDIV_EMV_SESSION_KEY, 0, CONTRA},
	{CKM_KEYDIV_ODUKPT_KEY, 0, CONTRA},
	{CKM_KEYDIV_ODUKPT_NEXT_KEY, 0, CONTRA},
	{CKM_HKDF_DATA, 0, CONTRA}, /* makes no keys */
	{CKM_KEYDIV_CMAC, 0, CONTRA},
	{CKM_KEYDIV_AN10922, 0, CONTRA},
	{CKM_KEYDIV_HOROWITZ_DK, 0, CONTRA},
	{CKM_KEYDIV_RFC3961_DK, 0, CONTRA},
	{CKM_SP800_108_COUNTER_KDF, 0, CONTRA},
	{CKM_AES_ECB_ENCRYPT_DATA, 0, CONTRA},
};

START_TEST(levels_do_not_mix)
{
	const struct mechanism *mech = mechanism_find(levels[_i].mechanism);
	const struct role *of = mech->derive.role;
	CK_MECHANISM_TYPE first = of->children[0] ? of->children[0] : CKM_KEYDIV_DEVICE_KEY;
	CK_MECHANISM_TYPE two[2] = {first, CKM_KEYDIV_CMAC};
	OBJECT o = {0};

	ck_rv(role(of, NO_BASE_TEMPLATE, 0, FLAG_DERIVE, NULL, 0, &o),
		levels[_i].count ? CKR_OK : CONTRA);
	if (levels[_i].count > 0) {
		ck_assert_uint_eq(o.default_allowed_count, levels[_i].count);
		ck_assert(!object_allows(&o, CKM_KEYDIV_CMAC));
	}
	object_wipe(&o);
	ck_rv(role(of, NO_BASE_TEMPLATE, 0, FLAG_DERIVE, two, 1, &o), levels[_i].shorter);
	if (levels[_i].shorter == CKR_OK) {
		ck_assert(object_allows(&o, first));
		ck_assert(!object_allows(&o, CKM_KEYDIV_SESSION_KEY));
	}
	object_wipe(&o);
	ck_rv(role(of, NO_BASE_TEMPLATE, 0, FLAG_DERIVE, two, 2, &o), CONTRA);
	object_wipe(&o);
	ck_rv(role(of, NO_BASE_TEMPLATE, 0, FLAG_DERIVE, two, 0, &o), levels[_i].shorter);
	if (levels[_i].shorter == CKR_OK)
		ck_assert(!object_allows(&o, first));
	object_wipe(&o);
	ck_rv(role(of, NO_BASE_TEMPLATE, 0, FLAG_DERIVE | FLAG_SIGN, NULL, 0, &o), CONTRA);
}
END_TEST

START_TEST(every_mechanism_has_a_role)
{
	for (size_t i = 0; i < mechanism_count; i++) {
		const struct mechanism *mech = mechanisms[i];

		if (mech->info.flags & CKF_DERIVE)
			ck_assert_msg((mech->derive.role_of != NULL) != (mech->derive.role != NULL),
				"%s", mech->name);
	}
}
END_TEST

/* PERMITTED of all usage bits and CKA_DERIVE, one at a time. */
static const struct {
	const struct role *role;
	uint32_t given, values; /* of CKA_DERIVE_TEMPLATE of the base */
	uint32_t permitted;
} permissions[] = {
	{&role_by_use, NO_BASE_TEMPLATE, 0, USAGE_ALL},
	{&role_cipher, NO_BASE_TEMPLATE, 0, USAGE_CIPHER},
	{&role_mac, NO_BASE_TEMPLATE, 0, USAGE_MAC},
	{&role_wrapping, NO_BASE_TEMPLATE, 0, USAGE_WRAPPING},
	{&role_none, NO_BASE_TEMPLATE, 0, 0},
	{&role_no_wrap, NO_BASE_TEMPLATE, 0, USAGE_CIPHER | USAGE_MAC},
	{&role_leaf, NO_BASE_TEMPLATE, 0, USAGE_CIPHER | USAGE_MAC},
	{&role_leaf, FLAG_SENSITIVE, FLAG_SENSITIVE, USAGE_CIPHER | USAGE_MAC},
	{&role_leaf, FLAG_DERIVE, 0, USAGE_CIPHER | USAGE_MAC},
	{&role_leaf, FLAG_DERIVE, FLAG_DERIVE, FLAG_DERIVE},
	{&role_leaf, FLAG_WRAP, FLAG_WRAP, USAGE_WRAP},
	{&role_leaf, FLAG_WRAP | FLAG_UNWRAP, FLAG_WRAP | FLAG_UNWRAP, USAGE_WRAPPING},
	{&role_leaf, FLAG_WRAP, 0, USAGE_CIPHER | USAGE_MAC},
};

START_TEST(usage_by_role)
{
	for (uint32_t bit = FLAG_ENCRYPT; bit <= FLAG_DERIVE; bit <<= 1) {
		OBJECT o = {0};
		CK_RV rv = role(permissions[_i].role, permissions[_i].given, permissions[_i].values,
			bit, NULL, 0, &o);
		ck_rv(rv, permissions[_i].permitted & bit ? CKR_OK : CONTRA);
	}
}
END_TEST

START_TEST(card_keys_that_are_used_as_they_are)
{
	const struct role *card = mechanism_find(CKM_KEYDIV_EMV_CARD_KEY)->derive.role;
	OBJECT o = {0};

	ck_rv(role(card, NO_BASE_TEMPLATE, 0, FLAG_SIGN, NULL, 0, &o), CONTRA);
	ck_rv(role(card, FLAG_DERIVE, FLAG_DERIVE, FLAG_SIGN, NULL, 0, &o), CONTRA);
	ck_ok(role(card, FLAG_DERIVE, 0, FLAG_SIGN, NULL, 0, &o));
	ck_ok(role(card, FLAG_DERIVE, 0, FLAG_DECRYPT, NULL, 0, &o));
	ck_rv(role(card, FLAG_DERIVE, 0, FLAG_WRAP, NULL, 0, &o), CONTRA);
	ck_rv(role(card, FLAG_DERIVE, 0, FLAG_DERIVE, NULL, 0, &o), CONTRA);
}
END_TEST

START_TEST(trusted_by_the_so)
{
	OBJECT o = {0};

	planned(&o, CKK_AES, FLAG_WRAP | FLAG_SENSITIVE);
	o.made = MADE_CREATED | FLAG_WRAP | FLAG_SENSITIVE;
	ck_rv(plan_trust(&o, &user), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(plan_trust(&o, &public_rw), CKR_ATTRIBUTE_READ_ONLY);
	ck_ok(plan_trust(&o, &so));
	/* a key of unknown origin, or with each other origin */
	static const uint32_t ways[] = {0, MADE_FROM_PASSWORD, MADE_DERIVED, MADE_UNWRAPPED,
		MADE_CREATED | MADE_COPY, MADE_GENERATED};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		o.made = ways[i] | FLAG_WRAP | FLAG_SENSITIVE;
		ck_rv(plan_trust(&o, &so), CKR_ATTRIBUTE_VALUE_INVALID);
	}
	o.flags |= FLAG_ALWAYS_SENSITIVE;
	ck_rv(plan_trust(&o, &so), CKR_ATTRIBUTE_VALUE_INVALID);
	o.flags |= FLAG_NEVER_EXTRACTABLE;
	ck_ok(plan_trust(&o, &so));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");

	tcase_add_test(tests, access_by_rights);
	tcase_add_loop_test(
		tests, attributes_that_may_be_given_for_keys, 0, sizeof table / sizeof table[0]);
	tcase_add_test(tests, numbers_that_may_be_given);
	tcase_add_test(tests, attributes_that_may_be_given_for_data);
	tcase_add_loop_test(tests, a_master_does_nothing_else, 0, sizeof usages / sizeof usages[0]);
	tcase_add_test(tests, an_extractable_master_needs_trusted_keys);
	tcase_add_test(tests, attributes_of_masters);
	tcase_add_loop_test(tests, lists_of_made_keys, 0, sizeof made / sizeof made[0]);
	tcase_add_loop_test(tests, levels_do_not_mix, 0, sizeof levels / sizeof levels[0]);
	tcase_add_test(tests, every_mechanism_has_a_role);
	tcase_add_loop_test(tests, usage_by_role, 0, sizeof permissions / sizeof permissions[0]);
	tcase_add_test(tests, card_keys_that_are_used_as_they_are);
	tcase_add_test(tests, trusted_by_the_so);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

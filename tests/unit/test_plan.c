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

START_TEST(given_for_keys)
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

START_TEST(given_numbers)
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
	ck_rv(plan_given(&t, WHO_KEY, WHEN_DERIVE), BAD);
	ck_ok(plan_given(&t, WHO_CLIENT, WHEN_DERIVE));
	ck_ok(plan_given(&t, WHO_CLIENT, WHEN_SET));
}
END_TEST

START_TEST(given_for_data)
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

START_TEST(a_master_does_nothing_else)
{
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, YES(CKA_DERIVE), YES(usages[_i])));
	o.key_type = CKK_AES;
	o.flags = plan_flags(&t, 0);
	ck_rv(plan_level(&t, NULL, &o), CKR_TEMPLATE_INCONSISTENT);
	o.flags &= ~(uint32_t)FLAG_DERIVE;
	ck_ok(plan_level(&t, NULL, &o));
}
END_TEST

/*
 * The table of mechanisms/README.md, "The derived key". LIST_: what the template gives; RV and
 * COUNT: what comes of it.
 */
static const struct {
	CK_MECHANISM_TYPE row; /* 0: C_CreateObject or C_UnwrapKey */
	CK_KEY_TYPE type;
	CK_RV silent;
	uint32_t count; /* of the default list */
	CK_RV shorter, wider, empty;
} levels[] = {
	{0, CKK_AES, CKR_OK, 6, CKR_OK, CKR_OK, CKR_OK},
	{0, CKK_DES2, CKR_OK, 2, CKR_OK, CKR_OK, CKR_OK},
	{0, CKK_DES3, CKR_OK, 2, CKR_OK, CKR_OK, CKR_OK},
	{0, CKK_GENERIC_SECRET, CKR_OK, 4, CKR_OK, CKR_OK, CKR_OK},
	{0, CKK_HKDF, CKR_OK, 4, CKR_OK, CKR_OK, CKR_OK},
	{0, CKK_SHA256_HMAC, CKR_OK, 4, CKR_OK, CKR_OK, CKR_OK},
	{CKM_AES_KEY_GEN, CKK_AES, CKR_OK, 6, CKR_OK, CKR_OK, CKR_OK},
	{CKM_KEYDIV_CMAC, CKK_AES, CKR_OK, 6, CKR_OK, CKR_OK, CKR_OK},
	{CKM_KEYDIV_AN10922, CKK_AES, CKR_OK, 6, CKR_OK, CKR_OK, CKR_OK},
	{CKM_KEYDIV_DATA_KEY, CKK_AES, CKR_OK, 6, CKR_OK, CKR_OK, CKR_OK},
	{CKM_KEYDIV_DEVICE_KEY, CKK_AES, CKR_OK, 2, CKR_OK, CONTRA, CKR_OK},
	{CKM_KEYDIV_DEVICE_KEY, CKK_GENERIC_SECRET, CKR_OK, 2, CKR_OK, CONTRA, CKR_OK},
	{CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKK_AES, CKR_OK, 2, CKR_OK, CONTRA, CKR_OK},
	{CKM_KEYDIV_EMV_CARD_KEY, CKK_AES, CKR_OK, 1, CKR_OK, CONTRA, CKR_OK},
	{CKM_KEYDIV_ODUKPT_CLIENT, CKK_KEYDIV_ODUKPT_CLIENT, CKR_OK, 1, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_MESSAGE_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_SESSION_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_DEVICE_SESSION_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_EMV_SESSION_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_SCP03_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_TDES_DUKPT_KEY, CKK_DES2, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKK_DES2, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_AES_DUKPT_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_ODUKPT_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_KEYDIV_ODUKPT_NEXT_KEY, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA},
	{CKM_HKDF_DATA, CKK_AES, CONTRA, 0, CONTRA, CONTRA, CONTRA}, /* it makes no keys */
	{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKK_DES2, CONTRA, 0, CKR_OK, CKR_OK, CKR_OK},
	{CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, CONTRA, 0, CKR_OK, CKR_OK, CKR_OK},
};

/*
 * The level of a key of TYPE from ROW that derives, LIST (N mechanisms) being given unless
 * it is NULL.
 */
static CK_RV level(size_t i, const CK_MECHANISM_TYPE *list, size_t n, struct object *o)
{
	const struct mechanism *row = levels[i].row ? mechanism_find(levels[i].row) : NULL;
	CK_ATTRIBUTE a[2] = {
		YES(CKA_DERIVE), {CKA_ALLOWED_MECHANISMS, (void *)(uintptr_t)list, 8 * n}};

	ck_assert(levels[i].row == 0 || row != NULL);
	TEMPLATE t;
	ck_ok(template_parse(a, list == NULL ? 1 : 2, &t));
	plan_start(o, CKO_SECRET_KEY, levels[i].type);
	o->flags = FLAG_DERIVE;
	CK_RV rv = plan_level(&t, row, o);
	return rv == CKR_OK ? plan_variables(&t, o) : rv;
}

START_TEST(levels_do_not_mix)
{
	OBJECT silent = {0};
	OBJECT shorter = {0};
	OBJECT wider = {0};
	OBJECT empty = {0};
	const struct mechanism *row = levels[_i].row ? mechanism_find(levels[_i].row) : NULL;
	CK_MECHANISM_TYPE first =
		row && row->derive.children[0] ? row->derive.children[0] : CKM_KEYDIV_DEVICE_KEY;
	CK_MECHANISM_TYPE two[2] = {first, CKM_KEYDIV_CMAC};

	ck_rv(level(_i, NULL, 0, &silent), levels[_i].silent);
	if (levels[_i].silent == CKR_OK) {
		ck_assert(has_list(&silent));
		ck_assert_uint_eq(silent.default_allowed_count, levels[_i].count);
		ck_assert(!object_allows(&silent, CKM_KEYDIV_CMAC)); /* never by default */
		ck_assert(!object_allows(&silent, CKM_AES_ECB_ENCRYPT_DATA));
		ck_assert(!object_allows(&silent, CKM_HKDF_DATA));
	}
	ck_rv(level(_i, two, 1, &shorter), levels[_i].shorter);
	if (levels[_i].shorter == CKR_OK) {
		ck_assert(object_allows(&shorter, first));
		ck_assert(!object_allows(&shorter, CKM_KEYDIV_DATA_KEY));
	}
	ck_rv(level(_i, two, 2, &wider), levels[_i].wider);
	ck_rv(level(_i, two, 0, &empty), levels[_i].empty);
	if (levels[_i].empty == CKR_OK)
		ck_assert(!object_allows(&empty, first));
}
END_TEST

/* A key of a type for which there is no default list: not one that everything may derive from. */
START_TEST(no_list_no_master)
{
	OBJECT o = {0};

	TEMPLATE t;
	ck_ok(parse(&t, YES(CKA_DERIVE)));
	plan_start(&o, CKO_SECRET_KEY, CKK_RC4);
	o.flags = FLAG_DERIVE;
	ck_rv(plan_level(&t, NULL, &o), CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

/*
 * Every row that derives is in the table above, or is of the kind that mechanisms/README.md
 * calls "anything else".
 */
START_TEST(no_row_is_forgotten)
{
	for (size_t i = 0; i < mechanism_count; i++) {
		bool listed = false;
		for (size_t j = 0; j < sizeof levels / sizeof levels[0]; j++)
			listed |= levels[j].row == mechanisms[i]->type;
		ck_assert_msg(listed || mechanisms[i]->derive.level == LEVEL_OPEN, "%s",
			mechanisms[i]->name);
	}
}
END_TEST

START_TEST(trusted_by_the_so)
{
	TEMPLATE t;
	ck_ok(parse(&t, YES(CKA_TRUSTED)));
	ck_rv(plan_trusted(&t, &user), CKR_ATTRIBUTE_READ_ONLY);
	ck_rv(plan_trusted(&t, &public_rw), CKR_ATTRIBUTE_READ_ONLY);
	ck_ok(plan_trusted(&t, &so));
	ck_ok(parse(&t, NO(CKA_TRUSTED)));
	ck_ok(plan_trusted(&t, &user));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");

	tcase_add_test(tests, access_by_rights);
	tcase_add_loop_test(tests, given_for_keys, 0, sizeof table / sizeof table[0]);
	tcase_add_test(tests, given_numbers);
	tcase_add_test(tests, given_for_data);
	tcase_add_loop_test(tests, a_master_does_nothing_else, 0, sizeof usages / sizeof usages[0]);
	tcase_add_loop_test(tests, levels_do_not_mix, 0, sizeof levels / sizeof levels[0]);
	tcase_add_test(tests, no_list_no_master);
	tcase_add_test(tests, no_row_is_forgotten);
	tcase_add_test(tests, trusted_by_the_so);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan_copy.c: C_CopyObject and C_SetAttributeValue: protection goes up, usage goes down, or
 * nothing changes at all.
 */
#include "policy_support.h"

static const struct rights public_rw = {.read_write = true}, user_ro = {.user = true},
			   so = {.so = true, .read_write = true};

static void make(struct object *ret, const CK_ATTRIBUTE *more, CK_ULONG n)
{
	CK_ATTRIBUTE a[16] = {
		KEY(CKK_AES), VALUE16, STR(CKA_LABEL, "old"), YES(CKA_ENCRYPT), YES(CKA_SIGN)};

	if (n > 0)
		memcpy(a + 6, more, n * sizeof *more);
	TEMPLATE t;
	ck_ok(template_parse(a, 6 + n, &t));
	ck_ok(plan_create(&t, &user, ret));
}

static CK_RV set(struct object *o, const struct rights *rights, const CK_ATTRIBUTE *a, CK_ULONG n)
{
	struct template t;
	CK_RV rv = template_parse(a, n, &t);

	if (rv == CKR_OK)
		rv = plan_set(&t, rights, o);
	template_wipe(&t);
	return rv;
}

static CK_RV copy(const struct object *o, const struct rights *rights, const CK_ATTRIBUTE *a,
	CK_ULONG n, struct object *ret)
{
	struct template t;
	CK_RV rv = template_parse(a, n, &t);

	if (rv == CKR_OK)
		rv = plan_copy(&t, o, rights, ret);
	template_wipe(&t);
	return rv;
}

/*
 * Changes that an attacker would make. The key is sensitive, not extractable, private, wrappable
 * only by trusted keys, limited to two mechanisms, not copyable a second time (for set), and may
 * ENCRYPT and SIGN.
 */
static const struct {
	CK_ATTRIBUTE attribute;
	CK_RV set, copy;
} attacks[] = {
#define RO CKR_ATTRIBUTE_READ_ONLY
#define CONTRA CKR_TEMPLATE_INCONSISTENT
	{NO(CKA_SENSITIVE), RO, RO},
	{YES(CKA_EXTRACTABLE), RO, RO},
	{NO(CKA_WRAP_WITH_TRUSTED), RO, RO},
	{YES(CKA_TRUSTED), RO, RO},
	{YES(CKA_LOCAL), RO, RO},
	{YES(CKA_ALWAYS_SENSITIVE), RO, RO},
	{YES(CKA_NEVER_EXTRACTABLE), RO, RO},
	{STR(CKA_VALUE, "0123456789abcdeF"), RO, RO},
	{NO(CKA_PRIVATE), RO, RO},
	{YES(CKA_DECRYPT), RO, CONTRA},
	{YES(CKA_VERIFY), RO, CONTRA},
	{YES(CKA_WRAP), RO, CONTRA},
	{YES(CKA_UNWRAP), RO, CONTRA},
	{YES(CKA_DERIVE), RO, RO},
	{STR(CKA_CHECK_VALUE, "abc"), RO, RO},
	{STR(CKA_UNIQUE_ID, "0"), RO, RO},
	{RAW(CKA_WRAP_TEMPLATE, NULL, 0), RO, RO},
	{RAW(CKA_UNWRAP_TEMPLATE, NULL, 0), RO, RO},
	{RAW(CKA_DERIVE_TEMPLATE, NULL, 0), RO, RO},
	{YES(CKA_TOKEN), RO, CKR_OK},
	{NO(CKA_MODIFIABLE), RO, CKR_OK},
};

static const CK_ATTRIBUTE strict[] = {
	YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), YES(CKA_PRIVATE), YES(CKA_WRAP_WITH_TRUSTED)};

START_TEST(no_change_weakens_a_strict_key)
{
	OBJECT o = {0};
	OBJECT copied = {0};
	CK_ATTRIBUTE both[2] = {STR(CKA_LABEL, "new"), attacks[_i].attribute};

	make(&o, strict, 4);
	uint32_t flags = o.flags;
	ck_rv(set(&o, &user, both, 2), attacks[_i].set);
	/* nothing is changed, not even the good half */
	ck_assert_uint_eq(o.flags, flags);
	ck_assert(bytes_equal(object_variable(&o, VAR_LABEL), bytes_of("old", 3)));
	ck_assert_mem_eq(secret_peek(&o.value), "0123456789abcdef", 16);
	ck_rv(copy(&o, &user, both, 2, &copied), attacks[_i].copy);
	if (attacks[_i].copy != CKR_OK)
		ck_assert_uint_eq(copied.value.len, 0);
}
END_TEST

START_TEST(numbers_are_read_only)
{
	OBJECT o = {0};
	OBJECT copied = {0};
	const CK_ATTRIBUTE a[] = {TYPE(CKK_AES), CLASS(CKO_SECRET_KEY), LENGTH(16),
		NUM(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN)};

	make(&o, NULL, 0);
	for (size_t i = 0; i < sizeof a / sizeof a[0]; i++) {
		ck_rv(set(&o, &user, &a[i], 1), RO);
		ck_rv(copy(&o, &user, &a[i], 1, &copied), RO);
	}
	ck_rv(set(&o, &user, &(CK_ATTRIBUTE)STR(CKA_APPLICATION, "a"), 1),
		CKR_ATTRIBUTE_TYPE_INVALID);
	ck_rv(set(&o, &user, &(CK_ATTRIBUTE)NO(CKA_SIGN_RECOVER), 1), CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

START_TEST(changes_go_one_way)
{
	OBJECT o = {0};
	static const CK_ATTRIBUTE open[] = {NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)};
	static const CK_ATTRIBUTE up[] = {YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE),
		YES(CKA_WRAP_WITH_TRUSTED), NO(CKA_ENCRYPT), NO(CKA_COPYABLE), NO(CKA_DESTROYABLE)};
	static const CK_ATTRIBUTE down[] = {NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE),
		NO(CKA_WRAP_WITH_TRUSTED), YES(CKA_ENCRYPT), YES(CKA_COPYABLE),
		YES(CKA_DESTROYABLE)};

	make(&o, open, 2);
	for (size_t i = 0; i < sizeof up / sizeof up[0]; i++) {
		ck_ok(set(&o, &user, &up[i], 1));
		ck_ok(set(&o, &user, &up[i], 1)); /* again: no change */
		ck_rv(set(&o, &user, &down[i], 1), RO);
	}
	ck_assert(has(&o, FLAG_SENSITIVE | FLAG_WRAP_WITH_TRUSTED | FLAG_SIGN));
	ck_assert(
		!(o.flags & (FLAG_EXTRACTABLE | FLAG_ENCRYPT | FLAG_COPYABLE | FLAG_DESTROYABLE)));
	/* it was open once, and stays marked so */
	ck_assert(!(o.flags & (FLAG_ALWAYS_SENSITIVE | FLAG_NEVER_EXTRACTABLE)));
}
END_TEST

START_TEST(unmodifiable_and_uncopyable_objects)
{
	OBJECT o = {0};
	OBJECT copied = {0};
	static const CK_ATTRIBUTE fixed[] = {NO(CKA_MODIFIABLE), NO(CKA_COPYABLE)},
				  label[] = {STR(CKA_LABEL, "new")};

	make(&o, fixed, 2);
	ck_rv(set(&o, &user, label, 1), CKR_ACTION_PROHIBITED);
	ck_rv(set(&o, &user, NULL, 0), CKR_ACTION_PROHIBITED);
	ck_rv(copy(&o, &user, label, 1, &copied), CKR_ACTION_PROHIBITED);
	o.object_class = CKO_MECHANISM;
	o.flags |= FLAG_MODIFIABLE | FLAG_COPYABLE;
	ck_rv(set(&o, &user, label, 1), CKR_ACTION_PROHIBITED);
	ck_rv(copy(&o, &user, label, 1, &copied), CKR_ACTION_PROHIBITED);
}
END_TEST

START_TEST(rights_of_change)
{
	OBJECT o = {0};
	OBJECT copied = {0};
	static const CK_ATTRIBUTE token[] = {YES(CKA_TOKEN)}, label[] = {STR(CKA_LABEL, "new")};
	static const CK_ATTRIBUTE public[] = {NO(CKA_PRIVATE)}, private[] = {YES(CKA_PRIVATE)};

	make(&o, token, 1);
	ck_rv(set(&o, &user_ro, label, 1), CKR_SESSION_READ_ONLY);
	ck_rv(set(&o, &public_rw, label, 1), CKR_USER_NOT_LOGGED_IN);
	ck_rv(copy(&o, &user_ro, label, 1, &copied), CKR_SESSION_READ_ONLY);
	object_wipe(&o);
	make(&o, public, 1);
	ck_rv(copy(&o, &user_ro, token, 1, &copied), CKR_SESSION_READ_ONLY);
	ck_rv(copy(&o, &public_rw, private, 1, &copied), CKR_USER_NOT_LOGGED_IN);
	ck_ok(copy(&o, &user, private, 1, &copied));
	ck_assert(has(&copied, FLAG_PRIVATE));
}
END_TEST

/*
 * A public token key without its value, as it is while nobody is logged in, makes no keyless copy.
 */
START_TEST(copy_without_value)
{
	OBJECT o = {0};
	OBJECT copied = {0};

	make(&o, T(NO(CKA_PRIVATE)));
	secret_wipe(&o.value);
	ck_rv(copy(&o, &public_rw, NULL, 0, &copied), CKR_USER_NOT_LOGGED_IN);
}
END_TEST

/* A template may repeat what the key has: a usage without CKA_DERIVE, or CKA_DERIVE alone. */
START_TEST(copies_with_what_the_key_has)
{
	OBJECT o = {0};
	OBJECT copied = {0};
	TEMPLATE t;

	make(&o, NULL, 0);
	ck_ok(copy(&o, &user, T(YES(CKA_SIGN), NO(CKA_ENCRYPT)), &copied));
	ck_assert_uint_eq(copied.flags & FLAGS_USAGE, FLAG_SIGN);
	object_wipe(&o);
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE)));
	ck_ok(plan_create(&t, &user, &o));
	ck_ok(copy(&o, &user, T(YES(CKA_DERIVE), NO(CKA_SIGN)), &copied));
	ck_rv(copy(&o, &user, T(YES(CKA_DERIVE), YES(CKA_SIGN)), &copied), CONTRA);
}
END_TEST

START_TEST(only_the_so_sets_trusted)
{
	OBJECT o = {0};
	OBJECT copied = {0};

	make(&o, T(NO(CKA_PRIVATE)));
	ck_rv(set(&o, &so, T(YES(CKA_TRUSTED))), CKR_ATTRIBUTE_VALUE_INVALID);
	object_wipe(&o);
	TEMPLATE t;
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, NO(CKA_PRIVATE), YES(CKA_WRAP)));
	ck_ok(plan_create(&t, &user, &o));
	ck_ok(set(&o, &so, &(CK_ATTRIBUTE)YES(CKA_TRUSTED), 1));
	ck_assert(has(&o, FLAG_TRUSTED));
	ck_ok(set(&o, &user, &(CK_ATTRIBUTE)YES(CKA_TRUSTED), 1)); /* no change */
	ck_rv(set(&o, &user, &(CK_ATTRIBUTE)NO(CKA_TRUSTED), 1), RO);
	ck_assert(has(&o, FLAG_TRUSTED));
	ck_ok(copy(&o, &user, NULL, 0, &copied));
	ck_assert(!has(&copied, FLAG_TRUSTED) && copied.made == (o.made | MADE_COPY));
	ck_rv(set(&copied, &so, T(YES(CKA_TRUSTED))), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_ok(set(&o, &so, &(CK_ATTRIBUTE)NO(CKA_TRUSTED), 1));
	ck_rv(set(&o, &user, &(CK_ATTRIBUTE)YES(CKA_TRUSTED), 1), RO);
}
END_TEST

START_TEST(lists_shrink)
{
	OBJECT o = {0};
	OBJECT copied = {0};
	const CK_ATTRIBUTE one[] = {ALLOWED(CKM_KEYDIV_DEVICE_KEY)};
	const CK_ATTRIBUTE other[] = {ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_CMAC)};
	const CK_ATTRIBUTE none[] = {RAW(CKA_ALLOWED_MECHANISMS, NULL, 0)};

	TEMPLATE t;
	ck_ok(parse(&t, KEY(CKK_AES), VALUE16, YES(CKA_DERIVE)));
	ck_ok(plan_create(&t, &user, &o));
	ck_rv(set(&o, &user, other, 1), RO);
	ck_rv(copy(&o, &user, other, 1, &copied), RO);
	ck_ok(copy(&o, &user, NULL, 0, &copied));
	ck_assert(object_allows(
		&copied, CKM_KEYDIV_DATA_KEY)); /* the default list goes with the copy */
	ck_assert(!object_allows(&copied, CKM_KEYDIV_CMAC));
	ck_ok(set(&o, &user, one, 1));
	ck_assert(object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DATA_KEY));
	ck_rv(set(&o, &user, (CK_ATTRIBUTE[]){ALLOWED(CKM_KEYDIV_DATA_KEY)}, 1), RO);
	ck_ok(set(&o, &user, none, 1));
	ck_assert(!object_allows(&o, CKM_KEYDIV_DEVICE_KEY));
	ck_rv(set(&o, &user, one, 1), RO);
	ck_rv(set(&o, &user, T(YES(CKA_SIGN))), RO); /* a master stays one */
}
END_TEST

START_TEST(copies_and_changes_of_data_objects)
{
	OBJECT o = {0};
	OBJECT copied = {0};

	TEMPLATE t;
	ck_ok(parse(&t, CLASS(CKO_DATA), STR(CKA_VALUE, "open"), NO(CKA_PRIVATE)));
	ck_ok(plan_create(&t, &user, &o));
	ck_ok(set(&o, &user, T(STR(CKA_VALUE, "newer"), STR(CKA_APPLICATION, "app"))));
	ck_assert(bytes_equal(object_variable(&o, VAR_PUBLIC_VALUE), bytes_of("newer", 5)));
	ck_ok(set(&o, &user, T(STR(CKA_APPLICATION, "another")))); /* the value stays */
	ck_assert(bytes_equal(object_variable(&o, VAR_PUBLIC_VALUE), bytes_of("newer", 5)));
	/* a copy that is private keeps its value where secrets are kept */
	ck_ok(copy(&o, &user, (CK_ATTRIBUTE[]){YES(CKA_PRIVATE)}, 1, &copied));
	ck_assert_ptr_null(object_variable(&copied, VAR_PUBLIC_VALUE).p);
	ck_assert_uint_eq(copied.value.len, 5);
	ck_assert_mem_eq(secret_peek(&copied.value), "newer", 5);
	ck_ok(set(&copied, &user, T(STR(CKA_APPLICATION, "another"))));
	ck_assert_mem_eq(secret_peek(&copied.value), "newer", 5);
	ck_rv(set(&copied, &user, T(NO(CKA_PRIVATE))), RO);
	ck_ok(set(&copied, &user, T(STR(CKA_VALUE, "other"))));
	ck_assert_mem_eq(secret_peek(&copied.value), "other", 5);
	ck_rv(set(&copied, &user, T(NO(CKA_SENSITIVE))), CKR_ATTRIBUTE_TYPE_INVALID);
}
END_TEST

START_TEST(clients)
{
	OBJECT o = {.object_class = CKO_SECRET_KEY,
		.key_type = CKK_KEYDIV_ODUKPT_CLIENT,
		.flags = FLAG_MODIFIABLE | FLAG_DERIVE,
		.number = 100};
	OBJECT copied = {0};

	ck_rv(copy(&o, &user, NULL, 0, &copied), CKR_ACTION_PROHIBITED);
	ck_ok(set(&o, &user, T(NUM(CKA_KEYDIV_RESERVE, 64))));
	ck_assert_uint_eq(get_be64(object_variable(&o, VAR_RESERVE).p), 64);
	ck_rv(set(&o, &user, T(NUM(CKA_KEYDIV_RESERVE, 4097))), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(set(&o, &user, T(YES(CKA_COPYABLE))), RO);
	ck_rv(set(&o, &user, T(STR(CKA_KEYDIV_TRANSACTION, "12345678"))), RO);
	ck_rv(set(&o, &user, T(STR(CKA_KEYDIV_SHAPE, "12"))), RO);
	ck_assert_uint_eq(object_key_length(&o), 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_copy");
	TCase *tests = tcase_create("plan_copy");

	tcase_add_loop_test(
		tests, no_change_weakens_a_strict_key, 0, sizeof attacks / sizeof attacks[0]);
	tcase_add_test(tests, numbers_are_read_only);
	tcase_add_test(tests, changes_go_one_way);
	tcase_add_test(tests, unmodifiable_and_uncopyable_objects);
	tcase_add_test(tests, rights_of_change);
	tcase_add_test(tests, copy_without_value);
	tcase_add_test(tests, copies_with_what_the_key_has);
	tcase_add_test(tests, only_the_so_sets_trusted);
	tcase_add_test(tests, lists_shrink);
	tcase_add_test(tests, copies_and_changes_of_data_objects);
	tcase_add_test(tests, clients);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

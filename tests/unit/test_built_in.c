/* SPDX-License-Identifier: Apache-2.0 */
/* test_built_in.c: the objects every token has: profiles, and one CKO_MECHANISM for each row. */
#include "token/built_in.h"

#include "token_support.h"

static size_t seen;

static void count(CK_OBJECT_HANDLE handle, const struct object *o, void *arg)
{
	struct object again = {0};

	(void)arg;
	ck_assert(built_in_exists(handle));
	ck_ok(built_in_get(handle, &again));
	ck_assert_uint_eq(again.object_class, o->object_class);
	ck_assert_uint_eq(again.number, o->number);
	ck_assert(o->object_class == CKO_PROFILE || mechanism_find(o->number) != NULL);
	ck_assert_uint_eq(
		o->flags & (FLAG_PRIVATE | FLAG_MODIFIABLE | FLAG_DESTROYABLE | FLAG_COPYABLE), 0);
	seen++;
}

START_TEST(there_is_one_for_each_row_and_profile)
{
	built_in_each(count, NULL);
	ck_assert_uint_eq(seen, 2 + mechanism_count);
	ck_assert(!built_in_exists(HANDLE_BUILT_IN));
	ck_assert(!built_in_exists(HANDLE_BUILT_IN | (seen + 1)));
	ck_assert(!built_in_exists(0));
	struct object o = {0};
	ck_rv(built_in_get(HANDLE_BUILT_IN | (seen + 1), &o), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

START_TEST(a_search_finds_them_only_if_it_names_them)
{
	CK_OBJECT_HANDLE o[2];

	ck_assert_uint_eq(count_found(rw, NOTHING, NULL, 0), 0);
	ck_assert_uint_eq(count_found(rw, T(CLASS(CKO_PROFILE)), NULL, 0), 2);
	ck_assert_uint_eq(
		count_found(rw, T(NUM(CKA_PROFILE_ID, CKP_BASELINE_PROVIDER)), NULL, 0), 1);
	ck_assert_uint_eq(
		count_found(rw, T(NUM(CKA_MECHANISM_TYPE, CKM_KEYDIV_DEVICE_KEY)), o, 2), 1);
	ck_assert_uint_eq(get_number(rw, o[0], CKA_CLASS), CKO_MECHANISM);
	ck_assert_uint_eq(get_number(rw, o[0], CKA_MECHANISM_TYPE), CKM_KEYDIV_DEVICE_KEY);
	ck_assert_uint_eq(count_found(rw, T(NUM(CKA_MECHANISM_TYPE, CKM_RSA_PKCS)), NULL, 0), 0);
	ck_assert_uint_eq(count_found(rw, T(CLASS(CKO_PROFILE), NO(CKA_TOKEN)), NULL, 0), 0);
}
END_TEST

START_TEST(a_mechanism_tells_its_self_test)
{
	CK_OBJECT_HANDLE o[1];

	ck_assert_uint_eq(count_found(rw, T(NUM(CKA_MECHANISM_TYPE, CKM_KEYDIV_CMAC)), o, 1), 1);
	ck_assert_uint_eq(get_number(rw, o[0], CKA_KEYDIV_SELFTEST), CKR_OK);
	get_number(rw, o[0], CKA_KEYDIV_SELFTEST_TIME);
	self_test_flip = 0;
	ck_assert_uint_eq(get_number(rw, o[0], CKA_KEYDIV_SELFTEST), CKR_DEVICE_ERROR);
	self_test_flip = SELF_TEST_NO_FLIP;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("built_in");
	TCase *tests = tcase_create("built_in");

	tcase_add_checked_fixture(tests, ready_token, tear_down);
	tcase_add_test(tests, there_is_one_for_each_row_and_profile);
	tcase_add_test(tests, a_search_finds_them_only_if_it_names_them);
	tcase_add_test(tests, a_mechanism_tells_its_self_test);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

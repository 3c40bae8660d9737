/* SPDX-License-Identifier: Apache-2.0 */
/* test_scp02.c: session keys of SCP02. */
#include "scheme.h"

#define STATIC_KEY "404142434445464748494a4b4c4d4e4f"

static void start(struct scheme *s, CK_KEY_TYPE type, const char *constant, const char *counter)
{
	scheme_start(s, CKM_KEYDIV_SCP02_KEY, type, STATIC_KEY);
	scheme_put_hex(s, KEYDIV_SCP02_CONSTANT, constant);
	scheme_put_hex(s, KEYDIV_SCP02_COUNTER, counter);
}

START_TEST(published_answers)
{
	struct vectors v;

	for (vectors_open(&v, "scp02.txt"); vectors_next(&v);) {
		struct scheme s;
		ck_assert_str_eq(vector_text(&v, "static"), STATIC_KEY);
		start(&s, CKK_DES2, vector_text(&v, "constant"), vector_text(&v, "counter"));
		scheme_expect(&s, vector_text(&v, "out"));
		ck_assert_uint_eq(s.type, CKK_DES2);
	}
	ck_assert_uint_eq(v.cases, 15);
}
END_TEST

START_TEST(refused)
{
	static const char *const constants[] = {"0000", "0100", "0103", "0180", "0183", "0282"};
	struct scheme s;

	for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
		start(&s, CKK_DES2, constants[i], "0001");
		scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	}
	start(&s, CKK_AES, "0182", "0001");
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
	start(&s, CKK_DES2, "0182", "0001");
	scheme_want(&s, CKK_DES3, 24);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	scheme_want(&s, CKK_GENERIC_SECRET, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scp02");
	TCase *tc = tcase_create("scp02");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

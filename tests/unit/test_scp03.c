/* SPDX-License-Identifier: Apache-2.0 */
/* test_scp03.c: session keys of SCP03. */
#include "scheme.h"

START_TEST(published_answers)
{
	struct vectors v;
	struct scheme s;
	unsigned session_keys = 0;

	for (vectors_open(&v, "scp03.txt"); vectors_next(&v);) {
		uint8_t constant;
		vector_hex(&v, "constant", &constant, 1);
		scheme_start(&s, CKM_KEYDIV_SCP03_KEY, CKK_AES, vector_text(&v, "key"));
		keydiv_put(&s.parameter, KEYDIV_SCP03_CONSTANT, &constant, 1);
		scheme_put_hex(&s, KEYDIV_SCP03_CONTEXT, vector_text(&v, "context"));
		scheme_want(&s, CKK_GENERIC_SECRET, strlen(vector_text(&v, "out")) / 2);
		if (constant == 4 || constant == 6 || constant == 7) {
			scheme_expect(&s, vector_text(&v, "out"));
			session_keys++;
		} else {
			scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
		}
	}
	ck_assert_uint_eq(session_keys, 6);
}
END_TEST

START_TEST(context_lengths)
{
	for (size_t n = 15; n <= 33; n++) {
		struct scheme s;
		SECRET value = {0};
		uint8_t context[33] = {0};
		scheme_start(&s, CKM_KEYDIV_SCP03_KEY, CKK_AES, "404142434445464748494a4b4c4d4e4f");
		scheme_put_hex(&s, KEYDIV_SCP03_CONSTANT, "04");
		keydiv_put(&s.parameter, KEYDIV_SCP03_CONTEXT, context, n);
		ck_rv(scheme_run(&s, &value),
			n == 16 || n == 32 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scp03");
	TCase *tc = tcase_create("scp03");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, context_lengths);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

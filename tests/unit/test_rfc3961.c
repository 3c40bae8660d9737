/* SPDX-License-Identifier: Apache-2.0 */
/* test_rfc3961.c: DK of RFC 3961 (DES3) and RFC 3962 (AES). */
#include "scheme.h"

START_TEST(published_answers)
{
	struct vectors v;
	struct scheme s;
	unsigned dk = 0;

	for (vectors_open(&v, "rfc3961.txt"); vectors_next(&v);) {
		bool aes = strcmp(vector_text(&v, "cipher"), "AES") == 0;
		/* DR is an inner step. Its only published value comes with the value of DK. */
		if (vector_text(&v, "dk") == NULL)
			continue;
		scheme_start(&s, CKM_KEYDIV_RFC3961_DK, aes ? CKK_AES : CKK_DES3,
			vector_text(&v, "key"));
		scheme_put_hex(&s, KEYDIV_CONSTANT, vector_text(&v, "constant"));
		scheme_expect(&s, vector_text(&v, "dk"));
		dk++;
	}
	ck_assert_uint_eq(dk, 18);
}
END_TEST

START_TEST(bad_keys_are_refused)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_RFC3961_DK, CKK_DES2, "0123456789abcdeffedcba9876543210");
	scheme_put_text(&s, KEYDIV_CONSTANT, "x");
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
	s.base_type = CKK_AES;
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rfc3961");
	TCase *tc = tcase_create("rfc3961");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, bad_keys_are_refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

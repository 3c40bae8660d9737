/* SPDX-License-Identifier: Apache-2.0 */
/* test_cmac.c: keys whose value is a CMAC. */
#include "scheme.h"

START_TEST(sp800_38b)
{
	struct vectors v;
	struct scheme s;

	for (vectors_open(&v, "cmac_aes.txt"); vectors_next(&v);) {
		scheme_start(&s, CKM_KEYDIV_CMAC, CKK_AES, vector_text(&v, "key"));
		scheme_put_hex(&s, KEYDIV_MESSAGE, vector_text(&v, "msg"));
		scheme_want(&s, CKK_AES, 16);
		scheme_expect(&s, vector_text(&v, "mac"));
		scheme_want(&s, CKK_DES2, 0);
		scheme_expect(&s, vector_text(&v, "mac"));
		scheme_want(&s, CKK_SHA256_HMAC, 16);
		scheme_expect(&s, vector_text(&v, "mac"));
	}
	ck_assert_uint_eq(v.cases, 12);
}
END_TEST

START_TEST(sixteen_bytes_and_no_other)
{
	struct scheme s;

	scheme_start(
		&s, CKM_KEYDIV_CMAC, CKK_AES, "000102030405060708090a0b0c0d0e0f1011121314151617");
	scheme_put_text(&s, KEYDIV_MESSAGE, "x");
	/* The default is the base's length. A key gets shorter only on request. */
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_AES, 24);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_DES3, 0);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_GENERIC_SECRET, 20);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cmac");
	TCase *tc = tcase_create("cmac");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, sp800_38b);
	tcase_add_test(tc, sixteen_bytes_and_no_other);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

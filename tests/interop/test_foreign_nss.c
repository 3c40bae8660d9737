/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign_nss.c: masters of keydiv whose values are in a database of NSS's softokn, which the
 * test program uses in the same process.
 */
#include "far.h"

static const struct {
	CK_KEY_TYPE type;
	enum far_right right;
	unsigned least; /* derivations of 40 rounds that must have been compared */
} kinds[] = {
	{CKK_AES, FAR_BOTH, 700},
	{CKK_AES, FAR_SIGN, 400},
	{CKK_AES, FAR_ENCRYPT, 700},
	{CKK_DES3, FAR_ENCRYPT, 100},
	{CKK_GENERIC_SECRET, FAR_SIGN, 1},
};

START_TEST(the_same_keys_as_with_the_value)
{
	unsigned done = compare_all(kinds[_i].type, kinds[_i].right, 40);

	ck_assert_uint_ge(done, kinds[_i].least);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign masters in NSS");
	TCase *tc = tcase_create("NSS");

	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_checked_fixture(tc, far_nss, far_finish);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(
		tc, the_same_keys_as_with_the_value, 0, (int)(sizeof kinds / sizeof *kinds));
	return run(suite);
}

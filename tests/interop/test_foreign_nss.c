/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign_nss.c: masters of keydiv whose values are in a database of NSS's softokn, which the
 * test program uses in the same process.
 */
#include "far.h"

static const struct far_kind kinds[] = {
	{CKK_AES, FAR_BOTH, 700},
	{CKK_AES, FAR_SIGN, 400},
	{CKK_AES, FAR_ENCRYPT, 700},
	{CKK_DES2, FAR_ENCRYPT, 20},
	{CKK_DES3, FAR_ENCRYPT, 100},
	{CKK_GENERIC_SECRET, FAR_SIGN, 1},
};

START_TEST(the_same_keys_as_with_the_value)
{
	compare_kind(&kinds[_i]);
}
END_TEST

START_TEST(threads)
{
	link_both(FAR_ENCRYPT, NOTHING);
	far_threads();
}
END_TEST

/* keydiv alone initialises NSS, with the arguments of keydiv.conf, and again in a child. */
START_TEST(a_child_of_fork)
{
	far_key("mk", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	ok(g->C_Finalize(NULL));
	there = LINK("mk", STR(CKA_LABEL, "master"));
	here = near_key(CKK_AES, mk, 16, NOTHING);
	far_forks();
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "master")), &there, 1) == 1);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 0, 20));
}
END_TEST

START_TEST(logout)
{
	link_both(FAR_SIGN, T(STR(CKA_LABEL, "master"), NO(CKA_PRIVATE)));
	holds(same_macs(s, 0, 5));
	ok(f->C_Logout(s));
	gives(CKR_USER_NOT_LOGGED_IN, device_mac(s, there, 1, (uint8_t[16]){0}));
	login(CKU_USER);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 0, 5));
	/*
	 * The application does not log out of NSS here, as test_foreign.c does with SoftHSM. With
	 * the handle of a private key from before a logout, NSS 3.87 reads memory that NSS has
	 * freed (C_SignInit gives CKR_KEY_SIZE_RANGE, or the process dies).
	 */
	ok(g->C_CloseAllSessions(far_slot()));
	holds(same_macs(s, 10, 5));
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
	tcase_add_test(tc, threads);
	tcase_add_test(tc, a_child_of_fork);
	tcase_add_test(tc, logout);
	return run(suite);
}

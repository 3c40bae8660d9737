/* SPDX-License-Identifier: Apache-2.0 */
/*
 * by_client.h: the tests of this folder that do not apply when keydiv-client.so is the module under
 * test. by_client.c is the one list of them, with their reasons.
 */
#ifndef KEYDIV_TESTS_BY_CLIENT_H
#define KEYDIV_TESTS_BY_CLIENT_H

#include <check.h>
#include <stdbool.h>

/* Return true unless the test NAME of this program is in the list and the client is tested. */
bool applies(const char *name);

/* Add a test to a case, as Check does, if the test applies. */
#undef tcase_add_test
#define tcase_add_test(tc, test)                                                                   \
	(applies((test)->name) ? (void)_tcase_add_test((tc), (test), 0, 0, 0, 1) : (void)0)
#undef tcase_add_loop_test
#define tcase_add_loop_test(tc, test, from, to)                                                    \
	(applies((test)->name) ? (void)_tcase_add_test((tc), (test), 0, 0, (from), (to)) : (void)0)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h: what the unit tests share: comparing results and bytes, and the main function of
 * a test program.
 */
#ifndef KEYDIV_TESTS_UNIT_H
#define KEYDIV_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "base/error.h"
#include "keydiv.h"
#include "time_limit.h"

const char *rv_name(CK_RV rv);

#define ck_rv(call, expected)                                                                      \
	do {                                                                                       \
		CK_RV rv_ = (call);                                                                \
		ck_assert_msg(rv_ == (expected), #call " gives %s and not %s", rv_name(rv_),       \
			rv_name(expected));                                                        \
	} while (0)
#define ck_ok(call) ck_rv(call, CKR_OK)

/* Run SUITE, a process a test unless CK_FORK=no; the exit code of the program. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

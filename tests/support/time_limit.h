/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_limit.h: the time limit of every test, in seconds. The limit only ends a test that hangs. It
 * is long, because a busy host must not make a test fail.
 */
#ifndef KEYDIV_TESTS_TIME_LIMIT_H
#define KEYDIV_TESTS_TIME_LIMIT_H

#include <stdlib.h>

#define TIME_LIMIT 1800

/* Check reads this variable when a test case is created. Its own default is four seconds. */
__attribute__((constructor)) static void set_time_limit(void)
{
	setenv("CK_DEFAULT_TIMEOUT", "1800", 1);
}

#endif

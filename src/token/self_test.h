/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_test.h: a mechanism proves itself before its first use: its known answers
 * (mechanisms/selftest.h) run once after each C_Initialize. A wrong answer puts the whole module in
 * the error state.
 */
#ifndef KEYDIV_TOKEN_SELF_TEST_H
#define KEYDIV_TOKEN_SELF_TEST_H

#include "mechanism.h"
#include "selftest.h"

/*
 * Forget what has been tested, and tell FAILED(name) from now on when an answer is wrong.
 * Called by C_Initialize.
 */
void self_test_start(void (*failed)(const char *mechanism));

/*
 * Test ROW unless that was done: CKR_OK, CKR_DEVICE_ERROR if it fails now or has failed,
 * CKR_HOST_MEMORY. One atomic load if it was done.
 */
MUST_USE CK_RV self_test_once(const struct mechanism *row);

/*
 * Test the mechanism TYPE now: *RET_RESULT CKR_OK or CKR_DEVICE_ERROR, and the time in
 * nanoseconds. CKR_MECHANISM_INVALID, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV self_test_now(
	CK_MECHANISM_TYPE type, CK_ULONG *ret_result, CK_ULONG *ret_nanoseconds);

/*
 * For the test of the test: the number of the answer to spoil in every row from now
 * on, or SELFTEST_NO_FLIP.
 */
extern int self_test_flip;

#endif

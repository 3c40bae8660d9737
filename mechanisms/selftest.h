/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest.h: run a mechanism's known answers through the parser, the plan and the derivation
 * that callers use.
 */
#ifndef KEYDIV_MECHANISMS_SELFTEST_H
#define KEYDIV_MECHANISMS_SELFTEST_H

#include "mechanism.h"

#define SELFTEST_KEYS (1 + SCRATCH_KEYS)
#define SELFTEST_NO_FLIP (-1)

/*
 * Run every known answer of the mechanism, or its own selftest function. KEYS are scratch keys and
 * are empty afterwards. FLIP_ANSWER is the number of the answer whose expected value gets a wrong
 * bit, which tests the test, or SELFTEST_NO_FLIP. CKR_FUNCTION_FAILED if an answer is wrong or the
 * mechanism has none. CKR_HOST_MEMORY says nothing about the mechanism. Allocates nothing unless a
 * value is over SECRET_INLINE.
 */
MUST_USE CK_RV mechanism_selftest(
	const struct mechanism *mech, struct key *keys[SELFTEST_KEYS], int flip_answer);

#endif

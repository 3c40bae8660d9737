/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest.h: a row put to its known answers, through the parser, the plan and the derivation
 * that callers use.
 */
#ifndef KEYDIV_MECHANISMS_SELFTEST_H
#define KEYDIV_MECHANISMS_SELFTEST_H

#include "mechanism.h"

#define SELFTEST_KEYS (1 + SCRATCH_KEYS)
#define SELFTEST_NO_FLIP (-1)

/*
 * Run every known answer of ROW, or its own selftest function, with KEYS to work in (they are empty
 * afterwards). FLIP_ANSWER: the number of the answer whose expected value is spoilt by one bit, for
 * the test of the test; else SELFTEST_NO_FLIP. CKR_OK; CKR_FUNCTION_FAILED if an answer is wrong or
 * the row has none; CKR_HOST_MEMORY, which says nothing of the row. Allocates nothing unless a
 * value is over SECRET_INLINE.
 */
MUST_USE CK_RV mechanism_selftest(
	const struct mechanism *row, struct key *keys[SELFTEST_KEYS], int flip_answer);

#endif

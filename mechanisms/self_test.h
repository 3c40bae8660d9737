/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_test.h: run a mechanism's known answers through the parser, the plan and the derivation
 * that callers use.
 */
#ifndef KEYDIV_MECHANISMS_SELF_TEST_H
#define KEYDIV_MECHANISMS_SELF_TEST_H

#include "mechanism.h"

#define SELF_TEST_NO_FLIP (-1)

/*
 * Run every known answer of MECH, or its test.run if there is one. KEYS are scratch keys and are
 * empty afterwards. FLIP_ANSWER is the number of the answer whose expected value gets a wrong bit,
 * which tests the test, or SELF_TEST_NO_FLIP. CKR_FUNCTION_FAILED if an answer is wrong or the
 * mechanism has none. CKR_HOST_MEMORY says nothing about the mechanism. Allocates nothing unless a
 * value is over SECRET_INLINE.
 */
MUST_USE CK_RV mechanism_self_test(
	const struct mechanism *mech, struct key *keys[SELF_TEST_KEYS], int flip_answer);

/*
 * Decode the digits of HEX to OUT, which has room for ROOM bytes. RET_N is their number of bytes, 0
 * if HEX is NULL. CKR_FUNCTION_FAILED if the room is too small or HEX is not hexadecimal.
 */
MUST_USE CK_RV self_test_hex(const char *hex, uint8_t *out, size_t room, size_t *ret_n);

#endif

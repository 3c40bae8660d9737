/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_test_gate.h: the gate before the first use of a mechanism. No mechanism is used before its
 * known answers (mechanisms/self_test.h) were right once since C_Initialize. A wrong answer puts
 * the module into the error state.
 *
 * A mechanism is named by its index in mechanisms[], which mechanism_look_up returns.
 */
#ifndef KEYDIV_TOKEN_SELF_TEST_GATE_H
#define KEYDIV_TOKEN_SELF_TEST_GATE_H

#include "mechanism.h"
#include "self_test.h"

/*
 * Close the gate of every mechanism. From now on FAILED, unless NULL, is called with the name of a
 * mechanism whose answer is wrong. Called by C_Initialize.
 */
void self_test_gate_start(void (*failed)(const char *mechanism));

/*
 * Run the known answers of mechanisms[INDEX] unless they were right before. CKR_DEVICE_ERROR if an
 * answer is wrong. CKR_HOST_MEMORY. Costs one atomic load once the answers were right.
 */
MUST_USE CK_RV self_test_gate(size_t index);

/*
 * Run the known answers of mechanism TYPE now. *RET_RESULT is CKR_OK or CKR_DEVICE_ERROR, and
 * *RET_NANOSECONDS the time. CKR_MECHANISM_INVALID, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV self_test_now(
	CK_MECHANISM_TYPE type, CK_ULONG *ret_result, CK_ULONG *ret_nanoseconds);

/*
 * For tests of the gate: the number of the answer to spoil in every
 * mechanism, or SELF_TEST_NO_FLIP.
 */
extern int self_test_flip;

#endif

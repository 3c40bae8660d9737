/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_support.h: a session for the tests of operations, with keys that stand in for
 * the key cache's.
 */
#ifndef KEYDIV_TESTS_OPERATION_SUPPORT_H
#define KEYDIV_TESTS_OPERATION_SUPPORT_H

#include "calls/operation.h"
#include "calls/operation_steps.h"
#include "template.h"
#include "unit.h"

/* The keys there are: every other handle is invalid. All have all usage flags, but the last. */
enum { AES_KEY = 1, AES_KEY_2, DES3_KEY, HMAC_KEY, AES_KEY_COPY, NO_USE_KEY };

extern struct session *session; /* made by operation_setup */

void operation_setup(void);
void operation_teardown(void); /* fails if a key is still pinned */

/* Give KEY a list of N allowed mechanisms; N 0: none. */
void operation_list(CK_OBJECT_HANDLE key, const CK_MECHANISM_TYPE *list, uint32_t n);

/* How often KEY is pinned. */
unsigned pins_of(CK_OBJECT_HANDLE key);

#endif

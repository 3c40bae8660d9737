/* SPDX-License-Identifier: Apache-2.0 */
/* second.h: SoftHSM2 in the same process, as the second implementation. */
#ifndef KEYDIV_TESTS_SECOND_H
#define KEYDIV_TESTS_SECOND_H

#include "../module/harness.h"

extern CK_FUNCTION_LIST *g;  /* SoftHSM's functions */
extern CK_SESSION_HANDLE gs; /* and a session there, user logged in */

/*
 * Fixture: our token (s, user logged in) and SoftHSM's, each in this test's directory. finish() and
 * second_finish() end it.
 */
void both(void);
void second_finish(void);

/* The same session key in both, each usage as given. */
void import_both(CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE_TYPE usage,
	CK_OBJECT_HANDLE *ret_ours, CK_OBJECT_HANDLE *ret_theirs);
CK_OBJECT_HANDLE import_there(
	CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE_TYPE usage);

/* N bytes of a reproducible random sequence; a number below MAX. */
void draw(uint8_t *out, size_t n);
size_t below(size_t max);

#endif

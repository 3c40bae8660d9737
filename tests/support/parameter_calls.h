/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parameter_calls.h: pass the same bytes as parameter to every function that takes a parameter, and
 * as template in a template to every function that takes a template.
 */
#ifndef KEYDIV_TESTS_PARAMETER_CALLS_H
#define KEYDIV_TESTS_PARAMETER_CALLS_H

#include "base/pkcs11.h"

/* A token with a user logged in, and keys for each use. */
struct parameter_calls {
	CK_FUNCTION_LIST *f;
	CK_FUNCTION_LIST_3_0 *f3;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE use[3], base[3], wrap, templates; /* of AES, DES3, generic; and AES */
};

/*
 * Make the keys of CALLS, whose first three members are set. Returns the code of the first call
 * that fails.
 */
CK_RV parameter_calls_keys(struct parameter_calls *calls);

/*
 * Call every function with the mechanism NUMBER and the N bytes at P, which no call may take for
 * pointers. Returns the number of calls that returned CKR_OK.
 */
unsigned parameter_calls_run(
	const struct parameter_calls *calls, CK_MECHANISM_TYPE number, const void *p, CK_ULONG n);

/* The same for the bytes as value of each template in a template, and as buffer of one. */
unsigned template_calls_run(const struct parameter_calls *calls, const void *p, CK_ULONG n);

#endif

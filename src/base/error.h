/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h: one result type, never ignored.
 *
 * Every function that can fail returns a CK_RV and is MUST_USE. TRY passes an error on; ENSURE
 * turns a condition into one. Bugs of our own are assert()ed; what a caller can cause gets a code.
 */
#ifndef KEYDIV_BASE_ERROR_H
#define KEYDIV_BASE_ERROR_H

#include "pkcs11.h"

#define MUST_USE __attribute__((warn_unused_result))

/* Return the error of CALL to our caller, if it is one. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		CK_RV try_rv_ = (call);                                                            \
		if (__builtin_expect(try_rv_ != CKR_OK, 0))                                        \
			return try_rv_;                                                            \
	} while (0)

/*
 * Log at debug level that CONDITION failed at FILE:LINE, with RV, and keep it as the reason of RV.
 * Defined in log.c.
 */
__attribute__((cold)) void error_note(const char *file, int line, const char *condition, CK_RV rv);

/* The same, and return RV; inline, so that the compiler sees that a constant code is no success. */
static inline CK_RV error_at(const char *file, int line, const char *condition, CK_RV rv)
{
	error_note(file, line, condition, rv);
	return rv;
}

/*
 * The error RV, noted with REASON (a string that names no secret) and the place:
 * `return FAIL(rv, "reason")`.
 */
#define FAIL(rv, reason) error_at(__FILE__, __LINE__, reason, rv)

/*
 * Unless COND holds, log where and why at debug level and return RV. The condition's text must
 * name no secret.
 */
#define ENSURE(cond, rv)                                                                           \
	do {                                                                                       \
		if (__builtin_expect(!(cond), 0))                                                  \
			return FAIL(rv, #cond);                                                    \
	} while (0)

#endif

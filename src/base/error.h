/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h: one result type, never ignored.
 *
 * Every function that can fail returns a CK_RV and is MUST_USE. Four macros leave a function
 * with an error:
 *
 * 	TRY(call);				pass on the error of a call
 * 	REQUIRE(cond, rv, "reason");		an error that a caller can cause
 * 	return FAIL(rv, "reason");		the same, where the condition was tested already
 * 	ENSURE(cond, rv);			an error whose condition serves as reason
 *
 * Use ENSURE where the text of the condition explains the fault to a developer, and REQUIRE where
 * the user of the log needs words. A reason is a short English statement of the fault, such as "the
 * session is read-only". The log prints the reason after the function's name (log.h). The reason
 * must be a string constant, and neither the reason nor the condition of ENSURE may contain a
 * secret. A broken invariant of this project is a matter for assert().
 */
#ifndef KEYDIV_BASE_ERROR_H
#define KEYDIV_BASE_ERROR_H

#include "pkcs11.h"

#define MUST_USE __attribute__((warn_unused_result))

/* Evaluate CALL once. Return the CK_RV of CALL from the enclosing function if it is an error. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		CK_RV try_rv_ = (call);                                                            \
		if (__builtin_expect(try_rv_ != CKR_OK, 0))                                        \
			return try_rv_;                                                            \
	} while (0)

/*
 * Keep REASON and the place FILE:LINE as this thread's explanation of RV for log_failure(), and log
 * them at debug level. FILE and REASON are constants: only the pointers are kept. Defined in log.c.
 */
__attribute__((cold)) void error_note(const char *file, int line, const char *reason, CK_RV rv);

/* Call error_note() and return RV. Inline: the compiler sees that a constant RV is no success. */
static inline CK_RV error_at(const char *file, int line, const char *reason, CK_RV rv)
{
	error_note(file, line, reason, rv);
	return rv;
}

/* The value is RV, after REASON and this place are noted. */
#define FAIL(rv, reason) error_at(__FILE__, __LINE__, reason, rv)

/* Unless COND holds, note REASON and return RV. */
#define REQUIRE(cond, rv, reason)                                                                  \
	do {                                                                                       \
		if (__builtin_expect(!(cond), 0))                                                  \
			return FAIL(rv, reason);                                                   \
	} while (0)

/* Unless COND holds, note the text of COND and return RV. */
#define ENSURE(cond, rv) REQUIRE(cond, rv, "failed check: " #cond)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one line for each failed call, in the file that the configuration names. Without a file
 * nothing is logged.
 *
 * A line has the time, the process, the level and a text. The line of a failed call names the
 * function, the code, the reason, the mechanism, the key and the source place:
 *
 * 	C_DeriveKey: CKR_MECHANISM_INVALID: the mechanism is not in the key's CKA_ALLOWED_MECHANISMS
 * 		(mechanism CKM_KEYDIV_ODUKPT_KEY, key 'plant') at plan_use.c:LINE
 *
 * The parts come from three places:
 * - the reason from REQUIRE, FAIL or ENSURE (error.h), where the fault is detected;
 * - mechanism and key from log_subject_mechanism() and log_subject_key(), called by src/calls on
 *   the way out of a failed call;
 * - function and code from src/module, which writes the line.
 *
 * Nothing of this is done before a failure, so a successful call pays nothing for the log.
 *
 * The log never contains a key, a PIN, or a byte of a parameter. Each line is one write(2), so
 * several processes may share a file.
 */
#ifndef KEYDIV_BASE_LOG_H
#define KEYDIV_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

enum log_level { LOG_NONE, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* The name of a file that means the standard error of the process. */
#define LOG_TO_STDERR "stderr"

/*
 * Log lines of LEVEL and of the levels before LEVEL to FILE. FILE is appended to, is created with
 * mode 0600, and may not be a symbolic link. FILE NULL or LEVEL LOG_NONE turns logging off. Return
 * false with errno if FILE cannot be opened; logging is then off. Not thread-safe: only
 * C_Initialize and C_Finalize call log_open and log_close.
 */
MUST_USE bool log_open(const char *file, enum log_level level);
void log_close(void);

/* Return true if lines of LEVEL are written. */
bool log_enabled(enum log_level level);

/* Write one line. Control characters are written as '?', and a long line is cut. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Add to this thread's explanation of the error RV that the call used the mechanism NAME, a string
 * constant. Call this function only when RV is about to be returned to the caller.
 */
__attribute__((cold)) void log_subject_mechanism(CK_RV rv, const char *name);

/*
 * The same for a key. TEXT is the N bytes of the key's CKA_LABEL, or of CKA_UNIQUE_ID if the label
 * is empty. The bytes are copied, at most 64.
 */
__attribute__((cold)) void log_subject_key(CK_RV rv, const void *text, size_t n);

/*
 * Write the line of a call: FUNCTION returns RV to the application. Take this thread's explanation
 * of RV, if there is one, and forget the explanation.
 */
__attribute__((cold)) void log_failure(const char *function, CK_RV rv);

/*
 * Forget this thread's explanation. For an error code that is part of normal work, not a failure.
 */
void log_forget(void);

/* The name of RV, such as "CKR_OK", or "CKR_VENDOR_DEFINED" for an unknown code. */
const char *rv_name(CK_RV rv);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)

#endif

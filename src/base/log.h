/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one line a failure, to the file the configuration names; silent without one.
 *
 * A line has the time, the process, the level, the function and the reason. Never a value: no
 * key, no PIN, no parameter. Lines are written with one write(2) each, so several processes may
 * share a file.
 */
#ifndef KEYDIV_BASE_LOG_H
#define KEYDIV_BASE_LOG_H

#include <stdbool.h>

#include "error.h"

enum log_level { LOG_NONE, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * Log to FILE (appended to, made 0600, no symbolic link followed) what is at or above LEVEL; FILE
 * NULL or LOG_NONE: nothing. False if FILE cannot be opened; logging is then off. Not thread-safe:
 * only C_Initialize and C_Finalize call it.
 */
MUST_USE bool log_open(const char *file, enum log_level level);
void log_close(void);

/* Whether a line of LEVEL would be written. */
bool log_enabled(enum log_level level);

/* Write one line. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Where and why this thread last failed with RV: " (file.c:12: condition)", or "" if no ENSURE said
 * so since the last call. What it returns is good until the next call in this thread. Nothing is
 * kept while logging is off.
 */
const char *error_reason(CK_RV rv);

/* The name of RV, as "CKR_OK"; a code that is not in the list has the name "CKR_VENDOR_DEFINED". */
const char *rv_name(CK_RV rv);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)

#endif

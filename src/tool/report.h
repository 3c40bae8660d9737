/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: messages of one line that name the failure and the remedy. */
#ifndef KEYDIV_TOOL_REPORT_H
#define KEYDIV_TOOL_REPORT_H

#include <stdbool.h>

#include "base/error.h"

#define PRINTF(nth, first) __attribute__((format(printf, nth, first)))

/*
 * Print "keydiv: FORMAT" on standard error. Returns false, so that a bool function
 * can `return fail(...)`.
 */
bool fail(const char *format, ...) PRINTF(1, 2);

/* Print "keydiv: FORMAT", the remedy for RV and the name of RV. Returns false. */
bool fail_rv(CK_RV rv, const char *format, ...) PRINTF(2, 3);

/*
 * Say that standard error shows a line of progress that has no end yet. The next message then
 * overwrites that line.
 */
void report_line_open(bool open);

/*
 * Say that the command uses a key in another token (foreign-module). Codes about a token or a PIN
 * then are about the other token, because keydiv's own login has succeeded.
 */
void report_foreign_key(void);

/* A failure that is not printed yet. RV is CKR_OK if no call of the module failed. */
struct problem {
	CK_RV rv;
	char text[400];
};

/* Set PROBLEM. Returns false. */
bool problem_set(struct problem *problem, CK_RV rv, const char *format, ...) PRINTF(3, 4);

/* Print PROBLEM, with "line NUMBER: " before it unless NUMBER is 0. Returns false. */
bool problem_report(const struct problem *problem, unsigned long long number);

/* Print the remark "keydiv: note: FORMAT". The command continues. */
void note(const char *format, ...) PRINTF(1, 2);

#endif

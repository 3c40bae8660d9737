/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: messages of one line that name the failure and the remedy. */
#ifndef KEYDIV_TOOL_REPORT_H
#define KEYDIV_TOOL_REPORT_H

#include <stdbool.h>

#include "base/error.h"

#define PRINTF(nth, first) __attribute__((format(printf, nth, first)))

/* Print "keydiv: FORMAT" on standard error. */
void print_failure(const char *format, ...) PRINTF(1, 2);

/* Print "keydiv: FORMAT", the remedy for RV and the name of RV. */
void print_failure_rv(CK_RV rv, const char *format, ...) PRINTF(2, 3);

/*
 * The same. The value is the constant false, so that a bool function can `return fail(...)` and the
 * compiler makes no branch for another value.
 */
#define fail(...) (print_failure(__VA_ARGS__), false)
#define fail_rv(...) (print_failure_rv(__VA_ARGS__), false)

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

/* Set PROBLEM. */
void problem_fill(struct problem *problem, CK_RV rv, const char *format, ...) PRINTF(3, 4);

/* Print PROBLEM, with "line NUMBER: " before it unless NUMBER is 0. */
void problem_print(const struct problem *problem, unsigned long long number);

/* The same. The value is the constant false. */
#define problem_set(...) (problem_fill(__VA_ARGS__), false)
#define problem_report(problem, number) (problem_print(problem, number), false)

/* Print the remark "keydiv: note: FORMAT". The command continues. */
void note(const char *format, ...) PRINTF(1, 2);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* call_errors.h: the errors that each kind of system call can give. */
#ifndef KEYDIV_TESTS_FAULTS_CALL_ERRORS_H
#define KEYDIV_TESTS_FAULTS_CALL_ERRORS_H

#include "system_calls.h"

#define CALL_ERRORS_MAX 24

/*
 * Up to a 0: every errno on the manual page of each call of the kind (section 2 or 3 of Debian
 * 12), and FAULT_SHORT. Left out are the errors of a wrong program, which no state of the machine
 * can cause: EBADF, EFAULT, EINVAL of a wrong flag, ERANGE of a short buffer, ESPIPE, EPIPE,
 * EDESTADDRREQ, and EAGAIN of a read or write, which regular files never give.
 */
extern const int call_errors[CALL_KINDS][CALL_ERRORS_MAX];

/*
 * Return true if ERROR can last: calls_plan.from_there. No signal interrupts every call for ever.
 * The others mean that another process has the lock, for which the module waits a minute. SQLite
 * takes ENOLCK for that too.
 */
bool call_error_may_last(enum call_kind kind, int error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clones.h: processes that go on where this one is. A module that is initialised in this process is
 * initialised in the clone too, with its sessions, logins and keys. That is no fork as the module
 * sees it: no handler of fork runs, no memory is wiped, and getpid() stays as it was. So a trial
 * costs no C_Initialize and no login, and many trials begin in exactly the same state.
 *
 * A program that is linked with clones.c replaces getpid and madvise, also for the module and its
 * libraries. Only a process with one thread may be cloned. A clone shares the open files of its
 * parent and may not use start_process().
 */
#ifndef KEYDIV_TESTS_FAULTS_CLONES_H
#define KEYDIV_TESTS_FAULTS_CLONES_H

#include <sys/types.h>

/* Return as fork() does. The clone ends with this process. */
pid_t clone_process(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* load_times.h: how long the single calls of PKCS#11 take, in all processes of the test. */
#ifndef KEYDIV_TESTS_FAULTS_LOAD_TIMES_H
#define KEYDIV_TESTS_FAULTS_LOAD_TIMES_H

#include <stdint.h>

/* Set *MOST to TOOK if TOOK is more. */
void note_longest(_Atomic uint64_t *most, uint64_t took);

/*
 * From here on, the functions of f and f3 note how long they take. After load() and before any
 * process of start_process().
 */
void times_begin(void);
/* Print the functions with the longest calls, with the time of the longest one. */
void times_print(void);

#endif

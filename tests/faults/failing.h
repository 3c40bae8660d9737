/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing.h: calls of the module to its libraries that fail. The module keydiv-failing.so is the
 * product, linked so that its calls to libcrypto, SQLite and the C library, and its requests for
 * memory for keys, pass failing.c. The calls of one thread are numbered from failing_start() on,
 * and one of them fails as its documentation says: no memory, an error of a device, or no reason
 * given. What the libraries call among themselves works.
 */
#ifndef KEYDIV_TESTS_FAULTS_FAILING_H
#define KEYDIV_TESTS_FAULTS_FAILING_H

/* Begin to number calls. Call AT fails, counted from 1; 0: none. */
typedef void failing_start_function(unsigned at);
/* Stop. Return how many calls were numbered, and in RET_NAME the one that failed, or NULL. */
typedef unsigned failing_stop_function(const char **ret_name);

__attribute__((visibility("default"))) failing_start_function failing_start;
__attribute__((visibility("default"))) failing_stop_function failing_stop;

#endif

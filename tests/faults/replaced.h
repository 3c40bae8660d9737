/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replaced.h: what the functions in place of libc's share. A function of a program takes the place
 * of the function with the same name in a shared library, also for the calls of the module, of
 * SQLite and of libcrypto. Both the names with 64 and those without are there, so these files are
 * compiled without _FILE_OFFSET_BITS.
 */
#ifndef KEYDIV_TESTS_FAULTS_REPLACED_H
#define KEYDIV_TESTS_FAULTS_REPLACED_H

#include "system_calls.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

/* Count a call. Return the error that the call must give, or 0. */
int fault_of(enum call_kind kind);
/* Return true if the call must fail: errno is set. Ends the process if the plan says so. */
bool call_fails(enum call_kind kind, bool *ret_kill_after);
/* Return the error of calls_quota, if a function is set, or 0. */
int call_over_quota(int fd, long long end);
/* Pass SEEN to calls_watch, if a function is set. */
void call_show(struct call_seen seen);

/* The function NAME of libc, or of a sanitizer in front of libc. */
static inline void *libc_function(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

/*
 * RESULT NAME(ARGUMENTS) with the call VALUES, which returns FAILURE with errno. After success,
 * SEEN is done.
 */
#define REPLACE_OF(result, failure, name, kind, arguments, values, seen)                           \
	EXPORTED result name arguments;                                                            \
	EXPORTED result name arguments                                                             \
	{                                                                                          \
		static result(*libc) arguments;                                                    \
		bool kill_after;                                                                   \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		if (call_fails(kind, &kill_after))                                                 \
			return failure;                                                            \
		result value = libc values;                                                        \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		if (value != failure) {                                                            \
			seen;                                                                      \
		}                                                                                  \
		return value;                                                                      \
	}

#define REPLACE(name, kind, arguments, values, seen)                                               \
	REPLACE_OF(int, -1, name, kind, arguments, values, seen)

#endif

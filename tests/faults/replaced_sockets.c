/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replaced_sockets.c: calls on a connection to a server, which libpq makes when the store is on
 * PostgreSQL. No errno is planned for them, only the end of the process: before a message is sent,
 * after the first half of its bytes, after all of them, and before or after an answer is read.
 */
#include "replaced.h"

#include <errno.h>
#include <sys/socket.h>

/* Half of a message is sent, and an answer that was read in part is lost with its process. */
#define REPLACE_SOCKET(name, kind, pointer)                                                        \
	EXPORTED ssize_t name(int fd, pointer p, size_t n, int flags);                             \
	EXPORTED ssize_t name(int fd, pointer p, size_t n, int flags)                              \
	{                                                                                          \
		static ssize_t (*libc)(int fd, pointer p, size_t n, int flags);                    \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		int error = fault_of(kind);                                                        \
		if (error == FAULT_KILL)                                                           \
			raise(SIGKILL);                                                            \
		if (error > 0) {                                                                   \
			errno = error;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		ssize_t done = libc(fd, p, error == FAULT_KILL_HALF ? n / 2 : n, flags);           \
		if (error == FAULT_KILL_HALF || error == FAULT_KILL_AFTER)                         \
			raise(SIGKILL);                                                            \
		return done;                                                                       \
	}

REPLACE_SOCKET(send, CALL_SEND, const void *)
REPLACE_SOCKET(recv, CALL_RECEIVE, void *)

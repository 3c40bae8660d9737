/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system_calls.h: programs that link system_calls.c have their own functions in place of libc's for
 * the system calls on files and on connections to a server. A plan says which of the next calls
 * fails, and how. Without a plan the functions only call libc.
 */
#ifndef KEYDIV_TESTS_FAULTS_SYSTEM_CALLS_H
#define KEYDIV_TESTS_FAULTS_SYSTEM_CALLS_H

#include <stdbool.h>
#include <stddef.h>

enum call_kind {
	CALL_OPEN,
	CALL_CLOSE,
	CALL_READ,
	CALL_WRITE,
	CALL_SYNC,
	CALL_TRUNCATE,
	CALL_ALLOCATE, /* posix_fallocate */
	CALL_UNLINK,
	CALL_LOCK,   /* fcntl */
	CALL_UNLOCK, /* fcntl */
	CALL_FLOCK,  /* flock */
	CALL_STATUS, /* stat, fstat, lstat, fstatat, statx */
	CALL_ACCESS,
	CALL_LINK,        /* readlink */
	CALL_PATH,        /* realpath, getcwd */
	CALL_LIST,        /* readdir */
	CALL_FILE_SYSTEM, /* fstatfs */
	CALL_MAKE_DIRECTORY,
	CALL_MODE,
	CALL_OWNER,
	CALL_MAP,
	CALL_RANDOM, /* getentropy, getrandom */
	CALL_SEND,   /* send, to a server */
	CALL_RECEIVE,
	CALL_KINDS
};

extern const char *const call_names[CALL_KINDS];

/* Values of an error that are no errno. */
#define FAULT_SHORT (-1)      /* read or write one byte less than half */
#define FAULT_KILL (-2)       /* SIGKILL in place of the call */
#define FAULT_KILL_HALF (-3)  /* half of a message, or of a write in whole sectors, then SIGKILL */
#define FAULT_KILL_AFTER (-4) /* the call, then SIGKILL */

struct call_plan {
	unsigned at;     /* the number of the call that fails, from 1; 0: none */
	bool from_there; /* and every later call of this kind */
	int error;
};

/* Begin to count, and to follow PLAN. One thread at a time. */
void calls_start(struct call_plan plan);
/* Stop. Returns how many calls were made. */
unsigned calls_stop(void);
/* After calls_stop(), the kind of call NUMBER, which is at most 4096 and at most the count. */
enum call_kind calls_kind(unsigned number);
/* Return true if the planned call was made. */
bool calls_failed(void);

/* --- Watching --- */

/*
 * A call that wrote, synced or removed a file, gave it another size (TRUNCATE), or made a file
 * (OPEN) or directory.
 */
struct call_seen {
	enum call_kind kind;
	int fd; /* of the file, or of the directory if NAME is not NULL */
	const char *name;
	long long at; /* WRITE: the offset; TRUNCATE: the new size */
	const void *data;
	size_t n; /* WRITE */
};

/* If not NULL, called after each of these calls that has succeeded. */
extern void (*calls_watch)(const struct call_seen *seen);

/* If not NULL, asked before a file grows to END bytes: the error that the call must give, or 0. */
extern int (*calls_quota)(int fd, long long end);

#endif

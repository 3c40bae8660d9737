/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system_calls.c: see system_calls.h. A function of a program takes the place of the function with
 * the same name in a shared library, also for the calls of the module and of SQLite. Both the names
 * with 64 and those without are here, so this file is compiled without _FILE_OFFSET_BITS.
 */
#include "system_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define KINDS_MAX 4096
#define EXPORTED __attribute__((visibility("default")))

const char *const call_names[CALL_KINDS] = {"open", "read", "write", "sync", "truncate", "unlink",
	"lock", "flock", "status", "mkdir", "mode", "map"};

static bool active;
static struct call_plan plan;
static unsigned count;
static uint8_t kinds[KINDS_MAX + 1];
static enum call_kind planned_kind;
static bool planned_made;

void calls_start(struct call_plan p)
{
	plan = p;
	count = 0;
	planned_made = false;
	active = true;
}

unsigned calls_stop(void)
{
	active = false;
	return count;
}

enum call_kind calls_kind(unsigned number)
{
	return (enum call_kind)kinds[number];
}

bool calls_failed(void)
{
	return planned_made;
}

/* Count a call. Return the error that it must give, or 0. */
static int fault_of(enum call_kind kind)
{
	if (!active)
		return 0;
	unsigned number = ++count;
	if (number <= KINDS_MAX)
		kinds[number] = (uint8_t)kind;
	if (number == plan.at) {
		planned_kind = kind;
		planned_made = true;
		return plan.error;
	}
	return planned_made && plan.from_there && kind == planned_kind ? plan.error : 0;
}

/* Return true if the call must fail: errno is set. */
static bool fails(enum call_kind kind, bool *ret_kill_after)
{
	int error = fault_of(kind);

	*ret_kill_after = error == FAULT_KILL_AFTER;
	if (error == FAULT_KILL || error == FAULT_KILL_HALF)
		raise(SIGKILL);
	if (error > 0)
		errno = error;
	return error > 0;
}

void (*calls_watch)(const struct call_seen *seen);

static void show(struct call_seen seen)
{
	if (calls_watch != NULL)
		calls_watch(&seen);
}

/* Return true if an open with FLAGS would make the file. */
static bool would_make(int dir, const char *name, int flags)
{
	struct stat st;

	return calls_watch != NULL && (flags & O_CREAT) &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0;
}

static void *libc_function(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

/* RESULT NAME(ARGUMENTS) with the call VALUES. After success, SEEN is done. */
#define REPLACE(result, name, kind, arguments, values, seen)                                       \
	EXPORTED result name arguments;                                                            \
	EXPORTED result name arguments                                                             \
	{                                                                                          \
		static result(*libc) arguments;                                                    \
		bool kill_after;                                                                   \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		if (fails(kind, &kill_after))                                                      \
			return -1;                                                                 \
		result value = libc values;                                                        \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		if (value >= 0) {                                                                  \
			seen;                                                                      \
		}                                                                                  \
		return value;                                                                      \
	}

#define SEEN_SYNC show((struct call_seen){.kind = CALL_SYNC, .fd = fd})
#define SEEN_TRUNCATE show((struct call_seen){.kind = CALL_TRUNCATE, .fd = fd, .at = n})
#define SEEN_NAME(kind_, dir) show((struct call_seen){.kind = kind_, .fd = dir, .name = name})

REPLACE(int, fsync, CALL_SYNC, (int fd), (fd), SEEN_SYNC)
REPLACE(int, fdatasync, CALL_SYNC, (int fd), (fd), SEEN_SYNC)
REPLACE(int, ftruncate, CALL_TRUNCATE, (int fd, off_t n), (fd, n), SEEN_TRUNCATE)
REPLACE(int, ftruncate64, CALL_TRUNCATE, (int fd, off64_t n), (fd, n), SEEN_TRUNCATE)
REPLACE(int, unlink, CALL_UNLINK, (const char *name), (name), SEEN_NAME(CALL_UNLINK, AT_FDCWD))
REPLACE(int, unlinkat, CALL_UNLINK, (int fd, const char *name, int flags), (fd, name, flags),
	SEEN_NAME(CALL_UNLINK, fd))
REPLACE(int, mkdirat, CALL_MAKE_DIRECTORY, (int fd, const char *name, mode_t mode),
	(fd, name, mode), SEEN_NAME(CALL_MAKE_DIRECTORY, fd))
REPLACE(int, mknodat, CALL_MAKE_DIRECTORY, (int fd, const char *name, mode_t mode, dev_t device),
	(fd, name, mode, device), SEEN_NAME(CALL_OPEN, fd))
REPLACE(int, flock, CALL_FLOCK, (int fd, int what), (fd, what), )
REPLACE(int, fchmod, CALL_MODE, (int fd, mode_t mode), (fd, mode), )
REPLACE(int, fchmodat, CALL_MODE, (int fd, const char *name, mode_t mode, int flags),
	(fd, name, mode, flags), )
REPLACE(int, fstat, CALL_STATUS, (int fd, struct stat *st), (fd, st), )
REPLACE(int, fstat64, CALL_STATUS, (int fd, struct stat64 *st), (fd, st), )
REPLACE(int, statx, CALL_STATUS,
	(int fd, const char *name, int flags, unsigned mask, struct statx *st),
	(fd, name, flags, mask, st), )

/* --- Calls with optional arguments --- */

#define REPLACE_OPEN(name, dir, arguments, values)                                                 \
	EXPORTED int name arguments                                                                \
	{                                                                                          \
		static int(*libc) arguments;                                                       \
		va_list list;                                                                      \
		bool kill_after;                                                                   \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		va_start(list, flags);                                                             \
		mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0;          \
		va_end(list);                                                                      \
		if (fails(CALL_OPEN, &kill_after))                                                 \
			return -1;                                                                 \
		bool makes = would_make(dir, path, flags);                                         \
		int fd = libc values;                                                              \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		if (fd >= 0 && makes)                                                              \
			show((struct call_seen){CALL_OPEN, dir, path, 0, NULL, 0});                \
		return fd;                                                                         \
	}

REPLACE_OPEN(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
REPLACE_OPEN(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
REPLACE_OPEN(openat, dir, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
REPLACE_OPEN(openat64, dir, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

/* Only taking a lock can fail. */
#define REPLACE_FCNTL(name)                                                                        \
	EXPORTED int name(int fd, int what, ...)                                                   \
	{                                                                                          \
		static int (*libc)(int fd, int what, ...);                                         \
		va_list list;                                                                      \
		bool kill_after = false;                                                           \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		va_start(list, what);                                                              \
		void *argument = va_arg(list, void *);                                             \
		va_end(list);                                                                      \
		if ((what == F_SETLK || what == F_SETLKW) &&                                       \
			((struct flock *)argument)->l_type != F_UNLCK &&                           \
			fails(CALL_LOCK, &kill_after))                                             \
			return -1;                                                                 \
		int value = libc(fd, what, argument);                                              \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		return value;                                                                      \
	}

REPLACE_FCNTL(fcntl)
REPLACE_FCNTL(fcntl64)

/* --- Reading and writing --- */

static size_t half_of(size_t n)
{
	return n > 2 ? n / 2 - (n > 3) : n;
}

/* The file of standard error takes the log, which is no part of the token. */
#define REPLACE_TRANSFER(name, kind, pointer, more, values, offset)                                \
	EXPORTED ssize_t name(int fd, pointer p, size_t n more);                                   \
	EXPORTED ssize_t name(int fd, pointer p, size_t n more)                                    \
	{                                                                                          \
		static ssize_t (*libc)(int fd, pointer p, size_t n more);                          \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		int error = fd > 2 ? fault_of(kind) : 0;                                           \
		if (error == FAULT_KILL)                                                           \
			raise(SIGKILL);                                                            \
		if (error > 0) {                                                                   \
			errno = error;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		if (error == FAULT_SHORT || error == FAULT_KILL_HALF)                              \
			n = half_of(n);                                                            \
		ssize_t done = libc values;                                                        \
		if (error == FAULT_KILL_HALF || error == FAULT_KILL_AFTER)                         \
			raise(SIGKILL);                                                            \
		if (done > 0 && kind == CALL_WRITE && fd > 2)                                      \
			show((struct call_seen){kind, fd, NULL, offset, p, (size_t)done});         \
		return done;                                                                       \
	}

#define COMMA_OFFSET , off_t at
REPLACE_TRANSFER(read, CALL_READ, void *, , (fd, p, n), lseek(fd, 0, SEEK_CUR) - done)
REPLACE_TRANSFER(pread, CALL_READ, void *, COMMA_OFFSET, (fd, p, n, at), at)
REPLACE_TRANSFER(pread64, CALL_READ, void *, COMMA_OFFSET, (fd, p, n, at), at)
REPLACE_TRANSFER(write, CALL_WRITE, const void *, , (fd, p, n), lseek(fd, 0, SEEK_CUR) - done)
REPLACE_TRANSFER(pwrite, CALL_WRITE, const void *, COMMA_OFFSET, (fd, p, n, at), at)
REPLACE_TRANSFER(pwrite64, CALL_WRITE, const void *, COMMA_OFFSET, (fd, p, n, at), at)

/* Only maps of files. */
#define REPLACE_MAP(name)                                                                          \
	EXPORTED void *name(void *p, size_t n, int protection, int flags, int fd, off_t at)        \
	{                                                                                          \
		static void *(*libc)(                                                              \
			void *p, size_t n, int protection, int flags, int fd, off_t at);           \
		bool kill_after = false;                                                           \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		if (fd >= 0 && fails(CALL_MAP, &kill_after))                                       \
			return MAP_FAILED;                                                         \
		void *value = libc(p, n, protection, flags, fd, at);                               \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		return value;                                                                      \
	}

REPLACE_MAP(mmap)
REPLACE_MAP(mmap64)

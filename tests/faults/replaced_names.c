/* SPDX-License-Identifier: Apache-2.0 */
/* replaced_names.c: calls that take the name of a file; see replaced.h. */
#include "replaced.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEN_NAME(kind_, dir) call_show((struct call_seen){.kind = kind_, .fd = dir, .name = name})

REPLACE(unlink, CALL_UNLINK, (const char *name), (name), SEEN_NAME(CALL_UNLINK, AT_FDCWD))
REPLACE(unlinkat, CALL_UNLINK, (int fd, const char *name, int flags), (fd, name, flags),
	SEEN_NAME(CALL_UNLINK, fd))
REPLACE(mkdir, CALL_MAKE_DIRECTORY, (const char *name, mode_t mode), (name, mode),
	SEEN_NAME(CALL_MAKE_DIRECTORY, AT_FDCWD))
REPLACE(mkdirat, CALL_MAKE_DIRECTORY, (int fd, const char *name, mode_t mode), (fd, name, mode),
	SEEN_NAME(CALL_MAKE_DIRECTORY, fd))
REPLACE(mknodat, CALL_MAKE_DIRECTORY, (int fd, const char *name, mode_t mode, dev_t device),
	(fd, name, mode, device), SEEN_NAME(CALL_OPEN, fd))
REPLACE(fchmodat, CALL_MODE, (int fd, const char *name, mode_t mode, int flags),
	(fd, name, mode, flags), )

REPLACE(stat, CALL_STATUS, (const char *name, struct stat *st), (name, st), )
REPLACE(stat64, CALL_STATUS, (const char *name, struct stat64 *st), (name, st), )
REPLACE(lstat, CALL_STATUS, (const char *name, struct stat *st), (name, st), )
REPLACE(lstat64, CALL_STATUS, (const char *name, struct stat64 *st), (name, st), )
REPLACE(fstatat, CALL_STATUS, (int fd, const char *name, struct stat *st, int flags),
	(fd, name, st, flags), )
REPLACE(fstatat64, CALL_STATUS, (int fd, const char *name, struct stat64 *st, int flags),
	(fd, name, st, flags), )
REPLACE(statx, CALL_STATUS, (int fd, const char *name, int flags, unsigned mask, struct statx *st),
	(fd, name, flags, mask, st), )
REPLACE(access, CALL_ACCESS, (const char *name, int mode), (name, mode), )
REPLACE(faccessat, CALL_ACCESS, (int fd, const char *name, int mode, int flags),
	(fd, name, mode, flags), )
REPLACE_OF(ssize_t, -1, readlink, CALL_LINK, (const char *name, char *text, size_t n),
	(name, text, n), )
REPLACE_OF(char *, NULL, realpath, CALL_PATH, (const char *name, char *text), (name, text), )
REPLACE_OF(char *, NULL, getcwd, CALL_PATH, (char *text, size_t n), (text, n), )
/* Only for reading: the configuration. */
REPLACE_OF(FILE *, NULL, fopen, CALL_OPEN, (const char *name, const char *mode), (name, mode), )
REPLACE_OF(FILE *, NULL, fopen64, CALL_OPEN, (const char *name, const char *mode), (name, mode), )

/* --- Opening --- */

/* Return true if an open with FLAGS would make the file. */
static bool would_make(int dir, const char *name, int flags)
{
	return calls_watch != NULL && (flags & O_CREAT) &&
	       faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

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
		if (call_fails(CALL_OPEN, &kill_after))                                            \
			return -1;                                                                 \
		bool makes = would_make(dir, path, flags);                                         \
		int fd = libc values;                                                              \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		if (fd >= 0 && makes)                                                              \
			call_show((struct call_seen){CALL_OPEN, dir, path, 0, NULL, 0});           \
		return fd;                                                                         \
	}

REPLACE_OPEN(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
REPLACE_OPEN(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
REPLACE_OPEN(openat, dir, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
REPLACE_OPEN(openat64, dir, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

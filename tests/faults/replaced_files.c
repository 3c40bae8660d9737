/* SPDX-License-Identifier: Apache-2.0 */
/* replaced_files.c: calls on an open file, and the source of randomness; see replaced.h. */
#include "replaced.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SECTOR 512

#define SEEN_SYNC call_show((struct call_seen){.kind = CALL_SYNC, .fd = fd})
#define SEEN_SIZE(size) call_show((struct call_seen){.kind = CALL_TRUNCATE, .fd = fd, .at = size})

REPLACE(fsync, CALL_SYNC, (int fd), (fd), SEEN_SYNC)
REPLACE(fdatasync, CALL_SYNC, (int fd), (fd), SEEN_SYNC)
REPLACE(ftruncate, CALL_TRUNCATE, (int fd, off_t n), (fd, n), SEEN_SIZE(n))
REPLACE(ftruncate64, CALL_TRUNCATE, (int fd, off64_t n), (fd, n), SEEN_SIZE(n))
REPLACE(flock, CALL_FLOCK, (int fd, int what), (fd, what), )
REPLACE(fchmod, CALL_MODE, (int fd, mode_t mode), (fd, mode), )
REPLACE(fchown, CALL_OWNER, (int fd, uid_t user, gid_t group), (fd, user, group), )
REPLACE(fstat, CALL_STATUS, (int fd, struct stat *st), (fd, st), )
REPLACE(fstat64, CALL_STATUS, (int fd, struct stat64 *st), (fd, st), )
REPLACE(fstatfs, CALL_FILE_SYSTEM, (int fd, struct statfs *fs), (fd, fs), )
REPLACE(fstatfs64, CALL_FILE_SYSTEM, (int fd, struct statfs64 *fs), (fd, fs), )
REPLACE_OF(DIR *, NULL, fdopendir, CALL_LIST, (int fd), (fd), )
REPLACE_OF(struct dirent *, NULL, readdir, CALL_LIST, (DIR * dir), (dir), )
REPLACE_OF(struct dirent64 *, NULL, readdir64, CALL_LIST, (DIR * dir), (dir), )
REPLACE_OF(
	ssize_t, -1, getrandom, CALL_RANDOM, (void *p, size_t n, unsigned flags), (p, n, flags), )
REPLACE(getentropy, CALL_RANDOM, (void *p, size_t n), (p, n), )

/* --- Calls that fail in another way --- */

/* Linux closes the file also if the call fails (close(2)). */
#define REPLACE_CLOSE(name, argument)                                                              \
	EXPORTED int name(argument a)                                                              \
	{                                                                                          \
		static int (*libc)(argument a);                                                    \
		bool kill_after;                                                                   \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		bool fails = call_fails(CALL_CLOSE, &kill_after);                                  \
		int error = errno;                                                                 \
		int value = libc(a);                                                               \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		if (!fails)                                                                        \
			return value;                                                              \
		errno = error;                                                                     \
		return -1;                                                                         \
	}

REPLACE_CLOSE(close, int)
REPLACE_CLOSE(closedir, DIR *)

/* The result is the error, and errno is not set. */
#define REPLACE_ALLOCATE(name, offset)                                                             \
	EXPORTED int name(int fd, offset at, offset n)                                             \
	{                                                                                          \
		static int (*libc)(int fd, offset at, offset n);                                   \
		struct stat64 st;                                                                  \
		bool kill_after;                                                                   \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		int before = errno;                                                                \
		bool fails = call_fails(CALL_ALLOCATE, &kill_after);                               \
		int error = fails ? errno : call_over_quota(fd, (long long)(at + n));              \
		errno = before;                                                                    \
		if (error != 0)                                                                    \
			return error;                                                              \
		int value = libc(fd, at, n);                                                       \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		if (value == 0 && calls_watch != NULL && fstat64(fd, &st) == 0)                    \
			SEEN_SIZE(st.st_size);                                                     \
		return value;                                                                      \
	}

REPLACE_ALLOCATE(posix_fallocate, off_t)
REPLACE_ALLOCATE(posix_fallocate64, off64_t)

static enum call_kind kind_of_lock(int what, const struct flock *lock)
{
	return what != F_GETLK && lock->l_type == F_UNLCK ? CALL_UNLOCK : CALL_LOCK;
}

/* Only locks of files. */
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
		if ((what == F_SETLK || what == F_SETLKW || what == F_GETLK) &&                    \
			call_fails(kind_of_lock(what, argument), &kill_after))                     \
			return -1;                                                                 \
		int value = libc(fd, what, argument);                                              \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		return value;                                                                      \
	}

REPLACE_FCNTL(fcntl)
REPLACE_FCNTL(fcntl64)

/* Only maps of files. */
#define REPLACE_MAP(name, offset)                                                                  \
	EXPORTED void *name(void *p, size_t n, int protection, int flags, int fd, offset at)       \
	{                                                                                          \
		static void *(*libc)(                                                              \
			void *p, size_t n, int protection, int flags, int fd, offset at);          \
		bool kill_after = false;                                                           \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		if (fd >= 0 && call_fails(CALL_MAP, &kill_after))                                  \
			return MAP_FAILED;                                                         \
		void *value = libc(p, n, protection, flags, fd, at);                               \
		if (kill_after)                                                                    \
			raise(SIGKILL);                                                            \
		return value;                                                                      \
	}

REPLACE_MAP(mmap, off_t)
REPLACE_MAP(mmap64, off64_t)

/* --- Reading and writing --- */

static size_t half_of(size_t n)
{
	return n > 2 ? n / 2 - (n > 3) : n;
}

/*
 * How much of a write of N bytes at AT is made when the process is killed in it. A write into one
 * sector is whole or not made: Linux copies it into a page of its cache in one step, and a disk
 * writes sectors.
 */
static size_t torn(size_t n, long long at)
{
	size_t into = (size_t)(at % SECTOR), end = (into + n / 2) / SECTOR * SECTOR;

	return end > into ? end - into : 0;
}

/* The file of standard error takes the log, which is no part of the token. */
#define REPLACE_TRANSFER(name, kind, pointer, more, values, offset)                                \
	EXPORTED ssize_t name(int fd, pointer p, size_t n more);                                   \
	EXPORTED ssize_t name(int fd, pointer p, size_t n more)                                    \
	{                                                                                          \
		static ssize_t (*libc)(int fd, pointer p, size_t n more);                          \
		if (libc == NULL)                                                                  \
			*(void **)&libc = libc_function(#name);                                    \
		ssize_t done = 0;                                                                  \
		int error = fd > 2 ? fault_of(kind) : 0;                                           \
		if (error == 0 && kind == CALL_WRITE && fd > 2)                                    \
			error = call_over_quota(fd, (offset) + (long long)n);                      \
		if (error == FAULT_KILL)                                                           \
			raise(SIGKILL);                                                            \
		if (error > 0) {                                                                   \
			errno = error;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		if (error == FAULT_SHORT)                                                          \
			n = half_of(n);                                                            \
		if (error == FAULT_KILL_HALF)                                                      \
			n = torn(n, offset);                                                       \
		done = libc values;                                                                \
		if (error == FAULT_KILL_HALF || error == FAULT_KILL_AFTER)                         \
			raise(SIGKILL);                                                            \
		if (done > 0 && kind == CALL_WRITE && fd > 2)                                      \
			call_show((struct call_seen){kind, fd, NULL, offset, p, (size_t)done});    \
		return done;                                                                       \
	}

#define COMMA_OFFSET , off_t at
REPLACE_TRANSFER(read, CALL_READ, void *, , (fd, p, n), lseek(fd, 0, SEEK_CUR) - done)
REPLACE_TRANSFER(pread, CALL_READ, void *, COMMA_OFFSET, (fd, p, n, at), at)
REPLACE_TRANSFER(pread64, CALL_READ, void *, COMMA_OFFSET, (fd, p, n, at), at)
REPLACE_TRANSFER(write, CALL_WRITE, const void *, , (fd, p, n), lseek(fd, 0, SEEK_CUR) - done)
REPLACE_TRANSFER(pwrite, CALL_WRITE, const void *, COMMA_OFFSET, (fd, p, n, at), at)
REPLACE_TRANSFER(pwrite64, CALL_WRITE, const void *, COMMA_OFFSET, (fd, p, n, at), at)

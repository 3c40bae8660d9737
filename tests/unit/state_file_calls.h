/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_file_calls.h: state_file.c, of which each call passes the test. The calls are written down,
 * and fail when the test says so.
 */
#ifndef KEYDIV_TESTS_STATE_FILE_CALLS_H
#define KEYDIV_TESTS_STATE_FILE_CALLS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/secret.h"
#include "store_support.h"

static CK_RV test_directory(struct store *store, bool make, int *ret_fd);
static int test_file_open(int dirfd, const char *name, int flags);
static CK_RV test_file_lock(int fd, unsigned wait_ms, const char *name);
static int test_file_status(int fd, struct file_status *ret);
static CK_RV test_file_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what);
static CK_RV test_file_read(int fd, uint8_t *p, size_t n, off_t at, const char *what);
static void test_file_unlock(int fd);
static int test_fsync(int fd);
static int test_fdatasync(int fd);
static int test_unlinkat(int fd, const char *name, int flags);
static int test_faccessat(int fd, const char *name, int mode, int flags);
static int test_openat(int fd, const char *name, int flags);
static DIR *test_fdopendir(int fd);
static struct dirent *test_readdir(DIR *dir);
static void *test_calloc(size_t count, size_t n);
static void *test_reallocarray(void *p, size_t count, size_t n);
static void test_free(void *p);
#define store_state_directory test_directory
#define file_open test_file_open
#define file_lock test_file_lock
#define file_status(fd, ret) test_file_status(fd, ret)
#define file_write test_file_write
#define file_read test_file_read
#define file_unlock test_file_unlock
#define fsync test_fsync
#define fdatasync test_fdatasync
#define unlinkat test_unlinkat
#define faccessat test_faccessat
#define openat test_openat
#define fdopendir test_fdopendir
#define readdir test_readdir
#define calloc test_calloc
#define reallocarray test_reallocarray
#define free test_free
#include "state/state_file.c"
#undef store_state_directory
#undef file_open
#undef file_lock
#undef file_status
#undef file_write
#undef file_read
#undef file_unlock
#undef fsync
#undef fdatasync
#undef unlinkat
#undef faccessat
#undef openat
#undef fdopendir
#undef readdir
#undef calloc
#undef reallocarray
#undef free

#define INJECTED CKR_FUNCTION_CANCELED /* the code of a call of this project that fails */

/* --- The calls --- */

static long passing = -1;  /* calls before the one that fails; negative: none fails */
static int error = EIO;    /* errno of a system call that fails */
static char journal[2000]; /* the names of the calls, each with a blank behind it */
static int directory = -1; /* of the state files */
static int live;           /* allocations that are not freed */

static bool call_fails(const char *name)
{
	size_t n = strlen(journal);

	snprintf(journal + n, sizeof journal - n, "%s ", name);
	if (passing < 0 || passing-- > 0)
		return false;
	errno = error;
	return true;
}

static CK_RV test_directory(struct store *store, bool make, int *ret_fd)
{
	ck_assert_ptr_null(store);
	if (call_fails(make ? "make_directory" : "directory"))
		return INJECTED;
	*ret_fd = directory;
	return CKR_OK;
}

static bool gives_zero; /* the descriptor of a file is 0 */

static int test_file_open(int dirfd, const char *name, int flags)
{
	ck_assert_int_eq(dirfd, directory);
	ck_assert_str_eq(name, "17");
	if (call_fails(flags == O_RDWR ? "open" : "create"))
		return -1;
	int fd = file_open(dirfd, name, flags);
	if (!gives_zero || fd < 0)
		return fd;
	ck_assert_int_eq(dup2(fd, 0), 0);
	close(fd);
	return 0;
}

static CK_RV test_file_lock(int fd, unsigned wait_ms, const char *name)
{
	ck_assert(wait_ms == 0 || wait_ms == 60000);
	return call_fails(wait_ms == 0 ? "lock_now" : "lock") ? INJECTED
							      : file_lock(fd, wait_ms, name);
}

static bool is_unlinked; /* says the status */

static int test_file_status(int fd, struct file_status *ret)
{
	if (call_fails("status"))
		return -1;
	int rv = file_status(fd, ret);
	if (is_unlinked)
		ret->links = 0;
	return rv;
}

static size_t written; /* bytes of the last write */

static CK_RV test_file_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what)
{
	written = n;
	return call_fails("write") ? INJECTED : file_write(fd, p, n, at, what);
}

static CK_RV test_file_read(int fd, uint8_t *p, size_t n, off_t at, const char *what)
{
	return call_fails("read") ? INJECTED : file_read(fd, p, n, at, what);
}

static void test_file_unlock(int fd)
{
	file_unlock(fd);
	strcat(journal, "unlock ");
}

static int test_fsync(int fd)
{
	return call_fails(fd == directory ? "sync_directory" : "sync") ? -1 : fsync(fd);
}

static int test_fdatasync(int fd)
{
	return call_fails("sync_data") ? -1 : fdatasync(fd);
}

static int test_unlinkat(int fd, const char *name, int flags)
{
	return call_fails("unlink") ? -1 : unlinkat(fd, name, flags);
}

static int test_faccessat(int fd, const char *name, int mode, int flags)
{
	ck_assert(mode == F_OK && flags == AT_SYMLINK_NOFOLLOW);
	return call_fails("access") ? -1 : faccessat(fd, name, mode, flags);
}

static int test_openat(int fd, const char *name, int flags)
{
	ck_assert_int_eq(flags, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return call_fails("openat") ? -1 : openat(fd, name, flags);
}

static DIR *test_fdopendir(int fd)
{
	return call_fails("fdopendir") ? NULL : fdopendir(fd);
}

static const char *const *names; /* of the directory, ended by NULL; may be NULL */
static unsigned numbers;         /* names that follow: 1, 2 and so on */

static struct dirent *test_readdir(DIR *dir)
{
	static struct dirent entry;
	static unsigned given;

	(void)dir;
	if (call_fails("readdir"))
		return NULL;
	if (names != NULL && *names != NULL)
		snprintf(entry.d_name, sizeof entry.d_name, "%s", *names++);
	else if (given < numbers)
		snprintf(entry.d_name, sizeof entry.d_name, "%u", ++given);
	else
		return NULL;
	return &entry;
}

static void *test_calloc(size_t count, size_t n)
{
	if (call_fails("calloc"))
		return NULL;
	ck_assert_uint_eq(count, 1);
	live++;
	return calloc(count, n);
}

static void *test_reallocarray(void *p, size_t count, size_t n)
{
	if (call_fails("realloc"))
		return NULL;
	live += p == NULL;
	return reallocarray(p, count, n);
}

static struct state_file *file; /* of the test */

static void test_free(void *p)
{
	static const uint8_t zero[sizeof file->slots];

	if (p != NULL && p == file)
		ck_assert_mem_eq(file->slots, zero, sizeof zero);
	live -= p != NULL;
	free(p);
}

#endif

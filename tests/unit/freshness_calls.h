/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness_calls.h: freshness.c with its system calls led through functions that fail when the
 * test says so, and a directory with a token.gen for it.
 */
#ifndef KEYDIV_TESTS_FRESHNESS_CALLS_H
#define KEYDIV_TESTS_FRESHNESS_CALLS_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "base/files.h"
#include "store_support.h"

static int fake_open(int dirfd, const char *name, int flags);
static int fake_fstatfs(int fd, struct statfs *ret);
static void *fake_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
static void *fake_mremap(void *old, size_t old_n, size_t n, int flags, void *at);
static int fake_munmap(void *at, size_t n);
static int fake_fallocate(int fd, off_t at, off_t n);
static int fake_fstat(int fd, struct stat *ret);
static int fake_fstatat(int dirfd, const char *name, struct stat *ret, int flags);
static int fake_clock(clockid_t clock, struct timespec *ret);
static int fake_lock(pthread_mutex_t *mutex);
static int fake_unlock(pthread_mutex_t *mutex);
#define file_open fake_open
#define fstatfs fake_fstatfs
#define mmap fake_mmap
#define mremap fake_mremap
#define munmap fake_munmap
#define posix_fallocate fake_fallocate
#define fstat fake_fstat
#define fstatat fake_fstatat
#define clock_gettime fake_clock
#define pthread_mutex_lock fake_lock
#define pthread_mutex_unlock fake_unlock
#include "store/sqlite/freshness.c"
#undef file_open
#undef fstatfs
#undef mmap
#undef mremap
#undef munmap
#undef posix_fallocate
#undef fstat
#undef fstatat
#undef clock_gettime
#undef pthread_mutex_lock
#undef pthread_mutex_unlock

/* --- Calls that fail --- */

/* How the next calls end: 0 passes, an errno fails. The last passes for ever. */
struct answers {
	int errors[4];
	unsigned calls;
};
static struct answers opens, anonymous_maps, writable_maps, readable_maps, remaps, allocations,
	statuses;
static int pages; /* mapped, and not yet unmapped or replaced */
static bool locked;

static bool refused(struct answers *answers)
{
	unsigned i = answers->calls++;

	errno = i < 4 ? answers->errors[i] : 0;
	return errno != 0;
}

static int fake_open(int dirfd, const char *name, int flags)
{
	return refused(&opens) ? -1 : file_open(dirfd, name, flags);
}

static void *fake_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	bool anonymous = (flags & MAP_ANONYMOUS) != 0;
	struct answers *answers = anonymous                   ? &anonymous_maps
				  : (protection & PROT_WRITE) ? &writable_maps
							      : &readable_maps;

	if (refused(answers))
		return MAP_FAILED;
	void *p = mmap(at, n, protection, flags, fd, offset);
	pages += p != MAP_FAILED && anonymous;
	return p;
}

static void *fake_mremap(void *old, size_t old_n, size_t n, int flags, void *at)
{
	if (refused(&remaps))
		return MAP_FAILED;
	void *p = mremap(old, old_n, n, flags, at);
	pages -= p == at;
	return p;
}

static int fake_munmap(void *at, size_t n)
{
	pages--;
	return munmap(at, n);
}

static int fake_fallocate(int fd, off_t at, off_t n)
{
	return refused(&allocations) ? errno : posix_fallocate(fd, at, n);
}

static int fake_fstat(int fd, struct stat *ret)
{
	return refused(&statuses) ? -1 : fstat(fd, ret);
}

static long file_system; /* what fstatfs says; 0: a file system on a disk */
static bool another_device;

static int fake_fstatfs(int fd, struct statfs *ret)
{
	(void)fd;
	ret->f_type = (__typeof__(ret->f_type))(file_system != 0 ? file_system : 0xEF53);
	return file_system < 0 ? -1 : 0;
}

static int fake_fstatat(int dirfd, const char *name, struct stat *ret, int flags)
{
	int rv = fstatat(dirfd, name, ret, flags);

	ret->st_dev += another_device;
	return rv;
}

static struct timespec now = {1000, 500};

static int fake_clock(clockid_t clock, struct timespec *ret)
{
	ck_assert_int_eq(clock, CLOCK_REALTIME); /* the only clock that goes on after a restart */
	*ret = now;
	return 0;
}

static int fake_lock(pthread_mutex_t *mutex)
{
	ck_assert(!locked);
	locked = true;
	return pthread_mutex_lock(mutex);
}

static int fake_unlock(pthread_mutex_t *mutex)
{
	ck_assert(locked);
	locked = false;
	return pthread_mutex_unlock(mutex);
}

/* --- The file --- */

static struct freshness f;
static int directory = -1;

__attribute__((unused)) static void open_directory(void)
{
	if (directory < 0)
		ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	else
		close(directory);
	directory = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(directory, 0);
}

__attribute__((unused)) static void map(void)
{
	open_directory();
	ck_ok(freshness_map(&f, directory));
	ck_assert_ptr_nonnull(atomic_load(&f.word));
}

__attribute__((unused)) static void unmap(void)
{
	freshness_unmap(&f);
	ck_assert_ptr_null(atomic_load(&f.word));
	ck_assert(!locked);
}

__attribute__((unused)) static void end(void)
{
	unmap();
	close(directory);
}

__attribute__((unused)) static uint64_t number(void)
{
	return atomic_load(atomic_load(&f.word));
}

__attribute__((unused)) static void set_number(uint64_t value)
{
	int fd = open(in_token("token.gen"), O_WRONLY);

	ck_assert_int_eq(pwrite(fd, &value, sizeof value, 0), sizeof value);
	close(fd);
}

/* Make the file with SIZE bytes of which none has a block. */
__attribute__((unused)) static void make_sparse(off_t size)
{
	int fd = open(in_token("token.gen"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

__attribute__((unused)) static struct stat status(void)
{
	struct stat st;

	ck_assert_int_eq(stat(in_token("token.gen"), &st), 0);
	return st;
}

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

#endif

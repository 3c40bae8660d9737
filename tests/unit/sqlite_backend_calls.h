/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_backend_calls.h: sqlite_backend.c with some of its calls led through functions that fail
 * when the test says so, and a token without the queue of the store.
 */
#ifndef KEYDIV_TESTS_SQLITE_BACKEND_CALLS_H
#define KEYDIV_TESTS_SQLITE_BACKEND_CALLS_H

#include <errno.h>
#include <pthread.h>

#include "base/files.h"
#include "store/sqlite/sqlite_store.h"
#include "store_support.h"

static void *fake_calloc(size_t n, size_t size);
static char *fake_strndup(const char *s, size_t n);
static char *fake_realpath(const char *path, char *ret);
static int fake_fstat(int fd, struct stat *ret);
static int fake_fstatat(int dirfd, const char *name, struct stat *ret, int flags);
static CK_RV fake_directory_open(int dirfd, const char *name, bool make, int *ret_fd);
static bool fake_is_own(const char *name, uid_t owner, mode_t mode);
static CK_RV fake_map(struct freshness *freshness, int dirfd);
static CK_RV fake_need_writable(struct freshness *freshness);
static void fake_check_changes(struct freshness *freshness, uint64_t before, uint32_t changes);
static CK_RV fake_change_count(struct database *db, uint32_t *ret_count);
static CK_RV fake_begin(struct database *db, bool *ret_busy);
static CK_RV fake_commit(struct database *db, int dirfd);
static bool fake_is_broken(const struct database *db);
static CK_RV fake_run(struct database *db, enum sql which);
static CK_RV fake_tries_create(int dirfd);
static CK_RV fake_tries_write(const struct tries_file *file, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], const struct store_tries *tries);
#define calloc fake_calloc
#define strndup fake_strndup
#define realpath fake_realpath
#define fstat fake_fstat
#define fstatat fake_fstatat
#define directory_open fake_directory_open
#define file_is_own fake_is_own
#define freshness_map fake_map
#define freshness_need_writable fake_need_writable
#define freshness_check_changes fake_check_changes
#define database_change_count fake_change_count
#define database_begin fake_begin
#define database_commit fake_commit
#define database_is_broken fake_is_broken
#define database_run fake_run
#define tries_create fake_tries_create
#define tries_write fake_tries_write
#define open_store open_store_of_schema
#include "store/sqlite/sqlite_backend.c"
#undef calloc
#undef strndup
#undef realpath
#undef fstat
#undef fstatat
#undef directory_open
#undef file_is_own
#undef freshness_map
#undef freshness_need_writable
#undef freshness_check_changes
#undef database_change_count
#undef database_begin
#undef database_commit
#undef database_is_broken
#undef database_run
#undef tries_create
#undef tries_write
#undef open_store

/* --- Calls that fail --- */

enum call {
	NO_CALL,
	CALLOC,
	STRNDUP,
	REALPATH,
	FSTAT,
	FSTATAT,
	ABOVE,
	OPEN,
	MAP,
	NEED_WRITABLE,
	CHANGE_COUNT,
	BEGIN,
	COMMIT,
	CREATE_TRIES
};
static enum call failing; /* fails with failing_errno or failing_rv, after PASSING calls of it */
static int failing_errno, passing;
static CK_RV failing_rv;

static bool fails(enum call call)
{
	errno = failing_errno;
	return failing == call && passing-- == 0;
}

static void *fake_calloc(size_t n, size_t size)
{
	return fails(CALLOC) ? NULL : calloc(n, size);
}

static char *fake_strndup(const char *s, size_t n)
{
	return fails(STRNDUP) ? NULL : strndup(s, n);
}

static char *fake_realpath(const char *path, char *ret)
{
	return fails(REALPATH) ? NULL : realpath(path, ret);
}

static bool another_device, another_inode; /* of the directory, in the next fstat */

static int fake_fstat(int fd, struct stat *ret)
{
	if (fails(FSTAT))
		return -1;
	int rv = fstat(fd, ret);
	ret->st_dev += another_device;
	ret->st_ino += another_inode;
	return rv;
}

static uid_t owner_above, asked_owner; /* of the directory above: what it is, and was checked */
static bool faked_owner;

static int fake_fstatat(int dirfd, const char *name, struct stat *ret, int flags)
{
	bool above = strcmp(name, "..") == 0;

	if (fails(above ? ABOVE : FSTATAT))
		return -1;
	int rv = fstatat(dirfd, name, ret, flags);
	ret->st_uid = above && faked_owner ? owner_above : ret->st_uid;
	return rv;
}

static bool fake_is_own(const char *name, uid_t owner, mode_t mode)
{
	asked_owner = owner;
	return file_is_own(name, owner, mode);
}

static void (*in_directory_open)(void); /* called before the next */

static CK_RV fake_directory_open(int dirfd, const char *name, bool make, int *ret_fd)
{
	void (*call)(void) = in_directory_open;

	in_directory_open = NULL;
	if (call != NULL)
		call();
	return fails(OPEN) ? failing_rv : directory_open(dirfd, name, make, ret_fd);
}

static CK_RV fake_map(struct freshness *freshness, int dirfd)
{
	return fails(MAP) ? failing_rv : freshness_map(freshness, dirfd);
}

static CK_RV fake_need_writable(struct freshness *freshness)
{
	return fails(NEED_WRITABLE) ? failing_rv : freshness_need_writable(freshness);
}

static unsigned checks;
static uint64_t checked_before;

static void fake_check_changes(struct freshness *freshness, uint64_t before, uint32_t changes)
{
	checks++;
	checked_before = before;
	freshness_check_changes(freshness, before, changes);
}

static CK_RV fake_change_count(struct database *db, uint32_t *ret_count)
{
	return fails(CHANGE_COUNT) ? failing_rv : database_change_count(db, ret_count);
}

static CK_RV fake_begin(struct database *db, bool *ret_busy)
{
	return fails(BEGIN) ? failing_rv : database_begin(db, ret_busy);
}

static bool broken;

static CK_RV fake_commit(struct database *db, int dirfd)
{
	if (!fails(COMMIT))
		return database_commit(db, dirfd);
	database_rollback(db);
	return failing_rv;
}

static bool fake_is_broken(const struct database *db)
{
	return broken || database_is_broken(db);
}

static int failing_statement = -1;

static CK_RV fake_run(struct database *db, enum sql which)
{
	return (int)which == failing_statement ? CKR_DEVICE_MEMORY : database_run(db, which);
}

static CK_RV fake_tries_create(int dirfd)
{
	return fails(CREATE_TRIES) ? failing_rv : tries_create(dirfd);
}

static unsigned tries_writes;

static CK_RV fake_tries_write(const struct tries_file *file, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], const struct store_tries *tries)
{
	tries_writes++;
	return tries_write(file, role, salt, tries);
}

/* --- A store --- */

static struct store store, marks;

__attribute__((unused)) static CK_RV open_one(struct store *s, const struct store_backend *backend)
{
	s->backend = backend;
	s->at = NULL;
	pthread_mutex_init(&s->lock, NULL);
	return backend->open(s, token_dir);
}

__attribute__((unused)) static void begin(struct store *s, bool create)
{
	bool busy = true;

	ck_ok(s->backend->begin(s, create, &busy));
	ck_assert(!busy && s->backend->in_transaction(s));
}

__attribute__((unused)) static uint64_t freshness(void)
{
	return atomic_load(sqlite_backend.freshness(&store));
}

/* Open the store, and with TOKEN make a token in it. */
__attribute__((unused)) static void start(bool token)
{
	struct store_token record = sample_token();

	ck_ok(open_one(&store, &sqlite_backend));
	ck_ok(open_one(&marks, sqlite_backend.marks));
	if (!token)
		return;
	begin(&store, true);
	ck_ok(sqlite_make_schema(&store));
	ck_ok(sqlite_token_update(&store, &record));
	ck_ok(sqlite_commit(&store));
}

__attribute__((unused)) static void stop(void)
{
	sqlite_backend.close(&store);
	sqlite_backend.marks->close(&marks);
}

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

#endif

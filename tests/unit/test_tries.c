/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tries.c: the file token.tries, one function after another, with system calls that fail.
 *
 * The file under test is included, with its system calls led through the functions below.
 */
#include <errno.h>
#include <sys/file.h>

#include "base/files.h"
#include "store_support.h"

static int fake_open(int dirfd, const char *name, int flags);
static int fake_status(int fd, struct file_status *ret);
static int fake_flock(int fd, int how);
static int fake_fsync(int fd);
static int fake_fdatasync(int fd);
static CK_RV fake_read(int fd, uint8_t *p, size_t n, off_t at, const char *what);
static CK_RV fake_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what);
static CK_RV fake_lock(int fd, unsigned wait_ms, const char *name);
#define file_open fake_open
#define file_status(fd, ret) fake_status(fd, ret)
#define flock fake_flock
#define fsync fake_fsync
#define fdatasync fake_fdatasync
#define file_read fake_read
#define file_write fake_write
#define file_lock fake_lock
#include "store/sqlite/tries.c"
#undef file_open
#undef file_status
#undef flock
#undef fsync
#undef fdatasync
#undef file_read
#undef file_write
#undef file_lock

/* --- Calls that fail --- */

/* A call fails with ERROR after PASSING calls, or ONCE; 0: no call fails. */
struct failure {
	int error;
	unsigned passing, calls;
	bool once;
};
static struct failure opens, statuses, flocks, file_syncs, directory_syncs, data_syncs, reads,
	writes, locks;

static bool fails(struct failure *failure)
{
	errno = 0;
	if (failure->calls++ < failure->passing || failure->error == 0)
		return false;
	if (failure->once && failure->calls != failure->passing + 1)
		return false;
	errno = failure->error;
	return true;
}

static int fake_open(int dirfd, const char *name, int flags)
{
	return fails(&opens) ? -1 : file_open(dirfd, name, flags);
}

static int fake_status(int fd, struct file_status *ret)
{
	return fails(&statuses) ? -1 : file_status(fd, ret);
}

static int fake_flock(int fd, int how)
{
	ck_assert(how & LOCK_NB);
	return fails(&flocks) ? -1 : flock(fd, how);
}

static int fake_fsync(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return fails(S_ISDIR(st.st_mode) ? &directory_syncs : &file_syncs) ? -1 : fsync(fd);
}

static int fake_fdatasync(int fd)
{
	return fails(&data_syncs) ? -1 : fdatasync(fd);
}

static CK_RV fake_read(int fd, uint8_t *p, size_t n, off_t at, const char *what)
{
	return fails(&reads) ? file_error(what) : file_read(fd, p, n, at, what);
}

static CK_RV fake_write(int fd, const uint8_t *p, size_t n, off_t at, const char *what)
{
	return fails(&writes) ? file_error(what) : file_write(fd, p, n, at, what);
}

static CK_RV fake_lock(int fd, unsigned wait_ms, const char *name)
{
	ck_assert_uint_eq(wait_ms, 60000);
	return fails(&locks) ? file_error(name) : file_lock(fd, wait_ms, name);
}

/* --- The file --- */

static int directory = -1;
static struct tries_memory memory;
static const uint8_t salts[2][PIN_SALT_LEN] = {{1, 2, 3}, {4, 5, 6}};

static void make_directory(void)
{
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	directory = open(token_dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(directory, 0);
}

static off_t size_of_file(void)
{
	struct stat st;

	return stat(in_token(TRIES_FILE), &st) == 0 ? st.st_size : -1;
}

/* Return true if nobody has locked the file. */
static bool is_free(void)
{
	int fd = open(in_token(TRIES_FILE), O_RDONLY);
	bool can = flock(fd, LOCK_EX | LOCK_NB) == 0;

	ck_assert_int_ge(fd, 0);
	close(fd);
	return can;
}

static struct store_tries read_back(enum store_role role)
{
	struct store_tries tries = {77, 77};
	TRIES file = {.fd = -1};

	ck_ok(tries_open(directory, &memory, &file));
	if (file.fd < 0)
		ck_ok(tries_use_memory(directory, &memory));
	ck_ok(tries_read(&file, role, salts[role], &tries));
	return tries;
}

static void count(enum store_role role, uint32_t wrong, uint32_t started)
{
	const struct store_tries tries = {wrong, started};
	TRIES file = {.fd = -1};

	ck_ok(tries_open(directory, &memory, &file));
	if (file.fd < 0)
		ck_ok(tries_use_memory(directory, &memory));
	ck_ok(tries_write(&file, role, salts[role], &tries));
}

static void assert_counts(enum store_role role, uint32_t wrong, uint32_t started)
{
	struct store_tries tries = read_back(role);

	ck_assert_uint_eq(tries.wrong, wrong);
	ck_assert_uint_eq(tries.started, started);
}

/* The file has all its bytes, durably, before anybody is told that it is there. */
START_TEST(a_new_file_is_whole_and_synced)
{
	make_directory();
	ck_ok(tries_create(directory));
	ck_assert_int_eq(size_of_file(), TRIES_LEN);
	ck_assert(file_syncs.calls == 1 && directory_syncs.calls == 1);
	ck_assert(is_free());
	ck_ok(tries_create(directory)); /* it is there */
	ck_assert(file_syncs.calls == 1 && directory_syncs.calls == 1 && writes.calls == 1);
	assert_counts(STORE_USER, 0, 0);
	assert_counts(STORE_SO, 0, 0);
	ck_assert_uint_eq(writes.calls, 1);
	close(directory);
}
END_TEST

static const struct {
	struct failure *failure;
	struct failure how;
	CK_RV rv;
} creations[] = {
	{&opens, {.error = EIO}, CKR_DEVICE_ERROR}, {&opens, {.error = EMFILE}, CKR_DEVICE_ERROR},
	{&opens, {.error = ENOSPC, .passing = 1}, CKR_DEVICE_MEMORY},
	{&opens, {.error = EROFS, .passing = 1}, CKR_TOKEN_WRITE_PROTECTED},
	{&statuses, {.error = EIO}, CKR_DEVICE_ERROR},
	{&writes, {.error = ENOSPC}, CKR_DEVICE_MEMORY},
	{&file_syncs, {.error = EIO}, CKR_DEVICE_ERROR},
	{&directory_syncs, {.error = EIO}, CKR_DEVICE_ERROR},
	{&directory_syncs, {.error = ENOSPC}, CKR_DEVICE_MEMORY},
	{&flocks, {.error = ENOLCK}, CKR_OK}, /* without a lock the file is made all the same */
};

START_TEST(a_file_that_cannot_be_made)
{
	make_directory();
	*creations[_i].failure = creations[_i].how;
	ck_rv(tries_create(directory), creations[_i].rv);
	*creations[_i].failure = (struct failure){0};
	ck_assert(size_of_file() < 0 || is_free());
	if (creations[_i].rv == CKR_OK)
		ck_assert_int_eq(size_of_file(), TRIES_LEN);
	assert_counts(STORE_SO, 0, 0);
	count(STORE_SO, 1, 2);
	assert_counts(STORE_SO, 1, 2);
	close(directory);
}
END_TEST

/* Of two failures the first is reported: a full disk, and not what follows from it. */
START_TEST(a_file_that_fails_twice)
{
	make_directory();
	writes.error = ENOSPC;
	directory_syncs.error = EIO;
	ck_rv(tries_create(directory), CKR_DEVICE_MEMORY);
	close(directory);
}
END_TEST

/* Another thread has the file: that thread fills it. */
START_TEST(a_file_that_another_makes)
{
	make_directory();
	flocks.error = EWOULDBLOCK;
	ck_ok(tries_create(directory));
	ck_assert(size_of_file() == 0 && writes.calls == 0);
	static const off_t sizes[] = {0, 1, 512, TRIES_LEN - 1, TRIES_LEN, TRIES_LEN + 1};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) { /* and died over it */
		ck_assert_int_eq(truncate(in_token(TRIES_FILE), 0), 0);
		ck_assert_int_eq(truncate(in_token(TRIES_FILE), sizes[i]), 0);
		writes.calls = file_syncs.calls = 0;
		assert_counts(STORE_SO, 0, 0);
		ck_assert_int_eq(size_of_file(), sizes[i] < TRIES_LEN ? TRIES_LEN : sizes[i]);
		ck_assert_uint_eq(writes.calls, sizes[i] < TRIES_LEN);
		ck_assert_uint_eq(file_syncs.calls, sizes[i] < TRIES_LEN);
	}
	close(directory);
}
END_TEST

/* --- Opening --- */

static const struct {
	bool missing;
	struct failure *failure;
	struct failure how;
	CK_RV rv;
	bool in_memory;
} openings[] = {
	{false, &opens, {.error = EIO}, CKR_DEVICE_ERROR, false},
	{false, &opens, {.error = EIO, .once = true}, CKR_DEVICE_ERROR, false},
	{false, &opens, {.error = EROFS}, CKR_OK, true},
	{false, &opens, {.error = EACCES}, CKR_OK, true},
	{false, &locks, {.error = EIO}, CKR_DEVICE_ERROR, false},
	{false, &statuses, {.error = EIO, .passing = 1}, CKR_DEVICE_ERROR, false},
	{true, &opens, {.error = EROFS, .passing = 2}, CKR_OK, true},
	{true, &opens, {.error = ENOSPC, .passing = 2}, CKR_DEVICE_MEMORY, false},
	{true, &opens, {.error = EIO, .passing = 3}, CKR_DEVICE_ERROR, false},
	{true, &directory_syncs, {.error = EIO}, CKR_DEVICE_ERROR, false},
	{true, &locks, {.error = EIO}, CKR_DEVICE_ERROR, false},
};

START_TEST(a_file_that_cannot_be_opened)
{
	struct tries_file file = {.fd = -1};

	make_directory();
	if (!openings[_i].missing) {
		count(STORE_SO, 3, 4);
		opens.calls = statuses.calls = 0;
	}
	*openings[_i].failure = openings[_i].how;
	ck_rv(tries_open(directory, &memory, &file), openings[_i].rv);
	ck_assert_int_lt(file.fd, 0);
	tries_close(&file);
	*openings[_i].failure = (struct failure){0};
	ck_assert(size_of_file() < 0 || is_free());
	if (!openings[_i].missing)
		assert_counts(STORE_SO, 3, 4);
	close(directory);
}
END_TEST

/* A forked child that has the descriptor keeps nobody waiting. */
START_TEST(a_lock_is_given_back)
{
	struct tries_file file = {.fd = -1};

	make_directory();
	ck_ok(tries_open(directory, &memory, &file));
	ck_assert(file.fd >= 0 && file.memory == &memory && !is_free());
	int inherited = dup(file.fd); /* as a forked child has it */
	tries_close(&file);
	ck_assert(file.fd == -1 && is_free());
	tries_close(&file);
	close(inherited);
	close(directory);
}
END_TEST

/* --- Counting --- */

/* The role and the salt of a PIN tell its tries from those of others. */
START_TEST(each_pin_has_its_tries)
{
	static const uint8_t other_salt[PIN_SALT_LEN] = {1, 2, 3, 4};
	struct store_tries tries = {77, 77};
	uint8_t entry[TRIES_ENTRY_LEN];
	TRIES file = {.fd = -1};

	make_directory();
	count(STORE_USER, 1, UINT32_MAX);
	assert_counts(STORE_SO, 0, 0);
	count(STORE_SO, 0x01020304, 5);
	assert_counts(STORE_USER, 1, UINT32_MAX);
	assert_counts(STORE_SO, 0x01020304, 5);
	ck_assert_uint_eq(data_syncs.calls, 2);
	ck_ok(tries_open(directory, &memory, &file));
	ck_ok(tries_read(&file, STORE_USER, other_salt, &tries));
	ck_assert(tries.wrong == 0 && tries.started == 0);
	/* An entry that was moved to the other role is damage. */
	ck_assert_int_eq(pread(file.fd, entry, sizeof entry, 0), sizeof entry);
	ck_assert_int_eq(pwrite(file.fd, entry, sizeof entry, SECTOR), sizeof entry);
	ck_rv(tries_read(&file, STORE_SO, salts[STORE_SO], &tries), CKR_DEVICE_ERROR);
	close(directory);
}
END_TEST

/* A count that is not on the disk is an error, or a PIN could be guessed by cutting the power. */
START_TEST(a_count_that_cannot_be_written)
{
	const struct store_tries tries = {1, 1};
	struct store_tries back;
	TRIES file = {.fd = -1};

	make_directory();
	ck_ok(tries_open(directory, &memory, &file));
	writes = (struct failure){.error = ENOSPC};
	ck_rv(tries_write(&file, STORE_SO, salts[STORE_SO], &tries), CKR_DEVICE_MEMORY);
	writes.error = 0;
	data_syncs.error = EIO;
	ck_rv(tries_write(&file, STORE_SO, salts[STORE_SO], &tries), CKR_DEVICE_ERROR);
	data_syncs.error = 0;
	reads.error = EIO;
	ck_rv(tries_read(&file, STORE_SO, salts[STORE_SO], &back), CKR_DEVICE_ERROR);
	close(directory);
}
END_TEST

/* --- In memory --- */

/* Where the file cannot be written, counting goes on from what it says. */
START_TEST(counting_in_memory)
{
	make_directory();
	count(STORE_USER, 1, 2);
	count(STORE_SO, 3, 4);
	ck_assert_int_eq(chmod(in_token(TRIES_FILE), 0400), 0);
	reads = (struct failure){.error = EIO, .passing = 1};
	ck_rv(tries_use_memory(directory, &memory), CKR_DEVICE_ERROR);
	ck_assert(!memory.used);
	reads = (struct failure){0};
	assert_counts(STORE_USER, 1, 2);
	ck_assert(memory.used);
	assert_counts(STORE_SO, 3, 4);
	ck_assert_uint_eq(reads.calls, 2); /* from now on memory counts */
	data_syncs.calls = 0;
	count(STORE_SO, 9, 8);
	assert_counts(STORE_SO, 9, 8);
	assert_counts(STORE_USER, 1, 2);
	ck_assert(data_syncs.calls == 0 && reads.calls == 2);
	ck_assert_int_eq(chmod(in_token(TRIES_FILE), 0600), 0);
	assert_counts(STORE_SO, 3, 4);
	close(directory);
}
END_TEST

/* A token on read-only media has no file perhaps. */
START_TEST(counting_in_memory_without_a_file)
{
	make_directory();
	opens = (struct failure){.error = ENOENT};
	ck_ok(tries_use_memory(directory, &memory));
	ck_assert(memory.used);
	opens = (struct failure){.error = EROFS};
	assert_counts(STORE_USER, 0, 0);
	assert_counts(STORE_SO, 0, 0);
	count(STORE_USER, 1, 0);
	assert_counts(STORE_USER, 1, 0);
	assert_counts(STORE_SO, 0, 0);
	close(directory);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof array[0]))

int main(void)
{
	Suite *suite = suite_create("tries");
	TCase *tcase = tcase_create("tries");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_new_file_is_whole_and_synced);
	tcase_add_loop_test(tcase, a_file_that_cannot_be_made, 0, COUNT(creations));
	tcase_add_test(tcase, a_file_that_fails_twice);
	tcase_add_test(tcase, a_file_that_another_makes);
	tcase_add_loop_test(tcase, a_file_that_cannot_be_opened, 0, COUNT(openings));
	tcase_add_test(tcase, a_lock_is_given_back);
	tcase_add_test(tcase, each_pin_has_its_tries);
	tcase_add_test(tcase, a_count_that_cannot_be_written);
	tcase_add_test(tcase, counting_in_memory);
	tcase_add_test(tcase, counting_in_memory_without_a_file);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

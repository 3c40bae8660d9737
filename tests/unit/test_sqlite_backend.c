/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite_backend.c: a token directory that is opened, replaced and left in a fork, and the
 * check of its number.
 */
#include <semaphore.h>

#include "sqlite_backend_calls.h"

START_TEST(the_name_of_a_directory)
{
	static const char *const names[][2] = {{"a", "a"}, {"a/", "a"}, {"a///", "a"}, {"/", "/"},
		{"//", "/"}, {"/a/b//", "/a/b"}, {"", ""}, {"./", "."}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *name = directory_name(names[i][0]);
		ck_assert_str_eq(name, names[i][1]);
		free(name);
	}
}
END_TEST

static const struct {
	enum call call;
	int passing, error;
	CK_RV rv;
	bool device, inode;
} openings[] = {
	{CALLOC, 0, ENOMEM, CKR_HOST_MEMORY, false, false},
	{STRNDUP, 0, ENOMEM, CKR_HOST_MEMORY, false, false},
	{OPEN, 0, 0, CKR_TOKEN_WRITE_PROTECTED, false, false},
	{ABOVE, 0, EIO, CKR_DEVICE_ERROR, false, false},
	{ABOVE, 0, EACCES, CKR_TOKEN_WRITE_PROTECTED, false, false},
	{REALPATH, 0, ENOMEM, CKR_HOST_MEMORY, false, false},
	{REALPATH, 0, ENOENT, CKR_DEVICE_ERROR, false, false},
	{FSTAT, 0, EIO, CKR_DEVICE_ERROR, false, false},
	{FSTATAT, 0, EIO, CKR_DEVICE_ERROR, false, false},
	{NO_CALL, 0, 0, CKR_DEVICE_ERROR, true, false},
	{NO_CALL, 0, 0, CKR_DEVICE_ERROR, false, true},
	{MAP, 0, 0, CKR_HOST_MEMORY, false, false},
	{NO_CALL, 0, 0, CKR_OK, false, false},
};

/* A store that cannot be opened leaves nothing open (tear_down counts), and no memory. */
START_TEST(a_store_that_cannot_be_opened)
{
	failing = openings[_i].call;
	passing = openings[_i].passing;
	failing_errno = openings[_i].error;
	failing_rv = openings[_i].rv;
	another_device = openings[_i].device;
	another_inode = openings[_i].inode;
	ck_rv(open_one(&store, &sqlite_backend), openings[_i].rv);
	if (openings[_i].rv == CKR_OK)
		sqlite_backend.close(&store);
	else
		ck_assert_ptr_null(store.at);
}
END_TEST

/* Root owns most directories above a token, and nobody else may. */
START_TEST(the_owner_of_the_directory_above)
{
	faked_owner = true;
	ck_ok(open_one(&store, &sqlite_backend));
	ck_assert_uint_eq(asked_owner, geteuid());
	sqlite_backend.close(&store);
	owner_above = geteuid() + 4711;
	asked_owner = 0;
	ck_rv(open_one(&store, &sqlite_backend), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(asked_owner, owner_above);
}
END_TEST

/* --- Directories --- */

static int nested_fd;

static void open_state_directory_first(void)
{
	ck_ok(sqlite_state_directory(&store, true, &nested_fd));
}

START_TEST(the_directory_of_states)
{
	int fd = 77, again = 77;

	start(true);
	ck_ok(sqlite_state_directory(&store, false, &fd));
	ck_assert_int_eq(fd, -1);
	ck_ok(sqlite_state_directory(&store, false, &fd)); /* and this is not remembered */
	ck_assert_int_eq(fd, -1);
	failing = OPEN;
	failing_rv = CKR_DEVICE_MEMORY;
	ck_rv(sqlite_state_directory(&store, true, &fd), CKR_DEVICE_MEMORY);
	failing = NO_CALL;
	in_directory_open = open_state_directory_first; /* another thread is first */
	ck_ok(sqlite_state_directory(&store, true, &fd));
	ck_assert(fd >= 0 && fd == nested_fd);
	ck_ok(sqlite_state_directory(&store, false, &again));
	ck_assert_int_eq(fd, again);
	ck_assert_int_eq(rename(in_token("clients"), in_token("other")), 0);
	ck_rv(sqlite_state_directory(&store, true, &fd), CKR_DEVICE_ERROR);
	ck_assert_int_eq(mkdir(in_token("clients"), 0700), 0);
	ck_rv(sqlite_state_directory(&store, true, &fd), CKR_DEVICE_ERROR);
	ck_assert_int_eq(rmdir(in_token("clients")), 0);
	ck_assert_int_eq(rename(in_token("other"), in_token("clients")), 0);
	ck_ok(sqlite_state_directory(&store, true, &fd));
	stop();
}
END_TEST

/* A process that goes on in a renamed directory would not see a copy that has its place. */
START_TEST(a_renamed_token)
{
	char moved[120];
	bool busy;
	int fd = -1;

	start(true);
	snprintf(moved, sizeof moved, "%s/moved", test_dir);
	ck_assert_int_eq(rename(token_dir, moved), 0);
	for (int copy = 0; copy < 2; copy++) {
		ck_rv(store.backend->begin(&store, true, &busy), CKR_DEVICE_ERROR);
		ck_rv(store.backend->begin(&store, false, &busy), CKR_DEVICE_ERROR);
		ck_rv(marks.backend->begin(&marks, true, &busy), CKR_DEVICE_ERROR);
		ck_rv(sqlite_state_directory(&store, true, &fd), CKR_DEVICE_ERROR);
		if (copy == 0)
			ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	}
	ck_assert_int_eq(rmdir(token_dir), 0);
	ck_assert_int_eq(rename(moved, token_dir), 0);
	begin(&store, false);
	sqlite_rollback(&store);
	stop();
}
END_TEST

/* --- The check of the number --- */

static sem_t held, enough;

/* Hold the lock until ENOUGH. */
static void *hold_lock(void *unused)
{
	pthread_mutex_lock(&store.lock);
	sem_post(&held);
	sem_wait(&enough);
	pthread_mutex_unlock(&store.lock);
	return unused;
}

START_TEST(the_check_of_the_number)
{
	pthread_t thread;

	sem_init(&held, 0, 0);
	sem_init(&enough, 0, 0);
	start(true);
	sqlite_check_freshness(&store);
	ck_assert(checks == 1 && checked_before == freshness());
	failing = CHANGE_COUNT;
	failing_rv = CKR_DEVICE_ERROR;
	sqlite_check_freshness(&store);
	ck_assert_uint_eq(checks, 1);
	failing = NO_CALL;
	ck_assert_int_eq(pthread_create(&thread, NULL, hold_lock, NULL), 0);
	sem_wait(&held);
	ck_assert_int_eq(unlink(in_token("token.gen")), 0);
	const void *place = sqlite_backend.freshness(&store);
	sqlite_check_freshness(
		&store); /* the connection is in use: the file is checked all the same */
	ck_assert_uint_eq(checks, 1);
	ck_assert_ptr_ne(sqlite_backend.freshness(&store), place);
	ck_assert(!sqlite_discard(&store)); /* nor is it closed */
	sem_post(&enough);
	pthread_join(thread, NULL);
	database_close(sqlite_of(&store)->db);
	sqlite_of(&store)->db = NULL;
	sqlite_check_freshness(&store);
	ck_assert_uint_eq(checks, 1);
	ck_assert_int_eq(pthread_mutex_trylock(&store.lock), 0);
	stop();
}
END_TEST

/* --- The child of a fork --- */

START_TEST(a_store_that_is_discarded)
{
	start(true);
	begin(&store, false);
	ck_assert(!sqlite_discard(&store));
	sqlite_rollback(&store);
	ck_assert_int_eq(pthread_mutex_trylock(&store.lock), 0);
	pthread_mutex_unlock(&store.lock);
	sqlite_backend.abandon(&store);
	ck_assert(sqlite_discard(&store)); /* tear_down counts descriptors */
	sqlite_backend.abandon(&marks);
	ck_assert(sqlite_discard(&marks)); /* without a connection */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sqlite_backend");
	TCase *tcase = tcase_create("sqlite_backend");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_name_of_a_directory);
	tcase_add_loop_test(tcase, a_store_that_cannot_be_opened, 0, COUNT(openings));
	tcase_add_test(tcase, the_owner_of_the_directory_above);
	tcase_add_test(tcase, the_directory_of_states);
	tcase_add_test(tcase, a_renamed_token);
	tcase_add_test(tcase, the_check_of_the_number);
	tcase_add_test(tcase, a_store_that_is_discarded);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_again.c: commands run again if their transaction had no effect because of another host, as
 * with a database server. A backend made of SQLite's says so a number of times.
 */
#include "store/backend.h"
#include "window_support.h"

static struct store_backend objects, marks; /* SQLite's, with the functions below */
static const struct store_backend *sqlite_objects, *sqlite_marks;
static unsigned commits_fail, puts_fail, commits;

/* As a server that lost the connection before the commit. */
static CK_RV no_effect(struct store *s, const struct store_backend *sqlite)
{
	sqlite->rollback(s);
	s->again = true;
	return CKR_DEVICE_ERROR;
}

static CK_RV commit_objects(struct store *s)
{
	commits++;
	return commits_fail > 0 && commits_fail-- > 0 ? no_effect(s, sqlite_objects)
						      : sqlite_objects->commit(s);
}

static CK_RV commit_marks(struct store *s)
{
	commits++;
	return commits_fail > 0 && commits_fail-- > 0 ? no_effect(s, sqlite_marks)
						      : sqlite_marks->commit(s);
}

/* As a server that undoes the transaction in the middle, because of another host. */
static CK_RV put_mark(
	struct store *s, int64_t master, const uint8_t name[MARK_STREAM_LEN], struct bytes mark)
{
	return puts_fail > 0 && puts_fail-- > 0 ? no_effect(s, sqlite_marks)
						: sqlite_marks->mark_put(s, master, name, mark);
}

/* --- Commands that are announced --- */

static unsigned announced, announced_open; /* in all, and in an open transaction */
static bool join;                          /* the next put lets another thread join */
static pthread_t joiner;

static void *mark_another(void *arg)
{
	struct window_location other = stream("other", 64);

	(void)arg;
	accepted(&other, 1);
	return NULL;
}

static CK_RV put_and_join(
	struct store *s, int64_t master, const uint8_t name[MARK_STREAM_LEN], struct bytes mark)
{
	bool waits = false;

	if (join) {
		join = false;
		ck_assert_int_eq(pthread_create(&joiner, NULL, mark_another, NULL), 0);
		while (!waits) {
			HOLD(&s->queue_lock);
			waits = s->first != NULL;
		}
	}
	return sqlite_marks->mark_put(s, master, name, mark);
}

static void expect_marks(struct store *s, const struct change *list)
{
	(void)s;
	for (; list != NULL; list = list->next) {
		ck_assert_int_eq(list->master, MASTER);
		ck_assert_ptr_nonnull(list->stream);
		announced++;
		announced_open += sqlite_marks->in_transaction(s);
	}
}

static void start_again(void)
{
	start();
	sqlite_objects = store->backend;
	sqlite_marks = store->marks->backend;
	objects = *sqlite_objects;
	objects.commit = commit_objects;
	marks = *sqlite_marks;
	marks.commit = commit_marks;
	marks.mark_put = put_mark;
	store->backend = &objects;
	store->marks->backend = &marks;
	commits = 0;
}

START_TEST(a_counter_is_accepted_once)
{
	start_again();
	struct window_location at = stream("a", 64);

	commits_fail = 3;
	accepted(&at, 5);
	ck_assert_uint_eq(commits, 4);
	replayed(&at, 5);
	puts_fail = 2;
	accepted(&at, 6);
	replayed(&at, 6);
	ck_assert_uint_eq(stored(at).highest, 6);
	close_all();
}
END_TEST

/* The first run of the use must leave nothing that the second takes for a reservation. */
START_TEST(a_reservation_is_extended)
{
	start_again();
	struct window_location at = reserving("a", 64, 10);

	accepted(&at, 5);
	ck_assert_uint_eq(stored(at).highest, 14);
	commits_fail = 2;
	accepted(&at, 15);
	ck_assert_uint_eq(stored(at).highest, 24);
	puts_fail = 1;
	accepted(&at, 25);
	ck_assert_uint_eq(stored(at).highest, 34);
	accepted(&at, 34);
	replayed(&at, 34);
	close_all();
}
END_TEST

/* A command that never has an effect fails in the end, and has left nothing. */
START_TEST(there_is_an_end)
{
	start_again();
	struct window_location at = stream("a", 64);

	commits_fail = UINT32_MAX;
	ck_rv(window_mark(&at, 5), CKR_DEVICE_ERROR);
	ck_assert_uint_gt(commits, 10);
	commits_fail = 0;
	puts_fail = UINT32_MAX;
	ck_rv(window_mark(&at, 5), CKR_DEVICE_ERROR);
	puts_fail = 0;
	ck_assert(!stored(at).any);
	accepted(&at, 5);
	close_all();
}
END_TEST

START_TEST(a_change_runs_again)
{
	start_again();
	struct store_token token, seen;
	bool as_seen = false;

	ck_ok(store_token_get(store, &seen));
	token = seen;
	memset(token.so.salt, 0x66, sizeof token.so.salt);
	commits_fail = 2;
	ck_ok(store_set_pin(store, STORE_SO, &seen, true, &token.so, &as_seen));
	ck_assert(as_seen);
	ck_ok(store_token_get(store, &token));
	ck_assert_int_eq(token.so.salt[0], 0x66);
	close_all();
}
END_TEST

/*
 * A backend is told of the commands before they run. One that comes while a transaction is open has
 * a transaction of its own.
 */
START_TEST(announcements)
{
	start_again();
	struct window_location at = stream("a", 64);

	marks.expect = expect_marks;
	marks.mark_put = put_and_join;
	accepted(&at, 5);
	ck_assert_uint_eq(announced, 1);
	ck_assert_uint_eq(announced_open, 0);
	join = true;
	accepted(&at, 6);
	pthread_join(joiner, NULL);
	ck_assert_uint_eq(announced, 3);
	ck_assert_uint_eq(announced_open, 0);
	ck_assert_uint_eq(commits, 3);
	marks.expect = NULL;
	close_all();
}
END_TEST

RUN_SUITE("again", announcements, a_counter_is_accepted_once, a_reservation_is_extended,
	there_is_an_end, a_change_runs_again)

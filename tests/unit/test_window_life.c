/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_life.c: reading, forgetting and skipping the counters of a stream, the windows of
 * session masters, and what a mark must look like.
 */
#include "state/window_leave.h"
#include "window_support.h"

START_TEST(nobody_logged_in)
{
	start();
	struct window_location at = stream("a", 64);

	vault_wipe_key(&vault);
	windows_logout(store, &vault);
	struct window_set set;
	ck_rv(window_mark(&at, 1), CKR_USER_NOT_LOGGED_IN);
	ck_rv(window_read(&at, &set), CKR_USER_NOT_LOGGED_IN);
	ck_rv(window_skip(&at, 1), CKR_USER_NOT_LOGGED_IN);
	ck_rv(window_forget(&at), CKR_USER_NOT_LOGGED_IN);
	log_in(&vault);
	accepted(&at, 1);
	close_all();
}
END_TEST

/* A description of a stream has a greatest length. */
START_TEST(lengths_of_descriptions)
{
	static const uint8_t text[WINDOW_STREAM_MAX + 1];
	start();
	struct window_location at = stream("", 64), memory = at;
	struct window_set set;
	memory.store = NULL;

	at.stream = memory.stream = bytes_of(text, WINDOW_STREAM_MAX);
	accepted(&at, 1);
	replayed(&at, 1);
	accepted(&memory, 1);
	replayed(&memory, 1);
	at.stream = memory.stream = bytes_of(text, WINDOW_STREAM_MAX + 1);
	ck_rv(window_mark(&at, 1), CKR_GENERAL_ERROR);
	ck_rv(window_mark(&memory, 1), CKR_GENERAL_ERROR);
	ck_rv(window_read(&memory, &set), CKR_GENERAL_ERROR);
	ck_rv(window_forget(&memory), CKR_GENERAL_ERROR);
	ck_rv(window_skip(&memory, 1), CKR_GENERAL_ERROR);
	close_all();
}
END_TEST

/* Without the token key there is no key of the marks, so no master begins. */
START_TEST(a_master_without_a_key)
{
	SNAPSHOT keys = {0};
	struct window_location at;
	start();

	ck_assert(windows_create(store, &keys, 9) != CKR_OK);
	at = stream("a", 64);
	at.master = 9;
	ck_rv(window_mark(&at, 1), CKR_DEVICE_ERROR);
	close_all();
}
END_TEST

/* --- Session masters --- */

START_TEST(session_masters)
{
	start();
	struct window_location at = stream("a", 16), out;
	at.store = NULL;
	at.master = 1234;
	out = at;
	out.direction = WINDOW_OUTGOING;

	accepted(&at, 20);
	replayed(&at, 20);
	accepted(&at, 4);
	replayed(&at, 3);
	accepted(&out, 20);
	replayed(&out, 19);
	windows_logout(store, &vault); /* a public session master outlives a logout */
	replayed(&at, 4);
	windows_forget_session_master(4321);
	replayed(&at, 20);
	windows_forget_session_master(1234);
	accepted(&at, 20);
	close_all();
}
END_TEST

START_TEST(session_masters_have_a_bound)
{
	start();
	struct window_location at = stream("", 1);
	uint8_t name[4];
	at.store = NULL;
	at.stream = bytes_of(name, sizeof name);

	for (uint32_t i = 0; i < WINDOW_SESSION_MAX; i++) {
		put_be32(name, i);
		accepted(&at, 1);
	}
	put_be32(name, WINDOW_SESSION_MAX);
	ck_rv(window_mark(&at, 1), CKR_DEVICE_MEMORY);
	ck_rv(window_skip(&at, 1), CKR_DEVICE_MEMORY);
	put_be32(name, 0);
	replayed(&at, 1);
	accepted(&at, 2);
	close_all();
}
END_TEST

START_TEST(reading_session_masters)
{
	start();
	struct window_location at = stream("a", 16), other = stream("b", 16);
	struct window_set set;
	at.store = other.store = NULL;

	ck_ok(window_read(&at, &set));
	ck_assert(!set.any);
	ck_assert_uint_eq(set.size, 16);
	accepted(&at, 20);
	accepted(&at, 18);
	accepted(&other, 5);
	ck_ok(window_read(&at, &set));
	ck_assert(set.any && set.highest == 20 && set.below[0] == 2);
	ck_ok(window_forget(&at));
	ck_ok(window_read(&at, &set));
	ck_assert(!set.any);
	accepted(&at, 20);
	replayed(&other, 5);
	ck_ok(window_skip(&at, 10)); /* never back */
	replayed(&at, 20);
	replayed(&at, 10);
	accepted(&at, 11);
	close_all();
}
END_TEST

/* --- Token masters --- */

START_TEST(reading_and_forgetting)
{
	start();
	struct window_location at = stream("a", 64), many = reserving("m", 64, 100);
	struct window_set set;

	ck_ok(window_read(&at, &set));
	ck_assert(!set.any);
	accepted(&at, 9);
	accepted(&at, 7);
	ck_ok(window_read(&at, &set));
	ck_assert(set.any && set.highest == 9 && set.below[0] == 2);
	ck_ok(window_forget(&at));
	ck_ok(window_read(&at, &set));
	ck_assert(!set.any);
	accepted(&at, 7);
	accepted(&many, 5);
	ck_ok(window_read(&many, &set));
	ck_assert(set.any && set.highest == 5 && set.below[0] == 0);
	ck_ok(window_forget(&many));
	accepted(&many, 5);
	replayed(&many, 5);
	close_all();
}
END_TEST

/* A stream that another process has forgotten is read from the store. */
START_TEST(reading_what_another_has_changed)
{
	static struct vault second;
	start();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	struct window_set set;
	theirs.vault = &second;

	accepted(&mine, 1);
	ck_ok(window_read(&theirs, &set));
	ck_assert(set.any && set.highest == 10);
	ck_ok(window_read(&mine, &set));
	ck_assert(set.any && set.highest == 1);
	ck_ok(window_forget(&theirs));
	ck_ok(window_read(&mine, &set));
	ck_assert(!set.any);
	ck_ok(window_skip(&theirs, 30));
	ck_ok(window_read(&mine, &set));
	ck_assert(set.any && set.highest == 30);
	ck_ok(window_read(&theirs, &set));
	ck_assert(set.any && set.highest == 30);
	windows_logout(store, &second);
	close_vault(&second);
	close_all();
}
END_TEST

/* A reservation ends when another process skips counters. */
START_TEST(skipped_by_another)
{
	static struct vault second;
	start();
	open_vault(&second);
	struct window_location mine = reserving("a", 64, 10), theirs = mine;
	theirs.vault = &second;

	accepted(&mine, 1);
	ck_ok(window_skip(&theirs, 50));
	replayed(&mine, 6);
	replayed(&mine, 50);
	accepted(&mine, 51);
	windows_logout(store, &second);
	close_vault(&second);
	accepted(&mine, 52); /* the windows of another vault are still there */
	ck_assert_ptr_null(window_space_of(&second, false));
	close_all();
	ck_assert_ptr_null(window_space_of(&vault, false));
}
END_TEST

START_TEST(skipping)
{
	start();
	struct window_location at = stream("a", 64), many = reserving("m", 64, 100);
	struct window_location memory = at;
	memory.store = NULL;

	ck_ok(window_skip(&at, 1000));
	replayed(&at, 1000);
	replayed(&at, 990);
	accepted(&at, 1001);
	ck_ok(window_skip(&at, 500)); /* never back */
	replayed(&at, 1000);
	replayed(&at, 1001);
	accepted(&many, 5);
	ck_ok(window_skip(&many, 50));
	replayed(&many, 6);
	replayed(&many, 50);
	ck_ok(window_skip(&memory, 1000));
	replayed(&memory, 1000);
	accepted(&memory, 1001);
	close_all();
}
END_TEST

START_TEST(a_destroyed_master)
{
	start();
	struct window_location at = stream("a", 64), many = reserving("m", 64, 100);

	accepted(&at, 9);
	accepted(&many, 9);
	ck_ok(windows_remove(store, &vault, MASTER));
	ck_rv(window_mark(&at, 10), CKR_DEVICE_ERROR);
	ck_rv(window_mark(&many, 10), CKR_DEVICE_ERROR);
	at.master = OTHER_MASTER;
	accepted(&at, 9);
	close_all();
}
END_TEST

/* --- Marks --- */

/* A mark or a head with bytes missing or added does not open, whatever its MAC is. */
START_TEST(lengths_of_marks)
{
	SNAPSHOT keys = {0};
	uint8_t sealed[MARK_MAX + 1] = {0};
	struct window_mark made = {.master = MASTER, .set = {.size = 64}}, opened;
	size_t n;

	start();
	struct key *key = key_new();
	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(mark_key(&keys, key));
	ck_ok(mark_seal_head(key, MASTER, sealed, &n));
	for (size_t i = 0; i <= n + 1; i++)
		ck_rv(mark_check_head(key, MASTER, bytes_of(sealed, i)),
			i == n ? CKR_OK : CKR_DEVICE_ERROR);
	window_set_add(&made.set, 5);
	ck_ok(mark_seal(key, &made, sealed, &n));
	for (size_t i = 0; i <= n + 1; i++) {
		opened = (struct window_mark){.master = MASTER, .set = {.size = 64}};
		ck_rv(mark_open(key, bytes_of(sealed, i), &opened),
			i == n ? CKR_OK : CKR_DEVICE_ERROR);
	}
	key_free(key);
	close_all();
}
END_TEST

/* A mark at the place of a head, as only the holder of the key can make it, is no head. */
START_TEST(a_mark_is_no_head)
{
	SNAPSHOT keys = {0};
	uint8_t sealed[MARK_MAX];
	struct window_mark mark = {.master = MASTER, .owner = 1};
	size_t n;

	start();
	struct key *key = key_new();
	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(mark_key(&keys, key));
	ck_ok(mark_seal(key, &mark, sealed, &n));
	ck_rv(mark_check_head(key, MASTER, bytes_of(sealed, n)), CKR_DEVICE_ERROR);
	ck_ok(mark_open(key, bytes_of(sealed, n), &mark));
	ck_ok(mark_seal_head(key, MASTER, sealed, &n));
	ck_ok(mark_check_head(key, MASTER, bytes_of(sealed, n)));
	ck_rv(mark_open(key, bytes_of(sealed, n), &mark), CKR_DEVICE_ERROR);
	key_free(key);
	close_all();
}
END_TEST

RUN_SUITE("window life", nobody_logged_in, lengths_of_descriptions, a_master_without_a_key,
	session_masters, session_masters_have_a_bound, reading_session_masters,
	reading_and_forgetting, reading_what_another_has_changed, skipped_by_another, skipping,
	a_destroyed_master, lengths_of_marks, a_mark_is_no_head)

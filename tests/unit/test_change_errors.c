/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_change_errors.c: each call that a command makes of the backend and of the layer above fails
 * once. The command returns the error, has changed nothing, and works when it is made again.
 */
#include "controlled_store.h"

static int64_t first, second; /* records of the token */

/* --- The commands, and what each has done --- */

static int64_t ids[3];
static bool as_seen;

static CK_RV add_three(void)
{
	OBJECT key = new_key(CKK_GENERIC_SECRET, "new");
	OBJECT client = new_key(CKK_KEYDIV_ODUKPT_CLIENT, "state");
	OBJECT master = new_master();
	struct object *objects[] = {&client, &key, &master};

	return store_add_objects(store, &keys, objects, 3, ids);
}

static void three_are_there(void)
{
	ck_assert(ids[0] > second && ids[1] == ids[0] + 1 && ids[2] == ids[0] + 2);
	ck_assert(has_file(ids[0]) && !has_file(ids[1]) && !has_file(ids[2]));
	ck_assert(!has_marks(ids[0]) && !has_marks(ids[1]) && has_marks(ids[2]));
	ck_assert(value_is(ids[0], "") && value_is(ids[1], "new") && value_is(ids[2], "master"));
	ck_assert(value_is(first, "first"));
}

static CK_RV edit_first(void)
{
	return store_edit_object(store, &keys, first, change_value, (void *)"changed");
}

static void first_is_changed(void)
{
	ck_assert(value_is(first, "changed") && value_is(second, "second"));
}

static CK_RV remove_first(void)
{
	return store_remove_object(store, &keys, first);
}

static void first_is_gone(void)
{
	struct record record;

	ck_rv(store_read(store, first, &record), CKR_OBJECT_HANDLE_INVALID);
	ck_assert(value_is(second, "second"));
}

static CK_RV initialise(void)
{
	struct store_token seen = sample_token(), token = token_of(0);

	token.label[0] = 'N';
	ck_ok(inventory_seal(&keys, &(struct inventory){0}, &token));
	return store_init_token(store, &token, &seen, &as_seen);
}

static void token_is_new(void)
{
	struct store_token stored;

	ck_ok(store_token_get(store, &stored));
	ck_assert(as_seen && stored.label[0] == 'N');
	ck_assert_uint_eq(count_objects(store), 0);
}

static const struct store_pin pin = {.set = true, .salt = {5}, .wrapped_key = {6}};

static CK_RV set_pin(void)
{
	struct store_token seen = sample_token();

	return store_set_pin(store, STORE_USER, &seen, false, &pin, &as_seen);
}

static void pin_is_set(void)
{
	struct store_token stored, expected = sample_token();

	ck_ok(store_token_get(store, &stored));
	ck_assert(as_seen && stored.user.set);
	ck_assert_mem_eq(stored.user.salt, pin.salt, sizeof pin.salt);
	ck_assert_mem_eq(stored.user.wrapped_key, pin.wrapped_key, sizeof pin.wrapped_key);
	ck_assert_mem_eq(stored.so.salt, expected.so.salt, sizeof expected.so.salt);
}

static uint64_t freshness;

static CK_RV touch(void)
{
	freshness = atomic_load(store_freshness(store));
	return store_touch(store);
}

static void is_touched(void)
{
	ck_assert_uint_ne(atomic_load(store_freshness(store)), freshness);
}

static CK_RV verify(void)
{
	return store_verify(store, &keys);
}

static void nothing(void)
{
}

static const struct {
	CK_RV (*run)(void);
	void (*check)(void);
	const char *calls; /* of the command, in their order */
} commands[] = {
	{add_three, three_are_there,
		"begin savepoint token_get "
		"last_id remove_state create_state insert last_id remove_state insert "
		"last_id remove_state create_windows begin_marks insert token_update release "
		"commit "},
	{edit_first, first_is_changed,
		"begin savepoint read token_get update token_update release commit "},
	{remove_first, first_is_gone,
		"begin savepoint read token_get remove token_update release commit "},
	{initialise, token_is_new,
		"begin savepoint make_schema token_get clear token_update release commit "},
	{set_pin, pin_is_set, "begin savepoint token_get token_update release commit "},
	{touch, is_touched, "begin savepoint release commit "},
	{verify, nothing, "begin_read token_get tags "},
};

/* --- Each call --- */

static void unchanged(void)
{
	struct store_token token;

	ck_assert(ids[0] == 0 && ids[1] == 0 && ids[2] == 0 && !as_seen);
	ck_ok(store_verify(store, &keys));
	ck_assert_uint_eq(count_objects(store), 2);
	ck_assert(value_is(first, "first") && value_is(second, "second"));
	ck_ok(store_token_get(store, &token));
	ck_assert(token.so.set && !token.user.set && token.label[0] == 's');
	ck_assert(file_count == 0 && !has_marks(store->last_id));
	ck_assert_uint_eq(atomic_load(store_freshness(store)) % 2, 0);
}

static size_t count_words(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == ' ';
	return n;
}

START_TEST(each_call_fails_once)
{
	const char *calls = commands[_i].calls;

	new_controlled();
	first = add("first");
	second = add("second");
	for (size_t k = 0; k < count_words(calls); k++) {
		fail_call(NULL, (long)k);
		ck_rv(commands[_i].run(), INJECTED);
		passing = -1;
		unchanged();
	}
	clear_journal();
	ck_ok(commands[_i].run());
	ck_assert_msg(strncmp(journal, calls, strlen(calls)) == 0, "%s", journal);
	commands[_i].check();
	ck_ok(store_verify(store, &keys));
	close_controlled();
}
END_TEST

/* --- Other hosts --- */

static unsigned waits;

static void wait_for_others(struct store *s)
{
	ck_assert(s == store);
	waits++;
}

/* Other hosts must not use what a change has taken away. They may not know yet what was added. */
START_TEST(changes_that_take_something_away_wait_for_other_hosts)
{
	const bool takes = commands[_i].run != add_three && commands[_i].run != verify;

	new_controlled();
	first = add("first");
	second = add("second");
	backend.wait_for_hosts = wait_for_others;
	fail_call("commit", 0);
	if (commands[_i].run != verify)
		ck_rv(commands[_i].run(), INJECTED);
	passing = -1;
	ck_assert_uint_eq(waits, 0);
	ck_ok(commands[_i].run());
	ck_assert_uint_eq(waits, takes ? 1 : 0);
	if (commands[_i].run == initialise) { /* nothing is taken away from another token */
		struct store_token seen = sample_token();
		ck_ok(store_init_token(store, &seen, NULL, &as_seen));
		ck_assert(!as_seen && waits == 1);
	}
	close_controlled();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("change errors");
	TCase *tcase = tcase_create("change errors");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, each_call_fails_once, 0, sizeof commands / sizeof commands[0]);
	tcase_add_loop_test(tcase, changes_that_take_something_away_wait_for_other_hosts, 0,
		sizeof commands / sizeof commands[0]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sweep.c: the state files and replay windows of records that do not exist. The first change
 * of a process removes them, once, and a change that fails removes its own.
 */
#include "controlled_store.h"
#include "other_thread.h"

/* Leftovers of a process that was killed: of records that do not exist. */
#define LEFT_FILE 4711
#define LEFT_MARKS 4712

/* Leave both, and open the store as a new process does. */
static void open_with_leftovers(void)
{
	close_controlled();
	ck_ok(store_open(token_dir, &above, &store));
	ck_ok(add_mark(LEFT_MARKS));
	add_file(LEFT_FILE);
	control_backend();
	clear_journal();
}

static bool all_gone(void)
{
	return !has_file(LEFT_FILE) && !has_marks(LEFT_MARKS);
}

/* --- The first change --- */

static int64_t kept; /* a record that exists, with a file */

static CK_RV no_edit(struct object *o, void *arg)
{
	(void)o;
	(void)arg;
	return CKR_OK;
}

static CK_RV add_first(void)
{
	int64_t id = 0;

	return try_add(CKK_GENERIC_SECRET, "first", &id);
}

static CK_RV edit_first(void)
{
	return store_edit_object(store, &keys, kept, no_edit, NULL);
}

static CK_RV remove_first(void)
{
	return store_remove_object(store, &keys, kept + 1);
}

static CK_RV set_pin_first(void)
{
	struct store_token seen = sample_token();
	bool as_seen = false;

	return store_set_pin(store, STORE_USER, &seen, false, &seen.so, &as_seen);
}

static CK_RV (*const changes[])(void) = {add_first, edit_first, remove_first, set_pin_first};

START_TEST(the_first_change_of_each_kind_sweeps_and_no_other)
{
	new_controlled();
	kept = add_client();
	add("second");
	open_with_leftovers();
	ck_ok(store_touch(store)); /* changes nothing */
	ck_assert_uint_eq(count_calls("list_states"), 0);
	fail_call("token_get", 0);
	ck_rv(add_first(), INJECTED);
	ck_assert_uint_eq(count_calls("list_states"), 0);
	ck_ok(changes[_i]());
	ck_assert(all_gone() && has_file(kept));
	ck_assert_uint_eq(count_calls("list_states"), 1);
	ck_assert_uint_eq(count_calls("marks_next"), 2);
	add_file(LEFT_FILE);
	clear_journal();
	for (size_t i = 0; i < 3; i++)
		ck_ok(add_first());
	ck_assert_uint_eq(count_calls("list_states"), 0);
	ck_assert_uint_eq(count_calls("begin"), 3); /* a change is one commit */
	ck_assert(has_file(LEFT_FILE));
	close_controlled();
}
END_TEST

/* The first change does not cost a second commit where nothing is left. */
START_TEST(a_sweep_of_nothing_makes_no_commit)
{
	new_controlled();
	close_controlled();
	open_controlled();
	ck_ok(add_first());
	ck_assert_uint_eq(count_calls("list_states"), 1);
	ck_assert_uint_eq(count_calls("begin"), 1);
	close_controlled();
}
END_TEST

/* Calls of the first change, and of the two commits of the sweep that it makes. */
static const struct {
	const char *call;
	long k;
	bool again; /* the next change sweeps again */
} failures[] = {
	{"list_states", 0, true},
	{"begin", 1, true},
	{"commit", 1, true},
	{"marks_next", 0, true},
	{"marks_next", 1, true},
	{"begin", 2, true},
	{"read", 0, false},
	{"read", 1, false},
	{"remove_state", 1, false},
};

/* A sweep that fails does no harm to the change, and what is left is removed later. */
START_TEST(a_sweep_that_fails_is_made_again)
{
	new_controlled();
	open_with_leftovers();
	fail_call(failures[_i].call, failures[_i].k);
	ck_ok(add_first());
	ck_assert_int_lt(passing, 0);
	ck_assert(!all_gone());
	ck_ok(add_first());
	ck_assert_uint_eq(count_calls("list_states"), failures[_i].again ? 2 : 1);
	ck_assert_int_eq(all_gone(), failures[_i].again);
	close_controlled();
	open_controlled(); /* the next process sweeps in any case */
	ck_ok(add_first());
	ck_assert(all_gone());
	close_controlled();
}
END_TEST

/* A file that cannot be removed keeps its windows, and the sweep goes on with the other files. */
START_TEST(one_file_that_stays_does_not_keep_the_others)
{
	new_controlled();
	open_with_leftovers();
	add_file(LEFT_FILE + 2);
	ck_ok(add_mark(LEFT_FILE));
	fail_call("remove_state", 1); /* after that of the new record: of the first file */
	ck_ok(add_first());
	ck_assert(!has_file(LEFT_FILE + 2));
	/* The windows that were left have led to the file a second time. */
	ck_assert(all_gone() && !has_marks(LEFT_FILE));
	close_controlled();
}
END_TEST

/* A record that cannot be read may exist: its file stays. */
START_TEST(the_file_of_a_record_that_cannot_be_read_stays)
{
	new_controlled();
	kept = add_client();
	open_with_leftovers();
	fail_call("read", 0);
	ck_ok(add_first());
	ck_assert(has_file(kept) && all_gone());
	close_controlled();
}
END_TEST

/* --- A change that fails --- */

#define KEY CKK_GENERIC_SECRET
#define CLIENT CKK_KEYDIV_ODUKPT_CLIENT
#define MASTER CK_UNAVAILABLE_INFORMATION /* a key with replay windows */

static const struct {
	CK_KEY_TYPE types[3];
	const char *call; /* fails for the second object */
	unsigned begins;  /* of the change, and one for each record that may have a file */
} additions[] = {
	{{KEY, KEY, KEY}, "insert", 1},
	{{CLIENT, CLIENT, CLIENT}, "last_id", 2},
	{{CLIENT, CLIENT, CLIENT}, "create_state", 3},
	{{CLIENT, CLIENT, KEY}, "insert", 3},
	{{KEY, CLIENT, CLIENT}, "insert", 2},
	{{MASTER, MASTER, MASTER}, "create_windows", 3},
	{{MASTER, MASTER, KEY}, "insert", 3},
};

START_TEST(an_addition_that_fails_leaves_nothing)
{
	struct object objects[3];
	struct object *list[3];
	int64_t ids[3] = {0};

	new_controlled();
	for (size_t i = 0; i < 3; i++) {
		CK_KEY_TYPE type = additions[_i].types[i];
		objects[i] = type == MASTER ? new_master() : new_key(type, "value");
		list[i] = &objects[i];
	}
	fail_call(additions[_i].call, 1);
	ck_rv(store_add_objects(store, &keys, list, 3, ids), INJECTED);
	ck_assert(ids[0] == 0 && ids[1] == 0 && ids[2] == 0);
	ck_assert_uint_eq(file_count, 0);
	for (int64_t id = 1; id <= 3; id++)
		ck_assert(!has_marks(id));
	ck_assert_uint_eq(count_calls("begin"), additions[_i].begins);
	ck_ok(store_add_objects(store, &keys, list, 3, ids));
	ck_assert(ids[0] > 0 && ids[1] == ids[0] + 1 && ids[2] == ids[0] + 2);
	for (size_t i = 0; i < 3; i++)
		object_wipe(&objects[i]);
	close_controlled();
}
END_TEST

/* The caller learns why the addition failed, also if the file of the record cannot be removed. */
START_TEST(the_error_of_an_addition_is_kept)
{
	struct store_token full;
	bool as_seen = false;
	int64_t id = 0;

	log_in();
	full = token_of(INT64_MAX); /* no record can be counted in */
	open_controlled();
	ck_ok(store_init_token(store, &full, NULL, &as_seen));
	fail_call("begin", 1);
	ck_rv(try_add(CLIENT, "state", &id), CKR_DEVICE_ERROR);
	ck_assert_int_lt(passing, 0);
	ck_assert(has_file(1) && id == 0);
	ck_rv(try_add(CLIENT, "state", &id), CKR_DEVICE_ERROR);
	ck_assert(!has_file(2));
	close_controlled();
}
END_TEST

/* A store without a layer above has no files. */
START_TEST(a_store_without_files)
{
	struct store_token token;
	bool as_seen = false;
	int64_t id = 0;

	log_in();
	token = token_of(0);
	store = open_store();
	control_backend();
	ck_ok(store_init_token(store, &token, NULL, &as_seen));
	fail_call("insert", 0);
	ck_rv(try_add(CLIENT, "state", &id), INJECTED);
	ck_assert_uint_eq(count_calls("begin"), 2);
	ck_ok(try_add(CLIENT, "state", &id));
	ck_assert_int_gt(id, 0);
	close_controlled();
}
END_TEST

/* The file of an insert that did not commit is not taken over, whatever object gets the id. */
START_TEST(a_file_of_the_next_id_is_removed)
{
	new_controlled();
	add("first");
	add_file(2);
	ck_assert_int_eq(add("second"), 2);
	ck_assert(!has_file(2));
	add_file(3);
	clear_journal();
	ck_assert_int_eq(add_client(), 3); /* create_file finds no file */
	ck_assert(has_file(3));
	ck_assert_uint_eq(count_calls("begin"), 1);
	close_controlled();
}
END_TEST

/* --- Initialising --- */

static CK_RV initialise(bool wrong, bool *ret_as_seen)
{
	struct store_token seen = sample_token(), token = token_of(0);

	seen.so.salt[0] ^= wrong;
	return store_init_token(store, &token, &seen, ret_as_seen);
}

START_TEST(initialising_sweeps_once)
{
	bool as_seen = true;

	new_controlled();
	open_with_leftovers();
	ck_ok(initialise(true, &as_seen));
	ck_assert(!as_seen && has_file(LEFT_FILE));
	ck_assert_uint_eq(count_calls("list_states"), 0);
	ck_ok(initialise(false, &as_seen));
	ck_assert(as_seen && all_gone());
	ck_ok(add_first());
	ck_assert_uint_eq(count_calls("list_states"), 1);
	add_file(LEFT_FILE);
	fail_call("list_states", 0);
	ck_ok(initialise(false, &as_seen)); /* the token is new, and the file is left */
	ck_assert(as_seen && has_file(LEFT_FILE));
	ck_ok(add_first());
	ck_assert(!has_file(LEFT_FILE));
	close_controlled();
}
END_TEST

/* --- Initialising, and the sweep of another thread, in one commit --- */

static struct other_thread initialiser;
static _Atomic bool in_transaction;

static void run_initialise(void *arg)
{
	ck_ok(initialise(false, arg));
}

static CK_RV wait_for_the_sweep(struct store *s)
{
	bool waits = false;

	in_transaction = true;
	while (!waits) {
		pthread_mutex_lock(&s->queue_lock);
		waits = s->first != NULL;
		pthread_mutex_unlock(&s->queue_lock);
		sched_yield();
	}
	return clear(s);
}

/* Called before the commit of the initialising and the sweep. */
static void no_file_was_removed(void)
{
	ck_assert(count_calls("clear") == 1 && has_file(kept) && has_file(LEFT_FILE));
	before_commit = NULL;
}

/* The sweep lists the files. Before its command waits, the token is initialised. */
static CK_RV list_and_initialise(struct store *s, int64_t **ret_ids, size_t *ret_n)
{
	static bool as_seen;

	TRY(list_files(s, ret_ids, ret_n));
	if (in_transaction)
		return CKR_OK;
	initialiser.call = run_initialise;
	initialiser.arg = &as_seen;
	ck_assert_int_eq(
		pthread_create(&initialiser.thread, NULL, other_thread_run, &initialiser), 0);
	while (!in_transaction)
		sched_yield();
	before_commit = no_file_was_removed;
	return CKR_OK;
}

/* The records that the initialising removes are back if the commit fails, and need their files. */
START_TEST(a_sweep_spares_files_while_the_token_is_initialised)
{
	struct store_above initialising = above;

	new_controlled();
	kept = add_client();
	open_with_leftovers();
	initialising.list_states = list_and_initialise;
	store->above = &initialising;
	backend.clear = wait_for_the_sweep;
	ck_ok(add_first());
	other_thread_end(&initialiser);
	ck_assert(all_gone() && !has_file(kept));
	close_controlled();
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_sweep_of_nothing_makes_no_commit,
		one_file_that_stays_does_not_keep_the_others,
		the_file_of_a_record_that_cannot_be_read_stays, the_error_of_an_addition_is_kept,
		a_store_without_files, a_file_of_the_next_id_is_removed, initialising_sweeps_once,
		a_sweep_spares_files_while_the_token_is_initialised};
	Suite *suite = suite_create("sweep");
	TCase *tcase = tcase_create("sweep");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_first_change_of_each_kind_sweeps_and_no_other, 0,
		sizeof changes / sizeof changes[0]);
	tcase_add_loop_test(
		tcase, a_sweep_that_fails_is_made_again, 0, sizeof failures / sizeof failures[0]);
	tcase_add_loop_test(tcase, an_addition_that_fails_leaves_nothing, 0,
		sizeof additions / sizeof additions[0]);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

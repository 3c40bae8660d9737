/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite_changes.c: transactions of the SQLite backend that fail at each step, the connections
 * that they leave, and the counts of tries.
 */
#include "sqlite_backend_calls.h"

/* --- Transactions --- */

static const struct {
	enum call call;
	bool create;
} begins[] = {{NEED_WRITABLE, false}, {NEED_WRITABLE, true}, {CREATE_TRIES, true}, {BEGIN, false}};

/* A change that does not begin leaves the number as it was. */
START_TEST(a_change_that_cannot_begin)
{
	bool busy = true;

	start(true);
	uint64_t before = freshness();
	failing = begins[_i].call;
	failing_rv = CKR_DEVICE_MEMORY;
	ck_rv(sqlite_begin(&store, begins[_i].create, &busy), CKR_DEVICE_MEMORY);
	ck_assert(!sqlite_in_transaction(&store));
	ck_assert_uint_eq(freshness(), before);
	failing = NO_CALL;
	begin(&store, begins[_i].create);
	ck_assert_uint_eq(freshness() % 2, 1);
	sqlite_rollback(&store);
	ck_assert_uint_eq(freshness() % 2, 0);
	failing = CREATE_TRIES; /* only a new token needs the file now */
	begin(&store, false);
	sqlite_rollback(&store);
	stop();
}
END_TEST

START_TEST(a_commit_that_fails)
{
	start(true);
	struct store *const stores[] = {&store, &marks};
	for (int i = 0; i < 2; i++) {
		struct store *s = stores[i];
		begin(s, true);
		ck_ok(s->backend->make_schema(s));
		failing = COMMIT;
		passing = 0;
		failing_rv = CKR_DEVICE_MEMORY;
		ck_rv(s->backend->commit(s), CKR_DEVICE_MEMORY);
		failing = NO_CALL;
		begin(s, true);
		ck_ok(s->backend->make_schema(s));
		ck_ok(s->backend->commit(s));
	}
	ck_assert_uint_eq(freshness() % 2, 0);
	stop();
}
END_TEST

/* A connection that is left with locks, or without a schema, is closed, and no other is. */
START_TEST(which_connections_are_closed)
{
	start(false);
	struct store *const stores[] = {&store, &marks};
	for (int i = 0; i < 2; i++) {
		struct store *s = stores[i];
		struct database **db = &sqlite_of(s)->db;
		begin(s, true);
		s->backend->rollback(s);
		ck_assert_ptr_null(*db); /* another process may make the schema */
		begin(s, true);
		ck_ok(s->backend->commit(s));
		ck_assert_ptr_null(*db);
		begin(s, true);
		ck_ok(s->backend->make_schema(s));
		ck_ok(s->backend->commit(s));
		ck_assert_ptr_nonnull(*db);
		for (int how = 0; how < 3; how++) {
			broken = false;
			if (how == 2)
				ck_ok(s->backend->begin_read(s));
			else
				begin(s, false);
			ck_assert_ptr_nonnull(*db);
			broken = true;
			if (how == 0)
				s->backend->rollback(s);
			else if (how == 1)
				ck_ok(s->backend->commit(s));
			else
				s->backend->end_read(s);
			ck_assert_ptr_null(*db);
		}
		broken = false;
		ck_ok(s->backend->begin_read(s));
		s->backend->end_read(s);
		ck_assert(*db != NULL && !s->backend->in_transaction(s));
	}
	stop();
}
END_TEST

/* A change that makes a token finds nothing of it yet. */
START_TEST(a_token_that_is_being_made)
{
	const struct store_query all = {0};
	struct store_token token = sample_token();
	struct record found;
	size_t n = 77;

	start(false);
	begin(&store, true);
	ck_rv(sqlite_token_get(&store, &token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(sqlite_read(&store, 1, &found), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(sqlite_find(&store, &all, &found, 1, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(sqlite_make_schema(&store));
	ck_rv(sqlite_token_get(&store, &token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(sqlite_read(&store, 1, &found), CKR_OBJECT_HANDLE_INVALID);
	sqlite_rollback(&store);
	stop();
}
END_TEST

/* A reader must see the token as soon as another process has made it. */
START_TEST(a_token_that_another_process_makes)
{
	struct store_token token = sample_token();
	sqlite3 *other = NULL;
	bool busy = false;

	start(false);
	ck_assert(!sqlite_is_read_only(&store));
	begin(&store, true);
	sqlite_rollback(&store);
	ck_assert_int_eq(sqlite3_open(in_token("token.db"), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_ok(sqlite_begin(&store, true, &busy));
	ck_assert(busy && sqlite_of(&store)->db != NULL);
	ck_assert_uint_eq(freshness() % 2, 0);
	ck_rv(sqlite_token_get(&store, &token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_assert_ptr_null(sqlite_of(&store)->db);
	sqlite3_close(other);
	stop();
	start(true);
	ck_assert(!sqlite_is_read_only(&store));
	struct database *db = NULL;
	ck_ok(sqlite_token_get(&store, &token));
	ck_ok(sqlite_need_database(&store, &db)); /* a connection stays, with its statements */
	ck_assert_ptr_nonnull(db->statements[SQL_TOKEN_GET]);
	begin(&store, false);
	ck_assert_ptr_nonnull(sqlite_of(&store)->db->statements[SQL_TOKEN_GET]);
	sqlite_rollback(&store);
	ck_assert_ptr_nonnull(sqlite_of(&store)->db->statements[SQL_TOKEN_GET]);
	stop();
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0);
	start(false);
	ck_ok(sqlite_token_get(&store, &token));
	ck_assert(sqlite_is_read_only(&store));
	stop();
}
END_TEST

START_TEST(a_statement_that_fails)
{
	start(true);
	begin(&store, false);
	static const enum sql statements[] = {
		SQL_CLEAR_OBJECTS, SQL_CLEAR_TOKEN, SQL_SAVEPOINT, SQL_RELEASE};
	for (int i = 0; i < 4; i++) {
		failing_statement = (int)statements[i];
		ck_rv(i < 2      ? sqlite_clear(&store)
			: i == 2 ? sqlite_savepoint(&store)
				 : sqlite_release(&store),
			CKR_DEVICE_MEMORY);
	}
	failing_statement = SQL_BEGIN_READ;
	sqlite_rollback(&store);
	ck_rv(sqlite_begin_read(&store), CKR_DEVICE_MEMORY);
	stop();
}
END_TEST

/* --- Tries --- */

static CK_RV edit(const struct store_token *token, struct store_tries *tries, void *arg)
{
	const struct store_tries *more = arg;

	(void)token;
	tries->wrong += more->wrong;
	tries->started += more->started;
	return tries->wrong == 100 ? CKR_PIN_LOCKED : CKR_OK;
}

static CK_RV edit_by(uint32_t wrong, uint32_t started)
{
	struct store_tries more = {wrong, started};

	return sqlite_tries_edit(&store, STORE_SO, edit, &more);
}

/* Each change of a count is written, and a login that changes none costs no sync. */
START_TEST(counts_that_change)
{
	start(false);
	ck_rv(edit_by(1, 0), CKR_TOKEN_NOT_RECOGNIZED);
	stop();
	start(true);
	ck_ok(edit_by(0, 0));
	ck_assert_uint_eq(tries_writes, 0);
	ck_ok(edit_by(1, 0));
	ck_ok(edit_by(0, 1));
	ck_ok(edit_by(1, 1));
	ck_assert_uint_eq(tries_writes, 3);
	ck_rv(edit_by(98, 0), CKR_PIN_LOCKED);
	ck_assert_uint_eq(tries_writes, 3);
	ck_assert(!sqlite_tries_in_memory(&store));
	ck_assert_int_eq(chmod(in_token("token.tries"), 0400), 0);
	ck_ok(edit_by(0, 0));
	ck_assert(sqlite_tries_in_memory(&store));
	ck_assert_int_eq(chmod(in_token("token.tries"), 0600), 0);
	ck_ok(edit_by(0, 0));
	ck_assert(!sqlite_tries_in_memory(&store));
	ck_assert_int_eq(truncate(in_token("token.tries"), 10), 0);
	ck_assert_int_eq(chmod(in_token("token.tries"), 0400), 0);
	ck_rv(edit_by(0, 0), CKR_DEVICE_ERROR); /* no count is forgotten */
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sqlite_changes");
	TCase *tcase = tcase_create("sqlite_changes");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_change_that_cannot_begin, 0, COUNT(begins));
	tcase_add_test(tcase, a_commit_that_fails);
	tcase_add_test(tcase, which_connections_are_closed);
	tcase_add_test(tcase, a_token_that_is_being_made);
	tcase_add_test(tcase, a_token_that_another_process_makes);
	tcase_add_test(tcase, a_statement_that_fails);
	tcase_add_test(tcase, counts_that_change);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_outcome.c: a COMMIT whose answer is lost, and transactions that another host has undone or
 * that have lost their connection when they began.
 *
 * The file under test is included, with the function that waits for answers replaced: it loses the
 * answer to COMMIT before or after the server has it, or says that the server has warned.
 */
#include "store/postgresql/connection.h"

static CK_RV lossy_sync(struct connection *c, int wait, unsigned want, PGresult **ret);
static int64_t fast_clock(void);
#define connection_sync lossy_sync
#define connection_clock fast_clock
#include "store/postgresql/transaction.c"
#undef connection_sync
#undef connection_clock

#include "store_on_server.h"

enum loss { NOTHING_LOST, LOST_BEFORE, LOST_AFTER, WARNED };
static enum loss loss;  /* of the next COMMITs */
static unsigned losses; /* that are left */
static unsigned lost_begins;
static unsigned lost_answers; /* to questions about an outcome */
static int64_t passed;        /* milliseconds, besides the time */

static int64_t fast_clock(void)
{
	return connection_clock() + passed;
}

static bool has(const struct connection *c, enum sql which)
{
	for (unsigned i = 0; i < c->queued; i++)
		if (c->queue[i] == which)
			return true;
	return false;
}

static CK_RV lossy_sync(struct connection *c, int wait, unsigned want, PGresult **ret)
{
	if (lost_begins > 0 && has(c, SQL_BEGIN)) {
		lost_begins--;
		connection_close(c);
		return connection_sync(c, wait, want, ret);
	}
	if (lost_answers > 0 && has(c, SQL_CHANGE_SETTLE)) {
		lost_answers--;
		passed += 14000;
		connection_close(c);
		return connection_sync(c, wait, want, ret);
	}
	if (losses == 0 || !has(c, SQL_COMMIT))
		return connection_sync(c, wait, want, ret);
	losses--;
	if (loss == LOST_BEFORE) {
		shutdown(c->fd, SHUT_RDWR); /* libpq sends what it has kept when it closes */
		connection_close(c);
		return connection_sync(c, wait, want, ret);
	}
	CK_RV rv = connection_sync(c, wait, want, ret);
	ck_ok(rv);
	if (loss == WARNED) {
		c->noticed = true;
		return rv;
	}
	for (unsigned i = 0; i < want; i++)
		PQclear(ret[i]);
	memset(ret, 0, want * sizeof *ret);
	connection_close(c);
	return CKR_DEVICE_ERROR;
}

static void lose(enum loss what, unsigned times)
{
	loss = what;
	losses = times;
}

static const enum loss all[] = {LOST_BEFORE, LOST_AFTER, WARNED};

/* Return how many marks of the slot carry the id of a change that was made. */
static long marks_of_changes(void)
{
	char sql[200];

	snprintf(sql, sizeof sql,
		"SELECT count(*) FROM keydiv.mark m JOIN keydiv.change c ON m.change = c.id "
		"WHERE NOT tombstone AND slot = %s",
		token_dir + strlen("/slot-"));
	return ask_sql(sql);
}

/* Each counter is accepted once, and never taken for a replay of itself. */
START_TEST(marks)
{
	start();
	struct window_location at = stream("a", 64);

	for (uint64_t i = 0; i < 3; i++)
		for (unsigned times = 1; times < 4; times++) {
			uint64_t counter = 10 * i + times;
			lose(all[i], times);
			accepted(&at, counter);
			lose(NOTHING_LOST, 0);
			replayed(&at, counter);
			ck_assert_uint_eq(stored(at).highest, counter);
			ck_assert_int_ge(marks_of_changes(), 1);
		}
	close_all();
}
END_TEST

START_TEST(records)
{
	start();
	uint64_t n = count_objects(store);

	for (unsigned i = 0; i < 3; i++) {
		lose(all[i], 1);
		int64_t id = insert_sample(store, CKO_SECRET_KEY, true, "label", "id");
		ck_assert_uint_eq(count_objects(store), ++n);
		lose(all[i], 1);
		ck_ok(raw_remove(store, id));
		ck_assert_uint_eq(count_objects(store), --n);
	}
	lose(NOTHING_LOST, 0);
	close_all();
}
END_TEST

static CK_RV one_wrong(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	(void)arg;
	tries->wrong++;
	return CKR_OK;
}

static CK_RV read_wrong(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	*(uint32_t *)arg = tries->wrong;
	return CKR_OK;
}

START_TEST(tries_of_pins)
{
	uint32_t wrong = 0;
	start();

	for (unsigned i = 0; i < 3; i++) {
		lose(all[i], 1);
		ck_ok(store_tries_edit(store, STORE_SO, one_wrong, NULL));
		lose(NOTHING_LOST, 0);
		ck_ok(store_tries_edit(store, STORE_SO, read_wrong, &wrong));
		ck_assert_uint_eq(wrong, i + 1);
	}
	close_all();
}
END_TEST

/* A tombstone is there for each change that was given up, and nothing for the others. */
START_TEST(tombstones)
{
	start();
	struct window_location at = stream("a", 64);
	long before = ask_sql("SELECT count(*) FROM keydiv.change WHERE tombstone");

	lose(LOST_AFTER, 1);
	accepted(&at, 1);
	ck_assert_int_eq(ask_sql("SELECT count(*) FROM keydiv.change WHERE tombstone"), before);
	lose(LOST_BEFORE, 1);
	accepted(&at, 2);
	ck_assert_int_eq(ask_sql("SELECT count(*) FROM keydiv.change WHERE tombstone"), before + 1);
	lose(NOTHING_LOST, 0);
	long rows = ask_sql("SELECT count(*) FROM keydiv.change");
	for (uint64_t i = 3; i < 20; i++)
		accepted(&at, i);
	ck_assert_int_eq(ask_sql("SELECT count(*) FROM keydiv.change"), rows);
	close_all();
}
END_TEST

/* A change whose id has a tombstone cannot be committed any more. */
START_TEST(a_late_commit)
{
	uint8_t id[CHANGE_ID_LEN] = {1};
	char sql[200], hex[2 * CHANGE_ID_LEN + 1];
	bool busy;

	start();
	memcpy(id + 8, &(long){getpid()}, sizeof(long));
	hex_encode(id, sizeof id, hex);
	snprintf(sql, sizeof sql, "INSERT INTO keydiv.change VALUES ('\\x%s', true, now())", hex);
	run_sql(sql);
	pthread_mutex_lock(&store->lock);
	ck_ok(store->backend->begin(store, false, &busy));
	ck_assert(!busy);
	memcpy(postgresql_of(store)->transaction.change, id, sizeof id);
	ck_rv(transaction_commit(store), CKR_DEVICE_ERROR);
	ck_assert(store->again);
	ck_assert(!store->backend->in_transaction(store));
	pthread_mutex_unlock(&store->lock);
	close_all();
}
END_TEST

/* A server that answers when it is asked to connect, and then is slow, is tried again. */
START_TEST(connections_that_are_lost_early)
{
	start();
	struct window_location at = stream("a", 64);

	accepted(&at, 1);
	lost_begins = 3;
	ck_ok(store_touch(store));
	lost_begins = 3;
	accepted(&at, 2);
	lost_begins = 3;
	ck_assert_uint_eq(stored(at).highest, 2);
	lost_begins = 3;
	ck_ok(store_tries_edit(store, STORE_USER, one_wrong, NULL));
	ck_assert_uint_eq(lost_begins, 0);
	close_all();
}
END_TEST

/* Connections that the server ends while nobody uses them are made again. */
START_TEST(connections_that_ended)
{
	start();
	struct window_location at = stream("a", 64);
	struct store_token token;

	accepted(&at, 1);
	cut_connections();
	accepted(&at, 2);
	cut_connections();
	ck_ok(store_token_get(store, &token));
	cut_connections();
	insert_sample(store, CKO_SECRET_KEY, true, "label", "id");
	cut_connections();
	atomic_store(&postgresql_of(store)->lease.until, 0);
	atomic_store(&postgresql_of(store)->lease.shared.renew_at, 0);
	ck_ok(store_confirm(store));
	cut_connections();
	store_lock_pins(store);
	ck_assert(store_lock_pins_alone(store));
	store_unlock_pins(store);
	close_all();
}
END_TEST

/*
 * The server answers neither the COMMIT nor, for 60 s, what became of it. The caller gets an error,
 * and the change may have been made. A host that gets an answer just before knows.
 */
START_TEST(outcomes_that_stay_unknown)
{
	start();
	struct window_location at = stream("a", 64);

	accepted(&at, 1);
	lose(LOST_AFTER, 1);
	lost_answers = 4;
	accepted(&at, 2);
	ck_assert_uint_eq(lost_answers, 0);
	lose(LOST_AFTER, 1);
	lost_answers = 1000;
	ck_rv(window_mark(&at, 3), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(lost_answers, 1000 - 5);
	lost_answers = 0;
	replayed(&at, 3);
	accepted(&at, 4);
	close_all();
}
END_TEST

RUN_ON_SERVER("outcome", 300, marks, records, tries_of_pins, tombstones, a_late_commit,
	connections_that_ended, connections_that_are_lost_early, outcomes_that_stay_unknown)

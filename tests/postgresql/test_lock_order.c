/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lock_order.c: each host locks the marks of a transaction in one order. So two hosts that use
 * the same streams never wait for each other, which the server would end with an error.
 */
#include "store/queue.h"
#include "store_on_server.h"

/* --- One transaction --- */

#define MASTER_ID 7

static const uint8_t low[MARK_STREAM_LEN] = {1}, high[MARK_STREAM_LEN] = {2};
static PGconn *locker;

/* Run a statement of the locker. Its parameters are the slot, a master and a stream. */
static void of_locker(const char *sql, const uint8_t *stream)
{
	char text[2 + 2 * MARK_STREAM_LEN + 1] = "\\x";
	const char *values[] = {token_dir + strlen("/slot-"), "7", text};

	for (size_t i = 0; i < MARK_STREAM_LEN; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", stream[i]);
	PGresult *r = PQexecParams(locker, sql, 3, NULL, values, NULL, NULL, 0);
	ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK,
		"%s", PQerrorMessage(locker));
	PQclear(r);
}

/* Either locks the row of a mark that is there, or keeps others from making one that is not. */
static void lock_mark(const uint8_t *stream)
{
	of_locker("INSERT INTO keydiv.mark (slot, master, stream, mark) VALUES ($1::int4, "
		  "$2::int8, $3::bytea, $3::bytea) ON CONFLICT (slot, master, stream) DO UPDATE "
		  "SET mark = excluded.mark",
		stream);
}

enum way { FETCHED, INSERTED, PUT };

/* Two marks in one transaction, the higher one first. It ends when nobody has a lock on them. */
static void *both_marks(void *way)
{
	const struct store_backend *backend = store->marks->backend;
	const uint8_t *const streams[] = {high, low};
	struct change list[2] = {
		{.master = MASTER_ID, .stream = high, .next = &list[1]},
		{.master = MASTER_ID, .stream = low},
	};
	bool busy = true, put = *(enum way *)way == PUT;
	uint8_t before[MARK_MAX];
	size_t n;
	HOLD(&store->marks->lock);

	backend->expect(store->marks, put ? NULL : list);
	while (busy)
		ck_ok(backend->begin(store->marks, true, &busy));
	for (int i = 0; i < 2; i++) {
		if (!put)
			ck_ok(backend->mark_get(store->marks, MASTER_ID, streams[i], before, &n));
		ck_ok(backend->mark_put(store->marks, MASTER_ID, streams[i], bytes_of("m", 1)));
	}
	ck_ok(backend->commit(store->marks));
	return NULL;
}

static void wait_until_it_waits(void)
{
	while (ask_sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'keydiv' "
		       "AND wait_event_type = 'Lock'") == 0)
		usleep(1000);
}

/* The host waits for the lower mark. It has not locked the higher one by then. */
START_TEST(the_lower_mark_first)
{
	enum way way = (enum way)_i;
	pthread_t thread;

	start();
	if (way == FETCHED)
		both_marks(&way); /* the marks are there */
	locker = PQconnectdb("service=direct");
	PQclear(PQexec(locker, "BEGIN; SET LOCAL lock_timeout = 100"));
	lock_mark(low);
	ck_assert_int_eq(pthread_create(&thread, NULL, both_marks, &way), 0);
	wait_until_it_waits();
	lock_mark(high);
	PQfinish(locker);
	pthread_join(thread, NULL);
	close_all();
}
END_TEST

/* --- Streams that two hosts use --- */

#define THREADS 16 /* of each host */
#define STREAMS 6
#define USES 300

struct user {
	pthread_t thread;
	struct store *store;
	struct vault *vault;
	unsigned index;
};

/* Half of the threads use the streams upwards, the others downwards. Each use is a new counter. */
static void *use_all(void *arg)
{
	const struct user *u = arg;
	struct window_location at = stream("a", 64);

	at.store = u->store;
	at.vault = u->vault;
	for (unsigned i = 0; i < USES; i++) {
		char name[20];
		unsigned k = u->index % 4 < 2 ? i % STREAMS : STREAMS - 1 - i % STREAMS;
		int n = snprintf(name, sizeof name, "stream %u of %u", k, i / STREAMS);
		at.stream = bytes_of(name, (size_t)n);
		CK_RV rv = window_mark(&at, u->index);
		ck_assert(rv == CKR_OK || rv == CKR_KEYDIV_REPLAYED);
	}
	return NULL;
}

/* Streams of the first uses are new, and are there then. */
START_TEST(no_deadlocks)
{
	static struct vault second_vault;
	struct user users[2 * THREADS];
	struct store *second;
	start();
	ck_ok(store_open(token_dir, &states_above_store, &second));
	open_vault(&second_vault);
	long before = ask_sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'keydiv'");

	for (unsigned i = 0; i < 2 * THREADS; i++) {
		users[i] = (struct user){.store = i % 2 ? second : store,
			.vault = i % 2 ? &second_vault : &vault,
			.index = i};
		ck_assert_int_eq(pthread_create(&users[i].thread, NULL, use_all, &users[i]), 0);
	}
	for (unsigned i = 0; i < 2 * THREADS; i++)
		pthread_join(users[i].thread, NULL);
	windows_logout(second, &second_vault);
	close_vault(&second_vault);
	store_close(second);
	close_all(); /* a server process that ends counts its deadlocks */
	usleep(100000);
	ck_assert_int_eq(
		ask_sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'keydiv'"), before);
}
END_TEST

int main(void)
{
	TCase *tests;
	Suite *suite = server_suite("lock order", 60, &tests);

	tcase_add_loop_test(tests, the_lower_mark_first, FETCHED, PUT + 1);
	tcase_add_test(tests, no_deadlocks);
	return run_suite(suite);
}

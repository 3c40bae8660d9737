/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hosts.c: two stores on one slot, as of two hosts. The second host uses nothing that the
 * first has taken away, no counter is accepted twice, and tries of PINs count together. The server
 * goes and comes back.
 */
#include "store_on_server.h"

#define COUNTERS 200

static struct store *second;
static struct vault second_vault;

static void start_two(void)
{
	start();
	ck_ok(store_open(token_dir, &states_above_store, &second));
	open_vault(&second_vault);
}

static void close_two(void)
{
	windows_logout(second, &second_vault);
	close_vault(&second_vault);
	store_close(second);
	close_all();
}

/* --- Leases --- */

static struct lease *lease_of(struct store *s)
{
	return &postgresql_of(s)->lease;
}

static int64_t boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool runs(struct store *s)
{
	return boottime() < atomic_load(&lease_of(s)->until);
}

/* The second host uses nothing that it has read when the change of the first host returns. */
START_TEST(a_record_that_is_removed)
{
	RECORD record = {0};
	start_two();

	for (int i = 0; i < 4; i++) {
		int64_t id = insert_sample(store, CKO_SECRET_KEY, true, "label", "id");
		ck_ok(store_read(second, id, &record));
		record_free(&record);
		ck_ok(store_confirm(second));
		ck_assert(runs(second));
		uint64_t seen = atomic_load(store_freshness(second));
		ck_ok(store_touch(store)); /* waits, as the removal of a record does */
		ck_assert(!runs(second) || atomic_load(store_freshness(second)) != seen);
		ck_ok(raw_remove(store, id));
		ck_rv(store_read(second, id, &record), CKR_OBJECT_HANDLE_INVALID);
	}
	close_two();
}
END_TEST

static _Atomic bool returned;

static void *wait_for_hosts(void *arg)
{
	store->backend->wait_for_hosts(store);
	atomic_store(&returned, true);
	return arg;
}

/* A thread whose change is in a commit for which another thread waits takes part in its wait. */
START_TEST(waits_of_one_commit)
{
	pthread_t thread;
	start_two();
	struct postgresql_store *p = postgresql_of(store);

	ck_ok(store_touch(store));
	uint64_t commits = p->commits;
	ck_assert_uint_eq(p->waited, commits);
	p->waited = commits - 1; /* another thread still waits */
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_hosts, NULL), 0);
	usleep(100000); /* alone, the thread would return, because all hosts know the change */
	ck_assert(!atomic_load(&returned));
	pthread_mutex_lock(&p->wait_lock);
	p->waited = commits;
	pthread_cond_broadcast(&p->wait_over);
	pthread_mutex_unlock(&p->wait_lock);
	pthread_join(thread, NULL);
	ck_assert(atomic_load(&returned));
	/* The next commit has a wait of its own. */
	ck_ok(store_touch(store));
	ck_assert_uint_eq(p->waited, commits + 1);
	close_two();
}
END_TEST

/* A renewal that shows a change changes the counter, and one that shows none does not. */
START_TEST(renewals)
{
	start_two();
	ck_ok(store_confirm(second));
	uint64_t seen = atomic_load(store_freshness(second));
	ck_assert_uint_eq(seen & 1, 0);
	lease_end(lease_of(second));
	ck_ok(store_confirm(second));
	ck_assert_uint_eq(atomic_load(store_freshness(second)), seen);
	ck_assert(runs(second));
	insert_sample(store, CKO_SECRET_KEY, true, "label", "id");
	lease_end(lease_of(second));
	ck_ok(store_confirm(second));
	ck_assert_uint_ne(atomic_load(store_freshness(second)), seen);
	/* The own change is known without a renewal. */
	seen = atomic_load(store_freshness(store));
	insert_sample(store, CKO_SECRET_KEY, true, "label", "id");
	ck_assert_uint_ne(atomic_load(store_freshness(store)), seen);
	close_two();
}
END_TEST

/* Data of another timeline, or of fewer changes, is not as new as the lease. */
START_TEST(timelines)
{
	bool other = false;
	start();
	struct lease *lease = lease_of(store);
	ck_ok(store_confirm(store));
	uint64_t word = atomic_load(&lease->word);
	struct lease_seen seen = lease_known(lease), now = seen, generation = seen;

	ck_assert(lease_covers(lease, &now, &other) && !other);
	now.changes = seen.changes + 1;
	ck_assert(lease_covers(lease, &now, &other) && !other);
	now.changes = seen.changes - 1;
	ck_assert(!lease_covers(lease, &now, &other) && !other);
	generation.generation[0] ^= 1;
	ck_assert(!lease_covers(lease, &generation, &other) && !other);
	lease_note(lease, &now, &now);
	ck_assert_uint_eq(atomic_load(&lease->word), word);
	memcpy(now.timeline, "00000009", sizeof now.timeline); /* a promoted standby */
	ck_assert(!lease_covers(lease, &now, &other) && other);
	lease_note(lease, &seen, &now);
	ck_assert_uint_ne(atomic_load(&lease->word), word);
	ck_assert_int_eq(lease->seen.changes, seen.changes - 1);
	/* The next read finds that the timelines differ, and begins again. */
	struct store_token token;
	ck_ok(store_token_get(store, &token));
	ck_assert_str_eq(lease->seen.timeline, "00000001");
	close_all();
}
END_TEST

/* The row of a host that is gone, or was removed, is made again. */
START_TEST(a_row_that_was_removed)
{
	start();
	ck_ok(store_confirm(store));
	run_sql("DELETE FROM keydiv.host");
	lease_end(lease_of(store));
	ck_ok(store_confirm(store));
	ck_assert(runs(store));
	close_all();
	char sql[300];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM keydiv.host WHERE slot = %s",
		token_dir + strlen("/slot-"));
	ck_assert_int_eq(ask_sql(sql), 0);
}
END_TEST

/* --- Counters --- */

struct host {
	struct store *store;
	struct vault *vault;
	unsigned accepted[COUNTERS];
};

static void *use_all(void *arg)
{
	struct host *h = arg;
	struct window_location at = stream("a", 64);

	at.store = h->store;
	at.vault = h->vault;
	for (uint64_t i = 0; i < COUNTERS; i++) {
		char name[20];
		int n = snprintf(name, sizeof name, "new %u", (unsigned)(i / 10));
		at.stream = bytes_of(name, (size_t)n);
		CK_RV rv = window_mark(&at, i);
		ck_assert(rv == CKR_OK || rv == CKR_KEYDIV_REPLAYED);
		h->accepted[i] += rv == CKR_OK;
	}
	return NULL;
}

/* Both hosts begin the same streams, and use the same counters. */
START_TEST(each_counter_once)
{
	enum { THREADS = 4 };
	static struct host hosts[THREADS];
	pthread_t threads[THREADS];
	start_two();

	for (int i = 0; i < THREADS; i++) {
		hosts[i].store = i % 2 ? second : store;
		hosts[i].vault = i % 2 ? &second_vault : &vault;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_all, &hosts[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int c = 0; c < COUNTERS; c++) {
		unsigned n = 0;
		for (int i = 0; i < THREADS; i++)
			n += hosts[i].accepted[c];
		ck_assert_uint_eq(n, 1);
	}
	close_two();
}
END_TEST

/* Each host believes what the other reserves, forgets or skips. */
START_TEST(windows_of_two_hosts)
{
	start_two();
	struct window_location at = reserving("a", 64, 10), there = at;
	there.store = second;
	there.vault = &second_vault;

	accepted(&at, 5);
	replayed(&there, 14); /* reserved by the first host */
	accepted(&there, 15);
	accepted(&at, 14);
	ck_ok(window_forget(&at));
	ck_ok(store_confirm(second)); /* as each use does when it finds the master */
	accepted(&there, 5);
	replayed(&at, 5);
	ck_ok(window_skip(&there, 100));
	ck_ok(store_confirm(store));
	replayed(&at, 100);
	accepted(&at, 101);
	ck_ok(windows_remove(store, &vault, MASTER));
	ck_rv(window_mark(&there, 200), CKR_DEVICE_ERROR); /* the head is gone */
	close_two();
}
END_TEST

/* --- PINs --- */

static CK_RV count_up(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	tries->wrong++;
	*(uint32_t *)arg = tries->wrong;
	return CKR_OK;
}

static CK_RV fail_edit(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	(void)arg;
	tries->wrong = 77;
	return CKR_PIN_LOCKED;
}

START_TEST(tries_of_two_hosts)
{
	uint32_t wrong = 0;
	struct store_token token;
	bool as_seen;
	start_two();

	for (uint32_t i = 1; i < 10; i++) {
		struct store *host = i & 1 ? store : second;
		ck_ok(store_tries_edit(host, STORE_SO, count_up, &wrong));
		ck_assert_uint_eq(wrong, i);
		ck_rv(store_tries_edit(second, STORE_SO, fail_edit, NULL), CKR_PIN_LOCKED);
	}
	ck_ok(store_tries_edit(second, STORE_USER, count_up, &wrong));
	ck_assert_uint_eq(wrong, 1); /* of another role */
	ck_ok(store_token_get(store, &token));
	struct store_pin pin = token.so;
	memset(pin.salt, 0x99, sizeof pin.salt);
	ck_ok(store_set_pin(second, STORE_SO, &token, true, &pin, &as_seen));
	ck_assert(as_seen);
	ck_ok(store_tries_edit(store, STORE_SO, count_up, &wrong));
	ck_assert_uint_eq(wrong, 1); /* of the new PIN */
	ck_assert(!store_tries_in_memory(store));
	close_two();
}
END_TEST

static _Atomic bool locked;

static void *lock_alone(void *arg)
{
	store_lock_pins(second);
	bool got = store_lock_pins_alone(second);
	atomic_store(&locked, true);
	store_unlock_pins(second);
	*(bool *)arg = got;
	return NULL;
}

START_TEST(turns_of_two_hosts)
{
	pthread_t thread;
	bool got = false;
	start_two();

	store_lock_pins(store);
	store_lock_pins(second); /* both share the lock */
	store_unlock_pins(second);
	ck_assert_int_eq(pthread_create(&thread, NULL, lock_alone, &got), 0);
	usleep(300000);
	ck_assert(!atomic_load(&locked));
	store_unlock_pins(store);
	pthread_join(thread, NULL);
	ck_assert(got);
	close_two();
}
END_TEST

/* --- Records --- */

/* A label of every length is found, though an index entry has a limit. */
START_TEST(long_labels)
{
	static char label[STORE_FIELD_MAX + 1];
	struct record found[2];
	struct sample_text text;
	size_t n = 0;
	start();

	memset(label, 'x', STORE_FIELD_MAX);
	struct record record = {.label = bytes_of(label, STORE_FIELD_MAX)};
	ck_ok(raw_insert(store, &record, sample_prepare, &text));
	struct record shorter = {.label = bytes_of(label, STORE_FIELD_MAX - 1)};
	ck_ok(raw_insert(store, &shorter, sample_prepare, &text));
	struct store_query query = {.label = bytes_of(label, STORE_FIELD_MAX)};
	ck_ok(store_find(store, &query, found, 2, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(found[0].id, record.id);
	record_free(&found[0]);
	close_all();
}
END_TEST

/* A row that was edited behind the store's back is refused. */
START_TEST(edited_rows)
{
	RECORD record = {0};
	char sql[300];
	start();
	int64_t id = insert_sample(store, CKO_SECRET_KEY, true, "label", "id");

	snprintf(sql, sizeof sql, "UPDATE keydiv.object SET class = 3 WHERE slot = %s AND id = %ld",
		token_dir + strlen("/slot-"), (long)id);
	run_sql(sql);
	ck_rv(store_read(store, id, &record), CKR_DEVICE_ERROR);
	snprintf(sql, sizeof sql, "UPDATE keydiv.slot SET last_id = 0 WHERE slot = %s",
		token_dir + strlen("/slot-"));
	run_sql(sql);
	struct sample_text text;
	struct record again = {0};
	ck_rv(raw_insert(store, &again, sample_prepare, &text), CKR_DEVICE_ERROR);
	close_all();
}
END_TEST

START_TEST(no_client_states)
{
	int fd = 0;
	start();
	ck_rv(store_state_directory(store, true, &fd), CKR_TEMPLATE_INCONSISTENT);
	ck_ok(store_state_directory(store, false, &fd));
	ck_assert_int_eq(fd, -1);
	close_all();
}
END_TEST

/* An application that has closed its standard streams does not print into a connection. */
START_TEST(no_standard_streams)
{
	struct store_token token;
	start();
	struct postgresql_store *p = postgresql_of(store);

	connection_close(&p->connection);
	int kept = dup(STDIN_FILENO);
	close(STDIN_FILENO);
	CK_RV rv = store_token_get(store, &token);
	int fd = p->connection.fd;
	dup2(kept, STDIN_FILENO);
	close(kept);
	ck_ok(rv);
	ck_assert_int_gt(fd, STDERR_FILENO);
	close_all();
}
END_TEST

/* --- The server goes --- */

START_TEST(a_server_that_is_killed)
{
	struct store_token token;
	start();
	struct window_location at = stream("a", 64);

	accepted(&at, 1);
	ck_ok(store_confirm(store));
	command("kill a");
	while (runs(store)) /* until then the host goes on */
		usleep(1000);
	ck_rv(store_confirm(store), CKR_DEVICE_ERROR);
	ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
	ck_rv(window_mark(&at, 2), CKR_DEVICE_ERROR);
	ck_rv(store_touch(store), CKR_DEVICE_ERROR);
	command("start a");
	ck_ok(store_confirm(store));
	ck_ok(store_token_get(store, &token));
	accepted(&at, 2);
	replayed(&at, 1);
	ck_ok(store_touch(store));
	close_all();
}
END_TEST

/* A server that does not answer is given up, and the change is made once, or not at all. */
START_TEST(a_server_that_is_stopped)
{
	start();
	struct window_location at = stream("a", 64);

	accepted(&at, 1);
	command("pause a");
	ck_rv(window_mark(&at, 2), CKR_DEVICE_ERROR);
	lease_end(lease_of(store));
	ck_rv(store_confirm(store), CKR_DEVICE_ERROR);
	command("cont a");
	ck_ok(store_confirm(store));
	accepted(&at, 2);
	replayed(&at, 2);
	close_all();
}
END_TEST

RUN_ON_SERVER("hosts", 300, a_record_that_is_removed, waits_of_one_commit, renewals, timelines,
	a_row_that_was_removed, each_counter_once, windows_of_two_hosts, tries_of_two_hosts,
	turns_of_two_hosts, long_labels, edited_rows, no_client_states, no_standard_streams,
	a_server_that_is_killed, a_server_that_is_stopped)

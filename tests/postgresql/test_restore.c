/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_restore.c: somebody puts older rows back, in place, while hosts have cached what was there.
 * The hosts find out by the count and the generation of changes, at the latest when their leases
 * end, and go on with what is there.
 */
#include "store/copy.h"
#include "store_on_server.h"

static struct store *second;

static struct lease *lease_of(struct store *s)
{
	return &postgresql_of(s)->lease;
}

static bool runs(struct store *s)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec < atomic_load(&lease_of(s)->until);
}

/* Run SQL, in which %1$s is the number of the slot. */
static void run_for_slot(const char *format)
{
	char sql[1000];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(sql, sizeof sql, format, token_dir + strlen("/slot-"));
#pragma GCC diagnostic pop
	run_sql(sql);
}

/* Two hosts, and a backup of what is there. */
static void start_two(void)
{
	start();
	ck_ok(store_open(token_dir, &states_above_store, &second));
	insert_sample(store, CKO_SECRET_KEY, true, "kept", "id");
	run_for_slot("CREATE TABLE slot_%1$s AS SELECT * FROM keydiv.slot WHERE slot = %1$s");
	run_for_slot("CREATE TABLE token_%1$s AS SELECT * FROM keydiv.token WHERE slot = %1$s");
	run_for_slot("CREATE TABLE object_%1$s AS SELECT * FROM keydiv.object WHERE slot = %1$s");
}

static void restore(void)
{
	run_for_slot("BEGIN; DELETE FROM keydiv.slot WHERE slot = %1$s; "
		     "DELETE FROM keydiv.token WHERE slot = %1$s; "
		     "DELETE FROM keydiv.object WHERE slot = %1$s; "
		     "INSERT INTO keydiv.slot SELECT * FROM slot_%1$s; "
		     "INSERT INTO keydiv.token SELECT * FROM token_%1$s; "
		     "INSERT INTO keydiv.object SELECT * FROM object_%1$s; COMMIT");
}

static void close_two(void)
{
	store_close(second);
	close_all();
}

/* Make a record that is not in the backup, and let the second host read it. */
static int64_t insert_and_read(uint64_t *ret_seen)
{
	RECORD record = {0};
	int64_t id = insert_sample(store, CKO_SECRET_KEY, true, "new", "id");

	ck_ok(store_read(second, id, &record));
	ck_ok(store_confirm(second));
	*ret_seen = atomic_load(store_freshness(second));
	return id;
}

/* HOST makes, reads and removes a record, and sees what is there. */
static void go_on(struct store *host)
{
	RECORD record = {0};

	ck_ok(store_confirm(host));
	int64_t id = insert_sample(host, CKO_SECRET_KEY, true, "later", "id");
	ck_ok(store_read(host, id, &record));
	ck_ok(store_touch(host));
	ck_ok(raw_remove(host, id));
	ck_ok(store_confirm(host));
	long changes = (long)lease_of(host)->seen.changes;
	char sql[200];
	snprintf(sql, sizeof sql, "SELECT changes FROM keydiv.slot WHERE slot = %s",
		token_dir + strlen("/slot-"));
	ck_assert_int_eq(ask_sql(sql), changes);
}

/* The renewal drops what was cached. */
START_TEST(fewer_changes)
{
	RECORD record = {0};
	uint64_t seen = 0;
	start_two();
	int64_t id = insert_and_read(&seen);

	restore();
	while (runs(second))
		usleep(1000);
	ck_ok(store_confirm(second));
	ck_assert_uint_ne(atomic_load(store_freshness(second)), seen);
	ck_rv(store_read(second, id, &record), CKR_OBJECT_HANDLE_INVALID);
	/* It was noted once. */
	seen = atomic_load(store_freshness(second));
	lease_end(lease_of(second));
	ck_ok(store_confirm(second));
	ck_assert_uint_eq(atomic_load(store_freshness(second)), seen);
	go_on(second);
	go_on(store);
	close_two();
}
END_TEST

/* After the restore another host has made as many changes as there were. */
START_TEST(as_many_changes)
{
	RECORD record = {0};
	uint64_t seen = 0;
	start_two();
	int64_t id = insert_and_read(&seen);

	restore();
	run_for_slot("UPDATE keydiv.slot SET changes = changes + 1, "
		     "generation = '\\x00112233445566778899aabbccddeeff' WHERE slot = %1$s");
	while (runs(second))
		usleep(1000);
	ck_ok(store_confirm(second));
	ck_assert_uint_ne(atomic_load(store_freshness(second)), seen);
	ck_rv(store_read(second, id, &record), CKR_OBJECT_HANDLE_INVALID);
	go_on(second);
	go_on(store);
	close_two();
}
END_TEST

/* The first to notice is a read, while the lease still runs. */
START_TEST(a_read_after_the_restore)
{
	RECORD record = {0};
	uint64_t seen = 0;
	start_two();
	int64_t id = insert_and_read(&seen);

	restore();
	ck_rv(store_read(second, id, &record), CKR_OBJECT_HANDLE_INVALID);
	ck_assert_uint_ne(atomic_load(store_freshness(second)), seen);
	go_on(second);
	close_two();
}
END_TEST

/* The first to notice is a change, which has a lower number than those that were noted. */
START_TEST(a_change_after_the_restore)
{
	uint64_t seen = 0;
	start_two();
	for (int i = 0; i < 3; i++)
		insert_and_read(&seen);

	restore();
	insert_sample(second, CKO_SECRET_KEY, true, "later", "id");
	ck_assert_uint_ne(atomic_load(store_freshness(second)), seen);
	go_on(second);
	go_on(store);
	close_two();
}
END_TEST

/* A host that has noted more changes than there are has not noted the next one. */
START_TEST(a_writer_waits_for_hosts)
{
	uint64_t seen = 0;
	start_two();
	for (int i = 0; i < 3; i++)
		insert_and_read(&seen);
	for (int i = 0; i < 2; i++) { /* the second renewal shows what the first has noted */
		lease_end(lease_of(second));
		ck_ok(store_confirm(second));
	}
	seen = atomic_load(store_freshness(second));

	restore();
	ck_ok(store_touch(store));
	ck_assert(!runs(second) || atomic_load(store_freshness(second)) != seen);
	close_two();
}
END_TEST

/* An answer that was under way while this process made a change is no restore. */
START_TEST(an_answer_under_way)
{
	start_two();
	ck_ok(store_confirm(store));
	struct lease_seen before = lease_known(lease_of(store));

	insert_sample(store, CKO_SECRET_KEY, true, "new", "id");
	struct lease_seen known = lease_known(lease_of(store));
	uint64_t seen = atomic_load(store_freshness(store));
	ck_assert_int_gt(known.changes, before.changes);
	lease_note(lease_of(store), &before, &before);
	ck_assert_uint_eq(atomic_load(store_freshness(store)), seen);
	ck_assert_int_eq(lease_of(store)->seen.changes, known.changes);
	lease_note(lease_of(store), &known, &before); /* the same answer to a later question */
	ck_assert_uint_ne(atomic_load(store_freshness(store)), seen);
	close_two();
}
END_TEST

/* A copy that replaces a token takes it away from the hosts that use it. */
START_TEST(a_copy_over_a_token)
{
	struct store_copied copied;
	struct store *to = NULL;
	start();
	snprintf(token_dir, sizeof token_dir, "/slot-%ld", 3000000 + (long)getpid());
	store_close(new_store());
	ck_ok(store_open(token_dir, &states_above_store, &to));
	ck_ok(store_open(token_dir, &states_above_store, &second));

	lease_end(lease_of(second));
	ck_ok(store_confirm(second));
	uint64_t seen = atomic_load(store_freshness(second));
	ck_assert(runs(second));
	ck_ok(store_copy(store, to, true, &copied));
	ck_assert_int_eq(copied.refusal, COPY_DONE);
	ck_assert(!runs(second) || atomic_load(store_freshness(second)) != seen);
	store_close(to);
	close_two();
}
END_TEST

RUN_ON_SERVER("restore", 300, fewer_changes, as_many_changes, a_read_after_the_restore,
	a_change_after_the_restore, a_writer_waits_for_hosts, an_answer_under_way,
	a_copy_over_a_token)

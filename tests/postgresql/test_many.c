/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_many.c: tokens with so many objects that one statement of the server does not read or remove
 * all of them.
 */
#include "store_on_server.h"

/* Make records FIRST to LAST. The end of what is sealed is a tag that begins with the id. */
static void make_records(int first, int last)
{
	run_sqlf("INSERT INTO keydiv.object (slot, id, class, private, attributes, sealed, "
		 "checksum) SELECT %s, n, 4, true, '', 'sealed' || int8send(n) || "
		 "'the tag.', '' FROM generate_series(%d, %d) n",
		slot_number(), first, last);
}

/* --- Reading --- */

#define PART 1024 /* as read.c */
#define RECORDS 2500

static struct record_tag tags[PART];

static size_t read_part(int64_t after)
{
	size_t n = 0;

	ck_ok(store->backend->tags(store, after, tags, PART, &n));
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(tags[i].id, after + 1 + (int64_t)i);
		ck_assert_uint_eq(get_be64(tags[i].tag), (uint64_t)tags[i].id);
		ck_assert_mem_eq(tags[i].tag + 8, "the tag.", 8);
	}
	return n;
}

/* The store asks for the next part before its caller does. The caller may do something else. */
START_TEST(the_inventory_in_parts)
{
	struct store_token token;
	start();
	make_records(1, RECORDS);

	for (int other = 0; other < 3; other++) {
		ck_ok(store->backend->begin_read(store));
		ck_assert_uint_eq(read_part(0), PART);
		if (other == 1)
			ck_ok(store->backend->token_get(store, &token));
		if (other == 2)
			ck_assert_uint_eq(read_part(0), PART);
		ck_assert_uint_eq(read_part(PART), PART);
		ck_assert_uint_eq(read_part(2 * PART), RECORDS - 2 * PART);
		ck_assert_uint_eq(read_part(RECORDS), 0);
		store->backend->end_read(store);
	}
	close_all();
}
END_TEST

/* --- Removing --- */

#define OBJECTS 16000 /* for a quarter of which the server sleeps 1 ms or longer */

/* C_InitToken, while a trigger makes the server slower than a host waits for a statement. */
START_TEST(a_token_with_many_objects)
{
	struct store_token token, seen;
	bool as_seen = false;
	char sql[200];
	start();

	make_records(-1, OBJECTS);
	run_sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id % 4 "
		"= 0 THEN PERFORM pg_sleep(0.001); END IF; RETURN OLD; END $$; "
		"CREATE TRIGGER slow BEFORE DELETE ON keydiv.object "
		"FOR EACH ROW EXECUTE FUNCTION slow()");
	ck_ok(store_token_get(store, &seen));
	token = seen;
	ck_ok(store_init_token(store, &token, &seen, &as_seen));
	ck_assert(as_seen);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM keydiv.object WHERE slot = %s",
		slot_number());
	ck_assert_int_eq(ask_sql(sql), 0);
	close_all();
}
END_TEST

RUN_ON_SERVER("many", 60, the_inventory_in_parts, a_token_with_many_objects)

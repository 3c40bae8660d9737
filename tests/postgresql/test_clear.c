/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_clear.c: C_InitToken of a token with so many objects that the server needs longer to remove
 * them than a host waits for a statement. A trigger makes the server slow.
 */
#include "store_on_server.h"

#define OBJECTS 16000 /* for a quarter of which the server sleeps 1 ms or longer */

/* Put rows into the slot, and make their removal slow. */
static void make_objects(void)
{
	char sql[600];

	snprintf(sql, sizeof sql,
		"INSERT INTO keydiv.object (slot, id, class, private, attributes, sealed, "
		"checksum) SELECT %s, n, 4, true, '', '', '' FROM generate_series(-1, %d) n",
		token_dir + strlen("/slot-"), OBJECTS);
	run_sql(sql);
	run_sql("CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
		"IF OLD.id % 4 = 0 THEN PERFORM pg_sleep(0.001); END IF; RETURN OLD; END $$");
	run_sql("CREATE TRIGGER slow BEFORE DELETE ON keydiv.object "
		"FOR EACH ROW EXECUTE FUNCTION slow()");
}

START_TEST(a_token_with_many_objects)
{
	struct store_token token, seen;
	bool as_seen = false;
	char sql[200];
	start();

	make_objects();
	ck_ok(store_token_get(store, &seen));
	token = seen;
	ck_ok(store_init_token(store, &token, &seen, &as_seen));
	ck_assert(as_seen);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM keydiv.object WHERE slot = %s",
		token_dir + strlen("/slot-"));
	ck_assert_int_eq(ask_sql(sql), 0);
	close_all();
}
END_TEST

RUN_ON_SERVER("clear", 60, a_token_with_many_objects)

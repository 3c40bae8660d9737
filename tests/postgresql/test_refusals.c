/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_refusals.c: the server refuses a change, at once or with the COMMIT, or has rows that no
 * store has written. The caller gets the right code, and nothing of the change is left.
 */
#include "store_on_server.h"

/* --- Changes that the server refuses --- */

/*
 * Let the insertion of a row into TABLE fail with SQLSTATE, the first TIMES times. The sequence
 * counts on when a transaction is undone.
 */
static void refuse(const char *table, const char *sqlstate, int times, bool with_commit)
{
	run_sqlf("CREATE SEQUENCE refused; GRANT ALL ON SEQUENCE refused TO PUBLIC; "
		 "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
		 "IF nextval('public.refused') <= %d THEN RAISE EXCEPTION USING ERRCODE = '%s'; "
		 "END IF; RETURN NEW; END $$; CREATE %s TRIGGER refuse %s INSERT ON keydiv.%s %s "
		 "FOR EACH ROW EXECUTE FUNCTION refuse()",
		times, sqlstate, with_commit ? "CONSTRAINT" : "", with_commit ? "AFTER" : "BEFORE",
		table, with_commit ? "DEFERRABLE INITIALLY DEFERRED" : "");
}

static void allow(void)
{
	run_sql("DROP FUNCTION refuse() CASCADE; DROP SEQUENCE refused");
}

static CK_RV add_record(void)
{
	static struct sample_text text;
	struct record row = {.object_class = CKO_SECRET_KEY, .is_private = true};

	return raw_insert(store, &row, sample_prepare, &text);
}

static CK_RV add_stream(void)
{
	struct window_location at = stream("a new one", 64);

	return window_mark(&at, 1);
}

static long rows(const char *table)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM keydiv.%s WHERE slot = %s", table,
		slot_number());
	return ask_sql(sql);
}

static const struct {
	const char *table;
	CK_RV (*add)(void);
} changes[] = {{"object", add_record}, {"mark", add_stream}};

static const struct {
	const char *sqlstate;
	CK_RV rv;
} refusals[] = {
	{"53100", CKR_DEVICE_MEMORY},         /* disk_full */
	{"42501", CKR_TOKEN_WRITE_PROTECTED}, /* insufficient_privilege */
	{"42P01", CKR_DEVICE_ERROR},          /* undefined_table */
	{"XX001", CKR_DEVICE_ERROR},          /* data_corrupted */
	{"25006", CKR_DEVICE_ERROR},          /* read_only_sql_transaction: now a standby */
	{"57P05", CKR_DEVICE_ERROR},          /* idle_session_timeout, of a server that ends */
};
#define REFUSALS ((int)(sizeof refusals / sizeof refusals[0]))

START_TEST(refused_changes)
{
	start();

	for (size_t c = 0; c < 2; c++)
		for (int with_commit = 0; with_commit < 2; with_commit++) {
			long before = rows(changes[c].table);
			refuse(changes[c].table, refusals[_i].sqlstate, 1000, with_commit);
			ck_rv(changes[c].add(), refusals[_i].rv);
			ck_assert_int_eq(rows(changes[c].table), before);
			allow();
		}
	for (size_t c = 0; c < 2; c++)
		ck_ok(changes[c].add());
	close_all();
}
END_TEST

/* A conflict with another transaction is tried again, until it is over. */
static const char *const conflicts[] = {"40001", "40P01", "23505", "55P03", "57014"};
#define CONFLICTS ((int)(sizeof conflicts / sizeof conflicts[0]))

START_TEST(conflicts_are_tried_again)
{
	start();

	for (int with_commit = 0; with_commit < 2; with_commit++) {
		long before = rows("object");
		refuse("object", conflicts[_i], 3, with_commit);
		ck_ok(add_record());
		ck_assert_int_eq(rows("object"), before + 1);
		allow();
	}
	refuse("mark", conflicts[_i], 3, true);
	ck_ok(add_stream());
	ck_rv(add_stream(), CKR_KEYDIV_REPLAYED);
	allow();
	close_all();
}
END_TEST

START_TEST(conflicts_without_end)
{
	start();
	long before = rows("object");

	refuse("object", "40001", 1000, true);
	ck_rv(add_record(), CKR_DEVICE_ERROR);
	ck_assert_int_eq(rows("object"), before);
	allow();
	close_all();
}
END_TEST

/* --- Rows that no store has written --- */

static CK_RV touch(void)
{
	return store_touch(store);
}

static CK_RV read_token(void)
{
	struct store_token token;

	return store_token_get(store, &token);
}

static CK_RV read_tags(void)
{
	struct record_tag tags[4];
	size_t n;

	return store->backend->tags(store, 0, tags, 4, &n);
}

static CK_RV no_try(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	(void)tries;
	(void)arg;
	return CKR_OK;
}

static CK_RV count(void)
{
	return store_tries_edit(store, STORE_SO, no_try, NULL);
}

static CK_RV use(void)
{
	struct window_location at = stream("a", 64);

	return window_mark(&at, 100);
}

static CK_RV use_first(void)
{
	struct window_location at = stream("another", 64);

	return window_mark(&at, 1);
}

static const struct {
	const char *edit; /* of a row of the slot */
	CK_RV (*call)(void);
} damages[] = {
	{"UPDATE keydiv.slot SET generation = '\\x00' WHERE slot = ", touch},
	{"UPDATE keydiv.slot SET generation = '\\x00' WHERE slot = ", read_token},
	{"UPDATE keydiv.slot SET changes = -1 WHERE slot = ", touch},
	{"UPDATE keydiv.slot SET last_id = -1 WHERE slot = ", touch},
	{"UPDATE keydiv.slot SET last_id = 8589934592 WHERE slot = ", touch},
	{"UPDATE keydiv.token SET uuid = uuid || '\\x00' WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET uuid = substring(uuid FROM 2) WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET serial = '' WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET label = label || '\\x00' WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET scrypt_log2_n = 99 WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET so_key = NULL WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET so_salt = NULL WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET count_seal = count_seal || count_seal WHERE slot = ", read_token},
	{"UPDATE keydiv.token SET checksum = '' WHERE slot = ", read_token},
	{"UPDATE keydiv.tries SET salt = repeat('x', 999)::bytea WHERE slot = ", count},
	{"UPDATE keydiv.tries SET salt = (SELECT so_salt FROM keydiv.token t WHERE t.slot = "
	 "keydiv.tries.slot), wrong = -1 WHERE slot = ",
		count},
	{"UPDATE keydiv.object SET sealed = 'short' WHERE slot = ", read_tags},
	{"UPDATE keydiv.object SET id = 8589934592 WHERE slot = ", read_tags},
	{"UPDATE keydiv.mark SET mark = '' WHERE slot = ", use},
	{"UPDATE keydiv.mark SET mark = repeat('x', 9999)::bytea WHERE slot = ", use},
	{"UPDATE keydiv.mark SET mark = '' WHERE slot = ", use_first},
	{"DELETE FROM keydiv.mark WHERE slot = ", use_first},
};
#define DAMAGES ((int)(sizeof damages / sizeof damages[0]))

START_TEST(damaged_rows)
{
	struct window_location at = stream("a", 64);

	start();
	accepted(&at, 1);
	ck_ok(add_record());
	ck_ok(store_touch(store));
	run_sqlf(
		"INSERT INTO keydiv.tries (slot, role, salt, wrong, started) VALUES (%s, 1, '', 0, "
		"0) ON CONFLICT DO NOTHING",
		slot_number());
	run_sqlf("%s%s", damages[_i].edit, slot_number());
	CK_RV rv = damages[_i].call();
	ck_assert_msg(rv == CKR_DEVICE_ERROR, "%s: 0x%lx", damages[_i].edit, rv);
	close_all();
}
END_TEST

int main(void)
{
	TCase *tests;
	Suite *suite = server_suite("refusals", 60, &tests);

	tcase_add_loop_test(tests, refused_changes, 0, REFUSALS);
	tcase_add_loop_test(tests, conflicts_are_tried_again, 0, CONFLICTS);
	tcase_add_test(tests, conflicts_without_end);
	tcase_add_loop_test(tests, damaged_rows, 0, DAMAGES);
	return run_suite(suite);
}

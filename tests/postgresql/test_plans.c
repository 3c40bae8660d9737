/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plans.c: the server finds the rows of every statement by an index that says which, whatever
 * it believes about the sizes of the tables. It knows nothing of a table that nobody has analysed
 * yet, and the wrong thing of a table that was emptied, analysed and filled again.
 */
#include "store_on_server.h"

static PGconn *session; /* with the settings of a store */

/* --- What the server believes --- */

#define ROWS "20000"

/* A token with many objects and streams, of which nobody collects statistics. */
static void fill(void)
{
	make_schema();
	run_sql("ALTER DATABASE keydiv SET random_page_cost = 10; " /* a disk, not a memory */
		"ALTER TABLE keydiv.object SET (autovacuum_enabled = false); "
		"ALTER TABLE keydiv.mark SET (autovacuum_enabled = false); "
		"INSERT INTO keydiv.object (slot, id, class, private, label, object_id, "
		"attributes, sealed, checksum) SELECT 0, n, 4, n % 10 > 0, int8send(n), "
		"int8send(n), repeat('a', 100)::bytea, repeat('s', 60)::bytea, "
		"repeat('c', 16)::bytea FROM generate_series(1, " ROWS ") n; "
		"INSERT INTO keydiv.mark (slot, master, stream, mark) SELECT 0, 7, "
		"sha256(int8send(n)), repeat('m', 40)::bytea FROM generate_series(1, " ROWS ") n");
}

static void believe(const char *rows)
{
	char sql[400];

	/* The size of the file is always known. What counts is the number of rows for each page. */
	snprintf(sql, sizeof sql,
		"UPDATE pg_class SET reltuples = %s, relpages = CASE WHEN %s < 0 THEN 0 ELSE "
		"pg_relation_size(oid) / 8192 END WHERE relnamespace = 'keydiv'::regnamespace",
		rows, rows);
	run_sql(sql);
}

/* Nothing; that the tables were emptied; the truth. */
static const char *const beliefs[] = {"-1", "4", ROWS};
#define BELIEFS ((int)(sizeof beliefs / sizeof beliefs[0]))
#define EMPTIED 1

/* --- Plans --- */

static PGresult *run_here(const char *sql)
{
	PGresult *r = PQexec(session, sql);

	ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK,
		"%s: %s", sql, PQerrorMessage(session));
	return r;
}

static int parameters_of(const char *sql)
{
	int n = 0;

	for (const char *p = strchr(sql, '$'); p != NULL; p = strchr(p + 1, '$'))
		n = atoi(p + 1) > n ? atoi(p + 1) : n;
	return n;
}

/* Write the plan of statement WHICH, for parameters that the planner does not know. */
static void explain(enum sql which, char *ret, size_t size)
{
	char text[4000], arguments[100] = "";

	snprintf(text, sizeof text, "PREPARE p AS %s", sql_text(which));
	PQclear(run_here(text));
	for (int n = parameters_of(text), i = 0; i < n; i++)
		strcat(arguments, i == 0 ? "(NULL" : ", NULL");
	snprintf(text, sizeof text, "EXPLAIN EXECUTE p%s%s", arguments, arguments[0] ? ")" : "");
	PGresult *r = run_here(text);
	size_t at = 0;
	ret[0] = '\0';
	for (int i = 0; i < PQntuples(r) && at < size; i++)
		at += (size_t)snprintf(ret + at, size - at, "%s\n", PQgetvalue(r, i, 0));
	ck_assert_uint_lt(at, size);
	PQclear(r);
	PQclear(run_here("DEALLOCATE p"));
}

static bool is_planned(enum sql which)
{
	const char *text = sql_text(which);

	return strncmp(text, "SELECT", 6) == 0 || strncmp(text, "INSERT", 6) == 0 ||
	       strncmp(text, "UPDATE", 6) == 0 || strncmp(text, "DELETE", 6) == 0 ||
	       strncmp(text, "WITH", 4) == 0;
}

/* The condition that a plan has. The index of a search says which column it is by. */
static const struct {
	enum sql first, last;
	const char *condition;
} by_index[] = {
	{SQL_READ, SQL_READ, "(id = $2)"},
	{SQL_UPDATE, SQL_REMOVE, "(id = $2)"},
	{SQL_TAGS, SQL_TAGS, "object_pkey"},
	{SQL_FIND, SQL_FIND, "object_pkey"},
	{SQL_FIND + 1, SQL_FIND + 1, "object_label"},
	{SQL_FIND + 2, SQL_FIND + 2, "object_object_id"},
	{SQL_FIND + 4, SQL_FIND + 4, "object_class"},
	{SQL_FIND + 8, SQL_FIND + 8, "using public on"},
	{SQL_FIND + 9, SQL_FIND + 9, "public_label"},
	{SQL_FIND + 10, SQL_FIND + 10, "public_object_id"},
	{SQL_FIND + 12, SQL_FIND + 12, "public_class"},
	{SQL_CLEAR_OBJECTS, SQL_CLEAR_OBJECTS, "(id = ANY ("},
	{SQL_MARK_FETCH, SQL_MARK_FETCH, "(stream = p.stream)"},
	{SQL_MARK_GET, SQL_MARK_HEAD, "(stream = $3)"},
	{SQL_MARK_REMOVE_SOME, SQL_MARK_REMOVE_SOME, "(stream = ANY ("},
	{SQL_MARK_NEAR, SQL_MARK_NEAR, "(stream = $4)"},
	{SQL_MARK_DELETE, SQL_MARK_LOCK_HEAD, "(stream = $3)"},
};

static void check(enum sql which, const char *plan, bool emptied)
{
	const char *text = sql_text(which);

	if (strstr(text, "keydiv.object") == NULL && strstr(text, "keydiv.mark") == NULL)
		return; /* of a table that stays small */
	ck_assert_msg(strstr(plan, "Seq Scan") == NULL, "%s\n%s", text, plan);
	ck_assert_msg(strstr(plan, "Join Filter") == NULL, "%s\n%s", text, plan);
	if (emptied && which < SQL_FIND + 16)
		return; /* of a few rows, the planner takes any index until it knows better */
	for (size_t i = 0; i < sizeof by_index / sizeof by_index[0]; i++)
		if (by_index[i].first <= which && which <= by_index[i].last)
			ck_assert_msg(
				strstr(plan, by_index[i].condition) != NULL, "%s\n%s", text, plan);
}

START_TEST(plans)
{
	static char plan[20000];
	struct connection c = {.conninfo = "service=direct", .purpose = "plans", .fd = -1};

	ck_ok(connection_open(&c, NULL));
	session = c.pg;
	ck_assert_int_eq(PQexitPipelineMode(session), 1);
	PQclear(run_here("SET plan_cache_mode = force_generic_plan"));
	believe(beliefs[_i]);
	for (enum sql which = 0; which < SQL_COUNT_OF_STATEMENTS; which++) {
		if (!is_planned(which))
			continue;
		explain(which, plan, sizeof plan);
		check(which, plan, _i == EMPTIED);
	}
	connection_close(&c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plans");
	TCase *tests = tcase_create("plans");

	tcase_add_unchecked_fixture(tests, fill, NULL);
	tcase_add_loop_test(tests, plans, 0, BELIEFS);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

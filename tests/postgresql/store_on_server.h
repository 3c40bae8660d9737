/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_on_server.h: tests of the store on a PostgreSQL server that servers.py has started, linked
 * statically. Each test has a slot of its own. A second store on the slot is a second host.
 */
#ifndef KEYDIV_TESTS_STORE_ON_SERVER_H
#define KEYDIV_TESTS_STORE_ON_SERVER_H

#include <libpq-fe.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "store/load.h"
#include "store/postgresql/postgresql_backend.h"
#include "store/postgresql/postgresql_store.h"
#include "window_support.h"

/* Instead of load.c: every store of the program is on the server. */
const struct store_backend *store_configured(void)
{
	return &postgresql_backend;
}

/* Run the text SQL as superuser. */
__attribute__((unused)) static void run_sql(const char *sql)
{
	PGconn *c = PQconnectdb("service=direct");
	PGresult *r = PQexec(c, sql);

	ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK,
		"%s", PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
}

/* Make the text, and run it. */
__attribute__((unused, format(printf, 1, 2))) static void run_sqlf(const char *format, ...)
{
	char sql[2000];
	va_list args;

	va_start(args, format);
	ck_assert_int_lt(vsnprintf(sql, sizeof sql, format, args), (int)sizeof sql);
	va_end(args);
	run_sql(sql);
}

/* Return the number of the slot of this test, for SQL. */
__attribute__((unused)) static const char *slot_number(void)
{
	return token_dir + strlen("/slot-");
}

/* Run a query that gives one number. */
__attribute__((unused)) static long ask_sql(const char *sql)
{
	PGconn *c = PQconnectdb("service=direct");
	PGresult *r = PQexec(c, sql);

	ck_assert_msg(PQresultStatus(r) == PGRES_TUPLES_OK, "%s", PQerrorMessage(c));
	long n = strtol(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	PQfinish(c);
	return n;
}

/* End all connections of stores. */
__attribute__((unused)) static void cut_connections(void)
{
	const char *all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
			  "WHERE application_name = 'keydiv'";

	while (ask_sql(all) > 0)
		usleep(1000);
}

/* Give a command to servers.py. */
__attribute__((unused)) static void command(const char *text)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char answer[200] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/control", getenv("KEYDIV_PG"));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	dprintf(fd, "%s\n", text);
	ck_assert_int_gt(read(fd, answer, sizeof answer - 1), 0);
	ck_assert_msg(strncmp(answer, "ok", 2) == 0, "%s: %s", text, answer);
	close(fd);
}

__attribute__((unused)) static void set_up_slot(void)
{
	ck_ok(crypto_start());
	snprintf(token_dir, sizeof token_dir, "/slot-%ld", 2000000 + (long)getpid());
	snprintf(postgresql_settings.conninfo, sizeof postgresql_settings.conninfo,
		"service=direct");
	postgresql_settings.lease_ms = 250;
}

__attribute__((unused)) static void tear_down_slot(void)
{
	crypto_stop();
}

/* Make the schema, once for the program. */
__attribute__((unused)) static void make_schema(void)
{
	command("load a keydiv " SCHEMA);
}

/* Make a suite whose tests are added to RET_TESTS, each with a slot of its own and SECONDS. */
__attribute__((unused)) static Suite *server_suite(const char *name, int seconds, TCase **ret_tests)
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);

	tcase_add_unchecked_fixture(tests, make_schema, NULL);
	tcase_add_checked_fixture(tests, set_up_slot, tear_down_slot);
	tcase_set_timeout(tests, seconds);
	suite_add_tcase(suite, tests);
	*ret_tests = tests;
	return suite;
}

/* Run the suite of N cases; the exit code of main. */
__attribute__((unused)) static int run_on_server(
	const char *name, int seconds, const TTest *const *cases, size_t n)
{
	TCase *tests;
	Suite *suite = server_suite(name, seconds, &tests);

	for (size_t i = 0; i < n; i++)
		tcase_add_test(tests, cases[i]);
	return run_suite(suite);
}

/* The main function: each of the cases may take SECONDS. */
#define RUN_ON_SERVER(name, seconds, ...)                                                          \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const cases[] = {__VA_ARGS__};                                        \
		return run_on_server(name, seconds, cases, sizeof cases / sizeof cases[0]);        \
	}

#endif

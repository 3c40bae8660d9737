/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c: see admin.h. */
#include "store/postgresql/admin.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schema_sql.h"
#include "store/postgresql/postgresql_store.h"

#define TEXT_MAX 1024

_Static_assert(sizeof schema_sql / sizeof schema_sql[0] == SCHEMA_VERSION,
	"there is a file for each version");

/* One call: its connection, and where its lines go. */
struct admin {
	PGconn *pg;
	store_line *line;
	void *arg;
};

static void end_admin(struct admin *admin)
{
	PQfinish(admin->pg);
}
#define ADMIN __attribute__((cleanup(end_admin))) struct admin

__attribute__((format(printf, 3, 4))) static void say(
	const struct admin *admin, const char *name, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text[strcspn(text, "\n")] = '\0'; /* messages of libpq have several lines */
	admin->line(admin->arg, name, text);
}

/* --- Asking the server --- */

static CK_RV refuse(const struct admin *admin)
{
	say(admin, "error", "%s", PQerrorMessage(admin->pg));
	return CKR_DEVICE_ERROR;
}

/* Run one or several statements without parameters. RET may be NULL. */
static CK_RV run(const struct admin *admin, const char *sql, PGresult **ret)
{
	RESULT *result = PQexec(admin->pg, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		return refuse(admin);
	if (ret == NULL)
		return CKR_OK;
	*ret = result;
	result = NULL;
	return CKR_OK;
}

/* Run a query whose result is one text, which is cut to TEXT_MAX. */
static CK_RV ask(const struct admin *admin, const char *sql, char ret[TEXT_MAX])
{
	RESULT *result = NULL;

	TRY(run(admin, sql, &result));
	if (PQntuples(result) != 1) {
		say(admin, "error", "the server has sent an answer that does not fit");
		return CKR_DEVICE_ERROR;
	}
	snprintf(ret, TEXT_MAX, "%s", PQgetvalue(result, 0, 0));
	return CKR_OK;
}

static void take_notice(void *arg, const PGresult *result)
{
	struct admin *admin = arg;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity == NULL || strcmp(severity, "WARNING") != 0)
		return;
	say(admin, "warning", "%s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

static CK_RV connect_admin(struct admin *admin, const char *conninfo)
{
	static const char *const keywords[] = {
		"fallback_application_name", "connect_timeout", "dbname", NULL};
	const char *const values[] = {"keydiv store", "10", conninfo, NULL};

	admin->pg = PQconnectdbParams(keywords, values, 1);
	ENSURE(admin->pg != NULL, CKR_HOST_MEMORY);
	if (PQstatus(admin->pg) != CONNECTION_OK)
		return refuse(admin);
	PQsetNoticeReceiver(admin->pg, take_notice, admin);
	return run(admin,
		"SET synchronous_commit = on; SET search_path = pg_catalog; "
		"SET client_min_messages = warning",
		NULL);
}

/* --- Tables --- */

/* Read the version of the tables: 0 if there are none. */
static CK_RV read_version(const struct admin *admin, unsigned long *ret)
{
	char text[TEXT_MAX];

	*ret = 0;
	TRY(ask(admin, "SELECT to_regclass('keydiv.version') IS NOT NULL", text));
	if (strcmp(text, "t") != 0)
		return CKR_OK;
	TRY(ask(admin, "SELECT version FROM keydiv.version", text));
	*ret = strtoul(text, NULL, 10);
	if (*ret >= 1 && *ret <= SCHEMA_VERSION)
		return CKR_OK;
	say(admin, "error", "the tables have version %lu, and this program knows up to %d", *ret,
		SCHEMA_VERSION);
	return CKR_DEVICE_ERROR;
}

static CK_RV grant(const struct admin *admin, const char *role)
{
	char sql[TEXT_MAX];
	char *name = PQescapeIdentifier(admin->pg, role, strlen(role));

	if (name == NULL)
		return refuse(admin);
	int n = snprintf(sql, sizeof sql,
		"GRANT USAGE ON SCHEMA keydiv TO %s; "
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA keydiv TO %s; "
		"REVOKE INSERT, UPDATE, DELETE ON keydiv.version FROM %s",
		name, name, name);
	PQfreemem(name);
	REQUIRE(n > 0 && (size_t)n < sizeof sql, CKR_ARGUMENTS_BAD, "the role's name is too long");
	return run(admin, sql, NULL);
}

/* In a transaction: the tables of all versions after VERSION, one step after another. */
static CK_RV make_tables(const struct admin *admin, unsigned long version, const char *grant_to)
{
	for (; version < SCHEMA_VERSION; version++)
		TRY(run(admin, schema_sql[version], NULL));
	return grant_to ? grant(admin, grant_to) : CKR_OK;
}

static CK_RV admin_init(const char *conninfo, const char *grant_to, store_line *line, void *arg)
{
	ADMIN admin = {.line = line, .arg = arg};
	unsigned long before = 0;

	TRY(connect_admin(&admin, conninfo));
	TRY(run(&admin, "BEGIN", NULL));
	TRY(read_version(&admin, &before));
	TRY(make_tables(&admin, before, grant_to));
	TRY(run(&admin, "COMMIT", NULL));
	if (before == 0)
		say(&admin, "tables", "made, version %d", SCHEMA_VERSION);
	else if (before < SCHEMA_VERSION)
		say(&admin, "tables", "brought from version %lu to %d", before, SCHEMA_VERSION);
	else
		say(&admin, "tables", "as they were, version %d", SCHEMA_VERSION);
	if (grant_to)
		say(&admin, "granted_to", "%s", grant_to);
	return CKR_OK;
}

/* --- Status --- */

/* Say a line "NAME: VALUE" for each row of SQL, whose columns are a name and a value. */
static CK_RV say_rows(const struct admin *admin, const char *sql)
{
	RESULT *result = NULL;

	TRY(run(admin, sql, &result));
	for (int i = 0; i < PQntuples(result); i++)
		say(admin, PQgetvalue(result, i, 0), "%s", PQgetvalue(result, i, 1));
	return CKR_OK;
}

/* Return true if the connection has several hosts to choose from. */
static bool has_several_hosts(const struct admin *admin)
{
	PQconninfoOption *all = PQconninfo(admin->pg);
	bool several = false;

	for (PQconninfoOption *o = all; o && o->keyword; o++)
		if (strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0)
			several |= o->val && strchr(o->val, ',') != NULL;
	PQconninfoFree(all);
	return several;
}

static CK_RV say_server(const struct admin *admin)
{
	char text[TEXT_MAX];

	say(admin, "server", "%s port %s, PostgreSQL %s", PQhost(admin->pg), PQport(admin->pg),
		PQparameterStatus(admin->pg, "server_version"));
	say(admin, "database", "%s as %s", PQdb(admin->pg), PQuser(admin->pg));
	TRY(ask(admin, "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END",
		text));
	say(admin, "role", "%s", text);
	TRY(ask(admin, "SHOW synchronous_standby_names", text));
	say(admin, "synchronous_standbys", "%s", text[0] ? text : "none");
	if (text[0] == '\0' && has_several_hosts(admin))
		say(admin, "warning",
			"several hosts are named and synchronous_standby_names is empty: after a "
			"fail-over, changes that were acknowledged can be lost, and counters that "
			"were used can be accepted again");
	TRY(ask(admin, "SHOW fsync", text));
	if (strcmp(text, "on") != 0)
		say(admin, "warning", "fsync is off: a crash of the server can lose everything");
	return CKR_OK;
}

static CK_RV say_tokens(const struct admin *admin)
{
	return say_rows(admin,
		"SELECT 'token in slot ' || t.slot, '''' || rtrim(encode(t.label, 'escape')) || "
		"''', ' || (SELECT count(*) FROM keydiv.object o WHERE o.slot = t.slot) || "
		"' objects, ' || (SELECT count(*) FROM keydiv.mark m WHERE m.slot = t.slot) || "
		"' marks, ' || coalesce((SELECT s.changes FROM keydiv.slot s "
		"WHERE s.slot = t.slot), 0) || ' changes' FROM keydiv.token t ORDER BY t.slot");
}

static CK_RV say_hosts(const struct admin *admin)
{
	return say_rows(admin,
		"SELECT 'host ' || h.name, 'slot ' || h.slot || ', lease ' || h.lease_ms || "
		"' ms, renewed ' || to_char(extract(epoch FROM clock_timestamp() - h.renewed), "
		"'FM999999990.000') || ' s ago, ' || CASE WHEN h.seen = s.changes "
		"THEN 'up to date' ELSE 'behind' END FROM keydiv.host h JOIN keydiv.slot s "
		"USING (slot) ORDER BY h.name, h.slot");
}

static CK_RV admin_status(const char *conninfo, store_line *line, void *arg)
{
	ADMIN admin = {.line = line, .arg = arg};
	unsigned long version = 0;

	TRY(connect_admin(&admin, conninfo));
	TRY(say_server(&admin));
	TRY(read_version(&admin, &version));
	if (version == 0) {
		say(&admin, "tables", "none: run 'keydiv store init'");
		return CKR_OK;
	}
	say(&admin, "tables", "version %lu%s", version,
		version < SCHEMA_VERSION ? ", old: run 'keydiv store init'" : "");
	if (version < SCHEMA_VERSION)
		return CKR_OK;
	TRY(say_tokens(&admin));
	return say_hosts(&admin);
}

/* --- This process --- */

static int64_t ms_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The lock is held while the lease is renewed, so this may wait for the server as any call does. */
static void admin_describe(struct store *store, store_line *line, void *arg)
{
	const struct admin admin = {.line = line, .arg = arg};
	struct lease *lease = &postgresql_of(store)->lease;

	pthread_mutex_lock(&lease->lock);
	PGconn *pg = lease->connection.pg;
	if (pg != NULL)
		say(&admin, "server", "%s port %s", PQhost(pg), PQport(pg));
	else
		say(&admin, "server", "none answers");
	if (pg != NULL && lease->connection.exposed)
		say(&admin, "warning",
			"several hosts are named and synchronous_standby_names is empty");
	pthread_mutex_unlock(&lease->lock);
	int64_t left = atomic_load(&lease->until) / 1000000 - ms_of(CLOCK_BOOTTIME);
	int64_t contact = atomic_load(&lease->contact);
	if (left > 0)
		say(&admin, "lease", "%d ms, %" PRId64 " ms left", lease->ms, left);
	else
		say(&admin, "lease", "%d ms, over", lease->ms);
	if (contact != 0)
		say(&admin, "last_contact", "%" PRId64 " s ago",
			ms_of(CLOCK_REALTIME) / 1000 - contact);
	else
		say(&admin, "last_contact", "never");
}

const struct store_admin postgresql_admin = {
	.init = admin_init,
	.status = admin_status,
	.describe = admin_describe,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* connection_open.c: connect to one of the servers of a conninfo, see connection.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/postgresql/connection.h"

#define OPTIONS_MAX 64
#define HOSTS_MAX 16
#define HOST_LEN 256

/*
 * The settings of every session. A renewal or a change that is not on the synchronous standby is no
 * renewal and no change (synchronous_commit). A transaction of a host that was cut off must not
 * keep locks for long (idle_in_transaction_session_timeout), and a statement waits for a lock in
 * slices, between which the host looks at its own deadline (lock_timeout). Every statement finds
 * its rows by an index and in the order of the index. The planner of a table that nobody has
 * analysed yet, or that was emptied and filled again, would read the whole table (enable_seqscan),
 * or read and sort the rest of it for each part (enable_bitmapscan).
 */
static const char settings[] =
	"SET synchronous_commit = on; SET lock_timeout = %d; SET statement_timeout = %d; "
	"SET idle_in_transaction_session_timeout = '5s'; SET search_path = pg_catalog; "
	"SET client_min_messages = warning; SET enable_seqscan = off; "
	"SET enable_bitmapscan = off; SET jit = off; "
	"SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), "
	"(SELECT version FROM keydiv.version), current_setting('synchronous_standby_names') = ''";

/* --- Options --- */

/* The options of one attempt, for PQconnectStartParams. */
struct options {
	const char *keyword[OPTIONS_MAX + 1], *value[OPTIONS_MAX + 1];
	unsigned n;
};

static void add(struct options *o, const char *keyword, const char *value)
{
	if (o->n < OPTIONS_MAX) {
		o->keyword[o->n] = keyword;
		o->value[o->n++] = value;
	}
}

/*
 * Write part I of LIST, whose parts are divided by commas, to RET. A list of one part has it for
 * every I. Return false if there is no part I, or if it is too long.
 */
static bool part(const char *list, unsigned i, char ret[HOST_LEN])
{
	if (strchr(list, ',') == NULL)
		i = 0;
	for (; i > 0; i--) {
		list = strchr(list, ',');
		if (list == NULL)
			return false;
		list++;
	}
	size_t n = strcspn(list, ",");
	if (n >= HOST_LEN)
		return false;
	memcpy(ret, list, n);
	ret[n] = '\0';
	return true;
}

static unsigned parts(const char *list)
{
	unsigned n = 1;

	for (; list != NULL && (list = strchr(list, ',')) != NULL; list++)
		n++;
	return n;
}

static const char *option(const PQconninfoOption *all, const char *keyword)
{
	for (; all->keyword != NULL; all++)
		if (strcmp(all->keyword, keyword) == 0)
			return all->val;
	return NULL;
}

/* --- One attempt --- */

static void notice(void *arg, const PGresult *result)
{
	struct connection *c = arg;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity == NULL || strcmp(severity, "NOTICE") != 0)
		c->noticed = true;
	log_write(LOG_DEBUG, "postgresql: %s: the server warns", c->purpose);
}

/* Wait until POLLING is over. Return false on failure and after CONNECT_WAIT. */
static bool wait_connected(PGconn *pg)
{
	int64_t deadline = connection_clock() + CONNECT_WAIT;
	PostgresPollingStatusType polling = PGRES_POLLING_WRITING;

	while (PQstatus(pg) != CONNECTION_BAD) {
		int64_t left = deadline - connection_clock();
		struct pollfd wait = {.fd = PQsocket(pg),
			.events = polling == PGRES_POLLING_READING ? POLLIN : POLLOUT};
		if (left <= 0 || (poll(&wait, 1, (int)left) < 0 && errno != EINTR))
			return false;
		if (wait.revents == 0)
			continue;
		polling = PQconnectPoll(pg);
		if (polling == PGRES_POLLING_OK)
			return true;
		if (polling == PGRES_POLLING_FAILED)
			return false;
	}
	return false;
}

/* Run the settings, and check the schema. The answers have come within CONNECT_WAIT, or never. */
static bool set_up(struct connection *c, PGconn *pg, const char **ret_why)
{
	int64_t deadline = connection_clock() + CONNECT_WAIT;
	char sql[sizeof settings + 20];
	bool good = false;

	*ret_why = "the server does not answer";
	snprintf(sql, sizeof sql, settings, c->patient ? PATIENT_LOCK_WAIT : LOCK_WAIT,
		c->patient ? PATIENT_WAIT : LONG_WAIT);
	PQsetNoticeReceiver(pg, notice, c);
	if (PQsetnonblocking(pg, 1) != 0 || !PQsendQuery(pg, sql))
		return false;
	for (;;) {
		while (PQisBusy(pg)) {
			int64_t left = deadline - connection_clock();
			struct pollfd wait = {.fd = PQsocket(pg), .events = POLLIN};
			if (PQflush(pg) < 0 || left <= 0 ||
				(poll(&wait, 1, (int)left) < 0 && errno != EINTR) ||
				(wait.revents != 0 && !PQconsumeInput(pg)))
				return false;
		}
		PGresult *r = PQgetResult(pg);
		if (r == NULL)
			break;
		if (PQresultStatus(r) == PGRES_FATAL_ERROR)
			*ret_why = "the schema keydiv is missing, or this role may not use it; "
				   "run: keydiv store init";
		if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1) {
			good = atoi(PQgetvalue(r, 0, 1)) == SCHEMA_VERSION &&
			       PQgetlength(r, 0, 0) == TIMELINE_LEN;
			*ret_why = "the schema keydiv has another version; run: keydiv store init";
			if (good)
				memcpy(c->timeline, PQgetvalue(r, 0, 0), TIMELINE_LEN + 1);
			c->alone = PQgetvalue(r, 0, 2)[0] == 't';
		}
		PQclear(r);
	}
	return good && PQenterPipelineMode(pg) == 1;
}

static void report(struct connection *c, PGconn *pg, const char *why)
{
	if (c->lost_logged)
		return;
	c->lost_logged = true;
	if (pg != NULL && PQerrorMessage(pg)[0] != '\0')
		why = PQerrorMessage(pg);
	log_error("postgresql: %s: the server is lost: %.*s", c->purpose, (int)strcspn(why, "\n"),
		why);
}

/* Try the options O. On success C has the connection. */
static bool attempt(struct connection *c, const struct options *o)
{
	PGconn *pg = PQconnectStartParams(o->keyword, o->value, 0);
	const char *why = "the server does not answer";

	if (pg != NULL && wait_connected(pg) && set_up(c, pg, &why)) {
		c->pg = pg;
		c->fd = PQsocket(pg);
		if (c->lost_logged)
			log_warning("postgresql: %s: the server is found again", c->purpose);
		c->lost_logged = false;
		return true;
	}
	report(c, pg, why);
	PQfinish(pg);
	return false;
}

/* --- All hosts --- */

/* Options of the conninfo for its host number I, out of the options ALL that libpq has parsed. */
static bool options_of_host(
	const PQconninfoOption *all, unsigned i, char (*room)[HOST_LEN], struct options *ret)
{
	static const char *const lists[] = {"host", "hostaddr", "port"};

	for (const PQconninfoOption *o = all; o->keyword != NULL; o++)
		if (o->val != NULL && o->val[0] != '\0')
			add(ret, o->keyword, o->val);
	for (unsigned k = 0; k < 3; k++) {
		const char *list = option(all, lists[k]);
		if (list == NULL || list[0] == '\0')
			continue;
		if (!part(list, i, room[k]))
			return false;
		add(ret, lists[k], room[k]);
	}
	return true;
}

/* Options that hold for every host. What comes before the conninfo is a default. */
static void add_defaults(struct options *o)
{
	add(o, "fallback_application_name", "keydiv");
	add(o, "tcp_user_timeout", "10000");
	add(o, "keepalives_idle", "5");
	add(o, "keepalives_interval", "2");
	add(o, "keepalives_count", "3");
}

/*
 * Parse the conninfo, with service files, as libpq does. No function of libpq reads a service file
 * without connecting, so the attempt has an option that libpq refuses before it connects. The
 * caller frees the result with PQconninfoFree.
 */
static PQconninfoOption *parse(struct connection *c)
{
	static const char refused[] = "none, only parse";
	struct options o = {.n = 0};
	PQconninfoOption *all = NULL;

	add_defaults(&o);
	add(&o, "dbname", c->conninfo);
	add(&o, "target_session_attrs", refused);
	PGconn *pg = PQconnectStartParams(o.keyword, o.value, 1);
	if (pg != NULL && strstr(PQerrorMessage(pg), refused) != NULL)
		all = PQconninfo(pg);
	else
		report(c, pg, "no memory"); /* another error came first, as for a missing service */
	PQfinish(pg);
	return all;
}

/* Warn once if a server that no standby follows synchronously is one of N to choose from. */
static void check_standby(struct connection *c, unsigned n)
{
	c->exposed = n > 1 && c->alone;
	if (!c->exposed || c->exposed_logged)
		return;
	c->exposed_logged = true;
	log_warning("postgresql: %s: several hosts are named and synchronous_standby_names is "
		    "empty: a fail-over can lose changes that were acknowledged",
		c->purpose);
}

static bool try_hosts(struct connection *c, const PQconninfoOption *all)
{
	const char *hosts = option(all, "host"), *addresses = option(all, "hostaddr");
	unsigned n = parts(hosts), m = parts(addresses);

	n = m > n ? m : n;
	for (unsigned k = 0; k < n && k < HOSTS_MAX; k++) {
		char room[3][HOST_LEN];
		struct options o = {.n = 0};
		unsigned i = (c->host + k) % n;
		if (!options_of_host(all, i, room, &o))
			continue;
		add(&o, "target_session_attrs", "read-write");
		if (attempt(c, &o)) {
			c->host = i;
			check_standby(c, n);
			return true;
		}
	}
	return false;
}

/*
 * Keep the descriptors of the standard streams in use while libpq makes a socket. An application
 * that has closed standard output may still print, and must not print into the connection.
 */
struct occupied {
	int fd[3];
};

static struct occupied occupy(void)
{
	struct occupied o = {{-1, -1, -1}};

	for (unsigned i = 0; i < 3; i++) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd > STDERR_FILENO) {
			close(fd);
			break;
		}
		o.fd[i] = fd;
	}
	return o;
}

static void release(const struct occupied *o)
{
	for (unsigned i = 0; i < 3; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
}

CK_RV connection_open(struct connection *c, bool *ret_new)
{
	if (ret_new != NULL)
		*ret_new = c->pg == NULL;
	if (c->pg != NULL)
		return CKR_OK;
	PQconninfoOption *all = parse(c);
	REQUIRE(all != NULL, CKR_DEVICE_ERROR, "the connection string is not accepted");
	struct occupied standard = occupy();
	bool found = try_hosts(c, all);
	release(&standard);
	PQconninfoFree(all);
	REQUIRE(found, CKR_DEVICE_ERROR, "the database server cannot be reached");
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* connection.c: statements and results of one connection, see connection.h. */
#include "store/postgresql/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define SQLSTATE_LOST "08006" /* connection_failure */
#define PREPARE 0x80          /* in the queue: the answer to a Parse */

int64_t connection_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- Parameters --- */

static void parameter(struct parameters *p, const void *value, size_t n)
{
	p->value[p->n] = value;
	p->length[p->n++] = (int)n;
}

void parameter_int4(struct parameters *p, int32_t value)
{
	put_be32(p->room[p->n], (uint32_t)value);
	parameter(p, p->room[p->n], 4);
}

void parameter_int8(struct parameters *p, int64_t value)
{
	put_be64(p->room[p->n], (uint64_t)value);
	parameter(p, p->room[p->n], 8);
}

void parameter_bool(struct parameters *p, bool value)
{
	p->room[p->n][0] = value;
	parameter(p, p->room[p->n], 1);
}

void parameter_bytes(struct parameters *p, struct bytes value)
{
	parameter(p, value.p, value.n);
}

/* --- Closing --- */

/* A dead connection has no statements. */
static void forget(struct connection *c)
{
	c->pg = NULL;
	c->fd = -1;
	c->queued = c->executions = 0;
	c->early = CKR_OK;
	memset(c->prepared, 0, sizeof c->prepared);
}

void connection_close(struct connection *c)
{
	if (c->pg != NULL)
		PQfinish(c->pg); /* the socket does not block */
	forget(c);
}

void connection_abandon(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* --- Errors --- */

static bool begins_with(const char *state, const char *class)
{
	return strncmp(state, class, strlen(class)) == 0;
}

static bool failed_with(const struct connection *c, const char *state)
{
	return strcmp(c->sqlstate, state) == 0;
}

bool connection_conflicted(const struct connection *c)
{
	static const char *const states[] = {"40001", "40P01", "23505", "55P03", "57014"};

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (failed_with(c, states[i]))
			return true;
	return false;
}

/* Note the error of RESULT if it is the first one since the last sync. */
static void note_error(struct connection *c, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (c->sqlstate[0] != '\0')
		return;
	memcpy(c->sqlstate, state != NULL && strlen(state) == SQLSTATE_LEN ? state : "XX000",
		SQLSTATE_LEN + 1);
}

/* Log and return the code of c->sqlstate. Conflicts and waits are part of normal work. */
static CK_RV failure(struct connection *c)
{
	const char *state = c->sqlstate;

	if (connection_conflicted(c)) {
		log_write(LOG_DEBUG, "postgresql: %s: SQLSTATE %s", c->purpose, state);
		return CKR_DEVICE_ERROR;
	}
	log_error("postgresql: %s: the server refuses a statement: SQLSTATE %s%s", c->purpose,
		state,
		failed_with(c, "42P01") || failed_with(c, "3F000")
			? " (the schema keydiv is missing; run: keydiv store init)"
			: "");
	/* A server that has become a standby, or is ending. Another may be the primary. */
	if (failed_with(c, "25006") || begins_with(state, "57P"))
		connection_close(c);
	if (begins_with(state, "53100"))
		return CKR_DEVICE_MEMORY;
	if (begins_with(state, "42501"))
		return CKR_TOKEN_WRITE_PROTECTED;
	return CKR_DEVICE_ERROR;
}

/*
 * The next attempt begins with the next host. An old primary that still runs, and has no standby
 * any more, takes connections and never answers to COMMIT.
 */
static CK_RV lost(struct connection *c, const char *how)
{
	c->host++;
	log_write(LOG_WARNING, "postgresql: %s: connection lost: %s", c->purpose, how);
	connection_close(c);
	memcpy(c->sqlstate, SQLSTATE_LOST, SQLSTATE_LEN + 1);
	return FAIL(CKR_DEVICE_ERROR, "the connection to the database server was lost");
}

/* --- Waiting --- */

/* Send what libpq has kept, and read what has come, until a result is complete. */
static CK_RV wait_for_result(struct connection *c, int64_t deadline)
{
	while (PQisBusy(c->pg)) {
		int unsent = PQflush(c->pg);
		int64_t left = deadline - connection_clock();
		struct pollfd wait = {
			.fd = c->fd, .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0))};
		if (unsent < 0)
			return lost(c, "sending failed");
		if (left <= 0)
			return lost(c, "the server does not answer");
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return lost(c, "waiting failed");
		if ((wait.revents & ~POLLOUT) != 0 && !PQconsumeInput(c->pg))
			return lost(c, "the server has closed the connection");
	}
	return CKR_OK;
}

/* Take RESULT of the statement that is number AT in the queue. */
static void take(struct connection *c, PGresult *result, unsigned *at, unsigned *execution,
	unsigned want, PGresult **ret)
{
	ExecStatusType status = PQresultStatus(result);
	bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
	unsigned entry = *at < c->queued ? c->queue[(*at)++] : 0;

	if (status == PGRES_FATAL_ERROR)
		note_error(c, result);
	if (entry & PREPARE) {
		c->prepared[entry & ~(unsigned)PREPARE] = good;
	} else {
		unsigned place = (*execution)++ + want - c->executions;
		if (good && place < want) {
			ret[place] = result;
			return;
		}
	}
	PQclear(result);
}

/* Read the answers up to that of the sync. */
static CK_RV read_answers(struct connection *c, int64_t deadline, unsigned want, PGresult **ret)
{
	unsigned at = 0, execution = 0, nothing = 0;

	for (;;) {
		TRY(wait_for_result(c, deadline));
		PGresult *result = PQgetResult(c->pg);
		if (result == NULL) { /* the end of one statement's answers */
			if (PQstatus(c->pg) == CONNECTION_BAD || ++nothing > 4 * QUEUE_MAX)
				return lost(c, "the answer ends early");
			continue;
		}
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			return CKR_OK;
		}
		take(c, result, &at, &execution, want, ret);
	}
}

static void clear_all(unsigned want, PGresult **ret)
{
	for (unsigned i = 0; i < want; i++) {
		PQclear(ret[i]);
		ret[i] = NULL;
	}
}

void connection_flush(struct connection *c)
{
	c->noticed = false; /* here, because a warning may be read before connection_finish */
	if (c->pg != NULL && (!PQpipelineSync(c->pg) || PQflush(c->pg) < 0))
		c->early = lost(c, "sending failed");
}

void connection_push(struct connection *c)
{
	if (c->pg != NULL && (!PQsendFlushRequest(c->pg) || PQflush(c->pg) < 0))
		c->early = lost(c, "sending failed");
}

bool connection_is_ready(struct connection *c)
{
	return c->pg == NULL || PQflush(c->pg) < 0 || !PQconsumeInput(c->pg) || !PQisBusy(c->pg);
}

CK_RV connection_sync(struct connection *c, int wait, unsigned want, PGresult **ret)
{
	connection_flush(c);
	return connection_finish(c, wait, want, ret);
}

CK_RV connection_finish(struct connection *c, int wait, unsigned want, PGresult **ret)
{
	int64_t deadline = connection_clock() + wait;
	CK_RV rv = c->early;

	for (unsigned i = 0; i < want; i++)
		ret[i] = NULL;
	if (rv == CKR_OK)
		c->sqlstate[0] = '\0';
	c->early = CKR_OK;
	if (c->pg == NULL) {
		memcpy(c->sqlstate, SQLSTATE_LOST, SQLSTATE_LEN + 1);
		return rv != CKR_OK ? rv : FAIL(CKR_DEVICE_ERROR, "the database server is away");
	}
	CK_RV answer = read_answers(c, deadline, want, ret);
	c->queued = c->executions = 0;
	if (rv == CKR_OK)
		rv = answer;
	if (rv == CKR_OK && c->sqlstate[0] != '\0')
		rv = failure(c);
	for (unsigned i = 0; rv == CKR_OK && i < want; i++)
		if (ret[i] == NULL)
			rv = lost(c, "an answer is missing");
	if (rv != CKR_OK)
		clear_all(want, ret);
	return rv;
}

/* --- Sending --- */

void connection_send(struct connection *c, enum sql which, const struct parameters *p)
{
	static const int binary[PARAMETERS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	char name[8] = {'s', (char)('0' + which / 10), (char)('0' + which % 10)};
	int n = p != NULL ? p->n : 0;
	bool sent = true;

	if (c->executions == QUEUE_MAX - 1 && c->early == CKR_OK)
		c->early = connection_sync(c, STATEMENT_WAIT, 0, NULL);
	if (c->pg == NULL || c->early != CKR_OK)
		return; /* connection_sync reports it */
	if (!c->prepared[which]) {
		sent = PQsendPrepare(c->pg, name, sql_text(which), n, NULL);
		c->queue[c->queued++] = (uint8_t)(which | PREPARE);
		c->prepared[which] = true; /* unless the answer says no */
	}
	sent = sent && PQsendQueryPrepared(c->pg, name, n, p != NULL ? p->value : NULL,
			       p != NULL ? p->length : NULL, binary, 1);
	c->queue[c->queued++] = (uint8_t)which;
	c->executions++;
	if (!sent)
		c->early = lost(c, "sending failed");
}

/* --- Results --- */

void result_free(PGresult **result)
{
	PQclear(*result);
	*result = NULL;
}

static bool is_there(const PGresult *r, int row, int column)
{
	return row < PQntuples(r) && column < PQnfields(r) && !PQgetisnull(r, row, column);
}

CK_RV result_number(const PGresult *r, int row, int column, int64_t low, int64_t high, int64_t *ret)
{
	int64_t value;

	ENSURE(is_there(r, row, column) && PQfformat(r, column) == 1, CKR_DEVICE_ERROR);
	const uint8_t *p = (const uint8_t *)PQgetvalue(r, row, column);
	switch (PQgetlength(r, row, column)) {
	case 2:
		value = (int16_t)get_be16(p);
		break;
	case 4:
		value = (int32_t)get_be32(p);
		break;
	case 8:
		value = (int64_t)get_be64(p);
		break;
	default:
		return FAIL(CKR_DEVICE_ERROR, "a column of the database is no number");
	}
	ENSURE(value >= low && value <= high, CKR_DEVICE_ERROR);
	*ret = value;
	return CKR_OK;
}

CK_RV result_bool(const PGresult *r, int row, int column, bool *ret)
{
	ENSURE(is_there(r, row, column) && PQgetlength(r, row, column) == 1, CKR_DEVICE_ERROR);
	*ret = PQgetvalue(r, row, column)[0] != 0;
	return CKR_OK;
}

CK_RV result_bytes(const PGresult *r, int row, int column, size_t max, struct bytes *ret)
{
	ENSURE(row < PQntuples(r) && column < PQnfields(r), CKR_DEVICE_ERROR);
	if (PQgetisnull(r, row, column)) {
		*ret = (struct bytes){0};
		return CKR_OK;
	}
	size_t n = (size_t)PQgetlength(r, row, column);
	ENSURE(n <= max, CKR_DEVICE_ERROR);
	*ret = bytes_of(PQgetvalue(r, row, column), n);
	return CKR_OK;
}

CK_RV result_exact(const PGresult *r, int row, int column, uint8_t *ret, size_t n)
{
	struct bytes b;

	TRY(result_bytes(r, row, column, n, &b));
	ENSURE(b.p != NULL && b.n == n, CKR_DEVICE_ERROR);
	memcpy(ret, b.p, n);
	return CKR_OK;
}

long result_changes(PGresult *r)
{
	return strtol(PQcmdTuples(r), NULL, 10);
}

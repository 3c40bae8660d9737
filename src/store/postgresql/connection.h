/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h: one connection to a PostgreSQL server, through libpq in pipeline mode.
 *
 * Statements are sent without waiting, and connection_sync waits for the answers of all that were
 * sent. So statements whose answers nobody needs cost no round trip. All statements are prepared,
 * and parameters and results are binary.
 *
 * Nothing here waits longer than it is told. A server that does not answer in time is given up: the
 * connection is closed, and the next connection_open makes another. libpq's own connect_timeout has
 * a minimum of two seconds and counts for each address, so connection.c waits itself.
 *
 * The server is hostile input in the sense of src/store/STORAGE.md: it can withhold and replace
 * rows, and learns no secret. A result of an unexpected type or size gives CKR_DEVICE_ERROR.
 *
 * One thread at a time uses a connection. Only fixed texts, SQLSTATEs and libpq's messages about
 * connecting are logged, because other messages may quote data.
 */
#ifndef KEYDIV_STORE_POSTGRESQL_CONNECTION_H
#define KEYDIV_STORE_POSTGRESQL_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/postgresql/statements.h"

#define SQLSTATE_LEN 5
#define TIMELINE_LEN 8 /* hexadecimal digits */
#define QUEUE_MAX 64   /* statements between two syncs; more are synced early */

/*
 * Milliseconds. A statement does no long work, so a server that needs longer than STATEMENT_WAIT is
 * away. A statement waits at most LOCK_WAIT for each lock, and threads that read with the
 * connection have their turn before it asks again. A patient connection has no such threads. It
 * keeps its place in the queue of a lock that many hosts want, and all the locks of a statement
 * together may take PATIENT_WAIT.
 */
#define CONNECT_WAIT 1000
#define STATEMENT_WAIT 3000
#define LOCK_WAIT 500
#define PATIENT_LOCK_WAIT 1500
#define PATIENT_WAIT 2000
#define LONG_WAIT 30000 /* of the server, for statements of connections that are not patient */

struct connection {
	const char *conninfo;            /* for PQconnectStart; lives longer than the connection */
	const char *purpose;             /* for the log, as "objects" */
	PGconn *pg;                      /* NULL while not connected */
	int fd;                          /* of the socket, for connection_abandon; -1 */
	char timeline[TIMELINE_LEN + 1]; /* of the server, which does not change while connected */
	bool patient;                    /* waits for locks PATIENT_LOCK_WAIT */
	bool noticed;                    /* a warning came since connection_flush */
	bool lost_logged;                /* the log says that the server cannot be reached */
	bool alone;                      /* the server waits for no standby */
	bool exposed;                    /* and is one of several hosts of the conninfo */
	bool exposed_logged;
	unsigned host; /* of the conninfo, with which the next attempt begins */

	/* Of the statements since the last sync. */
	uint8_t queue[2 * QUEUE_MAX]; /* numbers of statements, with PREPARE added for a Parse */
	unsigned queued, executions;
	CK_RV early;                     /* the error of an early sync */
	char sqlstate[SQLSTATE_LEN + 1]; /* of the first error of the last sync; empty: none */
	bool prepared[SQL_COUNT_OF_STATEMENTS];
};

/* Parameters of one statement. Bytes are borrowed until connection_send returns. */
#define PARAMETERS_MAX 11
struct parameters {
	int n;
	const char *value[PARAMETERS_MAX];
	int length[PARAMETERS_MAX];
	uint8_t room[PARAMETERS_MAX][8];
};

void parameter_int4(struct parameters *p, int32_t value);
void parameter_int8(struct parameters *p, int64_t value);
void parameter_bool(struct parameters *p, bool value);
void parameter_bytes(struct parameters *p, struct bytes value); /* NULL if value.p is NULL */

/* Return the time in milliseconds of a clock that nobody sets, which counts suspend. */
int64_t connection_clock(void);

/*
 * Connect if C is not connected, and wait at most CONNECT_WAIT for each host of the conninfo. The
 * server must accept writes. RET_NEW may be NULL; it is true if the connection is new.
 * CKR_DEVICE_ERROR, logged once until a later success.
 */
MUST_USE CK_RV connection_open(struct connection *c, bool *ret_new);

/*
 * Close C without waiting. A transaction whose COMMIT was not sent has no effect. libpq may still
 * send what connection_send has left with it.
 */
void connection_close(struct connection *c);

/*
 * In the child of a fork: close the descriptor and nothing else. libpq would tell the server that
 * the connection ends, which is the parent's.
 */
void connection_abandon(struct connection *c);

/*
 * Send a statement. An error is reported by the next connection_sync. C is connected, or the next
 * connection_sync fails.
 */
void connection_send(struct connection *c, enum sql which, const struct parameters *p);

/*
 * Wait WAIT milliseconds for the answers of all statements since the last sync. RET gets the
 * results of the last WANT statements, in order, which the caller frees with PQclear.
 *
 * An error of any statement is returned, and RET is then all NULL. c->sqlstate says which error.
 * CKR_DEVICE_ERROR also if the connection was lost; it is then closed. CKR_DEVICE_MEMORY (no room
 * on the disk), CKR_TOKEN_WRITE_PROTECTED (the role may not write), CKR_HOST_MEMORY.
 */
MUST_USE CK_RV connection_sync(struct connection *c, int wait, unsigned want, PGresult **ret);

/*
 * Send what connection_send has left with libpq, and ask for answers. The server works while the
 * caller does something else; the next connection_sync takes the answers as usual.
 */
void connection_push(struct connection *c);

/*
 * The same in parts, for a caller that does something else meanwhile: connection_flush sends,
 * connection_is_ready returns true if connection_finish need not wait long, and connection_finish
 * does the rest. Nothing else may be sent in between.
 */
void connection_flush(struct connection *c);
bool connection_is_ready(struct connection *c);
MUST_USE CK_RV connection_finish(struct connection *c, int wait, unsigned want, PGresult **ret);

/* Return true if C is connected. */
static inline bool connection_is_open(const struct connection *c)
{
	return c->pg != NULL;
}

/*
 * Return true if the last sync failed because of another transaction, and may succeed if tried
 * again: serialization_failure, deadlock_detected, unique_violation, lock_not_available, and
 * query_canceled. The last one comes from an administrator, or from a server whose lock_timeout
 * ended in the moment when it got the lock.
 */
bool connection_conflicted(const struct connection *c);

/* --- Results. ROW and COLUMN count from 0. CKR_DEVICE_ERROR for another type or size --- */

#define RESULT __attribute__((cleanup(result_free))) PGresult
void result_free(PGresult **result);

/* Read a number of 2, 4 or 8 bytes, from LOW to HIGH. */
MUST_USE CK_RV result_number(
	const PGresult *r, int row, int column, int64_t low, int64_t high, int64_t *ret);
MUST_USE CK_RV result_bool(const PGresult *r, int row, int column, bool *ret);
/* Read at most MAX bytes, or NULL. Valid until R is freed. */
MUST_USE CK_RV result_bytes(const PGresult *r, int row, int column, size_t max, struct bytes *ret);
/* Read exactly N bytes to RET. */
MUST_USE CK_RV result_exact(const PGresult *r, int row, int column, uint8_t *ret, size_t n);
/* Return the number of rows that an INSERT, UPDATE or DELETE changed. */
long result_changes(PGresult *r);

#endif

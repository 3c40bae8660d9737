/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transaction.c: transactions, and what became of a COMMIT without an answer.
 *
 * Every change inserts its own random id into keydiv.change, in its own transaction. If the
 * connection is lost in COMMIT, or the server warns that the standby does not have the change,
 * another connection of this host inserts the same id as a tombstone:
 *
 * - The insert waits for the old transaction if it still runs. Then exactly one of the two
 *   rows exists. A SELECT would be a guess, because it may find nothing a moment before the
 *   row is there.
 * - An old transaction that the server has not begun to commit finds the tombstone, and fails.
 * - A crashed primary can show what no standby has. So the answer counts only when the transaction
 *   that asked was committed, which is a write also if the row was there. If that has no answer,
 *   the host asks again, whichever server is the primary then.
 *
 * A use of a replay window runs again only after the outcome is known, so it never takes a mark of
 * its own for a replay.
 */
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "key/random.h"
#include "store/postgresql/postgresql_store.h"

#define COMMIT_WAIT 3000
#define READS_MAX 20
#define SETTLE_PAUSE_US 50000

/* --- Beginning and ending --- */

static void close_transaction(struct postgresql_store *p)
{
	p->transaction.open = false;
	p->transaction.token_known = false;
}

/* Send ROLLBACK, also if the server alone knows of a transaction. */
static void roll_back(struct postgresql_store *p)
{
	close_transaction(p);
	if (!connection_is_open(&p->connection))
		return;
	connection_send(&p->connection, SQL_ROLLBACK, NULL);
	if (connection_sync(&p->connection, STATEMENT_WAIT, 0, NULL) != CKR_OK)
		connection_close(&p->connection);
}

void transaction_rollback(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);

	if (p->transaction.open)
		roll_back(p);
}

CK_RV transaction_sync(struct store *store, unsigned want, PGresult **ret)
{
	struct postgresql_store *p = postgresql_of(store);
	CK_RV rv = connection_sync(&p->connection, STATEMENT_WAIT, want, ret);

	p->transaction.tags_after = 0;
	if (rv == CKR_OK)
		return CKR_OK;
	if (!connection_is_open(&p->connection)) {
		close_transaction(p);
		store->again = true;
	} else if (connection_conflicted(&p->connection)) {
		roll_back(p);
		store->again = true;
	}
	return rv;
}

/* Remove old tombstones, once for each store. */
static CK_RV prune(struct postgresql_store *p)
{
	if (p->pruned)
		return CKR_OK;
	connection_send(&p->connection, SQL_CHANGE_PRUNE, NULL);
	TRY(connection_sync(&p->connection, COMMIT_WAIT, 0, NULL));
	p->pruned = true;
	return CKR_OK;
}

static CK_RV send_and_wait(
	struct store *store, void (*send)(struct store *store), unsigned want, PGresult **ret)
{
	struct postgresql_store *p = postgresql_of(store);

	TRY(prune(p));
	connection_send(&p->connection, SQL_BEGIN, NULL);
	send(store);
	return connection_sync(&p->connection, STATEMENT_WAIT, want, ret);
}

/*
 * A connection that is lost here was open, or its server has just answered, so the caller tries
 * once more. If the server is away, connection_open says so then.
 */
CK_RV transaction_begin(struct store *store, void (*send)(struct store *store), unsigned want,
	PGresult **ret, bool *ret_busy)
{
	struct postgresql_store *p = postgresql_of(store);
	struct transaction begun = {0};

	*ret_busy = false;
	TRY(random_bytes(begun.change, CHANGE_ID_LEN));
	TRY(connection_open(&p->connection, NULL));
	CK_RV rv = send_and_wait(store, send, want, ret);
	begun.open = rv == CKR_OK;
	p->transaction = begun;
	if (rv == CKR_OK)
		return CKR_OK;
	*ret_busy = !connection_is_open(&p->connection) || connection_conflicted(&p->connection);
	roll_back(p);
	return *ret_busy ? CKR_OK : rv;
}

/* --- Committing --- */

/* Return true if RESULT is the answer to a COMMIT that was made on the standby too. */
static bool is_committed(const struct connection *c, PGresult *result)
{
	return strcmp(PQcmdStatus(result), "COMMIT") == 0 && !c->noticed;
}

static void send_id(struct postgresql_store *p, enum sql which, const uint8_t id[CHANGE_ID_LEN])
{
	struct parameters change = {.n = 0};

	parameter_bytes(&change, bytes_of(id, CHANGE_ID_LEN));
	connection_send(&p->connection, which, &change);
}

/* Ask what became of change ID. RET_KNOWN is false if the answer may be lost with this server. */
static CK_RV ask_outcome(struct postgresql_store *p, const uint8_t id[CHANGE_ID_LEN],
	bool *ret_known, bool *ret_made)
{
	RESULT *row = NULL;

	TRY(connection_open(&p->connection, NULL));
	send_id(p, SQL_CHANGE_SETTLE, id);
	TRY(connection_sync(&p->connection, COMMIT_WAIT, 1, &row));
	TRY(result_bool(row, 0, 0, ret_made));
	*ret_known = !p->connection.noticed;
	return CKR_OK;
}

/* Find out what became of change ID, whose COMMIT has no answer. */
static CK_RV find_outcome(struct store *store, const uint8_t id[CHANGE_ID_LEN])
{
	struct postgresql_store *p = postgresql_of(store);
	bool known = false, made = false;
	int64_t end = connection_clock() + OUTCOME_SECONDS * 1000;

	while (!known && connection_clock() < end)
		if (ask_outcome(p, id, &known, &made) != CKR_OK || !known)
			usleep(SETTLE_PAUSE_US);
	if (!known) {
		log_error("postgresql: the outcome of a change is unknown: the server gave no "
			  "answer for %d seconds",
			OUTCOME_SECONDS);
		return FAIL(CKR_DEVICE_ERROR, "outcome unknown: the change may have been made");
	}
	log_warning("postgresql: a change whose COMMIT had no answer was %s",
		made ? "made" : "not made");
	store->again = !made;
	if (!made)
		return FAIL(CKR_DEVICE_ERROR, "the server was lost before the commit");
	memcpy(p->previous, id, CHANGE_ID_LEN);
	return CKR_OK;
}

CK_RV transaction_commit(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	const uint8_t *id = p->transaction.change;
	RESULT *committed = NULL;

	send_id(p, SQL_CHANGE_FORGET, p->previous);
	send_id(p, SQL_CHANGE_INSERT, id);
	connection_send(&p->connection, SQL_COMMIT, NULL);
	CK_RV rv = connection_sync(&p->connection, COMMIT_WAIT, 1, &committed);
	close_transaction(p);
	if (rv == CKR_OK && is_committed(&p->connection, committed)) {
		memcpy(p->previous, id, CHANGE_ID_LEN);
		return CKR_OK;
	}
	if (rv == CKR_OK || !connection_is_open(&p->connection))
		return find_outcome(store, id);
	/* The server has refused a statement, and so the COMMIT. */
	bool again = connection_conflicted(&p->connection);
	roll_back(p);
	store->again = again;
	return rv;
}

/* --- Savepoints --- */

CK_RV postgresql_savepoint(struct store *store)
{
	connection_send(&postgresql_of(store)->connection, SQL_SAVEPOINT, NULL);
	return CKR_OK;
}

/* Wait, so that an error is that of the command that made it. */
CK_RV postgresql_release(struct store *store)
{
	connection_send(&postgresql_of(store)->connection, SQL_RELEASE, NULL);
	return transaction_sync(store, 0, NULL);
}

void postgresql_undo(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);

	p->transaction.token_known = false;
	connection_send(&p->connection, SQL_ROLLBACK_TO, NULL);
	connection_send(&p->connection, SQL_RELEASE, NULL);
	if (connection_sync(&p->connection, STATEMENT_WAIT, 0, NULL) != CKR_OK) {
		roll_back(p);
		store->again = true;
	}
}

/* --- Reading --- */

static void send_changes(struct postgresql_store *p)
{
	struct parameters slot = {.n = 0};

	parameter_int4(&slot, p->slot);
	connection_send(&p->connection, SQL_SLOT_CHANGES, &slot);
}

/*
 * Decide if what was read with RESULT, that of SQL_SLOT_CHANGES, is as new as a lease that runs. If
 * the two connections of this process are at different servers, both begin again. What was read
 * may be older because of a change that was noted meanwhile. If it is older AGAIN, the database was
 * set back, which only a renewal can tell.
 */
static CK_RV judge(struct postgresql_store *p, const PGresult *result, bool again, bool *ret_good)
{
	struct lease_seen now;
	bool other = false;

	TRY(lease_seen_of_result(result, 0, p->connection.timeline, &now));
	TRY(lease_confirm(&p->lease));
	*ret_good = lease_covers(&p->lease, &now, &other);
	if (other) {
		p->connection.host++;
		connection_close(&p->connection);
	}
	if (other || (again && !*ret_good))
		lease_end(&p->lease);
	return CKR_OK;
}

CK_RV transaction_query(
	struct store *store, enum sql which, const struct parameters *given, PGresult **ret)
{
	struct postgresql_store *p = postgresql_of(store);
	bool good = false;

	if (p->transaction.open) {
		connection_send(&p->connection, which, given);
		return transaction_sync(store, 1, ret);
	}
	for (unsigned i = 0; i < READS_MAX; i++) {
		PGresult *results[2];
		bool was_open = connection_is_open(&p->connection);
		TRY(lease_confirm(&p->lease));
		TRY(connection_open(&p->connection, NULL));
		send_changes(p);
		connection_send(&p->connection, which, given);
		CK_RV rv = connection_sync(&p->connection, STATEMENT_WAIT, 2, results);
		if (rv != CKR_OK && was_open && !connection_is_open(&p->connection) && i == 0)
			continue;
		TRY(rv);
		rv = judge(p, results[0], i > 0, &good);
		PQclear(results[0]);
		if (rv == CKR_OK && good) {
			*ret = results[1];
			return CKR_OK;
		}
		PQclear(results[1]);
		TRY(rv);
	}
	return FAIL(CKR_DEVICE_ERROR, "the database server is not the one that renews the lease");
}

static CK_RV begin_read_once(struct store *store, bool again, bool *ret_good)
{
	struct postgresql_store *p = postgresql_of(store);
	RESULT *changes = NULL;

	TRY(lease_confirm(&p->lease));
	TRY(connection_open(&p->connection, NULL));
	connection_send(&p->connection, SQL_BEGIN_READ, NULL);
	send_changes(p);
	CK_RV rv = connection_sync(&p->connection, STATEMENT_WAIT, 1, &changes);
	p->transaction = (struct transaction){.open = rv == CKR_OK};
	if (rv == CKR_OK)
		rv = judge(p, changes, again, ret_good);
	if (rv != CKR_OK || !*ret_good)
		roll_back(p);
	return rv;
}

CK_RV postgresql_begin_read(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	bool good = false;

	for (unsigned i = 0; i < READS_MAX && !good; i++) {
		bool was_open = connection_is_open(&p->connection);
		CK_RV rv = begin_read_once(store, i > 0, &good);
		if (rv != CKR_OK && (i > 0 || !was_open || connection_is_open(&p->connection)))
			return rv;
	}
	REQUIRE(good, CKR_DEVICE_ERROR, "the database server is not the one that renews the lease");
	return CKR_OK;
}

void postgresql_end_read(struct store *store)
{
	transaction_rollback(store);
}

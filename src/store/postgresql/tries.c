/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tries.c: the table keydiv.tries, and the lock on PINs. The counts are those of all hosts.
 *
 * A count is changed in a transaction of its own, which locks the row before it reads the token
 * record. Otherwise the count for a PIN that was replaced in between could overwrite the count for
 * the new PIN.
 *
 * The lock on PINs is a lock on a row of keydiv.pin_turn, shared or not, in a transaction that is
 * open while a PIN is stretched. So the lock of a process that dies is released.
 */
#include <unistd.h>

#include "base/log.h"
#include "store/postgresql/postgresql_store.h"

#define PINS_WAIT_MS 60000 /* a process that was stopped during a try must not stop all others */
#define PINS_PAUSE_US 5000
#define EDITS_MAX 20

/* --- Counts --- */

/* The statements after BEGIN, for each role: transaction_begin has no argument for them. */
static void send_role(struct store *store, enum store_role role)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters row = {.n = 0}, slot = {.n = 0};

	parameter_int4(&row, p->slot);
	parameter_int4(&row, (int32_t)role);
	connection_send(&p->connection, SQL_TRIES_MAKE, &row);
	connection_send(&p->connection, SQL_TRIES_GET, &row);
	parameter_int4(&slot, p->slot);
	connection_send(&p->connection, SQL_TOKEN_GET, &slot);
}

static void send_user(struct store *store)
{
	send_role(store, STORE_USER);
}

static void send_so(struct store *store)
{
	send_role(store, STORE_SO);
}

/* Read the tries of the PIN with SALT. A row with another salt counts nothing. */
static CK_RV take_tries(
	const PGresult *r, const uint8_t salt[PIN_SALT_LEN], struct store_tries *ret)
{
	struct bytes stored;
	int64_t wrong, started;

	TRY(result_bytes(r, 0, 0, PIN_SALT_LEN, &stored));
	TRY(result_number(r, 0, 1, 0, INT32_MAX, &wrong));
	TRY(result_number(r, 0, 2, 0, INT32_MAX, &started));
	*ret = (struct store_tries){0};
	if (!bytes_equal(stored, bytes_of(salt, PIN_SALT_LEN)))
		return CKR_OK;
	ret->wrong = (uint32_t)wrong;
	ret->started = (uint32_t)started;
	return CKR_OK;
}

static CK_RV write_tries(struct store *store, enum store_role role,
	const uint8_t salt[PIN_SALT_LEN], const struct store_tries *tries)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters put = {.n = 0};

	parameter_int4(&put, p->slot);
	parameter_int4(&put, (int32_t)role);
	parameter_bytes(&put, bytes_of(salt, PIN_SALT_LEN));
	parameter_int8(&put, tries->wrong);
	parameter_int8(&put, tries->started);
	connection_send(&p->connection, SQL_TRIES_PUT, &put);
	return transaction_commit(store);
}

/* With the transaction open, and R its results. The transaction is closed afterwards. */
static CK_RV edit_once(struct store *store, enum store_role role, store_edit_tries *edit, void *arg,
	PGresult *const r[2])
{
	struct store_token token;
	struct store_tries before = {0}, tries;
	bool exists = false;

	CK_RV rv = token_of_result(r[1], &token, &exists);
	if (rv == CKR_OK && !exists)
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	const uint8_t *salt = role == STORE_SO ? token.so.salt : token.user.salt;
	if (rv == CKR_OK)
		rv = take_tries(r[0], salt, &before);
	tries = before;
	if (rv == CKR_OK)
		rv = edit(&token, &tries, arg);
	if (rv == CKR_OK && (tries.wrong != before.wrong || tries.started != before.started))
		return write_tries(store, role, salt, &tries);
	transaction_rollback(store);
	return rv;
}

CK_RV postgresql_tries_edit(
	struct store *store, enum store_role role, store_edit_tries *edit, void *arg)
{
	CK_RV rv = CKR_DEVICE_ERROR;
	HOLD(&store->lock);

	for (unsigned i = 0; i < EDITS_MAX; i++) {
		PGresult *r[2] = {NULL, NULL};
		bool busy = false;
		store->again = false;
		TRY(transaction_begin(store, role == STORE_SO ? send_so : send_user, 2, r, &busy));
		if (!busy)
			rv = edit_once(store, role, edit, arg, r);
		PQclear(r[0]);
		PQclear(r[1]);
		if (!busy && (rv == CKR_OK || !store->again))
			return rv;
		usleep(PINS_PAUSE_US);
	}
	return rv != CKR_OK ? rv : FAIL(CKR_DEVICE_ERROR, "other hosts count tries all the time");
}

/* --- The lock --- */

/* Begin the transaction that has the lock. RET_BUSY: another host has it. */
static CK_RV lock_once(struct postgresql_store *p, bool alone, bool *ret_busy)
{
	struct parameters slot = {.n = 0};
	bool is_new;

	parameter_int4(&slot, p->slot);
	TRY(connection_open(&p->pins, &is_new));
	if (is_new) {
		connection_send(&p->pins, SQL_PIN_PATIENCE, NULL);
		connection_send(&p->pins, SQL_PIN_MAKE, &slot);
		TRY(connection_sync(&p->pins, STATEMENT_WAIT, 0, NULL));
	}
	connection_send(&p->pins, SQL_BEGIN, NULL);
	connection_send(&p->pins, alone ? SQL_PIN_ALONE : SQL_PIN_SHARE, &slot);
	CK_RV rv = connection_sync(&p->pins, STATEMENT_WAIT, 0, NULL);
	*ret_busy = rv != CKR_OK && connection_is_open(&p->pins) && connection_conflicted(&p->pins);
	return rv;
}

static void end_lock(struct postgresql_store *p)
{
	if (!connection_is_open(&p->pins))
		return;
	connection_send(&p->pins, SQL_ROLLBACK, NULL);
	if (connection_sync(&p->pins, STATEMENT_WAIT, 0, NULL) != CKR_OK)
		connection_close(&p->pins);
}

/*
 * A shared lock is given up before the lock alone is asked for, because two hosts that have a
 * shared lock would wait for each other. Without the server the lock excludes nobody; the tries
 * that follow cannot be counted then, and fail.
 */
bool postgresql_lock_pins(struct store *store, bool alone)
{
	struct postgresql_store *p = postgresql_of(store);
	int64_t end = connection_clock() + PINS_WAIT_MS;
	bool busy = false;

	do {
		end_lock(p);
		if (lock_once(p, alone, &busy) == CKR_OK)
			return true;
		if (!busy)
			return !alone;
		usleep(PINS_PAUSE_US);
	} while (connection_clock() < end);
	end_lock(p);
	return false;
}

void postgresql_unlock_pins(struct store *store)
{
	connection_close(&postgresql_of(store)->pins);
}

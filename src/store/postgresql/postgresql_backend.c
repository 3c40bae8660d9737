/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgresql_backend.c: the store of objects and what both stores share, see backend.h.
 *
 * A change locks the row of its slot in keydiv.slot first, so the changes of a token are serial, as
 * with SQLite. Otherwise two changes would each compute the inventory of all records from the
 * inventory before, and one of them would have to run again.
 */
#include "store/postgresql/postgresql_backend.h"
#include "store/postgresql/admin.h"

#include <limits.h>
#include <stdlib.h>

#include "store/postgresql/postgresql_store.h"

struct postgresql_settings postgresql_settings = {.lease_ms = 250};

/* --- Opening and closing --- */

/* Read the number N of DIR, which ends in "slot-N". */
static CK_RV slot_of(const char *dir, int32_t *ret)
{
	const char *name = strrchr(dir, '/');
	char *end = NULL;

	name = name != NULL ? name + 1 : dir;
	ENSURE(strncmp(name, "slot-", 5) == 0, CKR_GENERAL_ERROR);
	long n = strtol(name + 5, &end, 10);
	ENSURE(end != name + 5 && *end == '\0' && n >= 0 && n <= INT32_MAX, CKR_GENERAL_ERROR);
	*ret = (int32_t)n;
	return CKR_OK;
}

static CK_RV begin_lease(struct postgresql_store *p)
{
	return lease_init(
		&p->lease, postgresql_settings.conninfo, p->slot, postgresql_settings.lease_ms);
}

CK_RV postgresql_open_store(struct store *store, const char *dir, bool objects)
{
	struct postgresql_store *p = calloc(1, sizeof *p);

	ENSURE(p != NULL, CKR_HOST_MEMORY);
	p->connection = (struct connection){.conninfo = postgresql_settings.conninfo,
		.purpose = objects ? "objects" : "marks",
		.patient = !objects,
		.fd = -1};
	p->pins = p->connection;
	p->pins.purpose = "PINs";
	p->pins.patient = true;
	p->lease.connection.fd = -1;
	pthread_mutex_init(&p->wait_lock, NULL);
	pthread_cond_init(&p->wait_over, NULL);
	CK_RV rv = slot_of(dir, &p->slot);
	if (rv == CKR_OK && objects)
		rv = begin_lease(p);
	if (rv != CKR_OK) {
		pthread_mutex_destroy(&p->wait_lock);
		pthread_cond_destroy(&p->wait_over);
		free(p);
		return rv;
	}
	store->at = p;
	return CKR_OK;
}

static CK_RV postgresql_open(struct store *store, const char *dir)
{
	return postgresql_open_store(store, dir, true);
}

void postgresql_close(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);

	if (p->lease.ms > 0)
		lease_close(&p->lease);
	connection_close(&p->connection);
	connection_close(&p->pins);
	mark_buffer_free(&p->marks);
	pthread_mutex_destroy(&p->wait_lock);
	pthread_cond_destroy(&p->wait_over);
	free(p);
}

void postgresql_abandon(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);

	connection_abandon(&p->connection);
	connection_abandon(&p->pins);
	lease_abandon(&p->lease);
}

/* libpq frees a connection only by a call that also sends on its socket. So the memory stays. */
bool postgresql_discard(struct store *store)
{
	(void)store;
	return false;
}

bool postgresql_in_transaction(struct store *store)
{
	return postgresql_of(store)->transaction.open;
}

/* --- Freshness --- */

static const _Atomic uint64_t *postgresql_freshness(const struct store *store)
{
	return &postgresql_of(store)->lease.word;
}

/* The lease says more, and its users ask it each time. */
static void postgresql_check_freshness(struct store *store)
{
	(void)store;
}

static const struct store_lease *postgresql_lease(const struct store *store)
{
	return &postgresql_of(store)->lease.shared;
}

static CK_RV postgresql_confirm(struct store *store)
{
	return lease_confirm(&postgresql_of(store)->lease);
}

/*
 * Threads whose changes are in one commit share one wait. A wait that has begun after a commit
 * is also enough for the commits before it. A later change of this process may have been made
 * since. To wait for it too does no harm.
 */
static void postgresql_wait_for_hosts(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	char timeline[TIMELINE_LEN + 1];

	pthread_mutex_lock(&store->lock);
	int64_t made = p->made;
	uint64_t commit = p->commits;
	memcpy(timeline, p->made_on, sizeof timeline);
	pthread_mutex_unlock(&store->lock);

	pthread_mutex_lock(&p->wait_lock);
	if (commit > p->waiting) {
		p->waiting = commit;
		pthread_mutex_unlock(&p->wait_lock);
		lease_wait_for_hosts(&p->lease, timeline, made);
		pthread_mutex_lock(&p->wait_lock);
		if (commit > p->waited)
			p->waited = commit;
		pthread_cond_broadcast(&p->wait_over);
	}
	while (p->waited < commit)
		pthread_cond_wait(&p->wait_over, &p->wait_lock);
	pthread_mutex_unlock(&p->wait_lock);
}

/*
 * A server's write-ahead log keeps what was overwritten. The states of Optimal-DUKPT clients must
 * be gone when they are used, so this store has none.
 */
static CK_RV postgresql_state_directory(struct store *store, bool make, int *ret_fd)
{
	(void)store;
	REQUIRE(!make, CKR_TEMPLATE_INCONSISTENT,
		"a client state cannot be kept on a database server; use a session object");
	*ret_fd = -1;
	return CKR_OK;
}

static bool postgresql_never(struct store *store)
{
	(void)store;
	return false;
}

/* --- Transactions --- */

static void send_lock(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters slot = {.n = 0};

	parameter_int4(&slot, p->slot);
	connection_send(&p->connection, SQL_SLOT_LOCK, &slot);
	connection_send(&p->connection, SQL_HIGHEST_ID, &slot);
	connection_send(&p->connection, SQL_TOKEN_GET, &slot);
}

static void send_make_and_lock(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters make = {.n = 0};
	static const uint8_t none[CHANGE_ID_LEN];

	parameter_int4(&make, p->slot);
	parameter_bytes(&make, bytes_of(none, sizeof none));
	connection_send(&p->connection, SQL_SLOT_MAKE, &make);
	send_lock(store);
}

/* Take the results of send_lock, which was sent when KNOWN was known. */
static CK_RV take_locked(
	struct postgresql_store *p, const struct lease_seen *known, PGresult *const r[3])
{
	struct transaction *t = &p->transaction;

	t->highest = 0;
	if (PQntuples(r[0]) == 0)
		return CKR_TOKEN_NOT_RECOGNIZED;
	TRY(lease_seen_of_result(r[0], 0, p->connection.timeline, &t->before));
	TRY(result_number(r[0], 0, 2, 0, STORE_ID_MAX, &t->last_id));
	/* Otherwise the commit would seem to be older than what is known. */
	if (lease_is_set_back(known, &t->before))
		lease_note(&p->lease, known, &t->before);
	if (PQntuples(r[1]) > 0)
		TRY(result_number(r[1], 0, 0, 1, STORE_ID_MAX, &t->highest));
	TRY(token_of_result(r[2], &t->token, &t->token_exists));
	t->token_known = true;
	return CKR_OK;
}

static CK_RV postgresql_begin(struct store *store, bool create, bool *ret_busy)
{
	struct postgresql_store *p = postgresql_of(store);
	PGresult *r[3] = {NULL, NULL, NULL};
	struct lease_seen known = lease_known(&p->lease);

	TRY(transaction_begin(store, create ? send_make_and_lock : send_lock, 3, r, ret_busy));
	if (*ret_busy)
		return CKR_OK;
	CK_RV rv = take_locked(p, &known, r);
	for (unsigned i = 0; i < 3; i++)
		PQclear(r[i]);
	if (rv != CKR_OK)
		transaction_rollback(store);
	return rv;
}

static CK_RV postgresql_commit(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters change = {.n = 0}, notify = {.n = 0};
	struct lease_seen before = p->transaction.before, made = {0};

	made.changes = before.changes + 1;
	memcpy(made.generation, p->transaction.change, CHANGE_ID_LEN);
	parameter_int4(&change, p->slot);
	parameter_bytes(&change, bytes_of(made.generation, CHANGE_ID_LEN));
	parameter_int8(&change, made.changes);
	parameter_int8(&change, p->transaction.last_id);
	connection_send(&p->connection, SQL_SLOT_CHANGED, &change);
	if (store->takes) {
		parameter_int4(&notify, p->slot);
		connection_send(&p->connection, SQL_SLOT_NOTIFY, &notify);
	}
	TRY(transaction_commit(store));
	/* The connection may be another one than before, whose server has the change too. */
	memcpy(made.timeline, p->connection.timeline, TIMELINE_LEN);
	memcpy(p->made_on, made.timeline, sizeof p->made_on);
	p->made = made.changes;
	p->commits++;
	lease_note(&p->lease, &before, &made);
	return CKR_OK;
}

/* The schema is made by `keydiv store init`, and connection_open has checked its version. */
static CK_RV postgresql_make_schema(struct store *store)
{
	(void)store;
	return CKR_OK;
}

/* Remove some records with ids above AFTER, and set AFTER to the id of the last one. */
static CK_RV clear_some(struct store *store, int64_t *after, bool *ret_done)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters above = {.n = 0};
	RESULT *r = NULL;

	parameter_int4(&above, p->slot);
	parameter_int8(&above, *after);
	connection_send(&p->connection, SQL_CLEAR_OBJECTS, &above);
	TRY(transaction_sync(store, 1, &r));
	*ret_done = PQntuples(r) == 0;
	return *ret_done ? CKR_OK : result_number(r, 0, 0, INT64_MIN, INT64_MAX, after);
}

static CK_RV postgresql_clear(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters slot = {.n = 0};
	int64_t last = INT64_MIN;
	bool done = false;

	while (!done)
		TRY(clear_some(store, &last, &done));
	parameter_int4(&slot, p->slot);
	connection_send(&p->connection, SQL_CLEAR_TOKEN, &slot);
	p->transaction.token_exists = false;
	p->transaction.highest = 0;
	return CKR_OK;
}

const struct store_backend postgresql_backend = {
	.marks = &postgresql_marks_backend,
	.admin = &postgresql_admin,
	.open = postgresql_open,
	.close = postgresql_close,
	.abandon = postgresql_abandon,
	.discard = postgresql_discard,
	.freshness = postgresql_freshness,
	.check_freshness = postgresql_check_freshness,
	.lease = postgresql_lease,
	.confirm = postgresql_confirm,
	.wait_for_hosts = postgresql_wait_for_hosts,
	.state_directory = postgresql_state_directory,
	.lock_pins = postgresql_lock_pins,
	.unlock_pins = postgresql_unlock_pins,
	.tries_edit = postgresql_tries_edit,
	.tries_in_memory = postgresql_never,
	.is_read_only = postgresql_never,
	.begin = postgresql_begin,
	.commit = postgresql_commit,
	.rollback = transaction_rollback,
	.in_transaction = postgresql_in_transaction,
	.savepoint = postgresql_savepoint,
	.undo = postgresql_undo,
	.release = postgresql_release,
	.begin_read = postgresql_begin_read,
	.end_read = postgresql_end_read,
	.make_schema = postgresql_make_schema,
	.clear = postgresql_clear,
	.token_get = postgresql_token_get,
	.token_update = postgresql_token_update,
	.read = postgresql_read,
	.insert = postgresql_insert,
	.update = postgresql_update,
	.remove = postgresql_remove,
	.find = postgresql_find,
	.tags = postgresql_tags,
	.last_id = postgresql_last_id,
};

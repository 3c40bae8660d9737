/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgresql_store.h: what the files of this folder share. The functions are those of struct
 * store_backend, and are described there.
 *
 * A token has three connections: for the objects, for the marks of replay windows (a store of its
 * own, store/marks.h) and for the lease. The connection of the objects waits for commits, and must
 * not keep the lease from being renewed. A fourth is open while a PIN is tried.
 */
#ifndef KEYDIV_STORE_POSTGRESQL_POSTGRESQL_STORE_H
#define KEYDIV_STORE_POSTGRESQL_POSTGRESQL_STORE_H

#include "store/backend.h"
#include "store/postgresql/lease.h"
#include "store/postgresql/mark_buffer.h"

#define OUTCOME_SECONDS 60 /* to find out what became of a COMMIT */

/* The open transaction. */
struct transaction {
	bool open;
	uint8_t change[CHANGE_ID_LEN]; /* the random id of the change */
	struct lease_seen before;      /* the changes of the slot before this transaction */
	int64_t last_id; /* the highest id of a record that was ever committed or inserted here */
	int64_t highest; /* the highest id of a record when the transaction began */
	int64_t tags_after; /* SQL_TAGS for the ids above this one is under way; 0: it is not */
	bool token_known, token_exists;
	struct store_token token; /* as read at the beginning, or as written since */
};

struct postgresql_store {
	int32_t slot;
	struct connection connection;    /* with what follows guarded by store->lock */
	bool pruned;                     /* old ids of changes were removed */
	uint8_t previous[CHANGE_ID_LEN]; /* the id of the last change that was made; zeroes: none */
	struct transaction transaction;
	int64_t made; /* the number of the last change that was committed, and its timeline */
	char made_on[TIMELINE_LEN + 1];
	uint64_t commits;         /* how many changes this process has committed */
	struct mark_buffer marks; /* only in the store of marks */
	struct lease lease;       /* only in the store of objects; has locks of its own */
	struct connection pins;   /* guarded by store->pins_lock */

	/* Waits for other hosts. Numbers are values of COMMITS; the highest counts. */
	pthread_mutex_t wait_lock; /* guards what follows; nothing else is taken under it */
	pthread_cond_t wait_over;
	uint64_t waiting; /* for this commit a thread waits, or has waited */
	uint64_t waited;  /* for this commit and those before it the wait is over */
};

static inline struct postgresql_store *postgresql_of(const struct store *store)
{
	return store->at;
}

/* The settings of the module, for every store that is opened afterwards (services.h). */
struct postgresql_settings {
	char conninfo[1024];
	unsigned lease_ms;
};
extern struct postgresql_settings postgresql_settings;

/* --- postgresql_backend.c --- */

/* Open a connection for the token in DIR, which ends in "slot-<n>". Nothing is connected yet. */
MUST_USE CK_RV postgresql_open_store(struct store *store, const char *dir, bool objects);
void postgresql_close(struct store *store);
void postgresql_abandon(struct store *store);
bool postgresql_discard(struct store *store);
bool postgresql_in_transaction(struct store *store);

/* --- transaction.c --- */

/*
 * Begin a transaction with the statements that SEND sends after BEGIN, and wait for their WANT
 * results. RET_BUSY, and nothing is begun: another transaction kept a lock, or the connection was
 * lost. The caller tries again. CKR_DEVICE_ERROR if no server can be reached.
 */
MUST_USE CK_RV transaction_begin(struct store *store, void (*send)(struct store *store),
	unsigned want, PGresult **ret, bool *ret_busy);

/*
 * Wait for the statements that were sent, in a transaction. An error that has ended the transaction
 * closes it. store->again is set if the commands of the transaction are to run again.
 */
MUST_USE CK_RV transaction_sync(struct store *store, unsigned want, PGresult **ret);

/*
 * Insert the id of the change, and commit. Nothing is made if an error is returned, except as
 * store.h says. store->again as transaction_sync.
 */
MUST_USE CK_RV transaction_commit(struct store *store);
void transaction_rollback(struct store *store);

/*
 * Run one query outside of a transaction, and check that its result is as new as the lease: data
 * from a primary that was cut off must not be taken for the present data. Inside of a transaction,
 * run the query there. The caller frees RET.
 */
MUST_USE CK_RV transaction_query(
	struct store *store, enum sql which, const struct parameters *p, PGresult **ret);

/* Inside of a transaction that may write. */
MUST_USE CK_RV postgresql_begin_read(struct store *store);
void postgresql_end_read(struct store *store);
CK_RV postgresql_savepoint(struct store *store);
CK_RV postgresql_release(struct store *store);
void postgresql_undo(struct store *store);

/* --- token_table.c --- */
CK_RV postgresql_token_get(struct store *store, struct store_token *ret_token);
CK_RV postgresql_token_update(struct store *store, const struct store_token *token);
/*
 * Read the token record from R, the result of SQL_TOKEN_GET. RET_EXISTS is false if there is none.
 */
MUST_USE CK_RV token_of_result(const PGresult *r, struct store_token *ret, bool *ret_exists);

/* --- tries.c --- */
bool postgresql_lock_pins(struct store *store, bool alone);
void postgresql_unlock_pins(struct store *store);
CK_RV postgresql_tries_edit(
	struct store *store, enum store_role role, store_edit_tries *edit, void *arg);

/* --- object_table.c --- */
CK_RV postgresql_read(struct store *store, int64_t id, struct record *ret_record);
CK_RV postgresql_insert(struct store *store, const struct record *record);
CK_RV postgresql_update(struct store *store, const struct record *record);
CK_RV postgresql_remove(struct store *store, int64_t id);
CK_RV postgresql_find(struct store *store, const struct store_query *query,
	struct record *ret_records, size_t max, size_t *ret_n);
CK_RV postgresql_tags(
	struct store *store, int64_t after, struct record_tag *ret_tags, size_t max, size_t *ret_n);
CK_RV postgresql_last_id(struct store *store, int64_t *ret_id);

/* --- mark_table.c: the store of marks --- */
extern const struct store_backend postgresql_marks_backend;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend.h: what the shared part of the store needs of a backend.
 *
 * A backend keeps records, one token record, and a few numbers. Sealing, the inventory, the queue
 * of commands and their order are the shared part's affair.
 *
 * Locks: `lock` guards the backend's connection. The leader of a commit (queue.c) holds
 * `lock` from begin to commit, and a reader while it reads. So a reader waits for a commit of
 * its own process, some milliseconds. `queue_lock` is held for moments. The order of all
 * locks is in token/sessions.h.
 */
#ifndef KEYDIV_STORE_BACKEND_H
#define KEYDIV_STORE_BACKEND_H

#include <pthread.h>

#include "store/admin.h"
#include "store/mark.h"
#include "store/store.h"

/* The id and the tag of one record: all that the inventory needs. */
struct record_tag {
	int64_t id;
	uint8_t tag[RECORD_TAG_LEN];
};

struct change; /* queue.h */

struct store_backend {
	/* The backend of the store of marks (marks.h): open, and the functions after the lock. */
	const struct store_backend *marks;
	/* The work of people on a server. NULL in a backend in files. */
	const struct store_admin *admin;

	/*
	 * Lifecycle. open sets store->at and nothing else; close frees it. abandon is called in the
	 * child of a fork, between fork and perhaps exec: it must not touch what the parent still
	 * uses, and not wait for any lock. discard frees the rest later, and returns false if that
	 * would be a danger to the parent.
	 */
	CK_RV (*open)(struct store *store, const char *dir);
	void (*close)(struct store *store);
	void (*abandon)(struct store *store);
	bool (*discard)(struct store *store);

	/* See store_freshness, store_check_freshness, store_state_directory. Without the lock. */
	const _Atomic uint64_t *(*freshness)(const struct store *store);
	void (*check_freshness)(struct store *store);
	CK_RV (*state_directory)(struct store *store, bool make, int *ret_fd);

	/*
	 * See store_lease, store_confirm. NULL in a backend that needs no lease, as the three
	 * functions. Without the lock.
	 */
	const struct store_lease *(*lease)(const struct store *store);
	CK_RV (*confirm)(struct store *store);
	/*
	 * This process has committed a change that takes something away. Wait until no other host
	 * can use what it has read before.
	 */
	void (*wait_for_hosts)(struct store *store);

	/*
	 * The lock on the PINs, shared with other processes, or (ALONE) not. Called by one thread
	 * at a time, without the lock.
	 */
	bool (*lock_pins)(struct store *store, bool alone);
	void (*unlock_pins)(struct store *store);

	/* See store_tries_edit, store_tries_in_memory. Called without the lock. */
	CK_RV(*tries_edit)
	(struct store *store, enum store_role role, store_edit_tries *edit, void *arg);
	bool (*tries_in_memory)(struct store *store);

	/* --- All that follows is called with store->lock held --- */

	bool (*is_read_only)(struct store *store);

	/*
	 * The commands of LIST, and no others, will run in the transaction that begins next. The
	 * backend may read ahead the marks that they name, and lock them all in one order, so that
	 * two hosts do not wait for each other. NULL in a backend that locks the whole token:
	 * there, commands that come while a transaction runs take part in it.
	 */
	void (*expect)(struct store *store, const struct change *list);
	/*
	 * Begin a write transaction. CREATE: create what an uninitialised token lacks.
	 * RET_BUSY is set, and nothing begun, if another process writes; the caller
	 * tries again. CKR_TOKEN_NOT_RECOGNIZED.
	 */
	CK_RV (*begin)(struct store *store, bool create, bool *ret_busy);
	/*
	 * End the transaction. An error of commit undoes everything since begin, except
	 * as in store.h. If store->again is set, nothing was changed, for a reason that may be
	 * gone when the same commands run again.
	 */
	CK_RV (*commit)(struct store *store);
	void (*rollback)(struct store *store);
	/* Return true if a transaction is open: some errors end it. */
	bool (*in_transaction)(struct store *store);
	/* Mark a point in the transaction; return to it; forget it. */
	CK_RV (*savepoint)(struct store *store);
	void (*undo)(struct store *store);
	CK_RV (*release)(struct store *store);

	/* A transaction of reading: all that is read is of one moment. */
	CK_RV (*begin_read)(struct store *store);
	void (*end_read)(struct store *store);

	/* Inside a transaction that was begun with CREATE. */
	CK_RV (*make_schema)(struct store *store);
	/* Remove every record and the token record. */
	CK_RV (*clear)(struct store *store);

	/* The token record. CKR_TOKEN_NOT_RECOGNIZED if there is none. */
	CK_RV (*token_get)(struct store *store, struct store_token *ret_token);
	CK_RV (*token_update)(struct store *store, const struct store_token *token);

	/* Records. CKR_OBJECT_HANDLE_INVALID if there is none of that id. */
	CK_RV (*read)(struct store *store, int64_t id, struct record *ret_record);
	CK_RV (*insert)(struct store *store, const struct record *record);
	CK_RV (*update)(struct store *store, const struct record *record);
	CK_RV (*remove)(struct store *store, int64_t id);
	CK_RV(*find)
	(struct store *store, const struct store_query *query, struct record *ret_records,
		size_t max, size_t *ret_n);
	/* Read up to MAX tags of records with ids greater than AFTER, in ascending order. */
	CK_RV(*tags)
	(struct store *store, int64_t after, struct record_tag *ret_tags, size_t max,
		size_t *ret_n);
	/*
	 * The highest id that was ever committed. CKR_DEVICE_ERROR if the backend's own count of
	 * ids is below the highest id of a record.
	 */
	CK_RV (*last_id)(struct store *store, int64_t *ret_id);

	/* Marks of replay windows, see marks.h. Only in the store of marks. */
	CK_RV(*mark_get)
	(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
		uint8_t ret_mark[MARK_MAX], size_t *ret_n);
	CK_RV(*mark_near)
	(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
		struct mark_near *ret_before, struct mark_near *ret_after);
	CK_RV(*mark_put)
	(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
		struct bytes mark);
	CK_RV(*mark_remove)
	(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);
	/* Remove up to MAX marks of MASTER. RET_N is their number. */
	CK_RV (*marks_remove)(struct store *store, int64_t master, size_t max, size_t *ret_n);
	/* The lowest master above AFTER that has marks, 0 if none has. */
	CK_RV (*marks_next)(struct store *store, int64_t after, int64_t *ret_master);
};

struct store {
	const struct store_backend *backend;
	const struct store_above *above; /* may be NULL */
	void *at;                        /* the backend's own */

	struct store *marks; /* the store of marks, NULL in the store of marks itself */

	pthread_mutex_t lock; /* guards the connection and what follows */
	int64_t last_id;      /* the highest id this process has tried, also if the insert failed */
	bool swept;           /* state files without records were removed */
	bool removed;         /* a command of the open transaction has removed a record */
	bool takes;           /* one has taken something away (struct change) */
	bool again;           /* the last transaction failed, and may succeed if it runs again */

	pthread_mutex_t queue_lock;  /* guards what follows */
	struct change *first, **end; /* commands that wait */
	bool leading;                /* a thread is committing */

	pthread_mutex_t pins_lock; /* held from store_lock_pins to store_unlock_pins */

	_Atomic int64_t freshness_checked; /* the second in which the counter was checked last */

	struct store *next; /* in the list of all stores, for fork */
};

static inline void unlock_mutex(pthread_mutex_t **mutex)
{
	pthread_mutex_unlock(*mutex);
}

static inline pthread_mutex_t *lock_mutex(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
	return mutex;
}

/* Hold MUTEX until the end of the block. */
#define HOLD(mutex)                                                                                \
	__attribute__((cleanup(unlock_mutex), unused)) pthread_mutex_t *held_ = lock_mutex(mutex)

#endif

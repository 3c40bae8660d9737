/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_internal.h: what the files of this folder share.
 *
 * Locks: queue_lock is held for moments and never while taking another; `lock` guards the
 * connection and is held by the leader of a commit (commit.c) from its beginning to its end, and by
 * a reader while it reads. So a reader waits for a commit of its own process, some milliseconds:
 * one connection a token keeps the page cache one, and a second one would meet the file's own
 * exclusive lock for most of that time. What the token layer reads often it caches.
 */
#ifndef KEYDIV_STORE_STORE_INTERNAL_H
#define KEYDIV_STORE_STORE_INTERNAL_H

#include <pthread.h>

#include "store/sqlite/database.h"
#include "store/sqlite/generation.h"
#include "store/store.h"

struct change;

struct store {
	int dirfd;
	char *path;             /* of the directory, without symbolic links: SQLite opens by name */
	_Atomic int clients_fd; /* of the directory of client files; -1 until first needed */
	struct generation generation;

	pthread_mutex_t lock; /* guards what follows */
	struct database *db;  /* NULL until first needed, or while there is none */
	int64_t last_id; /* the highest row id this process has given out, also to a row that then failed */

	pthread_mutex_t queue_lock;  /* guards what follows */
	struct change *first, **end; /* changes that wait */
	bool leading;                /* somebody is committing */

	struct store *next; /* in the list of all, for fork */
};

/* A change on its way to the next commit. */
struct change {
	CK_RV(*run)
	(struct store *store,
		struct change *change); /* in the transaction, in whichever thread leads */
	bool creates;                   /* runs also where there is no schema yet */
	int64_t id;
	struct store_row *rows; /* to insert */
	size_t count;           /* of them */
	void *const *args;      /* ARG for each */
	store_prepare *prepare;
	store_recount *recount; /* or NULL */
	const struct store_token *token;
	store_may_init *may; /* or NULL */
	CK_RV (*edit)(struct store_token *token, void *arg);
	CK_RV(*edit_counted)
	(struct store_token *token, uint64_t objects,
		void *arg); /* in the place of EDIT, or NULL */
	void *arg;

	CK_RV rv; /* the result */
	bool done;
	pthread_cond_t woken; /* done, or to lead */
	struct change *next;
};

/*
 * Run CHANGE in a commit, with others that wait at the same time; returns when it is
 * durable or undone.
 */
MUST_USE CK_RV commit_change(struct store *store, struct change *change);

/*
 * With store->lock held: open the database if it is not. store->db stays NULL, and that is no
 * error, if there is none.
 */
MUST_USE CK_RV store_need_database(struct store *store, bool create);

/*
 * With the lock held and the schema there: the token's row. CKR_TOKEN_NOT_RECOGNIZED if
 * there is none.
 */
MUST_USE CK_RV token_row_get(struct database *db, struct store_token *ret_token);
MUST_USE CK_RV token_row_put(struct database *db, const struct store_token *token);

/* With the lock held: have CHANGE bring the seal of the count up to date, if it keeps one. */
MUST_USE CK_RV token_row_recount(struct database *db, struct change *change, int by);

/* With the lock held and the schema there: the number of objects. */
MUST_USE CK_RV rows_count(struct database *db, uint64_t *ret_n);

/* The checksum of a row: SHA-256 over all its columns. */
#define CHECKSUM_LEN 32

/* The client files of rows FIRST to LAST: zeroed, removed. What cannot be is logged. */
void client_files_clear(struct store *store, int64_t first, int64_t last);

/* With the lock held and the schema there: the highest row id ever committed. */
MUST_USE CK_RV rows_last_id(struct database *db, int64_t *ret_id);

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

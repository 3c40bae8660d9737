/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit.c: changes of several threads share a commit.
 *
 * A commit costs some syncs of the disk, whatever it holds. So changes queue; whoever stands first
 * while nobody leads becomes the leader: it begins a transaction, runs all that have queued, each
 * under a savepoint so that one that fails undoes itself only, commits, and wakes each with its own
 * result. Nobody waits for company: a lone writer commits at once. What queues while a transaction
 * begins or runs still joins it; what queues during the sync makes the next.
 */
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite/store_internal.h"

#define COMMIT_MAX 256 /* changes in one commit, so that the first need not wait for ever */

/* A savepoint around one change. */
static CK_RV run_change(struct store *store, struct change *change)
{
	if (database_is_empty(store->db) && !change->creates)
		return CKR_TOKEN_NOT_RECOGNIZED;
	TRY(database_run(store->db, SQL_SAVEPOINT));
	CK_RV rv = change->run(store, change);
	if (rv == CKR_OK) {
		rv = database_run(store->db, SQL_RELEASE);
		if (rv != CKR_OK)
			database_rollback(store->db);
		return rv;
	}
	if (!database_in_transaction(store->db))
		return rv; /* the error has undone everything already */
	if (database_run(store->db, SQL_ROLLBACK_TO) != CKR_OK ||
		database_run(store->db, SQL_RELEASE) != CKR_OK)
		database_rollback(store->db);
	return rv;
}

/* Take what is queued now, at most MAX. */
static struct change *take_queue(struct store *store, size_t max, size_t *ret_n)
{
	HOLD(&store->queue_lock);
	struct change *first = store->first, **link = &store->first;
	size_t n = 0;

	while (n < max && *link) {
		link = &(*link)->next;
		n++;
	}
	store->first = *link;
	if (store->first == NULL)
		store->end = &store->first;
	*link = NULL;
	*ret_n = n;
	return n ? first : NULL;
}

/*
 * Open the database and its write transaction. On CKR_OK store->lock is held. Waiting for another
 * process is done without the lock, so that readers in this one go on.
 */
static CK_RV begin(struct store *store, bool create)
{
	struct timespec start, now;
	unsigned tries = 0;
	bool busy = false;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		pthread_mutex_lock(&store->lock);
		CK_RV rv = store_need_database(store, create);
		if (rv == CKR_OK && store->db == NULL)
			rv = CKR_TOKEN_NOT_RECOGNIZED;
		if (rv == CKR_OK)
			rv = generation_need_writable(&store->generation, store->dirfd);
		if (rv == CKR_OK)
			rv = database_begin(store->db, &busy);
		if (rv == CKR_OK && !busy)
			return CKR_OK;
		pthread_mutex_unlock(&store->lock);
		TRY(rv);
		clock_gettime(CLOCK_MONOTONIC, &now);
		unsigned most = tries < 5 ? 200U << tries++ : 5000;
		usleep(100 + (unsigned)(now.tv_nsec / 64) % most);
	} while (now.tv_sec - start.tv_sec < DATABASE_WAIT_SECONDS);
	log_error(
		"token.db: another process has been writing for %d seconds", DATABASE_WAIT_SECONDS);
	return CKR_DEVICE_ERROR;
}

/* End the transaction, with COMMIT if RV is CKR_OK, and let go of the lock. */
static CK_RV end(struct store *store, CK_RV rv)
{
	bool was_empty = database_is_empty(store->db);

	if (rv == CKR_OK)
		rv = database_commit(store->db, store->dirfd);
	else
		database_rollback(store->db);
	generation_end(&store->generation);
	if (was_empty && rv != CKR_OK) { /* what is known of the schema may be wrong now */
		database_close(store->db);
		store->db = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	return rv;
}

/* Give every change of the list its result, unless it has failed by itself. */
static void settle(struct change *list, CK_RV rv)
{
	for (; list; list = list->next)
		if (list->rv == CKR_OK)
			list->rv = rv;
}

/*
 * Run the changes from LIST on; RET_ANY is set if one went well. Returns where the next one is
 * to be linked.
 */
static struct change **run_list(
	struct store *store, struct change **list, bool *ret_any, CK_RV *last)
{
	for (; *list; list = &(*list)->next) {
		struct change *change = *list;
		bool open = database_in_transaction(store->db);
		change->rv = open ? run_change(store, change) : *last;
		if (change->rv == CKR_OK)
			*ret_any = true;
		else if (open)
			*last = change->rv;
	}
	return list;
}

/*
 * Run what is queued, and what comes while that runs, in one transaction. Returns the
 * changes, with results.
 */
static struct change *commit_queue(struct store *store)
{
	size_t n = 0, more = 0;
	CK_RV last = CKR_OK;
	bool create = false, any = false;

	struct change *all = take_queue(store, COMMIT_MAX, &n);
	for (struct change *c = all; c; c = c->next)
		create = create || c->creates;
	CK_RV rv = begin(store, create);
	if (rv != CKR_OK) {
		settle(all, rv);
		return all;
	}
	generation_begin(&store->generation);
	struct change **link = run_list(store, &all, &any, &last);
	while (n < COMMIT_MAX && (*link = take_queue(store, COMMIT_MAX - n, &more)) != NULL) {
		n += more;
		link = run_list(store, link, &any, &last);
	}
	if (!database_in_transaction(
		    store->db)) { /* an error has undone all, also what had gone well before it */
		settle(all, last);
		any = false;
	}
	settle(all, end(store, any ? CKR_OK : CKR_FUNCTION_FAILED));
	return all;
}

CK_RV commit_change(struct store *store, struct change *change)
{
	pthread_cond_init(&change->woken, NULL);
	change->rv = CKR_OK;
	change->done = false;
	change->next = NULL;
	pthread_mutex_lock(&store->queue_lock);
	*store->end = change;
	store->end = &change->next;
	while (!change->done && (store->leading || store->first != change))
		pthread_cond_wait(&change->woken, &store->queue_lock);
	if (!change->done) {
		store->leading = true;
		pthread_mutex_unlock(&store->queue_lock);
		struct change *all = commit_queue(store);
		pthread_mutex_lock(&store->queue_lock);
		store->leading = false;
		for (struct change *next; all;
			all = next) { /* once the lock is free it is its owner's again */
			next = all->next;
			all->done = true;
			pthread_cond_signal(&all->woken);
		}
		if (store->first)
			pthread_cond_signal(&store->first->woken);
	}
	pthread_mutex_unlock(&store->queue_lock);
	pthread_cond_destroy(&change->woken);
	return change->rv;
}

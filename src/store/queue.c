/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c: commands of several threads share a commit.
 *
 * A commit costs some syncs of the disk, whatever it holds. So commands wait in a queue. The first
 * in the queue becomes the leader while no other thread leads: it begins a transaction, runs all
 * commands of the queue, commits, and wakes each thread with its own result. Every command has a
 * savepoint, so a failing command undoes itself alone. A lone writer commits at once. A command
 * that arrives while the transaction begins or runs still joins it; one that arrives during the
 * sync is part of the next.
 */
#include "store/queue.h"

#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define COMMIT_MAX 256  /* commands in one commit, so that the first need not wait long */
#define WAIT_SECONDS 60 /* for a transaction of another process */
#define AGAIN_MAX 20    /* how often commands run again */

/* Run one command between savepoints. */
static CK_RV run_change(struct store *store, struct change *change)
{
	const struct store_backend *backend = store->backend;

	TRY(backend->savepoint(store));
	CK_RV rv = change->run(store, change);
	if (rv == CKR_OK)
		rv = backend->release(store);
	if (rv == CKR_OK && change->takes)
		store->takes = true;
	if (rv != CKR_OK && backend->in_transaction(store)) /* some errors end the transaction */
		backend->undo(store);
	return rv;
}

/* Take the commands that wait now, at most MAX. */
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
 * Begin a write transaction. On CKR_OK store->lock is held. The lock is released while this thread
 * waits for another process, so that readers of this process go on.
 */
static CK_RV begin(struct store *store, bool create)
{
	struct timespec start, now;
	unsigned tries = 0;
	bool busy = false;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		pthread_mutex_lock(&store->lock);
		CK_RV rv = store->backend->begin(store, create, &busy);
		if (rv == CKR_OK && !busy) {
			store->removed = store->takes = store->again = false;
			return CKR_OK;
		}
		pthread_mutex_unlock(&store->lock);
		TRY(rv);
		clock_gettime(CLOCK_MONOTONIC, &now);
		unsigned most = tries < 5 ? 200U << tries++ : 5000;
		usleep(100 + (unsigned)(now.tv_nsec / 64) % most);
	} while (now.tv_sec - start.tv_sec < WAIT_SECONDS);
	log_error("another process has been changing the token for %d seconds", WAIT_SECONDS);
	return CKR_DEVICE_ERROR;
}

/*
 * End the transaction, with COMMIT if RV is CKR_OK, and release the lock. RET_AGAIN is true if the
 * transaction had no effect and its commands are to run again.
 */
static CK_RV end(struct store *store, CK_RV rv, bool *ret_again)
{
	if (rv == CKR_OK)
		rv = store->backend->commit(store);
	else
		store->backend->rollback(store);
	*ret_again = rv != CKR_OK && store->again;
	pthread_mutex_unlock(&store->lock);
	return rv;
}

/* Give every command of the list the result RV, unless it has failed by itself. */
static void settle(struct change *list, CK_RV rv)
{
	for (; list; list = list->next)
		if (list->rv == CKR_OK)
			list->rv = rv;
}

/* Return true if commands that have come since may take part in the transaction (backend.h). */
static bool takes_more(struct store *store, size_t n)
{
	return n < COMMIT_MAX && store->backend->expect == NULL &&
	       store->backend->in_transaction(store);
}

/* Return the error that has ended a transaction. LAST is that of the last command that failed. */
static CK_RV ended(CK_RV last)
{
	return last != CKR_OK ? last : CKR_DEVICE_ERROR;
}

/*
 * Run the commands of LIST. RET_ANY is set if one succeeds. LAST is the last error. Returns the
 * place where the next command is linked.
 */
static struct change **run_list(
	struct store *store, struct change **list, bool *ret_any, CK_RV *last)
{
	for (; *list; list = &(*list)->next) {
		struct change *change = *list;
		bool open = store->backend->in_transaction(store);
		change->rv = open ? run_change(store, change) : ended(*last);
		if (change->rv == CKR_OK)
			*ret_any = true;
		else
			*last = change->rv;
	}
	return list;
}

/* Tell the backend what is coming, and begin. */
static CK_RV begin_for(struct store *store, const struct change *all)
{
	bool create = false;

	for (const struct change *c = all; c; c = c->next)
		create = create || c->creates;
	if (store->backend->expect != NULL) {
		HOLD(&store->lock);
		store->backend->expect(store, all);
	}
	return begin(store, create);
}

/*
 * Run the *N commands of ALL, and what joins while they run, in one transaction. RET_AGAIN is true
 * if they are to run again.
 */
static void run_all(struct store *store, struct change *all, size_t *n, bool *ret_again)
{
	size_t more = 0;
	CK_RV last = CKR_OK;
	bool any = false;

	*ret_again = false;
	CK_RV rv = begin_for(store, all);
	if (rv != CKR_OK) {
		settle(all, rv);
		return;
	}
	struct change **link = run_list(store, &all, &any, &last);
	while (takes_more(store, *n) &&
		(*link = take_queue(store, COMMIT_MAX - *n, &more)) != NULL) {
		*n += more;
		link = run_list(store, link, &any, &last);
	}
	if (!store->backend->in_transaction(store)) { /* an error has undone every command */
		settle(all, ended(last));
		any = false;
	}
	settle(all, end(store, any ? CKR_OK : CKR_FUNCTION_FAILED, ret_again));
}

/* Run the queue. Returns the commands with their results. */
static struct change *commit_queue(struct store *store)
{
	size_t n = 0;
	bool again = false;
	struct change *all = take_queue(store, COMMIT_MAX, &n);

	run_all(store, all, &n, &again);
	for (unsigned i = 0; again && i < AGAIN_MAX; i++) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		usleep(100 + (unsigned)(now.tv_nsec / 64) % (500U << (i < 7 ? i : 7)));
		for (struct change *c = all; c; c = c->next)
			c->rv = CKR_OK;
		run_all(store, all, &n, &again);
	}
	return all;
}

CK_RV queue_commit(struct store *store, struct change *change)
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
		for (struct change *next; all; all = next) {
			next = all->next; /* a command that is done belongs to its thread again */
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

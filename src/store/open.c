/* SPDX-License-Identifier: Apache-2.0 */
/* open.c: opening and closing a store, and what a fork does to it, see store.h. */
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "store/backend.h"
#include "store/load.h"

/*
 * All open stores. A fork waits until none of them is in a transaction. The reason is that SQLite
 * keeps the state of its file locks in memory. A child that inherits this state in the middle of a
 * transaction would believe that it has the locks, which only the parent has.
 */
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct store *all;
static struct store *abandoned; /* the parent's stores, kept where a leak checker finds them */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	pthread_mutex_lock(&all_lock);
	for (struct store *s = all; s; s = s->next)
		pthread_mutex_lock(&s->lock);
}

static void after_fork(void)
{
	for (struct store *s = all; s; s = s->next)
		pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&all_lock);
}

static void watch_forks(void)
{
	if (pthread_atfork(before_fork, after_fork, after_fork) != 0)
		log_warning("no memory to watch for forks");
}

static void list_add(struct store *store)
{
	HOLD(&all_lock);
	store->next = all;
	all = store;
}

static void list_remove(struct store *store)
{
	HOLD(&all_lock);
	for (struct store **link = &all; *link; link = &(*link)->next)
		if (*link == store) {
			*link = store->next;
			return;
		}
}

/* Free what is left of the stores of the parent, once this process opens a store of its own. */
static void discard_abandoned(void)
{
	HOLD(&all_lock);
	for (struct store **link = &abandoned; *link;) {
		struct store *store = *link;
		if (!store->backend->discard(store)) {
			link = &store->next;
			continue;
		}
		*link = store->next;
		free(store);
	}
}

/* --- Opening and closing --- */

static CK_RV open_one(const char *dir, const struct store_backend *backend, struct store **ret)
{
	struct store *store = calloc(1, sizeof *store);

	ENSURE(store != NULL, CKR_HOST_MEMORY);
	store->backend = backend;
	store->end = &store->first;
	CK_RV rv = backend->open(store, dir);
	if (rv != CKR_OK) {
		free(store);
		return rv;
	}
	pthread_mutex_init(&store->lock, NULL);
	pthread_mutex_init(&store->queue_lock, NULL);
	pthread_mutex_init(&store->pins_lock, NULL);
	list_add(store);
	*ret = store;
	return CKR_OK;
}

/*
 * The store of marks is opened first. A store comes before its store of marks in the list then, and
 * a fork takes their locks in the order in which a command takes them.
 */
CK_RV store_open_with(const struct store_backend *backend, const char *dir,
	const struct store_above *above, struct store **ret_store)
{
	struct store *marks = NULL, *store = NULL;

	pthread_once(&fork_once, watch_forks);
	discard_abandoned();
	TRY(open_one(dir, backend->marks, &marks));
	CK_RV rv = open_one(dir, backend, &store);
	if (rv != CKR_OK) {
		store_close(marks);
		return rv;
	}
	store->marks = marks;
	store->above = above;
	*ret_store = store;
	return CKR_OK;
}

CK_RV store_open(const char *dir, const struct store_above *above, struct store **ret_store)
{
	return store_open_with(store_configured(), dir, above, ret_store);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_close(store->marks);
	list_remove(store);
	store->backend->close(store);
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->queue_lock);
	pthread_mutex_destroy(&store->pins_lock);
	free(store);
}

void store_abandon(struct store *store)
{
	if (store == NULL)
		return;
	store_abandon(store->marks);
	list_remove(store);
	store->backend->abandon(store);
	store->next = abandoned;
	abandoned = store;
}

const _Atomic uint64_t *store_freshness(const struct store *store)
{
	return store->backend->freshness(store);
}

void store_check_freshness(struct store *store)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	int64_t checked = atomic_load_explicit(&store->freshness_checked, memory_order_relaxed);
	if (__builtin_expect(checked == now.tv_sec, 1))
		return;
	if (atomic_compare_exchange_strong(&store->freshness_checked, &checked, now.tv_sec))
		store->backend->check_freshness(store);
}

const struct store_lease *store_lease(const struct store *store)
{
	return store->backend->lease != NULL ? store->backend->lease(store) : NULL;
}

CK_RV store_confirm(struct store *store)
{
	return store->backend->confirm != NULL ? store->backend->confirm(store) : CKR_OK;
}

CK_RV store_state_directory(struct store *store, bool make, int *ret_fd)
{
	return store->backend->state_directory(store, make, ret_fd);
}

bool store_is_read_only(struct store *store)
{
	HOLD(&store->lock);
	return store->backend->is_read_only(store);
}

/* --- PINs --- */

void store_lock_pins(struct store *store)
{
	pthread_mutex_lock(&store->pins_lock);
	(void)store->backend->lock_pins(store, false);
}

bool store_lock_pins_alone(struct store *store)
{
	return store->backend->lock_pins(store, true);
}

void store_unlock_pins(struct store *store)
{
	store->backend->unlock_pins(store);
	pthread_mutex_unlock(&store->pins_lock);
}

CK_RV store_tries_edit(struct store *store, enum store_role role, store_edit_tries *edit, void *arg)
{
	return store->backend->tries_edit(store, role, edit, arg);
}

bool store_tries_in_memory(struct store *store)
{
	return store->backend->tries_in_memory(store);
}

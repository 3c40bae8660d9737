/* SPDX-License-Identifier: Apache-2.0 */
/* reservation.c: a list of reservations. */
#include "state/reservation.h"

#include <stdlib.h>

/* Guards the list, and the members users and dead of every reservation. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reservation *list;

struct reservation *reservation_take(const struct vault *vault, int64_t id, bool make)
{
	pthread_mutex_lock(&list_lock);
	struct reservation *r = list;
	while (r != NULL && (r->vault != vault || r->id != id || r->dead))
		r = r->next;
	if (r == NULL && make && (r = calloc(1, sizeof *r)) != NULL) {
		r->vault = vault;
		r->id = id;
		pthread_mutex_init(&r->lock, NULL);
		r->next = list;
		list = r;
	}
	if (r != NULL)
		r->users++;
	pthread_mutex_unlock(&list_lock);
	if (r != NULL)
		pthread_mutex_lock(&r->lock);
	return r;
}

/* Free the dead reservations that no thread uses. The list is locked. */
static void sweep(void)
{
	for (struct reservation **p = &list; *p != NULL;) {
		struct reservation *r = *p;
		if (!r->dead || r->users > 0) {
			p = &r->next;
			continue;
		}
		*p = r->next;
		secret_wipe(&r->state);
		pthread_mutex_destroy(&r->lock);
		free(r);
	}
}

void reservation_release(struct reservation *r)
{
	pthread_mutex_unlock(&r->lock);
	pthread_mutex_lock(&list_lock);
	r->users--;
	sweep();
	pthread_mutex_unlock(&list_lock);
}

void reservations_forget(const struct vault *vault, int64_t id)
{
	pthread_mutex_lock(&list_lock);
	for (struct reservation *r = list; r != NULL; r = r->next)
		if (r->vault == vault && (id == 0 || r->id == id))
			r->dead = true;
	sweep();
	pthread_mutex_unlock(&list_lock);
}

void reservations_forked(void)
{
	pthread_mutex_init(&list_lock, NULL);
	while (list != NULL) {
		struct reservation *r = list;
		list = r->next;
		/*
		 * The lock is not destroyed: a thread that does not exist here may hold it, and may
		 * have changed the state by half. The kernel has zeroed a state that is long.
		 */
		if (pthread_mutex_trylock(&r->lock) == 0) {
			secret_wipe(&r->state);
			pthread_mutex_unlock(&r->lock);
		}
		wipe(r->state.small, sizeof r->state.small);
		free(r);
	}
}

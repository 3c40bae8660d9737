/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reservation.h: the states of which this process has claimed several numbers at once.
 *
 * The file of such a state is ahead. The state in the reservation is advanced key by key up to the
 * state in the file, so that the keys in between can be given out without a sync each.
 */
#ifndef KEYDIV_STATE_RESERVATION_H
#define KEYDIV_STATE_RESERVATION_H

#include <pthread.h>

#include "base/secret.h"
#include "store/vault.h"

struct reservation {
	struct reservation *next;
	const struct vault *vault;
	int64_t id;           /* of the record */
	uint32_t users;       /* threads that use the reservation */
	bool dead;            /* freed when no thread uses it any more */
	pthread_mutex_t lock; /* guards the members below */
	struct secret state;  /* empty if no number is reserved */
	uint64_t limit;       /* numbers below the limit are reserved */
};

/*
 * Return the locked reservation of record ID under VAULT. If there is none, make one if MAKE is
 * true, else return NULL. NULL also if there is no memory. reservation_release unlocks.
 */
struct reservation *reservation_take(const struct vault *vault, int64_t id, bool make);
void reservation_release(struct reservation *reservation);

/*
 * Wipe the reservation of record ID under VAULT, or every reservation under VAULT if ID is 0. A
 * reservation that a thread uses is wiped when that thread releases the reservation.
 */
void reservations_forget(const struct vault *vault, int64_t id);

/* In the child of a fork: wipe and free every reservation, without waiting for a lock. */
void reservations_forked(void);

#endif

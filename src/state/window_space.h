/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_space.h: everything that this process keeps in memory about the replay windows of one
 * token: the key of the marks, the counters that were reserved, and the windows of session masters.
 */
#ifndef KEYDIV_STATE_WINDOW_SPACE_H
#define KEYDIV_STATE_WINDOW_SPACE_H

#include <pthread.h>

#include "state/window_table.h"

struct window_space {
	struct window_space *next;
	struct vault *vault;

	pthread_mutex_t lock;         /* guards the members below; taken after a store's lock */
	pthread_cond_t settled;       /* the phase of an entry has changed */
	struct key *key;              /* of the marks */
	bool loaded;                  /* the key is the one of the present login */
	struct window_table reserved; /* of token masters, by record id */
	struct window_table session;  /* of session masters, by object handle */
};

/*
 * Return the space of VAULT. If there is none, make one if MAKE is true, else return NULL. NULL
 * also if there is no memory.
 */
struct window_space *window_space_of(struct vault *vault, bool make);

/*
 * Call EACH for every space, with the space locked. EACH must not call a function that locks
 * another space.
 */
void window_spaces_each(void (*each)(struct window_space *space, void *arg), void *arg);

/* Free the space of VAULT. No other thread may be using it. */
void window_space_free(const struct vault *vault);

/*
 * In the child of a fork, before keys_forked: forget every space, without waiting for a lock, and
 * wipe the keys that no thread of the parent was using.
 */
void window_spaces_forked(void);

/*
 * Lock SPACE and load the key of the marks if it is not loaded. On CKR_OK the caller unlocks.
 * CKR_USER_NOT_LOGGED_IN, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV window_space_lock_with_key(struct window_space *space);

/* Wipe the key of the marks. The caller holds the lock. */
void window_space_unload(struct window_space *space);

static inline void unlock_space(struct window_space **space)
{
	pthread_mutex_unlock(&(*space)->lock);
}

static inline struct window_space *lock_space(struct window_space *space)
{
	pthread_mutex_lock(&space->lock);
	return space;
}

/* Hold the lock of SPACE until the end of the block. */
#define HOLD_SPACE(space)                                                                          \
	__attribute__((cleanup(unlock_space), unused)) struct window_space *held_space_ =          \
		lock_space(space)

#endif

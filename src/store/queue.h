/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h: commands wait in a queue and share commits. */
#ifndef KEYDIV_STORE_QUEUE_H
#define KEYDIV_STORE_QUEUE_H

#include "store/backend.h"

/*
 * One command: the first member of a struct that holds its arguments (changes.c). RUN is called
 * inside a write transaction with store->lock held, in any thread of the process. An error of RUN
 * undoes this command alone, unless the error has ended the transaction (a full disk, for example).
 *
 * RUN is called again if a transaction had no effect because of another host. So RUN must not take
 * what an earlier call has left in its arguments for something that was made.
 */
struct change {
	CK_RV (*run)(struct store *store, struct change *change);
	bool creates; /* runs also where no token was initialised yet */
	bool takes;   /* takes something away that other hosts may have cached */
	/* The mark that RUN reads first, for a backend that reads ahead. STREAM may be NULL. */
	int64_t master;
	const uint8_t *stream;

	/* The rest belongs to the queue. */
	CK_RV rv;
	bool done;
	pthread_cond_t woken; /* done, or next to lead */
	struct change *next;
};

/*
 * Run CHANGE in a commit, together with other commands that wait at the same time. Returns when the
 * change is durable, or undone.
 */
MUST_USE CK_RV queue_commit(struct store *store, struct change *change);

#endif

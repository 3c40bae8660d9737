/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_leave.h: what window.c and window_life.c share: the name of a stream, its mark in the
 * store, and the end of a reservation. Only these files include this header.
 */
#ifndef KEYDIV_STATE_WINDOW_LEAVE_H
#define KEYDIV_STATE_WINDOW_LEAVE_H

#include "state/window_location.h"
#include "state/window_space.h"

/* Compute the name of the stream at AT. The caller does not hold the lock. */
MUST_USE CK_RV window_name(struct window_space *space, const struct window_location *at,
	uint8_t ret_stream[MARK_STREAM_LEN]);

/* Return the table that has the windows of the master at AT. */
static inline struct window_table *window_table_of(
	struct window_space *space, const struct window_location *at)
{
	return at->store != NULL ? &space->reserved : &space->session;
}

/*
 * Read the mark MARK, whose master, stream and size are set. *RET_FOUND is false, and the set is
 * empty, if the stream is new. The caller does not hold the lock.
 */
MUST_USE CK_RV window_read_mark(
	struct store *marks, struct window_space *space, struct window_mark *mark, bool *ret_found);
MUST_USE CK_RV window_write_mark(
	struct store *marks, struct window_space *space, const struct window_mark *mark);

/*
 * Return true if E tells which of its counters were used, and STORE, NULL for a session master,
 * need not be asked. The caller holds the lock.
 */
bool window_is_known(const struct window_entry *e, struct store *store);

/*
 * Write back the reservations that were used least recently, and forget them, also if that fails.
 * The caller holds the lock, which is released meanwhile. *RET_N is their number.
 */
MUST_USE CK_RV window_leave_some(struct window_space *space, struct store *store, size_t *ret_n);

/* Forget the reservations of MASTER, which was destroyed. The caller holds the lock. */
void window_forget_entries(struct window_space *space, int64_t master);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c: mark, read and forget counters.
 *
 * A mark is one transaction that reads the mark of the stream, checks the counter and writes the
 * mark. Transactions of the token are serialised, so of two uses of one counter, by threads or
 * processes, the second finds the mark of the first. Each use has its own verdict although uses
 * that wait at the same time share a commit.
 *
 * With a reservation the mark in the store says that every counter up to a limit was used. Every
 * other process believes that. The process that made the reservation knows better: it keeps the
 * exact window in memory and gives out the counters up to the limit without a write. The mark has a
 * random number of its owner, so a process notices that its reservation was replaced. These are the
 * ends of a reservation:
 *
 * - The process dies. The counters up to the limit stay refused.
 * - The process writes the exact window back, at logout, at C_Finalize or to make room. It judges
 *   no counter of the stream from before the write until the entry is gone. So no counter is free
 *   in the file and in memory at once, even if it is not known that the write has failed.
 * - Another process uses a counter above the limit. It treats all lower ones as used, so those up
 *   to the limit still belong to this process alone.
 * - Somebody forgets the stream. That changes the store's freshness counter, and a reservation
 *   counts only while the freshness counter is as it was, or after its mark was read again.
 */
#include "state/window.h"

#include "key/random.h"
#include "state/window_leave.h"

/* One use of a counter of a token master. */
struct mark_use {
	struct window_space *space;
	const struct window_location *at;
	uint64_t counter;
	struct window_mark mark;
	uint64_t new_owner; /* 0: make an exact mark */

	/* The reservation in memory; OWNER 0: there is none. */
	uint64_t owner, limit;
	uint64_t new_limit; /* set by the transaction, if new_owner is not 0 */

	/* Set by the transaction. */
	bool judged;
	bool ours;             /* the mark is that of the reservation in memory */
	struct window_set set; /* what this process may believe after the commit */
};

/* --- In a transaction --- */

static bool refuses(const struct window_set *set, enum window_direction direction, uint64_t counter)
{
	if (direction == WINDOW_OUTGOING)
		return set->any && counter <= set->highest;
	return window_set_refuses(set, counter);
}

/* Return the last of COUNT counters from FIRST, or the highest counter that there is. */
static uint64_t last_of(uint64_t first, uint64_t count)
{
	return count - 1 > UINT64_MAX - first ? UINT64_MAX : first + count - 1;
}

static CK_RV run_use(struct store *marks, void *arg)
{
	struct mark_use *use = arg;
	struct window_mark *mark = &use->mark;
	bool found;

	TRY(window_read_mark(marks, use->space, mark, &found));
	use->judged = true;
	use->ours = found && use->owner != 0 && mark->owner == use->owner;
	if (use->ours && use->counter <= use->limit)
		return CKR_OK; /* the reservation is still there, and the memory judges */
	if (refuses(&mark->set, use->at->direction, use->counter))
		return CKR_KEYDIV_REPLAYED;
	window_set_add(&mark->set, use->counter);
	use->set = mark->set;
	mark->owner = use->new_owner;
	if (mark->owner != 0) {
		uint64_t last = last_of(use->counter, use->at->reserve);
		if (last < mark->set.highest)
			last = mark->set.highest;
		window_set_fill(&mark->set, last);
		use->new_limit = last;
	}
	return window_write_mark(marks, use->space, mark);
}

/* --- Reservations --- */

/* Judge a reserved counter. */
static CK_RV judge(struct window_space *space, struct window_entry *e, uint64_t counter)
{
	if (window_set_refuses(&e->set, counter))
		return CKR_KEYDIV_REPLAYED;
	window_set_add(&e->set, counter);
	window_table_touch(&space->reserved, e);
	return CKR_OK;
}

/*
 * Find the reservation of the stream of USE, and return it to RET if a transaction must extend it.
 * RET is NULL if the stream needs no reservation. *RET_DONE: the counter was judged, and the result
 * is the verdict. The caller holds the lock.
 */
static CK_RV take_entry(struct mark_use *use, struct window_entry **ret, bool *ret_done)
{
	struct window_space *space = use->space;
	struct window_table *table = &space->reserved;
	struct store *store = use->at->store;
	size_t left;

	for (;;) {
		struct window_entry *e =
			window_table_find(table, use->mark.master, use->mark.stream);
		if (e != NULL && window_is_known(e, store) && use->counter <= e->limit) {
			*ret_done = true;
			return judge(space, e, use->counter);
		}
		if (e != NULL && e->phase != WINDOW_AT_REST) {
			pthread_cond_wait(&space->settled, &space->lock);
			continue;
		}
		if (e == NULL && use->at->reserve > 1 && table->n >= WINDOW_RESERVED_MAX) {
			TRY(window_leave_some(space, store, &left));
			ENSURE(left > 0, CKR_HOST_MEMORY);
			continue;
		}
		if (e == NULL && use->at->reserve > 1) {
			e = window_table_add(table, use->mark.master, use->mark.stream);
			ENSURE(e != NULL, CKR_HOST_MEMORY);
		}
		if (e != NULL)
			e->phase = WINDOW_EXTENDING;
		*ret = e;
		return CKR_OK;
	}
}

/* Note in E what the transaction of USE, with the result RV, has made of the reservation. */
static CK_RV settle(
	struct mark_use *use, struct window_entry *e, uint64_t freshness, uint64_t limit, CK_RV rv)
{
	struct window_space *space = use->space;

	e->phase = WINDOW_AT_REST;
	pthread_cond_broadcast(&space->settled);
	if (rv != CKR_OK) {
		if (e->owner == 0 || (use->judged && !use->ours))
			window_table_remove(&space->reserved, e);
		return rv;
	}
	e->freshness = freshness;
	if (use->ours && use->counter <= limit)
		return judge(space, e, use->counter);
	if (use->ours)
		window_set_add(&e->set, use->counter); /* others may have marked lower ones */
	else
		e->set = use->set;
	e->owner = use->new_owner;
	e->limit = use->new_limit;
	window_table_touch(&space->reserved, e);
	return CKR_OK;
}

static CK_RV new_owner(uint64_t *ret)
{
	uint8_t random[8];

	TRY(random_bytes(random, sizeof random));
	*ret = get_be64(random) | 1; /* never 0 */
	return CKR_OK;
}

static CK_RV mark_durably(struct mark_use *use)
{
	struct window_entry *e = NULL;
	struct store *store = use->at->store;
	bool done = false;

	TRY(window_space_lock_with_key(use->space));
	CK_RV rv = mark_stream(use->space->key, use->at->master, use->at->direction,
		use->at->stream, use->mark.stream);
	if (rv == CKR_OK && use->at->direction == WINDOW_INCOMING)
		rv = take_entry(use, &e, &done);
	if (e != NULL) {
		use->owner = e->owner;
		use->limit = e->limit;
	}
	pthread_mutex_unlock(&use->space->lock);
	if (rv != CKR_OK || done)
		return rv;
	uint64_t freshness = atomic_load(store_freshness(store)), limit = use->limit;
	if (e != NULL)
		rv = new_owner(&use->new_owner);
	if (rv == CKR_OK)
		rv = store_marks_change(store, false,
			&(struct store_marks_use){
				run_use, use, use->mark.master, use->mark.stream});
	if (e == NULL)
		return rv;
	HOLD_SPACE(use->space);
	return settle(use, e, freshness, limit, rv);
}

/* --- Session masters --- */

static CK_RV mark_in_memory(
	struct window_space *space, const struct window_location *at, uint64_t counter)
{
	uint8_t stream[MARK_STREAM_LEN];

	TRY(window_name(space, at, stream));
	HOLD_SPACE(space);
	struct window_entry *e = window_table_find(&space->session, at->master, stream);
	if (e == NULL) {
		REQUIRE(space->session.n < WINDOW_SESSION_MAX, CKR_DEVICE_MEMORY,
			"session masters have too many streams; use a token object");
		e = window_table_add(&space->session, at->master, stream);
		ENSURE(e != NULL, CKR_HOST_MEMORY);
		e->set = window_set_empty(at->size);
	}
	if (refuses(&e->set, at->direction, counter))
		return CKR_KEYDIV_REPLAYED;
	window_set_add(&e->set, counter);
	return CKR_OK;
}

CK_RV window_mark(const struct window_location *at, uint64_t counter)
{
	struct window_space *space = window_space_of(at->vault, true);

	ENSURE(space != NULL, CKR_HOST_MEMORY);
	struct mark_use use = {.space = space,
		.at = at,
		.counter = counter,
		.mark = {.master = at->master, .set = {.size = at->size}}};
	CK_RV rv = at->store != NULL ? mark_durably(&use) : mark_in_memory(space, at, counter);
	REQUIRE(rv != CKR_KEYDIV_REPLAYED, CKR_KEYDIV_REPLAYED,
		at->direction == WINDOW_INCOMING
			? "the counter was used before, or is too far below the highest used one"
			: "the counter is not above the highest used one");
	return rv;
}

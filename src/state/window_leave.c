/* SPDX-License-Identifier: Apache-2.0 */
/* window_leave.c: see window_leave.h. */
#include "state/window_leave.h"

#include "key/digest.h"
#include "key/key.h"

#define LEAVE_AT_ONCE 256 /* reservations that one transaction writes back */

/* --- Names --- */

/* The windows of session masters are in memory, so their streams need no MAC. */
static CK_RV session_stream(const struct window_location *at, uint8_t ret_stream[MARK_STREAM_LEN])
{
	uint8_t text[1 + WINDOW_STREAM_MAX], digest[DIGEST_MAX];

	ENSURE(at->stream.n <= WINDOW_STREAM_MAX, CKR_GENERAL_ERROR);
	text[0] = (uint8_t)at->direction;
	memcpy(text + 1, at->stream.p, at->stream.n);
	TRY(digest_once(DIGEST_SHA256, text, 1 + at->stream.n, digest));
	memcpy(ret_stream, digest, MARK_STREAM_LEN);
	return CKR_OK;
}

CK_RV window_name(struct window_space *space, const struct window_location *at,
	uint8_t ret_stream[MARK_STREAM_LEN])
{
	if (at->store == NULL)
		return session_stream(at, ret_stream);
	TRY(window_space_lock_with_key(space));
	CK_RV rv = mark_stream(space->key, at->master, at->direction, at->stream, ret_stream);
	pthread_mutex_unlock(&space->lock);
	return rv;
}

/* --- Marks --- */

/*
 * A stream without a mark is new, or its row has a flipped bit in the name or the master. Such
 * a row is still at the place of its right name, so it is next to where that name was looked for.
 * The next row of another master must not have this name, and that master must have a head.
 */
static CK_RV check_neighbour(struct store *marks, struct window_space *space,
	const struct window_mark *mark, const struct mark_near *near)
{
	uint8_t head[MARK_MAX];
	size_t n;

	if (near->master == mark->master) {
		HOLD_SPACE(space);
		ENSURE(space->loaded, CKR_USER_NOT_LOGGED_IN);
		return mark_check_near(space->key, mark->set.size, near);
	}
	TRY(marks_get(marks, near->master, mark_head_stream, head, &n));
	REQUIRE(n > 0 && memcmp(near->stream, mark->stream, MARK_STREAM_LEN) != 0, CKR_DEVICE_ERROR,
		"windows.db has a mark of a master without windows");
	return CKR_OK;
}

static CK_RV check_neighbours(
	struct store *marks, struct window_space *space, const struct window_mark *mark)
{
	struct mark_near before, after;

	TRY(marks_near(marks, mark->master, mark->stream, &before, &after));
	TRY(check_neighbour(marks, space, mark, &before));
	if (after.n == 0)
		return CKR_OK;
	int order = memcmp(after.stream, mark->stream, MARK_STREAM_LEN);
	REQUIRE(after.master > mark->master || (after.master == mark->master && order > 0),
		CKR_DEVICE_ERROR, "windows.db: two marks are in the wrong order");
	return check_neighbour(marks, space, mark, &after);
}

/* Judge a stream without a mark: the head of its master and the rows beside its place are right. */
static CK_RV check_new(struct store *marks, struct window_space *space, struct window_mark *mark)
{
	uint8_t sealed[MARK_MAX];
	size_t n;

	mark->set = window_set_empty(mark->set.size);
	mark->owner = 0;
	TRY(marks_get(marks, mark->master, mark_head_stream, sealed, &n));
	if (n > 0)
		TRY(check_neighbours(marks, space, mark));
	HOLD_SPACE(space);
	ENSURE(space->loaded, CKR_USER_NOT_LOGGED_IN);
	return mark_check_head(space->key, mark->master, bytes_of(sealed, n));
}

CK_RV window_read_mark(
	struct store *marks, struct window_space *space, struct window_mark *mark, bool *ret_found)
{
	uint8_t sealed[MARK_MAX];
	size_t n;

	TRY(marks_get(marks, mark->master, mark->stream, sealed, &n));
	*ret_found = n > 0;
	if (n == 0)
		return check_new(marks, space, mark);
	HOLD_SPACE(space);
	ENSURE(space->loaded, CKR_USER_NOT_LOGGED_IN);
	return mark_open(space->key, bytes_of(sealed, n), mark);
}

CK_RV window_write_mark(
	struct store *marks, struct window_space *space, const struct window_mark *mark)
{
	uint8_t sealed[MARK_MAX];
	size_t n;

	pthread_mutex_lock(&space->lock);
	CK_RV rv = space->loaded ? mark_seal(space->key, mark, sealed, &n) : CKR_USER_NOT_LOGGED_IN;
	pthread_mutex_unlock(&space->lock);
	TRY(rv);
	return marks_put(marks, mark->master, mark->stream, bytes_of(sealed, n));
}

/* --- Reservations --- */

bool window_is_known(const struct window_entry *e, struct store *store)
{
	if (store == NULL)
		return true;
	uint64_t now = atomic_load(store_freshness(store));
	return e->owner != 0 && e->phase != WINDOW_LEAVING && (now & 1) == 0 && e->freshness == now;
}

struct leaving {
	struct window_space *space;
	struct window_entry *entries[LEAVE_AT_ONCE];
	size_t n;
};

/* Write the exact windows of reservations that are still those of this process. */
static CK_RV run_leaving(struct store *marks, void *arg)
{
	struct leaving *leaving = arg;

	for (size_t i = 0; i < leaving->n; i++) {
		const struct window_entry *e = leaving->entries[i];
		struct window_mark mark = {.master = e->master, .set = {.size = e->set.size}};
		bool found = false;
		memcpy(mark.stream, e->stream, MARK_STREAM_LEN);
		if (window_read_mark(marks, leaving->space, &mark, &found) != CKR_OK || !found ||
			mark.owner != e->owner)
			continue; /* the reservation has ended, and its counters are skipped */
		mark.set = e->set;
		mark.owner = 0;
		TRY(window_write_mark(marks, leaving->space, &mark));
	}
	return CKR_OK;
}

CK_RV window_leave_some(struct window_space *space, struct store *store, size_t *ret_n)
{
	struct leaving leaving = {.space = space};
	struct window_entry *e = space->reserved.oldest;

	for (; e != NULL && leaving.n < LEAVE_AT_ONCE; e = e->newer) {
		if (e->phase != WINDOW_AT_REST)
			continue;
		e->phase = WINDOW_LEAVING;
		leaving.entries[leaving.n++] = e;
	}
	*ret_n = leaving.n;
	if (leaving.n == 0)
		return CKR_OK;
	pthread_mutex_unlock(&space->lock);
	CK_RV rv = store_marks_change(
		store, false, &(struct store_marks_use){.edit = run_leaving, .arg = &leaving});
	pthread_mutex_lock(&space->lock);
	for (size_t i = 0; i < leaving.n; i++)
		window_table_remove(&space->reserved, leaving.entries[i]);
	pthread_cond_broadcast(&space->settled);
	return rv;
}

/* A thread that is extending a reservation finds the master gone, and removes the entry. */
void window_forget_entries(struct window_space *space, int64_t master)
{
	for (struct window_entry *e = space->reserved.oldest, *next; e != NULL; e = next) {
		next = e->newer;
		if (e->master == master && e->phase == WINDOW_AT_REST)
			window_table_remove(&space->reserved, e);
	}
}

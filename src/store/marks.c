/* SPDX-License-Identifier: Apache-2.0 */
/* marks.c: the store of marks, see marks.h. It has a connection and a queue of its own. */
#include "store/marks.h"

#include <stdlib.h>

#include "store/queue.h"

#define REMOVE_AT_ONCE 4096 /* marks in one transaction */

/* Return the store of marks of STORE. */
static struct store *marks_of(struct store *store)
{
	return store->marks;
}

struct marking {
	struct change change;
	const struct store_marks_use *use;
};

static CK_RV run_marking(struct store *marks, struct change *change)
{
	const struct store_marks_use *use = ((struct marking *)change)->use;

	if (change->creates)
		TRY(marks->backend->make_schema(marks));
	return use->edit(marks, use->arg);
}

/* CKR_TOKEN_NOT_RECOGNIZED is the answer of a store without a database. */
static CK_RV missing_is_damage(CK_RV rv)
{
	REQUIRE(rv != CKR_TOKEN_NOT_RECOGNIZED, CKR_DEVICE_ERROR, "windows.db is missing");
	return rv;
}

CK_RV store_marks_change(struct store *store, bool create, const struct store_marks_use *use)
{
	struct marking marking = {{.run = run_marking,
					  .creates = create,
					  .master = use->master,
					  .stream = use->stream},
		use};

	return missing_is_damage(queue_commit(marks_of(store), &marking.change));
}

static CK_RV read_marks(struct store *marks, const struct store_marks_use *use)
{
	HOLD(&marks->lock);
	TRY(marks->backend->begin_read(marks));
	CK_RV rv = use->edit(marks, use->arg);
	marks->backend->end_read(marks);
	return rv;
}

CK_RV store_marks_read(struct store *store, const struct store_marks_use *use)
{
	return missing_is_damage(read_marks(marks_of(store), use));
}

/* --- Inside a use --- */

CK_RV marks_get(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n)
{
	return marks->backend->mark_get(marks, master, stream, ret_mark, ret_n);
}

CK_RV marks_near(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct mark_near *ret_before, struct mark_near *ret_after)
{
	return marks->backend->mark_near(marks, master, stream, ret_before, ret_after);
}

CK_RV marks_put(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct bytes mark)
{
	return marks->backend->mark_put(marks, master, stream, mark);
}

CK_RV marks_remove(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	return marks->backend->mark_remove(marks, master, stream);
}

/* --- Masters --- */

struct removal {
	struct change change;
	int64_t master;
	size_t n; /* marks that the last transaction removed */
};

static CK_RV run_removal(struct store *marks, struct change *change)
{
	struct removal *removal = (struct removal *)change;

	return marks->backend->marks_remove(marks, removal->master, REMOVE_AT_ONCE, &removal->n);
}

CK_RV store_marks_remove(struct store *store, int64_t master)
{
	CK_RV rv;

	do {
		struct removal removal = {{.run = run_removal}, master, 0};
		rv = queue_commit(marks_of(store), &removal.change);
		if (rv != CKR_OK || removal.n < REMOVE_AT_ONCE)
			break;
	} while (true);
	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_OK : rv;
}

static CK_RV list_masters(struct store *marks, int64_t **ids, size_t *n)
{
	size_t room = 0;
	int64_t id = 0;

	for (;;) {
		TRY(marks->backend->marks_next(marks, id, &id));
		if (id == 0)
			return CKR_OK;
		if (*n == room) {
			room = room ? 2 * room : 16;
			int64_t *more = reallocarray(*ids, room, sizeof **ids);
			ENSURE(more != NULL, CKR_HOST_MEMORY);
			*ids = more;
		}
		(*ids)[(*n)++] = id;
	}
}

CK_RV store_marks_masters(struct store *store, int64_t **ret_ids, size_t *ret_n)
{
	struct store *marks = marks_of(store);
	int64_t *ids = NULL;
	size_t n = 0;
	HOLD(&marks->lock);

	CK_RV rv = list_masters(marks, &ids, &n);
	if (rv != CKR_OK) {
		free(ids);
		return rv;
	}
	*ret_ids = ids;
	*ret_n = n;
	return CKR_OK;
}

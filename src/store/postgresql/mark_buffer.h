/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark_buffer.h: the marks of the open transaction in memory.
 *
 * A transaction has the uses of many threads. A round trip for each mark would take longer than all
 * else. So the marks that the waiting uses will ask for are read, and locked, by one statement at
 * the beginning, and what the uses write is sent by one statement at the end. The savepoint of a
 * use is a list of what it has replaced.
 *
 * Nothing here sends or locks.
 */
#ifndef KEYDIV_STORE_POSTGRESQL_MARK_BUFFER_H
#define KEYDIV_STORE_POSTGRESQL_MARK_BUFFER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/mark.h"

/*
 * The row that the database has at a place. A row that is there is locked until the end of the
 * transaction, or of a head only that it is not removed.
 */
enum mark_stored { MARK_UNKNOWN, MARK_ABSENT, MARK_PRESENT, MARK_STORED_KINDS };

struct buffered_mark {
	int64_t master;
	uint8_t stream[MARK_STREAM_LEN], mark[MARK_MAX];
	size_t n; /* 0: no mark */
	enum mark_stored stored;
	bool changed; /* the database has something else */
};

struct mark_list {
	struct buffered_mark *mark;
	size_t n, room;
};

struct mark_buffer {
	struct mark_list all;
	struct mark_list replaced; /* since the savepoint, as it was */
	struct mark_list wanted;   /* places that the uses will ask for */
};

/* Free all memory. The buffer is then empty. */
void mark_buffer_free(struct mark_buffer *buffer);
/* Forget all marks, and keep the memory. */
void mark_buffer_clear(struct mark_buffer *buffer);

/* Return the entry of a place, or NULL. Valid until an entry is added. */
struct buffered_mark *mark_buffer_find(
	struct mark_buffer *buffer, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);

/* Append a place without a mark to LIST. NULL if there is no memory. Valid as above. */
struct buffered_mark *mark_list_add(
	struct mark_list *list, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);

/*
 * Put MARK, or none if mark.n is 0, at a place. A place that has no entry gets one, with
 * MARK_UNKNOWN. CKR_HOST_MEMORY, CKR_GENERAL_ERROR for a mark longer than MARK_MAX.
 */
MUST_USE CK_RV mark_buffer_put(struct mark_buffer *buffer, int64_t master,
	const uint8_t stream[MARK_STREAM_LEN], struct bytes mark);

/* Begin to remember what is replaced; put it back. */
void mark_buffer_savepoint(struct mark_buffer *buffer);
MUST_USE CK_RV mark_buffer_undo(struct mark_buffer *buffer);

/* A list of places as PostgreSQL's binary arrays. */
struct mark_arrays {
	uint8_t *memory;
	struct bytes masters, streams, marks;
	size_t n;
};
#define MARK_ARRAYS __attribute__((cleanup(mark_arrays_free))) struct mark_arrays
void mark_arrays_free(struct mark_arrays *arrays);

/*
 * Make the arrays of the entries of LIST that SELECT chooses. SELECT NULL chooses
 * all. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV mark_arrays_make(const struct mark_list *list,
	bool (*select)(const struct buffered_mark *mark, bool which), bool which,
	struct mark_arrays *ret);

#endif

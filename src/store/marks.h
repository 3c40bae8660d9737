/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.h: the marks of replay windows. src/state makes the marks; the store keeps them.
 *
 * The marks are in a database of their own, windows.db. A mark in token.db would change the
 * freshness counter, so that every process would read every key again after each message. Readers
 * of keys would also wait while a mark is synced.
 *
 * A mark is found by the record id of the master and by a stream, which is MARK_STREAM_LEN bytes.
 * The store does not know what a mark says, and a mark holds no secret.
 */
#ifndef KEYDIV_STORE_MARKS_H
#define KEYDIV_STORE_MARKS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/mark.h"

struct store;

/* One use of the database. EDIT calls the functions below with the MARKS that it gets. */
struct store_marks_use {
	CK_RV (*edit)(struct store *marks, void *arg);
	void *arg;
	/* The mark that EDIT reads first, which a backend may read ahead. STREAM may be NULL. */
	int64_t master;
	const uint8_t *stream;
};

/*
 * Run USE in a write transaction. Uses that wait at the same time share a commit, and each gets its
 * own result: an error of EDIT undoes what that EDIT did. EDIT runs in any thread of the process,
 * and must not call the store. EDIT runs again if its transaction had no effect (queue.h). With
 * CREATE the database is made if it is missing, else the result is then CKR_DEVICE_ERROR. CKR_
 * codes and durability as store.h.
 */
MUST_USE CK_RV store_marks_change(
	struct store *store, bool create, const struct store_marks_use *use);

/* Run USE, which only reads. A missing database gives CKR_DEVICE_ERROR. */
MUST_USE CK_RV store_marks_read(struct store *store, const struct store_marks_use *use);

/* Read a mark. RET_N is 0 if there is none. CKR_DEVICE_ERROR for a mark longer than MARK_MAX. */
MUST_USE CK_RV marks_get(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n);

/*
 * Read the marks before and after the place of MASTER and STREAM, which has no mark. The mark
 * before is of MASTER, at least the head. The mark after may be of another master, and ret_after->n
 * is 0 if there is none. CKR_DEVICE_ERROR if a row is malformed or is not where it must be.
 */
MUST_USE CK_RV marks_near(struct store *marks, int64_t master,
	const uint8_t stream[MARK_STREAM_LEN], struct mark_near *ret_before,
	struct mark_near *ret_after);

/* Write a mark, also in place of another. */
MUST_USE CK_RV marks_put(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct bytes mark);

/* Remove a mark. No error if there is none. */
MUST_USE CK_RV marks_remove(
	struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);

/*
 * Remove all marks of MASTER, some thousands in each transaction, so that other threads and
 * processes can mark in between. No error if there is none, or no database.
 */
MUST_USE CK_RV store_marks_remove(struct store *store, int64_t master);

/* List the masters that have marks. The caller frees RET_IDS. */
MUST_USE CK_RV store_marks_masters(struct store *store, int64_t **ret_ids, size_t *ret_n);

#endif

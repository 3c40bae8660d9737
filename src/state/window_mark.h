/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_mark.h: marks of replay windows as the store keeps them, and the MACs that bind them.
 *
 * A mark has one of two forms.
 *
 * 	exact:    every used counter of the window is known
 * 	reserved: a process has reserved the counters up to the highest, and alone knows which of
 * 	          them were used. Every other process treats all of them as used
 */
#ifndef KEYDIV_STATE_WINDOW_MARK_H
#define KEYDIV_STATE_WINDOW_MARK_H

#include "state/window_set.h"
#include "store/marks.h"
#include "store/vault.h"

#define WINDOW_STREAM_MAX 4096 /* bytes of the description of a stream */

/* The two directions of a stream, which have a mark each. */
enum window_direction { WINDOW_INCOMING = 1, WINDOW_OUTGOING = 2 };

/*
 * Load into KEY the key of all marks, which is HMAC-SHA-256 of the token's uuid under the token
 * key. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV mark_key(const struct snapshot *keys, struct key *key);

/*
 * Compute the name of a stream: HMAC under KEY of direction, master and DESCRIPTION, cut to
 * MARK_STREAM_LEN bytes. So a reader of the file does not learn which devices there are.
 */
MUST_USE CK_RV mark_stream(struct key *key, int64_t master, enum window_direction direction,
	struct bytes description, uint8_t ret_stream[MARK_STREAM_LEN]);

/* One mark, opened. */
struct window_mark {
	int64_t master;
	uint8_t stream[MARK_STREAM_LEN];
	struct window_set set; /* of a reserved mark: full up to the highest */
	uint64_t owner;        /* the random number of a reservation, 0 for an exact mark */
};

/* Write MARK with its MAC under KEY to RET, MARK_MAX bytes at most. */
MUST_USE CK_RV mark_seal(
	struct key *key, const struct window_mark *mark, uint8_t ret[MARK_MAX], size_t *ret_n);

/*
 * Open SEALED, the mark of ret->master and ret->stream. ret->set.size is the size of the master's
 * window. CKR_DEVICE_ERROR, logged, if the mark was edited or belongs to another place.
 */
MUST_USE CK_RV mark_open(struct key *key, struct bytes sealed, struct window_mark *ret);

/*
 * The head of a master's windows is a mark without counters. It is made with the master. Without
 * the head, streams of the master that have no mark are not new, but lost.
 */
MUST_USE CK_RV mark_seal_head(
	struct key *key, int64_t master, uint8_t ret[MARK_MAX], size_t *ret_n);
MUST_USE CK_RV mark_check_head(struct key *key, int64_t master, struct bytes sealed);

/* Check the MAC of NEAR, a mark or the head of a master with windows of SIZE. CKR_DEVICE_ERROR. */
MUST_USE CK_RV mark_check_near(struct key *key, unsigned size, const struct mark_near *near);
extern const uint8_t mark_head_stream[MARK_STREAM_LEN];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* window_location.h: everything that leads to the replay window of one stream. */
#ifndef KEYDIV_STATE_WINDOW_LOCATION_H
#define KEYDIV_STATE_WINDOW_LOCATION_H

#include "state/window_mark.h"
#include "store/store.h"

/* One stream in one direction. */
struct window_location {
	struct store *store; /* NULL for a session master */
	struct vault *vault; /* of the token */
	int64_t master;      /* the record id, or the handle of a session master */
	unsigned size;       /* CKA_KEYDIV_WINDOW, 1..WINDOW_MAX */
	uint64_t reserve;    /* CKA_KEYDIV_RESERVE, 1..RESERVE_MAX. Only incoming streams reserve */
	enum window_direction direction;
	struct bytes stream; /* the canonical description, at most WINDOW_STREAM_MAX bytes */
};

#endif

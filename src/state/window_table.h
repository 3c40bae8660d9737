/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_table.h: windows in the memory of the process, found by master and stream. The entries are
 * in the order of their last use. Nothing here locks.
 */
#ifndef KEYDIV_STATE_WINDOW_TABLE_H
#define KEYDIV_STATE_WINDOW_TABLE_H

#include "state/window_mark.h"

enum window_phase {
	WINDOW_AT_REST,
	WINDOW_EXTENDING, /* a thread reserves more counters; reserved counters are still judged */
	WINDOW_LEAVING,   /* a thread writes the window back; nothing is judged */
};

struct window_entry {
	struct window_entry *next_in_bucket;
	struct window_entry *newer, *older; /* by last use */
	int64_t master;
	uint8_t stream[MARK_STREAM_LEN];
	enum window_phase phase;
	struct window_set set; /* the used counters that this process knows of */

	/* Only of a reservation. */
	uint64_t owner;     /* the random number of its mark in the store, 0 for none yet */
	uint64_t limit;     /* the counters up to the limit are reserved, if owner is not 0 */
	uint64_t freshness; /* the store's counter before the mark was read or written */
};

struct window_table {
	struct window_entry **buckets; /* made when the first entry is */
	struct window_entry *newest, *oldest;
	size_t n;
};

/* Return the entry of MASTER and STREAM, or NULL. */
struct window_entry *window_table_find(
	const struct window_table *table, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);

/* Make an entry, which must not exist. All other members are zero. NULL if there is no memory. */
struct window_entry *window_table_add(
	struct window_table *table, int64_t master, const uint8_t stream[MARK_STREAM_LEN]);

/* Note that ENTRY was used now. */
void window_table_touch(struct window_table *table, struct window_entry *entry);

/* Remove and free ENTRY. */
void window_table_remove(struct window_table *table, struct window_entry *entry);

/* Free all entries of MASTER, or every entry and the table if MASTER is 0. */
void window_table_forget(struct window_table *table, int64_t master);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duplicates.h: finds a name that occurs twice, in memory that does not grow with the list.
 *
 * A sorted list needs no memory: each name is compared with the one before. Any other list is read
 * once more. A Bloom filter then remembers the names read so far and marks each name that may have
 * occurred before. A second reading compares the marked names, of which nearly all are real
 * duplicates. A list of more than DUPLICATES_BATCH names is read once, or twice, for each batch.
 */
#ifndef KEYDIV_TOOL_DUPLICATES_H
#define KEYDIV_TOOL_DUPLICATES_H

#include "tool/bulk/records.h"

/* tests/fuzz lowers these limits, so that short lists reach them. */
#ifndef DUPLICATES_BATCH
#define DUPLICATES_BATCH (8ULL * 1024 * 1024) /* names that one filter serves */
#define DUPLICATES_BLOCKS (512U * 1024)       /* of 32 bytes: 16 MiB */
#define DUPLICATES_MARKS 65536                /* marked names that one reading compares */
#endif

/* The orders that all names so far may be in. Begin with ORDER_START. */
struct order {
	unsigned possible;
	size_t n; /* of the name before; 0: none */
	char name[NAME_MAX_BYTES];
};

#define ORDER_START                                                                                \
	{                                                                                          \
		.possible = 15                                                                     \
	}

enum order_result {
	ORDER_KEPT, /* the names are sorted, so all are different */
	ORDER_LOST, /* the names are not sorted */
	ORDER_SAME, /* the name is the same as the one before */
};

/* Compare the name of N bytes with the one before, and remember the name. */
enum order_result order_next(struct order *order, const char *name, size_t n);

/* The first line whose name occurs before. */
struct duplicate {
	unsigned long long line;  /* 0: there is none */
	unsigned long long first; /* the line of the same name before */
};

/*
 * Find the first duplicate in the list that the regular file FD has from START on. The search ends
 * at a line that cannot be read as a record. False: PROBLEM is set.
 */
MUST_USE bool duplicates_find(int fd, off_t start, const struct record_format *format,
	struct duplicate *ret, struct problem *problem);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h: records and their outputs on the way through the ring of bulk.c. */
#ifndef KEYDIV_TOOL_BATCH_H
#define KEYDIV_TOOL_BATCH_H

#include "tool/bulk/record.h"
#include "tool/text.h"

#define BATCH_RECORDS 1024 /* handing over a batch takes 10 us, deriving a key 1 us */

enum batch_state { FREE, FULL, DONE };

/* A text in the batch's IN, with a NUL behind it. */
struct part {
	bool given;
	size_t at, n;
};

struct item {
	unsigned long long line;
	struct part name, shown, text, value[RECORD_VALUES];
	/* The output: a part of the text OUT of the worker BY. */
	unsigned by;
	struct part out;
};

struct batch {
	enum batch_state state;
	size_t count;
	struct item items[BATCH_RECORDS];
	struct text in;
	struct text *out;      /* for each worker that works at a batch at the same time */
	unsigned workers_left; /* that have not finished with the batch */
	uint64_t bytes;        /* of input read up to here */
	bool failed;           /* at FAILED_LINE, for the reason PROBLEM */
	unsigned long long failed_line;
	struct problem problem;
};

/*
 * Make COUNT batches, each for SHARERS workers at a time. batches_free frees them. NULL if there is
 * no memory.
 */
struct batch *batches_new(size_t count, unsigned sharers);
void batches_free(struct batch *batches, size_t count, unsigned sharers);

/* Empty BATCH for new records. The memory of the texts is kept. */
void batch_clear(struct batch *batch, unsigned sharers);

/* Append a copy of RECORD to BATCH, which has room. */
void batch_add(struct batch *batch, const struct record *record);

/* Get record I of BATCH. RET refers to the batch. */
void batch_get(const struct batch *batch, size_t i, struct record *ret);

#endif

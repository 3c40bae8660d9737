/* SPDX-License-Identifier: Apache-2.0 */
/* input.h: the input of a bulk command: its records, each name once unless the options say more. */
#ifndef KEYDIV_TOOL_INPUT_H
#define KEYDIV_TOOL_INPUT_H

#include "tool/bulk/duplicates.h"
#include "tool/bulk/records.h"

struct input {
	int fd;
	uint64_t total; /* bytes, or 0 if not known */
	bool allow_duplicates;
	bool searched; /* DUPLICATE is valid */
	struct duplicate duplicate;
	struct order order;
	struct records records;
};

/*
 * Open FILE ("-" is standard input) and read its heading. Names that occur twice are a problem
 * unless ALLOW_DUPLICATES. False: reported.
 */
MUST_USE bool input_open(
	struct input *input, const char *file, struct record_format *format, bool allow_duplicates);

/* Get the next record. GOT_PROBLEM: PROBLEM is set, and its line number is that of input_line(). */
MUST_USE enum got input_next(struct input *input, struct record *ret, struct problem *problem);

/* Return the number of the last line read, and the bytes read up to its end. */
static inline unsigned long long input_line(const struct input *input)
{
	return input->records.lines.number;
}
static inline uint64_t input_bytes(const struct input *input)
{
	return input->records.lines.bytes;
}

/* Return true if the next record can be read without waiting for a pipe. */
static inline bool input_ready(const struct input *input)
{
	return lines_ready(&input->records.lines);
}

void input_close(struct input *input);

#endif

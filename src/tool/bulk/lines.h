/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h: the lines of a file or pipe, read in blocks, with a copy of what a pipe gives. */
#ifndef KEYDIV_TOOL_LINES_H
#define KEYDIV_TOOL_LINES_H

#include <stdint.h>
#include <sys/types.h>

#include "tool/report.h"

/* tests/fuzz lowers both, so that short inputs reach them. */
#ifndef LINE_MAX_BYTES
#define LINE_MAX_BYTES 16384 /* a label and the longest wrapped key in hexadecimal fit */
#define LINES_BLOCK (256 * 1024)
#endif

struct lines {
	int fd;
	int copy;                  /* descriptor that gets everything read from FD, or -1 */
	bool positioned;           /* FD is read at OFFSET with pread() */
	off_t start;               /* where the input begins in FD */
	off_t offset;              /* bytes read from FD, counted from START */
	uint64_t bytes;            /* bytes of the lines returned so far, with their ends */
	uint64_t line_at;          /* where the last line returned begins, counted from START */
	unsigned long long number; /* of the last line returned, from 1 */
	bool ended;
	bool unreadable; /* a read has failed */
	size_t from, to; /* the part of BLOCK that is read and not yet returned */
	char block[LINES_BLOCK];
};

/* The result of reading one line or record. */
enum got { GOT_ONE, GOT_END, GOT_PROBLEM };

/*
 * Begin to read the lines of FD at its present position. With POSITIONED, FD is a regular file and
 * is read with pread(), so that several readers can share the descriptor.
 */
void lines_start(struct lines *lines, int fd, bool positioned, off_t start);

/*
 * Get the next line that is not empty, without CR and LF. RET points into LINES and is valid until
 * the next call. A byte order mark before the first line is dropped. GOT_PROBLEM sets PROBLEM; its
 * line number is lines->number.
 */
MUST_USE enum got lines_next(
	struct lines *lines, const char **ret, size_t *ret_n, struct problem *problem);

/*
 * Read on until the block is full or the input ends. The lines that come next are then in
 * LINES->BLOCK, from LINES->FROM to LINES->TO. The line that was returned last stays valid. False:
 * PROBLEM is set.
 */
MUST_USE bool lines_read_ahead(struct lines *lines, struct problem *problem);

/* Return true if the next line, or the end, can be read without waiting for a pipe. */
bool lines_ready(const struct lines *lines);

/*
 * Copy the rest of a pipe and read on in the copy, so that the whole input can be read again. Does
 * nothing for a file. False: PROBLEM is set.
 */
MUST_USE bool lines_make_seekable(struct lines *lines, struct problem *problem);

#endif

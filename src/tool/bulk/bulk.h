/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.h: one piece of work for every line of a CSV file, by all cores, in constant memory, written
 * in the order of the input, and taken up again after a kill where the output ends.
 */
#ifndef KEYDIV_TOOL_BULK_H
#define KEYDIV_TOOL_BULK_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "tool/report.h"
#include "tool/text.h"
#include "tool/token/client.h"

#define FIELD_TEXT_MAX 16384 /* of a line: a label and the longest wrapped key in hexadecimal fit */

/*
 * Whether the TEXT of N bytes can be the MEMBER ("serial", "label") that names a record: it is not
 * empty, and where JSON is printed it is UTF-8. False: PROBLEM is set.
 */
MUST_USE bool member_fits(const char *member, const char *text, size_t n, struct problem *problem);

struct bulk {
	/* from the options */
	const char *input;  /* file, or "-" for standard input */
	const char *output; /* file; NULL: standard output */
	const char *column; /* number from 1, or heading; NULL: 1 */
	bool header;        /* the first line of the input is no record */
	bool resume;
	long long threads; /* -1: one for each core, more to store keys */
	bool write;        /* the sessions of the workers are read-write */
	/*
	 * Do LINE (N bytes, without its end) in SESSION and append its output, which begins with
	 * the field at COLUMN, to OUT. Runs in several threads at once.
	 */
	bool (*work)(const struct bulk *bulk, CK_SESSION_HANDLE session, const char *line, size_t n,
		struct text *out, struct problem *problem);
	const char *member; /* what the first field of the output is called in JSON */
	void *data;         /* for WORK */
	/* set by bulk_run, for WORK */
	struct client *client;
	size_t column_index;
};

/* Rows for a command's option table. */
#define BULK_OPTIONS(bulk)                                                                         \
	TEXT_OPTION("csv", "FILE", &(bulk).input,                                                  \
		"read the records from FILE, one a line; - is standard input"),                    \
		TEXT_OPTION("column", "COLUMN", &(bulk).column,                                    \
			"the column that counts: its number from 1, or its heading"),              \
		FLAG_OPTION("header", &(bulk).header, "the first line of the input is a heading"), \
		TEXT_OPTION("output", "FILE", &(bulk).output,                                      \
			"write to FILE instead of standard output"),                               \
		FLAG_OPTION("resume", &(bulk).resume,                                              \
			"go on where the --output of an earlier run ends"),                        \
		NUMBER_OPTION("threads", "NUMBER", &(bulk).threads,                                \
			"work in this many threads (default: one for each core; 64 to store "      \
			"keys)")

/* Whether the options go together, also where none of them should be given. False: reported. */
MUST_USE bool bulk_options_fit(const struct bulk *bulk);

/* Do it all. False: reported; the output then holds everything before the line that went wrong. */
MUST_USE bool bulk_run(struct bulk *bulk, struct client *client);

/* --- between bulk.c and bulk_files.c --- */

struct bulk_files {
	FILE *in, *out;
	unsigned long long line;         /* lines read */
	unsigned long long skipped;      /* records an earlier run did */
	uint64_t bytes, total;           /* of the input: read; in all, 0 if not known */
	char buffer[FIELD_TEXT_MAX + 8]; /* a line, a byte order mark before it and its end */
	char block[65536]; /* of the input: read, and not yet taken from BLOCK_AT on */
	size_t block_at, block_size;
	bool ended, failed; /* the input; a failure was reported */
	ssize_t ahead; /* length of the record in the buffer if it was only looked at, else 0 */
};

/* Open input and output, read the heading, skip what is done. */
MUST_USE bool bulk_files_open(struct bulk *bulk, struct bulk_files *files);

/* The next record, in files->buffer; its length, or -1 at the end of the input, or -2: reported. */
ssize_t bulk_files_read(struct bulk_files *files);

/*
 * Close both. OK: whether all went well so far; if not, that is reported already. Returns whether
 * all did in the end.
 */
MUST_USE bool bulk_files_close(struct bulk *bulk, struct bulk_files *files, bool ok);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* output_file.h: the output of a bulk command, and going on where an earlier run ended. */
#ifndef KEYDIV_TOOL_OUTPUT_FILE_H
#define KEYDIV_TOOL_OUTPUT_FILE_H

#include <stdio.h>

#include "tool/bulk/input.h"

struct output_file {
	const char *name; /* NULL: standard output */
	bool resume;      /* go on behind the last whole line of the file */
	FILE *file;
	bool waiting; /* NEXT was read to compare it with a torn line and is not done */
	struct record next;
};

/*
 * Open the output. With RESUME, read as many records of INPUT as the output has whole lines, make
 * sure that the last of them belong together, and cut off a torn line behind them. MEMBER is the
 * name of the first field in JSON. False: reported.
 */
MUST_USE bool output_file_open(struct output_file *output, const char *member, struct input *input);

/*
 * Close the output. OK is the result so far; if false, the reason is reported already. Returns true
 * if everything went well up to the end.
 */
MUST_USE bool output_file_close(struct output_file *output, bool ok);

#endif

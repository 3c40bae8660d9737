/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.h: the same work for every record of a list, on all cores, in constant memory. The list is
 * CSV or JSON lines. The output is in the order of the input, and a run that was killed can be
 * continued where its output ends.
 */
#ifndef KEYDIV_TOOL_BULK_H
#define KEYDIV_TOOL_BULK_H

#include "tool/bulk/records.h"
#include "tool/text.h"
#include "tool/token/client.h"

struct bulk {
	/* from the options */
	const char *input;  /* file, or "-" for standard input; NULL: no bulk work */
	const char *output; /* file; NULL: standard output */
	struct record_format format;
	bool allow_duplicates;
	bool resume;
	long long threads; /* -1: one for each core, more to store keys */
	/* set by the command; so are the members of FORMAT that say so */
	bool write; /* the workers need read-write sessions */
	/*
	 * All records of one name are worked by one thread in their order. Records of messages need
	 * that, because a later counter of a device must not pass an earlier one.
	 */
	bool in_order;
	bool waits; /* the work waits for the disk: many threads share its writes */
	/* Append the first lines of the output to OUT, or NULL. */
	void (*heading)(const struct bulk *bulk, const struct records *records, struct text *out);
	/*
	 * Do the work for RECORD in SESSION and append its output to OUT, which must begin with
	 * record->shown. Runs in several threads at once. False: PROBLEM is set.
	 */
	bool (*work)(const struct bulk *bulk, CK_SESSION_HANDLE session,
		const struct record *record, struct text *out, struct problem *problem);
	/* set by bulk_run(), for WORK */
	struct client *client;
};

/* Entries for a command's option table. */
#define BULK_OPTIONS(bulk)                                                                         \
	TEXT_OPTION("csv", "FILE", &(bulk).input,                                                  \
		"read the records from FILE, one a line; - is standard input"),                    \
		TEXT_OPTION("column", "COLUMN", &(bulk).format.column,                             \
			"column of the name: its number from 1, or its heading (default: 1)"),     \
		TEXT_OPTION("delimiter", "CHAR", &(bulk).format.delimiter_text,                    \
			"character between the columns (default: comma); \\t is a tab"),           \
		FLAG_OPTION("header", &(bulk).format.header,                                       \
			"the first line of the input is a heading"),                               \
		FLAG_OPTION("hex", &(bulk).format.hex, "the names are in hexadecimal"),            \
		FLAG_OPTION("trim", &(bulk).format.trim, "remove blanks around the names"),        \
		FLAG_OPTION("allow-duplicates", &(bulk).allow_duplicates,                          \
			"a name may occur in several lines"),                                      \
		TEXT_OPTION("output", "FILE", &(bulk).output,                                      \
			"write to FILE instead of standard output"),                               \
		FLAG_OPTION("resume", &(bulk).resume,                                              \
			"continue where the --output of an earlier run ends"),                     \
		NUMBER_OPTION("threads", "NUMBER", &(bulk).threads,                                \
			"work in this many threads (default: one for each core; 64 to store "      \
			"keys)")

/*
 * Check the options. Without --csv no other option of BULK_OPTIONS may be given, except --hex if
 * HEX_ALONE is true. False: reported.
 */
MUST_USE bool bulk_options_fit(struct bulk *bulk, bool hex_alone);

/*
 * Do the work for all records. False: reported, with the line that went wrong; the output then has
 * the results of all lines before that line and nothing else.
 */
MUST_USE bool bulk_run(struct bulk *bulk, struct client *client);

#endif

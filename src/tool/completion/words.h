/* SPDX-License-Identifier: Apache-2.0 */
/* words.h: the words that may follow an option, for completion in a shell. */
#ifndef KEYDIV_TOOL_COMPLETION_WORDS_H
#define KEYDIV_TOOL_COMPLETION_WORDS_H

#include <stdbool.h>

/*
 * A kind of argument. NAME is the argument as the tables of options show it: "FILE", "MECHANISMS".
 * An argument that no kind names, such as NUMBER, is not completed.
 */
struct kind {
	const char *name;
	bool files;          /* any file. The other members are then unused */
	bool list;           /* several words, with commas between them */
	const char *after;   /* follows each word, "=" for FIELD=VALUE, else "" */
	void (*words)(void); /* prints each word after a blank */
};

/* Every kind, ended by a NULL name. */
extern const struct kind kinds[];

/* Return the kind of ARGUMENT, which may be NULL, or NULL if ARGUMENT is not completed. */
const struct kind *kind_of(const char *argument);

#endif

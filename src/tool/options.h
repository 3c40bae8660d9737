/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h: commands and their options as tables. An entry has the name of an option, its
 * argument, the variable that gets the value, and the text of the help. Parser and help use
 * the same table.
 */
#ifndef KEYDIV_TOOL_OPTIONS_H
#define KEYDIV_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "tool/settings.h"

#define TEXTS_MAX 64

/* An option that may be given several times. */
struct texts {
	size_t count;
	const char *text[TEXTS_MAX];
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_TEXTS };

struct option_spec {
	const char *name;     /* without dashes, NULL ends a table */
	const char *argument; /* the argument as the help shows it, NULL for flags */
	enum option_kind kind;
	void *target; /* bool, const char *, long long or struct texts */
	const char *help;
};

#define FLAG_OPTION(name, target, help)                                                            \
	{                                                                                          \
		name, NULL, OPTION_FLAG, target, help                                              \
	}
#define TEXT_OPTION(name, argument, target, help)                                                  \
	{                                                                                          \
		name, argument, OPTION_TEXT, target, help                                          \
	}
#define NUMBER_OPTION(name, argument, target, help)                                                \
	{                                                                                          \
		name, argument, OPTION_NUMBER, target, help                                        \
	}
#define TEXTS_OPTION(name, argument, target, help)                                                 \
	{                                                                                          \
		name, argument, OPTION_TEXTS, target, help                                         \
	}
#define OPTIONS_END                                                                                \
	{                                                                                          \
		NULL, NULL, OPTION_FLAG, NULL, NULL                                                \
	}

/* Sets of options that several commands share. */
enum option_set {
	SET_MODULE = 1,   /* --module */
	SET_TOKEN = 2,    /* --token, --slot */
	SET_USER_PIN = 4, /* --pin-file, --pin-fd */
	SET_SO_PIN = 8,   /* --so-pin-file, --so-pin-fd */
	SET_NEW_PIN = 16, /* --new-pin-file, --new-pin-fd */
	SET_JSON = 32,    /* --json */
	/* The options of a command that logs in. */
	SET_USER = SET_MODULE | SET_TOKEN | SET_USER_PIN | SET_JSON,
};

struct command {
	const char *name; /* "init", "key generate" */
	const char *arguments;
	const char *summary;
	unsigned sets;
	const struct option_spec *options; /* the command's own options, or NULL */
	int min_arguments, max_arguments;  /* number of operands, -1 for no maximum */
	bool (*run)(int count, char **operands);
};

extern const struct command *const commands[]; /* ended by NULL */

#define OPTIONS_MAX 64

/*
 * Write all options of COMMAND to RET, which has OPTIONS_MAX entries, the command's own options
 * first. Return their number.
 */
size_t options_collect(const struct command *command, const struct option_spec **ret);

/*
 * Read the options of COMMAND from the ARGC words at ARGV, which follow the command's name. The
 * *RET_COUNT operands are moved to the front of ARGV. False after a report.
 */
MUST_USE bool options_read(const struct command *command, int argc, char **argv, int *ret_count);

/* Print the help of COMMAND. */
void options_help(const struct command *command);

/*
 * Split the comma-separated TEXT and call EACH with DATA for every part. A part has 1 to 127 bytes.
 * Return false after a report, or at the first part for which EACH returns false.
 */
MUST_USE bool each_part(const char *text, bool (*each)(const char *part, void *data), void *data);

#endif

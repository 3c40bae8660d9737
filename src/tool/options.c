/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: reads options as the tables of the commands say, and prints the tables as help. */
#include "tool/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/output.h"
#include "tool/report.h"
#include "tool/suggest.h"

struct settings settings = {.slot = -1, .pin_fd = -1, .so_pin_fd = -1, .new_pin_fd = -1};

static const struct {
	enum option_set set;
	struct option_spec option;
} shared[] = {
	{SET_MODULE,
		TEXT_OPTION("module", "MODULE", &settings.module,
			"PKCS#11 module: a path, or the name of one p11-kit is configured for")},
	{SET_TOKEN, TEXT_OPTION("token", "TOKEN", &settings.token,
			    "token, by its label or as a PKCS#11 URI")},
	{SET_TOKEN, NUMBER_OPTION(
			    "slot", "NUMBER", &settings.slot, "token, by the number of its slot")},
	{SET_USER_PIN, TEXT_OPTION("pin-file", "FILE", &settings.pin_file,
			       "read the user PIN from the first line of FILE")},
	{SET_USER_PIN, NUMBER_OPTION("pin-fd", "NUMBER", &settings.pin_fd,
			       "read the user PIN from this file descriptor")},
	{SET_SO_PIN, TEXT_OPTION("so-pin-file", "FILE", &settings.so_pin_file,
			     "read the security officer's PIN from the first line of FILE")},
	{SET_SO_PIN, NUMBER_OPTION("so-pin-fd", "NUMBER", &settings.so_pin_fd,
			     "read the security officer's PIN from this file descriptor")},
	{SET_NEW_PIN, TEXT_OPTION("new-pin-file", "FILE", &settings.new_pin_file,
			      "read the new PIN from the first line of FILE")},
	{SET_NEW_PIN, NUMBER_OPTION("new-pin-fd", "NUMBER", &settings.new_pin_fd,
			      "read the new PIN from this file descriptor")},
	{SET_JSON, FLAG_OPTION("json", &settings.json, "print JSON")},
};

size_t options_collect(const struct command *command, const struct option_spec **ret)
{
	size_t n = 0;

	for (const struct option_spec *o = command->options; o && o->name; o++)
		ret[n++] = o;
	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
		if (command->sets & shared[i].set)
			ret[n++] = &shared[i].option;
	return n;
}

static bool read_number(const char *name, const char *text, long long *ret)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < 0)
		return fail("--%s takes a number from 0 to %lld, not '%s'", name, LLONG_MAX, text);
	*ret = value;
	return true;
}

static bool take(const struct option_spec *spec, const char *argument)
{
	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->target = true;
		return true;
	case OPTION_TEXT:
		*(const char **)spec->target = argument;
		return true;
	case OPTION_NUMBER:
		return read_number(spec->name, argument, spec->target);
	case OPTION_TEXTS: {
		struct texts *texts = spec->target;
		if (texts->count == TEXTS_MAX)
			return fail("--%s can be given %d times at most", spec->name, TEXTS_MAX);
		texts->text[texts->count++] = argument;
		return true;
	}
	}
	return false;
}

/* Report that COMMAND has no option with the N characters at NAME, and name the nearest option. */
static void unknown_option(const struct command *command, const char *name, size_t n)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t count = options_collect(command, specs);
	char wrong[64];
	struct suggestion nearest = SUGGESTION(wrong);

	snprintf(wrong, sizeof wrong, "%.*s", (int)(n < sizeof wrong ? n : sizeof wrong - 1), name);
	for (size_t i = 0; i < count; i++)
		suggestion_offer(&nearest, specs[i]->name);
	if (nearest.nearest)
		print_failure("'--%s' is no option of 'keydiv %s': did you mean --%s?", wrong,
			command->name, nearest.nearest);
	else
		print_failure("'--%s' is no option of 'keydiv %s': see 'keydiv %s --help'", wrong,
			command->name, command->name);
}

/*
 * Find the option of COMMAND that ARGUMENT ("--name" or "--name=value") names in full.
 * Abbreviations are refused, because --pin would be one. NULL: reported.
 */
static const struct option_spec *find(const struct command *command, const char *argument)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t count = options_collect(command, specs), n = strcspn(argument + 2, "=");

	for (size_t i = 0; i < count; i++)
		if (strlen(specs[i]->name) == n && strncmp(specs[i]->name, argument + 2, n) == 0)
			return specs[i];
	unknown_option(command, argument + 2, n);
	return NULL;
}

/* Read the option at ARGV[*I], and move *I to its last word. */
static bool read_option(const struct command *command, int argc, char **argv, int *i)
{
	const char *value = strchr(argv[*i], '=');
	const struct option_spec *spec = find(command, argv[*i]);

	if (!spec)
		return false;
	if (value && !spec->argument)
		return fail("--%s takes no argument", spec->name);
	if (value)
		return take(spec, value + 1);
	if (spec->argument && *i + 1 >= argc)
		return fail("--%s needs an argument; see 'keydiv %s --help'", spec->name,
			command->name);
	return take(spec, spec->argument ? argv[++*i] : NULL);
}

/* Check that COMMAND takes COUNT operands. */
static bool check_count(const struct command *command, int count, char **operands)
{
	const char *blank = *command->arguments ? " " : "";

	if (count < command->min_arguments)
		return fail("an argument is missing; usage: keydiv %s [options]%s%s", command->name,
			blank, command->arguments);
	if (command->max_arguments >= 0 && count > command->max_arguments)
		return fail("there is no use for the argument '%s'; usage: keydiv %s [options]%s%s",
			operands[command->max_arguments], command->name, blank, command->arguments);
	return true;
}

bool options_read(const struct command *command, int argc, char **argv, int *ret_count)
{
	int operands = 0;
	bool options = true;

	for (int i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && strcmp(argv[i], "--help") == 0) {
			options_help(command);
			exit(output_end() ? 0 : 1);
		} else if (options && strncmp(argv[i], "--", 2) == 0) {
			if (!read_option(command, argc, argv, &i))
				return false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			return fail("'%s' is no option: options begin with two dashes; see 'keydiv "
				    "%s --help'",
				argv[i], command->name);
		} else {
			argv[operands++] = argv[i];
		}
	}
	*ret_count = operands;
	return check_count(command, operands, argv);
}

void options_help(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = options_collect(command, specs);

	printf("usage: keydiv %s [options]%s%s\n\n%s.\n\n", command->name,
		*command->arguments ? " " : "", command->arguments, command->summary);
	for (size_t i = 0; i < n; i++) {
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", specs[i]->name,
			specs[i]->argument ? " " : "",
			specs[i]->argument ? specs[i]->argument : "");
		printf("  %-26s %s\n", left, specs[i]->help);
	}
	printf("  %-26s %s\n", "--help", "print this");
}

bool each_part(const char *text, bool (*each)(const char *part, void *data), void *data)
{
	char part[128];

	while (true) {
		size_t n = strcspn(text, ",");
		if (n == 0 || n >= sizeof part)
			return fail("a name in the list is empty or too long: put one comma "
				    "between two names, and none at the end");
		memcpy(part, text, n);
		part[n] = '\0';
		if (!each(part, data))
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

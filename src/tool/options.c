/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: reads options by the tables of the commands, and prints the tables as help. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define OPTIONS_MAX 48

struct settings settings = {.slot = -1, .pin_fd = -1, .so_pin_fd = -1, .new_pin_fd = -1};

static const struct {
	enum option_set set;
	struct option_spec option;
} shared[] = {
	{SET_MODULE, TEXT_OPTION("module", "MODULE", &settings.module,
			     "PKCS#11 module: a path, or the name of one p11-kit is configured for")},
	{SET_TOKEN, TEXT_OPTION("token", "TOKEN", &settings.token, "token, by its label or as a PKCS#11 URI")},
	{SET_TOKEN, NUMBER_OPTION("slot", "NUMBER", &settings.slot, "token, by the number of its slot")},
	{SET_USER_PIN,
		TEXT_OPTION("pin-file", "FILE", &settings.pin_file, "read the user PIN from the first line of FILE")},
	{SET_USER_PIN,
		NUMBER_OPTION("pin-fd", "NUMBER", &settings.pin_fd, "read the user PIN from this file descriptor")},
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

/* All options of COMMAND, its own first; returns their number. */
static size_t collect(const struct command *command, const struct option_spec **ret)
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
		return fail("--%s wants a number, not '%s'", name, text);
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

bool options_read(const struct command *command, int argc, char **argv, int *ret_first)
{
	const struct option_spec *specs[OPTIONS_MAX];
	struct option long_options[OPTIONS_MAX + 2] = {0};
	size_t n = collect(command, specs);
	int index, c;

	for (size_t i = 0; i < n; i++)
		long_options[i] =
			(struct option){specs[i]->name, specs[i]->argument ? required_argument : no_argument, NULL, 1};
	long_options[n] = (struct option){"help", no_argument, NULL, 'h'};
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, ":h", long_options, &index)) != -1) {
		if (c == 'h') {
			options_help(command);
			exit(0);
		}
		if (c == ':')
			return fail("%s wants an argument; see 'keydiv %s --help'", argv[optind - 1], command->name);
		if (c != 1)
			return fail("'%s' is no option of 'keydiv %s'; see 'keydiv %s --help'", argv[optind - 1],
				command->name, command->name);
		if (!take(specs[index], optarg))
			return false;
	}
	int operands = argc - optind;
	if (operands < command->min_arguments || (command->max_arguments >= 0 && operands > command->max_arguments))
		return fail("usage: keydiv %s [options]%s%s", command->name, *command->arguments ? " " : "",
			command->arguments);
	*ret_first = optind;
	return true;
}

void options_help(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = collect(command, specs);

	printf("usage: keydiv %s [options]%s%s\n\n%s.\n\n", command->name, *command->arguments ? " " : "",
		command->arguments, command->summary);
	for (size_t i = 0; i < n; i++) {
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", specs[i]->name, specs[i]->argument ? " " : "",
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
			return fail("'%s': a name is empty or too long in the list", text);
		memcpy(part, text, n);
		part[n] = '\0';
		if (!each(part, data))
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

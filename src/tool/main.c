/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: finds the command that the first words name, and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/commands/commands.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/suggest.h"
#include "tool/token/attributes.h"
#include "tool/token/locked.h"

static void help(FILE *out)
{
	fputs("usage: keydiv COMMAND [options] [arguments]\n\nKeys diversified inside a PKCS#11 "
	      "token.\n\n",
		out);
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "  %-18s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'keydiv COMMAND --help' shows the options of a command; keydiv(1) is the "
	      "manual.\n",
		out);
}

/*
 * Return the command that ARGV begins with, or NULL. RET_WORDS is the number of words in its name.
 */
static const struct command *find(int argc, char **argv, int *ret_words)
{
	for (size_t i = 0; commands[i]; i++) {
		const char *name = commands[i]->name, *space = strchr(name, ' ');
		size_t n = space ? (size_t)(space - name) : strlen(name);
		if (strlen(argv[1]) != n || strncmp(argv[1], name, n) != 0)
			continue;
		if (space && (argc < 3 || strcmp(argv[2], space + 1) != 0))
			continue;
		*ret_words = space ? 2 : 1;
		return commands[i];
	}
	return NULL;
}

/* Return true if FIRST is the first word of a command of two words. */
static bool is_group(const char *first)
{
	for (size_t i = 0; commands[i]; i++) {
		const char *space = strchr(commands[i]->name, ' ');
		if (space && (size_t)(space - commands[i]->name) == strlen(first) &&
			strncmp(first, commands[i]->name, strlen(first)) == 0)
			return true;
	}
	return false;
}

/*
 * Report that the group FIRST has no command SECOND, or that SECOND is missing (NULL), and list the
 * commands of the group.
 */
static void unknown_in_group(const char *first, const char *second)
{
	char known[128] = "";
	size_t n = strlen(first), used = 0;

	for (size_t i = 0; commands[i]; i++)
		if (strncmp(commands[i]->name, first, n) == 0 && commands[i]->name[n] == ' ')
			used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
				used ? ", " : "", commands[i]->name + n + 1);
	if (second)
		print_failure("there is no command '%s %s': the commands of %s are %s", first,
			second, first, known);
	else
		print_failure("'%s' needs a second word: %s", first, known);
}

/* Report that there is no command FIRST SECOND, and name the nearest command. */
static void unknown(const char *first, const char *second)
{
	char both[128];
	struct suggestion nearest = SUGGESTION(both);

	if (!second && is_group(first)) {
		unknown_in_group(first, NULL);
		return;
	}
	snprintf(both, sizeof both, "%s%s%s", first, second ? " " : "", second ? second : "");
	for (size_t i = 0; commands[i]; i++)
		suggestion_offer(&nearest, commands[i]->name);
	if (!nearest.nearest && !is_group(first)) {
		nearest.wrong = first;
		for (size_t i = 0; commands[i]; i++)
			suggestion_offer(&nearest, commands[i]->name);
	}
	for (size_t i = 0; second && commands[i]; i++)
		if (strncmp(commands[i]->name, both, strlen(both)) == 0)
			nearest.nearest = commands[i]->name; /* the words are an abbreviation */
	if (nearest.nearest)
		print_failure("there is no command '%s': did you mean 'keydiv %s'?", both,
			nearest.nearest);
	else if (is_group(first))
		unknown_in_group(first, second);
	else
		print_failure("there is no command '%s': see 'keydiv --help'", both);
}

/*
 * Open /dev/null in place of each standard stream that is closed. Otherwise the next file that is
 * opened would get the number of the stream, and messages would be written into that file. The
 * stream is opened in the wrong direction, so that its use fails as that of a closed one does.
 */
static bool fill_standard_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	int words, operands;

	if (!fill_standard_streams())
		return 1;
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		help(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : !output_end();
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("keydiv " KEYDIV_VERSION);
		return !output_end();
	}
	const struct command *command = find(argc, argv, &words);
	if (!command) {
		unknown(argv[1], argc > 2 && argv[2][0] != '-' ? argv[2] : NULL);
		return 2;
	}
	argv += 1 + words;
	if (!options_read(command, argc - 1 - words, argv, &operands))
		return 2;
	if (!locked_start())
		return 1;
	return command->run(operands, argv) && attributes_were_read() && output_end() ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fish.c: the tables for keydiv.fish, as fish's own commands "complete". */
#include "tool/completion/shells.h"

#include <string.h>

static void print_text(const char *text)
{
	print_quoted(text, "\\", "\\'");
}

static void print_option(const struct command *command, const struct option_spec *option)
{
	const struct kind *kind = kind_of(option->argument);

	printf("complete -c keydiv -n '__keydiv_in %s' -l %s -d ", command->name, option->name);
	print_text(option->help);
	if (kind != NULL && kind->files) {
		fputs(" -r -F", stdout);
	} else if (kind != NULL) {
		fputs(kind->list ? " -x -a \"(__fish_complete_list , 'printf \\\"%s\\\\n\\\""
				 : " -x -a \"(printf '%s",
			stdout);
		if (!kind->list)
			printf("%s\\n'", kind->after);
		kind->words();
		fputs(kind->list ? "')\"" : ")\"", stdout);
	} else if (option->argument) {
		fputs(" -x", stdout);
	}
	putchar('\n');
}

static void print_command(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = options_collect(command, specs);
	const char *space = strchr(command->name, ' ');
	int first = space ? (int)(space - command->name) : (int)strlen(command->name);

	printf("complete -c keydiv -n __keydiv_at -a %.*s", first, command->name);
	if (space)
		printf("\ncomplete -c keydiv -n '__keydiv_at %.*s' -a %s", first, command->name,
			space + 1);
	fputs(" -d ", stdout);
	print_text(command->summary);
	putchar('\n');
	for (size_t i = 0; i < n; i++)
		print_option(command, specs[i]);
	printf("complete -c keydiv -n '__keydiv_in %s' -l help -d 'print this'\n", command->name);
	if (takes_files(command))
		printf("complete -c keydiv -n '__keydiv_in %s' -F\n", command->name);
}

void print_fish(void)
{
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fish.c: the tables for keydiv.fish, as fish's own commands "complete". */
#include "tool/completion/shells.h"

#include <string.h>

static void print_text(const char *text)
{
	print_quoted(text, "\\", "\\'");
}

/* Print the option -a that offers the words of KIND. */
static void print_words(const struct kind *kind)
{
	fputs(kind->list ? " -a \"(__fish_complete_list , 'printf \\\"%s\\\\n\\\""
			 : " -a \"(printf '%s",
		stdout);
	if (!kind->list)
		printf("%s\\n'", kind->after);
	kind->words();
	fputs(kind->list ? "')\"" : ")\"", stdout);
}

static void print_option(const struct command *command, const struct option_spec *option)
{
	const struct kind *kind = kind_of(option->argument);

	printf("complete -c keydiv -n '__keydiv_in %s' -l %s -d ", command->name, option->name);
	print_text(option->help);
	if (kind != NULL && kind->files) {
		fputs(" -r -F", stdout);
	} else if (kind != NULL) {
		fputs(" -x", stdout);
		print_words(kind);
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
	const struct kind *operand = operand_kind(command);
	if (operand == NULL)
		return;
	printf("complete -c keydiv -n '__keydiv_in %s'", command->name);
	if (operand->files)
		fputs(" -F", stdout);
	else
		print_words(operand);
	putchar('\n');
}

void print_fish(void)
{
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
}

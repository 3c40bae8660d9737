/* SPDX-License-Identifier: Apache-2.0 */
/* zsh.c: the tables for keydiv.zsh. An option is a spec of zsh's _arguments. */
#include "tool/completion/shells.h"

#include <string.h>

/* Print the action that completes an argument of KIND, which may be NULL. */
static void print_action(const struct kind *kind)
{
	if (kind != NULL)
		printf("%s%s", kind->files ? "_files" : " _keydiv_argument ",
			kind->files ? "" : kind->name);
}

/* Print the spec of OPTION: '--name[help]:ARGUMENT:action'. */
static void print_option(const struct option_spec *option)
{
	char text[256];

	snprintf(text, sizeof text, "--%s[", option->name);
	printf("\t\t%s", option->kind == OPTION_TEXTS ? "'*'" : "");
	print_quoted(text, "", "'\\''");
	print_quoted(option->help, "[]:\\", "'\\''");
	putchar(']');
	if (option->argument) {
		printf("':%s:", option->argument);
		print_action(kind_of(option->argument));
		putchar('\'');
	}
	putchar('\n');
}

static void print_command(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = options_collect(command, specs);

	printf("\t'%s') specs=(\n", command->name);
	for (size_t i = 0; i < n; i++)
		print_option(specs[i]);
	printf("\t\t'--help[print this]'\n\t\t'*:%s:",
		*command->arguments ? command->arguments : "no argument");
	print_action(operand_kind(command));
	puts("'\n\t) ;;");
}

void print_zsh(void)
{
	puts("_keydiv_tables()\n{\n\tcommands=(");
	for (size_t i = 0; commands[i]; i++) {
		printf("\t\t'%s:'", commands[i]->name);
		print_quoted(commands[i]->summary, "", "'\\''");
		putchar('\n');
	}
	puts("\t)\n}\n\n_keydiv_options()\n{\n\tcase $1 in");
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
	puts("\tesac\n}\n\n_keydiv_argument()\n{\n\tcase $1 in");
	for (const struct kind *k = kinds; k->name; k++) {
		if (k->files)
			continue;
		printf("\t%s) %s", k->name,
			k->list     ? "_values -s , word"
			: *k->after ? "compadd -q -S = --"
				    : "compadd --");
		k->words();
		puts(" ;;");
	}
	puts("\tesac\n}");
}

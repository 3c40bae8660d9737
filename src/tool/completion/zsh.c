/* SPDX-License-Identifier: Apache-2.0 */
/* zsh.c: the tables for keydiv.zsh. An option is a spec of zsh's _arguments. */
#include "tool/completion/shells.h"

#include <string.h>

/* Print the spec of OPTION: '--name[help]:ARGUMENT:action'. */
static void print_option(const struct option_spec *option)
{
	const struct kind *kind = kind_of(option->argument);
	char text[256];

	snprintf(text, sizeof text, "--%s[", option->name);
	printf("\t\t%s", option->kind == OPTION_TEXTS ? "'*'" : "");
	print_quoted(text, "", "'\\''");
	print_quoted(option->help, "[]:\\", "'\\''");
	putchar(']');
	if (option->argument)
		printf("':%s:%s%s'", option->argument,
			kind == NULL  ? ""
			: kind->files ? "_files"
				      : " _keydiv_argument ",
			kind == NULL || kind->files ? "" : kind->name);
	putchar('\n');
}

static void print_command(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = options_collect(command, specs);

	printf("\t'%s') specs=(\n", command->name);
	for (size_t i = 0; i < n; i++)
		print_option(specs[i]);
	printf("\t\t'--help[print this]'\n\t\t'*:%s:%s'\n\t) ;;\n",
		*command->arguments ? command->arguments : "no argument",
		takes_files(command) ? "_files" : "");
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

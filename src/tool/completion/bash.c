/* SPDX-License-Identifier: Apache-2.0 */
/* bash.c: the tables for keydiv.bash. */
#include "tool/completion/shells.h"

/* Print a line "--name ARGUMENT" for each option, and "operand FILE" if operands are files. */
static void print_command(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = options_collect(command, specs);

	printf("\t'%s') echo '", command->name);
	for (size_t i = 0; i < n; i++)
		printf("--%s %s\n", specs[i]->name, specs[i]->argument ? specs[i]->argument : "");
	printf("--help%s' ;;\n", takes_files(command) ? "\noperand FILE" : "");
}

void print_bash(void)
{
	puts("_keydiv_commands()\n{\n\techo '--help\n--version");
	for (size_t i = 0; commands[i]; i++)
		puts(commands[i]->name);
	puts("'\n}\n\n_keydiv_options()\n{\n\tcase $1 in");
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
	puts("\tesac\n}\n\n_keydiv_words()\n{\n\tcase $1 in");
	for (const struct kind *k = kinds; k->name; k++) {
		if (k->files)
			continue;
		printf("\t%s) echo '%s%s", k->name, k->list ? "list" : "one", k->after);
		k->words();
		puts("' ;;");
	}
	puts("\tesac\n}");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bash.c: the tables for keydiv.bash. */
#include "tool/completion/shells.h"

/* Print a line "--name ARGUMENT" for each option, and "operand KIND" if operands are completed. */
static void print_command(const struct command *command)
{
	const struct option_spec *specs[OPTIONS_MAX];
	size_t n = options_collect(command, specs);

	printf("\t'%s') echo '", command->name);
	for (size_t i = 0; i < n; i++)
		printf("--%s %s\n", specs[i]->name, specs[i]->argument ? specs[i]->argument : "");
	const struct kind *operand = operand_kind(command);
	printf("--help%s%s' ;;\n", operand ? "\noperand " : "", operand ? operand->name : "");
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

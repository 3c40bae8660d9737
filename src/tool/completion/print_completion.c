/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_completion.c: a program of the build, not of the tool. The program copies the completion
 * file of a shell and puts the tool's tables in place of the line @TABLES@. A command or an option
 * that is added to the tables is completed without a further change.
 *
 * Usage: print_completion bash|zsh|fish FILE.
 */
#include <stdio.h>
#include <string.h>

#include "tool/completion/shells.h"

const struct kind *operand_kind(const struct command *command)
{
	char name[32];
	const char *begin = command->arguments + (*command->arguments == '[');

	snprintf(name, sizeof name, "%.*s", (int)strcspn(begin, "]"), begin);
	return kind_of(name);
}

void print_quoted(const char *text, const char *special, const char *quote)
{
	putchar('\'');
	for (; *text; text++) {
		if (strchr(special, *text))
			putchar('\\');
		if (*text == '\'')
			fputs(quote, stdout);
		else
			putchar(*text);
	}
	putchar('\'');
}

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{"bash", print_bash},
	{"zsh", print_zsh},
	{"fish", print_fish},
};

static bool copy(const char *path, void (*print)(void))
{
	char line[512];
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof line, f) != NULL)
		if (strcmp(line, "@TABLES@\n") == 0)
			print();
		else
			fputs(line, stdout);
	bool ok = !ferror(f);
	fclose(f);
	return ok && fflush(stdout) == 0 && !ferror(stdout);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(shells[i].name, argv[1]) == 0)
			return copy(argv[2], shells[i].print) ? 0 : 1;
	fputs("usage: print_completion bash|zsh|fish FILE\n", stderr);
	return 2;
}

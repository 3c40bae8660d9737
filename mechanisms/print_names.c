/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_names.c: a program of the build, not of the module: prints a line MECHANISM(number, name,
 * inputs) for each row, from which the tool gets the names it takes and shows. The tool links
 * nothing of the module, and there is no second list.
 */
#include "mechanism.h"

#include <stdio.h>

/*
 * "base -> result: DEVICE [SALT]" of a vendor row; of a standard one nothing, as its
 * standard says it.
 */
static void print_inputs(const struct mechanism *row)
{
	if (row->what == NULL)
		return;
	fputs(row->what, stdout);
	for (const struct field *f = row->fields; f != NULL && f->tag != 0; f++)
		printf(f->required ? "%s%s" : "%s[%s]", f == row->fields ? ": " : " ", f->name);
}

int main(void)
{
	for (size_t i = 0; i < mechanism_count; i++) {
		printf("MECHANISM(0x%08lxUL, \"%s\", \"", mechanisms[i]->type, mechanisms[i]->name);
		print_inputs(mechanisms[i]);
		puts("\")");
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

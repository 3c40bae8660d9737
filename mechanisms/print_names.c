/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_names.c: a program of the build, not of the module. The program prints the names
 * of mechanisms and key types for the tool, which links nothing of the module. There is
 * no second list.
 *
 * The output has a line MECHANISM(number, name, inputs, scheme) for each mechanism, then a line
 * KEY_TYPE(name, number, generate, mac, bytes, parity, state) for each key type. struct key_kind in
 * src/tool/token/names.h has the same order.
 */
#include "mechanism.h"

#include <stdio.h>

/* Print "base -> result: DEVICE [SALT]" for a vendor mechanism, nothing for a standard one. */
static void print_inputs(const struct mechanism *mech)
{
	if (mech->what == NULL)
		return;
	fputs(mech->what, stdout);
	for (const struct field *f = mech->fields; f != NULL && f->tag != 0; f++)
		printf(f->required ? "%s%s" : "%s[%s]", f == mech->fields ? ": " : " ", f->name);
}

static void print_mechanism(const struct mechanism *mech)
{
	printf("MECHANISM(0x%08lxUL, \"%s\", \"", mech->type, mech->name);
	print_inputs(mech);
	printf("\", \"%s\")\n", mech->scheme != NULL ? mech->scheme : "");
}

static void print_key_type(const struct key_type *t)
{
	printf("KEY_TYPE(\"%s\", 0x%lxUL, 0x%lxUL, 0x%lxUL, %zu, %d, %d)\n", t->name, t->number,
		t->generate, t->mac, key_type_only_length(t), t->parity, t->state);
}

int main(void)
{
	for (size_t i = 0; i < mechanism_count; i++)
		print_mechanism(mechanisms[i]);
	for (const struct key_type *t = all_key_types; t->name != NULL; t++)
		print_key_type(t);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

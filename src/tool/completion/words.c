/* SPDX-License-Identifier: Apache-2.0 */
/* words.c: prints the words of each kind of argument, from the tables that the tool reads. */
#include "tool/completion/words.h"

#include <stdio.h>
#include <string.h>

#include "tool/token/names.h"
#include "tool/token/template_list.h"

static const struct {
	const char *name, *scheme;
} mechanisms[] = {
#define MECHANISM(number, name, inputs, source, scheme, ...) {name, scheme},
#include "mechanism_names.h"
};

#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

static const char *const fields[] = {
#define FIELD(name, ...) name,
#include "mechanism_names.h"
};

static const struct key_kind key_kinds[] = {
#define KEY_TYPE(...) {__VA_ARGS__},
#include "mechanism_names.h"
};

static void print_word(const char *name)
{
	char word[NAME_TEXT_MAX];

	name_word(name, word);
	printf(" %s", word);
}

static void print_mechanisms(void)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		print_word(mechanisms[i].name);
}

static void print_schemes(void)
{
	for (size_t i = 0; i < MECHANISMS; i++) {
		bool known = false;
		for (size_t k = 0; k < i; k++)
			known = known || strcmp(mechanisms[k].scheme, mechanisms[i].scheme) == 0;
		if (*mechanisms[i].scheme && !known)
			print_word(mechanisms[i].scheme);
	}
}

static void print_allowed(void)
{
	print_schemes();
	print_mechanisms();
}

static void print_fields(void)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		print_word(fields[i]);
}

static void print_types(void)
{
	for (size_t i = 0; i < sizeof key_kinds / sizeof key_kinds[0]; i++)
		if (!key_kinds[i].state)
			print_word(key_kinds[i].name);
}

static void print_usages(void)
{
	for (const struct usage *u = usages; u->name; u++)
		print_word(u->name);
}

static void print_template(void)
{
	for (const struct usage *u = template_flags; u->name; u++)
		print_word(u->name);
	print_usages();
}

const struct kind kinds[] = {
	{"FILE", .files = true},
	{"STORE", .files = true},
	{"MODULE", .files = true},
	{"MECHANISM", .words = print_mechanisms, .after = ""},
	{"MECHANISMS", .words = print_allowed, .after = "", .list = true},
	{"FIELD", .words = print_fields, .after = ""},
	{"FIELD=VALUE", .words = print_fields, .after = "="},
	{"TYPE", .words = print_types, .after = ""},
	{"USAGES", .words = print_usages, .after = "", .list = true},
	{"TEMPLATE", .words = print_template, .after = "", .list = true},
	{.name = NULL},
};

const struct kind *kind_of(const char *argument)
{
	for (const struct kind *k = kinds; argument && k->name; k++)
		if (strcmp(k->name, argument) == 0)
			return k;
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vectors.c: see vectors.h. */
#include "vectors.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void vectors_open(struct vectors *v, const char *file)
{
	char path[1024];

	snprintf(path, sizeof path, "%s/%s", VECTORS_DIR, file);
	memset(v, 0, sizeof *v);
	v->name = file;
	v->file = fopen(path, "r");
	ck_assert_msg(v->file != NULL, "%s: cannot open", path);
}

static char *trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	for (n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]);)
		text[--n] = '\0';
	return text;
}

bool vectors_next(struct vectors *v)
{
	size_t used = 0;

	v->count = 0;
	while (fgets(v->text + used, (int)(sizeof v->text - used), v->file) != NULL) {
		char *line = trim(v->text + used);
		v->line++;
		if (*line == '#')
			continue;
		if (*line == '\0' && v->count > 0)
			break;
		if (*line == '\0')
			continue;
		used = (size_t)(line - v->text) + strlen(line) + 1;
		ck_assert_msg(used < sizeof v->text - 1, "%s:%u: case too long", v->name, v->line);
		char *equals = strchr(line, '=');
		ck_assert_msg(equals != NULL, "%s:%u: no '='", v->name, v->line);
		ck_assert_msg(v->count < VECTOR_FIELDS, "%s:%u: too many fields", v->name, v->line);
		*equals = '\0';
		v->field[v->count].name = trim(line);
		v->field[v->count++].value = trim(equals + 1);
	}
	if (v->count > 0) {
		v->cases++;
		return true;
	}
	ck_assert_msg(v->cases > 0, "%s: no cases", v->name);
	fclose(v->file);
	v->file = NULL;
	return false;
}

const char *vector_text(const struct vectors *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return v->field[i].value;
	return NULL;
}

static const char *required(const struct vectors *v, const char *name)
{
	const char *text = vector_text(v, name);

	ck_assert_msg(text != NULL, "%s:%u: no %s", v->name, v->line, name);
	return text;
}

size_t vector_hex(const struct vectors *v, const char *name, uint8_t *out, size_t room)
{
	const char *text = required(v, name);
	size_t n = strlen(text) / 2;

	ck_assert_msg(n <= room && strlen(text) % 2 == 0 && hex_decode(text, out, n),
		"%s:%u: %s is not hexadecimal, or over %zu bytes", v->name, v->line, name, room);
	return n;
}

unsigned long vector_number(const struct vectors *v, const char *name)
{
	const char *text = required(v, name);
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	ck_assert_msg(
		*text != '\0' && *end == '\0', "%s:%u: %s is not a number", v->name, v->line, name);
	return number;
}

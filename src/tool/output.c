/* SPDX-License-Identifier: Apache-2.0 */
/* output.c: print JSON objects as JSON or text. */
#include "tool/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/report.h"
#include "tool/settings.h"
#include "tool/text.h"

#define COLUMNS_MAX 16

/*
 * Return the length of the character at P, N bytes before the end, if the character is well-formed
 * UTF-8 (RFC 3629), else 0.
 */
static size_t character(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char first, last, low,
			high; /* range of the first byte, then of the second */
		size_t n;
	} rows[] = {
		{0x00, 0x7f, 0x00, 0xff, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last || n < rows[i].n)
			continue;
		if (rows[i].n > 1 && (p[1] < rows[i].low || p[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].n; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].n;
	}
	return 0;
}

bool is_utf8(const char *text, size_t n)
{
	for (size_t i = 0, step; i < n; i += step)
		if ((step = character((const unsigned char *)text + i, n - i)) == 0)
			return false;
	return true;
}

void add_text(struct json_object *o, const char *name, const char *text)
{
	struct text valid = {0};
	size_t n = strlen(text);

	for (size_t i = 0; i < n;) {
		size_t step = character((const unsigned char *)text + i, n - i);
		bool control = (unsigned char)text[i] < ' ' || text[i] == 0x7f;
		if (step > 0 && control && !settings.json)
			text_add(&valid, "?", 1); /* protects terminals and tables */
		else if (step > 0)
			text_add(&valid, text + i, step);
		else
			text_add_string(&valid,
				"\xef\xbf\xbd"); /* U+FFFD, because a label may hold any bytes */
		i += step > 0 ? step : 1;
	}
	json_object_object_add(
		o, name, json_object_new_string_len(valid.p ? valid.p : "", (int)valid.n));
	text_free(&valid);
}

void add_number(struct json_object *o, const char *name, uint64_t number)
{
	json_object_object_add(o, name, json_object_new_uint64(number));
}

void add_flag(struct json_object *o, const char *name, bool flag)
{
	json_object_object_add(o, name, json_object_new_boolean(flag));
}

void add_hex(struct json_object *o, const char *name, const void *p, size_t n)
{
	char *text = malloc(2 * n + 1);

	if (!text)
		abort();
	hex_encode(p, n, text);
	add_text(o, name, text);
	free(text);
}

/*
 * Return the text of a value. Strings are bare, flags are yes and no, arrays have commas.
 * The caller frees.
 */
static char *text_of(struct json_object *value)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			fprintf(out, "%s%s", i ? ", " : "",
				json_object_get_string(json_object_array_get_idx(value, i)));
	} else if (json_object_is_type(value, json_type_boolean)) {
		fputs(json_object_get_boolean(value) ? "yes" : "no", out);
	} else if (value) {
		fputs(json_object_get_string(value), out);
	}
	fclose(out);
	return text;
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
}

void show(struct json_object *o)
{
	if (settings.json) {
		print_json(o);
	} else {
		json_object_object_foreach(o, name, value)
		{
			char *text = text_of(value);
			for (const char *c = name; *c; c++)
				putchar(*c == '_' ? ' ' : *c);
			printf(": %s\n", text);
			free(text);
		}
	}
	json_object_put(o);
}

static void print_cell(const char *text, size_t width, bool right, bool last)
{
	if (last && !right)
		puts(text);
	else
		printf("%*s%s", right ? (int)width : -(int)width, text, last ? "\n" : "  ");
}

void show_table(struct json_object *rows, const struct column *columns)
{
	size_t width[COLUMNS_MAX], count = 0;

	if (settings.json) {
		print_json(rows);
		json_object_put(rows);
		return;
	}
	for (; columns[count].member; count++)
		width[count] = strlen(columns[count].heading);
	for (size_t r = 0; r < json_object_array_length(rows); r++)
		for (size_t c = 0; c < count; c++) {
			char *text = text_of(json_object_object_get(
				json_object_array_get_idx(rows, r), columns[c].member));
			width[c] = strlen(text) > width[c] ? strlen(text) : width[c];
			free(text);
		}
	for (size_t c = 0; c < count; c++)
		print_cell(columns[c].heading, width[c], columns[c].right, c + 1 == count);
	for (size_t r = 0; r < json_object_array_length(rows); r++)
		for (size_t c = 0; c < count; c++) {
			char *text = text_of(json_object_object_get(
				json_object_array_get_idx(rows, r), columns[c].member));
			print_cell(text, width[c], columns[c].right, c + 1 == count);
			free(text);
		}
	json_object_put(rows);
}

bool output_end(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail("cannot write the output: %s", strerror(errno));
	return true;
}

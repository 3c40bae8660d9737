/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c: takes lines of comma-separated fields apart. */
#include "tool/bulk/csv.h"

#include <string.h>

/*
 * Read the field at *POSITION into RET, if it is not NULL, and move to the comma after it
 * or the end.
 */
static const char *read_field(
	const char *line, size_t n, size_t *position, char *ret, size_t size, size_t *ret_n)
{
	size_t i = *position, used = 0;
	bool quoted = i < n && line[i] == '"';

	for (i += quoted; i < n; i++) {
		if (quoted && line[i] == '"') {
			if (i + 1 < n && line[i + 1] == '"') {
				i++;
			} else {
				i++;
				quoted = false;
				break;
			}
		} else if (!quoted && line[i] == ',') {
			break;
		}
		if (line[i] == '\0')
			return "a field has a NUL byte in it";
		if (ret && used + 1 >= size)
			return "a field is too long";
		if (ret)
			ret[used] = line[i];
		used++;
	}
	if (quoted)
		return "a quotation mark is not closed in its line";
	if (i < n && line[i] != ',')
		return "there is text behind a quoted field";
	if (ret) {
		ret[used] = '\0';
		*ret_n = used;
	}
	*position = i;
	return NULL;
}

const char *csv_field(
	const char *line, size_t n, size_t column, char *ret, size_t size, size_t *ret_n)
{
	size_t position = 0;

	for (size_t i = 0;; i++) {
		const char *wrong =
			read_field(line, n, &position, i == column ? ret : NULL, size, ret_n);
		if (wrong || i == column)
			return wrong;
		if (position >= n)
			return "the line has too few fields";
		position++;
	}
}

bool csv_column(const char *line, size_t n, const char *name, size_t *ret)
{
	char field[256];
	size_t length;

	for (size_t i = 0; !csv_field(line, n, i, field, sizeof field, &length); i++)
		if (strcmp(field, name) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

void csv_add(struct text *out, const char *p, size_t n)
{
	if (!memchr(p, ',', n) && !memchr(p, '"', n)) {
		text_add(out, p, n);
		return;
	}
	text_add(out, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		text_add(out, &p[i], 1);
		if (p[i] == '"')
			text_add(out, "\"", 1);
	}
	text_add(out, "\"", 1);
}

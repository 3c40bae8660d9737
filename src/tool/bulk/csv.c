/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c: splits lines into fields. */
#include "tool/bulk/csv.h"

#include <string.h>

/* The white space of Unicode that is not ASCII, in UTF-8. Spreadsheets and web pages leave it. */
static const char *const wide_blanks[] = {
	"\xc2\x85",     /* next line */
	"\xc2\xa0",     /* no-break space */
	"\xe1\x9a\x80", /* Ogham space mark */
	"\xe2\x80\xa8", /* line separator */
	"\xe2\x80\xa9", /* paragraph separator */
	"\xe2\x80\xaf", /* narrow no-break space */
	"\xe2\x81\x9f", /* mathematical space */
	"\xe2\x81\xa0", /* word joiner */
	"\xe3\x80\x80", /* ideographic space */
	"\xef\xbb\xbf", /* byte order mark */
};

#define WIDE_BLANKS (sizeof wide_blanks / sizeof wide_blanks[0])

/*
 * Return the length of the wide blank that begins (or, with AT_END, ends) the N bytes at P, or 0.
 */
static size_t wide_blank(const char *p, size_t n, bool at_end)
{
	const char *last = p + n - 3;

	for (size_t i = 0; i < WIDE_BLANKS; i++) {
		size_t length = strlen(wide_blanks[i]);
		if (n >= length && memcmp(at_end ? p + n - length : p, wide_blanks[i], length) == 0)
			return length;
	}
	/* U+2000 to U+200D: spaces of many widths, three of them without any. */
	const unsigned char *c = (const unsigned char *)(at_end ? last : p);
	return n >= 3 && c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0x80 && c[2] <= 0x8d ? 3 : 0;
}

static bool is_blank(char c, char delimiter)
{
	return (c == ' ' || (c >= '\t' && c <= '\r')) && c != delimiter;
}

size_t csv_blanks_before(const char *p, size_t n, char delimiter)
{
	size_t i = 0, wide = 1;

	if (n > 0 && (signed char)p[0] > ' ')
		return 0;
	while (i < n && wide > 0) {
		if (is_blank(p[i], delimiter)) {
			i++;
			continue;
		}
		wide = (unsigned char)p[i] >= 0x80 ? wide_blank(p + i, n - i, false) : 0;
		i += wide;
	}
	return i;
}

size_t csv_blanks_behind(const char *p, size_t n, char delimiter)
{
	size_t left = n, wide = 1;

	if (n > 0 && (signed char)p[n - 1] > ' ')
		return 0;
	while (left > 0 && wide > 0) {
		if (is_blank(p[left - 1], delimiter)) {
			left--;
			continue;
		}
		wide = (unsigned char)p[left - 1] >= 0x80 ? wide_blank(p, left, true) : 0;
		left -= wide;
	}
	return n - left;
}

/* Read the quoted field whose opening mark is at LINE[*I], and move *I behind its closing mark. */
static const char *read_quoted(const char *line, size_t n, size_t *i, struct csv_field *ret)
{
	size_t from = ++*i;

	*ret = (struct csv_field){.p = line + from, .quoted = true};
	for (; *i < n; ++*i) {
		if (line[*i] != '"')
			continue;
		if (*i + 1 >= n || line[*i + 1] != '"') {
			ret->n = *i - from;
			++*i;
			return NULL;
		}
		ret->doubled = true;
		++*i;
	}
	return "a quotation mark is not closed in its line";
}

/* Read the field at LINE[*I] and move *I to the delimiter behind it, or to N. */
static const char *read_field(
	const char *line, size_t n, char delimiter, bool trim, size_t *i, struct csv_field *ret)
{
	size_t blanks = csv_blanks_before(line + *i, n - *i, delimiter);

	if (*i + blanks < n && line[*i + blanks] == '"') {
		if (blanks > 0 && !trim)
			return "there are blanks before a quotation mark: remove them, or give "
			       "--trim";
		*i += blanks;
		const char *wrong = read_quoted(line, n, i, ret);
		if (wrong)
			return wrong;
		blanks = csv_blanks_before(line + *i, n - *i, delimiter);
		if (blanks > 0 && !trim)
			return "there are blanks behind a quotation mark: remove them, or give "
			       "--trim";
		*i += blanks;
		return *i < n && line[*i] != delimiter ? "there is text behind a quoted field"
						       : NULL;
	}
	const char *end = memchr(line + *i, delimiter, n - *i);
	size_t length = end ? (size_t)(end - line) - *i : n - *i;
	*ret = (struct csv_field){.p = line + *i, .n = length};
	*i += length;
	return NULL;
}

const char *csv_find(
	const char *line, size_t n, char delimiter, bool trim, size_t column, struct csv_field *ret)
{
	size_t i = 0;

	for (size_t k = 0;; k++) {
		const char *wrong = read_field(line, n, delimiter, trim, &i, ret);
		if (wrong || k == column)
			return wrong;
		if (i >= n)
			return "the line has too few fields";
		i++;
	}
}

size_t csv_count(const char *p, size_t n, char c)
{
	size_t count = 0;
	bool inside = false;

	for (size_t i = 0; i < n; i++) {
		inside ^= p[i] == '"';
		count += !inside && p[i] == c;
	}
	return count;
}

bool csv_copy(const struct csv_field *field, char *ret, size_t size, size_t *ret_n)
{
	size_t used = 0;

	if (!field->doubled) {
		if (field->n >= size)
			return false;
		memcpy(ret, field->p, field->n);
		used = field->n;
	} else {
		for (size_t i = 0; i < field->n; i++) {
			if (used + 1 >= size)
				return false;
			ret[used++] = field->p[i];
			i += field->p[i] == '"';
		}
	}
	ret[used] = '\0';
	*ret_n = used;
	return true;
}

bool csv_column(
	const char *line, size_t n, char delimiter, bool trim, const char *name, size_t *ret)
{
	char heading[256];
	struct csv_field field;
	size_t length;

	for (size_t i = 0; !csv_find(line, n, delimiter, trim, i, &field); i++) {
		size_t before = trim ? csv_blanks_before(field.p, field.n, '\0') : 0;
		field.p += before;
		field.n -= before;
		field.n -= trim ? csv_blanks_behind(field.p, field.n, '\0') : 0;
		if (csv_copy(&field, heading, sizeof heading, &length) &&
			strcmp(heading, name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

void csv_add(struct text *out, const char *p, size_t n)
{
	bool plain = n > 0 && p[0] != '#' && csv_blanks_before(p, n, '\0') == 0 &&
		     csv_blanks_behind(p, n, '\0') == 0;

	for (size_t i = 0; plain && i < n; i++)
		plain = p[i] > ',' ? p[i] != ';' : p[i] != ',' && p[i] != '"' && p[i] != '\t';
	if (plain) {
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

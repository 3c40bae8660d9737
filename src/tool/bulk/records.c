/* SPDX-License-Identifier: Apache-2.0 */
/* records.c: reads the heading and the records of a list. */
#include "tool/bulk/records.h"

#include <string.h>

#include "tool/bulk/csv.h"
#include "tool/bulk/csv_record.h"
#include "tool/bulk/json_record.h"

/* Find the columns of the further fields in the heading. */
static bool find_values(struct records *r, const char *line, size_t n, struct problem *problem)
{
	struct record_format *format = r->format;

	text_add(&r->heading, line, n);
	for (size_t i = 0; format->values[i].name != NULL; i++) {
		const struct value_column *column = &format->values[i];
		bool found = csv_column(line, n, format->delimiter, format->trim, column->name,
			&format->value_index[i]);
		if (found && column->presence == FORBIDDEN)
			return problem_set(problem, CKR_OK,
				"the list has a column '%s' already: remove it", column->name);
		if (!found && column->presence == REQUIRED)
			return problem_set(problem, CKR_OK,
				"the first line has no heading '%s': name the columns there",
				column->name);
		if (!found)
			format->value_index[i] = NO_COLUMN;
	}
	return true;
}

static bool read_heading(struct records *r, struct problem *problem)
{
	struct record_format *format = r->format;
	const char *line;
	size_t n;

	if (format->json_lines)
		return true;
	if (!format->header && !format->column_by_name)
		return true;
	enum got got = lines_next(&r->lines, &line, &n, problem);
	if (got == GOT_PROBLEM || (got == GOT_ONE && !csv_check_line(format, line, n, problem)))
		return false;
	if (got == GOT_END || !format->column_by_name)
		return true;
	if (csv_column(line, n, format->delimiter, format->trim, format->column,
		    &format->column_index))
		return format->values == NULL || find_values(r, line, n, problem);
	char other = csv_other_delimiter(format, line, n);
	return problem_set(problem, CKR_OK, "the first line has no heading '%s'%s", format->column,
		other ? ": give the list's own --delimiter" : "");
}

bool records_start(struct records *r, struct record_format *format, int fd, bool positioned,
	off_t start, int copy, struct problem *problem)
{
	lines_start(&r->lines, fd, positioned, start);
	r->lines.copy = copy;
	r->format = format;
	r->heading = (struct text){0};
	r->memory.count = 0;
	r->memory.object = NULL;
	return read_heading(r, problem);
}

void records_end(struct records *r)
{
	text_free(&r->heading);
	json_record_end(&r->memory);
}

/* Return true if the N bytes at P are a line with COUNT tabs and without the delimiter. */
static bool is_tabbed(const struct records *r, const char *p, size_t n, size_t count)
{
	return csv_count(p, n, '\t') == count && csv_count(p, n, r->format->delimiter) == 0;
}

/* Return true if every line that the block has is as is_tabbed() says. Empty lines do not count. */
static bool are_tabbed(const struct lines *lines, const struct records *r, size_t count)
{
	const char *p = lines->block + lines->from, *end = lines->block + lines->to, *next;

	for (; p < end; p = next) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline && !lines->ended)
			break;
		next = newline ? newline + 1 : end;
		size_t n = (size_t)((newline ? newline : end) - p);
		n -= n > 0 && p[n - 1] == '\r';
		if (n > 0 && !is_tabbed(r, p, n, count))
			return false;
	}
	return true;
}

/*
 * Refuse a list of which each line has as many tabs as LINE, its first, and no delimiter. Tabs in a
 * name are refused as such, but --trim takes tabs around a name for blanks. The first 256 KiB are
 * taken for the list.
 */
static bool check_tabs(struct records *r, const char *line, size_t n, struct problem *problem)
{
	size_t count = r->format->delimiter == '\t' ? 0 : csv_count(line, n, '\t');

	if (!r->format->trim || count == 0 || !is_tabbed(r, line, n, count))
		return true;
	if (!lines_read_ahead(&r->lines, problem))
		return false;
	if (!are_tabbed(&r->lines, r, count))
		return true;
	return problem_set(problem, CKR_OK,
		"each line has %s and none has '%c': give --delimiter '\\t' if tabs separate the "
		"fields, or remove them",
		count == 1 ? "a tab" : "tabs", r->format->delimiter);
}

enum got records_next(struct records *r, struct record *ret, struct problem *problem)
{
	const char *line;
	size_t n;

	enum got got = lines_next(&r->lines, &line, &n, problem);
	if (got == GOT_END && r->memory.count == 0) {
		bool heading =
			r->lines.number > 0 && (r->format->header || r->format->column_by_name);
		r->lines.number += r->lines.number == 0;
		problem_fill(problem, CKR_OK, "the input has %s",
			heading ? "a heading and no records" : "no records");
		return GOT_PROBLEM;
	}
	if (got != GOT_ONE)
		return got;
	*ret = (struct record){0};
	if (r->memory.count == 0 && !r->format->json_lines && !check_tabs(r, line, n, problem))
		return GOT_PROBLEM;
	if (!(r->format->json_lines ? json_record : csv_record)(
		    r->format, line, n, &r->memory, ret, problem))
		return GOT_PROBLEM;
	ret->line = r->lines.number;
	r->memory.count++;
	return GOT_ONE;
}

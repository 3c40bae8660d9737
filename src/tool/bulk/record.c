/* SPDX-License-Identifier: Apache-2.0 */
/* record.c: checks the options that describe a list, and the fields of its records. */
#include "tool/bulk/record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/output.h"

static bool read_delimiter(struct record_format *format)
{
	const char *text = format->delimiter_text;

	if (!text)
		text = ",";
	if (strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0)
		text = "\t";
	unsigned char c = (unsigned char)text[0];
	if (strlen(text) != 1 || (c != '\t' && (c < ' ' || c >= 0x7f)) || isalnum(c) || c == '"')
		return fail("--delimiter takes one character: a tab (also written \\t), a blank or "
			    "a punctuation mark other than \"");
	format->delimiter = (char)c;
	return true;
}

bool record_format_read(struct record_format *format)
{
	char *end = NULL;

	if (format->values != NULL && format->column == NULL)
		format->column = format->member;
	long number = format->column ? strtol(format->column, &end, 10) : 1;

	format->column_by_name = format->column && (end == format->column || *end);
	if (!format->column_by_name && (number < 1 || number > 1000))
		return fail("--column takes a number from 1 to 1000, or a heading");
	format->column_index = (size_t)number - 1;
	return read_delimiter(format);
}

bool record_name(const struct record_format *format, const char *text, size_t n,
	char name[NAME_MAX_BYTES + 1], char shown[2 * NAME_MAX_BYTES + 1], struct record *ret,
	struct problem *problem)
{
	ret->name = ret->shown = text;
	ret->n = n;
	if (n == 0)
		return problem_set(problem, CKR_OK, "the %s is empty", format->member);
	if (format->hex) {
		if (n % 2 || n / 2 > NAME_MAX_BYTES ||
			!hex_decode(text, (unsigned char *)name, n / 2))
			return problem_set(problem, CKR_OK,
				"the %s '%.100s' is not hexadecimal, as --hex says", format->member,
				text);
		ret->n = n / 2;
		name[ret->n] = '\0';
		hex_encode((unsigned char *)name, ret->n, shown);
		ret->name = name;
		ret->shown = shown;
	} else if (format->utf8_only && !is_utf8(text, n)) {
		return problem_set(problem, CKR_OK,
			"the %s '%.100s' is not UTF-8, as JSON has to be: leave out --json",
			format->member, text);
	}
	return true;
}

bool record_value_check(const struct value_column *column, const struct record_value *value,
	struct problem *problem)
{
	size_t i = 0;

	while (column->hex && i < value->n && isxdigit((unsigned char)value->p[i]))
		i++;
	if (column->hex && (i < value->n || value->n % 2))
		return problem_set(problem, CKR_OK, "the %s '%.*s' is not hexadecimal",
			column->name, (int)(value->n < 100 ? value->n : 100), value->p);
	return true;
}

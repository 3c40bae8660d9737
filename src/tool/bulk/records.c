/* SPDX-License-Identifier: Apache-2.0 */
/* records.c: reads one record from each line and refuses lines that are in doubt. */
#include "tool/bulk/records.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/bulk/csv.h"
#include "tool/output.h"

/* --- options --- */

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
	long number = format->column ? strtol(format->column, &end, 10) : 1;

	format->column_by_name = format->column && (end == format->column || *end);
	if (!format->column_by_name && (number < 1 || number > 1000))
		return fail("--column takes a number from 1 to 1000, or a heading");
	format->column_index = (size_t)number - 1;
	return read_delimiter(format);
}

/* --- headings --- */

/*
 * Headings of columns in lists of devices, in lower case with letters and digits only. A first line
 * with such a name is taken for a heading that --header should have announced.
 */
static const char *const headings[] = {"assetid", "assettag", "card", "cardid", "cardnumber",
	"cardserial", "chip", "chipid", "clientid", "client", "csn", "cuid", "deveui", "device",
	"deviceid", "devicekey", "devicename", "devicenumber", "devices", "deviceserial",
	"deviceserialnumber", "eui", "eui64", "iccid", "id", "identifier", "ids", "imei", "imsi",
	"key", "keyid", "keylabel", "keyname", "keys", "ksn", "label", "labels", "mac",
	"macaddress", "meter", "meterid", "meternumber", "name", "names", "no", "nr", "number",
	"pan", "partnumber", "productid", "reader", "readerid", "sensorid", "serial", "serialid",
	"serialno", "serialnr", "serialnum", "serialnumber", "serialnumbers", "serials",
	"seriennummer", "sn", "snr", "tag", "tagid", "terminal", "terminalid", "tid", "uid", "uids",
	"unit", "unitid", "uuid", "vin"};

static bool is_heading(const char *name, size_t n)
{
	char plain[32];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)name[i] >= 0x80)
			return false;
		if (!isalnum((unsigned char)name[i]))
			continue;
		if (used + 1 == sizeof plain)
			return false;
		plain[used++] = (char)tolower((unsigned char)name[i]);
	}
	plain[used] = '\0';
	for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
		if (strcmp(headings[i], plain) == 0)
			return true;
	return false;
}

/* --- one line --- */

/* Return true if C is a control character or a delimiter of other lists. */
static bool is_special(unsigned char c)
{
	const uint64_t below_64 = 0xffffffffU | 1ULL << ',' | 1ULL << ';';

	return c < 64 ? below_64 >> c & 1 : c == 0x7f;
}

/* Return true if C has no special meaning in any list, wherever C is. */
static bool is_plain(unsigned char c)
{
	const uint64_t others = 1ULL << ' ' | 1ULL << '"' | 1ULL << '#' | 1ULL << ',' | 1ULL << ';';

	return c < 64 ? c > 31 && !(others >> c & 1) : c < 0x7f;
}

struct spelling {
	char text[8];
};

static struct spelling spell(char delimiter)
{
	struct spelling s;

	snprintf(s.text, sizeof s.text, delimiter == '\t' ? "a tab" : "'%c'", delimiter);
	return s;
}

/*
 * Return a delimiter of other lists that LINE has, or NUL if LINE has the delimiter of FORMAT or
 * none at all.
 */
static char other_delimiter(const struct record_format *format, const char *line, size_t n)
{
	static const char others[] = ";\t,";

	if (memchr(line, format->delimiter, n))
		return '\0';
	for (size_t i = 0; others[i]; i++)
		if (memchr(line, others[i], n))
			return others[i];
	return '\0';
}

/*
 * Report WRONG, the reason why LINE does not split into fields. Suggest --delimiter if LINE has
 * another delimiter. Returns false.
 */
static bool wrong_fields(const struct record_format *format, const char *line, size_t n,
	const char *wrong, struct problem *problem)
{
	char other = other_delimiter(format, line, n);

	if (other)
		return problem_set(problem, CKR_OK,
			"%s: it has %s and not %s between them: give --delimiter", wrong,
			spell(other).text, spell(format->delimiter).text);
	return problem_set(problem, CKR_OK, "%s", wrong);
}

/* Refuse the delimiters of other lists and control characters in FIELD. */
static bool check_characters(
	const struct record_format *format, const struct csv_field *field, struct problem *problem)
{
	size_t i = 0;

	while (i < field->n && !is_special((unsigned char)field->p[i]))
		i++;
	for (; i < field->n; i++) {
		char c = field->p[i];
		bool delimits = c == ',' || c == ';' || c == '\t';
		if (!field->quoted && delimits)
			return problem_set(problem, CKR_OK,
				"the %s '%.*s' has %s in it: give --delimiter if that separates "
				"the fields, or put the %s in quotation marks",
				format->member, (int)(field->n < 100 ? field->n : 100), field->p,
				spell(c).text, format->member);
		if (!delimits && is_special((unsigned char)c))
			return problem_set(problem, CKR_OK,
				"the %s has a control character in it: give binary %ss in "
				"hexadecimal, with --hex",
				format->member, format->member);
	}
	return true;
}

/* Remove the blanks around FIELD with --trim, and refuse them without. */
static bool check_blanks(
	const struct record_format *format, struct csv_field *field, struct problem *problem)
{
	size_t before = csv_blanks_before(field->p, field->n, format->delimiter);
	size_t behind = csv_blanks_behind(field->p + before, field->n - before, format->delimiter);

	if (before + behind > 0 && !format->trim)
		return problem_set(problem, CKR_OK,
			"there are blanks around the %s '%.*s': remove them, or give --trim",
			format->member, (int)(field->n < 100 ? field->n : 100), field->p);
	field->p += before;
	field->n -= before + behind;
	return true;
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

static bool read_name(
	struct records *r, struct csv_field *field, struct record *ret, struct problem *problem)
{
	const struct record_format *format = r->format;
	char text[2 * NAME_MAX_BYTES + 1];
	size_t n;

	if (format->trim && !check_blanks(format, field, problem))
		return false;
	if (!check_characters(format, field, problem) || !check_blanks(format, field, problem))
		return false;
	if (!csv_copy(field, format->hex ? text : r->name,
		    format->hex ? sizeof text : sizeof r->name, &n))
		return problem_set(problem, CKR_OK, "the %s is longer than %d bytes",
			format->member, NAME_MAX_BYTES);
	if (r->count == 0 && !format->header && !format->column_by_name &&
		is_heading(format->hex ? text : r->name, n))
		return problem_set(problem, CKR_OK, "'%s' is a heading and not a %s: give --header",
			format->hex ? text : r->name, format->member);
	return record_name(
		format, format->hex ? text : r->name, n, r->name, r->shown, ret, problem);
}

/* Refuse lines that are no record whatever their fields are. */
static bool check_line(
	const struct record_format *format, const char *line, size_t n, struct problem *problem)
{
	if ((unsigned char)line[0] > '#' && (unsigned char)line[0] < 0x80)
		return true;
	size_t blanks = csv_blanks_before(line, n, format->delimiter);
	if (blanks == n)
		return problem_set(problem, CKR_OK, "the line has blanks only: remove it");
	if (line[blanks] == '#')
		return problem_set(problem, CKR_OK,
			"the line begins with #: remove it if it is a comment, or put the field in "
			"quotation marks");
	return true;
}

/*
 * Read a name of ASCII letters, digits and the like from the first column, which needs none of the
 * checks. Lists of a million lines consist of such lines. False: the line needs a closer look.
 */
static bool read_plain(struct records *r, const char *line, size_t n, struct record *ret)
{
	const struct record_format *format = r->format;
	size_t i = 0;

	if (format->column_index > 0 || format->hex || format->with_value || r->count == 0)
		return false;
	while (i < n && is_plain((unsigned char)line[i]) && line[i] != format->delimiter)
		i++;
	if (i == 0 || i > NAME_MAX_BYTES || (i < n && line[i] != format->delimiter))
		return false;
	memcpy(r->name, line, i);
	r->name[i] = '\0';
	*ret = (struct record){.name = r->name, .shown = r->name, .n = i};
	return true;
}

static bool read_line(
	struct records *r, const char *line, size_t n, struct record *ret, struct problem *problem)
{
	const struct record_format *format = r->format;
	struct csv_field field, value;

	if (read_plain(r, line, n, ret))
		return true;
	if (!check_line(format, line, n, problem))
		return false;
	const char *wrong =
		csv_find(line, n, format->delimiter, format->trim, format->column_index, &field);
	if (wrong)
		return wrong_fields(format, line, n, wrong, problem);
	if (!read_name(r, &field, ret, problem))
		return false;
	ret->value = NULL;
	if (!format->with_value)
		return true;
	wrong = csv_find(
		line, n, format->delimiter, format->trim, format->column_index + 1, &value);
	if (wrong)
		return wrong_fields(format, line, n, wrong, problem);
	if (format->trim && !check_blanks(format, &value, problem))
		return false;
	ret->value = value.p;
	ret->value_n = value.n;
	return true;
}

/* --- all lines --- */

static bool read_heading(struct records *r, struct problem *problem)
{
	struct record_format *format = r->format;
	const char *line;
	size_t n;

	if (!format->header && !format->column_by_name)
		return true;
	enum got got = lines_next(&r->lines, &line, &n, problem);
	if (got == GOT_PROBLEM || (got == GOT_ONE && !check_line(format, line, n, problem)))
		return false;
	if (got == GOT_END || !format->column_by_name)
		return true;
	if (csv_column(line, n, format->delimiter, format->trim, format->column,
		    &format->column_index))
		return true;
	char other = other_delimiter(format, line, n);
	return problem_set(problem, CKR_OK, "the first line has no heading '%s'%s", format->column,
		other ? ": give the list's own --delimiter" : "");
}

bool records_start(struct records *r, struct record_format *format, int fd, bool positioned,
	off_t start, int copy, struct problem *problem)
{
	lines_start(&r->lines, fd, positioned, start);
	r->lines.copy = copy;
	r->format = format;
	r->count = 0;
	return read_heading(r, problem);
}

enum got records_next(struct records *r, struct record *ret, struct problem *problem)
{
	const char *line;
	size_t n;

	enum got got = lines_next(&r->lines, &line, &n, problem);
	if (got == GOT_END && r->count == 0) {
		bool heading =
			r->lines.number > 0 && (r->format->header || r->format->column_by_name);
		r->lines.number += r->lines.number == 0;
		problem_set(problem, CKR_OK, "the input has %s",
			heading ? "a heading and no records" : "no records");
		return GOT_PROBLEM;
	}
	if (got != GOT_ONE)
		return got;
	if (!read_line(r, line, n, ret, problem))
		return GOT_PROBLEM;
	ret->line = r->lines.number;
	r->count++;
	return GOT_ONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* csv_record.c: reads one record from a line of CSV, and refuses a line that is in doubt. */
#include "tool/bulk/csv_record.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tool/bulk/csv.h"

/* --- headings --- */

/*
 * Headings of columns in lists of devices, in lower case with letters and digits only. A first line
 * with such a name is taken for a heading that --header should have announced.
 */
static const char *const headings[] = {"articlenumber", "assetid", "assettag", "barcode", "batch",
	"batchid", "card", "cardid", "cardnumber", "cardserial", "carduid", "chip", "chipid",
	"client", "clientid", "clientserial", "counter", "csn", "cuid", "customerid", "date",
	"description", "deveui", "device", "deviceid", "devicekey", "devicename", "devicenumber",
	"devices", "deviceserial", "deviceserialnumber", "deviceuid", "ean", "epc", "esn", "eui",
	"eui64", "gatewayid", "geraetenummer", "guid", "hardwareid", "hwid", "iccid", "id",
	"identifier", "ids", "imei", "imsi", "itemid", "joineui", "key", "keyid", "keylabel",
	"keyname", "keys", "keyserial", "ksn", "label", "labels", "lot", "mac", "macaddr",
	"macaddress", "meid", "message", "meter", "meterid", "meternumber", "meterserial", "model",
	"modelnumber", "msisdn", "msn", "name", "names", "no", "nodeid", "nr", "number",
	"ordernumber", "pan", "partno", "partnumber", "pid", "plaintext", "productcode",
	"productid", "productname", "reader", "readerid", "readeruid", "sensorid", "serial",
	"serialhex", "serialid", "serialno", "serialnr", "serialnum", "serialnumber",
	"serialnumbers", "serials", "seriennummer", "simid", "sku", "sn", "snr", "tag", "tagid",
	"taguid", "terminal", "terminalid", "tid", "timestamp", "type", "udid", "uid", "uids",
	"unit", "unitid", "userid", "uuid", "vehicleid", "verdict", "vin", "zaehlernummer"};

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

char csv_other_delimiter(const struct record_format *format, const char *line, size_t n)
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
	char other = csv_other_delimiter(format, line, n);

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

/*
 * Remove the blanks around FIELD with --trim, and refuse them without. A tab or space in quotation
 * marks is a blank, also where it is the delimiter.
 */
static bool check_blanks(
	const struct record_format *format, struct csv_field *field, struct problem *problem)
{
	size_t before = csv_blanks_before(field->p, field->n, '\0');
	size_t behind = csv_blanks_behind(field->p + before, field->n - before, '\0');

	if (before + behind > 0 && !format->trim)
		return problem_set(problem, CKR_OK,
			"there are blanks around the %s '%.*s': remove them, or give --trim",
			format->member, (int)(field->n < 100 ? field->n : 100), field->p);
	field->p += before;
	field->n -= before + behind;
	return true;
}

static bool read_name(const struct record_format *format, struct csv_field *field,
	struct record_memory *memory, struct record *ret, struct problem *problem)
{
	char text[2 * NAME_MAX_BYTES + 1];
	size_t n;

	if (format->trim && !check_blanks(format, field, problem))
		return false;
	if (!check_characters(format, field, problem) || !check_blanks(format, field, problem))
		return false;
	if (!csv_copy(field, format->hex ? text : memory->name,
		    format->hex ? sizeof text : sizeof memory->name, &n))
		return problem_set(problem, CKR_OK, "the %s is longer than %d bytes",
			format->member, NAME_MAX_BYTES);
	if (memory->count == 0 && !format->header && !format->column_by_name &&
		is_heading(format->hex ? text : memory->name, n))
		return problem_set(problem, CKR_OK, "'%s' is a heading and not a %s: give --header",
			format->hex ? text : memory->name, format->member);
	return record_name(format, format->hex ? text : memory->name, n, memory->name,
		memory->shown, ret, problem);
}

bool csv_check_line(
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
static bool read_plain(const struct record_format *format, const char *line, size_t n,
	struct record_memory *memory, struct record *ret)
{
	size_t i = 0;

	if (format->column_index > 0 || format->hex || format->with_value || format->values ||
		memory->count == 0)
		return false;
	while (i < n && is_plain((unsigned char)line[i]) && line[i] != format->delimiter)
		i++;
	if (i == 0 || i > NAME_MAX_BYTES || (i < n && line[i] != format->delimiter))
		return false;
	memcpy(memory->name, line, i);
	memory->name[i] = '\0';
	ret->name = ret->shown = memory->name;
	ret->n = i;
	return true;
}

/* Read the fields that the headings announced. */
static bool read_values(const struct record_format *format, const char *line, size_t n,
	struct record *ret, struct problem *problem)
{
	struct csv_field field;

	ret->text = line;
	ret->text_n = n;
	for (size_t i = 0; format->values[i].name != NULL; i++) {
		if (format->value_index[i] == NO_COLUMN)
			continue;
		const char *wrong = csv_find(
			line, n, format->delimiter, format->trim, format->value_index[i], &field);
		if (wrong)
			return wrong_fields(format, line, n, wrong, problem);
		if (format->trim && !check_blanks(format, &field, problem))
			return false;
		ret->value[i] = (struct record_value){field.p, field.n};
		if (!record_value_check(&format->values[i], &ret->value[i], problem))
			return false;
	}
	return true;
}

bool csv_record(const struct record_format *format, const char *line, size_t n,
	struct record_memory *memory, struct record *ret, struct problem *problem)
{
	struct csv_field field, value;

	if (read_plain(format, line, n, memory, ret))
		return true;
	if (!csv_check_line(format, line, n, problem))
		return false;
	const char *wrong =
		csv_find(line, n, format->delimiter, format->trim, format->column_index, &field);
	if (wrong)
		return wrong_fields(format, line, n, wrong, problem);
	if (!read_name(format, &field, memory, ret, problem))
		return false;
	if (format->values != NULL)
		return read_values(format, line, n, ret, problem);
	if (!format->with_value)
		return true;
	wrong = csv_find(
		line, n, format->delimiter, format->trim, format->column_index + 1, &value);
	if (wrong)
		return wrong_fields(format, line, n, wrong, problem);
	if (format->trim && !check_blanks(format, &value, problem))
		return false;
	ret->value[0] = (struct record_value){value.p, value.n};
	if (value.doubled && csv_copy(&value, memory->value, sizeof memory->value, &value.n))
		ret->value[0] = (struct record_value){memory->value, value.n};
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c: the fields by name, and reading their values. */
#include "tool/token/fields.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/decimal.h"
#include "tool/report.h"
#include "tool/token/names.h"

#define VALUE_MAX 4096

/*
 * The fields of keydiv's mechanisms, as they were when the tool was built. A field whose value is a
 * number has WIDTH bytes.
 */
static const struct field {
	const char *name;
	unsigned char tag;
	unsigned char width; /* 0: text or bytes */
	unsigned short min, max;
	bool lsb_first; /* the number has its least significant byte first */
} known[] = {
#define FIELD(...) {__VA_ARGS__},
#include "mechanism_names.h"
};

static const struct field *find(const char *name, size_t n)
{
	char wanted[32];

	if (n < sizeof wanted) {
		memcpy(wanted, name, n);
		wanted[n] = '\0';
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (name_matches(known[i].name, wanted))
				return &known[i];
	}
	print_failure("'%.*s' is no field: 'keydiv mechanisms' lists the fields of each mechanism",
		(int)n, name);
	return NULL;
}

unsigned char field_tag(const char *name)
{
	const struct field *field = find(name, strlen(name));

	return field ? field->tag : 0;
}

const char *field_name(unsigned char tag)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].tag == tag)
			return known[i].name;
	return tag == KEYDIV_USE ? "USE" : "?";
}

/* Write NUMBER in WIDTH bytes to RET. False: NUMBER is too large. */
static bool put_number(uint64_t number, size_t width, bool lsb_first, unsigned char *ret)
{
	if (width < 8 && number >> (8 * width))
		return false;
	for (size_t i = 0; i < width; i++, number >>= 8)
		ret[lsb_first ? i : width - 1 - i] = (unsigned char)number;
	return true;
}

size_t field_counter(unsigned char tag, uint64_t number, unsigned char ret[8])
{
	size_t n = 8;
	bool lsb_first = false;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].tag == tag && known[i].min == known[i].max && known[i].max < 8) {
			n = known[i].max;
			lsb_first = known[i].lsb_first;
		}
	return put_number(number, n, lsb_first, ret) ? n : 0;
}

/* Read a decimal number as WIDTH bytes. */
static bool read_number(const struct field *field, const char *text, unsigned char *ret)
{
	uint64_t number;

	if (!decimal_read(text, &number) ||
		!put_number(number, field->width, field->lsb_first, ret))
		return fail("the field %s is a number of %d byte%s, or hex:, and not '%s'",
			field->name, field->width, field->width == 1 ? "" : "s", text);
	return true;
}

/* Read R,N as two bytes, for which hexadecimal would be hard to read. */
static bool read_shape(const char *text, unsigned char *ret)
{
	unsigned r = 0, n = 0;
	char left;

	if (sscanf(text, "%2u,%2u%c", &r, &n, &left) != 2)
		return fail("the field SHAPE is two numbers, as 21,7, and not '%s'", text);
	ret[0] = (unsigned char)r;
	ret[1] = (unsigned char)n;
	return true;
}

static bool read_value(
	const struct field *field, const char *text, unsigned char ret[VALUE_MAX], size_t *ret_n)
{
	size_t n = strlen(text);

	if (strncmp(text, "hex:", 4) == 0) {
		*ret_n = (n - 4) / 2;
		if (*ret_n > VALUE_MAX)
			return fail("the field %s is longer than %d bytes", field->name, VALUE_MAX);
		return hex_decode(text + 4, ret, *ret_n)
			       ? true
			       : fail("the field %s is not hexadecimal behind hex:", field->name);
	}
	*ret_n = field->min;
	if (field->width > 0)
		return read_number(field, text, ret);
	if (field->tag == KEYDIV_SHAPE)
		return read_shape(text, ret);
	if (n > VALUE_MAX)
		return fail("the field %s is longer than %d bytes", field->name, VALUE_MAX);
	memcpy(ret, text, n);
	*ret_n = n;
	return true;
}

const char *length_text(unsigned min, unsigned max, char ret[LENGTH_TEXT_MAX])
{
	if (min == max)
		snprintf(ret, LENGTH_TEXT_MAX, "%u", max);
	else
		snprintf(ret, LENGTH_TEXT_MAX, "%u to %u", min, max);
	return ret;
}

/* Report that the value TEXT has N bytes. The usual fault is a hexadecimal value without hex:. */
static bool fail_length(const struct field *field, const char *text, size_t n)
{
	char length[LENGTH_TEXT_MAX];
	bool hexadecimal = n % 2 == 0 && n / 2 >= field->min && n / 2 <= field->max &&
			   strspn(text, "0123456789abcdefABCDEF") == n;

	return fail("the field %s has %s bytes, not %zu%s", field->name,
		length_text(field->min, field->max, length), n,
		hexadecimal ? ": write hexadecimal digits behind hex:" : "");
}

bool fields_add(struct fields *fields, const char *text)
{
	unsigned char value[VALUE_MAX];
	size_t name = strcspn(text, "="), n, i;

	if (!text[name])
		return fail("--field takes FIELD=VALUE, not '%s'", text);
	const struct field *field = find(text, name);
	if (!field || !read_value(field, text + name + 1, value, &n))
		return false;
	if (n < field->min || n > field->max)
		return fail_length(field, text + name + 1, n);
	if (fields->count == FIELDS_MAX)
		return fail("there are more than %d fields", FIELDS_MAX);
	for (i = fields->count; i > 0 && fields->field[i - 1].tag >= field->tag; i--) {
		if (fields->field[i - 1].tag == field->tag)
			return fail("the field %s is given twice", field->name);
		fields->field[i] = fields->field[i - 1];
	}
	fields->field[i].tag = field->tag;
	fields->field[i].at = fields->bytes.n;
	fields->field[i].n = n;
	fields->count++;
	text_add(&fields->bytes, value, n);
	return true;
}

void fields_put(const struct fields *fields, const struct field_part *more, size_t count,
	KEYDIV_PARAMETER *p)
{
	size_t k = 0;

	keydiv_start(p);
	for (size_t i = 0; i < fields->count; i++) {
		for (; k < count && more[k].tag <= fields->field[i].tag; k++)
			keydiv_put(p, more[k].tag, more[k].p, more[k].n);
		keydiv_put(p, fields->field[i].tag, fields->bytes.p + fields->field[i].at,
			fields->field[i].n);
	}
	for (; k < count; k++)
		keydiv_put(p, more[k].tag, more[k].p, more[k].n);
}

/* Append VALUE (N bytes) of FIELD as fields_add() reads it. */
static void add_value(
	const struct field *field, const unsigned char *value, size_t n, struct text *ret)
{
	char text[2 * VALUE_MAX + 8] = "hex:";
	/*
	 * One byte is a code, for which a letter would be hard to read. Each half of SHE_SLOTS is a
	 * number of its own. A number with the least significant byte first is shown as it is sent.
	 */
	bool plain = n > 1 || field->tag == KEYDIV_EMV_OPTION;
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++) {
		plain = plain && (isalnum(value[i]) || (value[i] != 0 && strchr("-._", value[i])));
		number = number << 8 | value[i];
	}
	if (field->width > 0 && n == field->width && field->tag != KEYDIV_SHE_SLOTS &&
		!field->lsb_first)
		snprintf(text, sizeof text, "%" PRIu64, number);
	else if (field->tag == KEYDIV_SHAPE && n == 2)
		snprintf(text, sizeof text, "%u,%u", value[0], value[1]);
	else if (plain)
		snprintf(text, sizeof text, "%.*s", (int)n, (const char *)value);
	else
		hex_encode(value, n, text + 4);
	text_add_string(ret, text);
}

void fields_show(const char *parameter, const char *option, struct text *ret)
{
	unsigned char p[VALUE_MAX];
	char word[NAME_TEXT_MAX];
	size_t n = strlen(parameter) / 2;

	if (n > sizeof p || !hex_decode(parameter, p, n))
		return;
	for (size_t at = 0, length; at + 3 <= n; at += 3 + length) {
		length = get_be16(p + at + 1);
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
			if (known[i].tag != p[at] || length > n - at - 3)
				continue;
			name_word(known[i].name, word);
			text_add_string(ret, " ");
			text_add_string(ret, option);
			text_add_string(ret, " ");
			text_add_string(ret, word);
			text_add_string(ret, "=");
			add_value(&known[i], p + at + 3, length, ret);
		}
	}
}

/* --- what is wrong --- */

/* Return the length of the field NAME in the parameter P of N bytes, or -1 if it is not there. */
static long length_in(const unsigned char *p, size_t n, const char *name)
{
	for (size_t at = 0; at + 3 <= n; at += 3U + get_be16(p + at + 1))
		if (strcmp(field_name(p[at]), name) == 0)
			return get_be16(p + at + 1);
	return -1;
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].name, name) == 0)
			return true;
	return false;
}

static bool takes(CK_MECHANISM_TYPE type, const char *name)
{
	for (const struct mechanism_field *f = mechanism_field_next(type, NULL); f;
		f = mechanism_field_next(type, f))
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

/* Find a field in P of N bytes that the mechanism TYPE does not take. False: there is none. */
static bool find_foreign(CK_MECHANISM_TYPE type, const unsigned char *p, size_t n, char *ret)
{
	char word[NAME_TEXT_MAX];

	name_word(mechanism_about(type)->name, word);
	for (size_t at = 0; at + 3 <= n; at += 3U + get_be16(p + at + 1)) {
		const char *name = field_name(p[at]);
		if (is_known(name) && !takes(type, name))
			return snprintf(ret, FIELDS_WRONG_MAX, "%s takes no field %s%s", word, name,
				       p[at] == KEYDIV_DEVICE
					       ? ", and --serial-field names another for the serial"
					       : "") > 0;
	}
	return false;
}

bool fields_wrong(const CK_MECHANISM *mechanism, char ret[FIELDS_WRONG_MAX])
{
	const unsigned char *p = mechanism->pParameter;
	const size_t n = mechanism->ulParameterLen <= VALUE_MAX ? mechanism->ulParameterLen : 0;
	const struct mechanism_field *f = NULL;
	char text[LENGTH_TEXT_MAX];

	if (find_foreign(mechanism->mechanism, p, n, ret))
		return true;
	while ((f = mechanism_field_next(mechanism->mechanism, f)) != NULL) {
		long length = length_in(p, n, f->name);
		if (length < 0 && f->required && is_known(f->name))
			return snprintf(ret, FIELDS_WRONG_MAX, "the field %s is missing", f->name) >
			       0;
		if (length >= 0 && (length < f->min || length > f->max))
			return snprintf(ret, FIELDS_WRONG_MAX,
				       "the field %s has %s bytes here, not %ld", f->name,
				       length_text(f->min, f->max, text), length) > 0;
	}
	return false;
}

void fields_free(struct fields *fields)
{
	text_free(&fields->bytes);
}

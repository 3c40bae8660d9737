/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h: the fields of keydiv's mechanisms as texts "FIELD=VALUE". */
#ifndef KEYDIV_TOOL_FIELDS_H
#define KEYDIV_TOOL_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/text.h"

#define FIELDS_MAX 16

/* Fields in ascending order of their tags. Begin with {0}. */
struct fields {
	size_t count;
	struct {
		unsigned char tag;
		size_t at, n; /* of the value in BYTES */
	} field[FIELDS_MAX];
	struct text bytes;
};

/* Return the tag of the field NAME, or 0 after a report. */
unsigned char field_tag(const char *name);

/* Return the name of the field TAG, "USE" for KEYDIV_USE, or "?". */
const char *field_name(unsigned char tag);

/*
 * Write NUMBER to RET as the value of the field TAG, which is a counter. The field says the number
 * of bytes and their order. Return the number of bytes, or 0 if NUMBER does not fit.
 */
size_t field_counter(unsigned char tag, uint64_t number, unsigned char ret[8]);

/*
 * Read "FIELD=VALUE" and add the field to FIELDS. VALUE is text, "hex:" and hexadecimal digits, or
 * a decimal number for the fields that are numbers. False after a report.
 */
bool fields_add(struct fields *fields, const char *text);

/* A field that is not among the options. */
struct field_part {
	unsigned char tag;
	const void *p;
	size_t n;
};

/*
 * Build the parameter P from FIELDS and the COUNT fields at MORE, which ascend by their tags. A
 * field that is in FIELDS too makes P fail (see keydiv.h).
 */
void fields_put(const struct fields *fields, const struct field_part *more, size_t count,
	KEYDIV_PARAMETER *p);

/*
 * Append the fields of PARAMETER, a parameter in hexadecimal, to RET as options " OPTION
 * NAME=VALUE" that fields_add() reads.
 */
void fields_show(const char *parameter, const char *option, struct text *ret);

#define LENGTH_TEXT_MAX 24

/* Write MIN and MAX, lengths of a field, as "3" or "8 to 16" to RET. Return RET. */
const char *length_text(unsigned min, unsigned max, char ret[LENGTH_TEXT_MAX]);

#define FIELDS_WRONG_MAX 160

/*
 * Find out what is wrong with the fields of MECHANISM, which the token refused, by their names and
 * lengths. Write it to RET as text without a full stop. False: names and lengths are right.
 */
bool fields_wrong(const CK_MECHANISM *mechanism, char ret[FIELDS_WRONG_MAX]);

void fields_free(struct fields *fields);

#endif

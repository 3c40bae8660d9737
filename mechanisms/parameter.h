/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parameter.h: the fields of a mechanism, and a parameter that is parsed by these fields. README.md
 * has the encoding ("The parameter").
 */
#ifndef KEYDIV_MECHANISMS_PARAMETER_H
#define KEYDIV_MECHANISMS_PARAMETER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "keydiv.h"

struct mechanism;

#define PARAMETER_MAX KEYDIV_PARAMETER_MAX
#define FIELDS_MAX 8

struct field {
	uint8_t tag;
	bool number; /* the value is a big-endian number, which the tool reads in decimal */
	const char *name;
	bool required;
	uint16_t min, max; /* length in bytes */
};

/*
 * The first members of a struct field: FIELD(DEVICE) has the tag KEYDIV_DEVICE and the name
 * "DEVICE". NUMBER_FIELD is for values that are numbers.
 */
#define FIELD(name) KEYDIV_##name, false, #name
#define NUMBER_FIELD(name) KEYDIV_##name, true, #name

/* A parsed parameter. The bytes are a private copy of the caller's bytes, which are read once. */
struct parameter {
	const struct field *fields; /* of the mechanism; value[i] belongs to fields[i] */
	size_t count;
	struct bytes value[FIELDS_MAX]; /* an absent field has p == NULL */
	struct bytes encoded;           /* the whole parameter as the caller encoded it */
};

/* Return the value of the field TAG; p == NULL if the field is absent or unknown here. */
struct bytes parameter_get(const struct parameter *p, uint8_t tag);

/*
 * Return the fields FIRST to LAST as the caller encoded them, for the context of a KDF. The fields
 * are contiguous, because tags ascend.
 */
struct bytes parameter_span(const struct parameter *p, uint8_t first, uint8_t last);

/*
 * Parse N bytes at ENCODED by the field list of MECH. RET refers to ENCODED, which must live as
 * long as RET. CKR_MECHANISM_PARAM_INVALID for every deviation from the list.
 */
MUST_USE CK_RV parameter_parse(
	const struct mechanism *mech, const uint8_t *encoded, size_t n, struct parameter *ret);

/*
 * Parse the parameter of a flat form (FORM_FLAT) that derives, as parameter_parse, and fill in OUT
 * (NATIVE_MAX bytes, aligned for any type), which refers to ENCODED.
 */
MUST_USE CK_RV parameter_parse_flat(const struct mechanism *mech, const uint8_t *encoded, size_t n,
	struct parameter *ret, void *out);

/*
 * As parameter_parse for ENCODED, which is part of a parameter, and the list FIELDS of the fields
 * of that part. No check beyond tags and lengths.
 */
MUST_USE CK_RV fields_parse(
	const struct field *fields, struct bytes encoded, struct parameter *ret);

#endif

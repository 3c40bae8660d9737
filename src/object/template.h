/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h: the caller's template, read once and checked attribute by attribute, before any
 * rule about objects.
 *
 * template_parse copies everything out of the caller's memory: numbers and flags into the
 * struct, bytes into ROOM inside or (long ones) a buffer of its own. What it refuses
 * (PKCS#11 "Creating objects"): unknown attribute CKR_ATTRIBUTE_TYPE_INVALID; a CK_BBOOL
 * not of length 1 (or neither 0 nor 1), a CK_ULONG not of 8, NULL with a length, length
 * -1, over-long values: CKR_ATTRIBUTE_VALUE_INVALID; the same attribute twice with
 * different values: CKR_TEMPLATE_INCONSISTENT (the same value twice is taken); count > 0
 * with NULL: CKR_ARGUMENTS_BAD; absurd counts: CKR_ARGUMENTS_BAD. Nested templates: depth
 * 1, at most 32 attributes.
 */
#ifndef KEYDIV_TOKEN_TEMPLATE_H
#define KEYDIV_TOKEN_TEMPLATE_H

#include "object/object.h"

/*
 * Attributes that a template can name and that are neither a flag nor a variable: a bit
 * in `given` each.
 */
enum given {
	GIVEN_CLASS = 1 << 0,
	GIVEN_KEY_TYPE = 1 << 1,
	GIVEN_VALUE = 1 << 2,
	GIVEN_VALUE_LEN = 1 << 3,
	GIVEN_KEY_GEN_MECHANISM = 1 << 4,
	GIVEN_UNIQUE_ID = 1 << 5,
	GIVEN_CHECK_VALUE = 1 << 6,
	GIVEN_PROFILE_ID = 1 << 7,
	GIVEN_MECHANISM_TYPE = 1 << 8,
	GIVEN_REMAINING = 1 << 9, /* CKA_KEYDIV_REMAINING: read only */
	GIVEN_OTHER =
		1
		<< 10, /* an attribute known to PKCS#11 that no object here has; searches match nothing */
	GIVEN_OTHER_FALSE =
		1
		<< 11, /* the same, a CK_BBOOL, CK_FALSE: taken and forgotten when an object is made */
	GIVEN_OTHER_TRUE = 1 << 12, /* the same, CK_TRUE */
};

#define TEMPLATE_VARIABLES 16
#define TEMPLATE_ROOM 256
#define TEMPLATE_ATTRIBUTES_MAX 128 /* more is absurd: there are not so many attributes */
#define TEMPLATE_BYTES_MAX                                                                         \
	SECRET_MAX /* longest value of an attribute, and longest encoding of a nested template */
#define TEMPLATE_NESTED_MAX 32 /* attributes in a nested template */

struct template
{
	uint32_t given;           /* enum given */
	uint32_t flags_given;     /* enum flag */
	uint32_t flags;           /* their values */
	uint32_t variables_given; /* bit (1 << enum variable) each */
	CK_OBJECT_CLASS object_class;
	CK_KEY_TYPE key_type;
	CK_ULONG value_len;
	CK_MECHANISM_TYPE key_gen_mechanism;
	CK_ULONG number; /* CKA_PROFILE_ID or CKA_MECHANISM_TYPE */
	struct bytes value, unique_id, check_value, remaining;
	/* by enum variable; encoded as object.h says; only those given are set */
	struct bytes variable[TEMPLATE_VARIABLES];
	uint8_t *heap; /* long bytes; wiped and freed by template_wipe */
	size_t heap_len;
	size_t used; /* of room */
	uint8_t room[TEMPLATE_ROOM];
};

/*
 * Declare it on the line before its template_parse: what wipes it at the end of the block reads it.
 */
#define TEMPLATE __attribute__((cleanup(template_wipe))) struct template

/*
 * See above. RET needs no initialising; on failure nothing needs wiping, but
 * template_wipe is allowed.
 */
MUST_USE CK_RV template_parse(const CK_ATTRIBUTE *attributes, CK_ULONG count, struct template *ret);
void template_wipe(struct template *t);

/*
 * Templates inside attributes (CKA_DERIVE_TEMPLATE ...), encoded: type (8) length (4) value each,
 * big-endian; a flag is 1 byte, a number 8, a list 8 for each element. Decode: hostile input gives
 * CKR_DEVICE_ERROR; RET borrows from ENCODED and owns nothing.
 */
MUST_USE CK_RV template_decode(struct bytes encoded, struct template *ret);

/* One attribute of an encoded template, taken off the front of *REST. CKR_DEVICE_ERROR. */
struct attribute;
struct nested {
	const struct attribute *attr;
	struct bytes value;
};
MUST_USE CK_RV template_next(struct bytes *rest, struct nested *ret);

/*
 * RET = T and what MORE says where T is silent, as CKA_DERIVE_TEMPLATE and CKA_UNWRAP_TEMPLATE ask:
 * CKR_TEMPLATE_INCONSISTENT where they differ. RET borrows from both and owns nothing.
 */
MUST_USE CK_RV template_merge(
	const struct template *t, const struct template *more, struct template *ret);

#endif

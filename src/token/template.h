/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h: the caller's template, read once and checked attribute by attribute, before any rule about objects.
 *
 * template_parse copies everything out of the caller's memory: numbers and flags into the struct, bytes into ROOM inside or
 * (long ones) a buffer of its own. What it refuses (PKCS#11 "Creating objects"): unknown attribute CKR_ATTRIBUTE_TYPE_INVALID; a
 * CK_BBOOL not of length 1 (or neither 0 nor 1), a CK_ULONG not of 8, NULL with a length, length -1, over-long values:
 * CKR_ATTRIBUTE_VALUE_INVALID; the same attribute twice with different values: CKR_TEMPLATE_INCONSISTENT (the same value twice is taken);
 * count > 0 with NULL: CKR_ARGUMENTS_BAD; absurd counts: CKR_ARGUMENTS_BAD. Nested templates: depth 1, at most 32 attributes.
 */
#ifndef KEYDIV_TOKEN_TEMPLATE_H
#define KEYDIV_TOKEN_TEMPLATE_H

#include "token/object.h"

/* Attributes that a template can name and that are neither a flag nor a variable: a bit in `given` each. */
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
	GIVEN_OTHER = 1 << 10,    /* an attribute known to PKCS#11 that no object here has; searches match nothing */
};

#define TEMPLATE_VARIABLES 16
#define TEMPLATE_ROOM 256

struct template {
	uint32_t given;       /* enum given */
	uint32_t flags_given; /* enum flag */
	uint32_t flags;       /* their values */
	uint32_t variables_given; /* bit (1 << enum variable) each */
	CK_OBJECT_CLASS object_class;
	CK_KEY_TYPE key_type;
	CK_ULONG value_len;
	CK_MECHANISM_TYPE key_gen_mechanism;
	CK_ULONG number; /* CKA_PROFILE_ID or CKA_MECHANISM_TYPE */
	struct bytes value, unique_id, check_value;
	struct bytes variable[TEMPLATE_VARIABLES]; /* by enum variable; encoded as object.h says; only those given are set */
	uint8_t *heap; /* long bytes; wiped and freed by template_wipe */
	size_t heap_len;
	size_t used; /* of room */
	uint8_t room[TEMPLATE_ROOM];
};

#define TEMPLATE __attribute__((cleanup(template_wipe))) struct template

/* See above. RET needs no initialising; on failure nothing needs wiping, but template_wipe is allowed. */
MUST_USE CK_RV template_parse(const CK_ATTRIBUTE *attributes, CK_ULONG count, struct template *ret);
void template_wipe(struct template *t);

/* Templates inside attributes (CKA_DERIVE_TEMPLATE ...): type (8) length (4) value each, lists and flags as bytes. Decode: hostile input CKR_DEVICE_ERROR. */
MUST_USE CK_RV template_decode(struct bytes encoded, struct template *ret);

#endif

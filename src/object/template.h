/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h: the template of a caller, read once and checked attribute by attribute before any
 * rule about objects.
 *
 * template_parse copies the caller's memory. Numbers and flags go into the struct, short bytes into
 * ROOM, and long bytes into a buffer on the heap. template_parse refuses the following faults
 * (PKCS#11 "Creating objects"):
 *
 * - an unknown attribute, with CKR_ATTRIBUTE_TYPE_INVALID;
 * - a CK_BBOOL of another length than 1 or another value than 0 and 1, a CK_ULONG of another length
 *   than 8, NULL with a length, length -1, and a value that is too long, with
 *   CKR_ATTRIBUTE_VALUE_INVALID;
 * - one attribute twice with different values, with CKR_TEMPLATE_INCONSISTENT;
 * - NULL with a count, and more than TEMPLATE_ATTRIBUTES_MAX attributes, with CKR_ARGUMENTS_BAD.
 *
 * A nested template has at most TEMPLATE_NESTED_MAX attributes. Only CKA_UNWRAP_TEMPLATE may
 * contain a further template, which is CKA_DERIVE_TEMPLATE.
 */
#ifndef KEYDIV_OBJECT_TEMPLATE_H
#define KEYDIV_OBJECT_TEMPLATE_H

#include "object/object.h"

/* One bit in `given` for each attribute that is neither a flag nor a variable. */
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
	/* An attribute of PKCS#11 that no object of this token has. A search matches nothing. */
	GIVEN_OTHER = 1 << 10,
	/*
	 * A usage flag of other classes as CK_FALSE: accepted and ignored when an object is made.
	 */
	GIVEN_OTHER_FALSE = 1 << 11,
	GIVEN_OTHER_TRUE = 1 << 12, /* the same flag as CK_TRUE */
	GIVEN_PARAMETER = 1 << 13,  /* CKA_KEYDIV_PARAMETER: the mechanism parameter, never kept */
};

#define TEMPLATE_VARIABLES (VARIABLE_LAST + 1)
#define TEMPLATE_ROOM 256
#define TEMPLATE_ATTRIBUTES_MAX 128 /* more than there are attributes */
#define TEMPLATE_BYTES_MAX 4096 /* longest value except CKA_VALUE, and longest nested template */
#define TEMPLATE_NESTED_MAX 32  /* attributes in a nested template */

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
	struct bytes value, unique_id, check_value, remaining, parameter;
	/* By enum variable, encoded as in object.h. Only those of variables_given are set. */
	struct bytes variable[TEMPLATE_VARIABLES];
	uint8_t *heap; /* long bytes; wiped and freed by template_wipe */
	size_t heap_len;
	size_t used; /* of room */
	uint8_t room[TEMPLATE_ROOM];
};

/*
 * A template that is wiped at the end of the block. Declare it directly before template_parse,
 * because template_wipe reads the struct.
 */
#define TEMPLATE __attribute__((cleanup(template_wipe))) struct template

/*
 * Parse COUNT attributes. RET needs no initialisation. After a failure RET owns nothing, and
 * template_wipe is allowed.
 */
MUST_USE CK_RV template_parse(const CK_ATTRIBUTE *attributes, CK_ULONG count, struct template *ret);
void template_wipe(struct template *t);

/*
 * Find CKA_KEYDIV_PARAMETER among COUNT attributes and copy its value to OUT (MAX bytes). *RET_N is
 * its length. *RET_FOUND is false if the template has none. CKR_MECHANISM_PARAM_INVALID for NULL
 * with a length and for more than MAX bytes.
 */
MUST_USE CK_RV template_parameter(const CK_ATTRIBUTE *attributes, CK_ULONG count, uint8_t *out,
	size_t max, size_t *ret_n, bool *ret_found);

/*
 * Decode the value of OUTER, which is VAR_WRAP_TEMPLATE, VAR_UNWRAP_TEMPLATE or
 * VAR_DERIVE_TEMPLATE. Each attribute is type (8 bytes), length (4) and value, big-endian. A flag
 * takes 1 byte, a number 8, a list 8 for each element. RET borrows from ENCODED and owns nothing.
 * CKR_DEVICE_ERROR for hostile input.
 */
MUST_USE CK_RV template_decode(enum variable outer, struct bytes encoded, struct template *ret);

/* Take one attribute off the front of *REST, which is encoded as above. CKR_DEVICE_ERROR. */
struct attribute;
struct nested {
	const struct attribute *attr;
	struct bytes value;
};
MUST_USE CK_RV template_next(enum variable outer, struct bytes *rest, struct nested *ret);

/* Return true if every element of the encoded list INNER is also in the encoded list OUTER. */
bool list_within(struct bytes inner, struct bytes outer);

/*
 * Make RET the template T with the attributes of MORE added, as CKA_DERIVE_TEMPLATE and
 * CKA_UNWRAP_TEMPLATE require. CKR_TEMPLATE_INCONSISTENT if both give one attribute with different
 * values. SHORTER: a CKA_ALLOWED_MECHANISMS of T within that of MORE agrees with it. RET borrows
 * from both and owns nothing.
 */
MUST_USE CK_RV template_merge(
	const struct template *t, const struct template *more, bool shorter, struct template *ret);

#endif

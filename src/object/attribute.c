/* SPDX-License-Identifier: Apache-2.0 */
/* attribute.c: the table of attributes and the sets that the policy uses; see attribute.h. */
#include "object/attribute.h"

#include "object/attribute_list.h"

const CK_ATTRIBUTE_TYPE variable_types[] = {
	[VAR_LABEL] = CKA_LABEL,
	[VAR_ID] = CKA_ID,
	[VAR_APPLICATION] = CKA_APPLICATION,
	[VAR_OBJECT_ID] = CKA_OBJECT_ID,
	[VAR_START_DATE] = CKA_START_DATE,
	[VAR_END_DATE] = CKA_END_DATE,
	[VAR_ALLOWED_MECHANISMS] = CKA_ALLOWED_MECHANISMS,
	[VAR_WRAP_TEMPLATE] = CKA_WRAP_TEMPLATE,
	[VAR_UNWRAP_TEMPLATE] = CKA_UNWRAP_TEMPLATE,
	[VAR_DERIVE_TEMPLATE] = CKA_DERIVE_TEMPLATE,
	[VAR_TRANSACTION] = CKA_KEYDIV_TRANSACTION,
	[VAR_SHAPE] = CKA_KEYDIV_SHAPE,
	[VAR_RESERVE] = CKA_KEYDIV_RESERVE,
	[VAR_PUBLIC_VALUE] = CKA_VALUE,
	[VAR_MASTER_LIST] = CKA_ALLOWED_MECHANISMS,
	[VAR_WINDOW] = CKA_KEYDIV_WINDOW,
	[VAR_FOREIGN_KEY] = CKA_KEYDIV_FOREIGN_KEY,
	[VAR_FOREIGN_CHECK] = CKA_KEYDIV_FOREIGN_KEY,
};

#define NUMBER_OF(a, b, type, kind, on, rules, bit) ATTR_##type,
enum { ATTR_NONE, ATTRIBUTE_LIST(NUMBER_OF, 0, 0) ATTR_COUNT };
#undef NUMBER_OF

_Static_assert(ATTR_COUNT <= 256, "an attribute's number is a byte");

#define TABLE_ENTRY(a, b, type, kind, on, rules, bit) {type, #type, kind, on, rules, bit},
const struct attribute attribute_table[ATTR_COUNT] = {
	{CK_UNAVAILABLE_INFORMATION, NULL, KIND_OTHER, 0, 0, 0}, ATTRIBUTE_LIST(TABLE_ENTRY, 0, 0)};
#undef TABLE_ENTRY

#define PLACE_OF(a, b, type, kind, on, rules, bit) [ATTRIBUTE_PLACE(type)] = ATTR_##type,
const uint8_t attribute_places[ATTRIBUTE_PLACES] = {ATTRIBUTE_LIST(PLACE_OF, 0, 0)};
#undef PLACE_OF

/*
 * --- Sets, computed by the compiler ---
 *
 * Each PICK is one term of an OR over the list. WHO is a mask of `on`. WHEN is one of the
 * rules or 0.
 */

#define IS_VARIABLE(kind)                                                                          \
	((kind) == KIND_VARIABLE || (kind) == KIND_DATE || (kind) == KIND_MECHANISMS ||            \
		(kind) == KIND_TEMPLATE || (kind) == KIND_FLAT_TEMPLATE ||                         \
		(kind) == KIND_STORED_NUMBER)
#define IS_GIVEN(kind) ((kind) == KIND_NUMBER || (kind) == KIND_VALUE || (kind) == KIND_COMPUTED)
#define HAS(who, when, on, rules) (((on) & (who)) != 0 && ((rules) & (when)) == (when))

#define PICK_FLAG(who, when, type, kind, on, rules, bit)                                           \
	| ((kind) == KIND_FLAG && HAS(who, when, on, rules) ? (uint32_t)(bit) : 0u)
#define PICK_VARIABLE(who, when, type, kind, on, rules, bit)                                       \
	| (IS_VARIABLE(kind) && HAS(who, when, on, rules) ? 1u << ((bit)&31) : 0u)
#define PICK_GIVEN(who, when, type, kind, on, rules, bit)                                          \
	| (IS_GIVEN(kind) && (uint32_t)(bit) != GIVEN_OTHER && HAS(who, when, on, rules)           \
			  ? (uint32_t)(bit)                                                        \
			  : 0u)

/* MORE: attributes that this kind of object takes at this moment although the rules say no. */
#define SET(who, when, more)                                                                       \
	{                                                                                          \
		0 ATTRIBUTE_LIST(PICK_FLAG, who, when),                                            \
			0 ATTRIBUTE_LIST(PICK_VARIABLE, who, when),                                \
			(more)ATTRIBUTE_LIST(PICK_GIVEN, who, when)                                \
	}

const struct attribute_set attribute_sets[WHO_COUNT][WHEN_COUNT] = {
	[WHO_KEY] =
		{
			[WHEN_EVER] = SET(ON_KEY, 0, 0),
			[WHEN_CREATE] = SET(ON_KEY, AT_CREATE, 0),
			[WHEN_GENERATE] = SET(ON_KEY, AT_GENERATE, 0),
			[WHEN_DERIVE] = SET(ON_KEY, AT_DERIVE, 0),
			[WHEN_UNWRAP] = SET(ON_KEY, AT_UNWRAP, 0),
			[WHEN_COPY] = SET(ON_KEY, AT_COPY, 0),
			[WHEN_SET] = SET(ON_KEY, AT_SET, 0),
		},
	[WHO_CLIENT] =
		{
			[WHEN_EVER] = SET(ON_KEY | ON_CLIENT, 0, 0),
			[WHEN_DERIVE] = SET(ON_KEY | ON_CLIENT, AT_DERIVE, 0),
			[WHEN_SET] = SET(ON_KEY | ON_CLIENT, AT_SET, 0),
		},
	[WHO_DATA] =
		{
			[WHEN_EVER] = SET(ON_DATA, 0, 0),
			[WHEN_CREATE] = SET(ON_DATA, AT_CREATE, 0),
			/* CKM_HKDF_DATA needs a length, although data has no CKA_VALUE_LEN. */
			[WHEN_DERIVE] = SET(ON_DATA, AT_DERIVE, GIVEN_VALUE_LEN),
			/* The value of data may change. The value of a key never changes. */
			[WHEN_COPY] = SET(ON_DATA, AT_COPY, GIVEN_VALUE),
			[WHEN_SET] = SET(ON_DATA, AT_SET, GIVEN_VALUE),
		},
	[WHO_PROFILE] = {[WHEN_EVER] = SET(ON_PROFILE, 0, 0)},
	[WHO_MECHANISM] = {[WHEN_EVER] = SET(ON_MECHANISM, 0, 0)},
};

const uint32_t attribute_flags_only_true = 0 ATTRIBUTE_LIST(PICK_FLAG, ON_ALL, ONLY_TRUE);
const uint32_t attribute_flags_only_false = 0 ATTRIBUTE_LIST(PICK_FLAG, ON_ALL, ONLY_FALSE);
const uint32_t attribute_flags_only_so = 0 ATTRIBUTE_LIST(PICK_FLAG, ON_ALL, ONLY_SO);
const struct attribute_set attributes_only_deriving = SET(ON_ALL, ONLY_DERIVING, 0);

enum attribute_who attribute_who(const struct object *o)
{
	switch (o->object_class) {
	case CKO_DATA:
		return WHO_DATA;
	case CKO_PROFILE:
		return WHO_PROFILE;
	case CKO_MECHANISM:
		return WHO_MECHANISM;
	default:
		return key_type_is_state(o->key_type) ? WHO_CLIENT : WHO_KEY;
	}
}

CK_ULONG attributes_size(const struct object *o)
{
	return sizeof(struct object) - VARIABLES_INLINE - SECRET_INLINE + o->variables.len +
	       o->value.len;
}

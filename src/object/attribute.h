/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attribute.h: the table of attributes, and reading them. Create, copy, set, derive, unwrap, search
 * and read all use the table. No other place knows the type of an attribute or who may set it.
 */
#ifndef KEYDIV_OBJECT_ATTRIBUTE_H
#define KEYDIV_OBJECT_ATTRIBUTE_H

#include "object/template.h"

enum attribute_kind {
	KIND_FLAG,
	KIND_NUMBER,
	KIND_VARIABLE,
	KIND_DATE,
	KIND_MECHANISMS,
	KIND_TEMPLATE,      /* an array of CK_ATTRIBUTE: not with parameters = flat */
	KIND_FLAT_TEMPLATE, /* the same attribute of the object without pointers (keydiv.h) */
	KIND_VALUE,
	KIND_COMPUTED,
	KIND_STORED_NUMBER, /* a CK_ULONG that is kept among the variables */
	KIND_OTHER,         /* known to PKCS#11, on no object of this token */
	/* Usage flags of other classes. Clients often send them as CK_FALSE. */
	KIND_OTHER_FLAG,
};

/* The classes that have an attribute. */
enum {
	ON_KEY = 1,
	ON_DATA = 2,
	ON_PROFILE = 4,
	ON_MECHANISM = 8,
	ON_CLIENT = 16, /* O-DUKPT client states, in addition to ON_KEY */
	ON_ALL = ON_KEY | ON_DATA | ON_PROFILE | ON_MECHANISM,
};

/* The rules of an attribute: when it may be given, and how it may change. */
enum {
	AT_CREATE = 1,        /* C_CreateObject */
	AT_GENERATE = 2,      /* C_GenerateKey */
	AT_DERIVE = 4,        /* C_DeriveKey */
	AT_UNWRAP = 8,        /* C_UnwrapKey */
	AT_COPY = 16,         /* C_CopyObject may give another value */
	AT_SET = 32,          /* C_SetAttributeValue may */
	ONLY_TRUE = 64,       /* by copy and set only to CK_TRUE */
	ONLY_FALSE = 128,     /* by copy and set only to CK_FALSE */
	ONLY_SO = 256,        /* to CK_TRUE by the SO only */
	IS_SECRET = 512,      /* not readable and not searchable if sensitive or not extractable */
	ONLY_SHRINK = 1024,   /* by copy and set only to a subset: CKA_ALLOWED_MECHANISMS */
	ONLY_DERIVING = 2048, /* only on a key with CKA_DERIVE */
};

struct attribute {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
	uint8_t kind; /* enum attribute_kind */
	uint8_t on;
	uint16_t rules;
	uint32_t bit; /* enum flag, enum variable or enum given, by kind */
};

/*
 * The table, and the index in the table for each type. Only attribute_find uses them. The index is
 * a hash without collisions, because the compiler and test_attribute reject two entries for one
 * place. An unused place has index 0. Entry 0 has a type that no caller can find.
 */
#define ATTRIBUTE_PLACES 4096
#define ATTRIBUTE_PLACE(type) (((type) ^ ((type) >> 16)) & (ATTRIBUTE_PLACES - 1))
extern const struct attribute attribute_table[] __attribute__((visibility("hidden")));
extern const uint8_t attribute_places[ATTRIBUTE_PLACES] __attribute__((visibility("hidden")));

/* Return the attribute of TYPE, or NULL. Constant time. */
static inline const struct attribute *attribute_find(CK_ATTRIBUTE_TYPE type)
{
	const struct attribute *attr = &attribute_table[attribute_places[ATTRIBUTE_PLACE(type)]];

	return __builtin_expect(attr->type == type, 1) ? attr : NULL;
}

/*
 * Sets of attributes, computed from the table. WHEN_EVER is every attribute that a kind of object
 * has. The other sets are the attributes that a template may give at that moment.
 */
struct attribute_set {
	uint32_t flags;     /* enum flag */
	uint32_t variables; /* 1 << enum variable */
	uint32_t given;     /* enum given */
};

enum attribute_who { WHO_KEY, WHO_CLIENT, WHO_DATA, WHO_PROFILE, WHO_MECHANISM, WHO_COUNT };
enum attribute_when {
	WHEN_EVER,
	WHEN_CREATE,
	WHEN_GENERATE,
	WHEN_DERIVE,
	WHEN_UNWRAP,
	WHEN_COPY,
	WHEN_SET,
	WHEN_COUNT
};

extern const struct attribute_set attribute_sets[WHO_COUNT][WHEN_COUNT]
	__attribute__((visibility("hidden")));

/* Attributes that only a key with CKA_DERIVE may have. */
extern const struct attribute_set attributes_only_deriving __attribute__((visibility("hidden")));

/*
 * Flags that copy and set may only turn on, flags that copy and set may only turn off, and flags
 * that only the SO changes. A flag in the first two sets never changes.
 */
extern const uint32_t attribute_flags_only_true __attribute__((visibility("hidden")));
extern const uint32_t attribute_flags_only_false __attribute__((visibility("hidden")));
extern const uint32_t attribute_flags_only_so __attribute__((visibility("hidden")));

/* Return the kind of object that O is. */
enum attribute_who attribute_who(const struct object *o);

/* The inputs of reading: the object, and values that are not in the object. */
struct reading {
	const struct object *object;
	CK_OBJECT_HANDLE handle;
	const uint8_t *unique_id; /* 16 bytes; CKA_UNIQUE_ID is their 32 hexadecimal digits */
	struct key *key;          /* scratch for CKA_CHECK_VALUE; NULL: that attribute is absent */
	/*
	 * Runs the self-test of a CKO_MECHANISM object for CKA_KEYDIV_SELFTEST (the result) and
	 * CKA_KEYDIV_SELFTEST_TIME (nanoseconds). NULL: these attributes are absent.
	 */
	CK_RV (*self_test)(CK_MECHANISM_TYPE type, CK_ULONG *ret_rv, CK_ULONG *ret_ns);
};

/*
 * C_GetAttributeValue for all entries, cases 1 to 5 of the standard. A client state has TRANSACTION
 * and REMAINING only if the state is in r->object->value, and not in a file.
 */
MUST_USE CK_RV attributes_read(const struct reading *r, CK_ATTRIBUTE *attributes, CK_ULONG count);

/*
 * Return true if the object has every attribute of T with exactly the same bytes (C_FindObjects). A
 * value that cannot be read never matches.
 */
bool attributes_match(const struct reading *r, const struct template *t);

/* Return an estimate of the memory of O in bytes, for C_GetObjectSize. */
CK_ULONG attributes_size(const struct object *o);

/* The CKA_ number of each variable attribute, by enum variable. */
extern const CK_ATTRIBUTE_TYPE variable_types[];

#endif

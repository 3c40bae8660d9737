/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attribute.h: the table of attributes, an attribute each, and reading them. Create, copy, set, derive,
 * unwrap, search and read all walk it; there is no other place that knows an attribute's type or
 * who may set it.
 */
#ifndef KEYDIV_TOKEN_ATTRIBUTE_H
#define KEYDIV_TOKEN_ATTRIBUTE_H

#include "object/template.h"

enum attribute_kind {
	KIND_FLAG,
	KIND_NUMBER,
	KIND_VARIABLE,
	KIND_DATE,
	KIND_MECHANISMS,
	KIND_TEMPLATE,
	KIND_VALUE,
	KIND_COMPUTED,
	KIND_STORED_NUMBER, /* a CK_ULONG that is kept among the variables */
	KIND_OTHER,         /* known to PKCS#11, on no object here */
	/*
	 * the same, of type CK_BBOOL: usage flags of other classes, which clients send as CK_FALSE
	 */
	KIND_OTHER_FLAG,
};

/* On which classes an attribute stands. */
enum {
	ON_KEY = 1,
	ON_DATA = 2,
	ON_PROFILE = 4,
	ON_MECHANISM = 8,
	ON_CLIENT = 16, /* O-DUKPT client states, beside ON_KEY */
	ON_ALL = ON_KEY | ON_DATA | ON_PROFILE | ON_MECHANISM,
};

/* Who may set it, and when. */
enum {
	AT_CREATE = 1,      /* C_CreateObject */
	AT_GENERATE = 2,    /* C_GenerateKey */
	AT_DERIVE = 4,      /* C_DeriveKey */
	AT_UNWRAP = 8,      /* C_UnwrapKey */
	AT_COPY = 16,       /* C_CopyObject may give another value */
	AT_SET = 32,        /* C_SetAttributeValue may */
	ONLY_TRUE = 64,     /* by copy and set only to CK_TRUE */
	ONLY_FALSE = 128,   /* by copy and set only to CK_FALSE */
	ONLY_SO = 256,      /* to CK_TRUE by the SO only */
	IS_SECRET = 512,    /* not readable and not searchable if sensitive or not extractable */
	ONLY_SHRINK = 1024, /* by copy and set only to a subset: CKA_ALLOWED_MECHANISMS */
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
 * The attributes, the first of them for what is not there (its type has another attr's place, so it
 * is never found), and where each type's attr is: a hash without collisions (two initialisers
 * for one place would be noticed by the compiler, and by test_attribute). Here for the sake
 * of attribute_find alone.
 */
#define ATTRIBUTE_PLACES 4096
#define ATTRIBUTE_PLACE(type) (((type) ^ ((type) >> 19)) & (ATTRIBUTE_PLACES - 1))
extern const struct attribute attribute_table[] __attribute__((visibility("hidden")));
extern const uint8_t attribute_places[ATTRIBUTE_PLACES] __attribute__((visibility("hidden")));

/* The attr of TYPE, or NULL. Constant time. */
static inline const struct attribute *attribute_find(CK_ATTRIBUTE_TYPE type)
{
	const struct attribute *attr = &attribute_table[attribute_places[ATTRIBUTE_PLACE(type)]];

	return __builtin_expect(attr->type == type, 1) ? attr : NULL;
}

/*
 * Sets of attributes, taken from the table: what stands on a kind of object, and what may be given
 * for it at a moment.
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

/* Flags that copy and set may only turn on, or only off; flags that only the SO turns on. */
extern const uint32_t attribute_flags_only_true __attribute__((visibility("hidden")));
extern const uint32_t attribute_flags_only_false __attribute__((visibility("hidden")));
extern const uint32_t attribute_flags_only_so __attribute__((visibility("hidden")));

enum attribute_who attribute_who(const struct object *o);

/* What reading needs beside the object itself. */
struct reading {
	const struct object *object;
	CK_OBJECT_HANDLE handle;
	const uint8_t *unique_id; /* 16 bytes; CKA_UNIQUE_ID is their 32 hexadecimal digits */
	struct key *key;          /* scratch, for CKA_CHECK_VALUE; NULL: it cannot be had */
	/*
	 * CKO_MECHANISM objects: the result of the mechanism's self-test and what it took, for
	 * CKA_KEYDIV_SELFTEST and CKA_KEYDIV_SELFTEST_TIME. NULL: these attributes cannot be had.
	 */
	CK_RV (*selftest)(CK_MECHANISM_TYPE type, CK_ULONG *ret_rv, CK_ULONG *ret_ns);
};

/*
 * C_GetAttributeValue, all entries, cases 1 to 5 of the standard. A client state whose state is not
 * in r->object->value (it is in a file) has no TRANSACTION and no REMAINING.
 */
MUST_USE CK_RV attributes_read(const struct reading *r, CK_ATTRIBUTE *attributes, CK_ULONG count);

/*
 * Whether the object matches T in every attribute, as C_FindObjects has it: exact bytes; a secret
 * value never matches.
 */
bool attributes_match(const struct reading *r, const struct template *t);

/* An estimate of the bytes O takes, for C_GetObjectSize. */
CK_ULONG attributes_size(const struct object *o);

#endif

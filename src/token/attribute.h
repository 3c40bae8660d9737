/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attribute.h: the table of attributes, a row each, and reading them. Create, copy, set, derive, unwrap, search and
 * read all walk it; there is no other place that knows an attribute's type or who may set it.
 */
#ifndef KEYDIV_TOKEN_ATTRIBUTE_H
#define KEYDIV_TOKEN_ATTRIBUTE_H

#include "token/template.h"

enum attribute_kind { KIND_FLAG, KIND_NUMBER, KIND_VARIABLE, KIND_DATE, KIND_MECHANISMS, KIND_TEMPLATE, KIND_VALUE, KIND_COMPUTED };

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

/* The row of TYPE, or NULL. Constant time. */
const struct attribute *attribute_find(CK_ATTRIBUTE_TYPE type);

/* What reading needs beside the object itself. */
struct reading {
	const struct object *object;
	CK_OBJECT_HANDLE handle;
	const uint8_t *unique_id; /* 16 bytes; CKA_UNIQUE_ID is their 32 hexadecimal digits */
	struct key *key;          /* scratch, for CKA_CHECK_VALUE */
};

/* C_GetAttributeValue, all entries, cases 1 to 5 of the standard. */
MUST_USE CK_RV attributes_read(const struct reading *r, CK_ATTRIBUTE *attributes, CK_ULONG count);

/* Whether the object matches T in every attribute, as C_FindObjects has it: exact bytes; a secret value never matches. */
bool attributes_match(const struct reading *r, const struct template *t);

/* An estimate of the bytes O takes, for C_GetObjectSize. */
CK_ULONG attributes_size(const struct object *o);

#endif

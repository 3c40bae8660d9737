/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: the names of numbers on the command line and in output. */
#ifndef KEYDIV_TOOL_NAMES_H
#define KEYDIV_TOOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define NAME_TEXT_MAX 48
#define ALLOWED_MAX 64

/*
 * Write the name of mechanism TYPE, as "CKM_AES_CMAC", or its number to RET, which
 * has NAME_TEXT_MAX bytes.
 */
void mechanism_name(CK_MECHANISM_TYPE type, char *ret);

/* A mechanism of keydiv's own table (mechanism_names.h has the columns in this order). */
struct mechanism_about {
	CK_MECHANISM_TYPE type;
	const char *name;
	const char *inputs;    /* as "master -> device key: DEVICE [SALT] [PURPOSE]", or "" */
	const char *source;    /* the document that defines the mechanism */
	const char *scheme;    /* allowed together with others under this name, "" for none */
	const char *key_types; /* with commas between them */
	const char *parameter; /* of a published answer, in hexadecimal, "" if it has no fields */
	const char *use;       /* the command that uses a key so, with its options, or "" */
	const char *message;   /* if the key itself is used: an example in hexadecimal; or NULL */
};

/* Return what the table says about TYPE. All texts are "" for a mechanism of other tokens. */
const struct mechanism_about *mechanism_about(CK_MECHANISM_TYPE type);

/*
 * Write NAME, of a mechanism or of a field, as people type it to RET, which has NAME_TEXT_MAX
 * bytes: in lower case, with - for _ and without CKM_ or CKM_KEYDIV_.
 */
void name_word(const char *name, char *ret);

/* A field of a mechanism, with the length in bytes that this mechanism takes. */
struct mechanism_field {
	CK_MECHANISM_TYPE mechanism;
	const char *name;
	bool required, number;
	unsigned short min, max;
};

/* Return the field of the mechanism TYPE after LAST, or its first field for NULL. NULL: no more. */
const struct mechanism_field *mechanism_field_next(
	CK_MECHANISM_TYPE type, const struct mechanism_field *last);

/* Find a mechanism by NAME, with or without CKM_ or CKM_KEYDIV_. False after a report. */
MUST_USE bool mechanism_read(const char *name, CK_MECHANISM_TYPE *ret);

/* Return true if GIVEN is NAME in any case, with - or _. */
bool name_matches(const char *name, const char *given);

/* A list of mechanisms for CKA_ALLOWED_MECHANISMS. */
struct allowed {
	CK_ULONG count;
	CK_MECHANISM_TYPE type[ALLOWED_MAX];
};

/*
 * Read a comma-separated list of mechanism names (with or without CKM_ or CKM_KEYDIV_, in either
 * case, - for _), numbers (0x...) and schemes ("device", "odukpt", ...). False after a report.
 */
MUST_USE bool allowed_read(const char *text, struct allowed *ret);

/* Add TYPE to ALLOWED unless it is there. False after a report if the list is full. */
MUST_USE bool allowed_add(struct allowed *allowed, CK_MECHANISM_TYPE type);

/* A type of key, from keydiv's own table (mechanism_names.h has the columns in this order). */
struct key_kind {
	const char *name;
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE generate; /* of C_GenerateKey, or CK_UNAVAILABLE_INFORMATION */
	CK_MECHANISM_TYPE mac;      /* the usual MAC, or CK_UNAVAILABLE_INFORMATION */
	CK_ULONG bytes;             /* its only length, or 0 if templates need CKA_VALUE_LEN */
	bool parity;                /* each byte has odd parity */
	bool state;          /* the state of a client, which the tool does not create as a key */
	bool cmac_check;     /* a master has a CMAC as check value, and no encrypted block */
	unsigned char block; /* of the block cipher in bytes, or 0 if the type has none */
	/* Encrypts one block, or CK_UNAVAILABLE_INFORMATION. The usual MAC is then the CMAC. */
	CK_MECHANISM_TYPE ecb;
	/* Allowed, in bytes and ascending, ended by 0. An empty list allows any length. */
	unsigned char lengths[8];
};

/* Find a key type by its name on the command line. NULL after a report. */
const struct key_kind *key_kind_read(const char *name);

/* Return the key type that C_GenerateKey makes by the mechanism TYPE, or NULL. */
const struct key_kind *key_kind_generated(CK_MECHANISM_TYPE type);

/* Write the name of key type TYPE to RET, which has NAME_TEXT_MAX bytes. */
void key_type_name(CK_KEY_TYPE type, char *ret);

/* Return the only length in bytes of a key of TYPE, or 0 if CKA_VALUE_LEN gives the length. */
CK_ULONG key_type_bytes(CK_KEY_TYPE type);

/* Return the usual MAC under a key of TYPE, or CK_UNAVAILABLE_INFORMATION. */
CK_MECHANISM_TYPE key_type_mac(CK_KEY_TYPE type);

/* Usage flags by name. */
struct usage {
	const char *name;
	CK_ATTRIBUTE_TYPE type;
};

extern const struct usage usages[]; /* ended by a NULL name */

/*
 * Read a comma-separated list of usages into a bit for each entry of `usages`. False
 * after a report.
 */
MUST_USE bool usage_read(const char *text, unsigned *ret_bits);

/* Return the bit of usage_read for the attribute TYPE, or 0 if TYPE is no usage. */
unsigned usage_bit(CK_ATTRIBUTE_TYPE type);

#endif

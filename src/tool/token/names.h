/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: what numbers are called on the command line and in output. */
#ifndef KEYDIV_TOOL_NAMES_H
#define KEYDIV_TOOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define NAME_TEXT_MAX 48
#define ALLOWED_MAX 64

/* The name of mechanism TYPE as "CKM_AES_CMAC", or its number; RET has NAME_TEXT_MAX bytes. */
void mechanism_name(CK_MECHANISM_TYPE type, char *ret);

/*
 * What a mechanism of keydiv takes, "" for others: "master -> device key: DEVICE [SALT] [PURPOSE]".
 */
const char *mechanism_help(CK_MECHANISM_TYPE type);

/* A list of mechanisms for CKA_ALLOWED_MECHANISMS. */
struct allowed {
	CK_ULONG count;
	CK_MECHANISM_TYPE type[ALLOWED_MAX];
};

/*
 * Read a comma-separated list of mechanism names (with or without CKM_ or CKM_KEYDIV_, in either
 * case, - for _), numbers (0x...) and schemes ("device", "odukpt", ...). False: reported.
 */
MUST_USE bool allowed_read(const char *text, struct allowed *ret);

/* A type of key, from keydiv's own table (mechanism_names.h has the columns in this order). */
struct key_kind {
	const char *name;
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE generate; /* by C_GenerateKey; CK_UNAVAILABLE_INFORMATION: not offered */
	CK_MECHANISM_TYPE mac;      /* the usual MAC; CK_UNAVAILABLE_INFORMATION: none */
	CK_ULONG bytes;             /* its only length; 0: several, CKA_VALUE_LEN is in templates */
	bool parity;                /* each byte has odd parity */
	bool state;                 /* the state of a client: no key that the tool makes */
};

/* By its name on the command line; NULL: reported. */
const struct key_kind *key_kind_read(const char *name);

/* The name of key type TYPE; RET has NAME_TEXT_MAX bytes. */
void key_type_name(CK_KEY_TYPE type, char *ret);

/* The length in bytes a key of TYPE has by its type alone; 0: CKA_VALUE_LEN says. */
CK_ULONG key_type_bytes(CK_KEY_TYPE type);

/* The usual MAC under a key of TYPE; CK_UNAVAILABLE_INFORMATION: none. */
CK_MECHANISM_TYPE key_type_mac(CK_KEY_TYPE type);

/* Usage flags by name. */
struct usage {
	const char *name;
	CK_ATTRIBUTE_TYPE type;
};

extern const struct usage usages[]; /* ended by a NULL name */

/* Read a comma-separated list of usages into a bit for each row of `usages`. False: reported. */
MUST_USE bool usage_read(const char *text, unsigned *ret_bits);

#endif

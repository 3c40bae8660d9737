/* SPDX-License-Identifier: Apache-2.0 */
/* derivation.h: deriving one key and telling what came out, for every command that derives. */
#ifndef KEYDIV_TOOL_DERIVATION_H
#define KEYDIV_TOOL_DERIVATION_H

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/options.h"
#include "tool/output.h"
#include "tool/report.h"
#include "tool/text.h"
#include "tool/token/attributes.h"
#include "tool/token/device_record.h"
#include "tool/token/names.h"

#define MAC_MAX 64
#define SERIAL_MAX 128 /* bytes of the field DEVICE */

/* What the options say about the result. Begin with RESULT_WISH. */
struct result_wish {
	/* from the options */
	const char *type, *usage, *allow, *mac, *mac_file;
	long long length;
	bool extractable;
	/* read from them by result_wish_read */
	const struct key_kind *kind; /* NULL: the mechanism's default */
	unsigned usages;
	struct allowed allowed;
	struct text message; /* for the MAC */
	bool with_mac;
};

#define RESULT_WISH                                                                                \
	{                                                                                          \
		.length = -1                                                                       \
	}

/* Rows for a command's option table. */
#define RESULT_OPTIONS(wish)                                                                       \
	TEXT_OPTION("type", "TYPE", &(wish).type,                                                  \
		"type of the derived key (default: the mechanism's)"),                             \
		NUMBER_OPTION("length", "BYTES", &(wish).length,                                   \
			"length of the derived key (default: the mechanism's)"),                   \
		TEXT_OPTION("usage", "LIST", &(wish).usage,                                        \
			"what the derived key may do, as in key generate"),                        \
		TEXT_OPTION("mac", "TEXT", &(wish).mac,                                            \
			"print also the MAC of TEXT made with the derived key"),                   \
		TEXT_OPTION("mac-file", "FILE", &(wish).mac_file,                                  \
			"the same, of what is in FILE (up to 64 KiB)")

/*
 * Begin the parameter P with the fields of a device key: the serial of N bytes, SALT if not empty,
 * PURPOSE if not NULL.
 */
void device_parameter(KEYDIV_PARAMETER *p, const char *serial, size_t n, const struct salt *salt,
	const char *purpose);

/* Check and read the options. False: reported. */
MUST_USE bool result_wish_read(struct result_wish *wish);
void result_wish_free(struct result_wish *wish);

/* The template of a result, a session object: type, length, usage. */
void result_template(const struct result_wish *wish, struct template *t);

struct result {
	char check_value[CHECK_VALUE_TEXT];
	CK_ULONG mac_length;
	unsigned char mac[MAC_MAX];
};

/* The check value of KEY and, if wished, a MAC made with it. Says what is wrong in PROBLEM. */
MUST_USE bool result_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key,
	const struct result_wish *wish, struct result *ret, struct problem *problem);

/* Append the members of RESULT to the object O. */
void result_add(struct json_object *o, const struct result_wish *wish, const struct result *result);

#endif

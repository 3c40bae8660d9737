/* SPDX-License-Identifier: Apache-2.0 */
/* wrapping.h: wrap a key under a key of the token, for every command that lets a key leave. */
#ifndef KEYDIV_TOOL_WRAPPING_H
#define KEYDIV_TOOL_WRAPPING_H

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/options.h"
#include "tool/output.h"
#include "tool/text.h"
#include "tool/token/client.h"
#include "tool/token/fields.h"

#define WRAPPED_MAX 10240 /* the longest key block has 9992 characters */

/* How a key is wrapped. Begin with WRAP_REQUEST, and keep the struct where it is. */
struct wrap_request {
	/* from the options */
	const char *kek_name; /* NULL: nothing is wrapped */
	const char *mechanism_text, *header;
	struct texts field_texts;
	bool key_block;
	/* wrap_request_read() sets the members below */
	CK_MECHANISM mechanism;
	KEYDIV_PARAMETER parameter; /* of MECHANISM */
	/* set by wrap_request_find() or by the command */
	CK_OBJECT_HANDLE kek;
};

#define WRAP_REQUEST                                                                               \
	{                                                                                          \
		.mechanism = { CKM_AES_KEY_WRAP_KWP, NULL, 0 }                                     \
	}

/* Entries for a command's option table. */
#define WRAP_OPTIONS(w)                                                                            \
	TEXT_OPTION("wrap-with", "KEY", &(w).kek_name,                                             \
		"print the key wrapped under KEY, by AES-KWP unless another option says more"),    \
		FLAG_OPTION("key-block", &(w).key_block,                                           \
			"wrap as a key block (TR-31, X9.143, ISO 20038)"),                         \
		TEXT_OPTION("key-block-header", "HEADER", &(w).header,                             \
			"wrap as a key block with this header (default: made from the key)"),      \
		TEXT_OPTION("wrap-mechanism", "MECHANISM", &(w).mechanism_text,                    \
			"wrap by this mechanism, with the fields of --wrap-field"),                \
		TEXTS_OPTION("wrap-field", "FIELD=VALUE", &(w).field_texts,                        \
			"field for --wrap-mechanism; may be repeated")

/* Check and read the options. False after a report. */
MUST_USE bool wrap_request_read(struct wrap_request *w);

/* Find the wrapping key, which must have CKA_WRAP. False after a report. */
MUST_USE bool wrap_request_find(struct wrap_request *w, struct client *client);

/*
 * Check that keys that are derived from MASTER can be wrapped, whatever the wrapping key is. False
 * after a report.
 */
MUST_USE bool children_can_leave(struct client *client, CK_OBJECT_HANDLE master);

struct wrapped {
	size_t n;
	unsigned char p[WRAPPED_MAX];
};

/* Wrap KEY. NAME is that of the key, for messages. False: PROBLEM is set. */
MUST_USE bool wrap_key(const struct client *client, CK_SESSION_HANDLE session,
	const struct wrap_request *w, CK_OBJECT_HANDLE key, const char *name, struct wrapped *ret,
	struct problem *problem);

/* Append WRAPPED to TEXT. A key block is text, and any other form is printed in hexadecimal. */
void wrapped_text(const struct wrap_request *w, const struct wrapped *wrapped, struct text *text);

/* Append the member "key_block" or "wrapped_key" to O. */
void wrapped_add(
	struct json_object *o, const struct wrap_request *w, const struct wrapped *wrapped);

#endif

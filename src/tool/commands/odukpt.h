/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt.h: options and steps that the `odukpt` commands share. */
#ifndef KEYDIV_TOOL_ODUKPT_H
#define KEYDIV_TOOL_ODUKPT_H

#include "base/pkcs11.h"

#include "keydiv.h"
#include "tool/options.h"
#include "tool/token/client.h"
#include "tool/token/derivation.h"

/* Entries for the option tables. Each command has the variables that its entries name. */
#define ODUKPT_KEY_OPTION(target, help) TEXT_OPTION("key", "KEY", target, help)
#define ODUKPT_SHAPE_OPTION(target)                                                                \
	TEXT_OPTION("shape", "R,N", target,                                                        \
		"registers of the client, most calls of the server; see odukpt plan")
#define ODUKPT_DEVICE_OPTION(target)                                                               \
	TEXT_OPTION("device", "SERIAL", target, "serial or ID of the client")
#define ODUKPT_PURPOSE_OPTION(target)                                                              \
	TEXT_OPTION("purpose", "TEXT", target, "role of the transaction key, as pin or data")

/* Read the value TEXT of --shape as the two bytes of the field SHAPE. False: reported. */
MUST_USE bool odukpt_shape(const char *text, unsigned char ret[2]);

/* Append the field ODUKPT_PURPOSE unless PURPOSE is NULL. */
void odukpt_put_purpose(KEYDIV_PARAMETER *p, const char *purpose);

/* Add the attribute TYPE of KEY, a number of 8 bytes, to O as NAME; add nothing if KEY lacks it. */
void odukpt_add_count(struct client *client, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
	const char *name, struct json_object *o);

/*
 * Derive a token object LABEL with CKA_DERIVE from KEY, by mechanism TYPE with the parameter P.
 * RESERVE is the value of CKA_KEYDIV_RESERVE, or -1 for none. False: reported.
 */
MUST_USE bool odukpt_store(struct client *client, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
	KEYDIV_PARAMETER *p, const char *label, long long reserve, CK_OBJECT_HANDLE *ret);

/*
 * Derive a transaction key as a session object and print its number, check value and MAC. STATE is
 * the client state whose remaining count is printed too, or 0 on the server's side.
 */
MUST_USE bool odukpt_transact(struct client *client, CK_OBJECT_HANDLE base, CK_MECHANISM_TYPE type,
	KEYDIV_PARAMETER *p, const struct result_request *request, CK_OBJECT_HANDLE state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* find.h: objects of the token by label, id or PKCS#11 URI. */
#ifndef KEYDIV_TOOL_FIND_H
#define KEYDIV_TOOL_FIND_H

#include "tool/token/attributes.h"
#include "tool/token/client.h"

/* Up to MAX objects that match TEMPLATE. */
MUST_USE CK_RV find_objects(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t,
	CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_count);

/*
 * The one secret key NAME stands for: a label, "id:HEX", or a PKCS#11 URI. NAME NULL: the only
 * derivation key in the token. False: reported, as when there are none or several.
 */
MUST_USE bool find_key(struct client *client, const char *name, CK_OBJECT_HANDLE *ret);

/* A secret key with the label of N bytes at LABEL; 0 if there is none. */
MUST_USE CK_RV find_label(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *label,
	size_t n, CK_OBJECT_HANDLE *ret);

/* True if no secret key has LABEL; reported otherwise. */
MUST_USE bool label_is_free(struct client *client, const char *label);

#endif

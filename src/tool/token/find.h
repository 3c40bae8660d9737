/* SPDX-License-Identifier: Apache-2.0 */
/* find.h: find objects of the token by label, id or PKCS#11 URI. */
#ifndef KEYDIV_TOOL_FIND_H
#define KEYDIV_TOOL_FIND_H

#include "tool/token/attributes.h"
#include "tool/token/client.h"

/* Find up to MAX objects that match TEMPLATE. */
MUST_USE CK_RV find_objects(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t,
	CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_count);

/*
 * Find the one secret key that NAME names, which is a label, "id:HEX", or a PKCS#11 URI. NULL
 * stands for the only derivation key in the token. False after a report, also if there are no
 * keys or several.
 */
MUST_USE bool find_key(struct client *client, const char *name, CK_OBJECT_HANDLE *ret);

/* Find a secret key with the label of N bytes at LABEL. *RET is 0 if there is none. */
MUST_USE CK_RV find_label(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *label,
	size_t n, CK_OBJECT_HANDLE *ret);

/* Return true if no secret key has LABEL. False after a report. */
MUST_USE bool label_is_free(struct client *client, const char *label);

#endif

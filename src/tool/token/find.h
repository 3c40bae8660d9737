/* SPDX-License-Identifier: Apache-2.0 */
/* find.h: finds objects of the token by label, id or PKCS#11 URI. */
#ifndef KEYDIV_TOOL_FIND_H
#define KEYDIV_TOOL_FIND_H

#include "tool/token/attributes.h"
#include "tool/token/client.h"

/* Find up to MAX objects that match T. Writes *RET_COUNT handles to RET. */
MUST_USE CK_RV find_objects(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, struct template *t,
	CK_OBJECT_HANDLE *ret, CK_ULONG max, CK_ULONG *ret_count);

/*
 * Find the secret key that NAME names: a label, "id:HEX" (CKA_ID), "uid:TEXT" (CKA_UNIQUE_ID) or a
 * PKCS#11 URI. NAME NULL means the only key of the token that derives. False: reported, also if no
 * key or several keys match.
 */
MUST_USE bool find_key(struct client *client, const char *name, CK_OBJECT_HANDLE *ret);

/* Find a secret key with the label of N bytes at LABEL. RET is 0 if there is none. */
MUST_USE CK_RV find_label(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const char *label,
	size_t n, CK_OBJECT_HANDLE *ret);

#endif

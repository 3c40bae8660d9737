/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_calls.h: the functions on objects (PKCS#11 5.7). They read the caller's template, ask the
 * policy and change the objects.
 *
 * Called with the lock of S held (session_enter). The arguments are the caller's, not checked
 * except for the session. Each function returns what the C_ function of that name returns.
 */
#ifndef KEYDIV_CALLS_OBJECT_CALLS_H
#define KEYDIV_CALLS_OBJECT_CALLS_H

#include "token/session.h"

CK_RV create_object(
	struct session *s, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_handle);
CK_RV copy_object(struct session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attributes,
	CK_ULONG count, CK_OBJECT_HANDLE *ret_handle);
CK_RV get_object_size(struct session *s, CK_OBJECT_HANDLE handle, CK_ULONG *ret_size);
CK_RV get_attributes(
	struct session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG count);
CK_RV set_attributes(
	struct session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG count);

#endif

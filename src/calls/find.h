/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.h: C_FindObjectsInit, C_FindObjects and C_FindObjectsFinal (PKCS#11 5.7.7 to 5.7.9). The
 * first finds all handles, the second hands them out.
 *
 * Called with the lock of S held (session_enter). The arguments are the caller's, not checked
 * except for the session. Each function returns what its C_ function returns.
 */
#ifndef KEYDIV_CALLS_FIND_H
#define KEYDIV_CALLS_FIND_H

#include "token/session.h"

CK_RV search_begin(struct session *s, CK_ATTRIBUTE *attributes, CK_ULONG count);
CK_RV search_next(struct session *s, CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *ret_n);
CK_RV search_end(struct session *s);

#endif

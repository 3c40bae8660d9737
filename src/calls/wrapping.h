/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrapping.h: C_WrapKey and C_UnwrapKey. Called with the lock of S held (session_enter). The
 * arguments are the caller's, not checked except for the session. Each function returns what the C_
 * function of that name returns.
 */
#ifndef KEYDIV_CALLS_WRAPPING_H
#define KEYDIV_CALLS_WRAPPING_H

#include "token/session.h"

CK_RV wrap_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapper,
	CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *out_len);
CK_RV unwrap_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapper,
	CK_BYTE *wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE *attributes, CK_ULONG count,
	CK_OBJECT_HANDLE *ret_key);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* derive.h: C_DeriveKey. Called with the lock of S held (session_enter). */
#ifndef KEYDIV_CALLS_DERIVE_H
#define KEYDIV_CALLS_DERIVE_H

#include "token/session.h"

/*
 * The arguments are the caller's, not checked except for the session. Returns
 * what C_DeriveKey returns.
 */
CK_RV derive_key(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
	CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *ret_key);

#endif

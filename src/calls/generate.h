/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generate.h: C_GenerateKey and the functions on random numbers. Called with the lock of S held
 * (session_enter). The arguments are the caller's, not checked except for the session. Each
 * function returns what the C_ function of that name returns.
 */
#ifndef KEYDIV_CALLS_GENERATE_H
#define KEYDIV_CALLS_GENERATE_H

#include "token/session.h"

CK_RV generate_key(struct session *s, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attributes,
	CK_ULONG count, CK_OBJECT_HANDLE *ret_key);
CK_RV generate_random(struct session *s, CK_BYTE *out, CK_ULONG n);
CK_RV seed_random(struct session *s, CK_BYTE *in, CK_ULONG n);

#endif

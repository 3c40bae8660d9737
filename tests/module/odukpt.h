/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt.h: short ways to O-DUKPT keys, clients and numbers, for the tests of them. */
#ifndef KEYDIV_TESTS_ODUKPT_H
#define KEYDIV_TESTS_ODUKPT_H

#include "harness.h"

extern KEYDIV_PARAMETER p;    /* the parameter being built */
extern CK_OBJECT_HANDLE made; /* what the last derivation gave; 0xABCD at the start */

/* Fixture: user(), and MADE as it is at the start. */
void start(void);
/* Derive by TYPE with P into MADE. */
CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n);
/* Put SHAPE into P; begin P with DEVICE and SHAPE. */
void shape(unsigned char r, unsigned char n);
void device_shape(unsigned char r, unsigned char n);
CK_OBJECT_HANDLE bdk(void);
CK_OBJECT_HANDLE initial_key(unsigned char r, unsigned char n);
/* A client of that shape, in the token or the session, labelled "client". */
CK_OBJECT_HANDLE client(unsigned char r, unsigned char n, bool token);
/* Its next key into MADE. */
CK_RV next(CK_OBJECT_HANDLE state, CK_ATTRIBUTE *t, CK_ULONG n);
/* The server's key of a number, PURPOSE NULL for none, into MADE. */
CK_RV serve(CK_OBJECT_HANDLE base, unsigned char r, unsigned char n, uint64_t number,
	const char *purpose, CK_ATTRIBUTE *t, CK_ULONG count);
/* An attribute of 8 bytes, as a number. */
uint64_t number_of(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device_record.h: what the token keeps of a device whose key was changed: its SALTs.
 *
 * A CKO_DATA object of the token, private, found by serial:
 *
 * 	CKA_APPLICATION	"keydiv"
 * 	CKA_LABEL	the serial, the DEVICE field of the derivation
 * 	CKA_OBJECT_ID	DER of 2.25.123682768741966475360939250734013377023
 * 	CKA_VALUE	one or two SALTs, the one in use first, then the one before it until it is retired; each is
 * 			02 (the SALT tag), its length (2 bytes, big-endian), its bytes. Length 0: no SALT, the device's first key.
 */
#ifndef KEYDIV_TOOL_DEVICE_RECORD_H
#define KEYDIV_TOOL_DEVICE_RECORD_H

#include "tool/token/client.h"

#define SALT_MAX 64

struct salt {
	size_t n;
	unsigned char p[SALT_MAX];
};

struct device_record {
	CK_OBJECT_HANDLE object; /* 0: the token has none, and salt[0] is empty */
	size_t count;            /* SALTs: 1 or 2 */
	struct salt salt[2];     /* the one in use, the one before */
};

/*
 * Read the record of the device SERIAL (N bytes). CKR_DATA_INVALID for an object that is
 * not as above.
 */
MUST_USE CK_RV device_record_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	const char *serial, size_t n, struct device_record *ret);

/* Write RECORD as the one of SERIAL: one call, so that it is changed whole or not at all. */
MUST_USE CK_RV device_record_write(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	const char *serial, size_t n, const struct device_record *record);

/* Whether the token has any such record. */
MUST_USE CK_RV device_records_exist(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, bool *ret);

#endif

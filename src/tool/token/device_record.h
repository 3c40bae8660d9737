/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device_record.h: the SALTs that the token keeps for a device whose key was changed.
 *
 * The record is a private CKO_DATA object of the token, found by its label:
 *
 *  CKA_APPLICATION  "keydiv"
 *  CKA_LABEL        the serial, the DEVICE field of the derivation
 *  CKA_OBJECT_ID    DER of 2.25.123682768741966475360939250734013377023
 *  CKA_VALUE        one or two SALTs, first the current SALT, then the previous one until it is
 *                   retired. A SALT is 02 (its tag), its length (2 bytes, big-endian) and its
 *                   bytes. Length 0 means the device's first key, which has no SALT.
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
	CK_OBJECT_HANDLE object; /* 0 if the token has no record, and salt[0] is then empty */
	size_t count;            /* number of SALTs, 1 or 2 */
	struct salt salt[2];     /* the current SALT, then the previous one */
};

/*
 * Read the record of the device SERIAL (N bytes). CKR_DATA_INVALID for an object that
 * has another form.
 */
MUST_USE CK_RV device_record_read(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	const char *serial, size_t n, struct device_record *ret);

/* Write RECORD as the record of SERIAL in one call, so that it changes completely or not at all. */
MUST_USE CK_RV device_record_write(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
	const char *serial, size_t n, const struct device_record *record);

/* Set *RET if the token has a record of any device. */
MUST_USE CK_RV device_records_exist(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, bool *ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_fields.h: messages whose parameters are fields, for servers of p11-kit 0.24. Such a
 * server has no message calls, so each message is an Init with all fields and a single-part call.
 */
#ifndef KEYDIV_CLIENT_MESSAGE_FIELDS_H
#define KEYDIV_CLIENT_MESSAGE_FIELDS_H

#include "call.h"
#include "message_setup.h"

#include "keydiv.h"

/* A message operation: the mechanism, the key, and the fields that all messages share. */
struct fields_operation {
	CK_MECHANISM_TYPE type;
	CK_OBJECT_HANDLE key;
	CK_ULONG n;
	uint8_t fields[KEYDIV_PARAMETER_MAX];
};

/*
 * Begin an operation of KIND in SESSION: check MECHANISM and KEY and fill in RET. The key's
 * permissions are checked with the first message. CKR_MECHANISM_INVALID,
 * CKR_MECHANISM_PARAM_INVALID, CKR_KEY_HANDLE_INVALID, CKR_SESSION_HANDLE_INVALID.
 */
MUST_USE CK_RV fields_begin(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, struct fields_operation *ret);

/*
 * Process one message. PARAMETER has the other fields, AAD the associated data. ARGS are the four
 * arguments behind the session of the single-part function. The codes are those of the functions
 * for messages.
 */
MUST_USE CK_RV fields_message(struct connection *c, enum message_kind kind,
	CK_SESSION_HANDLE session, const struct fields_operation *op, struct bytes parameter,
	struct bytes aad, const uintptr_t args[4]);

/*
 * Merge the fields A and B, each in ascending order, to RET. AAD is the field of that name unless
 * its p is NULL. CKR_MECHANISM_PARAM_INVALID: a field occurs twice or is malformed.
 */
MUST_USE CK_RV fields_merge(struct bytes a, struct bytes b, struct bytes aad, struct wire *ret);

#endif

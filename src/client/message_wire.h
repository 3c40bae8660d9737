/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_wire.h: messages under AES-GCM and AES-CCM as calls of the protocol, with the tag behind
 * the ciphertext. A server of p11-kit 0.24 gets an Init and a single-part call for each message.
 */
#ifndef KEYDIV_CLIENT_MESSAGE_WIRE_H
#define KEYDIV_CLIENT_MESSAGE_WIRE_H

#include "call.h"
#include "message_setup.h"

/* The key and the mechanism of a message operation. */
struct message_key {
	enum message_kind kind;
	CK_SESSION_HANDLE session;
	CK_MECHANISM_TYPE type; /* the standard mechanism */
	CK_OBJECT_HANDLE key;
};

struct message_bytes {
	const CK_BYTE *p;
	CK_ULONG n;
};

/* Begin the operation. Codes of C_MessageEncryptInit. */
MUST_USE CK_RV message_send_init(struct connection *c, const struct message_key *k);

/* Process one message. *OUT_LEN is the room at OUT, and then the length. */
MUST_USE CK_RV message_send(struct connection *c, const struct message_key *k,
	const struct message_setup *setup, const uint8_t *nonce, struct message_bytes aad,
	struct message_bytes in, CK_BYTE *out, CK_ULONG *out_len);

/* Begin a message in parts. */
MUST_USE CK_RV message_send_begin(struct connection *c, const struct message_key *k,
	const struct message_setup *setup, const uint8_t *nonce, struct message_bytes aad);

/* Process a part. The LAST part of a ciphertext ends in the tag, and so does that of OUT. */
MUST_USE CK_RV message_send_part(struct connection *c, const struct message_key *k,
	struct message_bytes in, bool last, CK_BYTE *out, CK_ULONG *out_len);

/* Give up a message in parts. */
void message_send_abort(struct connection *c, const struct message_key *k);

#endif

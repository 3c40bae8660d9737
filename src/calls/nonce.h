/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonce.h: the nonces of a message-encrypt operation (PKCS#11 3.0,
 * CK_GCM_MESSAGE_PARAMS and CK_CCM_MESSAGE_PARAMS).
 *
 * A counter belongs to the key's value and lives as long as the session, not the operation: whoever
 * ends one operation and begins another with the same key gets the next number, never one again.
 * What the caller has to see to is that two sessions do not use one key with the same fixed part.
 */
#ifndef KEYDIV_TOKEN_NONCE_H
#define KEYDIV_TOKEN_NONCE_H

#include "calls/operation_steps.h"

/* A message-encrypt operation with the key of OP begins. */
MUST_USE CK_RV nonces_begin(struct operations *operations, struct operation *op);

/*
 * RET_NONCE (OPERATION_NONCE_MAX bytes) = the nonce of the next message, as its parameter asks;
 * numbers are used up even if the message then fails. CKR_MECHANISM_PARAM_INVALID: unknown
 * generator, no room for what it makes, or another generator, length or number of fixed bits than
 * the operation's first message had; CKR_KEY_EXHAUSTED: no number is left.
 */
MUST_USE CK_RV nonce_next(
	struct nonces *nonces, const struct message_setup *setup, uint8_t *ret_nonce);

#endif

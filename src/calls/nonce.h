/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonce.h: the nonces of a message-encrypt operation (PKCS#11 3.0,
 * CK_GCM_MESSAGE_PARAMS and CK_CCM_MESSAGE_PARAMS).
 *
 * A counter belongs to the value of the key and lives as long as the session. A caller who ends one
 * operation and begins another with the same key gets the next number, never the same number again.
 * The caller must not use one key with the same fixed part in two sessions.
 */
#ifndef KEYDIV_CALLS_NONCE_H
#define KEYDIV_CALLS_NONCE_H

#include "calls/operation_steps.h"

/*
 * Begin the nonces of the message-encrypt operation OP, whose key is set. OPERATIONS are those of
 * the session. Returns the codes of key_block.
 */
MUST_USE CK_RV nonces_begin(struct operations *operations, struct operation *op);

/*
 * Make the nonce of the next message, as its parameter asks, in RET_NONCE (OPERATION_NONCE_MAX
 * bytes). A number is used up even if the message then fails. CKR_MECHANISM_PARAM_INVALID for an
 * unknown generator, for no room, and for a generator, length or number of fixed bits that differs
 * from the first message of the operation. CKR_KEY_EXHAUSTED if no number is left.
 */
MUST_USE CK_RV nonce_next(
	struct nonces *nonces, const struct message_setup *setup, uint8_t *ret_nonce);

#endif

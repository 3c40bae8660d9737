/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h: the message functions of PKCS#11 3.0.
 *
 * Messages under AES-GCM and AES-CCM are translated: the parameter becomes fields, and the tag
 * follows the ciphertext on the way. All other messages have fields as parameters and travel as
 * they are. Servers of p11-kit 0.24 have no message calls. There each message is an Init and a
 * single-part call, so the session can have no other operation of that kind meanwhile.
 *
 * Arguments and codes are those of the functions. The caller has the connection.
 */
#ifndef KEYDIV_CLIENT_MESSAGE_H
#define KEYDIV_CLIENT_MESSAGE_H

#include "call.h"
#include "message_setup.h"

/* C_Message...Init: session, mechanism, key. */
MUST_USE CK_RV message_init(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);

/* C_Message...Final. */
MUST_USE CK_RV message_final(
	struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session);

/* C_EncryptMessage and C_DecryptMessage. */
MUST_USE CK_RV message_cipher(
	struct connection *c, enum message_kind kind, const uintptr_t args[9]);

/* C_EncryptMessageBegin and C_DecryptMessageBegin. */
MUST_USE CK_RV message_cipher_begin(
	struct connection *c, enum message_kind kind, const uintptr_t args[5]);

/* C_EncryptMessageNext and C_DecryptMessageNext. */
MUST_USE CK_RV message_cipher_next(
	struct connection *c, enum message_kind kind, const uintptr_t args[8]);

/* C_SignMessage and C_VerifyMessage. */
MUST_USE CK_RV message_mac(struct connection *c, enum message_kind kind, const uintptr_t args[7]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use_message.h: the message functions with WITH_DERIVED_KEY, for operation_message.c. Each message
 * has a key of its own.
 */
#ifndef KEYDIV_CALLS_USE_MESSAGE_H
#define KEYDIV_CALLS_USE_MESSAGE_H

#include "token/operations.h"

/* The arguments of C_EncryptMessage or C_DecryptMessage, not checked. */
struct cipher_message {
	bool encrypt;
	void *parameter;
	CK_ULONG parameter_len;
	const CK_BYTE *aad;
	CK_ULONG aad_len;
	const CK_BYTE *in;
	CK_ULONG in_len;
	CK_BYTE *out;
	CK_ULONG *out_len;
};

/* Process one message of OP. The codes are those of the C_ function. OP goes on in every case. */
MUST_USE CK_RV use_cipher_message(
	struct session *s, struct operation *op, const struct cipher_message *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use_message.c: C_SignMessage, C_VerifyMessage, C_EncryptMessage and C_DecryptMessage with
 * WITH_DERIVED_KEY (PKCS#11 3.0, 5.9, 5.11, 5.14 and 5.16). No other mechanism signs messages.
 */
#include "calls/use_message.h"

#include "calls/operation.h"
#include "calls/operation_steps.h"
#include "calls/use.h"

/* Wipe what the message of OP leaves. The operation goes on. */
static void end_message(struct operation *op)
{
	op->stage = STAGE_BEGUN;
	op->finished = false;
	op->mac_begun = false;
	op->total = 0;
	if (op->last_n > 0)
		wipe(op->last, sizeof op->last);
	op->last_n = 0;
	buffer_clear(&op->buffer);
	use_end_message(op);
}

/* End the message of OP with RV. */
static CK_RV leave(struct session *s, struct operation *op, CK_RV rv)
{
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
		rv = operation_failed(s, op, rv);
	end_message(op);
	return rv;
}

/* --- Ciphers --- */

static CK_RV crypt_message(struct session *s, struct operation *op, const struct cipher_message *m)
{
	enum operation_kind kind =
		m->encrypt ? OPERATION_MESSAGE_ENCRYPT : OPERATION_MESSAGE_DECRYPT;
	bool has_aad = m->aad != NULL && m->aad_len > 0;

	REQUIRE(m->aad_len <= OPERATION_DATA_MAX && (m->aad != NULL || m->aad_len == 0),
		CKR_ARGUMENTS_BAD, "the associated data is NULL or too long");
	TRY(use_begin_message(s, op, kind, m->parameter, m->parameter_len));
	TRY(operation_set_up_cipher(
		op, m->encrypt, has_aad ? bytes_of(m->aad, m->aad_len) : bytes_of(NULL, 0)));
	op->stage = STAGE_SINGLE;
	CK_RV rv = operation_crypt(op, m->encrypt, m->in, m->in_len, m->out, m->out_len);
	if (rv == CKR_ENCRYPTED_DATA_INVALID && op->mech->operation.inputs->aad)
		rv = FAIL(CKR_AEAD_DECRYPT_FAILED, "the tag is wrong");
	return rv;
}

CK_RV use_cipher_message(struct session *s, struct operation *op, const struct cipher_message *m)
{
	return leave(s, op, crypt_message(s, op, m));
}

/* --- MACs --- */

static enum operation_kind kind_of(bool sign)
{
	return sign ? OPERATION_MESSAGE_SIGN : OPERATION_MESSAGE_VERIFY;
}

CK_RV message_mac_init(struct session *s, bool sign, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	const struct operation_request request = {kind_of(sign),
		sign ? CKF_MESSAGE_SIGN : CKF_MESSAGE_VERIFY, sign ? FLAG_SIGN : FLAG_VERIFY};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, key, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, CKR_OK);
}

/* *RET = the slot of the operation. CKR_OPERATION_NOT_INITIALIZED unless one is active. */
static CK_RV active(struct session *s, bool sign, struct operation **ret)
{
	*ret = s->operations ? &s->operations->slot[kind_of(sign)] : NULL;
	REQUIRE(*ret != NULL && (*ret)->stage != STAGE_NONE, CKR_OPERATION_NOT_INITIALIZED,
		"no message operation is active");
	return CKR_OK;
}

/* Derive the key of one message, and set up its MAC. */
static CK_RV begin_mac(struct session *s, struct operation *op, bool sign, const void *parameter,
	CK_ULONG parameter_len)
{
	TRY(use_begin_message(s, op, kind_of(sign), parameter, parameter_len));
	TRY(operation_set_up_mac(op));
	op->stage = STAGE_SINGLE;
	return CKR_OK;
}

CK_RV message_sign(struct session *s, void *parameter, CK_ULONG parameter_len, CK_BYTE *in,
	CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(active(s, true, &op));
	CK_RV rv = begin_mac(s, op, true, parameter, parameter_len);
	if (rv == CKR_OK)
		rv = operation_sign(op, in, in_len, out, out_len);
	return leave(s, op, rv);
}

CK_RV message_verify(struct session *s, void *parameter, CK_ULONG parameter_len, CK_BYTE *in,
	CK_ULONG in_len, CK_BYTE *mac, CK_ULONG mac_len)
{
	struct operation *op;

	TRY(active(s, false, &op));
	CK_RV rv = begin_mac(s, op, false, parameter, parameter_len);
	if (rv == CKR_OK)
		rv = operation_verify(op, in, in_len, mac, mac_len);
	return leave(s, op, rv);
}

CK_RV message_mac_final(struct session *s, bool sign)
{
	struct operation *op;

	TRY(active(s, sign, &op));
	operation_end(op);
	return CKR_OK;
}

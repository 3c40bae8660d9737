/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_message.c: C_EncryptMessage, C_DecryptMessage and their parts (PKCS#11 3.0, 5.9
 * and 5.11). They process many messages under one key, each with its own nonce, associated
 * data and tag.
 *
 * The operation continues until C_Message...Final, even if a message fails. Its stage is
 * STAGE_PARTS between C_...MessageBegin and the last C_...MessageNext. Plaintext is given out only
 * after its tag was checked, in parts with the last part.
 *
 * The parameter of a flat form has no pointer to a tag, so the tag follows the ciphertext. The
 * token makes no nonce for a flat form, because such a parameter cannot take the nonce back.
 */
#include "calls/nonce.h"
#include "calls/operation.h"
#include "calls/requested.h"
#include "calls/use_message.h"
#include "operation_fields.h"

static enum operation_kind kind_of(bool encrypt)
{
	return encrypt ? OPERATION_MESSAGE_ENCRYPT : OPERATION_MESSAGE_DECRYPT;
}

/* Read the N bytes at P, the parameter of a message. RET refers to them or to S->parameter. */
static CK_RV read_parameter(struct session *s, const struct mechanism *mech, const void *p,
	CK_ULONG n, struct message_setup *ret)
{
	struct cipher_setup setup = {.mode = mech->operation.cipher};
	struct parameter fields;

	if (mech->form != FORM_FLAT)
		return mech->operation.message_setup(p, n, ret);
	TRY(requested_fields(s, mech, p, n, &fields));
	TRY(operation_fields_cipher(mech, &fields, 0, &setup));
	*ret = (struct message_setup){
		.nonce = s->parameter + (setup.iv.p - s->parameter),
		.nonce_len = setup.iv.n,
		.generator = CKG_NO_GENERATE,
		.tag_len = setup.tag_len,
		.data_len = setup.data_len,
		.aad = setup.aad,
	};
	return CKR_OK;
}

static CK_RV set_up(
	struct session *s, struct operation *op, bool encrypt, const CK_MECHANISM *caller)
{
	struct message_setup ignored;

	if (op->derived)
		return CKR_OK;
	/* The parameter comes with each message. A parameter given here is checked and not used. */
	REQUIRE(caller->pParameter != NULL || caller->ulParameterLen == 0,
		CKR_MECHANISM_PARAM_INVALID, "the mechanism parameter is NULL");
	if (caller->pParameter != NULL && caller->ulParameterLen > 0)
		TRY(read_parameter(
			s, op->mech, caller->pParameter, caller->ulParameterLen, &ignored));
	if (op->cipher == NULL)
		op->cipher = cipher_new();
	ENSURE(op->cipher != NULL, CKR_HOST_MEMORY);
	operation_keeps(op, kept_of_cipher(op->mech->operation.cipher));
	return encrypt ? nonces_begin(s->operations, op) : CKR_OK;
}

CK_RV message_init(struct session *s, bool encrypt, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	const struct operation_request request = {kind_of(encrypt),
		encrypt ? CKF_MESSAGE_ENCRYPT : CKF_MESSAGE_DECRYPT,
		encrypt ? FLAG_ENCRYPT : FLAG_DECRYPT};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, key, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, set_up(s, op, encrypt, &caller));
}

/* *RET = the slot of the message operation. CKR_OPERATION_NOT_INITIALIZED unless one is active. */
static CK_RV active(struct session *s, bool encrypt, struct operation **ret)
{
	*ret = s->operations ? &s->operations->slot[kind_of(encrypt)] : NULL;
	REQUIRE(*ret != NULL && (*ret)->stage != STAGE_NONE, CKR_OPERATION_NOT_INITIALIZED,
		"no message operation is active");
	return CKR_OK;
}

CK_RV message_final(struct session *s, bool encrypt)
{
	struct operation *op;

	TRY(active(s, encrypt, &op));
	operation_end(op);
	return CKR_OK;
}

/* --- One message --- */

/* End the message, or give the message up. The operation continues. */
static void message_end(struct operation *op)
{
	op->stage = STAGE_BEGUN;
	op->total = 0;
	buffer_clear(&op->buffer);
}

/* Enter a call that begins a message. A message that is not finished is given up. */
static CK_RV enter(struct session *s, bool encrypt, struct operation **ret)
{
	struct operation *op;

	TRY(active(s, encrypt, &op));
	if (op->stage == STAGE_PARTS) {
		message_end(op);
		return FAIL(CKR_OPERATION_ACTIVE, "the previous message is not finished");
	}
	*ret = op;
	return CKR_OK;
}

/* Begin the message. Make or read its nonce, and write back a nonce that the token made. */
static CK_RV begin(struct operation *op, bool encrypt, const struct message_setup *m,
	const CK_BYTE *aad, CK_ULONG aad_len)
{
	uint8_t nonce[OPERATION_NONCE_MAX];
	struct cipher_setup setup = {
		.mode = op->mech->operation.cipher,
		.encrypt = encrypt,
		.aad = bytes_of(aad, aad_len),
		.tag_len = m->tag_len,
		.data_len = m->data_len,
	};

	REQUIRE(aad_len <= OPERATION_DATA_MAX && (aad != NULL || aad_len == 0), CKR_ARGUMENTS_BAD,
		"the associated data is NULL or too long");
	if (m->aad.p != NULL) {
		REQUIRE(aad_len == 0, CKR_MECHANISM_PARAM_INVALID,
			"associated data and the field AAD were both given");
		setup.aad = m->aad;
	}
	if (encrypt)
		TRY(nonce_next(&op->nonces, m, nonce));
	else
		memcpy(nonce, m->nonce, m->nonce_len);
	setup.iv = bytes_of(nonce, m->nonce_len);
	TRY(cipher_begin(op->cipher, op->used, &setup));
	op->out_len = m->tag_len;
	op->data_len = m->data_len;
	if (encrypt && m->generator != CKG_NO_GENERATE)
		memcpy(m->nonce, nonce, m->nonce_len);
	return CKR_OK;
}

/* Return the number of bytes of the tag that follow the ciphertext. */
static size_t following(const struct operation *op)
{
	return op->mech->form == FORM_FLAT ? op->out_len : 0;
}

/*
 * Finish encryption and write the tag to the place that the parameter names, or after the
 * DONE bytes of ciphertext at OUT.
 */
static CK_RV seal(struct operation *op, const struct message_setup *m, CK_BYTE *out, size_t done)
{
	uint8_t tag[KEY_BLOCK_MAX];
	size_t n;

	TRY(cipher_finish(op->cipher, bytes_of(NULL, 0), tag, &n));
	memcpy(m->tag != NULL ? m->tag : out + done, tag, n);
	return CKR_OK;
}

/* Decrypt the buffer and write the plaintext to OUT if the tag is right. OUT has the room. */
static CK_RV open_buffer(
	struct operation *op, const struct message_setup *m, CK_BYTE *out, CK_ULONG *out_len)
{
	uint8_t tag[KEY_BLOCK_MAX], none[KEY_BLOCK_MAX];
	size_t n = op->buffer.n - following(op), done = 0, last;

	memcpy(tag, m->tag != NULL ? m->tag : op->buffer.p + n, m->tag_len);
	if (n > 0)
		TRY(cipher_update(op->cipher, op->buffer.p, n, op->buffer.p, &done));
	CK_RV rv = cipher_finish(op->cipher, bytes_of(tag, m->tag_len), none, &last);
	REQUIRE(rv != CKR_ENCRYPTED_DATA_INVALID, CKR_AEAD_DECRYPT_FAILED, "the tag is wrong");
	TRY(rv);
	if (done > 0)
		memcpy(out, op->buffer.p, done);
	*out_len = done;
	return CKR_OK;
}

static CK_RV check_length(const struct operation *op, bool encrypt, CK_ULONG n, bool whole)
{
	CK_RV range = encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	size_t tag = encrypt ? 0 : following(op);

	REQUIRE(n <= OPERATION_DATA_MAX && op->total <= OPERATION_DATA_MAX - n, range,
		"the message is too long");
	REQUIRE(!whole || op->total + n >= tag, range, "the message is shorter than its tag");
	if (op->mech->operation.cipher == CIPHER_CCM)
		REQUIRE(op->total + n <= op->data_len + tag &&
				(!whole || op->total + n == op->data_len + tag),
			range, "the message does not have the length of the CCM parameter");
	return CKR_OK;
}

/* --- In one call --- */

static CK_RV single(struct session *s, struct operation *op, const struct cipher_message *m)
{
	struct message_setup setup;
	size_t needed, done = 0;
	bool go;

	REQUIRE(m->out_len != NULL && (m->in != NULL || m->in_len == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	TRY(read_parameter(s, op->mech, m->parameter, m->parameter_len, &setup));
	op->data_len = setup.data_len;
	op->out_len = setup.tag_len;
	TRY(check_length(op, m->encrypt, m->in_len, true));
	needed = m->encrypt ? m->in_len + following(op) : m->in_len - following(op);
	if (m->out != NULL || needed > 0) {
		TRY(output_room(needed, m->out, m->out_len, &go));
		if (!go)
			return CKR_OK; /* a question uses up no nonce */
	}
	TRY(begin(op, m->encrypt, &setup, m->aad, m->aad_len));
	if (!m->encrypt) {
		TRY(buffer_append(&op->buffer, m->in, m->in_len));
		return open_buffer(op, &setup, m->out, m->out_len);
	}
	if (m->in_len > 0)
		TRY(cipher_update(op->cipher, m->in, m->in_len, m->out, &done));
	TRY(seal(op, &setup, m->out, done));
	*m->out_len = done + following(op);
	return CKR_OK;
}

CK_RV message_single(struct session *s, bool encrypt, void *parameter, CK_ULONG parameter_len,
	CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
	CK_ULONG *out_len)
{
	struct cipher_message m = {
		encrypt, parameter, parameter_len, aad, aad_len, in, in_len, out, out_len};
	struct operation *op;

	TRY(enter(s, encrypt, &op));
	if (op->derived)
		return use_cipher_message(s, op, &m);
	CK_RV rv = single(s, op, &m);
	message_end(op);
	return rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL ? rv : operation_failed(s, op, rv);
}

/* --- In parts --- */

CK_RV message_begin(struct session *s, bool encrypt, void *parameter, CK_ULONG parameter_len,
	CK_BYTE *aad, CK_ULONG aad_len)
{
	struct message_setup setup;
	struct operation *op;

	TRY(enter(s, encrypt, &op));
	REQUIRE(!op->derived, CKR_FUNCTION_NOT_SUPPORTED,
		"the mechanism takes messages in one call only");
	CK_RV rv = read_parameter(s, op->mech, parameter, parameter_len, &setup);
	if (rv == CKR_OK)
		rv = begin(op, encrypt, &setup, aad, aad_len);
	if (rv != CKR_OK)
		return operation_failed(s, op, rv);
	op->stage = STAGE_PARTS;
	return CKR_OK;
}

static CK_RV next_encrypt(
	struct operation *op, const struct cipher_message *m, const struct message_setup *end)
{
	size_t done = 0, tag = end != NULL ? following(op) : 0;
	bool go;

	TRY(check_length(op, true, m->in_len, end != NULL));
	if (m->out != NULL || m->in_len + tag > 0) {
		TRY(output_room(m->in_len + tag, m->out, m->out_len, &go));
		if (!go)
			return CKR_OK;
	}
	if (m->in_len > 0)
		TRY(cipher_update(op->cipher, m->in, m->in_len, m->out, &done));
	op->total += m->in_len;
	if (end != NULL) {
		TRY(seal(op, end, m->out, done));
		message_end(op);
	}
	*m->out_len = done + tag;
	return CKR_OK;
}

static CK_RV next_decrypt(
	struct operation *op, const struct cipher_message *m, const struct message_setup *end)
{
	bool go;

	TRY(check_length(op, false, m->in_len, end != NULL));
	size_t plain = op->total + m->in_len - (end != NULL ? following(op) : 0);
	if (end != NULL && (m->out != NULL || plain > 0)) {
		TRY(output_room(plain, m->out, m->out_len, &go));
		if (!go)
			return CKR_OK;
	}
	TRY(buffer_append(&op->buffer, m->in, m->in_len));
	op->total += m->in_len;
	if (end == NULL) {
		*m->out_len = 0;
		return CKR_OK;
	}
	TRY(open_buffer(op, end, m->out, m->out_len));
	message_end(op);
	return CKR_OK;
}

/*
 * Read the parameter of the last part, which has the place of the tag. A flat form has no such
 * place, so its parameter may be empty here.
 */
static CK_RV read_last_parameter(struct session *s, const struct operation *op,
	const struct cipher_message *m, struct message_setup *ret)
{
	if (op->mech->form == FORM_FLAT && m->parameter_len == 0)
		*ret = (struct message_setup){.tag_len = op->out_len};
	else
		TRY(read_parameter(s, op->mech, m->parameter, m->parameter_len, ret));
	REQUIRE(ret->tag_len == op->out_len, CKR_MECHANISM_PARAM_INVALID,
		"the tag length differs from the beginning of the message");
	return CKR_OK;
}

static CK_RV next(
	struct session *s, struct operation *op, const struct cipher_message *m, CK_FLAGS flags)
{
	struct message_setup setup;
	const struct message_setup *end = NULL;

	REQUIRE(m->out_len != NULL && (m->in != NULL || m->in_len == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	if (flags & CKF_END_OF_MESSAGE) {
		TRY(read_last_parameter(s, op, m, &setup));
		end = &setup;
	}
	return m->encrypt ? next_encrypt(op, m, end) : next_decrypt(op, m, end);
}

CK_RV message_next(struct session *s, bool encrypt, void *parameter, CK_ULONG parameter_len,
	CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len, CK_FLAGS flags)
{
	struct cipher_message m = {
		encrypt, parameter, parameter_len, NULL, 0, in, in_len, out, out_len};
	struct operation *op;

	TRY(active(s, encrypt, &op));
	REQUIRE(op->stage == STAGE_PARTS, CKR_OPERATION_NOT_INITIALIZED, "no message is begun");
	CK_RV rv = next(s, op, &m, flags);
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		return rv;
	message_end(op);
	return operation_failed(s, op, rv);
}

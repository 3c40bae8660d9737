/* SPDX-License-Identifier: Apache-2.0 */
/* message.c: see message.h. */
#include "message.h"

#include <stdlib.h>

#include "message_state.h"

/* --- Init and Final --- */

static const struct {
	enum call_id init, final;
} calls[] = {
	[MESSAGE_ENCRYPT] = {CALL_C_MessageEncryptInit, CALL_C_MessageEncryptFinal},
	[MESSAGE_DECRYPT] = {CALL_C_MessageDecryptInit, CALL_C_MessageDecryptFinal},
	[MESSAGE_SIGN] = {CALL_C_MessageSignInit, CALL_C_MessageSignFinal},
	[MESSAGE_VERIFY] = {CALL_C_MessageVerifyInit, CALL_C_MessageVerifyFinal},
};

/* Refuse a call for which there is no operation, or a session. */
static CK_RV check_session(struct connection *c, CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info;
	const uintptr_t args[] = {session, ARGUMENT(&info)};

	return call_run(c, CALL_C_GetSessionInfo, args);
}

/* The parameter comes with each message. A parameter given here is checked and not used. */
static CK_RV check_parameter(const CK_MECHANISM *m)
{
	struct message_setup ignored;

	REQUIRE(m->pParameter != NULL || m->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism parameter is NULL");
	return m->pParameter == NULL || m->ulParameterLen == 0
		       ? CKR_OK
		       : message_setup_read(m->pParameter, m->ulParameterLen,
				 m->mechanism == CKM_AES_CCM, &ignored);
}

static CK_RV begin_translated(struct connection *c, enum message_kind kind,
	CK_SESSION_HANDLE handle, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	const struct message_key k = {kind, handle, m->mechanism, key};
	struct session *s = session_find(handle);

	if (session_translated(kind, s) != NULL && c->dialect == DIALECT_0_24) {
		TRY(check_session(c, handle));
		return FAIL(CKR_OPERATION_ACTIVE, "an operation is active already");
	}
	TRY(message_send_init(c, &k));
	CK_RV rv = check_parameter(m);
	if (rv == CKR_OK && (s = session_make(handle)) == NULL)
		rv = FAIL(CKR_HOST_MEMORY, "no memory for the operation");
	if (rv == CKR_OK)
		s->operations[kind] = (struct operation){.active = true, .key = k};
	else if (c->dialect != DIALECT_0_24)
		TRY(call_run(c, calls[kind].final, (const uintptr_t[]){handle}));
	return rv;
}

/* Begin an operation whose messages are made of Init and single-part calls. */
static CK_RV begin_fields(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE handle,
	const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	struct session *s = session_find(handle);
	bool active = (s != NULL && s->fields[kind] != NULL) || session_translated(kind, s) != NULL;
	struct fields_operation *op = calloc(1, sizeof *op);

	REQUIRE(op != NULL, CKR_HOST_MEMORY, "no memory for the operation");
	CK_RV rv = active ? check_session(c, handle) : fields_begin(c, kind, handle, m, key, op);
	if (rv == CKR_OK && active)
		rv = FAIL(CKR_OPERATION_ACTIVE, "an operation is active already");
	if (rv == CKR_OK && (s = session_make(handle)) == NULL)
		rv = FAIL(CKR_HOST_MEMORY, "no memory for the operation");
	if (rv == CKR_OK)
		s->fields[kind] = op;
	else
		free(op);
	return rv;
}

CK_RV message_init(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	const uintptr_t args[] = {session, ARGUMENT(mechanism), key};
	CK_MECHANISM m = {0, NULL, 0};

	if (mechanism != NULL)
		memcpy(&m, mechanism, sizeof m);
	if (kind <= MESSAGE_DECRYPT && (m.mechanism == CKM_AES_GCM || m.mechanism == CKM_AES_CCM))
		return begin_translated(c, kind, session, &m, key);
	if (c->dialect != DIALECT_0_24) {
		if (mechanism == NULL)
			(void)session_forget(session_find(session), kind);
		return call_run(c, calls[kind].init, args);
	}
	if (mechanism != NULL)
		return begin_fields(c, kind, session, &m, key);
	TRY(check_session(c, session));
	(void)session_forget(session_find(session), kind);
	return CKR_OK;
}

CK_RV message_final(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session)
{
	struct operation *op = session_translated(kind, session_find(session));
	const uintptr_t args[] = {session};

	if (c->dialect != DIALECT_0_24) {
		(void)session_forget(session_find(session), kind);
		return call_run(c, calls[kind].final, args);
	}
	TRY(check_session(c, session));
	if (op != NULL && op->in_parts)
		message_send_abort(c, &op->key);
	REQUIRE(session_forget(session_find(session), kind), CKR_OPERATION_NOT_INITIALIZED,
		"no message operation is active");
	return CKR_OK;
}

/* --- One message --- */

struct message {
	struct message_bytes aad, in;
	CK_BYTE *out;
	CK_ULONG *out_len;
	struct message_setup setup;
};

/* Find the operation of a call that is not to travel as it is. *RET is NULL if it is. */
static CK_RV enter(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE handle,
	struct session **ret_session, struct operation **ret)
{
	*ret_session = session_find(handle);
	*ret = session_translated(kind, *ret_session);
	if (*ret != NULL || c->dialect != DIALECT_0_24)
		return CKR_OK;
	TRY(check_session(c, handle));
	return FAIL(CKR_OPERATION_NOT_INITIALIZED, "no message operation is active");
}

/* Check the length of a whole message, and the room for it. *RET_GO is false for a question. */
static CK_RV check_whole(const struct operation *op, const struct message *m, bool *ret_go)
{
	CK_ULONG room = *m->out_len;

	REQUIRE(m->in.n <= WIRE_MAX / 4 && (!m->setup.has_data_len || m->in.n == m->setup.data_len),
		op->key.kind == MESSAGE_ENCRYPT ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE,
		"the message is too long, or not as long as the parameter says");
	*ret_go = m->out != NULL || m->in.n == 0;
	if (!*ret_go || room < m->in.n) {
		*m->out_len = m->in.n;
		return *ret_go ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	}
	return CKR_OK;
}

/* Make the nonce of a message, or take it from the parameter. */
static CK_RV make_nonce(struct session *s, struct operation *op, const struct message_setup *setup,
	uint8_t nonce[MESSAGE_NONCE_MAX])
{
	if (op->key.kind == MESSAGE_ENCRYPT)
		return message_nonce(&op->nonces, setup, &s->counter, nonce);
	memcpy(nonce, setup->nonce, setup->nonce_len);
	return CKR_OK;
}

static void give_nonce(const struct operation *op, const struct message_setup *setup,
	const uint8_t nonce[MESSAGE_NONCE_MAX])
{
	if (op->key.kind == MESSAGE_ENCRYPT && setup->generator != CKG_NO_GENERATE)
		memcpy(setup->nonce, nonce, setup->nonce_len);
}

/* Give the scratch memory of S room for N bytes. */
static CK_RV scratch(struct session *s, size_t n)
{
	wire_clear(&s->scratch);
	REQUIRE(wire_reserve(&s->scratch, n), CKR_HOST_MEMORY, "no memory for the message");
	s->scratch.n = n;
	return CKR_OK;
}

/* Split the N bytes of scratch memory into ciphertext and tag of TAG_LEN bytes. */
static CK_RV split(const struct session *s, CK_ULONG n, CK_ULONG tag_len, struct message *m)
{
	REQUIRE(n >= tag_len && n - tag_len <= *m->out_len, CKR_DEVICE_ERROR,
		"the ciphertext has no tag or is too long");
	if (n > tag_len)
		memcpy(m->out, s->scratch.p, n - tag_len);
	memcpy(m->setup.tag, s->scratch.p + n - tag_len, tag_len);
	*m->out_len = n - tag_len;
	return CKR_OK;
}

static CK_RV seal(struct connection *c, struct session *s, struct operation *op, struct message *m)
{
	uint8_t nonce[MESSAGE_NONCE_MAX];
	CK_ULONG n = m->in.n + m->setup.tag_len;

	TRY(scratch(s, n));
	TRY(make_nonce(s, op, &m->setup, nonce));
	TRY(message_send(c, &op->key, &m->setup, nonce, m->aad, m->in, s->scratch.p, &n));
	TRY(split(s, n, m->setup.tag_len, m));
	give_nonce(op, &m->setup, nonce);
	return CKR_OK;
}

/* Put the tag behind the ciphertext of M. */
static CK_RV join(struct session *s, struct message *m)
{
	TRY(scratch(s, m->in.n + m->setup.tag_len));
	if (m->in.n > 0)
		memcpy(s->scratch.p, m->in.p, m->in.n);
	memcpy(s->scratch.p + m->in.n, m->setup.tag, m->setup.tag_len);
	m->in = (struct message_bytes){s->scratch.p, s->scratch.n};
	return CKR_OK;
}

static CK_RV unseal(
	struct connection *c, struct session *s, struct operation *op, struct message *m)
{
	TRY(join(s, m));
	return message_send(
		c, &op->key, &m->setup, m->setup.nonce, m->aad, m->in, m->out, m->out_len);
}

static CK_RV check_bytes(const struct message *m)
{
	REQUIRE(m->out_len != NULL && (m->in.p != NULL || m->in.n == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	REQUIRE(m->aad.p != NULL || m->aad.n == 0, CKR_ARGUMENTS_BAD,
		"the associated data is NULL");
	return CKR_OK;
}

static CK_RV cipher(struct connection *c, struct session *s, struct operation *op,
	const void *parameter, CK_ULONG parameter_len, struct message *m)
{
	bool go;

	if (op->in_parts) {
		message_send_abort(c, &op->key);
		op->in_parts = false;
		return FAIL(CKR_OPERATION_ACTIVE, "the previous message is not finished");
	}
	TRY(check_bytes(m));
	TRY(message_setup_read(parameter, parameter_len, op->key.type == CKM_AES_CCM, &m->setup));
	TRY(check_whole(op, m, &go));
	if (!go)
		return CKR_OK;
	return op->key.kind == MESSAGE_ENCRYPT ? seal(c, s, op, m) : unseal(c, s, op, m);
}

CK_RV message_mac(struct connection *c, enum message_kind kind, const uintptr_t args[7])
{
	const struct fields_operation *op = session_fields(kind, args[0]);

	if (c->dialect != DIALECT_0_24)
		return call_run(
			c, kind == MESSAGE_SIGN ? CALL_C_SignMessage : CALL_C_VerifyMessage, args);
	if (op != NULL)
		return fields_message(c, kind, args[0], op,
			bytes_of((const void *)args[1], args[2]), bytes_of(NULL, 0), args + 3);
	TRY(check_session(c, args[0]));
	return FAIL(CKR_OPERATION_NOT_INITIALIZED, "no message operation is active");
}

CK_RV message_cipher(struct connection *c, enum message_kind kind, const uintptr_t args[9])
{
	const struct fields_operation *fields = session_fields(kind, args[0]);
	struct session *s;
	struct operation *op;
	struct message m = {.aad = {(const CK_BYTE *)args[3], args[4]},
		.in = {(const CK_BYTE *)args[5], args[6]},
		.out = (CK_BYTE *)args[7],
		.out_len = (CK_ULONG *)args[8]};

	if (fields != NULL)
		return fields_message(c, kind, args[0], fields,
			bytes_of((const void *)args[1], args[2]),
			bytes_of((const void *)args[3], args[4]), args + 5);
	TRY(enter(c, kind, args[0], &s, &op));
	if (op == NULL)
		return call_run(c,
			kind == MESSAGE_ENCRYPT ? CALL_C_EncryptMessage : CALL_C_DecryptMessage,
			args);
	CK_RV rv = cipher(c, s, op, (const void *)args[1], args[2], &m);
	wire_clear(&s->scratch);
	return rv;
}

/* --- A message in parts --- */

static CK_RV begin(
	struct connection *c, struct session *s, struct operation *op, const uintptr_t args[5])
{
	const struct message_bytes aad = {(const CK_BYTE *)args[3], args[4]};
	uint8_t nonce[MESSAGE_NONCE_MAX];
	struct message_setup setup;

	if (op->in_parts) {
		message_send_abort(c, &op->key);
		op->in_parts = false;
		return FAIL(CKR_OPERATION_ACTIVE, "the previous message is not finished");
	}
	TRY(message_setup_read(
		(const void *)args[1], args[2], op->key.type == CKM_AES_CCM, &setup));
	REQUIRE(aad.p != NULL || aad.n == 0, CKR_ARGUMENTS_BAD, "the associated data is NULL");
	TRY(make_nonce(s, op, &setup, nonce));
	TRY(message_send_begin(c, &op->key, &setup, nonce, aad));
	give_nonce(op, &setup, nonce);
	op->in_parts = true;
	op->pending = op->total = 0;
	op->tag_len = setup.tag_len;
	op->data_len = setup.has_data_len ? setup.data_len : WIRE_MAX;
	return CKR_OK;
}

CK_RV message_cipher_begin(struct connection *c, enum message_kind kind, const uintptr_t args[5])
{
	struct session *s;
	struct operation *op;

	if (session_fields(kind, args[0]) != NULL)
		return CKR_FUNCTION_NOT_SUPPORTED; /* a server of 0.24 gets whole messages */
	TRY(enter(c, kind, args[0], &s, &op));
	if (op == NULL)
		return call_run(c,
			kind == MESSAGE_ENCRYPT ? CALL_C_EncryptMessageBegin
						: CALL_C_DecryptMessageBegin,
			args);
	return begin(c, s, op, args);
}

/* Check the length of a part. LAST: the message ends with it. */
static CK_RV check_part(const struct operation *op, const struct message *m, bool last)
{
	bool ccm = op->key.type == CKM_AES_CCM;

	REQUIRE(m->in.n <= op->data_len - op->total &&
			(!last || !ccm || op->total + m->in.n == op->data_len),
		op->key.kind == MESSAGE_ENCRYPT ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE,
		"the message is too long, or not as long as the parameter says");
	return CKR_OK;
}

/* Process the last part, in which the tag is split off or joined. */
static CK_RV last_part(
	struct connection *c, struct session *s, struct operation *op, struct message *m)
{
	CK_ULONG n = op->pending + m->in.n + op->tag_len;

	if (op->key.kind == MESSAGE_DECRYPT) {
		TRY(join(s, m));
		return message_send_part(c, &op->key, m->in, true, m->out, m->out_len);
	}
	TRY(scratch(s, n));
	TRY(message_send_part(c, &op->key, m->in, true, s->scratch.p, &n));
	return split(s, n, op->tag_len, m);
}

static CK_RV next(struct connection *c, struct session *s, struct operation *op,
	const uintptr_t args[8], struct message *m)
{
	bool last = args[7] & CKF_END_OF_MESSAGE;
	CK_ULONG needed = op->pending + m->in.n, n;

	TRY(check_bytes(m));
	if (last) {
		TRY(message_setup_read(
			(const void *)args[1], args[2], op->key.type == CKM_AES_CCM, &m->setup));
		REQUIRE(m->setup.tag_len == op->tag_len, CKR_MECHANISM_PARAM_INVALID,
			"the tag length differs from the beginning of the message");
	}
	TRY(check_part(op, m, last));
	n = last || op->key.kind == MESSAGE_ENCRYPT ? needed : 0;
	if (n > 0 && (m->out == NULL || *m->out_len < n)) {
		*m->out_len = n;
		return m->out == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
	}
	TRY(last ? last_part(c, s, op, m)
		 : message_send_part(c, &op->key, m->in, false, m->out, m->out_len));
	op->total += m->in.n;
	op->pending = needed - (*m->out_len < needed ? *m->out_len : needed);
	op->in_parts = !last;
	return CKR_OK;
}

CK_RV message_cipher_next(struct connection *c, enum message_kind kind, const uintptr_t args[8])
{
	struct session *s;
	struct operation *op;
	struct message m = {.in = {(const CK_BYTE *)args[3], args[4]},
		.out = (CK_BYTE *)args[5],
		.out_len = (CK_ULONG *)args[6]};

	if (session_fields(kind, args[0]) != NULL)
		return CKR_FUNCTION_NOT_SUPPORTED; /* a server of 0.24 gets whole messages */
	TRY(enter(c, kind, args[0], &s, &op));
	if (op == NULL)
		return call_run(c,
			kind == MESSAGE_ENCRYPT ? CALL_C_EncryptMessageNext
						: CALL_C_DecryptMessageNext,
			args);
	REQUIRE(op->in_parts, CKR_OPERATION_NOT_INITIALIZED, "no message is begun");
	CK_RV rv = next(c, s, op, args, &m);
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL) {
		message_send_abort(c, &op->key);
		op->in_parts = false;
	}
	wire_clear(&s->scratch);
	return rv;
}

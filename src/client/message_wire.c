/* SPDX-License-Identifier: Apache-2.0 */
/* message_wire.c: see message_wire.h. */
#include "message_wire.h"

#include "keydiv.h"

/* The calls of each kind, and those that take their place on a server of p11-kit 0.24. */
static const struct {
	enum call_id init, message, begin, next, final;
	enum call_id old_init, old_single, old_update, old_final;
} calls[] = {
	[MESSAGE_ENCRYPT] = {CALL_C_MessageEncryptInit, CALL_C_EncryptMessage,
		CALL_C_EncryptMessageBegin, CALL_C_EncryptMessageNext, CALL_C_MessageEncryptFinal,
		CALL_C_EncryptInit, CALL_C_Encrypt, CALL_C_EncryptUpdate, CALL_C_EncryptFinal},
	[MESSAGE_DECRYPT] = {CALL_C_MessageDecryptInit, CALL_C_DecryptMessage,
		CALL_C_DecryptMessageBegin, CALL_C_DecryptMessageNext, CALL_C_MessageDecryptFinal,
		CALL_C_DecryptInit, CALL_C_Decrypt, CALL_C_DecryptUpdate, CALL_C_DecryptFinal},
};

/* The message functions of a forged message have another code than C_Decrypt. */
static CK_RV message_code(enum message_kind kind, CK_RV rv)
{
	return kind == MESSAGE_DECRYPT && rv == CKR_ENCRYPTED_DATA_INVALID ? CKR_AEAD_DECRYPT_FAILED
									   : rv;
}

/* C_EncryptInit or C_DecryptInit with the FIELDS of the flat form. */
static CK_RV old_init(struct connection *c, const struct message_key *k, const struct wire *fields)
{
	CK_MECHANISM m = {CKM_KEYDIV_FLAT(k->type), fields->p, fields->n};
	const uintptr_t args[] = {k->session, ARGUMENT(&m), k->key};

	return call_run(c, calls[k->kind].old_init, args);
}

static CK_RV init_and_end(struct connection *c, const struct message_key *k)
{
	static const uint8_t nonce[12];
	const struct message_setup setup = {.nonce_len = sizeof nonce,
		.tag_len = MESSAGE_TAG_MAX,
		.has_data_len = k->type == CKM_AES_CCM};
	struct wire fields = {0};
	CK_RV rv = message_setup_write(&setup, nonce, NULL, 0, &fields);

	if (rv == CKR_OK)
		rv = old_init(c, k, &fields);
	if (rv == CKR_OK)
		message_send_abort(c, k);
	wire_free(&fields);
	return rv;
}

CK_RV message_send_init(struct connection *c, const struct message_key *k)
{
	CK_MECHANISM m = {CKM_KEYDIV_FLAT(k->type), NULL, 0};
	const uintptr_t args[] = {k->session, ARGUMENT(&m), k->key};

	if (c->dialect == DIALECT_0_24)
		return init_and_end(c, k);
	return call_run(c, calls[k->kind].init, args);
}

/* Write the fields of a message. The associated data is a field only for an old server. */
static CK_RV write_fields(const struct connection *c, const struct message_setup *setup,
	const uint8_t *nonce, struct message_bytes aad, struct wire *fields)
{
	bool old = c->dialect == DIALECT_0_24 && aad.n > 0;

	return message_setup_write(setup, nonce, old ? aad.p : NULL, aad.n, fields);
}

CK_RV message_send(struct connection *c, const struct message_key *k,
	const struct message_setup *setup, const uint8_t *nonce, struct message_bytes aad,
	struct message_bytes in, CK_BYTE *out, CK_ULONG *out_len)
{
	struct wire fields = {0};
	CK_RV rv = write_fields(c, setup, nonce, aad, &fields);
	const uintptr_t old[] = {
		k->session, ARGUMENT(in.p), in.n, ARGUMENT(out), ARGUMENT(out_len)};
	const uintptr_t args[] = {k->session, ARGUMENT(fields.p), fields.n, ARGUMENT(aad.p), aad.n,
		ARGUMENT(in.p), in.n, ARGUMENT(out), ARGUMENT(out_len)};

	if (rv == CKR_OK && c->dialect == DIALECT_0_24) {
		rv = old_init(c, k, &fields);
		if (rv == CKR_OK)
			rv = message_code(k->kind, call_run(c, calls[k->kind].old_single, old));
	} else if (rv == CKR_OK) {
		rv = call_run(c, calls[k->kind].message, args);
	}
	wire_free(&fields);
	return rv;
}

CK_RV message_send_begin(struct connection *c, const struct message_key *k,
	const struct message_setup *setup, const uint8_t *nonce, struct message_bytes aad)
{
	struct wire fields = {0};
	CK_RV rv = write_fields(c, setup, nonce, aad, &fields);
	const uintptr_t args[] = {k->session, ARGUMENT(fields.p), fields.n, ARGUMENT(aad.p), aad.n};

	if (rv == CKR_OK)
		rv = c->dialect == DIALECT_0_24 ? old_init(c, k, &fields)
						: call_run(c, calls[k->kind].begin, args);
	wire_free(&fields);
	return rv;
}

/* The last part for an old server: C_...Update, and C_...Final for what is left. */
static CK_RV old_part(struct connection *c, const struct message_key *k, struct message_bytes in,
	bool last, CK_BYTE *out, CK_ULONG *out_len)
{
	CK_ULONG room = *out_len, rest;
	const uintptr_t update[] = {
		k->session, ARGUMENT(in.p), in.n, ARGUMENT(out), ARGUMENT(out_len)};

	TRY(message_code(k->kind, call_run(c, calls[k->kind].old_update, update)));
	if (!last)
		return CKR_OK;
	REQUIRE(*out_len <= room, CKR_DEVICE_ERROR, "the output is too long");
	rest = room - *out_len;
	const uintptr_t final[] = {k->session, ARGUMENT(out + *out_len), ARGUMENT(&rest)};

	TRY(message_code(k->kind, call_run(c, calls[k->kind].old_final, final)));
	*out_len += rest;
	return CKR_OK;
}

CK_RV message_send_part(struct connection *c, const struct message_key *k, struct message_bytes in,
	bool last, CK_BYTE *out, CK_ULONG *out_len)
{
	const uintptr_t args[] = {k->session, 0, 0, ARGUMENT(in.p), in.n, ARGUMENT(out),
		ARGUMENT(out_len), last ? CKF_END_OF_MESSAGE : 0};

	if (c->dialect == DIALECT_0_24)
		return old_part(c, k, in, last, out, out_len);
	return call_run(c, calls[k->kind].next, args);
}

void message_send_abort(struct connection *c, const struct message_key *k)
{
	/* A tag of no bytes and another length than before: the token refuses it and ends. */
	static const uint8_t wrong[] = {KEYDIV_TAG_LENGTH, 0, 1, 0};
	CK_BYTE out[MESSAGE_TAG_MAX];
	CK_ULONG n = sizeof out;
	const uintptr_t args[] = {k->session, ARGUMENT(wrong), sizeof wrong, 0, 0, ARGUMENT(out),
		ARGUMENT(&n), CKF_END_OF_MESSAGE};
	CK_RV ignored = c->dialect == DIALECT_0_24
				? call_finish(c, calls[k->kind].old_single, k->session)
				: call_run(c, calls[k->kind].next, args);

	(void)ignored;
}

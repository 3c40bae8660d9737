/* SPDX-License-Identifier: Apache-2.0 */
/* message_fields.c: see message_fields.h. */
#include "message_fields.h"

#include "parameter.h"

#define HEADER 3 /* tag (1), length (2) */

static const struct {
	CK_FLAGS flag;
	enum call_id init, single;
} calls[] = {
	[MESSAGE_ENCRYPT] = {CKF_MESSAGE_ENCRYPT, CALL_C_EncryptInit, CALL_C_Encrypt},
	[MESSAGE_DECRYPT] = {CKF_MESSAGE_DECRYPT, CALL_C_DecryptInit, CALL_C_Decrypt},
	[MESSAGE_SIGN] = {CKF_MESSAGE_SIGN, CALL_C_SignInit, CALL_C_Sign},
	[MESSAGE_VERIFY] = {CKF_MESSAGE_VERIFY, CALL_C_VerifyInit, CALL_C_Verify},
};

/* --- Fields --- */

/* The length of the first field of B, or 0 if B is malformed. */
static size_t first_length(struct bytes b)
{
	size_t n = b.n >= HEADER ? HEADER + (size_t)get_be16(b.p + 1) : 0;

	return n <= b.n ? n : 0;
}

CK_RV fields_merge(struct bytes a, struct bytes b, struct bytes aad, struct wire *ret)
{
	bool aad_left = aad.p != NULL;

	while (a.n > 0 || b.n > 0 || aad_left) {
		unsigned tag_a = a.n > 0 ? a.p[0] : 256, tag_b = b.n > 0 ? b.p[0] : 256;
		unsigned tag_aad = aad_left ? KEYDIV_AAD : 256;
		struct bytes *from = tag_a < tag_b ? &a : &b;
		unsigned least = tag_a < tag_b ? tag_a : tag_b;

		REQUIRE((tag_a != tag_b || tag_a == 256) && (least != tag_aad || least == 256),
			CKR_MECHANISM_PARAM_INVALID, "a field occurs twice");
		if (tag_aad < least) {
			REQUIRE(field_put(ret, KEYDIV_AAD, aad.p, aad.n),
				CKR_MECHANISM_PARAM_INVALID, "the associated data is too long");
			aad_left = false;
			continue;
		}
		size_t n = first_length(*from);
		REQUIRE(n > 0, CKR_MECHANISM_PARAM_INVALID, "a field is malformed");
		wire_put_raw(ret, from->p, n);
		*from = bytes_of(from->p + n, from->n - n);
	}
	return CKR_OK;
}

/* --- Operations --- */

CK_RV fields_begin(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, struct fields_operation *ret)
{
	CK_SESSION_INFO session_info;
	CK_MECHANISM_INFO info;
	CK_ULONG size, n = mechanism->ulParameterLen;
	const uintptr_t of_session[] = {session, ARGUMENT(&session_info)};
	const uintptr_t of_key[] = {session, key, ARGUMENT(&size)};

	TRY(call_run(c, CALL_C_GetSessionInfo, of_session));
	const uintptr_t of_mechanism[] = {
		session_info.slotID, mechanism->mechanism, ARGUMENT(&info)};
	TRY(call_run(c, CALL_C_GetMechanismInfo, of_mechanism));
	REQUIRE(info.flags & calls[kind].flag, CKR_MECHANISM_INVALID,
		"the mechanism does not process messages");
	REQUIRE(n <= sizeof ret->fields && (mechanism->pParameter != NULL || n == 0),
		CKR_MECHANISM_PARAM_INVALID, "the parameter is NULL or too long");
	CK_RV rv = call_run(c, CALL_C_GetObjectSize, of_key);
	REQUIRE(rv != CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID, "no such key");
	TRY(rv);
	ret->type = mechanism->mechanism;
	ret->key = key;
	ret->n = n;
	if (n > 0)
		memcpy(ret->fields, mechanism->pParameter, n);
	return CKR_OK;
}

CK_RV fields_message(struct connection *c, enum message_kind kind, CK_SESSION_HANDLE session,
	const struct fields_operation *op, struct bytes parameter, struct bytes aad,
	const uintptr_t args[4])
{
	struct wire fields = {0};
	const uintptr_t single[] = {session, args[0], args[1], args[2], args[3]};
	CK_RV ignored = CKR_OK; /* a question for the length must not leave the operation active */

	REQUIRE(parameter.n <= KEYDIV_PARAMETER_MAX && (parameter.p != NULL || parameter.n == 0),
		CKR_MECHANISM_PARAM_INVALID, "the parameter is NULL or too long");
	REQUIRE(aad.p != NULL || aad.n == 0, CKR_ARGUMENTS_BAD, "the associated data is NULL");
	CK_RV rv = fields_merge(bytes_of(op->fields, op->n), parameter,
		aad.n > 0 ? aad : bytes_of(NULL, 0), &fields);
	CK_MECHANISM m = {op->type, fields.p, fields.n};
	const uintptr_t init[] = {session, ARGUMENT(&m), op->key};

	if (rv == CKR_OK && fields.failed)
		rv = FAIL(CKR_HOST_MEMORY, "no memory for the parameter");
	if (rv == CKR_OK)
		rv = call_run(c, calls[kind].init, init);
	wire_free(&fields);
	TRY(rv);
	rv = call_run(c, calls[kind].single, single);
	if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && kind != MESSAGE_VERIFY && args[2] == 0))
		ignored = call_finish(c, calls[kind].single, session);
	(void)ignored;
	return kind == MESSAGE_DECRYPT && rv == CKR_ENCRYPTED_DATA_INVALID ? CKR_AEAD_DECRYPT_FAILED
									   : rv;
}

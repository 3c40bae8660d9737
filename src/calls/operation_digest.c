/* SPDX-License-Identifier: Apache-2.0 */
/* operation_digest.c: C_Digest and its parts. */
#include "calls/operation.h"
#include "calls/operation_steps.h"
#include "token/session_key.h"

static CK_RV set_up(struct operation *op, const CK_MECHANISM *caller)
{
	REQUIRE(caller->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism takes no parameter");
	if (op->digest == NULL)
		op->digest = digest_new();
	ENSURE(op->digest != NULL, CKR_HOST_MEMORY);
	op->out_len = digest_length(op->mech->operation.digest);
	return digest_begin(op->digest, op->mech->operation.digest);
}

CK_RV digest_init(struct session *s, CK_MECHANISM *mechanism)
{
	static const struct operation_request request = {OPERATION_DIGEST, CKF_DIGEST, 0};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, 0, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, set_up(op, &caller));
}

static CK_RV put_in(struct operation *op, const CK_BYTE *in, CK_ULONG in_len)
{
	REQUIRE(in != NULL || in_len == 0, CKR_ARGUMENTS_BAD, "the pointer to the data is NULL");
	REQUIRE(in_len <= OPERATION_DATA_MAX, CKR_DATA_LEN_RANGE, "the data is too long");
	return in_len == 0 ? CKR_OK : digest_update(op->digest, in, in_len);
}

static CK_RV take_out(struct operation *op, CK_BYTE *out, CK_ULONG *out_len)
{
	uint8_t digest[DIGEST_MAX];

	TRY(digest_finish(op->digest, digest));
	memcpy(out, digest, op->out_len);
	*out_len = op->out_len;
	return CKR_OK;
}

static CK_RV single(
	struct operation *op, const CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	bool go;

	REQUIRE(out_len != NULL && (in != NULL || in_len == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	TRY(output_room(op->out_len, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(put_in(op, in, in_len));
	return take_out(op, out, out_len);
}

CK_RV digest_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_single(s, OPERATION_DIGEST, &op));
	return operation_leave(s, op, single(op, in, in_len, out, out_len), out == NULL);
}

CK_RV digest_part(struct session *s, CK_BYTE *in, CK_ULONG in_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_DIGEST, &op));
	return operation_leave(s, op, put_in(op, in, in_len), true);
}

/* Refuse C_DigestKey, because a digest of key bytes helps to compare and guess keys. */
CK_RV digest_key(struct session *s, CK_OBJECT_HANDLE key)
{
	struct operation *op;
	struct cached_key *cached;

	TRY(operation_part(s, OPERATION_DIGEST, &op));
	CK_RV rv = session_key_now(s, key, &cached);
	if (rv == CKR_OK)
		rv = FAIL(CKR_KEY_INDIGESTIBLE, "keys cannot be digested");
	return operation_leave(s, op, rv, false);
}

static CK_RV final(struct operation *op, CK_BYTE *out, CK_ULONG *out_len)
{
	bool go;

	REQUIRE(out_len != NULL, CKR_ARGUMENTS_BAD, "the pointer to the output length is NULL");
	TRY(output_room(op->out_len, out, out_len, &go));
	return go ? take_out(op, out, out_len) : CKR_OK;
}

CK_RV digest_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_DIGEST, &op));
	return operation_leave(s, op, final(op, out, out_len), out == NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_cipher.c: C_Encrypt, C_Decrypt and their parts.
 *
 * Decrypted plaintext that must be checked (GCM, CCM, CBC with padding) stays in the operation's
 * buffer until the check. Decryption in parts with GCM and CCM therefore gives out the whole
 * plaintext at the end. cipher_update handles caller buffers that overlap. The output of a final
 * step passes through `last`.
 */
#include "calls/operation.h"
#include "calls/operation_sealed.h"
#include "calls/operation_steps.h"
#include "calls/requested.h"
#include "calls/use.h"
#include "operation_fields.h"

static bool in_blocks(const struct operation *op)
{
	enum cipher_mode mode = op->mech->operation.cipher;
	return mode == CIPHER_ECB || mode == CIPHER_CBC || mode == CIPHER_CBC_PAD;
}

/* Return true if decryption gives plaintext that must be checked first. */
static bool is_checked(const struct operation *op)
{
	return is_aead(op) || op->mech->operation.cipher == CIPHER_CBC_PAD;
}

/* --- Init --- */

/* Make the cipher object of OP ready for SETUP. */
static CK_RV prepare(struct operation *op, const struct cipher_setup *setup)
{
	if (op->cipher == NULL)
		op->cipher = cipher_new();
	ENSURE(op->cipher != NULL, CKR_HOST_MEMORY);
	op->out_len = setup->tag_len;
	op->data_len = setup->data_len;
	operation_keeps(op, kept_of_cipher(setup->mode));
	if (setup->mode == CIPHER_CBC_PAD)
		memcpy(op->iv, setup->iv.p, setup->iv.n);
	return CKR_OK;
}

CK_RV operation_set_up_cipher(struct operation *op, bool encrypt, struct bytes aad)
{
	struct use_state *use = op->use;

	use->setup = (struct cipher_setup){.mode = op->mech->operation.cipher, .encrypt = encrypt};
	TRY(use_cipher_setup(&use->parameter, operation_least_mac(op), &use->setup));
	if (aad.p != NULL) {
		REQUIRE(op->mech->operation.inputs->aad, CKR_MECHANISM_PARAM_INVALID,
			"OPERATION takes no associated data");
		REQUIRE(use->setup.aad.p == NULL, CKR_MECHANISM_PARAM_INVALID,
			"the field AAD and pAssociatedData were both given");
		use->setup.aad = aad;
	}
	TRY(prepare(op, &use->setup));
	use->repeats = use->repeatable;
	use->late = use->setup.mode == CIPHER_CCM;
	return use->late ? CKR_OK : cipher_begin(op->cipher, op->used, &use->setup);
}

/*
 * Read the parameter of CALLER into RET. RET has its mode already, and the direction of the call,
 * which an inverse mechanism turns round.
 */
static CK_RV read_parameter(struct session *s, const struct mechanism *mech,
	const CK_MECHANISM *caller, struct cipher_setup *ret)
{
	struct parameter p;

	if (mech->operation.cipher_setup)
		return mech->operation.cipher_setup(caller, ret);
	if (mech->form == FORM_FLAT) {
		TRY(requested_fields(s, mech, caller->pParameter, caller->ulParameterLen, &p));
		return operation_fields_cipher(mech, &p, 0, ret);
	}
	REQUIRE(caller->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
		"the mechanism takes no parameter");
	ret->encrypt ^= mech->operation.inverse;
	return CKR_OK;
}

static CK_RV set_up(
	struct session *s, struct operation *op, bool encrypt, const CK_MECHANISM *caller)
{
	struct cipher_setup setup = {.mode = op->mech->operation.cipher, .encrypt = encrypt};

	if (op->derived)
		return operation_set_up_cipher(op, encrypt, bytes_of(NULL, 0));
	TRY(read_parameter(s, op->mech, caller, &setup));
	TRY(prepare(op, &setup));
	return cipher_begin(op->cipher, op->used, &setup);
}

CK_RV encrypt_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	static const struct operation_request request = {
		OPERATION_ENCRYPT, CKF_ENCRYPT, FLAG_ENCRYPT};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, key, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, set_up(s, op, true, &caller));
}

CK_RV decrypt_init(struct session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	static const struct operation_request request = {
		OPERATION_DECRYPT, CKF_DECRYPT, FLAG_DECRYPT};
	CK_MECHANISM caller;
	struct operation *op;

	TRY(operation_request(s, &request, mechanism, key, &caller, &op));
	return op == NULL ? CKR_OK : operation_begun(s, op, set_up(s, op, false, &caller));
}

/* --- In one call --- */

/*
 * Return the length of the output of N bytes. For decryption that is checked, return the
 * largest possible length.
 */
static size_t single_length(const struct operation *op, bool encrypt, size_t n)
{
	size_t block = block_of(op);

	if (is_aead(op))
		return encrypt ? n + op->out_len : n >= op->out_len ? n - op->out_len : 0;
	if (encrypt && op->mech->operation.cipher == CIPHER_CBC_PAD)
		return n - n % block + block;
	return n;
}

static CK_RV check_single_length(const struct operation *op, bool encrypt, size_t n)
{
	if (in_blocks(op) && op->mech->operation.cipher != CIPHER_CBC_PAD) {
		REQUIRE(n % block_of(op) == 0, range_error(encrypt),
			"the data is not whole blocks");
		TRY(check_data_length(op, n));
	}
	if (op->mech->operation.cipher == CIPHER_CCM)
		REQUIRE(n == op->data_len, range_error(encrypt),
			"the data does not have the length of the CCM parameter");
	return CKR_OK;
}

CK_RV operation_crypt(struct operation *op, bool encrypt, const CK_BYTE *in, CK_ULONG in_len,
	CK_BYTE *out, CK_ULONG *out_len)
{
	size_t needed, done, last;
	bool go;

	REQUIRE(out_len != NULL && (in != NULL || in_len == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	REQUIRE(in_len <= OPERATION_DATA_MAX, range_error(encrypt), "the data is too long");
	needed = single_length(op, encrypt, in_len);
	if (out != NULL && !encrypt && is_checked(op))
		return decrypt_checked(op, in, in_len, out, out_len);
	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(begin_late(op, in_len));
	TRY(check_single_length(op, encrypt, in_len));
	TRY(operation_release(op));
	TRY(cipher_update(op->cipher, in, in_len, out, &done));
	TRY(cipher_finish(op->cipher, bytes_of(NULL, 0), op->last, &last));
	memcpy(out + done, op->last, last);
	*out_len = done + last;
	return CKR_OK;
}

CK_RV encrypt_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_single(s, OPERATION_ENCRYPT, &op));
	return operation_leave(
		s, op, operation_crypt(op, true, in, in_len, out, out_len), out == NULL);
}

CK_RV decrypt_single(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_single(s, OPERATION_DECRYPT, &op));
	return operation_leave(
		s, op, operation_crypt(op, false, in, in_len, out, out_len), out == NULL);
}

/* --- In parts --- */

/* Return the number of bytes that the cipher has taken and not given back yet, of TOTAL bytes. */
static size_t held(const struct operation *op, bool encrypt, size_t total)
{
	if (!in_blocks(op) || total == 0)
		return 0;
	size_t block = block_of(op);
	if (!encrypt && op->mech->operation.cipher == CIPHER_CBC_PAD)
		return (total - 1) % block + 1; /* the last block may be padding */
	return total % block;
}

static CK_RV update(struct operation *op, bool encrypt, const CK_BYTE *in, CK_ULONG in_len,
	CK_BYTE *out, CK_ULONG *out_len)
{
	size_t needed, done = 0;
	bool go;

	REQUIRE(out_len != NULL && (in != NULL || in_len == 0), CKR_ARGUMENTS_BAD,
		"a pointer to data or to a length is NULL");
	REQUIRE(in_len <= OPERATION_DATA_MAX, range_error(encrypt), "the data is too long");
	REQUIRE(!op->finished, CKR_OPERATION_ACTIVE, "the final call has ended the data already");
	if (collects(op, encrypt))
		return collect(op, encrypt, in, in_len, out, out_len);
	needed = held(op, encrypt, op->total) + in_len - held(op, encrypt, op->total + in_len);
	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	if (op->mech->operation.cipher == CIPHER_CCM)
		REQUIRE(in_len <= op->data_len - op->total, CKR_DATA_LEN_RANGE,
			"the data is longer than the CCM parameter says");
	if (op->mech->operation.cipher == CIPHER_GCM)
		REQUIRE(in_len <= OPERATION_DATA_MAX - op->total, CKR_DATA_LEN_RANGE,
			"the data is too long");
	if (needed > 0)
		TRY(operation_release(op));
	if (in_len > 0)
		TRY(cipher_update(op->cipher, in, in_len, out, &done));
	op->total += in_len;
	*out_len = done;
	return CKR_OK;
}

CK_RV encrypt_update(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_ENCRYPT, &op));
	return operation_leave(s, op, update(op, true, in, in_len, out, out_len), true);
}

CK_RV decrypt_update(
	struct session *s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_DECRYPT, &op));
	return operation_leave(s, op, update(op, false, in, in_len, out, out_len), true);
}

/*
 * Make the last bytes once and keep them until the caller has room. A caller who passes NULL to ask
 * for the length gets the largest possible length.
 */
static CK_RV final(struct operation *op, bool encrypt, CK_BYTE *out, CK_ULONG *out_len)
{
	bool go;

	REQUIRE(out_len != NULL, CKR_ARGUMENTS_BAD, "the pointer to the output length is NULL");
	if (collects(op, encrypt))
		return final_collected(op, encrypt, out, out_len);
	if (out == NULL && !op->finished) {
		*out_len =
			op->mech->operation.cipher == CIPHER_CBC_PAD ? block_of(op) : op->out_len;
		return CKR_OK;
	}
	if (!op->finished) {
		TRY(cipher_finish(op->cipher, bytes_of(NULL, 0), op->last, &op->last_n));
		op->finished = true;
	}
	TRY(output_room(op->last_n, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(operation_release(op));
	memcpy(out, op->last, op->last_n);
	*out_len = op->last_n;
	return CKR_OK;
}

CK_RV encrypt_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_ENCRYPT, &op));
	return operation_leave(s, op, final(op, true, out, out_len), out == NULL);
}

CK_RV decrypt_final(struct session *s, CK_BYTE *out, CK_ULONG *out_len)
{
	struct operation *op;

	TRY(operation_part(s, OPERATION_DECRYPT, &op));
	return operation_leave(s, op, final(op, false, out, out_len), out == NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* operation_sealed.c: see operation_sealed.h. */
#include "calls/operation_sealed.h"

#include "calls/use.h"

/*
 * Check the length of the ciphertext. The ciphertext of GCM and CCM ends in the tag, and the CCM
 * parameter gives the length of the data. Padded ciphertext is one or more whole blocks.
 */
static CK_RV check_sealed_length(const struct operation *op, size_t n)
{
	size_t block = block_of(op);

	if (op->mech->operation.cipher == CIPHER_CBC_PAD) {
		REQUIRE(n > 0 && n % block == 0, CKR_ENCRYPTED_DATA_LEN_RANGE,
			"the ciphertext is not whole blocks");
		return CKR_OK;
	}
	REQUIRE(n >= op->out_len, CKR_ENCRYPTED_DATA_LEN_RANGE,
		"the ciphertext is shorter than the tag");
	REQUIRE(op->mech->operation.cipher != CIPHER_CCM || n - op->out_len == op->data_len,
		CKR_ENCRYPTED_DATA_LEN_RANGE,
		"the ciphertext does not have the length of the CCM parameter");
	return CKR_OK;
}

/*
 * Decrypt and check the N bytes at IN, which may be in the buffer. The plaintext, *RET_N bytes, is
 * in the buffer.
 */
static CK_RV open_sealed(struct operation *op, const uint8_t *in, size_t n, size_t *ret_n)
{
	size_t done, last;

	TRY(check_sealed_length(op, n));
	struct bytes tag = bytes_of(in + n - op->out_len, op->out_len);
	if (in != op->buffer.p) {
		TRY(buffer_reserve(&op->buffer, n + KEY_BLOCK_MAX));
		op->buffer.n = n + KEY_BLOCK_MAX; /* the bytes to wipe */
	}
	TRY(cipher_update(op->cipher, in, n - op->out_len, op->buffer.p, &done));
	TRY(cipher_finish(op->cipher, tag, op->last, &last));
	op->last_n = last;
	memcpy(op->buffer.p + done, op->last, last);
	*ret_n = done + last;
	return CKR_OK;
}

/* Wipe a plaintext that was longer than the caller's room, and prepare for the same call again. */
static CK_RV reopen(struct operation *op)
{
	struct cipher_setup setup = {
		.mode = op->mech->operation.cipher, .iv = bytes_of(op->iv, block_of(op))};

	buffer_clear(&op->buffer);
	TRY(cipher_begin(op->cipher, op->used, &setup));
	return CKR_BUFFER_TOO_SMALL;
}

/* Return the length of the plaintext of N bytes of ciphertext and tag. */
static size_t plain_length(const struct operation *op, size_t n)
{
	return n > op->out_len ? n - op->out_len : 0;
}

CK_RV decrypt_checked(
	struct operation *op, const uint8_t *in, size_t n, CK_BYTE *out, CK_ULONG *out_len)
{
	size_t plain_n;
	bool go;

	TRY(begin_late(op, plain_length(op, n)));
	TRY(check_sealed_length(op, n));
	if (is_aead(op))
		TRY(output_room(n - op->out_len, out, out_len, &go));
	TRY(open_sealed(op, in, n, &plain_n));
	if (*out_len < plain_n) {
		*out_len = plain_n;
		return reopen(op);
	}
	TRY(operation_release(op));
	memcpy(out, op->buffer.p, plain_n);
	*out_len = plain_n;
	return CKR_OK;
}

/* --- In parts --- */

/* Return the most bytes that OP collects. */
static size_t most_collected(const struct operation *op)
{
	const uint8_t *length = op->mech->operation.data_lengths;
	size_t most = 0;

	if (op->mech->operation.cipher == CIPHER_CCM && !begins_late(op))
		return op->data_len + op->out_len;
	if (length == NULL)
		return OPERATION_DATA_MAX;
	for (; *length != 0; length++)
		most = *length > most ? *length : most;
	return most;
}

CK_RV collect(struct operation *op, bool encrypt, const CK_BYTE *in, CK_ULONG in_len,
	const CK_BYTE *out, CK_ULONG *out_len)
{
	if (out != NULL) {
		size_t most = most_collected(op);
		REQUIRE(in_len <= most && op->total <= most - in_len, range_error(encrypt),
			"the data is too long");
		TRY(buffer_append(&op->buffer, in, in_len));
		op->total += in_len;
	}
	*out_len = 0;
	return CKR_OK;
}

/* Check everything that was collected, and give the plaintext out. */
static CK_RV open_collected(struct operation *op, CK_BYTE *out, CK_ULONG *out_len)
{
	size_t plain_n, needed = plain_length(op, op->total);
	bool go;

	TRY(output_room(needed, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(buffer_reserve(&op->buffer, 1)); /* make the buffer exist even if no data came */
	TRY(begin_late(op, needed));
	TRY(open_sealed(op, op->buffer.p, op->total, &plain_n));
	TRY(operation_release(op));
	memcpy(out, op->buffer.p, plain_n);
	*out_len = plain_n;
	return CKR_OK;
}

/* Encrypt everything that was collected, in the buffer. */
static CK_RV seal_collected(struct operation *op, CK_BYTE *out, CK_ULONG *out_len)
{
	size_t done, last;
	bool go;

	TRY(check_data_length(op, op->total));
	TRY(output_room(op->total + op->out_len, out, out_len, &go));
	if (!go)
		return CKR_OK;
	TRY(buffer_reserve(&op->buffer, 1));
	TRY(begin_late(op, op->total));
	TRY(cipher_update(op->cipher, op->buffer.p, op->total, op->buffer.p, &done));
	TRY(cipher_finish(op->cipher, bytes_of(NULL, 0), op->last, &last));
	TRY(operation_release(op));
	memcpy(out, op->buffer.p, done);
	memcpy(out + done, op->last, last);
	*out_len = done + last;
	return CKR_OK;
}

CK_RV final_collected(struct operation *op, bool encrypt, CK_BYTE *out, CK_ULONG *out_len)
{
	return encrypt ? seal_collected(op, out, out_len) : open_collected(op, out, out_len);
}

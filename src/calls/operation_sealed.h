/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_sealed.h: decryption whose plaintext is checked before the caller gets it (GCM, CCM,
 * CBC with padding), and data in parts that is collected until the final call, for
 * operation_cipher.c only.
 */
#ifndef KEYDIV_CALLS_OPERATION_SEALED_H
#define KEYDIV_CALLS_OPERATION_SEALED_H

#include "calls/operation_steps.h"

static inline bool is_aead(const struct operation *op)
{
	return op->mech->operation.cipher == CIPHER_GCM || op->mech->operation.cipher == CIPHER_CCM;
}

/*
 * Return true if the cipher of OP begins when the length of the data is known. The parameter of
 * WITH_DERIVED_KEY does not say the length, and CCM needs the length first.
 */
static inline bool begins_late(const struct operation *op)
{
	return op->derived && op->use->late;
}

/* Return true if the parts of the data are collected until the final call. */
static inline bool collects(const struct operation *op, bool encrypt)
{
	return (!encrypt && is_aead(op)) || begins_late(op) ||
	       op->mech->operation.data_lengths != NULL;
}

static inline size_t block_of(const struct operation *op)
{
	return key_block_size(op->used);
}

static inline CK_RV range_error(bool encrypt)
{
	return encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

/* Check that data of N bytes has a length that the mechanism of OP takes. CKR_DATA_LEN_RANGE. */
MUST_USE static inline CK_RV check_data_length(const struct operation *op, size_t n)
{
	const uint8_t *length = op->mech->operation.data_lengths;

	if (length == NULL)
		return CKR_OK;
	while (*length != 0 && *length != n)
		length++;
	REQUIRE(*length != 0, CKR_DATA_LEN_RANGE, "the mechanism takes no data of this length");
	return CKR_OK;
}

/* Begin the cipher for DATA_LEN bytes of plaintext, unless it has begun. */
MUST_USE static inline CK_RV begin_late(struct operation *op, size_t data_len)
{
	if (!begins_late(op))
		return CKR_OK;
	op->data_len = op->use->setup.data_len = data_len;
	return cipher_begin(op->cipher, op->used, &op->use->setup);
}

/*
 * Decrypt the N bytes at IN in one call, check the plaintext, and write the plaintext to OUT. The
 * codes are those of C_Decrypt.
 */
MUST_USE CK_RV decrypt_checked(
	struct operation *op, const uint8_t *in, size_t n, CK_BYTE *out, CK_ULONG *out_len);

/* Collect a part. The codes are those of C_EncryptUpdate and C_DecryptUpdate. */
MUST_USE CK_RV collect(struct operation *op, bool encrypt, const CK_BYTE *in, CK_ULONG in_len,
	const CK_BYTE *out, CK_ULONG *out_len);

/* End data that was collected. The codes are those of C_EncryptFinal and C_DecryptFinal. */
MUST_USE CK_RV final_collected(struct operation *op, bool encrypt, CK_BYTE *out, CK_ULONG *out_len);

#endif

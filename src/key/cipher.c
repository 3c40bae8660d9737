/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher.c: encryption and decryption in parts.
 *
 * Incomplete blocks are kept here. libcrypto gets whole blocks only, through EVP_Cipher, which
 * neither pads nor holds data back. In-place operation therefore works for parts of any size, and
 * padding is checked in constant time.
 */
#include "cipher.h"

#include <stdlib.h>

#include "ccm.h"
#include "error_queue.h"
#include "gcm.h"

#define CHUNK ((size_t)1 << 30) /* libcrypto takes lengths as int */

__extension__ typedef unsigned __int128 uint128;

struct cipher {
	enum cipher_mode mode; /* of the current operation, or CIPHER_NONE */
	bool encrypt;
	size_t block, tag_len;
	size_t held; /* bytes of PENDING */
	uint8_t pending
		[16];  /* less than a block or, in CBC_PAD decryption, perhaps the last block */
	uint64_t left; /* CTR only, bytes until the counter wraps */
	/* The context for ECB, CBC and CTR, and the mode and key that it has. */
	EVP_CIPHER_CTX *context;
	enum evp_mode keyed_mode;
	enum cipher_kind keyed_kind; /* KIND_NONE before the first key */
	bool keyed_encrypt;
	uint64_t serial;
	struct gcm gcm;
	struct ccm ccm;
};

struct cipher *cipher_new(void)
{
	struct cipher *cipher = calloc(1, sizeof *cipher);

	if (cipher != NULL)
		cipher->context = cipher_context_new();
	if (cipher != NULL && cipher->context == NULL) {
		free(cipher);
		return NULL;
	}
	return cipher;
}

void cipher_free(struct cipher *cipher)
{
	if (cipher == NULL)
		return;
	cipher_reset(cipher);
	gcm_free(&cipher->gcm);
	ccm_free(&cipher->ccm);
	EVP_CIPHER_CTX_free(cipher->context);
	free(cipher);
}

static void reset_context(struct cipher *cipher)
{
	if (cipher->keyed_kind != KIND_NONE)
		EVP_CIPHER_CTX_reset(cipher->context); /* frees and so wipes the inner context */
	cipher->keyed_kind = KIND_NONE;
	cipher->serial = 0;
}

void cipher_reset(struct cipher *cipher)
{
	cipher->mode = CIPHER_NONE;
	wipe(cipher->pending, sizeof cipher->pending);
	cipher->held = 0;
	reset_context(cipher);
	gcm_reset(&cipher->gcm);
	ccm_reset(&cipher->ccm);
}

void cipher_forget(struct cipher *cipher)
{
	static const uint8_t zero[32];

	cipher->mode = CIPHER_NONE;
	wipe(cipher->pending, sizeof cipher->pending);
	cipher->held = 0;
	if (cipher->serial != 0) {
		cipher->serial = 0; /* no key has this number */
		if (!EVP_CipherInit_ex2(
			    cipher->context, NULL, zero, zero, cipher->keyed_encrypt, NULL))
			reset_context(cipher);
	}
	gcm_forget(&cipher->gcm);
	ccm_forget(&cipher->ccm);
}

/* Set up the context for MODE. Set cipher and key only if they changed. Set the IV always. */
static CK_RV set_context(struct cipher *cipher, struct key *key, enum evp_mode mode,
	const struct cipher_setup *setup)
{
	struct bytes value = key_expose(key);
	enum cipher_kind kind = cipher_kind_of(key_type(key), value.n);
	const EVP_CIPHER *evp;
	const uint8_t *iv = mode == EVP_MODE_ECB ? NULL : setup->iv.p;

	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	REQUIRE(value.n == key_length(key), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and only derives");
	evp = crypto->cipher[mode][kind];
	ENSURE(evp != NULL, CKR_KEY_TYPE_INCONSISTENT);
	cipher->block = key_block_size(key);
	ENSURE(mode == EVP_MODE_ECB || (iv != NULL && setup->iv.n == cipher->block),
		CKR_MECHANISM_PARAM_INVALID);
	bool same_cipher = cipher->keyed_kind == kind && cipher->keyed_mode == mode;
	bool same_key = same_cipher && cipher->serial == key_serial(key) &&
			cipher->keyed_encrypt == setup->encrypt;
	if (same_key && iv == NULL)
		return CKR_OK;
	cipher->keyed_kind = kind;
	if (!cipher_init(cipher->context, same_cipher ? NULL : evp, same_key ? NULL : value.p, iv,
		    setup->encrypt)) {
		reset_context(cipher);
		return FAIL(CKR_HOST_MEMORY, NO_MEMORY);
	}
	cipher->keyed_mode = mode;
	cipher->keyed_encrypt = setup->encrypt;
	cipher->serial = key_serial(key);
	return CKR_OK;
}

/*
 * Return the number of bytes until the low BITS bits of the counter block IV wrap, at most
 * UINT64_MAX. libcrypto counts in all 128 bits, so this file has to check.
 */
static uint64_t counter_room(const uint8_t iv[16], unsigned bits)
{
	uint128 start = (uint128)get_be64(iv) << 64 | get_be64(iv + 8), blocks;

	if (bits < 128)
		start &= ((uint128)1 << bits) - 1;
	blocks = (bits < 128 ? (uint128)1 << bits : 0) - start;
	if (blocks == 0 || blocks > UINT64_MAX / 16) /* 0 stands for 2^128 blocks */
		return UINT64_MAX;
	return (uint64_t)blocks * 16;
}

CK_RV cipher_begin(struct cipher *cipher, struct key *key, const struct cipher_setup *setup)
{
	cipher->mode = CIPHER_NONE;
	cipher->held = 0;
	cipher->encrypt = setup->encrypt;
	cipher->tag_len = setup->tag_len;
	switch (setup->mode) {
	case CIPHER_ECB:
		TRY(set_context(cipher, key, EVP_MODE_ECB, setup));
		break;
	case CIPHER_CBC:
	case CIPHER_CBC_PAD:
		TRY(set_context(cipher, key, EVP_MODE_CBC, setup));
		break;
	case CIPHER_CTR:
		ENSURE(setup->counter_bits >= 1 && setup->counter_bits <= 128,
			CKR_MECHANISM_PARAM_INVALID);
		TRY(set_context(cipher, key, EVP_MODE_CTR, setup));
		cipher->left = counter_room(setup->iv.p, setup->counter_bits);
		break;
	case CIPHER_GCM:
		ENSURE(setup->tag_len >= 12 && setup->tag_len <= GCM_TAG,
			CKR_MECHANISM_PARAM_INVALID);
		TRY(gcm_begin(&cipher->gcm, key, setup->encrypt, setup->iv));
		TRY(gcm_update(&cipher->gcm, setup->aad.p, setup->aad.n, NULL));
		break;
	case CIPHER_CCM:
		TRY(ccm_begin(&cipher->ccm, key, setup));
		break;
	default:
		return CKR_FUNCTION_FAILED;
	}
	cipher->mode = setup->mode;
	return CKR_OK;
}

static CK_RV run(struct cipher *cipher, const uint8_t *in, size_t n, uint8_t *out)
{
	for (size_t take; n > 0; in += take, out += take, n -= take) {
		take = n < CHUNK ? n : CHUNK;
		ENSURE(EVP_Cipher(cipher->context, out, in, (unsigned)take) == (int)take,
			CKR_FUNCTION_FAILED);
	}
	return CKR_OK;
}

static bool overlap(const uint8_t *a, const uint8_t *b, size_t n)
{
	return (uintptr_t)a < (uintptr_t)b + n && (uintptr_t)b < (uintptr_t)a + n;
}

/*
 * Process the pending bytes and N bytes at IN, as far as they are whole blocks. Write only the
 * resulting bytes to OUT.
 */
static CK_RV update_blocks(
	struct cipher *cipher, const uint8_t *in, size_t n, uint8_t *out, size_t *ret_n)
{
	size_t held = cipher->held, rest = (held + n) % cipher->block, whole;
	uint8_t tail[16];

	if (rest == 0 && cipher->mode == CIPHER_CBC_PAD && !cipher->encrypt)
		rest = cipher->block; /* may be the last block, whose padding must be removed */
	if (held + n <= rest) {
		memcpy(cipher->pending + held, in, n);
		cipher->held += n;
		*ret_n = 0;
		return CKR_OK;
	}
	whole = held + n - rest;
	/*
	 * Copy the rest before writing to OUT, which may be IN. REST <= N, because HELD is at
	 * most a block.
	 */
	memcpy(tail, in + n - rest, rest);
	if (held == 0 && (in == out || !overlap(in, out, n))) {
		TRY(run(cipher, in, whole, out));
	} else {
		memmove(out + held, in, whole - held);
		memcpy(out, cipher->pending, held);
		TRY(run(cipher, out, whole, out));
	}
	memcpy(cipher->pending, tail, rest);
	wipe(tail, rest);
	cipher->held = rest;
	*ret_n = whole;
	return CKR_OK;
}

CK_RV cipher_update(struct cipher *cipher, const uint8_t *in, size_t n, uint8_t *out, size_t *ret_n)
{
	CK_RV too_long = cipher->encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;

	ENSURE(cipher->mode != CIPHER_NONE, CKR_FUNCTION_FAILED);
	if (n == 0) {
		*ret_n = 0;
		return CKR_OK;
	}
	if (cipher->mode == CIPHER_ECB || cipher->mode == CIPHER_CBC ||
		cipher->mode == CIPHER_CBC_PAD)
		return update_blocks(cipher, in, n, out, ret_n);
	if (in != out && overlap(in, out, n)) {
		memmove(out, in, n);
		in = out;
	}
	if (cipher->mode == CIPHER_CTR) {
		ENSURE(n <= cipher->left, CKR_DATA_LEN_RANGE);
		TRY(run(cipher, in, n, out));
		cipher->left -= n;
	} else if (cipher->mode == CIPHER_GCM) {
		TRY(gcm_update(&cipher->gcm, in, n, out));
	} else {
		ENSURE(n <= cipher->ccm.left, too_long);
		ENSURE(ccm_update(&cipher->ccm, cipher->encrypt, in, n, out), CKR_FUNCTION_FAILED);
	}
	*ret_n = n;
	return CKR_OK;
}

/*
 * Return the length of the PKCS #7 padding at the end of LAST, or 0 if the padding is wrong. No
 * branch and no index depends on the bytes of LAST, so every wrong padding takes the same time.
 */
static size_t padding_length(const uint8_t *last, size_t block)
{
	uint32_t n = last[block - 1], bad;

	bad = (n - 1) >> 31 | ((uint32_t)block - n) >> 31;
	for (uint32_t i = 0; i < block; i++) {
		uint32_t inside = 0 - ((i - n) >> 31); /* all ones if i < n */
		bad |= inside & (last[block - 1 - i] ^ n);
	}
	return n & ~(0 - ((0 - bad) >> 31));
}

static CK_RV finish_padded(struct cipher *cipher, uint8_t *out, size_t *ret_n)
{
	size_t block = cipher->block, pad = block - cipher->held;
	uint8_t last[16];
	CK_RV rv;

	if (cipher->encrypt) {
		memset(cipher->pending + cipher->held, (int)pad, pad);
		TRY(run(cipher, cipher->pending, block, out));
		*ret_n = block;
		return CKR_OK;
	}
	ENSURE(cipher->held == block, CKR_ENCRYPTED_DATA_LEN_RANGE);
	rv = run(cipher, cipher->pending, block, last);
	if (rv == CKR_OK) {
		pad = padding_length(last, block);
		secret_reveal(&pad, sizeof pad, "the code and the length tell the padding");
		rv = pad == 0 ? FAIL(CKR_ENCRYPTED_DATA_INVALID, "the padding is wrong") : CKR_OK;
	}
	if (rv == CKR_OK) {
		memcpy(out, last, block - pad);
		*ret_n = block - pad;
	}
	wipe(last, sizeof last);
	return rv;
}

static CK_RV finish_gcm(struct cipher *cipher, struct bytes tag, uint8_t *out, size_t *ret_n)
{
	if (!cipher->encrypt) {
		ENSURE(tag.n == cipher->tag_len, CKR_ENCRYPTED_DATA_INVALID);
		TRY(gcm_check(&cipher->gcm, tag));
		*ret_n = 0;
		return CKR_OK;
	}
	TRY(gcm_tag(&cipher->gcm, cipher->tag_len, out));
	*ret_n = cipher->tag_len;
	return CKR_OK;
}

static CK_RV finish_ccm(struct cipher *cipher, struct bytes tag, uint8_t *out, size_t *ret_n)
{
	uint8_t right[16];

	ENSURE(cipher->ccm.left == 0,
		cipher->encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE);
	ENSURE(ccm_tag(&cipher->ccm, right), CKR_FUNCTION_FAILED);
	if (cipher->encrypt) {
		memcpy(out, right, cipher->tag_len);
		*ret_n = cipher->tag_len;
		return CKR_OK;
	}
	bool good = tag.p != NULL && tag.n == cipher->tag_len &&
		    secret_equal(tag.p, right, cipher->tag_len);
	wipe(right,
		sizeof right); /* an attacker must not find the right tag of a forgery in memory */
	ENSURE(good, CKR_ENCRYPTED_DATA_INVALID);
	*ret_n = 0;
	return CKR_OK;
}

CK_RV cipher_finish(struct cipher *cipher, struct bytes tag, uint8_t *out, size_t *ret_n)
{
	enum cipher_mode mode = cipher->mode;
	CK_RV rv = CKR_OK;

	ENSURE(mode != CIPHER_NONE, CKR_FUNCTION_FAILED);
	cipher->mode = CIPHER_NONE;
	if (mode == CIPHER_GCM)
		return finish_gcm(cipher, tag, out, ret_n);
	if (mode == CIPHER_CCM)
		return finish_ccm(cipher, tag, out, ret_n);
	if (mode == CIPHER_CBC_PAD) {
		rv = finish_padded(cipher, out, ret_n);
	} else {
		if (cipher->held > 0)
			rv = FAIL(
				cipher->encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE,
				"the data are not whole blocks");
		else
			*ret_n = 0;
	}
	wipe(cipher->pending, sizeof cipher->pending);
	return rv;
}

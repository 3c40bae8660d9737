/* SPDX-License-Identifier: Apache-2.0 */
/* ccm.c: CCM out of one CTR and one CBC context. */
#include "ccm.h"

#include "error_queue.h"

#define BLOCK 16
#define PART 512 /* bytes of CBC output, which is discarded */

/* Add N bytes at P, whole blocks, to the CBC-MAC. The last ciphertext block is the MAC so far. */
static bool mac_blocks(struct ccm *ccm, const uint8_t *p, size_t n)
{
	uint8_t out[PART];
	bool ok = true;

	for (size_t take; ok && n > 0; p += take, n -= take) {
		take = n < PART ? n : PART;
		ok = EVP_Cipher(ccm->cbc, out, p, (unsigned)take) == (int)take;
		memcpy(ccm->mac, out + take - BLOCK, BLOCK);
	}
	wipe(out, sizeof out);
	return ok;
}

static bool mac_bytes(struct ccm *ccm, const uint8_t *p, size_t n)
{
	if (ccm->held > 0) {
		size_t take = BLOCK - ccm->held < n ? BLOCK - ccm->held : n;
		memcpy(ccm->pending + ccm->held, p, take);
		ccm->held += take;
		p += take;
		n -= take;
		if (ccm->held < BLOCK)
			return true;
		ccm->held = 0;
		if (!mac_blocks(ccm, ccm->pending, BLOCK))
			return false;
	}
	size_t whole = n / BLOCK * BLOCK;
	if (n > whole)
		memcpy(ccm->pending, p + whole, n - whole);
	ccm->held = n - whole;
	return mac_blocks(ccm, p, whole);
}

static bool mac_pad(struct ccm *ccm)
{
	static const uint8_t zero[BLOCK];

	return ccm->held == 0 || mac_bytes(ccm, zero, BLOCK - ccm->held);
}

/* Add the associated data with its length before it (SP 800-38C appendix A.2.2). */
static bool mac_aad(struct ccm *ccm, struct bytes aad)
{
	uint8_t head[10];
	size_t n;

	if (aad.n == 0)
		return true;
	if (aad.n < 0xff00) {
		put_be16(head, (uint16_t)aad.n);
		n = 2;
	} else if (aad.n <= UINT32_MAX) {
		put_be16(head, 0xfffe);
		put_be32(head + 2, (uint32_t)aad.n);
		n = 6;
	} else {
		put_be16(head, 0xffff);
		put_be64(head + 2, aad.n);
		n = 10;
	}
	return mac_bytes(ccm, head, n) && mac_bytes(ccm, aad.p, aad.n) && mac_pad(ccm);
}

/*
 * Set the key of both contexts if KEY is not NULL. Start the counter at COUNTER and the
 * chain at zero.
 */
static bool set_key(
	struct ccm *ccm, enum cipher_kind kind, const uint8_t *key, const uint8_t *counter)
{
	static const uint8_t zero[BLOCK];
	const EVP_CIPHER *ctr = NULL, *cbc = NULL;

	if (ccm->kind != kind) {
		ctr = crypto->cipher[EVP_MODE_CTR][kind];
		cbc = crypto->cipher[EVP_MODE_CBC][kind];
		ccm->kind = kind;
	}
	return cipher_init(ccm->ctr, ctr, key, counter, 1) &&
	       cipher_init(ccm->cbc, cbc, key, zero, 1);
}

/* Process the first block B0 (appendix A.2.1) and the associated data, and compute S0. */
static bool first_blocks(struct ccm *ccm, const struct cipher_setup *setup, size_t length_len)
{
	static const uint8_t zero[BLOCK];
	uint8_t b0[BLOCK] = {0};

	put_be64(b0 + 8, setup->data_len); /* the nonce overwrites the leading zeros */
	b0[0] = (uint8_t)((setup->aad.n > 0) << 6 | (setup->tag_len - 2) / 2 << 3 |
			  (length_len - 1));
	memcpy(b0 + 1, setup->iv.p, setup->iv.n);
	return mac_blocks(ccm, b0, BLOCK) && mac_aad(ccm, setup->aad) &&
	       EVP_Cipher(ccm->ctr, ccm->s0, zero, BLOCK) == BLOCK;
}

CK_RV ccm_begin(struct ccm *ccm, struct key *key, const struct cipher_setup *setup)
{
	struct bytes value = key_expose(key);
	enum cipher_kind kind = cipher_kind_of(key_type(key), value.n);
	size_t length_len = 15 - setup->iv.n; /* q in SP 800-38C */
	uint8_t counter[BLOCK] = {0};

	ENSURE(kind != KIND_NONE && kind < KIND_DES2, CKR_KEY_TYPE_INCONSISTENT);
	ENSURE(setup->iv.p != NULL && setup->iv.n >= 7 && setup->iv.n <= 13,
		CKR_MECHANISM_PARAM_INVALID);
	ENSURE(setup->tag_len >= 4 && setup->tag_len <= 16 && setup->tag_len % 2 == 0,
		CKR_MECHANISM_PARAM_INVALID);
	ENSURE(length_len == 8 || setup->data_len >> 8 * length_len == 0,
		CKR_MECHANISM_PARAM_INVALID);
	if (ccm->ctr == NULL)
		ccm->ctr = cipher_context_new();
	if (ccm->cbc == NULL)
		ccm->cbc = cipher_context_new();
	ENSURE(ccm->ctr != NULL && ccm->cbc != NULL, CKR_HOST_MEMORY);
	counter[0] = (uint8_t)(length_len - 1);
	memcpy(counter + 1, setup->iv.p, setup->iv.n);
	bool same = ccm->kind == kind && ccm->serial == key_serial(key);
	ccm->held = 0;
	ccm->left = setup->data_len;
	ccm->tag_len = setup->tag_len;
	if (!set_key(ccm, kind, same ? NULL : value.p, counter) ||
		!first_blocks(ccm, setup, length_len)) {
		ccm_reset(ccm);
		return FAIL(CKR_HOST_MEMORY, NO_MEMORY);
	}
	ccm->serial = key_serial(key);
	return CKR_OK;
}

bool ccm_update(struct ccm *ccm, bool encrypt, const uint8_t *in, size_t n, uint8_t *out)
{
	if (n > ccm->left)
		return false;
	ccm->left -= n;
	for (size_t take; n > 0; in += take, out += take, n -= take) {
		take = n < PART
			       ? n
			       : PART; /* in parts that stay in the processor's cache for the MAC */
		if (encrypt && !mac_bytes(ccm, in, take))
			return false;
		if (EVP_Cipher(ccm->ctr, out, in, (unsigned)take) != (int)take)
			return false;
		if (!encrypt && !mac_bytes(ccm, out, take))
			return false;
	}
	return true;
}

bool ccm_tag(struct ccm *ccm, uint8_t ret_tag[16])
{
	if (ccm->left != 0 || !mac_pad(ccm))
		return false;
	for (size_t i = 0; i < ccm->tag_len; i++)
		ret_tag[i] = ccm->mac[i] ^ ccm->s0[i];
	return true;
}

static void wipe_data(struct ccm *ccm)
{
	wipe(ccm->pending, sizeof ccm->pending);
	wipe(ccm->mac, sizeof ccm->mac);
	wipe(ccm->s0, sizeof ccm->s0);
}

void ccm_forget(struct ccm *ccm)
{
	static const uint8_t zero[32];

	if (ccm->serial == 0)
		return;
	ccm->serial = 0; /* no key has this number */
	if (!set_key(ccm, ccm->kind, zero, zero))
		ccm_reset(ccm);
	wipe_data(ccm);
}

void ccm_reset(struct ccm *ccm)
{
	if (ccm->kind != KIND_NONE) {
		EVP_CIPHER_CTX_reset(ccm->ctr); /* frees and so wipes the inner context */
		EVP_CIPHER_CTX_reset(ccm->cbc);
	}
	ccm->kind = KIND_NONE;
	ccm->serial = 0;
	wipe_data(ccm);
}

void ccm_free(struct ccm *ccm)
{
	ccm_reset(ccm);
	EVP_CIPHER_CTX_free(ccm->ctr);
	EVP_CIPHER_CTX_free(ccm->cbc);
	ccm->ctr = ccm->cbc = NULL;
}

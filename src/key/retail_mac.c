/* SPDX-License-Identifier: Apache-2.0 */
/* retail_mac.c: see retail_mac.h. */
#include "retail_mac.h"

#include "key_struct.h"

/* STATE = E(left, STATE xor the block at IN). */
static bool chain(const struct schedule *left, uint8_t state[RETAIL_BLOCK], const uint8_t *in)
{
	for (size_t i = 0; i < RETAIL_BLOCK; i++)
		state[i] ^= in[i];
	return block_encrypt(KIND_DES2, left->context[KIND_DES2], state, RETAIL_BLOCK, state);
}

CK_RV retail_begin(
	const struct key *key, struct bytes iv, struct schedule *left, uint8_t state[RETAIL_BLOCK])
{
	uint8_t twice[2 * RETAIL_BLOCK]; /* single DES is TDES with the same key twice */

	ENSURE(key->kind == KIND_DES2, CKR_KEY_TYPE_INCONSISTENT);
	REQUIRE(!key_is_remote(key), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and only derives");
	ENSURE(iv.n == 0 || iv.n == RETAIL_BLOCK, CKR_MECHANISM_PARAM_INVALID);
	memcpy(twice, secret_peek(&key->value), RETAIL_BLOCK);
	memcpy(twice + RETAIL_BLOCK, twice, RETAIL_BLOCK);
	CK_RV rv = schedule_set(left, KIND_DES2, twice);
	wipe_block(twice);
	TRY(rv);
	memset(state, 0, RETAIL_BLOCK);
	if (iv.n > 0)
		ENSURE(chain(left, state, iv.p), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV retail_blocks(
	const struct schedule *left, uint8_t state[RETAIL_BLOCK], const uint8_t *in, size_t n)
{
	for (size_t at = 0; at < n; at += RETAIL_BLOCK)
		ENSURE(chain(left, state, in + at), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV retail_last(struct key *key, const struct schedule *left, enum mac_kind kind,
	uint8_t state[RETAIL_BLOCK], const uint8_t *last, size_t n, uint8_t *ret_mac)
{
	uint8_t padded[RETAIL_BLOCK] = {0};

	TRY(key_expand(key));
	if (kind == MAC_RETAIL && n == RETAIL_BLOCK) { /* method 2 always adds a byte */
		TRY(retail_blocks(left, state, last, n));
		n = 0;
	}
	if (n > 0)
		memcpy(padded, last, n);
	if (kind == MAC_RETAIL)
		padded[n] = 0x80;
	for (size_t i = 0; i < RETAIL_BLOCK; i++)
		state[i] ^= padded[i];
	bool ok = block_encrypt(
		KIND_DES2, key->plain.context[KIND_DES2], state, RETAIL_BLOCK, ret_mac);
	wipe(padded, sizeof padded);
	wipe(state, RETAIL_BLOCK);
	ENSURE(ok, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV retail_once(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	size_t before = n > RETAIL_BLOCK ? (n - 1) / RETAIL_BLOCK * RETAIL_BLOCK : 0;
	uint8_t state[RETAIL_BLOCK];

	TRY(retail_begin(key, bytes_of(NULL, 0), &key->masked, state));
	TRY(retail_blocks(&key->masked, state, msg, before));
	return retail_last(key, &key->masked, kind, state, before > 0 ? msg + before : msg,
		n - before, ret_mac);
}

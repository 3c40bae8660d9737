/* SPDX-License-Identifier: Apache-2.0 */
/* key_cmac.c: CMAC (SP 800-38B) with the schedule that a key keeps. */
#include "cmac_subkeys.h"
#include "key.h"
#include "key_struct.h"

/* XOR BLOCK bytes (16 or 8) at Y onto X. Y may be unaligned. */
static inline __attribute__((always_inline)) void xor_block(
	uint8_t *x, const uint8_t *y, size_t block)
{
	uint64_t a[2], b[2];

	memcpy(a, x, block);
	memcpy(b, y, block);
	a[0] ^= b[0];
	if (block == 16)
		a[1] ^= b[1];
	memcpy(x, a, block);
}

CK_RV cmac_compute_subkeys(struct key *key)
{
	size_t block = key->kind >= KIND_DES2 ? 8 : 16;
	uint8_t zero[KEY_BLOCK_MAX] = {0}, l[KEY_BLOCK_MAX];

	TRY(key_expand(key));
	ENSURE(block_encrypt(key->kind, key->plain.context[key->kind], zero, block, l),
		CKR_FUNCTION_FAILED);
	cmac_double(l, key->k1, block);
	cmac_double(key->k1, key->k2, block);
	wipe_block(l);
	key->subkeys = true;
	return CKR_OK;
}

/* Process all blocks except the last one (section 6.2, steps 5 and 6). */
static inline __attribute__((always_inline)) bool absorb(
	const struct key *key, size_t block, uint8_t *state, const uint8_t *msg, size_t n)
{
	void *context = key->plain.context[key->kind];

	for (; n > 0; n -= block, msg += block) {
		xor_block(state, msg, block);
		if (!block_encrypt(key->kind, context, state, block, state))
			return false;
	}
	return true;
}

/* Process the last block (section 6.2, steps 4 and 6) and wipe STATE. */
static inline __attribute__((always_inline)) bool close_mac(const struct key *key, size_t block,
	uint8_t *state, const uint8_t *last, size_t n, uint8_t *ret_mac)
{
	if (n == block) {
		xor_block(state, last, block);
		xor_block(state, key->k1, block);
	} else {
		uint8_t padded[KEY_BLOCK_MAX] = {0};
		if (n > 0)
			memcpy(padded, last, n);
		padded[n] = 0x80;
		xor_block(state, padded, block);
		xor_block(state, key->k2, block);
		wipe_block(padded);
	}
	bool ok = block_encrypt(key->kind, key->plain.context[key->kind], state, block, ret_mac);
	wipe_block(state);
	return ok;
}

CK_RV cmac_blocks(struct key *key, uint8_t *state, const uint8_t *msg, size_t n)
{
	bool ok = key->kind < KIND_DES2 ? absorb(key, 16, state, msg, n)
					: absorb(key, 8, state, msg, n);

	ENSURE(ok, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV cmac_last(struct key *key, uint8_t *state, const uint8_t *last, size_t n, uint8_t *ret_mac)
{
	bool ok = key->kind < KIND_DES2 ? close_mac(key, 16, state, last, n, ret_mac)
					: close_mac(key, 8, state, last, n, ret_mac);

	ENSURE(ok, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV remote_cmac(const struct key *key, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	ENSURE(key->kind != KIND_NONE, CKR_KEY_TYPE_INCONSISTENT);
	REQUIRE(key->ops->cmac != NULL, CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key in the other token makes no CMAC");
	return key->ops->cmac(key->remote, msg, n, ret_mac);
}

/* The CMAC with cipher blocks of BLOCK bytes. The last block, whole or not, goes to close_mac. */
static inline __attribute__((always_inline)) bool whole_mac(
	const struct key *key, size_t block, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	_Alignas(16) uint8_t state[KEY_BLOCK_MAX] = {0};
	size_t before = n > block ? (n - 1) / block * block : 0;

	return absorb(key, block, state, msg, before) &&
	       close_mac(key, block, state, msg + before, n - before, ret_mac);
}

CK_RV key_cmac(struct key *key, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	if (key_is_remote(key))
		return remote_cmac(key, msg, n, ret_mac);
	TRY(cmac_prepare(key));
	bool ok = key->kind < KIND_DES2 ? whole_mac(key, 16, msg, n, ret_mac)
					: whole_mac(key, 8, msg, n, ret_mac);
	ENSURE(ok, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

void cmac_keep_odd(uint8_t mac[KEY_BLOCK_MAX])
{
	for (size_t i = 0; i < CMAC_ODD_LENGTH; i++)
		mac[i] = mac[2 * i + 1];
	wipe(mac + CMAC_ODD_LENGTH, KEY_BLOCK_MAX - CMAC_ODD_LENGTH);
}

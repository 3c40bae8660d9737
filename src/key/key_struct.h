/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_struct.h: the members of a key. Only key.c, key_cmac.c, mac.c, wrap.c and kdf_primitives.c
 * include this header.
 */
#ifndef KEYDIV_KEY_KEY_STRUCT_H
#define KEYDIV_KEY_KEY_STRUCT_H

#include "base/secret.h"
#include "key/crypto.h"
#include "key/schedule.h"

struct key_ops; /* key.h */

struct key {
	CK_KEY_TYPE type;
	enum cipher_kind kind;
	bool subkeys; /* k1 and k2 are computed */
	struct secret value;
	uint64_t serial, serial_end;            /* this key may use numbers up to serial_end */
	struct schedule plain;                  /* of the value */
	struct schedule masked;                 /* of the value under a mask */
	struct schedule inverse;                /* of the value, to decrypt: key wrap */
	_Alignas(16) uint8_t k1[KEY_BLOCK_MAX]; /* SP 800-38B section 6.1 */
	_Alignas(16) uint8_t k2[KEY_BLOCK_MAX];
	EVP_MAC_CTX *hmac; /* with the key set, NULL until needed */
	enum mac_kind hmac_kind;
	size_t length; /* of the value in bytes, wherever the value is; 0: no key is loaded */
	const struct key_ops *ops; /* NULL for a key in memory */
	void *remote;              /* for ops */
};

/* Return true if KEY is in another token. Keys in memory pay one predicted branch. */
static inline bool key_is_remote(const struct key *key)
{
	return __builtin_expect(key->ops != NULL, 0);
}

/*
 * Wipe a block inline, because a call of OPENSSL_cleanse would cost a tenth of a CMAC. The barrier
 * makes the compiler keep the stores.
 */
static inline void wipe_block(uint8_t p[KEY_BLOCK_MAX])
{
	memset(p, 0, KEY_BLOCK_MAX);
	__asm__ volatile("" : : "r"(p) : "memory");
}

/*
 * Expand the key unless that is done already. CKR_KEY_TYPE_INCONSISTENT if the key is not
 * a block cipher's.
 */
static inline CK_RV key_expand(struct key *key)
{
	if (__builtin_expect(key->plain.dirty != KIND_NONE, 1))
		return CKR_OK;
	ENSURE(key->kind != KIND_NONE, CKR_KEY_TYPE_INCONSISTENT);
	REQUIRE(!key_is_remote(key), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and only derives");
	return schedule_set(&key->plain, key->kind, secret_peek(&key->value));
}

/*
 * The parts of a CMAC, for mac.c. cmac_prepare computes the subkeys of KEY unless KEY has them. N
 * is a multiple of the block size. LAST has 0 bytes up to one block.
 */
MUST_USE CK_RV cmac_compute_subkeys(struct key *key);
MUST_USE static inline CK_RV cmac_prepare(struct key *key)
{
	return __builtin_expect(key->subkeys, 1) ? CKR_OK : cmac_compute_subkeys(key);
}
MUST_USE CK_RV cmac_blocks(struct key *key, uint8_t *state, const uint8_t *msg, size_t n);
MUST_USE CK_RV cmac_last(
	struct key *key, uint8_t *state, const uint8_t *last, size_t n, uint8_t *ret_mac);

#endif

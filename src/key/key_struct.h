/* SPDX-License-Identifier: Apache-2.0 */
/* key_struct.h: the members of a key, for key.c, key_cmac.c, mac.c and wrap.c only. */
#ifndef KEYDIV_KEY_KEY_STRUCT_H
#define KEYDIV_KEY_KEY_STRUCT_H

#include "base/secret.h"
#include "key/crypto.h"

/*
 * The contexts of a schedule are made once for each kind of cipher and kept. A schedule is wiped by
 * setting a key of zeros, which overwrites every round key, because the kind is the same. block.h
 * says what setting a key costs.
 */
struct schedule {
	void *context[KIND_COUNT]; /* of block.h, made on first use */
	enum cipher_kind dirty;    /* the context that has a key, or KIND_NONE */
};

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
};

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
 * Set BYTES as the key of S for KIND, and wipe what another kind
 * left. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV schedule_set(struct schedule *s, enum cipher_kind kind, const uint8_t *bytes);

/* The same, for a schedule that decrypts. */
MUST_USE CK_RV schedule_set_inverse(
	struct schedule *s, enum cipher_kind kind, const uint8_t *bytes);
void schedule_wipe(struct schedule *s);
void schedule_free(struct schedule *s);

/*
 * Expand the key unless that is done already. CKR_KEY_TYPE_INCONSISTENT if the key is not
 * a block cipher's.
 */
static inline CK_RV key_expand(struct key *key)
{
	if (__builtin_expect(key->plain.dirty != KIND_NONE, 1))
		return CKR_OK;
	ENSURE(key->kind != KIND_NONE, CKR_KEY_TYPE_INCONSISTENT);
	return schedule_set(&key->plain, key->kind, secret_peek(&key->value));
}

/*
 * The parts of a CMAC, for mac.c. cmac_prepare computes the subkeys of KEY. N is a multiple of the
 * block size. LAST has 0 bytes up to one block.
 */
MUST_USE CK_RV cmac_prepare(struct key *key);
MUST_USE CK_RV cmac_blocks(struct key *key, uint8_t *state, const uint8_t *msg, size_t n);
MUST_USE CK_RV cmac_last(
	struct key *key, uint8_t *state, const uint8_t *last, size_t n, uint8_t *ret_mac);

#endif

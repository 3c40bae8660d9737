/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher.h: encryption and decryption in parts. The object is kept and used again: with the same
 * key (key_serial), mode and direction only the IV is set anew.
 */
#ifndef KEYDIV_KEY_CIPHER_H
#define KEYDIV_KEY_CIPHER_H

#include "key.h"

enum cipher_mode {
	CIPHER_NONE,
	CIPHER_ECB,
	CIPHER_CBC,
	CIPHER_CBC_PAD,
	CIPHER_CTR,
	CIPHER_GCM,
	CIPHER_CCM
};

struct cipher_setup {
	enum cipher_mode mode;
	bool encrypt;
	/*
	 * CBC: one block; CTR: the 16-byte counter block; GCM: 1..128 bytes (libcrypto takes no
	 * more); CCM: 7..13
	 */
	struct bytes iv;
	struct bytes aad; /* GCM, CCM */
	size_t tag_len;   /* GCM 12..16, CCM 4..16 (even), in bytes */
	size_t data_len;  /* CCM: length of the whole plaintext, known beforehand */
	unsigned
		counter_bits; /* CTR: how many low bits of the block count, 1..128; a wrap is refused */
};

struct cipher;

struct cipher *cipher_new(void); /* NULL if there is no memory */
void cipher_free(struct cipher *cipher);

/*
 * Begin. The setup's bytes are not kept; the key's schedule is, until cipher_reset
 * or another key. CKR_MECHANISM_PARAM_INVALID for an IV, tag or counter the mode
 * cannot have; CKR_KEY_TYPE_INCONSISTENT.
 */
MUST_USE CK_RV cipher_begin(
	struct cipher *cipher, struct key *key, const struct cipher_setup *setup);

/*
 * Put N bytes in; write what comes out to OUT (room for N + one block), its length to RET_N.
 * In-place is allowed. ECB and CBC pass on whole blocks, CBC_PAD decryption holds the last one
 * back. GCM and CCM decryption write plaintext here that nobody may see before cipher_finish has
 * checked the tag: the caller keeps it in a secret buffer. CTR: CKR_DATA_LEN_RANGE once the
 * counter would wrap.
 */
MUST_USE CK_RV cipher_update(
	struct cipher *cipher, const uint8_t *in, size_t n, uint8_t *out, size_t *ret_n);

/*
 * End. Encryption writes the last block or (GCM, CCM) the tag; decryption takes the expected tag in
 * TAG (GCM, CCM: tag_len bytes) and writes the last block (CBC_PAD). OUT has room for one block.
 * Leftover bytes of ECB and CBC: CKR_DATA_LEN_RANGE / CKR_ENCRYPTED_DATA_LEN_RANGE; wrong padding
 * and wrong tag: CKR_ENCRYPTED_DATA_INVALID, the same for every cause.
 */
MUST_USE CK_RV cipher_finish(struct cipher *cipher, struct bytes tag, uint8_t *out, size_t *ret_n);

/* Forget key and data (wipe). */
void cipher_reset(struct cipher *cipher);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h: the cryptography of the store. scrypt stretches PINs, and AES-256-GCM seals secrets.
 *
 * A sealed string is nonce (12) || ciphertext || tag (16), with a random nonce. Data that must not
 * change together with the secret is bound as associated data.
 */
#ifndef KEYDIV_KEY_SEAL_H
#define KEYDIV_KEY_SEAL_H

#include "key.h"

/* Lengths in bytes. */
#define SEAL_KEY_LEN 32
#define SEAL_OVERHEAD 28 /* nonce and tag */
#define PIN_SALT_LEN 16

/*
 * Compute 32 bytes of scrypt(PIN, SALT, N = 2^LOG2_N, r = 8, p = 1) into RET_KEY. The computation
 * takes 128 * 8 * 2^LOG2_N bytes of memory. CKR_HOST_MEMORY if the memory is not available, which
 * must never look like a wrong PIN. CKR_FUNCTION_FAILED unless LOG2_N is 1..30.
 */
MUST_USE CK_RV pin_stretch(struct bytes pin, const uint8_t salt[PIN_SALT_LEN], unsigned log2_n,
	struct secret *ret_key);

/*
 * Seal N bytes at PLAIN under KEY (32 bytes), bound to AAD, into OUT, which has N + SEAL_OVERHEAD
 * bytes. CKR_FUNCTION_FAILED, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV seal(
	const struct secret *key, struct bytes aad, const uint8_t *plain, size_t n, uint8_t *out);

/*
 * Open a sealed string. CKR_ENCRYPTED_DATA_INVALID if the key, the string or AAD differs from that
 * of seal(). CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. RET_PLAIN is empty after an error.
 */
MUST_USE CK_RV seal_open(
	const struct secret *key, struct bytes aad, struct bytes sealed, struct secret *ret_plain);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h: what the store needs of cryptography: PINs stretched by scrypt, secrets
 * sealed by AES-256-GCM.
 *
 * A sealed string is nonce (12) || ciphertext || tag (16); the nonce is random. Whatever must not
 * change beside the secret goes into the associated data.
 */
#ifndef KEYDIV_KEY_SEAL_H
#define KEYDIV_KEY_SEAL_H

#include "key.h"

#define SEAL_KEY_LEN 32
#define SEAL_OVERHEAD 28
#define PIN_SALT_LEN 16

/*
 * RET_KEY = 32 bytes of scrypt(PIN, SALT, N = 2^LOG2_N, r = 8, p = 1). Costs 128 * 8 * 2^LOG2_N
 * bytes of memory: CKR_HOST_MEMORY if they are not to be had, never mistaken for a wrong PIN.
 */
MUST_USE CK_RV pin_stretch(struct bytes pin, const uint8_t salt[PIN_SALT_LEN], unsigned log2_n,
	struct secret *ret_key);

/*
 * OUT (N + SEAL_OVERHEAD bytes) = N bytes at PLAIN sealed under KEY (32 bytes) and bound to
 * AAD. CKR_FUNCTION_FAILED, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV seal(
	const struct secret *key, struct bytes aad, const uint8_t *plain, size_t n, uint8_t *out);

/*
 * Open a sealed string. CKR_ENCRYPTED_DATA_INVALID if key, text or AAD is not the one it was sealed
 * with: RET_PLAIN is then empty.
 */
MUST_USE CK_RV seal_open(
	const struct secret *key, struct bytes aad, struct bytes sealed, struct secret *ret_plain);

#endif

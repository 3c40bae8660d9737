/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher.h: encryption and decryption in parts. The object is kept and used again. With the same
 * key (key_serial), mode and direction only the IV is set.
 */
#ifndef KEYDIV_KEY_CIPHER_H
#define KEYDIV_KEY_CIPHER_H

#include "key/cipher_setup.h"
#include "key/key.h"

struct cipher;

struct cipher *cipher_new(void);         /* return NULL if there is no memory */
void cipher_free(struct cipher *cipher); /* wipe and free; CIPHER may be NULL */

/*
 * Begin an operation. The bytes of SETUP are not kept. The schedule of KEY is kept until
 * cipher_reset or another key. CKR_MECHANISM_PARAM_INVALID for an IV, tag or counter that the mode
 * does not allow. CKR_KEY_FUNCTION_NOT_PERMITTED for a key in another token.
 * CKR_KEY_TYPE_INCONSISTENT, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV cipher_begin(
	struct cipher *cipher, struct key *key, const struct cipher_setup *setup);

/*
 * Process N bytes at IN. Write the result to OUT, which has room for N bytes and one block, and its
 * length to RET_N. OUT may be IN. ECB and CBC write whole blocks. CBC_PAD decryption holds the last
 * block back. GCM and CCM decryption write plaintext that the application must not see before
 * cipher_finish has checked the tag, so the caller keeps the plaintext in a secret buffer. CTR
 * gives CKR_DATA_LEN_RANGE when the counter would wrap. CCM gives CKR_DATA_LEN_RANGE or
 * (decryption) CKR_ENCRYPTED_DATA_LEN_RANGE for more bytes than data_len. CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV cipher_update(
	struct cipher *cipher, const uint8_t *in, size_t n, uint8_t *out, size_t *ret_n);

/*
 * End the operation. Encryption writes the last block or (GCM, CCM) the tag. Decryption takes the
 * expected tag in TAG (GCM, CCM, tag_len bytes) and writes the last block (CBC_PAD). OUT has room
 * for one block. An incomplete block (ECB, CBC, decryption in CBC_PAD) and fewer bytes than
 * data_len (CCM) give CKR_DATA_LEN_RANGE, in decryption CKR_ENCRYPTED_DATA_LEN_RANGE. Every wrong
 * padding and every wrong tag give the same code, CKR_ENCRYPTED_DATA_INVALID. CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV cipher_finish(struct cipher *cipher, struct bytes tag, uint8_t *out, size_t *ret_n);

/* Wipe the key and the data. The object can begin another operation. */
void cipher_reset(struct cipher *cipher);

/*
 * The same without freeing memory, so that the next operation allocates none. A key of zeros
 * overwrites the key.
 */
void cipher_forget(struct cipher *cipher);

#endif

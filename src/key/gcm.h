/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcm.h: a GCM context that is kept, for cipher.c (data) and mac.c (GMAC). For the files of
 * this folder only.
 */
#ifndef KEYDIV_KEY_GCM_H
#define KEYDIV_KEY_GCM_H

#include "key/crypto.h"
#include "key/key.h"

#define GCM_IV_MAX 128 /* longest IV that libcrypto 3.0 takes */
#define GCM_TAG 16

struct gcm {
	EVP_CIPHER_CTX *context;
	enum cipher_kind kind; /* of the context, KIND_NONE before the first key */
	uint64_t serial;       /* of the key that the context has, 0 for none */
	size_t iv_len;
};

/*
 * Begin an operation under KEY with IV. The key is set only if it changed.
 * CKR_KEY_TYPE_INCONSISTENT unless KEY is an AES key. CKR_MECHANISM_PARAM_INVALID for an IV that
 * has no bytes or more than GCM_IV_MAX. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV gcm_begin(struct gcm *gcm, struct key *key, bool encrypt, struct bytes iv);

/* Begin an operation with the bytes of a key of KIND. The key is always set. Errors as above. */
MUST_USE CK_RV gcm_begin_raw(
	struct gcm *gcm, enum cipher_kind kind, const uint8_t *key, bool encrypt, struct bytes iv);

/*
 * Process N bytes at IN. If OUT is NULL, the bytes are associated data. Otherwise write N
 * bytes to OUT.
 */
MUST_USE CK_RV gcm_update(struct gcm *gcm, const uint8_t *in, size_t n, uint8_t *out);

/* Write the tag of an encryption, TAG_LEN bytes. */
MUST_USE CK_RV gcm_tag(struct gcm *gcm, size_t tag_len, uint8_t *ret_tag);

/*
 * Compare the tag of a decryption with TAG. CKR_ENCRYPTED_DATA_INVALID if they differ,
 * CKR_FUNCTION_FAILED if libcrypto does not take the tag.
 */
MUST_USE CK_RV gcm_check(struct gcm *gcm, struct bytes tag);

/* Wipe the key and the data. The context is kept until gcm_free. */
void gcm_reset(struct gcm *gcm);

/* The same without freeing memory: a key of zeros overwrites the schedule and the hash key. */
void gcm_forget(struct gcm *gcm);
void gcm_free(struct gcm *gcm);

#endif

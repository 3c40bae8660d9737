/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcm.h: a kept GCM context, for cipher.c (data) and mac.c (GMAC). For the files of
 * this folder only.
 */
#ifndef KEYDIV_KEY_GCM_H
#define KEYDIV_KEY_GCM_H

#include "crypto.h"

#define GCM_IV_MAX 128 /* longest IV that libcrypto 3.0 takes */
#define GCM_TAG 16

struct gcm {
	EVP_CIPHER_CTX *context;
	enum cipher_kind kind; /* the context's; KIND_NONE: nothing set */
	uint64_t serial;       /* of the key it is keyed with, 0: none */
	size_t iv_len;
};

/*
 * Begin under KEY with IV; the key is set only if it is another one. CKR_KEY_TYPE_INCONSISTENT,
 * CKR_MECHANISM_PARAM_INVALID for the IV.
 */
MUST_USE CK_RV gcm_begin(struct gcm *gcm, struct key *key, bool encrypt, struct bytes iv);

/* The same with the bytes of a key of KIND, which are set whatever was there. */
MUST_USE CK_RV gcm_begin_raw(
	struct gcm *gcm, enum cipher_kind kind, const uint8_t *key, bool encrypt, struct bytes iv);

/* Put N bytes in; OUT NULL: they are associated data, else N bytes come out. */
MUST_USE CK_RV gcm_update(struct gcm *gcm, const uint8_t *in, size_t n, uint8_t *out);

/* The tag of an encryption, TAG_LEN bytes. */
MUST_USE CK_RV gcm_tag(struct gcm *gcm, size_t tag_len, uint8_t *ret_tag);

/* Whether the tag of a decryption is TAG: CKR_ENCRYPTED_DATA_INVALID. */
MUST_USE CK_RV gcm_check(struct gcm *gcm, struct bytes tag);

/* Forget key and data; the context is kept, gcm_free frees it. */
void gcm_reset(struct gcm *gcm);
void gcm_free(struct gcm *gcm);

#endif

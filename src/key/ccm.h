/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ccm.h: CCM (SP 800-38C) in parts, out of CTR and CBC contexts that are kept. libcrypto's own CCM
 * takes the data in one piece only. For the files of this folder only.
 */
#ifndef KEYDIV_KEY_CCM_H
#define KEYDIV_KEY_CCM_H

#include "key/cipher_setup.h"
#include "key/crypto.h"
#include "key/key.h"

struct ccm {
	EVP_CIPHER_CTX *ctr, *cbc;
	enum cipher_kind kind; /* of both contexts, KIND_NONE before the first key */
	uint64_t serial;       /* of the key that both contexts have */
	uint64_t left;         /* plaintext bytes still to come */
	size_t tag_len, held;
	uint8_t pending[16]; /* HELD bytes for the CBC-MAC that are not a whole block yet */
	uint8_t mac[16];     /* the CBC-MAC so far */
	uint8_t s0[16];      /* encrypts the tag */
};

/*
 * Begin an operation under KEY with SETUP. CKR_KEY_TYPE_INCONSISTENT unless KEY is an AES key.
 * CKR_MECHANISM_PARAM_INVALID for the lengths of nonce, tag or data. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV ccm_begin(struct ccm *ccm, struct key *key, const struct cipher_setup *setup);

/*
 * Process N bytes at IN and write N bytes to OUT, which may be IN. Return false if the bytes are
 * more than SETUP announced, or if libcrypto fails.
 */
MUST_USE bool ccm_update(struct ccm *ccm, bool encrypt, const uint8_t *in, size_t n, uint8_t *out);

/*
 * Write the tag, TAG_LEN bytes. Return false if fewer bytes came than SETUP announced, or
 * if libcrypto fails.
 */
MUST_USE bool ccm_tag(struct ccm *ccm, uint8_t ret_tag[16]);

/* Wipe the key and the data. The contexts are kept until ccm_free. */
void ccm_reset(struct ccm *ccm);

/* The same without freeing memory: a key of zeros overwrites both schedules. */
void ccm_forget(struct ccm *ccm);
void ccm_free(struct ccm *ccm);

#endif

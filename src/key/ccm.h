/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ccm.h: CCM (SP 800-38C) in parts, out of kept CTR and CBC contexts: libcrypto's own takes the
 * data in one piece only. For the files of this folder only.
 */
#ifndef KEYDIV_KEY_CCM_H
#define KEYDIV_KEY_CCM_H

#include "crypto.h"

struct ccm {
	EVP_CIPHER_CTX *ctr, *cbc;
	enum cipher_kind kind; /* of both contexts; KIND_NONE: nothing set */
	uint64_t serial;       /* of the key they are keyed with */
	uint64_t left;         /* plaintext bytes still to come */
	size_t tag_len, held;
	uint8_t pending[16]; /* HELD bytes for the CBC-MAC that do not make a block yet */
	uint8_t mac[16];     /* the CBC-MAC so far */
	uint8_t s0[16];      /* what encrypts the tag */
};

/* Begin under KEY with what SETUP says. CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID. */
MUST_USE CK_RV ccm_begin(struct ccm *ccm, struct key *key, const struct cipher_setup *setup);

/*
 * Put N bytes in, N come out; in-place is allowed. False if they are more than was announced,
 * or libcrypto fails.
 */
MUST_USE bool ccm_update(struct ccm *ccm, bool encrypt, const uint8_t *in, size_t n, uint8_t *out);

/* The tag, TAG_LEN bytes; false if less data came than was announced. */
MUST_USE bool ccm_tag(struct ccm *ccm, uint8_t ret_tag[16]);

void ccm_reset(struct ccm *ccm);
void ccm_free(struct ccm *ccm);

#endif

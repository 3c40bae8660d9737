/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs.h: random parameters of the standard mechanisms that have a flat form, as a struct of
 * PKCS#11 and as fields. Both forms of a pair mean the same, whether it is valid or not.
 */
#ifndef KEYDIV_TESTS_PAIRS_H
#define KEYDIV_TESTS_PAIRS_H

#include "harness.h"

struct pair {
	CK_MECHANISM native, flat;
	CK_ULONG data_length; /* of the data that fits, for CCM; else any length */
};

/* Set the seed of the numbers below. The same seed gives the same numbers. */
void pairs_seed(uint64_t seed);
/* Return a number below LIMIT. */
CK_ULONG random_below(CK_ULONG limit);
void random_fill(void *out, size_t n);

/* Make a random pair of the standard mechanism TYPE. It is valid until the next call. */
const struct pair *random_pair(CK_MECHANISM_TYPE type);

/*
 * Make the parameters of one message of CKM_AES_GCM or CKM_AES_CCM, with an IV that the caller
 * sets. TAG is the place of the tag of the native form.
 */
const struct pair *random_message(CK_MECHANISM_TYPE type, CK_ULONG data_length, uint8_t *tag);

#endif

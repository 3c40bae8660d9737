/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dukpt.h: the inner steps of classical DUKPT. The tests compare them with the
 * published intermediate keys.
 */
#ifndef KEYDIV_MECHANISMS_DUKPT_H
#define KEYDIV_MECHANISMS_DUKPT_H

#include "mechanism.h"

/*
 * Compute the initial key of BDK (DES2) for the 10-byte KSN into RET (TDES DUKPT, X9.24-1:2009).
 * The counter in KSN is ignored. The key keeps its parity bits as computed.
 */
MUST_USE CK_RV tdes_dukpt_initial_key(struct key *bdk, const uint8_t ksn[10], struct secret *ret);

/*
 * Compute the transaction key of KSN, whose counter is not 0, below the initial key INITIAL (DES2)
 * into RET.
 */
MUST_USE CK_RV tdes_dukpt_transaction_key(
	struct key *initial, const uint8_t ksn[10], struct secret *ret);

/* The algorithms that a key can be derived for (AES DUKPT, X9.24-3:2017, 6.3.2, table 3). */
enum aes_dukpt_algorithm {
	DUKPT_2TDEA = 0,
	DUKPT_3TDEA = 1,
	DUKPT_AES128 = 2,
	DUKPT_AES192 = 3,
	DUKPT_AES256 = 4,
	DUKPT_HMAC = 5,
};

/*
 * Derive LENGTH bytes from KEY ("Derive Key", 6.3.1) for USAGE and ALGORITHM into RET. TAIL is
 * the last eight bytes of the derivation data, which are the initial key ID, or its right half
 * and the transaction counter.
 */
MUST_USE CK_RV aes_dukpt_derive(struct key *key, unsigned usage, enum aes_dukpt_algorithm algorithm,
	const uint8_t tail[8], size_t length, struct secret *ret);

/* Load into RET_INITIAL the initial key, LENGTH bytes, of BDK for the initial key ID (6.3.3). */
MUST_USE CK_RV aes_dukpt_initial_key(
	struct key *bdk, const uint8_t id[8], size_t length, struct key *ret_initial);

/*
 * Load into RET_KEY the derivation key of COUNTER, which is not 0, below the initial key INITIAL
 * (6.1). RET_KEY may be INITIAL.
 */
MUST_USE CK_RV aes_dukpt_walk(
	struct key *initial, const uint8_t id[8], uint32_t counter, struct key *ret_key);

#endif

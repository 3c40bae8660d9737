/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h: a key that is bound to its header under a key block protection key (KBPK). The two
 * keys that do the work, for encryption (KBEK) and for the MAC (KBAK), come from the KBPK
 * (TR-31:2018 section 5.3, ANSI X9.143:2021 section 7, ISO 20038:2017).
 *
 * The clear data is the length of the key in bits (2 bytes, big-endian), the key, and random bytes
 * that pad the data.
 */
#ifndef KEYDIV_KEY_BINDING_H
#define KEYDIV_KEY_BINDING_H

#include "key/key.h"

enum binding {
	/*
	 * Versions A and C: KBEK and KBAK are the KBPK, XORed with a constant. CBC from the first
	 * block of the header. The MAC is the first half of the last block of CBC-MAC over header
	 * and ciphertext.
	 */
	BINDING_VARIANT,
	/* Versions B and D: KBEK and KBAK by CMAC. CMAC over header and clear data; CBC from it. */
	BINDING_CBC,
	/* Version E of ISO 20038: as BINDING_CBC, with the MAC as the first counter of CTR mode. */
	BINDING_CTR,
};

#define BINDING_KEYS 2     /* scratch keys: KBEK and KBAK */
#define BINDING_MAC_MAX 16 /* bytes */

#define BINDING_LENGTH 2    /* bytes of the length in the clear data */
#define BINDING_CLEAR_MIN 3 /* bytes of the shortest clear data, a key of one byte */

/* Return the length in bytes of the MAC of BINDING under KBPK, an AES, DES2 or DES3 key. */
size_t binding_mac_length(enum binding binding, const struct key *kbpk);

/* Return the number of bytes of which the clear data must be a multiple. */
size_t binding_unit(enum binding binding, const struct key *kbpk);

/*
 * Encrypt TARGET, padded to CLEAR_N bytes of clear data, and compute the MAC over HEADER and the
 * clear data. HEADER has at least one block, in whole blocks. RET_ENCRYPTED has room for CLEAR_N
 * bytes, RET_MAC for the MAC. Neither holds clear data, not even for a moment. BINDING is not
 * BINDING_VARIANT. The scratch keys hold KBEK and KBAK afterwards. CKR_KEY_TYPE_INCONSISTENT if
 * KBPK is not a key of a block cipher. CKR_KEY_FUNCTION_NOT_PERMITTED if a key is in another token.
 * CKR_FUNCTION_FAILED, CKR_HOST_MEMORY.
 */
MUST_USE CK_RV binding_seal(enum binding binding, struct key *kbpk,
	struct key *const scratch[BINDING_KEYS], struct bytes header, struct key *target,
	size_t clear_n, uint8_t *ret_encrypted, uint8_t *ret_mac);

/*
 * Check the MAC over HEADER and the key, and decrypt the key to RET_VALUE. *RET_GOOD is false, with
 * CKR_OK and an empty RET_VALUE, if the MAC or the length in the clear data is wrong. The time does
 * not depend on the clear data before the MAC was found right. Inputs and errors as binding_seal;
 * ENCRYPTED has at least one unit, in whole units.
 */
MUST_USE CK_RV binding_open(enum binding binding, struct key *kbpk,
	struct key *const scratch[BINDING_KEYS], struct bytes header, struct bytes encrypted,
	const uint8_t *mac, bool *ret_good, struct secret *ret_value);

#endif

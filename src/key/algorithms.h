/* SPDX-License-Identifier: Apache-2.0 */
/* algorithms.h: the digests and MACs that keys compute, and their largest sizes. */
#ifndef KEYDIV_KEY_ALGORITHMS_H
#define KEYDIV_KEY_ALGORITHMS_H

#define KEY_BLOCK_MAX 16 /* the largest block, of AES; a TDES block has 8 bytes */
#define KEY_MAC_MAX 64   /* the largest MAC, HMAC-SHA-512 */

enum digest_kind {
	DIGEST_NONE,
	DIGEST_SHA1,
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512
};

#define DIGEST_COUNT (DIGEST_SHA512 + 1)

/*
 * The MACs that a key can compute in one call (key.h) or in parts (mac.h). They are also the PRFs
 * of SP 800-108.
 */
enum mac_kind {
	MAC_NONE,
	MAC_CMAC, /* AES or TDES, by the key's type */
	MAC_HMAC_SHA1,
	MAC_HMAC_SHA224,
	MAC_HMAC_SHA256,
	MAC_HMAC_SHA384,
	MAC_HMAC_SHA512,
	MAC_GMAC,         /* in parts only, because GMAC takes an IV */
	MAC_CMAC_ODD,     /* bytes 1, 3, 5 ... 15 of AES-CMAC */
	MAC_RETAIL,       /* ISO/IEC 9797-1 algorithm 3 with DES2 and padding method 2 */
	MAC_RETAIL_ZEROS, /* the same with padding method 1 */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_compute.h: what a foreign key is, and single computations with it. No function tries
 * again. Each failed call of the foreign module, and each answer of a wrong length, closes the
 * session. The caller has called foreign_enter.
 */
#ifndef KEYDIV_FOREIGN_FOREIGN_COMPUTE_H
#define KEYDIV_FOREIGN_FOREIGN_COMPUTE_H

#include "foreign/foreign_find.h"

/* The type, length and permissions of a foreign key, as its token says. */
struct foreign_nature {
	CK_KEY_TYPE type;
	size_t length;               /* of the value in bytes */
	size_t block;                /* of the cipher, 0 for a key of no cipher */
	bool sign, encrypt;          /* CKA_SIGN, CKA_ENCRYPT */
	bool cmac, ecb;              /* the token has the mechanism, and the key may use it */
	enum mac_kind hmac;          /* an HMAC that the token has for a key of no cipher */
	bool extractable, sensitive; /* CKA_EXTRACTABLE and CKA_SENSITIVE */
};

/*
 * Read the nature of KEY. CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE: keydiv has no such keys.
 * Returns codes of the foreign module, CKR_DEVICE_ERROR.
 */
MUST_USE CK_RV foreign_nature(const struct foreign_found *key, struct foreign_nature *ret);

/*
 * Have each MAC computed twice and compared from now on if TWICE is true. Called by foreign_start,
 * when no session exists. With TWICE the functions return CKR_DEVICE_ERROR for different MACs.
 */
void foreign_compute_start(bool twice);

/*
 * RET_MAC = CMAC by C_Sign of N bytes at MSG with KEY, whose cipher has BLOCK (8 or 16) bytes.
 * BLOCK bytes are written. Returns codes of the foreign module, CKR_DEVICE_ERROR.
 */
MUST_USE CK_RV foreign_cmac(const struct foreign_found *key, size_t block, const uint8_t *msg,
	size_t n, uint8_t *ret_mac);

/* RET_MAC = HMAC of KIND by C_Sign. mac_length(KIND) bytes are written. Errors as foreign_cmac. */
MUST_USE CK_RV foreign_hmac(const struct foreign_found *key, enum mac_kind kind, const uint8_t *msg,
	size_t n, uint8_t *ret_mac);

/*
 * RET_OUT = N bytes at IN, whole blocks of BLOCK bytes, encrypted by C_Encrypt in ECB mode. OUT may
 * be IN, and is written only after success. N is at most FOREIGN_ECB_MAX. The input is sent twice
 * in one call, which costs little, and CKR_DEVICE_ERROR is returned if the outputs differ. Errors
 * as foreign_cmac.
 */
#define FOREIGN_ECB_MAX 256
MUST_USE CK_RV foreign_ecb(const struct foreign_found *key, size_t block, const uint8_t *in,
	size_t n, uint8_t *ret_out);

#endif

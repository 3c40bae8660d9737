/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h: key material, opaque. A mechanism holds a struct key and never sees its bytes; the
 * functions below are all it can do with one. This is the seam behind which a key may one day live
 * in another token.
 *
 * A struct key keeps what is dear to make: the expanded AES or TDES schedule, the CMAC subkeys, the
 * HMAC context; each is made when first needed and kept until the next key_load. No function here
 * fetches an algorithm by name; crypto_start has done that once, in a private OSSL_LIB_CTX with the
 * default provider loaded by name.
 *
 * A struct key is used by one thread at a time (in a session: under the session's lock). Different
 * keys are independent.
 */
#ifndef KEYDIV_KEY_KEY_H
#define KEYDIV_KEY_KEY_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

#define KEY_BLOCK_MAX 16 /* AES block, the largest; the TDES block is 8 */
#define KEY_MAC_MAX 64   /* HMAC-SHA-512, the largest */

/*
 * Set up, and tear down, the private library context and every algorithm. crypto_start: CKR_OK,
 * CKR_HOST_MEMORY or CKR_FUNCTION_FAILED, with nothing left behind on failure; may be called again
 * after crypto_stop, and in a forked child without it. Called by C_Initialize and C_Finalize only,
 * never from a destructor or atexit handler.
 */
MUST_USE CK_RV crypto_start(void);
void crypto_stop(void);

struct key;

/*
 * A key object with no key in it, or NULL if there is no memory. key_free wipes; NULL is allowed.
 */
struct key *key_new(void);
void key_free(struct key *key);

/*
 * Load N bytes at VALUE as a key of TYPE; what was there is wiped, its contexts are re-keyed, not
 * made again, and everything dear is left for the first use. AES takes 16, 24 or 32 bytes, DES2 16,
 * DES3 24 (parity is not looked at), any other type 1..SECRET_MAX. CKR_KEY_SIZE_RANGE otherwise;
 * CKR_HOST_MEMORY. On failure the key is empty.
 */
MUST_USE CK_RV key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n);

/* Wipe the value and every schedule made of it; the key is empty then. */
void key_unload(struct key *key);

CK_KEY_TYPE key_type(const struct key *key);  /* CK_UNAVAILABLE_INFORMATION if empty */
size_t key_length(const struct key *key);     /* of the value, in bytes; 0 if empty */
size_t key_block_size(const struct key *key); /* 16 AES, 8 DES2 and DES3, else 0 */

/*
 * A number that differs for every key_load in this process: whoever keeps a context made of a
 * key compares it.
 */
uint64_t key_serial(const struct key *key);

/*
 * MAC (16 bytes for AES, 8 for DES2 and DES3) = CMAC(key, N bytes at MSG), SP 800-38B.
 * CKR_KEY_TYPE_INCONSISTENT for another type, CKR_FUNCTION_FAILED if libcrypto fails. The hot path:
 * two XORs around a kept schedule.
 */
MUST_USE CK_RV key_cmac(struct key *key, const uint8_t *msg, size_t n, uint8_t *ret_mac);

/*
 * Encrypt one block of key_block_size bytes under the key; MASK, if not NULL, is key_length bytes
 * XORed onto the key first (the variants of X9.24-1). OUT may be IN. Errors as key_cmac.
 */
MUST_USE CK_RV key_block(struct key *key, const uint8_t *mask, const uint8_t *in, uint8_t *ret_out);

/*
 * Encrypt N bytes at IN (a multiple of the block size) in ECB mode, or in CBC mode from IV if that
 * is not NULL. OUT may be IN.
 */
MUST_USE CK_RV key_encrypt_blocks(
	struct key *key, const uint8_t *iv, const uint8_t *in, size_t n, uint8_t *ret_out);

/* The MACs a key can make in one call or in parts (mac.h); also the PRFs of SP 800-108. */
enum mac_kind {
	MAC_NONE,
	MAC_CMAC, /* AES or TDES, by the key's type */
	MAC_HMAC_SHA1,
	MAC_HMAC_SHA224,
	MAC_HMAC_SHA256,
	MAC_HMAC_SHA384,
	MAC_HMAC_SHA512,
	MAC_GMAC, /* in parts only: it takes an IV */
};

/*
 * Length of the whole MAC in bytes: 16 or 8 for CMAC by KEY's type (KEY may be NULL for the
 * others), 20..64 for HMAC, 16 for GMAC.
 */
size_t mac_length(enum mac_kind kind, const struct key *key);

/*
 * RET_MAC (KEY_MAC_MAX bytes of room) = MAC over N bytes at MSG; mac_length(kind, key) bytes are
 * written. Any key type for HMAC, AES/DES2/DES3 for CMAC.
 */
MUST_USE CK_RV key_mac(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac);

/*
 * The check value: 3 bytes. CMAC_STYLE (AES only): of CMAC(key, 16 zero bytes) as X9.24-1:2017 has
 * it; else the ECB encryption of a zero block (AES, DES2, DES3) or SHA-1 of the value (other
 * types), PKCS#11 "Secret key objects".
 */
MUST_USE CK_RV key_check_value(struct key *key, bool cmac_style, uint8_t ret_kcv[3]);

/*
 * The value itself, borrowed until the next key_load or key_unload: for wrapping and for sealing to
 * the store. A mechanism must not call this (a test greps for it).
 */
struct bytes key_expose(const struct key *key);

/* Set odd parity on each of N bytes at VALUE (DES keys). */
void des_set_odd_parity(uint8_t *value, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h: key material. A mechanism holds a struct key and never sees its bytes. The functions below
 * are everything that a mechanism can do with a key. A key in another token can therefore be put
 * behind this interface.
 *
 * A struct key keeps the results that take long to compute, which are the expanded AES or TDES
 * schedule, the CMAC subkeys and the HMAC context. Each is made when first needed and kept until
 * the next key_load. No function here fetches an algorithm by name, because crypto_start has
 * fetched all algorithms in a private OSSL_LIB_CTX with the default provider loaded by name.
 *
 * One thread at a time uses a struct key (in a session, under the session's lock). Different
 * keys are independent.
 */
#ifndef KEYDIV_KEY_KEY_H
#define KEYDIV_KEY_KEY_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "key/algorithms.h"
#include "key/library.h"

struct key;

/*
 * Return an empty key object in the arena (base/arena.h), or NULL if there is no memory. key_free
 * wipes the object, and takes NULL.
 */
struct key *key_new(void);
void key_free(struct key *key);

/* Return to the system the memory of the arena that no key occupies. */
void keys_trim(void);

/*
 * In a forked child, after arena_after_fork: wipe the bytes in the struct of every key of the
 * process, also of those that other threads of the parent were using. Calls no function of
 * libcrypto on a context, because such a thread may have changed a context by half. key_unload
 * wipes the contexts of a key that no thread was using; call it before. No key of the parent may be
 * used afterwards.
 */
void keys_forked(void);

/*
 * Load N bytes at VALUE as a key of TYPE. The earlier key is wiped. Its contexts are kept and get
 * the new key when it is first used. AES takes 16, 24 or 32 bytes, DES2 16 and DES3 24 (parity is
 * ignored), any other type 1..SECRET_MAX. CKR_KEY_SIZE_RANGE for another length, CKR_HOST_MEMORY.
 * The key is empty after a failure.
 */
MUST_USE CK_RV key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n);

/*
 * The functions of a key that is in another token. The token keeps the value, and REMOTE says which
 * key is meant. A function that the key may not do is NULL.
 */
struct key_ops {
	/* MAC (one block) = CMAC of N bytes at MSG. */
	CK_RV (*cmac)(void *remote, const uint8_t *msg, size_t n, uint8_t *ret_mac);
	/* OUT = N bytes at IN, whole blocks, encrypted in ECB mode. OUT may be IN. */
	CK_RV (*blocks)(void *remote, const uint8_t *in, size_t n, uint8_t *ret_out);
	/* MAC = HMAC of KIND of N bytes at MSG. */
	CK_RV(*mac)
	(void *remote, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac);
};

/*
 * Make KEY the key of TYPE with N bytes that OPS compute with, and wipe what was there. OPS and
 * REMOTE must live until the next key_load, key_attach or key_unload. CKR_KEY_SIZE_RANGE.
 *
 * key_cmac, key_block without mask, key_encrypt_blocks and key_mac work. Functions that need the
 * value itself return CKR_KEY_TYPE_INCONSISTENT (masks) or CKR_KEY_FUNCTION_NOT_PERMITTED.
 */
MUST_USE CK_RV key_attach(
	struct key *key, CK_KEY_TYPE type, size_t n, const struct key_ops *ops, void *remote);

/* Wipe the value and every schedule made from it. The key is then empty. */
void key_unload(struct key *key);

CK_KEY_TYPE key_type(const struct key *key);  /* CK_UNAVAILABLE_INFORMATION if empty */
size_t key_length(const struct key *key);     /* of the value in bytes, 0 if empty */
size_t key_block_size(const struct key *key); /* 16 for AES, 8 for DES2 and DES3, 0 for others */

/*
 * Return a number that changes on every key_load and key_attach in this process. A cached context
 * compares the number to detect another key.
 */
uint64_t key_serial(const struct key *key);

/*
 * Compute the CMAC (SP 800-38B) of N bytes at MSG into RET_MAC, 16 bytes for AES and 8 for DES2 and
 * DES3. CKR_KEY_TYPE_INCONSISTENT for another type, CKR_FUNCTION_FAILED if libcrypto fails. This
 * function is the hot path, two XORs around a schedule that is kept.
 */
MUST_USE CK_RV key_cmac(struct key *key, const uint8_t *msg, size_t n, uint8_t *ret_mac);

#define CMAC_ODD_LENGTH 8

/*
 * Copy bytes 1, 3, 5 ... 15 of the CMAC of 16 bytes at MAC to the first bytes of MAC. MAC then has
 * CMAC_ODD_LENGTH bytes, and the bytes behind them are zero.
 */
void cmac_keep_odd(uint8_t mac[KEY_BLOCK_MAX]);

/*
 * Encrypt one block of key_block_size bytes. If MASK is not NULL, its key_length bytes are first
 * XORed onto the key (the variants of X9.24-1). OUT may be IN. Errors as key_cmac.
 */
MUST_USE CK_RV key_block(struct key *key, const uint8_t *mask, const uint8_t *in, uint8_t *ret_out);

/*
 * RET (16 bytes) = the key, a DES2 key, after N steps of the non-reversible key generation process
 * of X9.24-1 annex A.2, with STEPS as crypto registers. MASK is XORed onto the key before the left
 * half is made. CKR_KEY_TYPE_INCONSISTENT for another type, else errors as key_cmac.
 */
MUST_USE CK_RV key_one_way(struct key *key, const uint8_t mask[16], const uint8_t (*steps)[8],
	size_t n, struct secret *ret);

/*
 * Encrypt N bytes at IN (a multiple of the block size) in ECB mode, or in CBC mode from IV if IV is
 * not NULL. OUT may be IN. CKR_DATA_LEN_RANGE for another N, else errors as key_cmac.
 */
MUST_USE CK_RV key_encrypt_blocks(
	struct key *key, const uint8_t *iv, const uint8_t *in, size_t n, uint8_t *ret_out);

/*
 * Return the length of the whole MAC in bytes. CMAC has 16 or 8 bytes by the type of KEY, HMAC
 * 20..64, GMAC 16, the odd bytes of CMAC and algorithm 3 have 8. KEY may be NULL except for CMAC.
 */
size_t mac_length(enum mac_kind kind, const struct key *key);

/*
 * Compute the MAC of N bytes at MSG into RET_MAC, which has room for KEY_MAC_MAX bytes.
 * mac_length(kind, key) bytes are written. HMAC takes any key type, CMAC takes AES, DES2 and DES3,
 * the odd bytes of CMAC take AES, and algorithm 3 takes DES2.
 * CKR_KEY_TYPE_INCONSISTENT for another type or an empty key. CKR_HOST_MEMORY. CKR_FUNCTION_FAILED,
 * also for MAC_GMAC and MAC_NONE.
 */
MUST_USE CK_RV key_mac(
	struct key *key, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac);

/*
 * Compute the check value. With CMAC_STYLE (AES only) the check value is the first 3 bytes of
 * CMAC(key, 16 zero bytes), as X9.24-1:2017 says. Otherwise the check value is the first 3 bytes of
 * the ECB encryption of a zero block (AES, DES2, DES3) or of SHA-1 of the value (other types), as
 * PKCS#11 says under "Secret key objects". CKR_KEY_TYPE_INCONSISTENT for an empty key, or for
 * CMAC_STYLE with another type. CKR_KEY_FUNCTION_NOT_PERMITTED for SHA-1 of a value in another
 * token. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED.
 */
MUST_USE CK_RV key_check_value(struct key *key, bool cmac_style, uint8_t ret_kcv[3]);

/*
 * Return the value itself, which is valid until the next key_load or key_unload. Wrapping and
 * sealing use the value. A mechanism must not call this function (tests/style/check.sh).
 */
struct bytes key_expose(const struct key *key);

/* Set odd parity in each of N bytes at VALUE (DES keys). */
void des_set_odd_parity(uint8_t *value, size_t n);

#endif

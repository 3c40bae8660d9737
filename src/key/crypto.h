/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto.h: the private library context and the algorithms fetched into it, for the files of
 * this folder only.
 *
 * The default provider is loaded by name into an OSSL_LIB_CTX of our own, so neither the host's
 * OPENSSL_CONF nor its default properties reach us, and what we do does not reach the host.
 */
#ifndef KEYDIV_KEY_CRYPTO_H
#define KEYDIV_KEY_CRYPTO_H

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "key/block.h"
#include "key/cipher.h"
#include "key/digest.h"
#include "key/key.h"

#define DIGEST_COUNT (DIGEST_SHA512 + 1)

/* What we ask libcrypto for; CCM is made of CTR and CBC in ccm.c. */
enum evp_mode {
	EVP_MODE_ECB,
	EVP_MODE_CBC,
	EVP_MODE_CTR,
	EVP_MODE_GCM,
	EVP_MODE_KW,
	EVP_MODE_KWP,
	EVP_MODE_COUNT
};

struct crypto {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider;
	EVP_CIPHER *cipher[EVP_MODE_COUNT]
			  [KIND_COUNT]; /* NULL where there is no such thing (DES in CTR) */
	EVP_MD *md[DIGEST_COUNT];
	EVP_MAC *hmac_method;
	EVP_MAC_CTX *hmac
		[DIGEST_COUNT]; /* unkeyed, to be duplicated: its digest is set, which costs a fetch */
	EVP_KDF *scrypt, *pbkdf2;
	EVP_RAND *drbg_method;
	EVP_RAND_CTX *drbg; /* locked by itself */
	long pid;           /* the process it was set up in */
	struct crypto *
		left; /* what an ancestor set up before a fork: never used again, kept reachable for leak checkers */
};

/* What crypto_start set up; NULL before it and after crypto_stop. */
extern struct crypto *crypto;

/* The names that PBKDF2 and HMAC take their digest by. */
extern const char *const digest_names[DIGEST_COUNT];

/*
 * An HMAC context of KIND keyed with N bytes at KEY (N may be 0), or NULL. The caller frees it with
 * EVP_MAC_CTX_free, which wipes.
 */
EVP_MAC_CTX *hmac_new(enum digest_kind kind, const uint8_t *key, size_t n);

/* The digest under the HMAC of KIND, DIGEST_NONE for CMAC and GMAC. */
enum digest_kind mac_digest(enum mac_kind kind);

#endif

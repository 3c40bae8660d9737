/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto.h: the private library context and the algorithms fetched into it, for the files of
 * this folder only.
 *
 * The default provider is loaded by name into an OSSL_LIB_CTX of the module. Therefore neither
 * OPENSSL_CONF nor the default properties of the host program affect the module, and the module
 * does not affect the host program.
 */
#ifndef KEYDIV_KEY_CRYPTO_H
#define KEYDIV_KEY_CRYPTO_H

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdatomic.h>

#include "key/algorithms.h"
#include "key/block.h"

/* The modes that libcrypto computes. ccm.c builds CCM from CTR and CBC. */
enum evp_mode { EVP_MODE_ECB, EVP_MODE_CBC, EVP_MODE_CTR, EVP_MODE_GCM, EVP_MODE_COUNT };

#define DRBG_COUNT 16

struct crypto {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider;
	EVP_CIPHER *cipher[EVP_MODE_COUNT]
			  [KIND_COUNT]; /* NULL where the mode does not exist (DES in CTR) */
	EVP_MD *md[DIGEST_COUNT];
	EVP_MAC *hmac_method;
	/* Contexts without a key, to be duplicated, because setting the digest costs a fetch. */
	EVP_MAC_CTX *hmac[DIGEST_COUNT];
	EVP_KDF *scrypt, *pbkdf2;
	EVP_RAND *drbg_method;
	/*
	 * Generators, each with a lock of its own, so that threads do not wait for each other.
	 * crypto_start makes the first, and random.c makes the others when a thread needs them.
	 */
	_Atomic(EVP_RAND_CTX *) drbg[DRBG_COUNT];
	long pid; /* the process that set up the context */
	/*
	 * Set up by an ancestor before a fork, never used again, kept reachable for leak checkers.
	 */
	struct crypto *left;
};

/* The reason where libcrypto fails with valid arguments: the call allocates. */
#define NO_MEMORY "no memory for libcrypto"

/*
 * The context of crypto_start. NULL before crypto_start and after crypto_stop. In a forked child
 * the parent's context, which the child must not use, before crypto_start and after crypto_stop.
 */
extern struct crypto *crypto;

/* Return a new random generator, seeded by the system, or NULL. */
EVP_RAND_CTX *drbg_new(const struct crypto *c);

/* The names of digests for PBKDF2 and HMAC. */
extern const char *const digest_names[DIGEST_COUNT];

/*
 * Return an HMAC context of KIND with the N bytes at KEY as key, or NULL. N may be 0. The caller
 * frees the context with EVP_MAC_CTX_free, which wipes it.
 */
EVP_MAC_CTX *hmac_new(enum digest_kind kind, const uint8_t *key, size_t n);

/* Return the digest of the HMAC of KIND, and DIGEST_NONE for CMAC and GMAC. */
enum digest_kind mac_digest(enum mac_kind kind);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.c: set up and tear down the private library context. */
#include "crypto.h"

#include "error_queue.h"
#include "library.h"
#include "provider.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Number of generator calls between two reseedings from the system. libcrypto uses the same number
 * for its own per-thread generators.
 */
#define RESEED_REQUESTS (1u << 16)

struct crypto *crypto;

static const char *const cipher_names[EVP_MODE_COUNT][KIND_COUNT] = {
	[EVP_MODE_ECB] = {NULL, "AES-128-ECB", "AES-192-ECB", "AES-256-ECB", "DES-EDE", "DES-EDE3"},
	[EVP_MODE_CBC] = {NULL, "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE-CBC",
		"DES-EDE3-CBC"},
	[EVP_MODE_CTR] = {NULL, "AES-128-CTR", "AES-192-CTR", "AES-256-CTR"},
	[EVP_MODE_GCM] = {NULL, "AES-128-GCM", "AES-192-GCM", "AES-256-GCM"},
};

const char *const digest_names[DIGEST_COUNT] = {
	NULL, "SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"};

enum digest_kind mac_digest(enum mac_kind kind)
{
	static const enum digest_kind digests[] = {
		[MAC_HMAC_SHA1] = DIGEST_SHA1,
		[MAC_HMAC_SHA224] = DIGEST_SHA224,
		[MAC_HMAC_SHA256] = DIGEST_SHA256,
		[MAC_HMAC_SHA384] = DIGEST_SHA384,
		[MAC_HMAC_SHA512] = DIGEST_SHA512,
		[MAC_GMAC] = DIGEST_NONE,
	};
	return (size_t)kind < sizeof digests / sizeof digests[0] ? digests[kind] : DIGEST_NONE;
}

EVP_MAC_CTX *hmac_new(enum digest_kind kind, const uint8_t *key, size_t n)
{
	static const uint8_t none[1];
	KEEP_ERROR_QUEUE;
	EVP_MAC_CTX *hmac = EVP_MAC_CTX_dup(crypto->hmac[kind]);

	/* an empty key needs an address, because NULL means "keep the key" to EVP_MAC_init */
	if (hmac != NULL && !EVP_MAC_init(hmac, n > 0 ? key : none, n, NULL)) {
		EVP_MAC_CTX_free(hmac);
		return NULL;
	}
	return hmac;
}

static bool fetch_ciphers(struct crypto *c)
{
	for (int mode = 0; mode < EVP_MODE_COUNT; mode++)
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			const char *name = cipher_names[mode][kind];
			if (name == NULL)
				continue;
			c->cipher[mode][kind] = EVP_CIPHER_fetch(c->lib, name, NULL);
			if (c->cipher[mode][kind] == NULL)
				return false;
		}
	return true;
}

static bool fetch_digests(struct crypto *c)
{
	c->hmac_method = EVP_MAC_fetch(c->lib, "HMAC", NULL);
	if (c->hmac_method == NULL)
		return false;
	for (int kind = DIGEST_NONE + 1; kind < DIGEST_COUNT; kind++) {
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(
				OSSL_MAC_PARAM_DIGEST, (char *)digest_names[kind], 0),
			OSSL_PARAM_construct_end(),
		};
		c->md[kind] = EVP_MD_fetch(c->lib, digest_names[kind], NULL);
		c->hmac[kind] = EVP_MAC_CTX_new(c->hmac_method);
		if (c->md[kind] == NULL || c->hmac[kind] == NULL ||
			!EVP_MAC_CTX_set_params(c->hmac[kind], params))
			return false;
	}
	return true;
}

/*
 * Use generators of the module instead of RAND_bytes_ex, which keeps generators per thread in the
 * library context. A thread that outlives C_Finalize would touch the freed context when the thread
 * ends. Only the thread itself could prevent this, by OPENSSL_thread_stop_ex, and the threads
 * belong to the host program.
 */
EVP_RAND_CTX *drbg_new(const struct crypto *c)
{
	unsigned requests = RESEED_REQUESTS;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_CIPHER, (char *)"AES-256-CTR", 0),
		OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_REQUESTS, &requests),
		OSSL_PARAM_construct_end(),
	};
	static const uint8_t personal[] = "keydiv";
	EVP_RAND_CTX *drbg = EVP_RAND_CTX_new(c->drbg_method, NULL);

	if (drbg != NULL &&
		EVP_RAND_instantiate(drbg, 256, 0, personal, sizeof personal - 1, params) &&
		EVP_RAND_enable_locking(drbg))
		return drbg;
	EVP_RAND_CTX_free(drbg);
	return NULL;
}

static bool start_drbg(struct crypto *c)
{
	c->drbg_method = EVP_RAND_fetch(c->lib, "CTR-DRBG", NULL);
	if (c->drbg_method != NULL)
		c->drbg[0] = drbg_new(c);
	return c->drbg[0] != NULL;
}

static bool set_up(struct crypto *c)
{
	c->lib = OSSL_LIB_CTX_new();
	if (c->lib == NULL)
		return false;
	c->provider = OSSL_PROVIDER_load(c->lib, "default");
	if (c->provider == NULL || !block_ciphers_start(c->provider) || !fetch_ciphers(c) ||
		!fetch_digests(c) || !start_drbg(c))
		return false;
	c->scrypt = EVP_KDF_fetch(c->lib, "SCRYPT", NULL);
	c->pbkdf2 = EVP_KDF_fetch(c->lib, "PBKDF2", NULL);
	return c->scrypt != NULL && c->pbkdf2 != NULL;
}

static void tear_down(struct crypto *c)
{
	for (unsigned i = 0; i < DRBG_COUNT; i++)
		EVP_RAND_CTX_free(c->drbg[i]); /* wipes */
	EVP_RAND_free(c->drbg_method);
	EVP_KDF_free(c->pbkdf2);
	EVP_KDF_free(c->scrypt);
	for (int kind = 0; kind < DIGEST_COUNT; kind++) {
		EVP_MAC_CTX_free(c->hmac[kind]);
		EVP_MD_free(c->md[kind]);
	}
	EVP_MAC_free(c->hmac_method);
	for (int mode = 0; mode < EVP_MODE_COUNT; mode++)
		for (int kind = 0; kind < KIND_COUNT; kind++)
			EVP_CIPHER_free(c->cipher[mode][kind]);
	if (c->provider != NULL)
		OSSL_PROVIDER_unload(c->provider);
	OSSL_LIB_CTX_free(c->lib);
}

/* More than libcrypto allocates at its first use, in bytes. */
#define FIRST_USE 16384

/*
 * Make libcrypto's first use safe. libcrypto makes its first locks once in a process. If an
 * allocation fails then, libcrypto cannot be used until the process ends. Therefore check that
 * there is memory before the first use, which is a mark in the empty error queue of this thread.
 */
static CK_RV first_use(void)
{
	void *volatile probe = malloc(FIRST_USE); /* volatile keeps the compiler from removing it */

	REQUIRE(probe != NULL, CKR_HOST_MEMORY, NO_MEMORY);
	free(probe);
	ERR_set_mark();
	ERR_pop_to_mark();
	return CKR_OK;
}

/*
 * The first use is when the module is loaded: a host program that is out of memory cannot load the
 * module, but a loaded module may find the memory used up at C_Initialize.
 */
__attribute__((constructor)) static void at_load(void)
{
	if (first_use() != CKR_OK)
		return; /* crypto_start() tries again and reports the failure */
}

/* Return true if PROVIDER offers every algorithm of this file. */
static bool provides_all(OSSL_PROVIDER *provider)
{
	bool all = provider_has(provider, OSSL_OP_MAC, "HMAC") &&
		   provider_has(provider, OSSL_OP_RAND, "CTR-DRBG") &&
		   provider_has(provider, OSSL_OP_KDF, "SCRYPT") &&
		   provider_has(provider, OSSL_OP_KDF, "PBKDF2");

	for (int mode = 0; mode < EVP_MODE_COUNT; mode++)
		for (int kind = 0; kind < KIND_COUNT; kind++)
			if (cipher_names[mode][kind] != NULL)
				all &= provider_has(
					provider, OSSL_OP_CIPHER, cipher_names[mode][kind]);
	for (int kind = DIGEST_NONE + 1; kind < DIGEST_COUNT; kind++)
		all &= provider_has(provider, OSSL_OP_DIGEST, digest_names[kind]);
	return all;
}

/*
 * Return the code for a set-up of C that failed. libcrypto reports a missing algorithm and a failed
 * allocation alike, so look for the algorithms in the provider's lists.
 */
static CK_RV start_failure(const struct crypto *c)
{
	REQUIRE(c->provider == NULL || provides_all(c->provider), CKR_FUNCTION_FAILED,
		"libcrypto does not provide all algorithms");
	return FAIL(CKR_HOST_MEMORY, NO_MEMORY);
}

CK_RV crypto_start(void)
{
	struct crypto *old = crypto, *c;

	if (old != NULL && old->pid == (long)getpid())
		return CKR_OK;
	/*
	 * In a child of fork the parent's context may hold locks of threads that do not exist here,
	 * so leave the context alone.
	 */
	TRY(first_use());
	c = calloc(1, sizeof *c);
	ENSURE(c != NULL, CKR_HOST_MEMORY);
	KEEP_ERROR_QUEUE;
	/*
	 * When a cipher is set up, libcrypto 3.0 looks for engines, in any library context, and
	 * reads openssl.cnf before that. libcrypto would then load any provider named there because
	 * of the module, even a provider that loads this module. Therefore the module does not load
	 * the configuration. A host program that uses its openssl.cnf has read the file by now, or
	 * names the file itself (OSSL_LIB_CTX_load_config).
	 */
	bool ok = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) && set_up(c);
	if (!ok) {
		CK_RV rv = start_failure(c);
		tear_down(c);
		free(c);
		return rv;
	}
	c->pid = (long)getpid();
	c->left = old;
	crypto = c;
	return CKR_OK;
}

void crypto_stop(void)
{
	struct crypto *c = crypto;

	if (c == NULL || c->pid != (long)getpid())
		return;
	/*
	 * A host program that is exiting may have run OPENSSL_cleanup before C_Finalize. The locks
	 * of libcrypto then no longer exist, and the process ends soon. Leave everything as it is.
	 */
	if (!OPENSSL_init_crypto(0, NULL))
		return;
	crypto = c->left;
	tear_down(c);
	free(c);
}

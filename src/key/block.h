/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.h: the provider's own block ciphers, for the files of this folder only.
 *
 * Every inner key of a derivation is set once and wiped once (by setting a key of zeros).
 * Setting a key through EVP_EncryptInit_ex2 asks the provider for the key length by name each
 * time, which takes longer than the key schedule of AES. Therefore this header calls the
 * provider's contexts through its dispatch table, as EVP does (OSSL_PROVIDER_query_operation(3),
 * provider-cipher(7)). Setting a key takes 940 instructions through EVP and 190 through the
 * table (libcrypto 3.0 with AES-NI).
 */
#ifndef KEYDIV_KEY_BLOCK_H
#define KEYDIV_KEY_BLOCK_H

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include "base/bytes.h"
#include "base/error.h"
#include "key/error_queue.h"
#include "key/key_type.h"

/* A block cipher in ECB mode. The functions are constant memory of libcrypto. */
struct block_cipher {
	size_t key_length;
	OSSL_FUNC_cipher_newctx_fn *context_new;
	OSSL_FUNC_cipher_freectx_fn *context_free; /* wipes */
	OSSL_FUNC_cipher_encrypt_init_fn *set_key;
	OSSL_FUNC_cipher_decrypt_init_fn *set_key_inverse;
	OSSL_FUNC_cipher_cipher_fn *encrypt; /* or decrypt, after set_key_inverse */
	void *provider;                      /* for context_new */
};

extern struct block_cipher block_ciphers[KIND_COUNT];

/* Look up all block ciphers in PROVIDER. Return false if one is missing. */
bool block_ciphers_start(OSSL_PROVIDER *provider);

/*
 * Return a new context of KIND, or NULL. The caller frees the context with block_free,
 * which wipes it.
 */
static inline void *block_new(enum cipher_kind kind)
{
	const struct block_cipher *b = &block_ciphers[kind];
	KEEP_ERROR_QUEUE;

	return b->context_new == NULL ? NULL : b->context_new(b->provider);
}

static inline void block_free(enum cipher_kind kind, void *context)
{
	if (context != NULL)
		block_ciphers[kind].context_free(context);
}

/*
 * Set the key of CONTEXT to the bytes at BYTES, whose number KIND defines. Every round key of an
 * earlier key is overwritten. Return false if libcrypto fails, and so do the functions below.
 */
static inline bool block_set_key(enum cipher_kind kind, void *context, const uint8_t *bytes)
{
	const struct block_cipher *b = &block_ciphers[kind];

	return b->set_key(context, bytes, b->key_length, NULL, 0, NULL);
}

/* The same, for a context that decrypts: block_encrypt then computes the inverse cipher. */
static inline bool block_set_key_inverse(enum cipher_kind kind, void *context, const uint8_t *bytes)
{
	const struct block_cipher *b = &block_ciphers[kind];

	return b->set_key_inverse(context, bytes, b->key_length, NULL, 0, NULL);
}

/* Encrypt N bytes at IN, whole blocks, into OUT. OUT is IN, or does not overlap IN. */
static inline bool block_encrypt(
	enum cipher_kind kind, void *context, const uint8_t *in, size_t n, uint8_t *out)
{
	size_t len;

	return block_ciphers[kind].encrypt(context, out, &len, n, in, n);
}

#endif

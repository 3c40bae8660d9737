/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.h: the provider's own block ciphers, for the files of this folder only.
 *
 * Re-keying through EVP_EncryptInit_ex2 asks the provider for the key length by name each time,
 * which takes longer than the key schedule of AES; every inner key of a derivation is keyed once
 * and wiped once (by keying with zeros). So the contexts under keys are the provider's, called
 * through its dispatch table as EVP itself would call it: OSSL_PROVIDER_query_operation(3),
 * provider-cipher(7). Measured (libcrypto 3.0, AES-NI, instructions): 940 by EVP, 190 so.
 */
#ifndef KEYDIV_KEY_BLOCK_H
#define KEYDIV_KEY_BLOCK_H

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include "base/bytes.h"
#include "base/error.h"
#include "key/key_type.h"

/* In ECB, encrypting. The functions are constant memory of libcrypto. */
struct block_cipher {
	size_t key_length;
	OSSL_FUNC_cipher_newctx_fn *context_new;
	OSSL_FUNC_cipher_freectx_fn *context_free; /* wipes */
	OSSL_FUNC_cipher_encrypt_init_fn *set_key;
	OSSL_FUNC_cipher_cipher_fn *encrypt;
	void *provider; /* for context_new */
};

extern struct block_cipher block_ciphers[KIND_COUNT];

/* Look all of them up in PROVIDER. False if one is missing. */
bool block_ciphers_start(OSSL_PROVIDER *provider);

/* A new context of KIND, or NULL; freed with block_free, which wipes it. */
static inline void *block_new(enum cipher_kind kind)
{
	const struct block_cipher *b = &block_ciphers[kind];

	return b->context_new == NULL ? NULL : b->context_new(b->provider);
}

static inline void block_free(enum cipher_kind kind, void *context)
{
	if (context != NULL)
		block_ciphers[kind].context_free(context);
}

/*
 * CONTEXT's key is now the one at BYTES, as long as KIND has it; every round key of an earlier one
 * is written over.
 */
static inline bool block_set_key(enum cipher_kind kind, void *context, const uint8_t *bytes)
{
	const struct block_cipher *b = &block_ciphers[kind];

	return b->set_key(context, bytes, b->key_length, NULL, 0, NULL);
}

/* OUT = N bytes, whole blocks, of IN encrypted; the same place or apart. */
static inline bool block_encrypt(
	enum cipher_kind kind, void *context, const uint8_t *in, size_t n, uint8_t *out)
{
	size_t len;

	return block_ciphers[kind].encrypt(context, out, &len, n, in, n);
}

#endif

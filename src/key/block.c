/* SPDX-License-Identifier: Apache-2.0 */
/* block.c: look up the provider's block ciphers. */
#include "block.h"

#include "key/provider.h"

struct block_cipher block_ciphers[KIND_COUNT];

static const struct {
	const char *name;
	size_t key_length;
} names[KIND_COUNT] = {
	[KIND_AES128] = {"AES-128-ECB", 16},
	[KIND_AES192] = {"AES-192-ECB", 24},
	[KIND_AES256] = {"AES-256-ECB", 32},
	[KIND_DES2] = {"DES-EDE-ECB", 16},
	[KIND_DES3] = {"DES-EDE3-ECB", 24},
};

static bool look_up(const OSSL_ALGORITHM *list, OSSL_PROVIDER *provider, enum cipher_kind kind)
{
	struct block_cipher b = {
		.key_length = names[kind].key_length,
		.provider = OSSL_PROVIDER_get0_provider_ctx(provider),
	};

	const OSSL_ALGORITHM *found = provider_find(list, names[kind].name);

	if (found == NULL)
		return false;
	for (const OSSL_DISPATCH *d = found->implementation; d->function_id != 0; d++)
		switch (d->function_id) {
		case OSSL_FUNC_CIPHER_NEWCTX:
			b.context_new = OSSL_FUNC_cipher_newctx(d);
			break;
		case OSSL_FUNC_CIPHER_FREECTX:
			b.context_free = OSSL_FUNC_cipher_freectx(d);
			break;
		case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
			b.set_key = OSSL_FUNC_cipher_encrypt_init(d);
			break;
		case OSSL_FUNC_CIPHER_DECRYPT_INIT:
			b.set_key_inverse = OSSL_FUNC_cipher_decrypt_init(d);
			break;
		case OSSL_FUNC_CIPHER_CIPHER:
			b.encrypt = OSSL_FUNC_cipher_cipher(d);
			break;
		default:
			break;
		}
	if (b.context_new == NULL || b.context_free == NULL || b.set_key == NULL ||
		b.set_key_inverse == NULL || b.encrypt == NULL)
		return false;
	block_ciphers[kind] = b;
	return true;
}

bool block_ciphers_start(OSSL_PROVIDER *provider)
{
	int no_cache;
	const OSSL_ALGORITHM *list =
		OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_cache);
	bool ok = list != NULL;

	for (int kind = KIND_NONE + 1; ok && kind < KIND_COUNT; kind++)
		ok = look_up(list, provider, (enum cipher_kind)kind);
	if (list != NULL)
		OSSL_PROVIDER_unquery_operation(provider, OSSL_OP_CIPHER, list);
	return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c: SHA-1 and SHA-2. */
#include "digest.h"

#include <stdlib.h>

#include "crypto.h"
#include "error_queue.h"

struct digest {
	EVP_MD_CTX *context;
	bool active;
};

size_t digest_length(enum digest_kind kind)
{
	static const uint8_t lengths[DIGEST_COUNT] = {0, 20, 28, 32, 48, 64};
	return kind < DIGEST_COUNT ? lengths[kind] : 0;
}

struct digest *digest_new(void)
{
	struct digest *digest = calloc(1, sizeof *digest);

	KEEP_ERROR_QUEUE;
	if (digest != NULL)
		digest->context = EVP_MD_CTX_new();
	if (digest != NULL && digest->context == NULL) {
		free(digest);
		return NULL;
	}
	return digest;
}

void digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context); /* wipes */
	free(digest);
}

CK_RV digest_begin(struct digest *digest, enum digest_kind kind)
{
	digest->active = false;
	ENSURE(crypto != NULL && kind > DIGEST_NONE && kind < DIGEST_COUNT, CKR_FUNCTION_FAILED);
	KEEP_ERROR_QUEUE;
	REQUIRE(EVP_DigestInit_ex2(digest->context, crypto->md[kind], NULL), CKR_HOST_MEMORY,
		NO_MEMORY);
	digest->active = true;
	return CKR_OK;
}

CK_RV digest_update(struct digest *digest, const uint8_t *in, size_t n)
{
	ENSURE(digest->active, CKR_FUNCTION_FAILED);
	ENSURE(n == 0 || EVP_DigestUpdate(digest->context, in, n), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV digest_finish(struct digest *digest, uint8_t ret_digest[DIGEST_MAX])
{
	ENSURE(digest->active, CKR_FUNCTION_FAILED);
	digest->active = false;
	ENSURE(EVP_DigestFinal_ex(digest->context, ret_digest, NULL), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

void digest_reset(struct digest *digest)
{
	EVP_MD_CTX_reset(digest->context); /* frees and so wipes the state */
	digest->active = false;
}

CK_RV digest_once(
	enum digest_kind kind, const uint8_t *in, size_t n, uint8_t ret_digest[DIGEST_MAX])
{
	static const uint8_t none[1];

	ENSURE(crypto != NULL && kind > DIGEST_NONE && kind < DIGEST_COUNT, CKR_FUNCTION_FAILED);
	KEEP_ERROR_QUEUE;
	REQUIRE(EVP_Digest(n > 0 ? in : none, n, ret_digest, NULL, crypto->md[kind], NULL),
		CKR_HOST_MEMORY, NO_MEMORY);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_queue.h: the error queue that libcrypto keeps for each thread. The queue belongs to the
 * host program, which may take an error in it for an error of a call of its own. The module reports
 * errors by its codes, so whatever libcrypto reports to the module is taken out of the queue again.
 */
#ifndef KEYDIV_KEY_ERROR_QUEUE_H
#define KEYDIV_KEY_ERROR_QUEUE_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdint.h>

static inline void error_queue_restore(const int *mark)
{
	(void)mark;
	ERR_pop_to_mark(); /* a queue that was empty has no mark, and becomes empty again */
}

/*
 * At the end of the block, remove the errors that were reported since. That takes 370 instructions,
 * so calls that cannot fail go without.
 */
#define KEEP_ERROR_QUEUE                                                                           \
	__attribute__((cleanup(error_queue_restore), unused)) const int error_queue_mark =         \
		ERR_set_mark()

/* Do EVP_CipherInit_ex2. Libcrypto allocates for a new CIPHER only, so only then can it fail. */
static inline int cipher_init(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, const uint8_t *key,
	const uint8_t *iv, int encrypt)
{
	if (cipher == NULL)
		return EVP_CipherInit_ex2(context, NULL, key, iv, encrypt, NULL);
	KEEP_ERROR_QUEUE;
	return EVP_CipherInit_ex2(context, cipher, key, iv, encrypt, NULL);
}

static inline EVP_CIPHER_CTX *cipher_context_new(void)
{
	KEEP_ERROR_QUEUE;
	return EVP_CIPHER_CTX_new();
}

#endif

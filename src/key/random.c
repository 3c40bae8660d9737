/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.c: random numbers. Each generator has a lock of its own and reseeds when the process
 * id has changed.
 */
#include "random.h"

#include "base/thread.h"
#include "crypto.h"
#include "error_queue.h"

#include <stdlib.h>

#define STRENGTH 256
#define SEED_PART 65536
#define ATTEMPTS 2  /* a failed allocation may succeed the second time */
#define MEMORY 4096 /* more than a reseeding allocates, in bytes */

/*
 * Return the code for a generator that failed twice. libcrypto does not say whether memory or
 * entropy is missing, so ask the allocator.
 */
static CK_RV failure(void)
{
	void *volatile probe = malloc(MEMORY); /* volatile keeps the compiler from removing it */

	REQUIRE(probe != NULL, CKR_HOST_MEMORY, NO_MEMORY);
	free(probe);
	return FAIL(CKR_FUNCTION_FAILED, "the random generator fails");
}

/*
 * Make generator I, or return the one that another thread has made meanwhile. If there is no memory
 * for another generator, return the first.
 */
static EVP_RAND_CTX *make_generator(unsigned i)
{
	EVP_RAND_CTX *there = NULL;

	EVP_RAND_CTX *made = drbg_new(crypto);
	if (made == NULL)
		return atomic_load(&crypto->drbg[0]);
	if (atomic_compare_exchange_strong(&crypto->drbg[i], &there, made))
		return made;
	EVP_RAND_CTX_free(made);
	return there;
}

/* Return the generator of this thread. */
static EVP_RAND_CTX *generator(void)
{
	unsigned i = thread_number() % DRBG_COUNT;
	EVP_RAND_CTX *drbg = atomic_load_explicit(&crypto->drbg[i], memory_order_acquire);

	return drbg != NULL ? drbg : make_generator(i);
}

CK_RV random_bytes(uint8_t *out, size_t n)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	KEEP_ERROR_QUEUE;
	EVP_RAND_CTX *drbg = generator();
	for (int attempt = 0; n > 0 && attempt < ATTEMPTS; attempt++)
		if (EVP_RAND_generate(drbg, out, n, STRENGTH, 0, NULL, 0))
			return CKR_OK;
	return n == 0 ? CKR_OK : failure();
}

/*
 * Add N bytes at IN to the generator of this thread, which also takes fresh entropy
 * from the system.
 */
static bool reseed(const uint8_t *in, size_t n)
{
	EVP_RAND_CTX *drbg = generator();

	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
		if (EVP_RAND_reseed(drbg, 0, NULL, 0, in, n))
			return true;
	return false;
}

CK_RV random_seed(const uint8_t *in, size_t n)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	KEEP_ERROR_QUEUE;
	for (size_t take; n > 0; in += take, n -= take) {
		take = n < SEED_PART ? n : SEED_PART;
		/* Because of the fresh entropy a known seed cannot make the output known. */
		if (!reseed(in, take))
			return failure();
	}
	return CKR_OK;
}

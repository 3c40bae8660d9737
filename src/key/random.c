/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.c: random numbers. crypto.c makes the generator, which has a lock of its own and reseeds
 * when the process id has changed.
 */
#include "random.h"

#include "crypto.h"

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

CK_RV random_bytes(uint8_t *out, size_t n)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	for (int attempt = 0; n > 0 && attempt < ATTEMPTS; attempt++)
		if (EVP_RAND_generate(crypto->drbg, out, n, STRENGTH, 0, NULL, 0))
			return CKR_OK;
	return n == 0 ? CKR_OK : failure();
}

/* Add N bytes at IN to the generator, which also takes fresh entropy from the system. */
static bool reseed(const uint8_t *in, size_t n)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
		if (EVP_RAND_reseed(crypto->drbg, 0, NULL, 0, in, n))
			return true;
	return false;
}

CK_RV random_seed(const uint8_t *in, size_t n)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	for (size_t take; n > 0; in += take, n -= take) {
		take = n < SEED_PART ? n : SEED_PART;
		/* Because of the fresh entropy a known seed cannot make the output known. */
		if (!reseed(in, take))
			return failure();
	}
	return CKR_OK;
}

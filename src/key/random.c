/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.c: random numbers. crypto.c makes the generator, which has a lock of its own and reseeds
 * when the process id has changed.
 */
#include "random.h"

#include "crypto.h"

#define STRENGTH 256
#define SEED_PART 65536

CK_RV random_bytes(uint8_t *out, size_t n)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	ENSURE(n == 0 || EVP_RAND_generate(crypto->drbg, out, n, STRENGTH, 0, NULL, 0),
		CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV random_seed(const uint8_t *in, size_t n)
{
	ENSURE(crypto != NULL, CKR_FUNCTION_FAILED);
	for (size_t take; n > 0; in += take, n -= take) {
		take = n < SEED_PART ? n : SEED_PART;
		/*
		 * fresh entropy of the system is added, so a known seed cannot make
		 * the output known
		 */
		ENSURE(EVP_RAND_reseed(crypto->drbg, 0, NULL, 0, in, take), CKR_FUNCTION_FAILED);
	}
	return CKR_OK;
}

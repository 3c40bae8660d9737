/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cheap_scrypt.c: see cheap_scrypt.h. A function of a program takes the place of the function with
 * the same name in a shared library, also for the calls of a module loaded later. The code under
 * test is therefore the same as elsewhere, and no setting of the module lowers N below 2^14.
 */
#include "cheap_scrypt.h"

#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 16

bool scrypt_is_cheap = true;
void (*before_scrypt)(void);

static uint64_t tests_n = (uint64_t)1 << 14, cheap_n = (uint64_t)1 << 4;

typedef int derive_function(
	EVP_KDF_CTX *kdf, unsigned char *key, size_t len, const OSSL_PARAM params[]);

static derive_function *libcrypto_derive(void)
{
	void *found = dlsym(RTLD_NEXT, "EVP_KDF_derive");
	derive_function *derive;

	if (found == NULL) { /* libcrypto is there for the module alone */
		void *libcrypto = dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_NOLOAD);
		found = libcrypto != NULL ? dlsym(libcrypto, "EVP_KDF_derive") : NULL;
	}
	if (found == NULL)
		abort();
	memcpy(&derive, &found, sizeof derive);
	return derive;
}

/* Return true if P, which is scrypt's N, has the value that the tests configure. */
static bool is_tests_n(const OSSL_PARAM *p)
{
	return p->data_size == sizeof tests_n && memcmp(p->data, &tests_n, sizeof tests_n) == 0;
}

__attribute__((visibility("default"))) int EVP_KDF_derive(
	EVP_KDF_CTX *kdf, unsigned char *key, size_t len, const OSSL_PARAM params[])
{
	OSSL_PARAM copy[PARAMS_MAX];
	size_t n = 0;

	for (; params != NULL && params[n].key != NULL; n++) {
		if (n == PARAMS_MAX - 1)
			return libcrypto_derive()(kdf, key, len, params);
		copy[n] = params[n];
		if (strcmp(params[n].key, OSSL_KDF_PARAM_SCRYPT_N) != 0)
			continue;
		if (before_scrypt != NULL)
			before_scrypt();
		if (scrypt_is_cheap && is_tests_n(&params[n]))
			copy[n].data = &cheap_n;
	}
	copy[n] = (OSSL_PARAM)OSSL_PARAM_END;
	return libcrypto_derive()(kdf, key, len, params != NULL ? copy : NULL);
}

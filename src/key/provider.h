/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h: the algorithms that a provider of libcrypto offers, for the files of
 * this folder only.
 *
 * The lists of a provider are constant memory, so a search allocates nothing and cannot fail for
 * lack of memory. EVP_..._fetch reports a missing algorithm and a failed allocation alike.
 */
#ifndef KEYDIV_KEY_PROVIDER_H
#define KEYDIV_KEY_PROVIDER_H

#include <stdbool.h>

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

/* Return the entry of LIST that has NAME, in either case, or NULL. */
const OSSL_ALGORITHM *provider_find(const OSSL_ALGORITHM *list, const char *name);

/* Return true if PROVIDER offers NAME for OPERATION (OSSL_OP_CIPHER ...). */
bool provider_has(OSSL_PROVIDER *provider, int operation, const char *name);

#endif

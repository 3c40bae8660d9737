/* SPDX-License-Identifier: Apache-2.0 */
/* nfold.h: the n-fold function of RFC 3961 section 5.1 (Blumenthal's), for any byte lengths. */
#ifndef KEYDIV_MECHANISMS_NFOLD_H
#define KEYDIV_MECHANISMS_NFOLD_H

#include <stddef.h>
#include <stdint.h>

/*
 * Fold IN_LEN bytes at IN into OUT, OUT_LEN bytes that do not overlap IN. Both lengths are at least
 * 1. No branch and no index depends on the bytes.
 */
void nfold(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* nfold.h: the n-fold of RFC 3961 section 5.1 (Blumenthal's), on any byte lengths. */
#ifndef KEYDIV_MECHANISMS_NFOLD_H
#define KEYDIV_MECHANISMS_NFOLD_H

#include <stddef.h>
#include <stdint.h>

/*
 * OUT (OUT_LEN bytes, not overlapping IN) = IN_LEN bytes at IN folded. Both lengths are at least 1.
 * No branch or index depends on the bytes.
 */
void nfold(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len);

#endif

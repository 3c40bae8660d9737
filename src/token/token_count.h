/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_count.h: the authenticated number of objects. A row that is edited does not open; one that
 * is gone leaves nothing that could fail. So their number stands in the token's row, sealed under
 * the token key with the token's uuid and label as associated data, changes in the same transaction
 * as they do, and is compared at login.
 */
#ifndef KEYDIV_TOKEN_TOKEN_COUNT_H
#define KEYDIV_TOKEN_TOKEN_COUNT_H

#include "base/secret.h"
#include "store/store.h"

/* T says that there are N objects. */
MUST_USE CK_RV token_count_set(struct store_token *t, const struct secret *key, uint64_t n);

/*
 * T says that there are BY more objects than it did. CKR_DEVICE_ERROR if it is not the token UUID
 * any more, or what it said is not to be believed.
 */
MUST_USE CK_RV token_count_by(struct store_token *t, const uint8_t uuid[STORE_UUID_LEN],
	const struct secret *key, int by);

/* CKR_DEVICE_ERROR, with a line in the log, if T does not say N. */
MUST_USE CK_RV token_count_check(const struct store_token *t, const struct secret *key, uint64_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: reading a store, and the comparison of all records with the inventory, see store.h. */
#include "base/log.h"
#include "store/backend.h"
#include "store/inventory.h"

CK_RV store_token_get(struct store *store, struct store_token *ret_token)
{
	HOLD(&store->lock);
	return store->backend->token_get(store, ret_token);
}

CK_RV store_read(struct store *store, int64_t id, struct record *ret_record)
{
	HOLD(&store->lock);
	return store->backend->read(store, id, ret_record);
}

CK_RV store_find(struct store *store, const struct store_query *query, struct record *ret_records,
	size_t max, size_t *ret_n)
{
	HOLD(&store->lock);
	return store->backend->find(store, query, ret_records, max, ret_n);
}

/* --- The inventory --- */

#define TAGS 1024 /* read at once: 24 KiB of stack, and one round trip to a server */

/* Add all records to TALLY. */
static CK_RV tally_records(struct store *store, struct tally *tally)
{
	struct record_tag tags[TAGS];
	int64_t after = 0;
	size_t n;

	do {
		TRY(store->backend->tags(store, after, tags, TAGS, &n));
		for (size_t i = 0; i < n; i++) {
			TRY(tally_add(tally, tags[i].id, tags[i].tag));
			after = tags[i].id;
		}
	} while (n == TAGS);
	return CKR_OK;
}

static CK_RV compare_inventory(struct store *store, const struct snapshot *keys)
{
	struct store_token token;
	struct inventory expected;
	TALLY tally = {0};

	TRY(store->backend->token_get(store, &token));
	TRY(inventory_open(keys, &token, &expected));
	TRY(tally_begin(keys, &tally));
	TRY(tally_records(store, &tally));
	if (tally.inventory.count != expected.count) {
		log_error("the token has %llu objects and should have %llu: another program has "
			  "removed or added records",
			(unsigned long long)tally.inventory.count,
			(unsigned long long)expected.count);
		return CKR_DEVICE_ERROR;
	}
	/* The digest is a MAC. The time must not tell how much of a forged one is right. */
	if (!secret_equal(tally.inventory.digest, expected.digest, INVENTORY_DIGEST_LEN)) {
		log_error("the token has the right number of objects, but another program has "
			  "replaced records");
		return CKR_DEVICE_ERROR;
	}
	return CKR_OK;
}

CK_RV store_verify(struct store *store, const struct snapshot *keys)
{
	HOLD(&store->lock);
	TRY(store->backend->begin_read(store));
	CK_RV rv = compare_inventory(store, keys);
	store->backend->end_read(store);
	return rv;
}

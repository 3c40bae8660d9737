/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory.h: the authenticated set of all records.
 *
 * A record that was edited does not open. But a record that is gone leaves nothing that could
 * fail, and a record that was put back as it was opens. Therefore the token record holds an
 * inventory, sealed under the token key: the number of records, and the XOR over all records of
 * the first 16 bytes of
 *
 * 	HMAC-SHA-256(token key, "keydiv row" || id, 8 bytes big-endian || tag of the sealed value)
 *
 * The inventory changes in the transaction that changes a record, and is compared with the
 * records at login.
 */
#ifndef KEYDIV_STORE_INVENTORY_H
#define KEYDIV_STORE_INVENTORY_H

#include "store/record.h"
#include "store/token_record.h"

#define INVENTORY_DIGEST_LEN 16

struct inventory {
	uint64_t count;
	uint8_t digest[INVENTORY_DIGEST_LEN];
};

/*
 * Adds and removes records. Declare it `TALLY tally = {0};`: the key that it holds is wiped at the
 * end of the block.
 */
struct tally {
	struct inventory inventory;
	struct key *key; /* the token key, for HMAC */
	struct mac *mac;
};

void tally_end(struct tally *tally);
#define TALLY __attribute__((cleanup(tally_end))) struct tally

/* Begin with the inventory of no records. CKR_HOST_MEMORY. */
MUST_USE CK_RV tally_begin(const struct snapshot *keys, struct tally *ret);

/*
 * Add, or remove, the record ID whose sealed value ends in TAG. CKR_DEVICE_ERROR if none is left.
 */
MUST_USE CK_RV tally_add(struct tally *tally, int64_t id, const uint8_t tag[RECORD_TAG_LEN]);
MUST_USE CK_RV tally_remove(struct tally *tally, int64_t id, const uint8_t tag[RECORD_TAG_LEN]);

/* Seal INVENTORY into T, bound to uuid, label, scrypt parameter and serial of T. */
MUST_USE CK_RV inventory_seal(
	const struct snapshot *keys, const struct inventory *inventory, struct store_token *t);

/*
 * Open the inventory of T. CKR_DEVICE_ERROR if T is not the token of KEYS, or if uuid, label,
 * scrypt parameter, serial or inventory were edited.
 */
MUST_USE CK_RV inventory_open(
	const struct snapshot *keys, const struct store_token *t, struct inventory *ret);

#endif

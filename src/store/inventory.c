/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c: the authenticated set of all records, see inventory.h. */
#include "store/inventory.h"

#include "base/log.h"
#include "key/mac.h"

static const char purpose[] = "keydiv count";
static const char record_purpose[] = "keydiv row";

#define PURPOSE_LEN (sizeof purpose - 1)
#define RECORD_PURPOSE_LEN (sizeof record_purpose - 1)

/* --- Tallies --- */

void tally_end(struct tally *tally)
{
	mac_free(tally->mac);
	key_free(tally->key);
	*tally = (struct tally){0};
}

CK_RV tally_begin(const struct snapshot *keys, struct tally *ret)
{
	TALLY tally = {.key = key_new(), .mac = mac_new()};

	ENSURE(tally.key != NULL && tally.mac != NULL, CKR_HOST_MEMORY);
	TRY(key_load(tally.key, CKK_GENERIC_SECRET, secret_peek(&keys->key), keys->key.len));
	*ret = tally;
	tally = (struct tally){0};
	return CKR_OK;
}

/* Combine the digest with the MAC of one record. The same call adds and removes. */
static CK_RV toggle(struct tally *tally, int64_t id, const uint8_t tag[RECORD_TAG_LEN])
{
	uint8_t text[RECORD_PURPOSE_LEN + 8 + RECORD_TAG_LEN], mac[KEY_MAC_MAX];

	memcpy(text, record_purpose, RECORD_PURPOSE_LEN);
	put_be64(text + RECORD_PURPOSE_LEN, (uint64_t)id);
	memcpy(text + RECORD_PURPOSE_LEN + 8, tag, RECORD_TAG_LEN);
	TRY(mac_begin(tally->mac, MAC_HMAC_SHA256, tally->key, (struct bytes){0}));
	TRY(mac_update(tally->mac, text, sizeof text));
	TRY(mac_finish(tally->mac, mac));
	for (size_t i = 0; i < INVENTORY_DIGEST_LEN; i++)
		tally->inventory.digest[i] ^= mac[i];
	return CKR_OK;
}

CK_RV tally_add(struct tally *tally, int64_t id, const uint8_t tag[RECORD_TAG_LEN])
{
	ENSURE(tally->inventory.count < INT64_MAX, CKR_DEVICE_ERROR);
	TRY(toggle(tally, id, tag));
	tally->inventory.count++;
	return CKR_OK;
}

CK_RV tally_remove(struct tally *tally, int64_t id, const uint8_t tag[RECORD_TAG_LEN])
{
	ENSURE(tally->inventory.count > 0, CKR_DEVICE_ERROR);
	TRY(toggle(tally, id, tag));
	tally->inventory.count--;
	return CKR_OK;
}

/* --- Sealing --- */

#define MORE_LEN (STORE_LABEL_LEN + 1 + STORE_SERIAL_LEN)
#define PLAIN_LEN (8 + INVENTORY_DIGEST_LEN)
_Static_assert(COUNT_SEAL_MAX >= PLAIN_LEN + SEAL_OVERHEAD, "room for a sealed inventory");

static struct binding binding_of(const struct store_token *t, uint8_t room[MORE_LEN])
{
	memcpy(room, t->label, STORE_LABEL_LEN);
	room[STORE_LABEL_LEN] = (uint8_t)t->scrypt_log2_n;
	memcpy(room + STORE_LABEL_LEN + 1, t->serial, STORE_SERIAL_LEN);
	return (struct binding){
		.purpose = bytes_of(purpose, PURPOSE_LEN), .more = bytes_of(room, MORE_LEN)};
}

CK_RV inventory_seal(
	const struct snapshot *keys, const struct inventory *inventory, struct store_token *t)
{
	uint8_t room[MORE_LEN], plain[PLAIN_LEN];
	struct binding binding = binding_of(t, room);

	put_be64(plain, inventory->count);
	memcpy(plain + 8, inventory->digest, INVENTORY_DIGEST_LEN);
	TRY(vault_seal(keys, &binding, plain, sizeof plain, t->count_seal));
	t->count_seal_len = sizeof plain + SEAL_OVERHEAD;
	return CKR_OK;
}

CK_RV inventory_open(
	const struct snapshot *keys, const struct store_token *t, struct inventory *ret)
{
	uint8_t room[MORE_LEN];
	struct binding binding = binding_of(t, room);
	SECRET plain = {0};

	ENSURE(memcmp(t->uuid, keys->uuid, VAULT_UUID_LEN) == 0, CKR_DEVICE_ERROR);
	CK_RV rv = vault_open(keys, &binding, bytes_of(t->count_seal, t->count_seal_len), &plain);
	if (rv == CKR_ENCRYPTED_DATA_INVALID) {
		log_error("the inventory of the token, its label, serial or scrypt parameter was "
			  "changed by another program");
		return CKR_DEVICE_ERROR;
	}
	TRY(rv);
	ENSURE(plain.len == PLAIN_LEN, CKR_DEVICE_ERROR);
	ret->count = get_be64(secret_peek(&plain));
	secret_reveal(&ret->count, sizeof ret->count, "anyone can count the records");
	memcpy(ret->digest, secret_peek(&plain) + 8, INVENTORY_DIGEST_LEN);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_vault.c: the token key and what is sealed under it (src/store/vault.h). */
#include "store/vault.h"

#include "store_support.h"

static const uint8_t uuid[VAULT_UUID_LEN] = {1, 2, 3};
static const uint8_t other_uuid[VAULT_UUID_LEN] = {1, 2, 4};

static struct vault new_vault(void)
{
	struct vault vault;

	ck_ok(vault_init(&vault));
	return vault;
}

static void put_sample_key(struct vault *vault)
{
	SECRET key = {0};

	ck_ok(secret_resize(&key, VAULT_KEY_LEN));
	memset(secret_bytes(&key), 0x5a, VAULT_KEY_LEN);
	ck_ok(vault_put_key(vault, uuid, &key));
}

START_TEST(key_and_uuid_come_and_leave_together)
{
	struct vault vault = new_vault();
	SNAPSHOT before = {0};
	SNAPSHOT during = {0};
	SNAPSHOT after = {0};

	vault_identify(&vault, other_uuid);
	ck_ok(vault_snapshot(&vault, &before));
	ck_assert_uint_eq(before.key.len, 0);
	ck_assert_mem_eq(before.uuid, other_uuid, sizeof uuid);
	ck_rv(vault_snapshot_key(&vault, &before), CKR_USER_NOT_LOGGED_IN);

	put_sample_key(&vault);
	vault_identify(&vault, other_uuid); /* too late: the key belongs to uuid */
	ck_ok(vault_snapshot_key(&vault, &during));
	ck_assert_uint_eq(during.key.len, VAULT_KEY_LEN);
	ck_assert_mem_eq(during.uuid, uuid, sizeof uuid);
	ck_assert(vault_has_uuid(&vault, uuid) && !vault_has_uuid(&vault, other_uuid));

	vault_wipe_key(&vault);
	ck_ok(vault_snapshot(&vault, &after));
	ck_assert_uint_eq(after.key.len, 0);
	for (size_t i = 0; i < SECRET_INLINE; i++)
		ck_assert_int_eq(vault.key->small[i], 0);
	vault_destroy(&vault);
	vault_destroy(&vault);
}
END_TEST

START_TEST(sealed_text_is_bound)
{
	struct vault vault = new_vault();
	SNAPSHOT keys = {0};
	SECRET plain = {0};
	uint8_t sealed[5 + SEAL_OVERHEAD];
	const struct binding right = {text_bytes("purpose"), 7, text_bytes("more")};
	const struct binding wrong[] = {
		{text_bytes("purposE"), 7, text_bytes("more")},
		{text_bytes("purpose"), 8, text_bytes("more")},
		{text_bytes("purpose"), 0, text_bytes("more")},
		{text_bytes("purpose"), 7, text_bytes("mor")},
		{{0}, 7, text_bytes("more")},
		{text_bytes("purpose"), 7, {0}},
	};

	put_sample_key(&vault);
	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(vault_seal(&keys, &right, (const uint8_t *)"plain", 5, sealed));
	ck_ok(vault_open(&keys, &right, bytes_of(sealed, sizeof sealed), &plain));
	ck_assert(bytes_equal(bytes_of(secret_peek(&plain), plain.len), text_bytes("plain")));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		ck_rv(vault_open(&keys, &wrong[i], bytes_of(sealed, sizeof sealed), &plain),
			CKR_ENCRYPTED_DATA_INVALID);
		ck_assert_uint_eq(plain.len, 0);
	}
	keys.uuid[0] ^= 1;
	ck_rv(vault_open(&keys, &right, bytes_of(sealed, sizeof sealed), &plain),
		CKR_ENCRYPTED_DATA_INVALID);
	vault_destroy(&vault);
}
END_TEST

RUN_SUITE("vault", key_and_uuid_come_and_leave_together, sealed_text_is_bound)

/* SPDX-License-Identifier: Apache-2.0 */
/* token_count.c: see token_count.h. */
#include "token/token_count.h"

#include "base/log.h"
#include "key/seal.h"

#define AAD_LEN (12 + STORE_UUID_LEN + STORE_LABEL_LEN)

static struct bytes count_aad(const struct store_token *t, uint8_t room[AAD_LEN])
{
	memcpy(room, "keydiv count", 12);
	memcpy(room + 12, t->uuid, STORE_UUID_LEN);
	memcpy(room + 12 + STORE_UUID_LEN, t->label, STORE_LABEL_LEN);
	return bytes_of(room, AAD_LEN);
}

CK_RV token_count_set(struct store_token *t, const struct secret *key, uint64_t n)
{
	uint8_t aad[AAD_LEN], plain[8];

	_Static_assert(
		sizeof t->count_seal >= sizeof plain + SEAL_OVERHEAD, "room for a sealed number");
	put_be64(plain, n);
	TRY(seal(key, count_aad(t, aad), plain, sizeof plain, t->count_seal));
	t->count_seal_len = sizeof plain + SEAL_OVERHEAD;
	return CKR_OK;
}

static CK_RV open_count(const struct store_token *t, const struct secret *key, uint64_t *ret_n)
{
	uint8_t aad[AAD_LEN];
	SECRET plain = {0};

	CK_RV rv = seal_open(
		key, count_aad(t, aad), bytes_of(t->count_seal, t->count_seal_len), &plain);
	ENSURE(rv != CKR_ENCRYPTED_DATA_INVALID, CKR_DEVICE_ERROR);
	TRY(rv);
	ENSURE(plain.len == 8, CKR_DEVICE_ERROR);
	*ret_n = get_be64(secret_peek(&plain));
	return CKR_OK;
}

CK_RV token_count_by(
	struct store_token *t, const uint8_t uuid[STORE_UUID_LEN], const struct secret *key, int by)
{
	uint64_t n;

	ENSURE(memcmp(t->uuid, uuid, STORE_UUID_LEN) == 0, CKR_DEVICE_ERROR);
	TRY(open_count(t, key, &n));
	ENSURE(by > 0 ? n < INT64_MAX : n > 0, CKR_DEVICE_ERROR);
	return token_count_set(t, key, by > 0 ? n + 1 : n - 1);
}

CK_RV token_count_check(const struct store_token *t, const struct secret *key, uint64_t n)
{
	uint64_t said = 0;
	CK_RV rv = open_count(t, key, &said);

	if (rv == CKR_OK && said != n) {
		log_error("the token has %llu objects and should have %llu: rows were removed or "
			  "put in behind its back",
			(unsigned long long)n, (unsigned long long)said);
		return CKR_DEVICE_ERROR;
	}
	if (rv == CKR_DEVICE_ERROR)
		log_error("the token's number of objects or its label was changed behind its back");
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c: see columns.h. */
#include "store/columns.h"

#include <stdlib.h>

#define ABSENT UINT64_MAX         /* the length that the checksum covers for an absent field */
#define FIXED_LEN (8 + 8 + 8 + 1) /* format, id, class, private */

/* --- Records --- */

struct bytes *record_field(struct record *record, unsigned i)
{
	struct bytes *fields[RECORD_FIELDS] = {
		&record->label, &record->object_id, &record->attributes, &record->sealed};
	return fields[i];
}

/*
 * The buffer has the record in a form in which no two records are alike, and the fields point into
 * the buffer.
 */
CK_RV columns_own_record(struct record *record, uint8_t ret_checksum[DIGEST_MAX])
{
	size_t n = FIXED_LEN;

	for (unsigned i = 0; i < RECORD_FIELDS; i++)
		n += 8 + record_field(record, i)->n;
	uint8_t *p = malloc(n);
	ENSURE(p != NULL, CKR_HOST_MEMORY);
	put_be64(p, RECORD_FORMAT);
	put_be64(p + 8, (uint64_t)record->id);
	put_be64(p + 16, record->object_class);
	p[24] = record->is_private;
	size_t at = FIXED_LEN;
	for (unsigned i = 0; i < RECORD_FIELDS; i++) {
		struct bytes *f = record_field(record, i);
		put_be64(p + at, f->p ? f->n : ABSENT);
		at += 8;
		if (f->p == NULL)
			continue;
		if (f->n)
			memcpy(p + at, f->p, f->n);
		f->p = p + at;
		at += f->n;
	}
	CK_RV rv = digest_once(DIGEST_SHA256, p, at, ret_checksum);
	if (rv != CKR_OK) {
		free(p);
		return rv;
	}
	record->owned = p;
	return CKR_OK;
}

CK_RV columns_check_record(struct record *record, struct bytes checksum)
{
	uint8_t expected[DIGEST_MAX];

	TRY(columns_own_record(record, expected));
	if (bytes_equal(checksum, bytes_of(expected, CHECKSUM_LEN)))
		return CKR_OK;
	free(record->owned);
	record->owned = NULL;
	return FAIL(CKR_DEVICE_ERROR, "the record's checksum is wrong");
}

/* --- Searches --- */

bool columns_match(const struct store_query *query, const struct record *record)
{
	return record->id > query->after &&
	       (!query->by_class || record->object_class == query->object_class) &&
	       (!query->public_only || !record->is_private) &&
	       (query->label.p == NULL ||
		       (record->label.p && bytes_equal(record->label, query->label))) &&
	       (query->object_id.p == NULL ||
		       (record->object_id.p && bytes_equal(record->object_id, query->object_id)));
}

unsigned columns_of_query(const struct store_query *query)
{
	return (query->label.p ? FIND_LABEL : 0u) | (query->object_id.p ? FIND_OBJECT_ID : 0u) |
	       (query->by_class ? FIND_CLASS : 0u) | (query->public_only ? FIND_PUBLIC : 0u);
}

/* --- The token record --- */

/* The text of the checksum: every column at a fixed place. */
struct token_text {
	uint8_t format[8], uuid[VAULT_UUID_LEN], serial[STORE_SERIAL_LEN], label[STORE_LABEL_LEN],
		log2_n[8];
	struct pin_text {
		uint8_t set[8], salt[16], wrapped_key[60];
	} so, user;
	uint8_t count_seal_len[8], count_seal[64];
};

static void put_pin(struct pin_text *text, const struct store_pin *pin)
{
	put_be64(text->set, pin->set);
	memcpy(text->salt, pin->salt, sizeof text->salt);
	memcpy(text->wrapped_key, pin->wrapped_key, sizeof text->wrapped_key);
}

static CK_RV token_checksum(const struct store_token *token, uint8_t ret_checksum[DIGEST_MAX])
{
	struct token_text text = {0};

	put_be64(text.format, RECORD_FORMAT);
	memcpy(text.uuid, token->uuid, sizeof text.uuid);
	memcpy(text.serial, token->serial, sizeof text.serial);
	memcpy(text.label, token->label, sizeof text.label);
	put_be64(text.log2_n, token->scrypt_log2_n);
	put_pin(&text.so, &token->so);
	put_pin(&text.user, &token->user);
	put_be64(text.count_seal_len, token->count_seal_len);
	memcpy(text.count_seal, token->count_seal, token->count_seal_len);
	return digest_once(DIGEST_SHA256, (const uint8_t *)&text, sizeof text, ret_checksum);
}

static void clear_unset(struct store_pin *pin)
{
	if (!pin->set) {
		memset(pin->salt, 0, sizeof pin->salt);
		memset(pin->wrapped_key, 0, sizeof pin->wrapped_key);
	}
}

CK_RV columns_prepare_token(struct store_token *token, uint8_t ret_checksum[DIGEST_MAX])
{
	ENSURE(token->count_seal_len <= sizeof token->count_seal &&
			token->scrypt_log2_n <= LOG2_N_MAX,
		CKR_GENERAL_ERROR);
	clear_unset(&token->so);
	clear_unset(&token->user);
	return token_checksum(token, ret_checksum);
}

CK_RV columns_check_token(const struct store_token *token, const uint8_t checksum[CHECKSUM_LEN])
{
	uint8_t expected[DIGEST_MAX];

	TRY(token_checksum(token, expected));
	ENSURE(memcmp(checksum, expected, CHECKSUM_LEN) == 0, CKR_DEVICE_ERROR);
	return CKR_OK;
}

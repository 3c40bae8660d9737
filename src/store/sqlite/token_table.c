/* SPDX-License-Identifier: Apache-2.0 */
/* token_table.c: the table `token`, which holds the token record. */
#include "key/digest.h"
#include "store/sqlite/sqlite_store.h"

/* Columns, in the order of the statements (schema.c). */
enum {
	COL_UUID,
	COL_SERIAL,
	COL_LABEL,
	COL_LOG2_N,
	COL_SO,
	COL_USER = COL_SO + 2,
	COL_COUNT_SEAL = COL_USER + 2,
	COL_CHECKSUM
};
enum { PIN_SALT, PIN_KEY }; /* columns of one PIN */

#define LOG2_N_MAX 63

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

/* Read column I, a blob of exactly N bytes, to OUT. */
static CK_RV get_exact(struct statement *s, int i, uint8_t *out, size_t n)
{
	struct bytes b;

	TRY(statement_bytes(s, i, n, &b));
	ENSURE(b.p != NULL && b.n == n, CKR_DEVICE_ERROR);
	memcpy(out, b.p, n);
	return CKR_OK;
}

static CK_RV get_pin(struct statement *s, int column, struct store_pin *pin)
{
	pin->set = !statement_is_null(s, column + PIN_SALT);
	ENSURE(pin->set != statement_is_null(s, column + PIN_KEY), CKR_DEVICE_ERROR);
	if (!pin->set)
		return CKR_OK;
	TRY(get_exact(s, column + PIN_SALT, pin->salt, sizeof pin->salt));
	return get_exact(s, column + PIN_KEY, pin->wrapped_key, sizeof pin->wrapped_key);
}

CK_RV sqlite_token_get(struct store *store, struct store_token *ret_token)
{
	struct database *db;
	struct store_token token = {0};
	uint8_t checksum[CHECKSUM_LEN], expected[DIGEST_MAX];
	struct bytes seal;
	int64_t log2_n;
	bool found;
	STATEMENT *s = NULL;

	TRY(sqlite_need_database(store, &db));
	if (db == NULL)
		return CKR_TOKEN_NOT_RECOGNIZED;
	TRY(database_statement(db, SQL_TOKEN_GET, &s));
	TRY(statement_step(s, &found));
	if (!found)
		return CKR_TOKEN_NOT_RECOGNIZED;
	TRY(get_exact(s, COL_UUID, token.uuid, sizeof token.uuid));
	TRY(get_exact(s, COL_SERIAL, token.serial, sizeof token.serial));
	TRY(get_exact(s, COL_LABEL, token.label, sizeof token.label));
	TRY(statement_number(s, COL_LOG2_N, 0, LOG2_N_MAX, &log2_n));
	token.scrypt_log2_n = (unsigned)log2_n;
	TRY(get_pin(s, COL_SO, &token.so));
	TRY(get_pin(s, COL_USER, &token.user));
	TRY(statement_bytes(s, COL_COUNT_SEAL, sizeof token.count_seal, &seal));
	ENSURE(seal.p != NULL, CKR_DEVICE_ERROR);
	memcpy(token.count_seal, seal.p, seal.n);
	token.count_seal_len = seal.n;
	TRY(get_exact(s, COL_CHECKSUM, checksum, sizeof checksum));
	TRY(token_checksum(&token, expected));
	ENSURE(memcmp(checksum, expected, sizeof checksum) == 0, CKR_DEVICE_ERROR);
	*ret_token = token;
	return CKR_OK;
}

static CK_RV bind_pin(struct statement *s, int column, const struct store_pin *pin)
{
	struct bytes salt = {0}, key = {0};

	if (pin->set) {
		salt = bytes_of(pin->salt, sizeof pin->salt);
		key = bytes_of(pin->wrapped_key, sizeof pin->wrapped_key);
	}
	TRY(statement_bind_bytes(s, column + PIN_SALT + 1, salt));
	return statement_bind_bytes(s, column + PIN_KEY + 1, key);
}

/* A PIN that is not set is not written, so the checksum must not cover its bytes. */
static void clear_unset(struct store_pin *pin)
{
	if (!pin->set) {
		memset(pin->salt, 0, sizeof pin->salt);
		memset(pin->wrapped_key, 0, sizeof pin->wrapped_key);
	}
}

CK_RV sqlite_token_update(struct store *store, const struct store_token *given)
{
	struct store_token token = *given;
	uint8_t checksum[DIGEST_MAX];
	bool unused;
	STATEMENT *s = NULL;

	ENSURE(token.count_seal_len <= sizeof token.count_seal && token.scrypt_log2_n <= LOG2_N_MAX,
		CKR_GENERAL_ERROR);
	clear_unset(&token.so);
	clear_unset(&token.user);
	TRY(token_checksum(&token, checksum));
	TRY(database_statement(sqlite_of(store)->db, SQL_TOKEN_PUT, &s));
	TRY(statement_bind_bytes(s, COL_UUID + 1, bytes_of(token.uuid, sizeof token.uuid)));
	TRY(statement_bind_bytes(s, COL_SERIAL + 1, bytes_of(token.serial, sizeof token.serial)));
	TRY(statement_bind_bytes(s, COL_LABEL + 1, bytes_of(token.label, sizeof token.label)));
	TRY(statement_bind_number(s, COL_LOG2_N + 1, token.scrypt_log2_n));
	TRY(bind_pin(s, COL_SO, &token.so));
	TRY(bind_pin(s, COL_USER, &token.user));
	TRY(statement_bind_bytes(
		s, COL_COUNT_SEAL + 1, bytes_of(token.count_seal, token.count_seal_len)));
	TRY(statement_bind_bytes(s, COL_CHECKSUM + 1, bytes_of(checksum, CHECKSUM_LEN)));
	return statement_step(s, &unused);
}

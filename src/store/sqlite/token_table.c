/* SPDX-License-Identifier: Apache-2.0 */
/* token_table.c: the table `token`, which holds the token record. */
#include "store/columns.h"
#include "store/sqlite/sqlite_store.h"

/* Read column I, a blob of exactly N bytes (not 0, which NULL has), to OUT. */
static CK_RV get_exact(struct statement *s, int i, uint8_t *out, size_t n)
{
	struct bytes b;

	TRY(statement_bytes(s, i, n, &b));
	ENSURE(b.n == n, CKR_DEVICE_ERROR);
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
	struct database *db = NULL;
	struct store_token token = {0};
	uint8_t checksum[CHECKSUM_LEN];
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
	TRY(get_exact(s, TOKEN_COL_UUID, token.uuid, sizeof token.uuid));
	TRY(get_exact(s, TOKEN_COL_SERIAL, token.serial, sizeof token.serial));
	TRY(get_exact(s, TOKEN_COL_LABEL, token.label, sizeof token.label));
	TRY(statement_number(s, TOKEN_COL_LOG2_N, 0, LOG2_N_MAX, &log2_n));
	token.scrypt_log2_n = (unsigned)log2_n;
	TRY(get_pin(s, TOKEN_COL_SO, &token.so));
	TRY(get_pin(s, TOKEN_COL_USER, &token.user));
	TRY(statement_bytes(s, TOKEN_COL_COUNT_SEAL, sizeof token.count_seal, &seal));
	ENSURE(seal.p != NULL, CKR_DEVICE_ERROR);
	memcpy(token.count_seal, seal.p, seal.n);
	token.count_seal_len = seal.n;
	TRY(get_exact(s, TOKEN_COL_CHECKSUM, checksum, sizeof checksum));
	TRY(columns_check_token(&token, checksum));
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

CK_RV sqlite_token_update(struct store *store, const struct store_token *given)
{
	struct store_token token = *given;
	uint8_t checksum[DIGEST_MAX];
	bool unused;
	STATEMENT *s = NULL;

	TRY(columns_prepare_token(&token, checksum));
	TRY(database_statement(sqlite_of(store)->db, SQL_TOKEN_PUT, &s));
	TRY(statement_bind_bytes(s, TOKEN_COL_UUID + 1, bytes_of(token.uuid, sizeof token.uuid)));
	TRY(statement_bind_bytes(
		s, TOKEN_COL_SERIAL + 1, bytes_of(token.serial, sizeof token.serial)));
	TRY(statement_bind_bytes(
		s, TOKEN_COL_LABEL + 1, bytes_of(token.label, sizeof token.label)));
	TRY(statement_bind_number(s, TOKEN_COL_LOG2_N + 1, token.scrypt_log2_n));
	TRY(bind_pin(s, TOKEN_COL_SO, &token.so));
	TRY(bind_pin(s, TOKEN_COL_USER, &token.user));
	TRY(statement_bind_bytes(
		s, TOKEN_COL_COUNT_SEAL + 1, bytes_of(token.count_seal, token.count_seal_len)));
	TRY(statement_bind_bytes(s, TOKEN_COL_CHECKSUM + 1, bytes_of(checksum, CHECKSUM_LEN)));
	return statement_step(s, &unused);
}

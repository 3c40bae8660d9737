/* SPDX-License-Identifier: Apache-2.0 */
/* token_table.c: the table keydiv.token, which holds the token record of each slot. */
#include "store/columns.h"
#include "store/postgresql/postgresql_store.h"

static CK_RV get_pin(const PGresult *r, int column, struct store_pin *pin)
{
	struct bytes salt, key;

	TRY(result_bytes(r, 0, column + PIN_SALT, sizeof pin->salt, &salt));
	TRY(result_bytes(r, 0, column + PIN_KEY, sizeof pin->wrapped_key, &key));
	ENSURE((salt.p == NULL) == (key.p == NULL), CKR_DEVICE_ERROR);
	pin->set = salt.p != NULL;
	if (!pin->set)
		return CKR_OK;
	TRY(result_exact(r, 0, column + PIN_SALT, pin->salt, sizeof pin->salt));
	return result_exact(r, 0, column + PIN_KEY, pin->wrapped_key, sizeof pin->wrapped_key);
}

CK_RV token_of_result(const PGresult *r, struct store_token *ret, bool *ret_exists)
{
	struct store_token token = {0};
	uint8_t checksum[CHECKSUM_LEN];
	struct bytes seal;
	int64_t log2_n;

	*ret_exists = PQntuples(r) > 0;
	if (!*ret_exists)
		return CKR_OK;
	TRY(result_exact(r, 0, TOKEN_COL_UUID, token.uuid, sizeof token.uuid));
	TRY(result_exact(r, 0, TOKEN_COL_SERIAL, token.serial, sizeof token.serial));
	TRY(result_exact(r, 0, TOKEN_COL_LABEL, token.label, sizeof token.label));
	TRY(result_number(r, 0, TOKEN_COL_LOG2_N, 0, LOG2_N_MAX, &log2_n));
	token.scrypt_log2_n = (unsigned)log2_n;
	TRY(get_pin(r, TOKEN_COL_SO, &token.so));
	TRY(get_pin(r, TOKEN_COL_USER, &token.user));
	TRY(result_bytes(r, 0, TOKEN_COL_COUNT_SEAL, sizeof token.count_seal, &seal));
	ENSURE(seal.p != NULL, CKR_DEVICE_ERROR);
	memcpy(token.count_seal, seal.p, seal.n);
	token.count_seal_len = seal.n;
	TRY(result_exact(r, 0, TOKEN_COL_CHECKSUM, checksum, sizeof checksum));
	TRY(columns_check_token(&token, checksum));
	*ret = token;
	return CKR_OK;
}

CK_RV postgresql_token_get(struct store *store, struct store_token *ret_token)
{
	struct postgresql_store *p = postgresql_of(store);
	struct transaction *t = &p->transaction;
	struct parameters slot = {.n = 0};
	struct store_token token;
	RESULT *r = NULL;
	bool exists;

	if (t->open && t->token_known) {
		ENSURE(t->token_exists, CKR_TOKEN_NOT_RECOGNIZED);
		*ret_token = t->token;
		return CKR_OK;
	}
	parameter_int4(&slot, p->slot);
	TRY(transaction_query(store, SQL_TOKEN_GET, &slot, &r));
	TRY(token_of_result(r, &token, &exists));
	if (!exists) /* no failure: every slot begins so */
		return CKR_TOKEN_NOT_RECOGNIZED;
	*ret_token = token;
	return CKR_OK;
}

static void put_pin(struct parameters *p, const struct store_pin *pin)
{
	parameter_bytes(p, bytes_of(pin->set ? pin->salt : NULL, sizeof pin->salt));
	parameter_bytes(p, bytes_of(pin->set ? pin->wrapped_key : NULL, sizeof pin->wrapped_key));
}

CK_RV postgresql_token_update(struct store *store, const struct store_token *given)
{
	struct postgresql_store *p = postgresql_of(store);
	struct store_token token = *given;
	struct parameters put = {.n = 0};
	uint8_t checksum[DIGEST_MAX];

	TRY(columns_prepare_token(&token, checksum));
	parameter_int4(&put, p->slot);
	parameter_bytes(&put, bytes_of(token.uuid, sizeof token.uuid));
	parameter_bytes(&put, bytes_of(token.serial, sizeof token.serial));
	parameter_bytes(&put, bytes_of(token.label, sizeof token.label));
	parameter_int4(&put, (int32_t)token.scrypt_log2_n);
	put_pin(&put, &token.so);
	put_pin(&put, &token.user);
	parameter_bytes(&put, bytes_of(token.count_seal, token.count_seal_len));
	parameter_bytes(&put, bytes_of(checksum, CHECKSUM_LEN));
	connection_send(&p->connection, SQL_TOKEN_PUT, &put);
	p->transaction.token = token;
	p->transaction.token_known = p->transaction.token_exists = true;
	return CKR_OK;
}

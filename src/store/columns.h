/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h: records and the token record as columns, which are the same in every backend
 * (STORAGE.md), with their checksums. A checksum shows a flipped bit before anyone has logged in.
 * It does not protect against an attacker, who can compute it.
 */
#ifndef KEYDIV_STORE_COLUMNS_H
#define KEYDIV_STORE_COLUMNS_H

#include "key/digest.h"
#include "store/store.h"

#define RECORD_FORMAT 2 /* the checksums cover it */
#define CHECKSUM_LEN 32 /* SHA-256 */
#define LOG2_N_MAX 63

/* The columns of a record, in the order of every statement. */
enum record_column {
	COL_ID,
	COL_CLASS,
	COL_PRIVATE,
	COL_LABEL,
	COL_OBJECT_ID,
	COL_ATTRIBUTES,
	COL_SEALED,
	COL_CHECKSUM
};

/* The columns of the token record, in the order of every statement, and those of one PIN in it. */
enum token_column {
	TOKEN_COL_UUID,
	TOKEN_COL_SERIAL,
	TOKEN_COL_LABEL,
	TOKEN_COL_LOG2_N,
	TOKEN_COL_SO,
	TOKEN_COL_USER = TOKEN_COL_SO + 2,
	TOKEN_COL_COUNT_SEAL = TOKEN_COL_USER + 2,
	TOKEN_COL_CHECKSUM
};
enum pin_column { PIN_SALT, PIN_KEY };

/* The columns that a query can compare, as bits of the number of a find statement. */
enum find {
	FIND_LABEL = 1,
	FIND_OBJECT_ID = 2,
	FIND_CLASS = 4,
	FIND_PUBLIC = 8,
	FIND_KINDS = 16,
};

/* The columns of a record that are bytes: label, object id, attributes, sealed. */
#define RECORD_FIELDS 4
struct bytes *record_field(struct record *record, unsigned i);

/*
 * Copy the fields of RECORD to one new buffer, which becomes record->owned, and compute the
 * checksum of the record. The caller frees with record_free. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV columns_own_record(struct record *record, uint8_t ret_checksum[DIGEST_MAX]);

/*
 * As columns_own_record for a record that was read with CHECKSUM. CKR_DEVICE_ERROR if the checksum
 * is wrong; nothing is then owned.
 */
MUST_USE CK_RV columns_check_record(struct record *record, struct bytes checksum);

/*
 * Return true if RECORD matches QUERY. An index is not trusted: a damaged index must not yield a
 * record that does not match.
 */
bool columns_match(const struct store_query *query, const struct record *record);

/* Return the bits of enum find for QUERY. */
unsigned columns_of_query(const struct store_query *query);

/*
 * Prepare TOKEN for writing: the bytes of PINs that are not set become zeroes, because they are not
 * written and the checksum must not cover them. Compute the checksum. CKR_GENERAL_ERROR for values
 * that no token has.
 */
MUST_USE CK_RV columns_prepare_token(struct store_token *token, uint8_t ret_checksum[DIGEST_MAX]);

/* Check the checksum of TOKEN, which was read. CKR_DEVICE_ERROR. */
MUST_USE CK_RV columns_check_token(
	const struct store_token *token, const uint8_t checksum[CHECKSUM_LEN]);

#endif

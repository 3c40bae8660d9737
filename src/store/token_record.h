/* SPDX-License-Identifier: Apache-2.0 */
/* token_record.h: the token record, one for each token: identity, PINs and inventory. */
#ifndef KEYDIV_STORE_TOKEN_RECORD_H
#define KEYDIV_STORE_TOKEN_RECORD_H

#include "store/vault.h"

#define STORE_LABEL_LEN 32
#define STORE_SERIAL_LEN 8
#define COUNT_SEAL_MAX 64

struct store_token {
	uint8_t uuid[VAULT_UUID_LEN];     /* new with every C_InitToken; bound into every seal */
	uint8_t serial[STORE_SERIAL_LEN]; /* CK_TOKEN_INFO.serialNumber; kept by C_InitToken */
	uint8_t label[STORE_LABEL_LEN];   /* blank-padded */
	unsigned scrypt_log2_n;
	struct store_pin {
		bool set;
		uint8_t salt[PIN_SALT_LEN];
		uint8_t wrapped_key[VAULT_KEY_LEN + SEAL_OVERHEAD]; /* under the stretched PIN */
	} so, user;
	uint8_t count_seal[COUNT_SEAL_MAX]; /* the sealed inventory (inventory.h) */
	size_t count_seal_len;
};

#endif

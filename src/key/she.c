/* SPDX-License-Identifier: Apache-2.0 */
/* she.c: see she.h. */
#include "she.h"

#include "key_struct.h"

/* *RET = the value of KEY. */
static CK_RV expose(const struct key *key, struct bytes *ret)
{
	REQUIRE(!key_is_remote(key), CKR_KEY_FUNCTION_NOT_PERMITTED,
		"the key is in another token and only derives");
	*ret = key_expose(key);
	REQUIRE(ret->n == SHE_BLOCK, CKR_KEY_SIZE_RANGE, "SHE has AES keys of 16 bytes only");
	return CKR_OK;
}

/* STATE = E(STATE, X) XOR X XOR STATE, where CIPHER becomes the key STATE. */
static CK_RV compress(struct key *cipher, const uint8_t x[SHE_BLOCK], struct secret *state)
{
	SECRET out = {0};

	TRY(secret_resize(&out, SHE_BLOCK));
	TRY(key_load(cipher, CKK_AES, secret_peek(state), SHE_BLOCK));
	TRY(key_block(cipher, NULL, x, secret_bytes(&out)));
	for (size_t i = 0; i < SHE_BLOCK; i++)
		secret_bytes(state)[i] ^= secret_peek(&out)[i] ^ x[i];
	return CKR_OK;
}

static CK_RV derive(struct bytes value, const uint8_t constant[SHE_BLOCK], struct key *ret)
{
	SECRET state = {0};

	TRY(secret_resize(&state, SHE_BLOCK));
	memset(secret_bytes(&state), 0, SHE_BLOCK);
	TRY(compress(ret, value.p, &state));
	TRY(compress(ret, constant, &state));
	return key_load(ret, CKK_AES, secret_peek(&state), SHE_BLOCK);
}

CK_RV she_derive(struct key *key, const uint8_t constant[SHE_BLOCK], struct key *ret)
{
	struct bytes value;

	key_unload(ret);
	TRY(expose(key, &value));
	CK_RV rv = derive(value, constant, ret);
	if (rv != CKR_OK)
		key_unload(ret);
	return rv;
}

CK_RV she_encrypt_key(struct key *kek, const uint8_t head[SHE_BLOCK], const struct key *key,
	uint8_t ret[2 * SHE_BLOCK])
{
	struct bytes value;
	SECRET chained = {0};

	TRY(expose(key, &value));
	TRY(secret_set(&chained, value.p, value.n));
	TRY(key_block(kek, NULL, head, ret));
	for (size_t i = 0; i < SHE_BLOCK; i++)
		secret_bytes(&chained)[i] ^= ret[i];
	return key_block(kek, NULL, secret_peek(&chained), ret + SHE_BLOCK);
}

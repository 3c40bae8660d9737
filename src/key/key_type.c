/* SPDX-License-Identifier: Apache-2.0 */
/* key_type.c: the table of key types. */
#include "key/key_type.h"

#include "base/secret.h"

#define NONE CK_UNAVAILABLE_INFORMATION

#define CIPHER_USAGE (USAGE_CIPHER | USAGE_MAC)

#define HMAC_KEY(NUMBER, NAME, GENERATE, MAC)                                                      \
	{                                                                                          \
		.number = NUMBER, .name = NAME, .use = KEYDIV_USE_GENERIC, .check = CHECK_SHA1,    \
		.usage = USAGE_MAC, .generate = GENERATE, .mac = MAC                               \
	}

const struct key_type all_key_types[] = {
	{
		.number = CKK_AES,
		.name = "aes",
		.length = {{16, KIND_AES128}, {24, KIND_AES192}, {32, KIND_AES256}},
		.block = 16,
		.cmac_check = true,
		.wraps = true,
		.usage = CIPHER_USAGE,
		.generate = CKM_AES_KEY_GEN,
		.mac = CKM_AES_CMAC,
	},
	{
		.number = CKK_DES2,
		.name = "des2",
		.length = {{16, KIND_DES2}},
		.block = 8,
		.strength = 80,
		.use = KEYDIV_USE_DES,
		.parity = true,
		.wraps = true,
		.usage = CIPHER_USAGE,
		.generate = CKM_DES2_KEY_GEN,
		.mac = CKM_DES3_CMAC,
	},
	{
		.number = CKK_DES3,
		.name = "des3",
		.length = {{24, KIND_DES3}},
		.block = 8,
		.strength = 112,
		.use = KEYDIV_USE_DES,
		.parity = true,
		.wraps = true,
		.usage = CIPHER_USAGE,
		.generate = CKM_DES3_KEY_GEN,
		.mac = CKM_DES3_CMAC,
	},
	HMAC_KEY(CKK_GENERIC_SECRET, "generic", CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA256_HMAC),
	HMAC_KEY(CKK_HKDF, "hkdf", CKM_HKDF_KEY_GEN, CKM_SHA256_HMAC),
	HMAC_KEY(CKK_SHA_1_HMAC, "sha1-hmac", NONE, CKM_SHA_1_HMAC),
	HMAC_KEY(CKK_SHA224_HMAC, "sha224-hmac", NONE, CKM_SHA224_HMAC),
	HMAC_KEY(CKK_SHA256_HMAC, "sha256-hmac", NONE, CKM_SHA256_HMAC),
	HMAC_KEY(CKK_SHA384_HMAC, "sha384-hmac", NONE, CKM_SHA384_HMAC),
	HMAC_KEY(CKK_SHA512_HMAC, "sha512-hmac", NONE, CKM_SHA512_HMAC),
	{
		.number = CKK_KEYDIV_ODUKPT_CLIENT,
		.name = "odukpt-client",
		.check = CHECK_NONE,
		.state = true,
		.generate = NONE,
		.mac = NONE,
	},
	{0},
};

bool key_type_takes(const struct key_type *t, size_t n)
{
	if (t == NULL || t->length[0].bytes == 0)
		return n >= 1 && n <= SECRET_MAX;
	return key_type_lists(t, n);
}

bool key_type_fits(CK_KEY_TYPE number, size_t n)
{
	return key_type_takes(key_type_find(number), n);
}

bool key_type_is_key(CK_KEY_TYPE number)
{
	const struct key_type *t = key_type_find(number);

	return t != NULL && !t->state;
}

bool key_type_is_state(CK_KEY_TYPE number)
{
	const struct key_type *t = key_type_find(number);

	return t != NULL && t->state;
}

bool key_type_has_parity(CK_KEY_TYPE number)
{
	const struct key_type *t = key_type_find(number);

	return t != NULL && t->parity;
}

bool key_type_by_cmac(CK_KEY_TYPE number)
{
	const struct key_type *t = key_type_find(number);

	return t != NULL && t->cmac_check;
}

bool key_type_wraps(CK_KEY_TYPE number)
{
	const struct key_type *t = key_type_find(number);

	return t != NULL && t->wraps;
}

unsigned key_type_strength(CK_KEY_TYPE number, size_t n)
{
	const struct key_type *t = key_type_find(number);

	if (t != NULL && t->strength != 0)
		return t->strength;
	return n >= 32 ? 256 : 8 * (unsigned)n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * an10922.c: NXP AN10922 "Symmetric key diversifications" (0102).
 *
 * Each part of the new key is a CMAC over a constant byte and MESSAGE. The CMAC differs from SP
 * 800-38B. The message is always padded to two blocks, even if one block would hold it. The last
 * block is then XORed with subkey K2, or with K1 if no padding was needed. So only texts of at most
 * one block differ from SP 800-38B.
 *
 * AN10922 puts the key version of a TDEA master into the parity bits of the first eight bytes of
 * the new key (sections 2.4, 2.5). Here the value has no key version, and DES keys get odd
 * parity. Therefore the parity bits of these bytes differ from the examples. The cipher does not
 * use parity bits.
 */
#include "key/cmac_subkeys.h"
#include "mechanism.h"

#define MESSAGE_MAX (2 * KEY_BLOCK_MAX - 1)

/* One kind of key with its constants, one for each part. */
struct kind {
	CK_KEY_TYPE type;
	size_t length;
	uint8_t constant[3];
	size_t parts;
};

static const struct kind kinds[] = {
	{CKK_AES, 16, {0x01}, 1},
	{CKK_AES, 24, {0x11, 0x12}, 2},
	{CKK_AES, 32, {0x41, 0x42}, 2},
	{CKK_DES2, 16, {0x21, 0x22}, 2},
	{CKK_DES3, 24, {0x31, 0x32, 0x33}, 3},
};

static const struct kind *kind_of(const struct key *key)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].type == key_type(key) && kinds[i].length == key_length(key))
			return &kinds[i];
	return NULL;
}

/*
 * Compute the two-block CMAC of CONSTANT || MESSAGE into OUT. If the text is longer than a block,
 * the padding of SP 800-38B gives two blocks too. A key in another token that only signs can then
 * compute the CMAC.
 */
static CK_RV part(struct key *key, uint8_t constant, struct bytes message, uint8_t *out)
{
	size_t block = key_block_size(key), n = 1 + message.n;
	uint8_t text[2 * KEY_BLOCK_MAX] = {constant};
	SECRET subkey = {0};

	memcpy(text + 1, message.p, message.n);
	if (n > block)
		return key_cmac(key, text, n, out);
	text[n] = 0x80;
	TRY(secret_resize(&subkey, block));
	TRY(key_block(key, NULL, secret_peek(&subkey), secret_bytes(&subkey)));
	cmac_double(secret_peek(&subkey), secret_bytes(&subkey), block); /* K1 */
	cmac_double(secret_peek(&subkey), secret_bytes(&subkey), block); /* K2 */

	TRY(key_block(key, NULL, text, out));
	for (size_t i = 0; i < block; i++)
		out[i] ^= text[block + i] ^ secret_peek(&subkey)[i];
	return key_block(key, NULL, out, out);
}

static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	ENSURE(parameter_get(d->parameter, KEYDIV_MESSAGE).n <= 2 * key_block_size(d->base) - 1,
		CKR_MECHANISM_PARAM_INVALID);
	TRY(derive_plan_default(d, request));
	ENSURE(d->length == key_length(d->base), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

/*
 * Concatenate the parts. For AES-192 the parts A and B overlap in the middle eight bytes, where
 * they are XORed (2.3.1).
 */
static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	const struct kind *kind = kind_of(d->base);
	size_t block = key_block_size(d->base);
	SECRET parts = {0};

	ENSURE(kind != NULL, CKR_KEY_TYPE_INCONSISTENT);
	TRY(secret_resize(&parts, kind->parts * block));
	for (size_t i = 0; i < kind->parts; i++)
		TRY(part(d->base, kind->constant[i], parameter_get(d->parameter, KEYDIV_MESSAGE),
			secret_bytes(&parts) + i * block));
	if (parts.len == kind->length)
		return secret_set(ret_value, secret_peek(&parts), parts.len);

	TRY(secret_resize(ret_value, kind->length));
	memcpy(secret_bytes(ret_value), secret_peek(&parts), 16);
	memcpy(secret_bytes(ret_value) + 16, secret_peek(&parts) + 24, 8);
	for (size_t i = 0; i < 8; i++)
		secret_bytes(ret_value)[8 + i] ^= secret_peek(&parts)[16 + i];
	return CKR_OK;
}

static const CK_KEY_TYPE key_types[] = {CKK_AES, CKK_DES2, CKK_DES3, KEY_TYPES_END};

static const struct field fields[] = {
	{FIELD(MESSAGE), true, 1, MESSAGE_MAX},
	{0},
};

#define MASTER "00112233445566778899aabbccddeeff"
#define UID_AID "04782e21801d803042f54e585020"

/*
 * AN10922 2.2.1, 2.3.1, 2.4.1, 2.5.1 and the AES-256 example, and AN10957 for a message shorter
 * than a block. The TDEA answers have odd parity.
 */
static const struct known_answer answers[] = {
	{CKK_AES, MASTER, "300011" UID_AID "416275", CKK_AES, "a8dd63a3b89d54b37ca802473fda9175"},
	{CKK_AES, MASTER "0102030405060708", "300011" UID_AID "416275", CKK_AES,
		"ce39c8e1cd82d9a7bedbe9d74af59b23176755ee7586e12c"},
	{CKK_AES, MASTER "0102030405060708090a0b0c0d0e0f00", "300011" UID_AID "416275", CKK_AES,
		"4fc6eec820b4c54314990b8611662db695e7880982c0001e6067488346100aed"},
	{CKK_AES, "f3f9377698707b688eaf84abe39e3791",
		"300007"
		"04deadbeeffeed",
		CKK_AES, "0bb408baff98b6ee9f2e1585777f6a51"},
	{CKK_DES2, MASTER, "30000f" UID_AID "41", CKK_DES2, "16f8587c9e8910c86b9749d007107cd6"},
	{CKK_DES3, MASTER "0102030405060708",
		"30000d"
		"04782e21801d803042f54e5850",
		CKK_DES3, "2f0dd03775d3fb9b5704ab0bda91cb0b54b9e07fcdbf10ec"},
	{0},
};

const struct mechanism mech_an10922 = {
	.type = CKM_KEYDIV_AN10922,
	.name = "CKM_KEYDIV_AN10922",
	.what = "master -> card key of NXP AN10922",
	.source = "NXP AN10922",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf, .for_use = true},
	.test = {.answers = answers},
};

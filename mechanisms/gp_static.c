/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gp_static.c: from the issuer's master to the static keys of one GlobalPlatform card (0104). The
 * methods are those of EMV CPS 1.1, VISA2 and KDF3, which GlobalPlatformPro implements
 * under these names.
 */
#include "mechanism.h"

enum { METHOD_EMV = 1, METHOD_VISA2 = 2, METHOD_KDF3 = 3 };
enum { KEY_ENC = 1, KEY_MAC = 2, KEY_DEK = 3 };

#define KDD 10
#define DES_BLOCK 8
#define DES2_LENGTH 16
#define HEAD 6 /* bytes of the KDD in a block of methods 1 and 2 */

static CK_RV check(const struct parameter *p)
{
	uint8_t method = parameter_get(p, KEYDIV_GP_METHOD).p[0];
	uint8_t which = parameter_get(p, KEYDIV_GP_KEY).p[0];

	REQUIRE(method >= METHOD_EMV && method <= METHOD_KDF3, CKR_MECHANISM_PARAM_INVALID,
		"GP_METHOD is not 01, 02 or 03");
	REQUIRE(which >= KEY_ENC && which <= KEY_DEK, CKR_MECHANISM_PARAM_INVALID,
		"GP_KEY is not 01, 02 or 03");
	return CKR_OK;
}

/* Methods 1 and 2 take a DES2 master. Method 3 takes an AES master and gives keys as long. */
static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	bool aes = key_block_size(d->base) == KEY_BLOCK_MAX;
	bool kdf3 = parameter_get(d->parameter, KEYDIV_GP_METHOD).p[0] == METHOD_KDF3;

	REQUIRE(aes == kdf3, CKR_KEY_TYPE_INCONSISTENT,
		"GP_METHOD 03 takes an AES master, 01 and 02 take a DES2 master");
	return derive_plan_only(d, request, key_type(d->base), key_length(d->base));
}

/* Compute E(KDD part || F0 k) || E(KDD part || 0F k). */
static CK_RV derive_des(struct derivation *d, struct secret *ret_value)
{
	struct bytes kdd = parameter_get(d->parameter, KEYDIV_GP_KDD);
	uint8_t method = parameter_get(d->parameter, KEYDIV_GP_METHOD).p[0];
	uint8_t block[DES_BLOCK];

	TRY(secret_resize(ret_value, DES2_LENGTH));
	memcpy(block, method == METHOD_EMV ? kdd.p + 4 : kdd.p, HEAD);
	if (method == METHOD_VISA2)
		memcpy(block + 2, kdd.p + 4, HEAD - 2);
	block[HEAD + 1] = parameter_get(d->parameter, KEYDIV_GP_KEY).p[0];
	block[HEAD] = 0xF0;
	TRY(key_block(d->base, NULL, block, secret_bytes(ret_value)));
	block[HEAD] = 0x0F;
	return key_block(d->base, NULL, block, secret_bytes(ret_value) + DES_BLOCK);
}

/*
 * Derive by SP 800-108 counter mode, where block i = CMAC([i]8 || 000000 || k || 00 || KDD). The
 * input has no length field.
 */
static CK_RV derive_kdf3(struct derivation *d, struct secret *ret_value)
{
	uint8_t input[KEY_BLOCK_MAX] = {0};
	SECRET block = {0};

	TRY(secret_resize(ret_value, d->length));
	TRY(secret_resize(&block, KEY_BLOCK_MAX));
	input[4] = parameter_get(d->parameter, KEYDIV_GP_KEY).p[0];
	memcpy(input + sizeof input - KDD, parameter_get(d->parameter, KEYDIV_GP_KDD).p, KDD);
	for (size_t done = 0; done < d->length; done += KEY_BLOCK_MAX) {
		size_t left = d->length - done;
		input[0]++;
		TRY(key_cmac(d->base, input, sizeof input, secret_bytes(&block)));
		memcpy(secret_bytes(ret_value) + done, secret_peek(&block),
			left < KEY_BLOCK_MAX ? left : KEY_BLOCK_MAX);
	}
	return CKR_OK;
}

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	bool kdf3 = parameter_get(d->parameter, KEYDIV_GP_METHOD).p[0] == METHOD_KDF3;

	return kdf3 ? derive_kdf3(d, ret_value) : derive_des(d, ret_value);
}

/* An AES card makes session keys of SCP03, a DES card those of SCP02. */
static const struct role role_scp03 = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_SCP03_KEY, CKM_KEYDIV_WITH_DERIVED_KEY},
};

static const struct role role_scp02 = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_SCP02_KEY, CKM_KEYDIV_WITH_DERIVED_KEY},
};

/* SCP03 uses the static DEK itself. SCP02 derives a session key from the static DEK. */
static const struct role *role_of(const struct derivation *d)
{
	if (parameter_get(d->parameter, KEYDIV_GP_METHOD).p[0] != METHOD_KDF3)
		return &role_scp02;
	bool dek = parameter_get(d->parameter, KEYDIV_GP_KEY).p[0] == KEY_DEK;
	return dek ? &role_cipher : &role_scp03;
}

static const CK_KEY_TYPE key_types[] = {CKK_DES2, CKK_AES, KEY_TYPES_END};

static const struct field fields[] = {
	{NUMBER_FIELD(GP_METHOD), true, 1, 1},
	{FIELD(GP_KDD), true, KDD, KDD},
	{NUMBER_FIELD(GP_KEY), true, 1, 1},
	{0},
};

#define MASTER "404142434445464748494a4b4c4d4e4f" /* GlobalPlatform's test key */
#define MASTER_256 "8c72c72cf908411653018807950d82fbad947562f0828a0b10b8b9606abf3bcd"
#define CARD "39000a00010203040506070809"

/*
 * The test keys of GlobalPlatformPro, whose check values are published, and a published AES-256
 * key. The DES keys have odd parity.
 */
static const struct known_answer answers[] = {
	{CKK_AES, MASTER, "38000103" CARD "3a000102", CKK_AES, "65942e0bf4f3f32aefacba5671456275"},
	{CKK_AES, MASTER, "38000103" CARD "3a000103", CKK_AES, "6a74f6f6040cca10d8a3fdc7914fd7cc"},
	{CKK_AES, MASTER_256,
		"38000103"
		"39000ad9b1de5d0362dedce4fb"
		"3a000101",
		CKK_AES, "9aac5d0b3601f89438a0d9d0b6b256cfb47e6462dfa5228d3420c4ac7c224781"},
	{CKK_DES2, MASTER, "38000101" CARD "3a000101", CKK_DES2,
		"0ef49ecbf8019b62e62af7ea20b9bf25"},
	{CKK_DES2, MASTER, "38000102" CARD "3a000103", CKK_DES2,
		"2caee908c71504fe259d3be694a1f76e"},
	{0},
};

const struct mechanism mech_gp_static_key = {
	.type = CKM_KEYDIV_GP_STATIC_KEY,
	.name = "CKM_KEYDIV_GP_STATIC_KEY",
	.what = "issuer master -> static key of a card: ENC, MAC, DEK",
	.source = "GlobalPlatform, EMV CPS 1.1",
	.scheme = "gp-static",
	.trade = TRADE_GP_STATIC,
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields,
	.check = check,
	.derive = {.plan = plan, .value = derive, .role_of = role_of, .for_use = true},
	.test = {.answers = answers},
};

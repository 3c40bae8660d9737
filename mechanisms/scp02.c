/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scp02.c: GlobalPlatform Card Specification 2.2 section E.4.1 (SCP02), from a static key to the
 * session keys (0106).
 */
#include "mechanism.h"

#define KEY_LENGTH 16
#define DES_BLOCK 8

/* The constants of the session keys. */
enum { S_ENC = 0x0182, C_MAC = 0x0101, R_MAC = 0x0102, DEK = 0x0181 };

static unsigned constant_of(const struct parameter *p)
{
	return get_be16(parameter_get(p, KEYDIV_SCP02_CONSTANT).p);
}

static CK_RV check(const struct parameter *p)
{
	unsigned constant = constant_of(p);

	REQUIRE(constant == S_ENC || constant == C_MAC || constant == R_MAC || constant == DEK,
		CKR_MECHANISM_PARAM_INVALID, "SCP02_CONSTANT is not 0182, 0101, 0102 or 0181");
	return CKR_OK;
}

static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	return derive_plan_only(d, request, CKK_DES2, KEY_LENGTH);
}

/* Encrypt constant || counter || 12 zero bytes in CBC mode from an IV of zeros. */
static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	static const uint8_t zero[DES_BLOCK];
	uint8_t input[KEY_LENGTH] = {0};

	put_be16(input, (uint16_t)constant_of(d->parameter));
	memcpy(input + 2, parameter_get(d->parameter, KEYDIV_SCP02_COUNTER).p, 2);
	TRY(secret_resize(ret_value, KEY_LENGTH));
	return key_encrypt_blocks(d->base, zero, input, sizeof input, secret_bytes(ret_value));
}

static const struct role *role_of(const struct derivation *d)
{
	unsigned constant = constant_of(d->parameter);

	return constant == S_ENC || constant == DEK ? &role_cipher : &role_mac;
}

static const CK_KEY_TYPE key_types[] = {CKK_DES2, KEY_TYPES_END};

static const struct field fields[] = {
	{FIELD(SCP02_CONSTANT), true, 2, 2},
	{NUMBER_FIELD(SCP02_COUNTER), true, 2, 2},
	{0},
};

#define CARD_KEY "404142434445464748494a4b4c4d4e4f" /* GlobalPlatform's test key */

/* The answers of two public implementations (tests/vectors/scp02.txt), with odd parity. */
static const struct known_answer answers[] = {
	{CKK_DES2, CARD_KEY,
		"3b00020182"
		"3c00020001",
		CKK_DES2, "25c8794a1304fe254f5ea1378c2f8c58"},
	{CKK_DES2, CARD_KEY,
		"3b00020102"
		"3c00020007",
		CKK_DES2, "ef15c47cb5ba9115e98962d9d920a489"},
	{0},
};

const struct mechanism mech_scp02_key = {
	.type = CKM_KEYDIV_SCP02_KEY,
	.name = "CKM_KEYDIV_SCP02_KEY",
	.what = "static key -> S-ENC, C-MAC, R-MAC, DEK of SCP02",
	.source = "GlobalPlatform 2.2 E.4.1",
	.scheme = "scp02",
	.trade = TRADE_SCP02,
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields,
	.check = check,
	.derive = {.plan = plan, .value = derive, .role_of = role_of, .for_use = true},
	.test = {.answers = answers},
};

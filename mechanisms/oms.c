/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oms.c: EN 13757-7 security mode 7 of wireless M-Bus (KDF-A of CEN/TR 17167), from the key of a
 * meter to the keys of one message (0161).
 */
#include "mechanism.h"

/* Direction and key, the first byte of the input. */
enum { METER_ENC = 0x00, METER_MAC = 0x01, PARTNER_ENC = 0x10, PARTNER_MAC = 0x11 };

#define KEY_LENGTH 16
#define COUNTER 4
#define ID 4
#define PADDING 0x07 /* the number of bytes that follow the meter ID */

static CK_RV check(const struct parameter *p)
{
	uint8_t which = parameter_get(p, KEYDIV_OMS_KEY).p[0];

	REQUIRE(which == METER_ENC || which == METER_MAC || which == PARTNER_ENC ||
			which == PARTNER_MAC,
		CKR_MECHANISM_PARAM_INVALID, "OMS_KEY is not 00, 01, 10 or 11");
	return CKR_OK;
}

/* Compute CMAC(MK, OMS_KEY || OMS_COUNTER || METER_ID || 07 07 07 07 07 07 07). */
static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	uint8_t input[KEY_BLOCK_MAX];

	memset(input, PADDING, sizeof input);
	input[0] = parameter_get(d->parameter, KEYDIV_OMS_KEY).p[0];
	memcpy(input + 1, parameter_get(d->parameter, KEYDIV_OMS_COUNTER).p, COUNTER);
	memcpy(input + 1 + COUNTER, parameter_get(d->parameter, KEYDIV_METER_ID).p, ID);
	TRY(secret_resize(ret_value, KEY_LENGTH));
	return key_cmac(d->base, input, sizeof input, secret_bytes(ret_value));
}

static const struct role *role_of(const struct derivation *d)
{
	uint8_t which = parameter_get(d->parameter, KEYDIV_OMS_KEY).p[0];

	return which == METER_ENC || which == PARTNER_ENC ? &role_cipher : &role_mac;
}

static const struct field fields[] = {
	{NUMBER_FIELD(OMS_KEY), true, 1, 1},
	{FIELD(OMS_COUNTER), true, COUNTER, COUNTER},
	{FIELD(METER_ID), true, ID, ID},
	{0},
};

#define METER_KEY "000102030405060708090a0b0c0d0e0f"
#define MESSAGE                                                                                    \
	"4e0004b30a0000"                                                                           \
	"4f000478563412"

/* CEN/TR 17167:2018 F.3, then the partner's keys by a second implementation */
static const struct known_answer answers[] = {
	{CKK_AES, METER_KEY, "4d000100" MESSAGE, CKK_AES, "eccf39d475d730b8284fdfdc1995d52f"},
	{CKK_AES, METER_KEY, "4d000101" MESSAGE, CKK_AES, "c9cd19ff5a9aad5a6bbda13bd2c4c7ad"},
	{CKK_AES, METER_KEY, "4d000110" MESSAGE, CKK_AES, "a9d4883e284217caa4b6325f75b48444"},
	{CKK_AES, METER_KEY, "4d000111" MESSAGE, CKK_AES, "ae001b2fed6e042c3e6c4d8833d4be1d"},
	{0},
};

const struct mechanism mech_oms_mode7_key = {
	.type = CKM_KEYDIV_OMS_MODE7_KEY,
	.name = "CKM_KEYDIV_OMS_MODE7_KEY",
	.what = "key of a meter -> key of one message",
	.source = "EN 13757-7, CEN/TR 17167",
	.scheme = "oms",
	.trade = TRADE_OMS,
	.info = {16, 16, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.check = check,
	.derive = {.plan = derive_plan_aes128,
		.value = derive,
		.role_of = role_of,
		.for_use = true,
		.counter = {KEYDIV_OMS_COUNTER, 8 * COUNTER, .lsb_first = true}},
	.test = {.answers = answers},
};

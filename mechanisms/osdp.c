/* SPDX-License-Identifier: Apache-2.0 */
/*
 * osdp.c: the secure channel of OSDP, from the master to the base key of one reader (0151), and
 * from the base key to the session keys (0152). SIA OSDP 2.2 annex D, IEC 60839-11-5.
 */
#include "mechanism.h"

#define KEY_LENGTH 16
#define CUID 8
#define RANDOM 8
#define RANDOM_USED 6 /* bytes of CP_RANDOM in the block */

/* --- The base key --- */

/* Compute E(MK, cUID || not cUID). */
static CK_RV derive_scbk(struct derivation *d, struct secret *ret_value)
{
	struct bytes cuid = parameter_get(d->parameter, KEYDIV_CARD_UID);
	uint8_t block[KEY_BLOCK_MAX];

	for (size_t i = 0; i < CUID; i++) {
		block[i] = cuid.p[i];
		block[CUID + i] = (uint8_t)~cuid.p[i];
	}
	TRY(secret_resize(ret_value, KEY_LENGTH));
	return key_block(d->base, NULL, block, secret_bytes(ret_value));
}

/* --- The session keys --- */

enum { S_ENC = 1, S_MAC1 = 2, S_MAC2 = 3 };

static CK_RV check_session(const struct parameter *p)
{
	uint8_t which = parameter_get(p, KEYDIV_OSDP_KEY).p[0];

	REQUIRE(which >= S_ENC && which <= S_MAC2, CKR_MECHANISM_PARAM_INVALID,
		"OSDP_KEY is not 01, 02 or 03");
	return CKR_OK;
}

/* Compute E(SCBK, 01 || second byte || CP_RANDOM[0..5] || zeros). */
static CK_RV derive_session(struct derivation *d, struct secret *ret_value)
{
	static const uint8_t second[] = {[S_ENC] = 0x82, [S_MAC1] = 0x01, [S_MAC2] = 0x02};
	uint8_t block[KEY_BLOCK_MAX] = {0x01};

	block[1] = second[parameter_get(d->parameter, KEYDIV_OSDP_KEY).p[0]];
	memcpy(block + 2, parameter_get(d->parameter, KEYDIV_CP_RANDOM).p, RANDOM_USED);
	TRY(secret_resize(ret_value, KEY_LENGTH));
	return key_block(d->base, NULL, block, secret_bytes(ret_value));
}

/* --- The mechanisms --- */

static const struct field fields_scbk[] = {
	{FIELD(CARD_UID), true, CUID, CUID},
	{0},
};

static const struct field fields_session[] = {
	{NUMBER_FIELD(OSDP_KEY), true, 1, 1},
	{FIELD(CP_RANDOM), true, RANDOM, RANDOM},
	{0},
};

/* By a second implementation, because no answer is published. */
static const struct known_answer answers_scbk[] = {
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", "3f00080102030405060708", CKK_AES,
		"464a37f54a4a6f380af7f111b1289876"},
	{0},
};

#define SCBK_D "303132333435363738393a3b3c3d3e3f" /* the default key of OSDP */
#define CP_RANDOM "4c0008b0b1b2b3b4b5b6b7"

/* SIA OSDP 2.2 annex E */
static const struct known_answer answers_session[] = {
	{CKK_AES, SCBK_D, "4b000101" CP_RANDOM, CKK_AES, "bf8dc2a8329acb8c67c6d0cd9a451682"},
	{CKK_AES, SCBK_D, "4b000102" CP_RANDOM, CKK_AES, "5e86c676603bdee2d8beafe178637332"},
	{CKK_AES, SCBK_D, "4b000103" CP_RANDOM, CKK_AES, "6fda86e857777e81132035758239172e"},
	{0},
};

static const struct role role_scbk = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_OSDP_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY},
};

const struct mechanism mech_osdp_scbk = {
	.type = CKM_KEYDIV_OSDP_SCBK,
	.name = "CKM_KEYDIV_OSDP_SCBK",
	.what = "master -> base key of a reader",
	.source = "SIA OSDP 2.2 annex D",
	.scheme = "osdp",
	.trade = TRADE_OSDP,
	.info = {16, 16, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_scbk,
	.derive = {.plan = derive_plan_aes128, .value = derive_scbk, .role = &role_scbk},
	.test = {.answers = answers_scbk},
};

/* All three keys encrypt and decrypt, because the MAC of OSDP is CBC with two keys. */
const struct mechanism mech_osdp_session_key = {
	.type = CKM_KEYDIV_OSDP_SESSION_KEY,
	.name = "CKM_KEYDIV_OSDP_SESSION_KEY",
	.what = "base key of a reader -> S-ENC, S-MAC1, S-MAC2",
	.source = "SIA OSDP 2.2 annex D",
	.scheme = "osdp-session",
	.trade = TRADE_OSDP_READER,
	.info = {16, 16, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_session,
	.check = check_session,
	.derive = {.plan = derive_plan_aes128,
		.value = derive_session,
		.role = &role_cipher,
		.for_use = true},
	.test = {.answers = answers_session},
};

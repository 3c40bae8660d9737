/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sdm.c: NXP AN12196, the session keys of secure dynamic messaging of NTAG 424 DNA and
 * DESFire EV3, from the SDM file read key (0131).
 */
#include "mechanism.h"

enum { CARD_KEY_ENC = 1, CARD_KEY_MAC = 2 };

#define KEY_LENGTH 16
#define UID 7
#define READ_COUNTER 3

static bool encrypts(const struct parameter *p)
{
	return parameter_get(p, KEYDIV_CARD_KEY).p[0] == CARD_KEY_ENC;
}

/*
 * A URL without UID and with the counter C has the same keys as a URL with the UID C 00 00 00 00
 * and the counter 0. A replay window would take such a message twice. No tag sends the counter 0,
 * because a tag counts before it sends.
 */
static bool is_ambiguous(struct bytes uid, struct bytes counter)
{
	static const uint8_t zeros[UID - READ_COUNTER];

	return uid.p != NULL && counter.p != NULL &&
	       memcmp(uid.p + READ_COUNTER, zeros, sizeof zeros) == 0 &&
	       memcmp(counter.p, zeros, READ_COUNTER) == 0;
}

static CK_RV check(const struct parameter *p)
{
	struct bytes uid = parameter_get(p, KEYDIV_CARD_UID);
	uint8_t which = parameter_get(p, KEYDIV_CARD_KEY).p[0];

	REQUIRE(which == CARD_KEY_ENC || which == CARD_KEY_MAC, CKR_MECHANISM_PARAM_INVALID,
		"CARD_KEY is not 01 or 02");
	REQUIRE(!is_ambiguous(uid, parameter_get(p, KEYDIV_READ_COUNTER)),
		CKR_MECHANISM_PARAM_INVALID,
		"READ_COUNTER is 0 and CARD_UID ends in four zero bytes, as if there were no UID");
	return CKR_OK;
}

/*
 * Compute CMAC(K, SV). SV is C33C or 3CC3, 0001 0080, the UID and the counter LSB first, padded
 * with zeros. A tag whose file mirrors only one of UID and counter leaves the other out.
 */
static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	struct bytes uid = parameter_get(d->parameter, KEYDIV_CARD_UID);
	struct bytes counter = parameter_get(d->parameter, KEYDIV_READ_COUNTER);
	uint8_t vector[KEY_BLOCK_MAX] = {0x3C, 0xC3, 0x00, 0x01, 0x00, 0x80};
	size_t at = 6;

	if (encrypts(d->parameter)) {
		vector[0] = 0xC3;
		vector[1] = 0x3C;
	}
	if (uid.p != NULL)
		memcpy(vector + at, uid.p, uid.n);
	at += uid.n;
	for (size_t i = counter.n; i-- > 0;)
		vector[at++] = counter.p[i];
	TRY(secret_resize(ret_value, KEY_LENGTH));
	return key_cmac(d->base, vector, sizeof vector, secret_bytes(ret_value));
}

static const struct role *role_of(const struct derivation *d)
{
	return encrypts(d->parameter) ? &role_cipher : &role_mac;
}

static const struct field fields[] = {
	{NUMBER_FIELD(CARD_KEY), true, 1, 1},
	{FIELD(CARD_UID), false, UID, UID},
	{NUMBER_FIELD(READ_COUNTER), false, READ_COUNTER, READ_COUNTER},
	{0},
};

#define FILE_KEY "00000000000000000000000000000000" /* of the application note */

/*
 * The keys of the examples of AN12196, whose MACs are published, then keys of another tag and of
 * tags that mirror less by a second implementation.
 */
static const struct known_answer answers[] = {
	{CKK_AES, FILE_KEY,
		"3e000102"
		"3f000704de5f1eacc040"
		"43000300003d",
		CKK_AES, "3fb5f6e3a807a03d5e3570ace393776f"},
	{CKK_AES, FILE_KEY,
		"3e000101"
		"3f000704958caa5c5e80"
		"430003000008",
		CKK_AES, "42132d669442ad43e072c8c0c9828a72"},
	{CKK_AES, "b62a9baf092439bd43c62aee96b970c5",
		"3e000102"
		"3f0007041d3c8a2d6b80"
		"430003000123",
		CKK_AES, "8db8852958018edb3cae5b2abb65d261"},
	{CKK_AES, "b62a9baf092439bd43c62aee96b970c5",
		"3e000102"
		"43000300003d",
		CKK_AES, "6be36dcb4f04d5fd85839f4c77b83b40"},
	{CKK_AES, "b62a9baf092439bd43c62aee96b970c5", "3e000102", CKK_AES,
		"8f585f440d521a7b6f649298b93844ec"},
	{0},
};

const struct mechanism mech_sdm_session_key = {
	.type = CKM_KEYDIV_SDM_SESSION_KEY,
	.name = "CKM_KEYDIV_SDM_SESSION_KEY",
	.what = "SDM file read key -> session key",
	.source = "NXP AN12196",
	.scheme = "sdm",
	.trade = TRADE_SDM,
	.info = {16, 16, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.check = check,
	.derive = {.plan = derive_plan_aes128,
		.value = derive,
		.role_of = role_of,
		.for_use = true,
		.counter = {.tag = KEYDIV_READ_COUNTER, .bits = 8 * READ_COUNTER}},
	.test = {.answers = answers},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scp03.c: GlobalPlatform Amendment D (SCP03), section 4.1.5, from the static key to S-ENC, S-MAC
 * and S-RMAC (0103).
 */
#include "mechanism.h"

#define LABEL_ZEROS 11 /* the label has these zeros and the constant, 12 bytes */
#define CONTEXT_MAX 32

/* The constants of table 4-1 for session keys. */
enum { S_ENC = 0x04, S_MAC = 0x06, S_RMAC = 0x07 };

static CK_RV check(const struct parameter *p)
{
	uint8_t constant = parameter_get(p, KEYDIV_SCP03_CONSTANT).p[0];
	size_t n = parameter_get(p, KEYDIV_SCP03_CONTEXT).n;

	ENSURE(constant == S_ENC || constant == S_MAC || constant == S_RMAC,
		CKR_MECHANISM_PARAM_INVALID);
	/* Two challenges of 8 bytes or (S16 mode) of 16 bytes. */
	ENSURE(n == 16 || n == 32, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/*
 * Derive by SP 800-108 counter mode with the counter after the length, label || 00 || [L in bits]16
 * || [i]8 || context.
 */
static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	uint8_t input[LABEL_ZEROS + 5 + CONTEXT_MAX] = {0};
	struct bytes context = parameter_get(d->parameter, KEYDIV_SCP03_CONTEXT);
	SECRET block = {0};

	TRY(secret_resize(ret_value, d->length));
	TRY(secret_resize(&block, KEY_BLOCK_MAX));
	input[LABEL_ZEROS] = parameter_get(d->parameter, KEYDIV_SCP03_CONSTANT).p[0];
	put_be16(input + LABEL_ZEROS + 2, (uint16_t)(8 * d->length));
	memcpy(input + LABEL_ZEROS + 5, context.p, context.n);
	for (size_t done = 0; done < d->length; done += KEY_BLOCK_MAX) {
		size_t take = d->length - done < KEY_BLOCK_MAX ? d->length - done : KEY_BLOCK_MAX;
		input[LABEL_ZEROS + 4]++;
		TRY(key_cmac(d->base, input, LABEL_ZEROS + 5 + context.n, secret_bytes(&block)));
		memcpy(secret_bytes(ret_value) + done, secret_peek(&block), take);
	}
	return CKR_OK;
}

static const struct role *role_of(const struct derivation *d)
{
	bool cipher = parameter_get(d->parameter, KEYDIV_SCP03_CONSTANT).p[0] == S_ENC;

	return cipher ? &role_cipher : &role_mac;
}

static const struct field fields[] = {
	{NUMBER_FIELD(SCP03_CONSTANT), true, 1, 1},
	{FIELD(SCP03_CONTEXT), true, 16, CONTEXT_MAX},
	{0},
};

#define CARD_KEY "404142434445464748494a4b4c4d4e4f" /* GlobalPlatform's test key */
#define CHALLENGES                                                                                 \
	"320010"                                                                                   \
	"fe0530cf61baa9f383fa042c5c10f778"

/* A session with a card that has the test keys, then two lengths by a second implementation. */
static const struct known_answer answers[] = {
	{CKK_AES, CARD_KEY, "31000104" CHALLENGES, CKK_AES, "7392646744df8721131c4a995a845bae"},
	{CKK_AES, CARD_KEY, "31000106" CHALLENGES, CKK_AES, "cd9f750e543e0cf862b0ea73e3812113"},
	{CKK_AES, CARD_KEY, "31000107" CHALLENGES, CKK_AES, "d1b695d89de01992b6cb238bdfb006d9"},
	{CKK_AES, "0c5ac50c3e0bd61a37db5d5aa64c6474",
		"31000107"
		"320020"
		"eebc5fd69f6b2003a7d1cf5b11a0471019c794d29ec3a67ef94692119adfb610",
		CKK_AES, "2d6e5553e5e0a45cdde71126928a85a5882adf9aba9b62de090694ffcd0bb000"},
	{0},
};

const struct mechanism mech_scp03_key = {
	.type = CKM_KEYDIV_SCP03_KEY,
	.name = "CKM_KEYDIV_SCP03_KEY",
	.what = "static key -> S-ENC, S-MAC, S-RMAC",
	.source = "GlobalPlatform Amendment D 4.1.5",
	.scheme = "scp03",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.check = check,
	.derive = {.value = derive, .role_of = role_of, .for_use = true},
	.test = {.answers = answers},
};

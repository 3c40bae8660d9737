/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emv.c: EMV Book 2 annex A1, from the issuer master key to the card key (0111) and from the card
 * key to the session key (0112).
 */
#include "mechanism.h"

#define DES_BLOCK 8
#define PAN_MAX 19
#define SEQUENCE 2
#define DIGITS_MAX (1 + PAN_MAX + SEQUENCE) /* with a leading zero */

/* --- Card keys, A1.4 --- */

static bool all_digits(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return true;
}

static CK_RV check_card(const struct parameter *p)
{
	uint8_t option = parameter_get(p, KEYDIV_EMV_OPTION).p[0];

	ENSURE(option == 'A' || option == 'B' || option == 'C', CKR_MECHANISM_PARAM_INVALID);
	ENSURE(all_digits(parameter_get(p, KEYDIV_PAN)), CKR_MECHANISM_PARAM_INVALID);
	ENSURE(all_digits(parameter_get(p, KEYDIV_PAN_SEQUENCE)), CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/*
 * Write the last 2 N digits of PAN || sequence number into the N bytes of OUT, two digits a byte,
 * with leading zeros if there are fewer digits.
 */
static void rightmost_digits(const struct parameter *p, uint8_t *out, size_t n)
{
	struct bytes pan = parameter_get(p, KEYDIV_PAN),
		     sequence = parameter_get(p, KEYDIV_PAN_SEQUENCE);
	uint8_t digits[PAN_MAX + SEQUENCE];
	size_t left = pan.n + sequence.n;

	memcpy(digits, pan.p, pan.n);
	memcpy(digits + pan.n, sequence.p, sequence.n);
	memset(out, 0, n);
	for (size_t i = 2 * n; i-- > 0 && left > 0;)
		out[i / 2] |= (uint8_t)((digits[--left] - '0') << (i % 2 ? 0 : 4));
}

/*
 * Compute the digits of option B for PANs of more than 16 digits (A1.4.2). These are the first 16
 * decimal digits of SHA-1 of the digits, then the letters of SHA-1 less ten.
 */
static CK_RV decimalised_hash(const struct parameter *p, uint8_t out[DES_BLOCK])
{
	size_t n = (parameter_get(p, KEYDIV_PAN).n + SEQUENCE + 1) / 2, count = 0;
	uint8_t packed[DIGITS_MAX / 2 + 1], hash[DIGEST_MAX];

	rightmost_digits(p, packed, n);
	TRY(digest_once(DIGEST_SHA1, packed, n, hash));
	memset(out, 0, DES_BLOCK);
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < 2 * digest_length(DIGEST_SHA1) && count < 2 * DES_BLOCK;
			i++) {
			unsigned nibble = i % 2 ? hash[i / 2] & 0xF : hash[i / 2] >> 4;
			if ((nibble >= 10) != pass)
				continue;
			out[count / 2] |= (uint8_t)((nibble - 10 * pass) << (count % 2 ? 0 : 4));
			count++;
		}
	return CKR_OK;
}

/*
 * Options A and B take a DES2 issuer key and give 16 bytes. Option C takes an AES issuer key and
 * gives 16 to 32 bytes. The card key has the type of the issuer key unless the template has a type.
 */
static CK_RV plan_card(struct derivation *d, const struct key_request *request)
{
	bool aes = key_block_size(d->base) == KEY_BLOCK_MAX;

	ENSURE(aes == (parameter_get(d->parameter, KEYDIV_EMV_OPTION).p[0] == 'C'),
		CKR_KEY_TYPE_INCONSISTENT);
	TRY(derive_plan_default(d, request));
	ENSURE(d->length <= (aes ? 32 : 16), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

/* Compute E(FIRST) || E(SECOND) under KEY, cut to LENGTH bytes, into RET. */
static CK_RV two_blocks(struct key *key, const uint8_t *first, const uint8_t *second, size_t length,
	struct secret *ret)
{
	size_t block = key_block_size(key);
	SECRET both = {0};

	TRY(secret_resize(&both, 2 * block));
	TRY(key_block(key, NULL, first, secret_bytes(&both)));
	TRY(key_block(key, NULL, second, secret_bytes(&both) + block));
	return secret_set(ret, secret_peek(&both), length);
}

/* Compute E(Y) || E(not Y), where Y is the digits of the card, cut to the planned length. */
static CK_RV derive_card(struct derivation *d, struct secret *ret_value)
{
	uint8_t y[KEY_BLOCK_MAX], inverted[KEY_BLOCK_MAX];
	size_t block = key_block_size(d->base);
	bool hashed = parameter_get(d->parameter, KEYDIV_EMV_OPTION).p[0] == 'B' &&
		      parameter_get(d->parameter, KEYDIV_PAN).n > 16;

	if (hashed)
		TRY(decimalised_hash(d->parameter, y));
	else
		rightmost_digits(d->parameter, y, block);
	for (size_t i = 0; i < block; i++)
		inverted[i] = (uint8_t)~y[i];
	return two_blocks(d->base, y, inverted, d->length, ret_value);
}

/* --- Session keys, A1.3.1 --- */

static CK_RV check_session(const struct parameter *p)
{
	size_t n = parameter_get(p, KEYDIV_EMV_DIVERSIFIER).n;

	ENSURE(n == 8 || n == 16, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/* Plan a session key as long as the card key. R is one block. */
static CK_RV plan_session(struct derivation *d, const struct key_request *request)
{
	size_t n = parameter_get(d->parameter, KEYDIV_EMV_DIVERSIFIER).n;

	ENSURE(n == key_block_size(d->base), CKR_MECHANISM_PARAM_INVALID);
	TRY(derive_plan_default(d, request));
	ENSURE(d->length == key_length(d->base), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

/*
 * Derive a key of one block as E(R), and a longer key as E(F1) || E(F2). F1 and F2 are R with F0
 * and 0F as third byte.
 */
static CK_RV derive_session(struct derivation *d, struct secret *ret_value)
{
	struct bytes r = parameter_get(d->parameter, KEYDIV_EMV_DIVERSIFIER);
	uint8_t f1[KEY_BLOCK_MAX], f2[KEY_BLOCK_MAX];

	if (d->length == r.n) {
		TRY(secret_resize(ret_value, r.n));
		return key_block(d->base, NULL, r.p, secret_bytes(ret_value));
	}
	memcpy(f1, r.p, r.n);
	memcpy(f2, r.p, r.n);
	f1[2] = 0xF0;
	f2[2] = 0x0F;
	return two_blocks(d->base, f1, f2, d->length, ret_value);
}

/* --- The mechanisms --- */

static const CK_KEY_TYPE key_types[] = {CKK_DES2, CKK_AES, KEY_TYPES_END};

static const struct field fields_card[] = {
	{FIELD(EMV_OPTION), true, 1, 1},
	{FIELD(PAN), true, 8, PAN_MAX},
	{FIELD(PAN_SEQUENCE), true, SEQUENCE, SEQUENCE},
	{0},
};

static const struct field fields_session[] = {
	{FIELD(EMV_DIVERSIFIER), true, 8, 16},
	{0},
};

#define ISSUER_KEY "0123456789abcdeffedcba9876543210"
#define ISSUER_KEY_2 "dfadbfef0123456789866443dfadbfef"
#define PAN_17                                                                                     \
	"350011"                                                                                   \
	"3132333435363738393031323334353637"                                                       \
	"360002"                                                                                   \
	"3031"
#define PAN_19                                                                                     \
	"350013"                                                                                   \
	"39383736353433323130313233343536373839"                                                   \
	"360002"                                                                                   \
	"3031"
#define PAN_16                                                                                     \
	"350010"                                                                                   \
	"39303132333435343332313031323332"                                                         \
	"360002"                                                                                   \
	"3031"

/*
 * Answers of public implementations (tests/vectors/emv.txt), because EMVCo publishes none. The DES
 * keys have odd parity.
 */
static const struct known_answer answers_card[] = {
	{CKK_DES2, ISSUER_KEY, "34000141" PAN_17, CKK_DES2, "73ad54688cef2934b0979857e3c719f1"},
	{CKK_DES2, ISSUER_KEY, "34000142" PAN_17, CKK_DES2, "ad406d7f6d7570916d75e5dcab8cf737"},
	{CKK_DES2, ISSUER_KEY_2, "34000142" PAN_19, CKK_DES2, "e5ab98ab5e76f757fedc7f016e5e2358"},
	{CKK_AES, ISSUER_KEY_2, "34000143" PAN_16, CKK_AES, "3ad95fe6ad75062dfcf19d834504ac23"},
	{CKK_AES, ISSUER_KEY_2, "34000143" PAN_16, CKK_AES,
		"3ad95fe6ad75062dfcf19d834504ac237a49822292257a16f2b76168b4e2b574"},
	{0},
};

static const struct known_answer answers_session[] = {
	{CKK_DES2, "158c5e5ed9947662676415fda48a677c",
		"370008"
		"0001000000000000",
		CKK_DES2, "b026e58f2c546446aba71a83e6ec4594"},
	{CKK_AES, "3ad95fe6ad75062dfcf19d834504ac23",
		"370010"
		"00010000000000000000000000000000",
		CKK_AES, "2aaaa9cf4708a113c3e7f06b429cc35b"},
	{CKK_AES, "3ad95fe6ad75062dfcf19d834504ac237a49822292257a16",
		"370010"
		"00010000000000000000000000000000",
		CKK_AES, "0ce2abd38c3c58f79d92462641a107f2aab90c26036d58e5"},
	{0},
};

/* Some cards use the card key directly. The issuer then says so in CKA_DERIVE_TEMPLATE. */
static const struct role role_card = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_EMV_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY},
	.leaf_by_template = USAGE_CIPHER | USAGE_MAC,
};

const struct mechanism mech_emv_card_key = {
	.type = CKM_KEYDIV_EMV_CARD_KEY,
	.name = "CKM_KEYDIV_EMV_CARD_KEY",
	.what = "issuer master key -> card key",
	.source = "EMV Book 2 A1.4",
	.scheme = "emv",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields_card,
	.check = check_card,
	.derive = {.plan = plan_card, .value = derive_card, .role = &role_card, .for_use = true},
	.test = {.answers = answers_card},
};

const struct mechanism mech_emv_session_key = {
	.type = CKM_KEYDIV_EMV_SESSION_KEY,
	.name = "CKM_KEYDIV_EMV_SESSION_KEY",
	.what = "card key -> session key",
	.source = "EMV Book 2 A1.3.1",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types,
	.fields = fields_session,
	.check = check_session,
	.derive = {.plan = plan_session,
		.value = derive_session,
		.role = &role_no_wrap,
		.for_use = true},
	.test = {.answers = answers_session},
};

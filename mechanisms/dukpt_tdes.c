/* SPDX-License-Identifier: Apache-2.0 */
/* dukpt_tdes.c: TDES DUKPT, ANSI X9.24-1:2009: initial keys (0201) and transaction keys (0202). */
#include "dukpt.h"

#define KSN_LENGTH 10
#define KEY_LENGTH 16
#define HALF 8
#define COUNTER_BITS 21
#define BITS_MAX 10 /* set bits in a counter the terminal may reach, annex A.1 */

/* X9.24-1 A.1: XORed onto a key to make the variant from which a left half is made. */
static const uint8_t other_half[KEY_LENGTH] = {
	0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0};

static uint32_t counter_of(const uint8_t ksn[KSN_LENGTH])
{
	return get_be32(ksn + KSN_LENGTH - 4) & ((1u << COUNTER_BITS) - 1);
}

/* --- Initial key, annex A.6 --- */

CK_RV tdes_dukpt_initial_key(struct key *bdk, const uint8_t ksn[KSN_LENGTH], struct secret *ret)
{
	uint8_t id[HALF];

	memcpy(id, ksn, HALF);
	id[HALF - 1] &= 0xE0; /* the counter's five high bits stand here */
	TRY(secret_resize(ret, KEY_LENGTH));
	TRY(key_block(bdk, NULL, id, secret_bytes(ret)));
	return key_block(bdk, other_half, id, secret_bytes(ret) + HALF);
}

/* --- Transaction key, annex A.3: "non-reversible key generation process", once for each set bit --- */

/*
 * OUT = DES(left half of KEY, IN ^ right half) ^ right half. Single DES is two-key TDES with
 * one key twice.
 */
static CK_RV one_way(
	struct key *scratch, const struct secret *key, const uint8_t in[HALF], uint8_t out[HALF])
{
	const uint8_t *left = secret_peek(key), *right = left + HALF;
	SECRET twice = {0};
	SECRET text = {0};

	TRY(secret_resize(&twice, KEY_LENGTH));
	TRY(secret_resize(&text, HALF));
	memcpy(secret_bytes(&twice), left, HALF);
	memcpy(secret_bytes(&twice) + HALF, left, HALF);
	for (size_t i = 0; i < HALF; i++)
		secret_bytes(&text)[i] = in[i] ^ right[i];
	TRY(key_load(scratch, CKK_DES2, secret_peek(&twice), KEY_LENGTH));
	TRY(key_block(scratch, NULL, secret_peek(&text), secret_bytes(&text)));
	for (size_t i = 0; i < HALF; i++)
		out[i] = secret_peek(&text)[i] ^ right[i];
	return CKR_OK;
}

static void apply_mask(struct secret *key, const uint8_t mask[KEY_LENGTH])
{
	for (size_t i = 0; i < KEY_LENGTH; i++)
		secret_bytes(key)[i] ^= mask[i];
}

CK_RV tdes_dukpt_transaction_key(
	struct key *scratch, const uint8_t ksn[KSN_LENGTH], struct secret *key)
{
	uint32_t counter = counter_of(ksn),
		 low = get_be32(ksn + KSN_LENGTH - 4) & ~((1u << COUNTER_BITS) - 1);
	uint8_t number[HALF];

	memcpy(number, ksn + KSN_LENGTH - HALF, HALF);
	for (uint32_t bit = 1u << (COUNTER_BITS - 1); bit != 0; bit >>= 1) {
		SECRET next = {0};
		if (!(counter & bit))
			continue;
		low |= bit;
		put_be32(number + HALF - 4, low);
		TRY(secret_resize(&next, KEY_LENGTH));
		TRY(one_way(scratch, key, number, secret_bytes(&next) + HALF));
		apply_mask(key, other_half);
		TRY(one_way(scratch, key, number, secret_bytes(&next)));
		TRY(secret_set(key, secret_peek(&next), KEY_LENGTH));
	}
	return CKR_OK;
}

/* --- Variants, annex A.4 --- */

static const struct variant {
	uint16_t usage;
	bool one_way; /* data keys: encrypted under themselves */
	uint8_t at;   /* the byte of each half that is inverted */
	const struct role *role;
} variants[] = {
	{KEYDIV_USAGE_PIN, false, 7, &role_cipher},
	{KEYDIV_USAGE_MAC_REQUEST, false, 6, &role_mac},
	{KEYDIV_USAGE_MAC_RESPONSE, false, 4, &role_mac},
	{KEYDIV_USAGE_DATA_REQUEST, true, 5, &role_cipher},
	{KEYDIV_USAGE_DATA_RESPONSE, true, 3, &role_cipher},
};

static const struct variant *variant_of(const struct parameter *p)
{
	uint16_t usage = get_be16(parameter_get(p, KEYDIV_DUKPT_USAGE).p);

	for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
		if (variants[i].usage == usage)
			return &variants[i];
	return NULL;
}

static const struct role *role_of(const struct derivation *d)
{
	return variant_of(d->parameter)->role;
}

/* --- The two rows --- */

/* Two-key TDES keys and other types of 16 bytes. */
static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	TRY(derive_plan_as(d, request, CKK_DES2, KEY_LENGTH));
	ENSURE(d->length == KEY_LENGTH, CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV derive_initial(struct derivation *d, struct secret *ret_value)
{
	return tdes_dukpt_initial_key(
		d->base, parameter_get(d->parameter, KEYDIV_KSN).p, ret_value);
}

static CK_RV check_key(const struct parameter *p)
{
	uint32_t counter = counter_of(parameter_get(p, KEYDIV_KSN).p);

	ENSURE(counter != 0 && __builtin_popcount(counter) <= BITS_MAX,
		CKR_MECHANISM_PARAM_INVALID);
	ENSURE(variant_of(p) != NULL, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

static CK_RV derive_key(struct derivation *d, struct secret *ret_value)
{
	const uint8_t *ksn = parameter_get(d->parameter, KEYDIV_KSN).p;
	const struct variant *variant = variant_of(d->parameter);
	uint8_t mask[KEY_LENGTH] = {0};

	TRY(tdes_dukpt_initial_key(d->base, ksn, ret_value));
	TRY(tdes_dukpt_transaction_key(d->scratch[0], ksn, ret_value));
	mask[variant->at] = mask[HALF + variant->at] = 0xFF;
	apply_mask(ret_value, mask);
	if (variant->one_way) {
		uint8_t *value = secret_bytes(ret_value);
		TRY(key_load(d->scratch[0], CKK_DES2, value, KEY_LENGTH));
		TRY(key_encrypt_blocks(d->scratch[0], NULL, value, KEY_LENGTH, value));
	}
	return CKR_OK;
}

static const CK_KEY_TYPE key_types_bdk[] = {CKK_DES2, KEY_TYPES_END};

static const struct field fields_initial[] = {
	{FIELD(KSN), true, KSN_LENGTH, KSN_LENGTH},
	{0},
};

static const struct field fields_key[] = {
	{FIELD(KSN), true, KSN_LENGTH, KSN_LENGTH},
	{FIELD(DUKPT_USAGE), true, 2, 2},
	{0},
};

#define BDK "0123456789abcdeffedcba9876543210"

/* X9.24-1:2009 A.4. As generic secrets the values are as published; DES keys get odd parity. */
static const struct known_answer answers_initial[] = {
	{CKK_DES2, BDK, "40000affff9876543210e00000", CKK_GENERIC_SECRET,
		"6ac292faa1315b4d858ab3a3d7d5933a"},
	{CKK_DES2, BDK, "40000affff9876543210e00000", CKK_DES2, "6bc292fba1315b4c858ab3a2d6d5923b"},
	{0},
};

static const struct known_answer answers_key[] = {
	{CKK_DES2, BDK,
		"40000affff9876543210e00001"
		"4100021000",
		CKK_GENERIC_SECRET, "042666b49184cf5c68de9628d0397b36"},
	{CKK_DES2, BDK,
		"40000affff9876543210e00001"
		"4100022000",
		CKK_GENERIC_SECRET, "042666b4918430a368de9628d03984c9"},
	{CKK_DES2, BDK,
		"40000affff9876543210e00001"
		"4100022001",
		CKK_GENERIC_SECRET, "042666b46e84cfa368de96282f397bc9"},
	{CKK_DES2, BDK,
		"40000affff9876543210e00001"
		"4100023000",
		CKK_GENERIC_SECRET, "448d3f076d8304036a55a3d7e0055a78"},
	{CKK_DES2, BDK,
		"40000affff9876543210e00001"
		"4100023001",
		CKK_GENERIC_SECRET, "ad7bfc8b06ad3a08a560b4105cf8d9e5"},
	{CKK_DES2, BDK,
		"40000affff9876543210effc00"
		"4100021000",
		CKK_DES2, "f8430df87508256ec77ae5ef4fda9110"},
	{0},
};

static const struct role role_initial = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY},
};

const struct mechanism mech_tdes_dukpt_initial_key = {
	.type = CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY,
	.name = "CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY",
	.what = "BDK -> initial key",
	.scheme = "tdes-dukpt",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_bdk,
	.fields = fields_initial,
	.derive =
		{
			.plan = plan,
			.value = derive_initial,
			.role = &role_initial,
			.level = LEVEL_EXPLICIT,
		},
	.test =
		{
			.answers = answers_initial,
		},
};

const struct mechanism mech_tdes_dukpt_key = {
	.type = CKM_KEYDIV_TDES_DUKPT_KEY,
	.name = "CKM_KEYDIV_TDES_DUKPT_KEY",
	.what = "BDK -> transaction key",
	.scheme = "tdes-dukpt",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_bdk,
	.fields = fields_key,
	.check = check_key,
	.derive =
		{
			.plan = plan,
			.value = derive_key,
			.role_of = role_of,
			.level = LEVEL_LEAF,
		},
	.test =
		{
			.answers = answers_key,
		},
};

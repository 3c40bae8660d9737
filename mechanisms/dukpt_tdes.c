/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dukpt_tdes.c: TDES DUKPT, ANSI X9.24-1:2009: initial keys (0201) and transaction keys, from the
 * BDK (0202) or from the initial key (0203).
 */
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
	id[HALF - 1] &= 0xE0; /* clear the five high bits of the counter */
	TRY(secret_resize(ret, KEY_LENGTH));
	/* First the variant, which a key in another token refuses whatever the key may do there. */
	TRY(key_block(bdk, other_half, id, secret_bytes(ret) + HALF));
	return key_block(bdk, NULL, id, secret_bytes(ret));
}

/* --- Transaction key, annex A.3: one step of the process of A.2 for each set bit --- */

CK_RV tdes_dukpt_transaction_key(
	struct key *initial, const uint8_t ksn[KSN_LENGTH], struct secret *ret)
{
	const uint32_t counter_mask = (1u << COUNTER_BITS) - 1;
	uint32_t counter = counter_of(ksn);
	uint32_t reached = get_be32(ksn + KSN_LENGTH - 4) & ~counter_mask;
	uint8_t steps[COUNTER_BITS][HALF];
	size_t n = 0;

	for (uint32_t bit = 1u << (COUNTER_BITS - 1); bit != 0; bit >>= 1) {
		if (!(counter & bit))
			continue;
		reached |= bit;
		memcpy(steps[n], ksn + KSN_LENGTH - HALF, HALF);
		put_be32(steps[n++] + HALF - 4, reached);
	}
	return key_one_way(initial, other_half, (const uint8_t(*)[HALF])steps, n, ret);
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

/* --- The mechanisms --- */

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

/* RET = the working key of the KSN below INITIAL: the transaction key with a variant's mask. */
static CK_RV working_key(struct derivation *d, struct key *initial, struct secret *ret)
{
	const uint8_t *ksn = parameter_get(d->parameter, KEYDIV_KSN).p;
	const struct variant *variant = variant_of(d->parameter);

	TRY(tdes_dukpt_transaction_key(initial, ksn, ret));
	uint8_t *value = secret_bytes(ret);
	value[variant->at] ^= 0xFF;
	value[HALF + variant->at] ^= 0xFF;
	if (variant->one_way) {
		TRY(key_load(d->scratch[0], CKK_DES2, value, KEY_LENGTH));
		TRY(key_encrypt_blocks(d->scratch[0], NULL, value, KEY_LENGTH, value));
	}
	return CKR_OK;
}

static CK_RV derive_working_key(struct derivation *d, struct secret *ret_value)
{
	SECRET initial = {0};

	TRY(derive_initial(d, &initial));
	TRY(key_load(d->scratch[1], CKK_DES2, secret_peek(&initial), KEY_LENGTH));
	return working_key(d, d->scratch[1], ret_value);
}

static CK_RV derive_key_of_initial(struct derivation *d, struct secret *ret_value)
{
	return working_key(d, d->base, ret_value);
}

static const CK_KEY_TYPE key_types_des2[] = {CKK_DES2, KEY_TYPES_END};

static const struct field fields_initial[] = {
	{FIELD(KSN), true, KSN_LENGTH, KSN_LENGTH},
	{0},
};

static const struct field fields_key[] = {
	{FIELD(KSN), true, KSN_LENGTH, KSN_LENGTH},
	{NUMBER_FIELD(DUKPT_USAGE), true, 2, 2},
	{0},
};

#define BDK "0123456789abcdeffedcba9876543210"

/*
 * X9.24-1:2009 A.4. Generic secrets are as published, and so is the initial key of every type.
 * Transaction keys of type DES2 have odd parity.
 */
static const struct known_answer answers_initial[] = {
	{CKK_DES2, BDK, "40000affff9876543210e00000", CKK_GENERIC_SECRET,
		"6ac292faa1315b4d858ab3a3d7d5933a"},
	{CKK_DES2, BDK, "40000affff9876543210e00000", CKK_DES2, "6ac292faa1315b4d858ab3a3d7d5933a"},
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

#define INITIAL_KEY "6ac292faa1315b4d858ab3a3d7d5933a" /* without odd parity, as in X9.24-1 */

static const struct known_answer answers_key_of_initial[] = {
	{CKK_DES2, INITIAL_KEY,
		"40000affff9876543210e00001"
		"4100021000",
		CKK_GENERIC_SECRET, "042666b49184cf5c68de9628d0397b36"},
	{CKK_DES2, INITIAL_KEY,
		"40000affff9876543210e00001"
		"4100023001",
		CKK_GENERIC_SECRET, "ad7bfc8b06ad3a08a560b4105cf8d9e5"},
	{CKK_DES2, INITIAL_KEY,
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
	.source = "ANSI X9.24-1:2009 A.6",
	.scheme = "tdes-dukpt",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_des2,
	.fields = fields_initial,
	.derive = {.plan = plan,
		.value = derive_initial,
		.keeps_parity = true,
		.role = &role_initial},
	.test = {.answers = answers_initial},
};

const struct mechanism mech_tdes_dukpt_key = {
	.type = CKM_KEYDIV_TDES_DUKPT_KEY,
	.name = "CKM_KEYDIV_TDES_DUKPT_KEY",
	.what = "BDK -> transaction key",
	.source = "ANSI X9.24-1:2009 annex A",
	.scheme = "tdes-dukpt",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_des2,
	.fields = fields_key,
	.check = check_key,
	.derive = {.plan = plan,
		.value = derive_working_key,
		.role_of = role_of,
		.for_use = true,
		.counter = {.tag = KEYDIV_KSN, .bits = COUNTER_BITS}},
	.test = {.answers = answers_key},
};

const struct mechanism mech_tdes_dukpt_key_of_initial = {
	.type = CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL,
	.name = "CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL",
	.what = "initial key -> transaction key",
	.source = "ANSI X9.24-1:2009 annex A",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_des2,
	.fields = fields_key,
	.check = check_key,
	.derive = {.plan = plan,
		.value = derive_key_of_initial,
		.role_of = role_of,
		.for_use = true,
		.counter = {KEYDIV_KSN, COUNTER_BITS, .unused = KSN_LENGTH - HALF}},
	.test = {.answers = answers_key_of_initial},
};

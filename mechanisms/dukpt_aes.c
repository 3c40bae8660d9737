/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dukpt_aes.c: AES DUKPT, ANSI X9.24-3:2017: initial keys (0211) and working keys, from the BDK
 * (0212) or from the initial key (0213).
 */
#include "dukpt.h"

#define BLOCK 16
#define ID_LENGTH 8
#define KSN_LENGTH 12 /* initial key ID, then the 32-bit transaction counter */
#define COUNTER_BITS 32
#define BITS_MAX 16 /* set bits in a counter the terminal may reach, 6.1 */

#define USAGE_DERIVATION 0x8000
#define USAGE_INITIAL_KEY 0x8001

/* The algorithm of an AES key of LENGTH bytes. */
static enum aes_dukpt_algorithm aes_of(size_t length)
{
	return length == 16 ? DUKPT_AES128 : length == 24 ? DUKPT_AES192 : DUKPT_AES256;
}

/* Compute the last block, of which the result has only the first N bytes. */
static CK_RV part_of_block(struct key *key, const uint8_t data[BLOCK], uint8_t *out, size_t n)
{
	SECRET block = {0};

	TRY(secret_resize(&block, BLOCK));
	TRY(key_block(key, NULL, data, secret_bytes(&block)));
	memcpy(out, secret_peek(&block), n);
	return CKR_OK;
}

CK_RV aes_dukpt_derive(struct key *key, unsigned usage, enum aes_dukpt_algorithm algorithm,
	const uint8_t tail[8], size_t length, struct secret *ret)
{
	uint8_t data[BLOCK] = {1}; /* version of the derivation data, 6.3.2 tables 2 and 3 */

	TRY(secret_resize(ret, length));
	put_be16(data + 2, (uint16_t)usage);
	put_be16(data + 4, (uint16_t)algorithm);
	put_be16(data + 6, (uint16_t)(8 * length));
	memcpy(data + 8, tail, 8);
	for (size_t done = 0; done < length; done += BLOCK) {
		data[1]++; /* key block counter, from 1 */
		if (length - done >= BLOCK)
			TRY(key_block(key, NULL, data, secret_bytes(ret) + done));
		else
			TRY(part_of_block(key, data, secret_bytes(ret) + done, length - done));
	}
	return CKR_OK;
}

/* Load into RET_KEY a key of LENGTH bytes derived from KEY for further derivation. */
static CK_RV step(
	struct key *key, unsigned usage, const uint8_t tail[8], size_t length, struct key *ret_key)
{
	SECRET next = {0};

	TRY(aes_dukpt_derive(key, usage, aes_of(length), tail, length, &next));
	return key_load(ret_key, CKK_AES, secret_peek(&next), next.len);
}

CK_RV aes_dukpt_initial_key(
	struct key *bdk, const uint8_t id[ID_LENGTH], size_t length, struct key *ret_initial)
{
	return step(bdk, USAGE_INITIAL_KEY, id, length, ret_initial);
}

CK_RV aes_dukpt_walk(
	struct key *initial, const uint8_t id[ID_LENGTH], uint32_t counter, struct key *ret_key)
{
	size_t length = key_length(initial);
	struct key *key = initial;
	uint8_t tail[8];
	uint32_t reached = 0;

	memcpy(tail, id + 4, 4);
	while (counter != 0) { /* from the highest set bit to the lowest */
		uint32_t bit = UINT32_C(1) << (31 - __builtin_clz(counter));
		counter ^= bit;
		reached |= bit;
		put_be32(tail + 4, reached);
		TRY(step(key, USAGE_DERIVATION, tail, length, ret_key));
		key = ret_key;
	}
	return CKR_OK;
}

/* --- Initial key --- */

/*
 * An initial key is an AES key, as long as the BDK or shorter: X9.24-3 chooses the type of the
 * initial key separately, and no key is stronger than the BDK (6.2.2).
 */
static CK_RV plan_initial(struct derivation *d, const struct key_request *request)
{
	TRY(derive_plan_default(d, request));
	ENSURE(d->type == key_type(d->base), CKR_TEMPLATE_INCONSISTENT);
	ENSURE(d->length <= key_length(d->base), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV derive_initial(struct derivation *d, struct secret *ret_value)
{
	return aes_dukpt_derive(d->base, USAGE_INITIAL_KEY, aes_of(d->length),
		parameter_get(d->parameter, KEYDIV_KSN).p, d->length, ret_value);
}

/* --- Working keys --- */

/*
 * The key usage indicators of 6.3.2 table 2 that a working key can have, and whether an HMAC key
 * can have them.
 */
static const struct usage {
	uint16_t indicator;
	bool hmac;
	const struct role *role;
} usages[] = {
	{KEYDIV_USAGE_KEY_ENCRYPTION, false, &role_wrapping},
	{KEYDIV_USAGE_PIN, false, &role_cipher},
	{KEYDIV_USAGE_MAC_REQUEST, true, &role_mac},
	{KEYDIV_USAGE_MAC_RESPONSE, true, &role_mac},
	{KEYDIV_USAGE_MAC_BOTH, true, &role_mac},
	{KEYDIV_USAGE_DATA_REQUEST, false, &role_cipher},
	{KEYDIV_USAGE_DATA_RESPONSE, false, &role_cipher},
	{KEYDIV_USAGE_DATA_BOTH, false, &role_cipher},
	{KEYDIV_USAGE_KEY_DERIVATION, true, &role_none},
};

static const struct usage *usage_of(const struct parameter *p)
{
	uint16_t indicator = get_be16(parameter_get(p, KEYDIV_DUKPT_USAGE).p);

	for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++)
		if (usages[i].indicator == indicator)
			return &usages[i];
	return NULL;
}

static const struct role *role_of(const struct derivation *d)
{
	return usage_of(d->parameter)->role;
}

static CK_RV check_key(const struct parameter *p)
{
	uint32_t counter = get_be32(parameter_get(p, KEYDIV_KSN).p + ID_LENGTH);

	ENSURE(counter != 0 && __builtin_popcount(counter) <= BITS_MAX,
		CKR_MECHANISM_PARAM_INVALID);
	ENSURE(usage_of(p) != NULL, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/* The algorithm of a working key: table 3 of 6.3.2. Every type that is not named is an HMAC's. */
static enum aes_dukpt_algorithm algorithm_of(CK_KEY_TYPE type, size_t length)
{
	static const struct {
		CK_KEY_TYPE type;
		size_t length;
		enum aes_dukpt_algorithm algorithm;
	} ciphers[] = {
		{CKK_AES, 16, DUKPT_AES128},
		{CKK_AES, 24, DUKPT_AES192},
		{CKK_AES, 32, DUKPT_AES256},
		{CKK_DES2, 16, DUKPT_2TDEA},
		{CKK_DES3, 24, DUKPT_3TDEA},
	};

	for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++)
		if (ciphers[i].type == type && ciphers[i].length == length)
			return ciphers[i].algorithm;
	return DUKPT_HMAC;
}

/*
 * Settle type and length below an initial key of INITIAL bytes. The default is an AES key as long
 * as the initial key. No key is stronger than the initial key (6.2.2).
 */
static CK_RV plan_below(struct derivation *d, const struct key_request *request, size_t initial)
{
	TRY(derive_plan_as(d, request, CKK_AES, initial));
	ENSURE(d->length == 16 || d->length == 24 || d->length == 32, CKR_KEY_SIZE_RANGE);
	ENSURE(key_type_strength(d->type, d->length) <= 8 * initial, CKR_KEY_SIZE_RANGE);
	bool hmac = algorithm_of(d->type, d->length) == DUKPT_HMAC;
	ENSURE(!hmac || usage_of(d->parameter)->hmac, CKR_TEMPLATE_INCONSISTENT);
	return CKR_OK;
}

/* The length of the initial key in bytes: INITIAL_KEY_LENGTH, else the length of the BDK. */
static size_t initial_length(const struct derivation *d)
{
	struct bytes given = parameter_get(d->parameter, KEYDIV_INITIAL_KEY_LENGTH);

	return given.p != NULL ? given.p[0] : key_length(d->base);
}

static CK_RV plan_key(struct derivation *d, const struct key_request *request)
{
	size_t initial = initial_length(d);

	ENSURE(key_type_fits(CKK_AES, initial), CKR_MECHANISM_PARAM_INVALID);
	ENSURE(initial <= key_length(d->base), CKR_MECHANISM_PARAM_INVALID);
	return plan_below(d, request, initial);
}

static CK_RV plan_key_of_initial(struct derivation *d, const struct key_request *request)
{
	return plan_below(d, request, key_length(d->base));
}

static CK_RV working_key(struct derivation *d, struct key *initial, struct secret *ret)
{
	const uint8_t *ksn = parameter_get(d->parameter, KEYDIV_KSN).p;

	TRY(aes_dukpt_walk(initial, ksn, get_be32(ksn + ID_LENGTH), d->scratch[0]));
	return aes_dukpt_derive(d->scratch[0], usage_of(d->parameter)->indicator,
		algorithm_of(d->type, d->length), ksn + ID_LENGTH - 4, d->length, ret);
}

static CK_RV derive_working_key(struct derivation *d, struct secret *ret_value)
{
	const uint8_t *ksn = parameter_get(d->parameter, KEYDIV_KSN).p;

	TRY(aes_dukpt_initial_key(d->base, ksn, initial_length(d), d->scratch[0]));
	return working_key(d, d->scratch[0], ret_value);
}

static CK_RV derive_key_of_initial(struct derivation *d, struct secret *ret_value)
{
	return working_key(d, d->base, ret_value);
}

/* --- The mechanisms --- */

static const struct field fields_initial[] = {
	{FIELD(KSN), true, ID_LENGTH, ID_LENGTH},
	{0},
};

static const struct field fields_key[] = {
	{FIELD(KSN), true, KSN_LENGTH, KSN_LENGTH},
	{NUMBER_FIELD(DUKPT_USAGE), true, 2, 2},
	{NUMBER_FIELD(INITIAL_KEY_LENGTH), false, 1, 1},
	{0},
};

static const struct field fields_key_of_initial[] = {
	{FIELD(KSN), true, KSN_LENGTH, KSN_LENGTH},
	{NUMBER_FIELD(DUKPT_USAGE), true, 2, 2},
	{0},
};

#define BDK_128 "fedcba9876543210f1f1f1f1f1f1f1f1"
#define BDK_256 BDK_128 BDK_128
#define ID "1234567890123456"

/* The test vectors published with X9.24-3:2017; the DES keys with the odd parity they get here. */
static const struct known_answer answers_initial[] = {
	{CKK_AES, BDK_128, "400008" ID, CKK_AES, "1273671ea26ac29afa4d1084127652a1"},
	{CKK_AES, BDK_256, "400008" ID, CKK_AES,
		"ce9ce0c101d1138f97fb6cad4df045a7083d4eae2d35a31789d01ccf0949550f"},
	{0},
};

static const struct known_answer answers_key[] = {
	{CKK_AES, BDK_128,
		"40000c" ID "00000001"
		"4100021000",
		CKK_AES, "af8cb133a78f8dc2d1359f18527593fb"},
	{CKK_AES, BDK_128,
		"40000c" ID "00000003"
		"4100021000",
		CKK_AES, "7d69f01f3b45449f62c7816ece723268"},
	{CKK_AES, BDK_128,
		"40000c" ID "00000001"
		"4100020002",
		CKK_AES, "36a724b7befa5a25f5e7b5782a4554a2"},
	{CKK_AES, BDK_128,
		"40000c" ID "00000001"
		"4100021000",
		CKK_DES2, "620d706d9446e57c4549313e61c4d5ab"},
	{CKK_AES, BDK_128,
		"40000c" ID "00000001"
		"4100022000",
		CKK_DES3, "2a1061a7eac2c14fad3758ea07b3648a624a25e943795bf1"},
	{CKK_AES, BDK_256,
		"40000c" ID "00000001"
		"4100021000",
		CKK_AES, "8c1ab7bee973829e30242e0bbbdd4946d540c98fc1b5bdcf94790001a23fd502"},
	/* An initial key of 16 bytes, by tests/models/aes_dukpt.py: nothing is published. */
	{CKK_AES, BDK_256,
		"40000c" ID "00000001"
		"4100021000"
		"42000110",
		CKK_AES, "5f5621e41d7814e2a43267afdb7bf68a"},
	{0},
};

static const struct known_answer answers_key_of_initial[] = {
	{CKK_AES, "1273671ea26ac29afa4d1084127652a1",
		"40000c" ID "00000001"
		"4100021000",
		CKK_AES, "af8cb133a78f8dc2d1359f18527593fb"},
	{CKK_AES, "1273671ea26ac29afa4d1084127652a1",
		"40000c" ID "00000003"
		"4100021000",
		CKK_AES, "7d69f01f3b45449f62c7816ece723268"},
	{CKK_AES, "ce9ce0c101d1138f97fb6cad4df045a7083d4eae2d35a31789d01ccf0949550f",
		"40000c" ID "00000001"
		"4100021000",
		CKK_AES, "8c1ab7bee973829e30242e0bbbdd4946d540c98fc1b5bdcf94790001a23fd502"},
	{0},
};

static const struct role role_initial = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY},
};

const struct mechanism mech_aes_dukpt_initial_key = {
	.type = CKM_KEYDIV_AES_DUKPT_INITIAL_KEY,
	.name = "CKM_KEYDIV_AES_DUKPT_INITIAL_KEY",
	.what = "BDK -> initial key",
	.source = "ANSI X9.24-3:2017 6.3",
	.scheme = "aes-dukpt",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_initial,
	.derive = {.plan = plan_initial, .value = derive_initial, .role = &role_initial},
	.test = {.answers = answers_initial},
};

const struct mechanism mech_aes_dukpt_key = {
	.type = CKM_KEYDIV_AES_DUKPT_KEY,
	.name = "CKM_KEYDIV_AES_DUKPT_KEY",
	.what = "BDK -> working key",
	.source = "ANSI X9.24-3:2017 6.3",
	.scheme = "aes-dukpt",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_key,
	.check = check_key,
	.derive = {.plan = plan_key,
		.value = derive_working_key,
		.role_of = role_of,
		.for_use = true,
		.counter = {.tag = KEYDIV_KSN, .bits = COUNTER_BITS}},
	.test = {.answers = answers_key},
};

const struct mechanism mech_aes_dukpt_key_of_initial = {
	.type = CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL,
	.name = "CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL",
	.what = "initial key -> working key",
	.source = "ANSI X9.24-3:2017 6.3",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_key_of_initial,
	.check = check_key,
	.derive = {.plan = plan_key_of_initial,
		.value = derive_key_of_initial,
		.role_of = role_of,
		.for_use = true,
		.counter = {KEYDIV_KSN, COUNTER_BITS, .unused = ID_LENGTH - 4}},
	.test = {.answers = answers_key_of_initial},
};

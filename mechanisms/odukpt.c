/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odukpt.c: Optimal-DUKPT, the server: initial keys (0221) and retrieval of a
 * transaction key (0222).
 */
#include "odukpt.h"

CK_RV odukpt_shape(const struct parameter *p, unsigned *ret_r, unsigned *ret_n, uint64_t *ret_t)
{
	struct bytes shape = parameter_get(p, KEYDIV_SHAPE);
	unsigned r = shape.p[0], n = shape.p[1];

	ENSURE(r >= 1 && r <= ODUKPT_SHAPE_MAX && n >= 1 && n <= ODUKPT_SHAPE_MAX,
		CKR_MECHANISM_PARAM_INVALID);
	ENSURE(odukpt_transactions(r, n, ret_t), CKR_MECHANISM_PARAM_INVALID);
	*ret_r = r;
	*ret_n = n;
	return CKR_OK;
}

CK_RV odukpt_child(struct key *parent, uint64_t number, size_t length, struct secret *ret)
{
	uint8_t field[3 + 8] = {KEYDIV_TRANSACTION, 0, 8};

	put_be64(field + 3, number);
	return kdf(parent, ODUKPT_LABEL_KEY, bytes_of(field, sizeof field), length, ret);
}

CK_RV odukpt_result(struct derivation *d, struct key *register_key, struct secret *ret)
{
	struct bytes purpose =
		parameter_span(d->parameter, KEYDIV_ODUKPT_PURPOSE, KEYDIV_ODUKPT_PURPOSE);

	return kdf_result(d, register_key, ODUKPT_LABEL_RESULT, purpose, ret);
}

/* --- The initial key of one client --- */

static CK_RV check_shape(const struct parameter *p)
{
	unsigned r, n;
	uint64_t t;

	return odukpt_shape(p, &r, &n, &t);
}

/*
 * Plan an initial key with the type and length of the BDK. The tree below has keys of that length.
 */
static CK_RV plan_initial(struct derivation *d, const struct key_request *request)
{
	TRY(derive_plan_default(d, request));
	ENSURE(d->type == key_type(d->base), CKR_TEMPLATE_INCONSISTENT);
	ENSURE(d->length == key_length(d->base), CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV derive_initial(struct derivation *d, struct secret *ret_value)
{
	struct bytes context = parameter_span(d->parameter, KEYDIV_DEVICE, KEYDIV_SHAPE);

	return kdf(d->base, ODUKPT_LABEL_INITIAL, context, key_length(d->base), ret_value);
}

/* --- A transaction key by its number --- */

static CK_RV check_key(const struct parameter *p)
{
	unsigned r, n;
	uint64_t t;

	TRY(odukpt_shape(p, &r, &n, &t));
	ENSURE(get_be64(parameter_get(p, KEYDIV_TRANSACTION).p) < t, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

/*
 * The root of the tree: the base itself, or, with DEVICE, the initial key derived from it into
 * a scratch key.
 */
static CK_RV load_root(struct derivation *d, struct key **ret_root)
{
	SECRET initial = {0};

	if (parameter_get(d->parameter, KEYDIV_DEVICE).p == NULL) {
		*ret_root = d->base;
		return CKR_OK;
	}
	TRY(derive_initial(d, &initial));
	TRY(key_load(d->scratch[0], CKK_AES, secret_peek(&initial), initial.len));
	*ret_root = d->scratch[0];
	return CKR_OK;
}

static CK_RV derive_transaction_key(struct derivation *d, struct secret *ret_value)
{
	struct odukpt_path path;
	struct key *key;
	unsigned r = 0, n = 0;
	uint64_t t;

	TRY(odukpt_shape(d->parameter, &r, &n, &t));
	d->number = get_be64(parameter_get(d->parameter, KEYDIV_TRANSACTION).p);
	ENSURE(odukpt_path(r, n, d->number, &path), CKR_MECHANISM_PARAM_INVALID);
	TRY(load_root(d, &key));
	for (size_t i = 0; i < path.length; i++) {
		SECRET child = {0};
		TRY(odukpt_child(key, path.number[i], key_length(d->base), &child));
		TRY(key_load(d->scratch[0], CKK_AES, secret_peek(&child), child.len));
		key = d->scratch[0];
	}
	return odukpt_result(d, key, ret_value);
}

/* --- The mechanisms --- */

static const struct field fields_initial[] = {
	{FIELD(DEVICE), true, 1, 128},
	{FIELD(SHAPE), true, 2, 2},
	{0},
};

static const struct field fields_key[] = {
	{FIELD(DEVICE), false, 1, 128},
	{FIELD(SHAPE), true, 2, 2},
	{NUMBER_FIELD(TRANSACTION), true, 8, 8},
	{FIELD(ODUKPT_PURPOSE), false, 1, 32},
	{0},
};

#define BDK "2b7e151628aed2a6abf7158809cf4f3c"
#define DEVICE "01000b5445524d494e414c2d3031" /* TERMINAL-01 */
#define SHAPE_3_3 "5000020303"
#define SHAPE_21_7 "5000021507"
#define PIN                                                                                        \
	"520003"                                                                                   \
	"70696e"

static const struct known_answer answers_initial[] = {
	{CKK_AES, BDK, DEVICE SHAPE_3_3, CKK_AES, "6b19db10601cbc2a9d230d011bc605e4"},
	{CKK_AES, BDK, DEVICE SHAPE_21_7, CKK_AES, "fe67dfd072c4f7e06f6d8c4a2d2cfc5a"},
	{0},
};

static const struct known_answer answers_key[] = {
	{CKK_AES, BDK, DEVICE SHAPE_3_3 "5100080000000000000000", CKK_AES,
		"c7c0b73702ef66b95bb7a696e370a6aa"},
	{CKK_AES, BDK, DEVICE SHAPE_3_3 "5100080000000000000001", CKK_AES,
		"c33a312d4d86f3edc369b1d386b29b73"},
	{CKK_AES, BDK, DEVICE SHAPE_3_3 "5100080000000000000003", CKK_AES,
		"8218a399d18d6bfa41e41222f97205c4"},
	{CKK_AES, BDK, DEVICE SHAPE_3_3 "5100080000000000000009", CKK_AES,
		"b788273efa888a8b4e64e1ff1f7ee688"},
	{CKK_AES, BDK, DEVICE SHAPE_3_3 "5100080000000000000012", CKK_AES,
		"8e6ff7d16e9f7f7d5668971568fffd32"},
	{CKK_AES, "6b19db10601cbc2a9d230d011bc605e4", SHAPE_3_3 "5100080000000000000012", CKK_AES,
		"8e6ff7d16e9f7f7d5668971568fffd32"},
	{CKK_AES, BDK, DEVICE SHAPE_21_7 "51000800000000000f4240" PIN, CKK_AES,
		"1b86f460ecd5d6380bad9aeb6beffe31"},
	{CKK_AES, BDK, DEVICE SHAPE_21_7 "5100080000000000121126" PIN, CKK_AES,
		"f4ed3ed250ebd8d9decff03fe5b5c849"},
	{CKK_AES, BDK, DEVICE SHAPE_21_7 "51000800000000000f4240" PIN, CKK_AES,
		"ed4b9f7bac857bcff5c5cc3330e3ffcf"},
	{0},
};

static const uint32_t usages_key[] = {0, 0, 0, 0, 0, 0, 0, 0, USAGE_ENCRYPT};

static const struct role role_initial = {
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_ODUKPT_KEY, CKM_KEYDIV_ODUKPT_CLIENT, CKM_KEYDIV_WITH_DERIVED_KEY},
};

const struct mechanism mech_odukpt_initial_key = {
	.type = CKM_KEYDIV_ODUKPT_INITIAL_KEY,
	.name = "CKM_KEYDIV_ODUKPT_INITIAL_KEY",
	.what = "BDK -> initial key of one client",
	.source = "Brier, Peyrin 2010",
	.scheme = "odukpt",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_initial,
	.check = check_shape,
	.derive = {.plan = plan_initial, .value = derive_initial, .role = &role_initial},
	.test = {.answers = answers_initial},
};

const struct mechanism mech_odukpt_key = {
	.type = CKM_KEYDIV_ODUKPT_KEY,
	.name = "CKM_KEYDIV_ODUKPT_KEY",
	.what = "BDK or initial key -> transaction key",
	.source = "Brier, Peyrin 2010",
	.scheme = "odukpt",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_key,
	.check = check_key,
	.derive = {.value = derive_transaction_key,
		.role = &role_by_use,
		.sets_transaction = true,
		.for_use = true,
		.counter = {KEYDIV_TRANSACTION, 64, .of = KEYDIV_SHAPE, .with = KEYDIV_DEVICE}},
	.test = {.answers = answers_key, .usages = usages_key},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_client.c: the client of Optimal-DUKPT, with its state (0223) and its next key (0224). */
#include "odukpt_client.h"

#include "odukpt.h"

#define LAYOUT_VERSION 1

enum {
	AT_VERSION = 0,
	AT_R = 1,
	AT_N = 2,
	AT_KEY_LENGTH = 3,
	AT_NUMBER = 4,
};

/* Register P (from 1) of STATE: a distance byte, followed by the key. */
static uint8_t *register_at(uint8_t *state, unsigned p)
{
	return state + ODUKPT_STATE_HEADER + (p - 1) * (1u + state[AT_KEY_LENGTH]);
}

static size_t state_length(unsigned r, size_t key_length)
{
	return ODUKPT_STATE_HEADER + r * (1 + key_length);
}

/* --- Checking --- */

/*
 * Compute the DISTANCE of each register 1..R when NUMBER is next. A register above a step of the
 * path holds the key of that step's sibling, which is unused.
 */
static void expected_distances(
	unsigned r, unsigned n, uint64_t number, uint8_t distance[ODUKPT_SHAPE_MAX + 1])
{
	struct odukpt_path path;
	unsigned p = r;

	memset(distance, 0, ODUKPT_SHAPE_MAX + 1);
	if (!odukpt_path(r, n, number, &path))
		return; /* used up: all registers are empty */
	for (unsigned k = 1; k <= path.length; k++)
		for (; p > path.at[k - 1]; p--)
			distance[p] = (uint8_t)k;
	distance[p] = (uint8_t)path.length;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < n; i++)
		seen |= p[i];
	return seen == 0;
}

static CK_RV check_header(const uint8_t *state, size_t n, uint64_t *ret_t)
{
	ENSURE(n >= ODUKPT_STATE_HEADER, CKR_DEVICE_ERROR);
	secret_reveal(state, ODUKPT_STATE_HEADER, "the attributes of a client tell its header");
	ENSURE(state[AT_VERSION] == LAYOUT_VERSION, CKR_DEVICE_ERROR);
	unsigned r = state[AT_R], steps = state[AT_N], length = state[AT_KEY_LENGTH];
	ENSURE(r >= 1 && r <= ODUKPT_SHAPE_MAX && steps >= 1 && steps <= ODUKPT_SHAPE_MAX,
		CKR_DEVICE_ERROR);
	ENSURE(length == 16 || length == 24 || length == 32, CKR_DEVICE_ERROR);
	ENSURE(n == state_length(r, length), CKR_DEVICE_ERROR);
	ENSURE(odukpt_transactions(r, steps, ret_t), CKR_DEVICE_ERROR);
	ENSURE(get_be64(state + AT_NUMBER) <= *ret_t, CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV check(const uint8_t *state, size_t n)
{
	uint8_t distance[ODUKPT_SHAPE_MAX + 1];
	uint64_t t;

	TRY(check_header(state, n, &t));
	expected_distances(state[AT_R], state[AT_N], get_be64(state + AT_NUMBER), distance);
	for (unsigned p = 1; p <= state[AT_R]; p++) {
		const uint8_t *at = register_at((uint8_t *)(uintptr_t)state, p);
		bool empty = all_zero(at + 1, state[AT_KEY_LENGTH]);
		secret_reveal(at, 1, "the number of a client tells the distances");
		secret_reveal(&empty, sizeof empty, "a distance of 0 says that there is no key");
		ENSURE(at[0] == distance[p] && empty == (distance[p] == 0), CKR_DEVICE_ERROR);
	}
	return CKR_OK;
}

/* --- Attributes --- */

static const CK_ATTRIBUTE_TYPE fixed_attributes[] = {CKA_KEYDIV_SHAPE, 0};

static uint64_t next_number(const uint8_t *state)
{
	return get_be64(state + AT_NUMBER);
}

static CK_RV describe(
	const uint8_t *state, size_t n, CK_ATTRIBUTE_TYPE type, uint8_t *ret, size_t *ret_n)
{
	uint64_t t;

	TRY(check(state, n));
	TRY(check_header(state, n, &t));
	switch (type) {
	case CKA_KEYDIV_SHAPE:
		memcpy(ret, state + AT_R, 2);
		*ret_n = 2;
		return CKR_OK;
	case CKA_KEYDIV_TRANSACTION:
	case CKA_KEYDIV_REMAINING:
		put_be64(ret, type == CKA_KEYDIV_TRANSACTION ? next_number(state)
							     : t - next_number(state));
		*ret_n = 8;
		return CKR_OK;
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

/* The length of a register key, from SHAPE and the N bytes of a state. */
static size_t released_length(struct bytes shape, size_t n)
{
	return shape.n == 2 && shape.p[0] > 0 ? (n - ODUKPT_STATE_HEADER) / shape.p[0] - 1 : 0;
}

/* --- A new state from an initial key (0223) --- */

static CK_RV check_shape(const struct parameter *p)
{
	unsigned r, n;
	uint64_t t;

	return odukpt_shape(p, &r, &n, &t);
}

static CK_RV plan_state(struct derivation *d, const struct key_request *request)
{
	REQUIRE(!request->has_type || request->type == CKK_KEYDIV_ODUKPT_CLIENT,
		CKR_TEMPLATE_INCONSISTENT, "the key type is not that of a client state");
	REQUIRE(!request->has_length, CKR_TEMPLATE_INCONSISTENT,
		"the template gives a length, which a client state does not have");
	d->object_class = CKO_SECRET_KEY;
	d->type = CKK_KEYDIV_ODUKPT_CLIENT;
	d->length =
		state_length(parameter_get(d->parameter, KEYDIV_SHAPE).p[0], key_length(d->base));
	return CKR_OK;
}

/* Put the child NUMBER of PARENT into register P of STATE, at DISTANCE. */
static CK_RV fill(
	uint8_t *state, unsigned p, unsigned distance, struct key *parent, uint64_t number)
{
	uint8_t *at = register_at(state, p);
	SECRET child = {0};

	TRY(odukpt_child(parent, number, state[AT_KEY_LENGTH], &child));
	at[0] = (uint8_t)distance;
	memcpy(at + 1, secret_peek(&child), child.len);
	return CKR_OK;
}

static CK_RV derive_state(struct derivation *d, struct secret *ret_value)
{
	unsigned r, n;
	uint64_t t;

	TRY(odukpt_shape(d->parameter, &r, &n, &t));
	TRY(secret_resize(ret_value, d->length));
	uint8_t *state = secret_bytes(ret_value);
	state[AT_VERSION] = LAYOUT_VERSION;
	state[AT_R] = (uint8_t)r;
	state[AT_N] = (uint8_t)n;
	state[AT_KEY_LENGTH] = (uint8_t)key_length(d->base);
	for (unsigned p = 1; p <= r; p++)
		TRY(fill(state, p, 1, d->base, odukpt_before(p, n - 1)));
	return CKR_OK;
}

/* --- The next key (0224) --- */

/* The default is an AES key as long as the register keys. */
static CK_RV plan_next(struct derivation *d, const struct key_request *request)
{
	return derive_plan_as(d, request, CKK_AES, d->state_key_length);
}

/*
 * Take the key of the lowest filled register R. At distance N erase the register. Else derive a
 * child of the key into each register 1 to R. The last child overwrites the key in register R, so
 * RET_KEY is then the only copy of the key (Brier, Peyrin 2010).
 */
static CK_RV advance(struct derivation *d, uint8_t *state, size_t state_len, struct secret *ret_key)
{
	TRY(check(state, state_len));
	unsigned r = 1, n = state[AT_N];
	while (r <= state[AT_R] && register_at(state, r)[0] == 0)
		r++;
	REQUIRE(r <= state[AT_R], CKR_KEYDIV_EXHAUSTED, "the client has no key left");

	uint8_t *at = register_at(state, r);
	unsigned distance = at[0];
	uint64_t number = get_be64(state + AT_NUMBER);
	TRY(secret_set(ret_key, at + 1, state[AT_KEY_LENGTH]));
	if (distance < n) {
		TRY(key_load(d->scratch[1], CKK_AES, at + 1, state[AT_KEY_LENGTH]));
		for (unsigned p = 1; p <= r; p++)
			TRY(fill(state, p, distance + 1, d->scratch[1],
				number + 1 + odukpt_before(p, n - distance - 1)));
		key_unload(d->scratch[1]);
	} else {
		wipe(at, 1u + state[AT_KEY_LENGTH]);
	}
	put_be64(state + AT_NUMBER, number + 1);
	d->number = number;
	return CKR_OK;
}

static CK_RV derive_next(struct derivation *d, struct secret *ret_value)
{
	return odukpt_result(d, d->scratch[0], ret_value);
}

const struct state_kind state_odukpt_client = {
	.key_type = CKK_KEYDIV_ODUKPT_CLIENT,
	.name = "O-DUKPT client",
	.size = ODUKPT_STATE_MAX,
	.attributes = fixed_attributes,
	.check = check,
	.next = next_number,
	.describe = describe,
	.advance = advance,
	.released = CKK_AES,
	.released_length = released_length,
};

/* --- The mechanisms --- */

static const CK_KEY_TYPE key_types_client[] = {CKK_KEYDIV_ODUKPT_CLIENT, KEY_TYPES_END};

static const struct field fields_state[] = {
	{FIELD(SHAPE), true, 2, 2},
	{0},
};

static const struct field fields_next[] = {
	{FIELD(ODUKPT_PURPOSE), false, 1, 32},
	{0},
};

/*
 * The states of TERMINAL-01 with three registers and three computations, before transactions 0,
 * 3 and 18.
 */
#define INITIAL_KEY "6b19db10601cbc2a9d230d011bc605e4"
#define STATE_0                                                                                    \
	"010303100000000000000000"                                                                 \
	"019408e98d4f6a68843e2ff292f964e4af"                                                       \
	"010c441597cd4e4ffeec87e4471bab3d84"                                                       \
	"01cbcf2cf84afeee5fd0e342fb6b3146f1"
#define STATE_3                                                                                    \
	"010303100000000000000003"                                                                 \
	"0000000000000000000000000000000000"                                                       \
	"010c441597cd4e4ffeec87e4471bab3d84"                                                       \
	"01cbcf2cf84afeee5fd0e342fb6b3146f1"
#define STATE_18                                                                                   \
	"010303100000000000000012"                                                                 \
	"0000000000000000000000000000000000"                                                       \
	"0000000000000000000000000000000000"                                                       \
	"039287f85ed945f7a05c41844c4f6b64dc"

static const struct known_answer answers_state[] = {
	{CKK_AES, INITIAL_KEY, "5000020303", CKK_KEYDIV_ODUKPT_CLIENT, STATE_0},
	{0},
};

static const struct known_answer answers_next[] = {
	{CKK_KEYDIV_ODUKPT_CLIENT, STATE_0, "", CKK_AES, "c7c0b73702ef66b95bb7a696e370a6aa"},
	{CKK_KEYDIV_ODUKPT_CLIENT, STATE_3, "", CKK_AES, "8218a399d18d6bfa41e41222f97205c4"},
	{CKK_KEYDIV_ODUKPT_CLIENT, STATE_18, "", CKK_AES, "8e6ff7d16e9f7f7d5668971568fffd32"},
	{0},
};

static const struct role role_client = {
	.level = LEVEL_FIXED,
	.children = {CKM_KEYDIV_ODUKPT_NEXT_KEY},
};

const struct mechanism mech_odukpt_client = {
	.type = CKM_KEYDIV_ODUKPT_CLIENT,
	.name = "CKM_KEYDIV_ODUKPT_CLIENT",
	.what = "initial key -> client state",
	.source = "Brier, Peyrin 2010",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_state,
	.check = check_shape,
	.derive = {.plan = plan_state, .value = derive_state, .role = &role_client},
	.test = {.answers = answers_state},
};

const struct mechanism mech_odukpt_next_key = {
	.type = CKM_KEYDIV_ODUKPT_NEXT_KEY,
	.name = "CKM_KEYDIV_ODUKPT_NEXT_KEY",
	.what = "client state -> its next key",
	.source = "Brier, Peyrin 2010",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_client,
	.fields = fields_next,
	.derive = {.plan = plan_next,
		.value = derive_next,
		.state = &state_odukpt_client,
		.role = &role_by_use,
		.sets_transaction = true},
	.test = {.answers = answers_next},
};

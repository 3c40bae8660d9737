/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_client.c: check the state of an O-DUKPT client. An accepted state must advance to its end,
 * number by number, and must stay valid.
 */
#include "fuzz.h"

#include "mechanism.h"
#include "odukpt_client.h"

static struct key *keys[SCRATCH_KEYS];

void fuzz_start(void)
{
	MUST(crypto_start() == CKR_OK);
	for (unsigned i = 0; i < SCRATCH_KEYS; i++) {
		keys[i] = key_new();
		MUST(keys[i] != NULL);
	}
}

/*
 * Build the state that R, N and a number define, with keys of all A. The input then
 * mutates the state.
 */
static size_t build(struct input *in, uint8_t *state)
{
	unsigned r = 1 + take_byte(in) % 32, n = 1 + take_byte(in) % 32,
		 length = 16 + 8 * (take_byte(in) % 3);
	uint64_t t, number = take_number(in);
	struct odukpt_path path;
	unsigned p = r;

	if (!odukpt_transactions(r, n, &t))
		return 0;
	memset(state, 0, ODUKPT_STATE_MAX);
	state[0] = 1;
	state[1] = (uint8_t)r;
	state[2] = (uint8_t)n;
	state[3] = (uint8_t)length;
	put_be64(state + 4, number % (t + 1));
	if (odukpt_path(r, n, number % (t + 1), &path)) {
		for (unsigned k = 1; k <= path.length; k++)
			for (; p > path.at[k - 1]; p--)
				memset(state + ODUKPT_STATE_HEADER + (p - 1) * (1 + length), (int)k,
					1 + length);
		memset(state + ODUKPT_STATE_HEADER + (p - 1) * (1 + length), (int)path.length,
			1 + length);
	}
	return ODUKPT_STATE_HEADER + r * (1 + length);
}

static uint64_t number_of(const uint8_t *state, size_t n, CK_ATTRIBUTE_TYPE type)
{
	uint8_t value[STATE_ATTRIBUTE_MAX];
	size_t value_n = 0;

	MUST(state_odukpt_client.describe(state, n, type, value, &value_n) == CKR_OK);
	MUST(value_n == 8);
	return get_be64(value);
}

static void go_on(uint8_t *state, size_t n)
{
	const struct mechanism *row = mechanism_find(CKM_KEYDIV_ODUKPT_NEXT_KEY);
	uint64_t before = number_of(state, n, CKA_KEYDIV_TRANSACTION);
	uint64_t left = number_of(state, n, CKA_KEYDIV_REMAINING);

	for (int i = 0; i < 20; i++) {
		struct derivation d = {.mechanism = row, .scratch = {keys[0], keys[1]}};
		SECRET key = {0};
		CK_RV rv = row->derive.state->advance(&d, state, n, &key);
		MUST(rv == CKR_OK || rv == CKR_KEYDIV_EXHAUSTED);
		MUST((rv == CKR_OK) == (left > 0));
		uint64_t number = number_of(state, n, CKA_KEYDIV_TRANSACTION);
		uint64_t remaining = number_of(state, n, CKA_KEYDIV_REMAINING);
		MUST(rv == CKR_OK ? d.number == before && number == before + 1 &&
					    remaining == left - 1
				  : number == before);
		before = number;
		left = remaining;
	}
}

void fuzz_one(const uint8_t *data, size_t n)
{
	uint8_t state[ODUKPT_STATE_MAX + 64];
	struct input in = {data, n};
	bool built = take_byte(&in) & 1;

	if (built) {
		n = build(&in, state);
		for (; n > 0 && in.n >= 3; in.n -= 3, in.p += 3)
			state[(in.p[0] << 8 | in.p[1]) % n] ^= in.p[2];
	} else {
		n = in.n < sizeof state ? in.n : sizeof state;
		if (n > 0)
			memcpy(state, in.p, n);
	}
	uint8_t *exact = malloc(n ? n : 1);
	MUST(exact != NULL);
	memcpy(exact, state, n);
	CK_RV rv = state_odukpt_client.check(exact, n);
	MUST(rv == CKR_OK || rv == CKR_DEVICE_ERROR);
	if (rv == CKR_OK)
		go_on(exact, n);
	free(exact);
}

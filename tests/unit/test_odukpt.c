/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_odukpt.c: O-DUKPT, client against server. Over every shape of at most 3000 transactions: all
 * keys are distinct and the server's, the server computes at most N keys on its way and the client
 * at most R, at most R registers are filled, and what the registers can still derive is exactly the
 * set of unused keys.
 */
#include "odukpt_client.h"

#include "odukpt.h"
#include "scheme.h"

#define BDK "2b7e151628aed2a6abf7158809cf4f3c"
#define SMALL 3000

/*
 * Calls of the KDF, which is all that the scheme computes with: the linker puts this
 * counter before it.
 */
CK_RV __real_kdf(struct key *key, const char *label, struct bytes context, size_t length,
	struct secret *ret);
CK_RV __wrap_kdf(struct key *key, const char *label, struct bytes context, size_t length,
	struct secret *ret);
CK_RV __real_kdf_result(struct derivation *d, struct key *key, const char *label,
	struct bytes context, struct secret *ret);
CK_RV __wrap_kdf_result(struct derivation *d, struct key *key, const char *label,
	struct bytes context, struct secret *ret);

static unsigned calls;

CK_RV __wrap_kdf(
	struct key *key, const char *label, struct bytes context, size_t length, struct secret *ret)
{
	calls++;
	return __real_kdf(key, label, context, length, ret);
}

CK_RV __wrap_kdf_result(struct derivation *d, struct key *key, const char *label,
	struct bytes context, struct secret *ret)
{
	calls++;
	return __real_kdf_result(d, key, label, context, ret);
}

static void put_shape(struct scheme *s, unsigned r, unsigned n)
{
	uint8_t shape[2] = {(uint8_t)r, (uint8_t)n};

	keydiv_put(&s->parameter, KEYDIV_SHAPE, shape, 2);
}

static void initial_key(unsigned r, unsigned n, struct secret *ret)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKK_AES, BDK);
	scheme_put_text(&s, KEYDIV_DEVICE, "TERMINAL-01");
	put_shape(&s, r, n);
	ck_ok(scheme_run(&s, ret));
}

/* A new client: the case of its next key, with the state as base. */
static void new_client(struct scheme *client, unsigned r, unsigned n)
{
	struct scheme s;
	SECRET ik = {0};
	SECRET state = {0};

	initial_key(r, n, &ik);
	scheme_start(&s, CKM_KEYDIV_ODUKPT_CLIENT, CKK_AES, "");
	memcpy(s.base, secret_peek(&ik), ik.len);
	s.base_len = ik.len;
	put_shape(&s, r, n);
	ck_ok(scheme_run(&s, &state));
	ck_assert_uint_eq(s.type, CKK_KEYDIV_ODUKPT_CLIENT);
	ck_assert_uint_le(state.len, ODUKPT_STATE_MAX);
	scheme_start(client, CKM_KEYDIV_ODUKPT_NEXT_KEY, CKK_KEYDIV_ODUKPT_CLIENT, "");
	memcpy(client->base, secret_peek(&state), state.len);
	client->base_len = state.len;
}

static void server_key(unsigned r, unsigned n, uint64_t number, struct secret *ret)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_ODUKPT_KEY, CKK_AES, BDK);
	scheme_put_text(&s, KEYDIV_DEVICE, "TERMINAL-01");
	put_shape(&s, r, n);
	keydiv_put_number(&s.parameter, KEYDIV_TRANSACTION, number);
	calls = 0;
	ck_ok(scheme_run(&s, ret));
	ck_assert_uint_le(calls, 1 + n + 1); /* beside its N the initial key, and the result */
	ck_assert_uint_eq(s.number, number);
}

/*
 * Number of the key in a register of the state, if it is filled: from the registers above,
 * independent of the code under test.
 */
static uint64_t binomial(unsigned n, unsigned k)
{
	uint64_t c = 1;

	for (unsigned i = 1; i <= k; i++)
		c = c * (n - k + i) / i;
	return c;
}

/*
 * The keys the filled registers can still give, themselves included: C(b + p, p) each, b =
 * N - distance.
 */
static uint64_t reachable(const struct scheme *client, unsigned *ret_filled)
{
	const uint8_t *state = client->base;
	uint64_t keys = 0;

	*ret_filled = 0;
	for (unsigned p = 1; p <= state[1]; p++) {
		unsigned distance = state[ODUKPT_STATE_HEADER + (p - 1) * 17];
		if (distance == 0)
			continue;
		++*ret_filled;
		keys += binomial(state[2] - distance + p, p);
	}
	return keys;
}

static void check_description(
	const struct scheme *client, unsigned r, unsigned n, uint64_t number, uint64_t t)
{
	const struct state_kind *kind = &state_odukpt_client;
	uint8_t shape[STATE_ATTRIBUTE_MAX], next[STATE_ATTRIBUTE_MAX], left[STATE_ATTRIBUTE_MAX];
	size_t shape_n = 0, next_n = 0, left_n = 0;
	const uint8_t *state = client->base;

	ck_ok(kind->describe(state, client->base_len, CKA_KEYDIV_SHAPE, shape, &shape_n));
	ck_ok(kind->describe(state, client->base_len, CKA_KEYDIV_TRANSACTION, next, &next_n));
	ck_ok(kind->describe(state, client->base_len, CKA_KEYDIV_REMAINING, left, &left_n));
	ck_rv(kind->describe(state, client->base_len, CKA_LABEL, left, &left_n),
		CKR_ATTRIBUTE_TYPE_INVALID);
	ck_assert_uint_eq(shape_n, 2);
	ck_assert_uint_eq(shape[0], r);
	ck_assert_uint_eq(shape[1], n);
	ck_assert_uint_eq(next_n, 8);
	ck_assert_uint_eq(get_be64(next), number);
	ck_assert_uint_eq(kind->next(state), number);
	ck_assert_uint_eq(left_n, 8);
	ck_assert_uint_eq(get_be64(left), t - number);
	ck_assert_uint_eq(
		kind->released_length(bytes_of(shape, 2), client->base_len), client->base[3]);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void walk(unsigned r, unsigned n, uint64_t t)
{
	static uint8_t keys[SMALL][16];
	struct scheme client;
	unsigned filled, most = 0;

	new_client(&client, r, n);
	for (uint64_t i = 0; i < t; i++) {
		SECRET mine = {0};
		SECRET theirs = {0};
		ck_assert_uint_eq(reachable(&client, &filled), t - i);
		ck_assert_uint_le(filled, r);
		check_description(&client, r, n, i, t);
		calls = 0;
		ck_ok(scheme_run(&client, &mine));
		ck_assert_uint_le(calls, r + 1); /* the children, and the result */
		ck_assert_uint_eq(client.number, i);
		server_key(r, n, i, &theirs);
		most = calls > most ? calls : most;
		ck_assert_mem_eq(secret_peek(&mine), secret_peek(&theirs), 16);
		memcpy(keys[i], secret_peek(&mine), 16);
	}
	ck_assert_uint_eq(most, 1 + n + 1); /* there are keys at distance N, and they are counted */
	check_description(&client, r, n, t, t);
	scheme_refused(&client, CKR_KEYDIV_EXHAUSTED);
	qsort(keys, t, 16, compare);
	for (uint64_t i = 1; i < t; i++)
		ck_assert_mem_ne(keys[i - 1], keys[i], 16);
}

START_TEST(every_small_shape)
{
	uint64_t t;
	unsigned r = (unsigned)_i;

	for (unsigned n = 1; n <= ODUKPT_SHAPE_MAX; n++)
		if (odukpt_transactions(r, n, &t) && t <= SMALL)
			walk(r, n, t);
}
END_TEST

/*
 * A state at any number is known: build the one before NUMBER from the tree, as if the client
 * had come there.
 */
static void jump(struct scheme *client, unsigned r, unsigned n, uint64_t number)
{
	struct odukpt_path path;
	SECRET ik = {0};

	initial_key(r, n, &ik);
	new_client(client, r, n);
	uint8_t *state = client->base;
	memset(state + ODUKPT_STATE_HEADER, 0, client->base_len - ODUKPT_STATE_HEADER);
	put_be64(state + 4, number);
	ck_assert(odukpt_path(r, n, number, &path));
	ck_ok(key_load(scheme_key(1), CKK_AES, secret_peek(&ik), ik.len));
	for (unsigned k = 1, p = r; k <= path.length; k++) {
		uint64_t first = k == 1 ? 0 : path.number[k - 2] + 1;
		for (; p >= path.at[k - 1]; p--) {
			SECRET key = {0};
			if (p == path.at[k - 1] && k < path.length)
				break;
			ck_ok(odukpt_child(
				scheme_key(1), first + odukpt_before(p, n - k), 16, &key));
			state[ODUKPT_STATE_HEADER + (p - 1) * 17] = (uint8_t)k;
			memcpy(state + ODUKPT_STATE_HEADER + (p - 1) * 17 + 1, secret_peek(&key),
				16);
			if (p == path.at[k - 1])
				break;
		}
		SECRET next = {0};
		ck_ok(odukpt_child(scheme_key(1), path.number[k - 1], 16, &next));
		ck_ok(key_load(scheme_key(1), CKK_AES, secret_peek(&next), next.len));
	}
}

START_TEST(samples_of_big_shapes)
{
	static const unsigned shapes[][2] = {{21, 7}, {13, 10}, {21, 10}};
	unsigned r = shapes[_i][0], n = shapes[_i][1];
	uint64_t t;

	ck_assert(odukpt_transactions(r, n, &t));
	for (uint64_t sample = 0; sample < 40; sample++) {
		uint64_t number = sample == 39 ? t - 30 : t / 40 * sample;
		struct scheme client;
		unsigned filled;
		jump(&client, r, n, number);
		for (uint64_t i = number; i < number + 30; i++) {
			SECRET mine = {0};
			SECRET theirs = {0};
			ck_assert_uint_eq(reachable(&client, &filled), t - i);
			ck_assert_uint_le(filled, r);
			ck_ok(scheme_run(&client, &mine));
			server_key(r, n, i, &theirs);
			ck_assert_mem_eq(secret_peek(&mine), secret_peek(&theirs), 16);
		}
	}
}
END_TEST

/*
 * A released key must be nowhere in the state, and no key left in the state may derive the released
 * key, because its register key was overwritten.
 */
START_TEST(forward_security)
{
	struct scheme client;
	uint8_t before[ODUKPT_STATE_MAX];

	new_client(&client, 3, 3);
	for (int i = 0; i < 19; i++) {
		SECRET key = {0};
		unsigned r = 1;
		while (client.base[ODUKPT_STATE_HEADER + (r - 1) * 17] == 0)
			r++;
		memcpy(before, client.base + ODUKPT_STATE_HEADER + (r - 1) * 17 + 1, 16);
		ck_ok(scheme_run(&client, &key));
		ck_assert_ptr_null(memmem(client.base, client.base_len, before, 16));
		ck_assert_ptr_null(memmem(client.base, client.base_len, secret_peek(&key), 16));
	}
	for (size_t i = ODUKPT_STATE_HEADER; i < client.base_len; i++)
		ck_assert_uint_eq(client.base[i], 0);
}
END_TEST

START_TEST(purpose_and_length)
{
	struct scheme client, server;
	SECRET mine = {0};

	new_client(&client, 3, 3);
	scheme_put_text(&client, KEYDIV_ODUKPT_PURPOSE, "pin");
	scheme_want(&client, CKK_AES, 32);
	ck_ok(scheme_run(&client, &mine));
	scheme_start(&server, CKM_KEYDIV_ODUKPT_KEY, CKK_AES, BDK);
	scheme_put_text(&server, KEYDIV_DEVICE, "TERMINAL-01");
	put_shape(&server, 3, 3);
	keydiv_put_number(&server.parameter, KEYDIV_TRANSACTION, 0);
	scheme_put_text(&server, KEYDIV_ODUKPT_PURPOSE, "pin");
	scheme_want(&server, CKK_AES, 32);
	char hex[65];
	hex_encode(secret_peek(&mine), mine.len, hex);
	scheme_expect(&server, hex);
}
END_TEST

START_TEST(refused_numbers_and_shapes)
{
	static const uint8_t shapes[][2] = {{0, 3}, {3, 0}, {33, 3}, {3, 33}, {255, 255}};
	struct scheme s;

	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		scheme_start(&s, CKM_KEYDIV_ODUKPT_CLIENT, CKK_AES, BDK);
		put_shape(&s, shapes[i][0], shapes[i][1]);
		scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
		scheme_start(&s, CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKK_AES, BDK);
		scheme_put_text(&s, KEYDIV_DEVICE, "T");
		put_shape(&s, shapes[i][0], shapes[i][1]);
		scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	}
	for (int i = 0; i < 2; i++) {
		scheme_start(&s, CKM_KEYDIV_ODUKPT_KEY, CKK_AES, BDK);
		put_shape(&s, 3, 3);
		keydiv_put_number(&s.parameter, KEYDIV_TRANSACTION, i ? UINT64_MAX : 19);
		scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	}
}
END_TEST

START_TEST(plans)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKK_AES, BDK);
	scheme_put_text(&s, KEYDIV_DEVICE, "T");
	put_shape(&s, 3, 3);
	scheme_want(&s, CKK_GENERIC_SECRET, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);

	scheme_start(&s, CKM_KEYDIV_ODUKPT_CLIENT, CKK_AES, BDK);
	put_shape(&s, 3, 3);
	scheme_want(&s, CKK_AES, 0);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	scheme_want(&s, CKK_KEYDIV_ODUKPT_CLIENT, 67);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	scheme_want(&s, CKK_KEYDIV_ODUKPT_CLIENT, 0);
	SECRET state = {0};
	ck_ok(scheme_run(&s, &state));
	ck_assert_uint_eq(state.len, ODUKPT_STATE_HEADER + 3 * 17);
}
END_TEST

/*
 * A state with any changed byte must be refused, except where the byte belongs to a key. A state of
 * any other length must be refused.
 */
START_TEST(malformed_states)
{
	struct scheme client;
	SECRET key = {0};

	new_client(&client, 3, 3);
	for (int i = 0; i < 4; i++)
		ck_ok(scheme_run(&client, &key));
	ck_ok(state_odukpt_client.check(client.base, client.base_len));
	for (size_t n = 0; n < client.base_len; n++)
		ck_rv(state_odukpt_client.check(client.base, n), CKR_DEVICE_ERROR);
	ck_rv(state_odukpt_client.check(client.base, client.base_len + 1), CKR_DEVICE_ERROR);
	for (size_t at = 0; at < client.base_len; at++) {
		bool header = at < ODUKPT_STATE_HEADER;
		bool distance = !header && (at - ODUKPT_STATE_HEADER) % 17 == 0;
		bool filled =
			!header &&
			client.base[ODUKPT_STATE_HEADER + (at - ODUKPT_STATE_HEADER) / 17 * 17] !=
				0;
		if (filled && !distance)
			continue;
		for (unsigned change = 1; change < 256; change++) {
			client.base[at] ^= (uint8_t)change;
			ck_rv(state_odukpt_client.check(client.base, client.base_len),
				CKR_DEVICE_ERROR);
			client.base[at] ^= (uint8_t)change;
		}
	}
}
END_TEST

/*
 * A used-up state of R, N and keys of LENGTH bytes, EXTRA numbers beyond its last. All of it is
 * zeros: only the header can be wrong.
 */
static CK_RV check_used_up(unsigned r, unsigned n, unsigned length, uint64_t last, uint64_t extra)
{
	uint8_t state[ODUKPT_STATE_HEADER + 40 * 41] = {1, (uint8_t)r, (uint8_t)n, (uint8_t)length};

	put_be64(state + 4, last + extra);
	return state_odukpt_client.check(state, ODUKPT_STATE_HEADER + r * (1 + length));
}

START_TEST(malformed_headers_of_used_up_states)
{
	ck_ok(check_used_up(3, 3, 16, 19, 0));
	ck_ok(check_used_up(3, 3, 24, 19, 0));
	ck_ok(check_used_up(3, 3, 32, 19, 0));
	ck_rv(check_used_up(3, 3, 16, 19, 1), CKR_DEVICE_ERROR);
	ck_rv(check_used_up(3, 3, 16, 19, UINT64_MAX - 19), CKR_DEVICE_ERROR);
	for (unsigned length = 0; length <= 40; length++)
		if (length != 16 && length != 24 && length != 32)
			ck_rv(check_used_up(3, 3, length, 19, 0), CKR_DEVICE_ERROR);
	ck_ok(check_used_up(32, 1, 16, 32, 0));
	ck_rv(check_used_up(33, 1, 16, 33, 0), CKR_DEVICE_ERROR);
	ck_ok(check_used_up(1, 32, 16, 32, 0));
	ck_rv(check_used_up(1, 33, 16, 33, 0), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(malformed_states_do_not_move)
{
	struct scheme client;

	new_client(&client, 3, 3);
	put_be64(client.base + 4, 1);
	scheme_refused(&client, CKR_DEVICE_ERROR);
	put_be64(client.base + 4, 20);
	scheme_refused(&client, CKR_DEVICE_ERROR);
}
END_TEST

/* Each kind of state is the kind of one key type, which is marked as a state, and vice versa. */
START_TEST(kinds_and_key_types_agree)
{
	unsigned states = 0;

	for (const struct key_type *type = all_key_types; type->name != NULL; type++) {
		const struct state_kind *kind = state_kind_of(type->number);
		ck_assert(type->state == (kind != NULL));
		ck_assert(kind == NULL || kind->key_type == type->number);
		states += kind != NULL;
	}
	ck_assert_uint_eq(states, 1);
	ck_assert_uint_le(state_odukpt_client.size, STATE_SIZE_MAX);
	ck_assert_ptr_null(state_kind_of(CK_UNAVAILABLE_INFORMATION));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("odukpt");
	TCase *tc = tcase_create("odukpt");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_loop_test(tc, every_small_shape, 1, ODUKPT_SHAPE_MAX + 1);
	tcase_add_loop_test(tc, samples_of_big_shapes, 0, 3);
	tcase_add_test(tc, forward_security);
	tcase_add_test(tc, purpose_and_length);
	tcase_add_test(tc, refused_numbers_and_shapes);
	tcase_add_test(tc, plans);
	tcase_add_test(tc, malformed_states);
	tcase_add_test(tc, malformed_headers_of_used_up_states);
	tcase_add_test(tc, malformed_states_do_not_move);
	tcase_add_test(tc, kinds_and_key_types_agree);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

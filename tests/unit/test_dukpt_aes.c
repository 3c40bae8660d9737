/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_dukpt_aes.c: the test vectors published with X9.24-3:2017, usages, key
 * types, strengths, counters.
 */
#include "dukpt.h"

#include "scheme.h"

#define BDK_128 "fedcba9876543210f1f1f1f1f1f1f1f1"
#define BDK_256 BDK_128 BDK_128

/* The published cases begin with the initial keys of these two. */
static const char *bdk_of(const struct vectors *v)
{
	return strlen(vector_text(v, "ik")) == 32 ? BDK_128 : BDK_256;
}

static void start(
	struct scheme *s, const char *bdk, const char *id, uint32_t counter, unsigned usage)
{
	uint8_t bytes[12];

	ck_assert(hex_decode(id, bytes, 8));
	put_be32(bytes + 8, counter);
	scheme_start(s, CKM_KEYDIV_AES_DUKPT_KEY, CKK_AES, bdk);
	keydiv_put(&s->parameter, KEYDIV_KSN, bytes, 12);
	put_be16(bytes, (uint16_t)usage);
	keydiv_put(&s->parameter, KEYDIV_DUKPT_USAGE, bytes, 2);
}

static unsigned usage_named(const char *name)
{
	static const struct {
		const char *name;
		unsigned usage;
	} names[] = {{"pin", 0x1000}, {"mac_gen", 0x2000}, {"data_enc", 0x3000}, {"kek", 0x0002}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].usage;
	ck_abort_msg("usage %s", name);
	return 0;
}

static const struct algorithm {
	const char *name;
	CK_KEY_TYPE type;
	size_t length;
	enum aes_dukpt_algorithm number;
} algorithms[] = {{"2TDEA", CKK_DES2, 16, DUKPT_2TDEA}, {"3TDEA", CKK_DES3, 24, DUKPT_3TDEA},
	{"AES128", CKK_AES, 16, DUKPT_AES128}, {"AES256", CKK_AES, 32, DUKPT_AES256}};

static const struct algorithm *algorithm_named(const char *name)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	ck_abort_msg("algorithm %s", name);
	return NULL;
}

static void check_initial(const struct vectors *v)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, vector_text(v, "bdk"));
	scheme_put_hex(&s, KEYDIV_KSN, vector_text(v, "ikid"));
	scheme_expect(&s, vector_text(v, "ik"));
}

/* The derivation key of a counter, which never leaves the token. */
static void check_transaction_key(const struct vectors *v, uint32_t counter)
{
	uint8_t id[8], expected[32], bdk[32];
	size_t n = vector_hex(v, "txn_key", expected, sizeof expected);

	vector_hex(v, "ikid", id, sizeof id);
	ck_assert(hex_decode(bdk_of(v), bdk, n));
	ck_ok(key_load(scheme_key(0), CKK_AES, bdk, n));
	ck_ok(aes_dukpt_initial_key(scheme_key(0), id, n, scheme_key(1)));
	ck_ok(aes_dukpt_walk(scheme_key(1), id, counter, scheme_key(1)));
	ck_assert_mem_eq(key_expose(scheme_key(1)).p, expected, n);
}

static void check_working_key(const struct vectors *v, uint32_t counter)
{
	const struct algorithm *algorithm = algorithm_named(vector_text(v, "alg"));
	struct scheme s;

	start(&s, bdk_of(v), vector_text(v, "ikid"), counter, usage_named(vector_text(v, "usage")));
	scheme_want(&s, algorithm->type, algorithm->length);
	scheme_expect(&s, vector_text(v, "work_key"));
	/* The same from the initial key. */
	start(&s, vector_text(v, "ik"), vector_text(v, "ikid"), counter,
		usage_named(vector_text(v, "usage")));
	s.mechanism = CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL;
	scheme_want(&s, algorithm->type, algorithm->length);
	scheme_expect(&s, vector_text(v, "work_key"));
}

/* ISO 9564 format 4: E(E(PIN field) ^ PAN field). */
static void check_pin_block(const struct vectors *v)
{
	uint8_t key[32], block[16], pan[16], expected[16];

	ck_ok(key_load(scheme_key(0), CKK_AES, key, vector_hex(v, "pin_key", key, sizeof key)));
	vector_hex(v, "pinfield", block, 16);
	vector_hex(v, "panfield", pan, 16);
	vector_hex(v, "pin_block_enc", expected, 16);
	ck_ok(key_block(scheme_key(0), NULL, block, block));
	for (int i = 0; i < 16; i++)
		block[i] ^= pan[i];
	ck_ok(key_block(scheme_key(0), NULL, block, block));
	ck_assert_mem_eq(block, expected, 16);
}

/*
 * The key that protects an updated initial key: counter FFFFFFFF, which no transaction can have;
 * only the inner steps give it.
 */
static void check_update_key(const struct vectors *v)
{
	const struct algorithm *algorithm = algorithm_named(vector_text(v, "alg"));
	uint8_t bdk[32], id[8], tail[8], expected[32];
	size_t n = strlen(vector_text(v, "ik")) / 2;
	SECRET key = {0};

	ck_assert(hex_decode(bdk_of(v), bdk, n));
	ck_ok(key_load(scheme_key(0), CKK_AES, bdk, n));
	vector_hex(v, "ikid", id, sizeof id);
	memcpy(tail, id + 4, 4);
	memset(tail + 4, 0xFF, 4);
	ck_ok(aes_dukpt_initial_key(scheme_key(0), id, n, scheme_key(1)));
	ck_ok(aes_dukpt_walk(scheme_key(1), id, UINT32_MAX, scheme_key(1)));
	ck_ok(aes_dukpt_derive(
		scheme_key(1), 0x0002, algorithm->number, tail, algorithm->length, &key));
	ck_assert_uint_eq(vector_hex(v, "update_key", expected, sizeof expected), key.len);
	ck_assert_mem_eq(secret_peek(&key), expected, key.len);
}

/* An initial key that is shorter than the BDK, and a PIN key below it. */
static void check_mixed(const struct vectors *v)
{
	size_t length = strlen(vector_text(v, "ik")) / 2;
	struct scheme s;
	char size[24];

	scheme_start(&s, CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, vector_text(v, "mixed_bdk"));
	scheme_put_hex(&s, KEYDIV_KSN, vector_text(v, "ikid"));
	scheme_want(&s, CKK_AES, length);
	scheme_expect(&s, vector_text(v, "ik"));
	start(&s, vector_text(v, "mixed_bdk"), vector_text(v, "ikid"),
		(uint32_t)strtoul(vector_text(v, "counter"), NULL, 16), KEYDIV_USAGE_PIN);
	snprintf(size, sizeof size, "%02zx", length);
	scheme_put_hex(&s, KEYDIV_INITIAL_KEY_LENGTH, size);
	scheme_expect(&s, vector_text(v, "work_key"));
}

START_TEST(published)
{
	struct vectors v;

	for (vectors_open(&v, "dukpt_aes.txt"); vectors_next(&v);) {
		if (vector_text(&v, "bdk")) {
			check_initial(&v);
		} else if (vector_text(&v, "pin_key")) {
			check_pin_block(&v);
		} else if (vector_text(&v, "update_key")) {
			check_update_key(&v);
		} else if (vector_text(&v, "mixed_bdk")) {
			check_mixed(&v);
		} else {
			uint32_t counter = (uint32_t)strtoul(vector_text(&v, "counter"), NULL, 16);
			check_transaction_key(&v, counter);
			if (vector_text(&v, "work_key"))
				check_working_key(&v, counter);
		}
	}
	ck_assert_uint_eq(v.cases, 126);
}
END_TEST

static const struct {
	uint32_t counter;
	CK_RV rv;
} counters[] = {
	{0, CKR_MECHANISM_PARAM_INVALID},
	{1, CKR_OK},
	{0xFFFF0000, CKR_OK},
	{0xFFFF8000, CKR_MECHANISM_PARAM_INVALID},
	{0x0001FFFF, CKR_MECHANISM_PARAM_INVALID},
	{0xFFFFFFFF, CKR_MECHANISM_PARAM_INVALID},
};

START_TEST(counter_limits)
{
	struct scheme s;
	SECRET value = {0};

	start(&s, BDK_128, "1234567890123456", counters[_i].counter, KEYDIV_USAGE_PIN);
	ck_rv(scheme_run(&s, &value), counters[_i].rv);
}
END_TEST

START_TEST(usages)
{
	struct scheme s;
	unsigned taken = 0;

	for (unsigned usage = 0; usage <= 0xFFFF; usage++) {
		SECRET value = {0};
		start(&s, BDK_128, "1234567890123456", 1, usage);
		CK_RV rv = scheme_run(&s, &value);
		ck_assert(rv == CKR_OK || rv == CKR_MECHANISM_PARAM_INVALID);
		taken += rv == CKR_OK;
	}
	ck_assert_uint_eq(taken, 9);
}
END_TEST

/* The result for each length of the BDK. 0 is the default. */
static const struct {
	size_t bdk;
	CK_KEY_TYPE type;
	size_t length;
	unsigned usage;
	CK_RV rv;
} wishes[] = {
	{16, CKK_AES, 16, 0x1000, CKR_OK},
	{16, CKK_AES, 24, 0x1000, CKR_KEY_SIZE_RANGE},
	{16, CKK_AES, 32, 0x1000, CKR_KEY_SIZE_RANGE},
	{24, CKK_AES, 24, 0x3000, CKR_OK},
	{24, CKK_AES, 32, 0x3000, CKR_KEY_SIZE_RANGE},
	{32, CKK_AES, 16, 0x0002, CKR_OK},
	{16, CKK_DES3, 0, 0x1000, CKR_OK},
	{16, CKK_SHA256_HMAC, 16, 0x2000, CKR_OK},
	{16, CKK_SHA256_HMAC, 32, 0x2000, CKR_KEY_SIZE_RANGE},
	{32, CKK_SHA256_HMAC, 32, 0x2002, CKR_OK},
	{32, CKK_SHA512_HMAC, 64, 0x2002, CKR_KEY_SIZE_RANGE},
	{32, CKK_GENERIC_SECRET, 20, 0x2002, CKR_KEY_SIZE_RANGE},
	{32, CKK_SHA256_HMAC, 32, 0x1000, CKR_TEMPLATE_INCONSISTENT},
	{32, CKK_GENERIC_SECRET, 32, 0x3000, CKR_TEMPLATE_INCONSISTENT},
	{32, CKK_SHA256_HMAC, 32, 0x0002, CKR_TEMPLATE_INCONSISTENT},
	{32, CKK_SHA256_HMAC, 32, 0x2000, CKR_OK},
	{32, CKK_SHA256_HMAC, 32, 0x2001, CKR_OK},
	{32, CKK_SHA256_HMAC, 32, 0x3000, CKR_TEMPLATE_INCONSISTENT},
	{32, CKK_SHA256_HMAC, 32, 0x3001, CKR_TEMPLATE_INCONSISTENT},
	{32, CKK_SHA256_HMAC, 32, 0x3002, CKR_TEMPLATE_INCONSISTENT},
	{32, CKK_SHA256_HMAC, 32, 0x8000, CKR_OK},
};

START_TEST(key_types_and_strength)
{
	struct scheme s;
	SECRET value = {0};

	start(&s, BDK_256, "1234567890123456", 1, wishes[_i].usage);
	s.base_len = wishes[_i].bdk;
	scheme_want(&s, wishes[_i].type, wishes[_i].length);
	ck_rv(scheme_run(&s, &value), wishes[_i].rv);
}
END_TEST

/* No two usages, algorithms or lengths share a key. */
START_TEST(usages_algorithms_and_lengths_share_no_key)
{
	static const unsigned indicators[] = {
		0x0002, 0x1000, 0x2000, 0x2001, 0x2002, 0x3000, 0x3001, 0x3002, 0x8000};
	uint8_t seen[40][16];
	size_t n = 0;

	for (size_t i = 0; i < sizeof indicators / sizeof indicators[0]; i++)
		for (size_t a = 0; a < sizeof algorithms / sizeof algorithms[0]; a++) {
			struct scheme s;
			SECRET value = {0};
			start(&s, BDK_256, "1234567890123456", 3, indicators[i]);
			scheme_want(&s, algorithms[a].type, algorithms[a].length);
			ck_ok(scheme_run(&s, &value));
			for (size_t j = 0; j < n; j++)
				ck_assert_mem_ne(seen[j], secret_peek(&value), 16);
			memcpy(seen[n++], secret_peek(&value), 16);
		}
	ck_assert_uint_eq(n, 36);
}
END_TEST

START_TEST(initial_key_is_as_the_bdk)
{
	struct scheme s;

	scheme_start(&s, CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, BDK_256);
	scheme_put_hex(&s, KEYDIV_KSN, "1234567890123456");
	scheme_want(&s, CKK_GENERIC_SECRET, 32);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
	scheme_start(&s, CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, BDK_128);
	scheme_put_hex(&s, KEYDIV_KSN, "1234567890123456");
	scheme_want(&s, CKK_AES, 24);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

/* INITIAL_KEY_LENGTH for a BDK of BDK bytes, and what comes of it. */
static const struct {
	size_t bdk;
	const char *initial;
	CK_KEY_TYPE type;
	size_t length;
	CK_RV rv;
} mixed[] = {
	{32, "10", CKK_AES, 0, CKR_OK},
	{32, "18", CKK_AES, 24, CKR_OK},
	{32, "20", CKK_AES, 32, CKR_OK},
	{24, "10", CKK_DES3, 0, CKR_OK},
	{32, "10", CKK_AES, 24, CKR_KEY_SIZE_RANGE},
	{32, "18", CKK_AES, 32, CKR_KEY_SIZE_RANGE},
	{16, "18", CKK_AES, 0, CKR_MECHANISM_PARAM_INVALID},
	{24, "20", CKK_AES, 0, CKR_MECHANISM_PARAM_INVALID},
	{32, "00", CKK_AES, 0, CKR_MECHANISM_PARAM_INVALID},
	{32, "11", CKK_AES, 0, CKR_MECHANISM_PARAM_INVALID},
	{32, "21", CKK_AES, 0, CKR_MECHANISM_PARAM_INVALID},
};

/* An initial key that is shorter than the BDK: the same key from the BDK and in two steps. */
START_TEST(shorter_initial_key)
{
	struct scheme s, initial;
	SECRET ik = {0};
	SECRET direct = {0};
	SECRET in_two = {0};

	start(&s, BDK_256, "1234567890123456", 3, KEYDIV_USAGE_PIN);
	s.base_len = mixed[_i].bdk;
	scheme_put_hex(&s, KEYDIV_INITIAL_KEY_LENGTH, mixed[_i].initial);
	scheme_want(&s, mixed[_i].type, mixed[_i].length);
	ck_rv(scheme_run(&s, &direct), mixed[_i].rv);
	if (mixed[_i].rv != CKR_OK)
		return;

	scheme_start(&initial, CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, BDK_256);
	initial.base_len = mixed[_i].bdk;
	scheme_put_hex(&initial, KEYDIV_KSN, "1234567890123456");
	scheme_want(&initial, CKK_AES, strtoul(mixed[_i].initial, NULL, 16));
	ck_ok(scheme_run(&initial, &ik));
	start(&s, BDK_256, "1234567890123456", 3, KEYDIV_USAGE_PIN);
	s.mechanism = CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL;
	memcpy(s.base, secret_peek(&ik), ik.len);
	s.base_len = ik.len;
	scheme_want(&s, mixed[_i].type, mixed[_i].length);
	ck_ok(scheme_run(&s, &in_two));
	ck_assert_uint_eq(direct.len, in_two.len);
	ck_assert_mem_eq(secret_peek(&direct), secret_peek(&in_two), direct.len);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dukpt_aes");
	TCase *tc = tcase_create("dukpt_aes");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published);
	tcase_add_loop_test(tc, counter_limits, 0, sizeof counters / sizeof counters[0]);
	tcase_add_test(tc, usages);
	tcase_add_loop_test(tc, key_types_and_strength, 0, sizeof wishes / sizeof wishes[0]);
	tcase_add_test(tc, usages_algorithms_and_lengths_share_no_key);
	tcase_add_test(tc, initial_key_is_as_the_bdk);
	tcase_add_loop_test(tc, shorter_initial_key, 0, sizeof mixed / sizeof mixed[0]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

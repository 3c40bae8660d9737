/* SPDX-License-Identifier: Apache-2.0 */
/* test_binding.c: keys bound to a header, and the keys KBEK and KBAK. */
#include "key/binding.h"

#include <openssl/err.h>

#include "key/crypto.h"
#include "unit.h"
#include "vectors.h"

static struct key *kbpk, *target, *scratch[BINDING_KEYS];

static void set_up(void)
{
	ck_ok(crypto_start());
	kbpk = key_new();
	target = key_new();
	scratch[0] = key_new();
	scratch[1] = key_new();
	srand(5);
}

static void tear_down(void)
{
	key_free(kbpk);
	key_free(target);
	key_free(scratch[0]);
	key_free(scratch[1]);
	crypto_stop();
}

static void load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	ck_ok(key_load(key, type, value, n));
}

static void load_random(struct key *key, CK_KEY_TYPE type, size_t n)
{
	uint8_t value[512];

	for (size_t i = 0; i < n; i++)
		value[i] = (uint8_t)rand();
	load(key, type, value, n);
}

static void value_is(struct key *key, const struct vectors *v, const char *name)
{
	uint8_t value[32];
	size_t n = vector_hex(v, name, value, sizeof value);
	struct bytes got = key_expose(key);

	ck_assert_msg(
		got.n == n && memcmp(got.p, value, n) == 0, "%s: %s", vector_text(v, "doc"), name);
}

START_TEST(published_inner_keys)
{
	struct vectors v;
	uint8_t value[32], data[32] = {0};
	SECRET ignored = {0};

	for (vectors_open(&v, "key_block_keys.txt"); vectors_next(&v);) {
		const char *method = vector_text(&v, "method");
		bool aes = strncmp(method, "aes", 3) == 0, good;
		size_t n = vector_hex(&v, "kbpk", value, sizeof value);
		enum binding binding = strcmp(method, "variant") == 0   ? BINDING_VARIANT
				       : strcmp(method, "aes-ctr") == 0 ? BINDING_CTR
									: BINDING_CBC;
		load(kbpk, aes ? CKK_AES : n == 16 ? CKK_DES2 : CKK_DES3, value, n);
		ck_ok(binding_open(binding, kbpk, scratch, bytes_of(data, 16), bytes_of(data, 16),
			data + 16, &good, &ignored));
		ck_assert(!good);
		value_is(scratch[0], &v, "kbek");
		value_is(scratch[1], &v, "kbak");
	}
	ck_assert_uint_eq(v.cases, 9);
}
END_TEST

/* A KBPK of each type and length. */
static const struct kbpk_kind {
	CK_KEY_TYPE type;
	size_t n;
	enum binding binding;
	size_t mac, unit;
} kinds[] = {
	{CKK_DES2, 16, BINDING_CBC, 8, 8},
	{CKK_DES3, 24, BINDING_CBC, 8, 8},
	{CKK_AES, 16, BINDING_CBC, 16, 16},
	{CKK_AES, 24, BINDING_CBC, 16, 16},
	{CKK_AES, 32, BINDING_CBC, 16, 16},
	{CKK_AES, 16, BINDING_CTR, 16, 1},
	{CKK_AES, 24, BINDING_CTR, 16, 1},
	{CKK_AES, 32, BINDING_CTR, 16, 1},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

START_TEST(there_and_back)
{
	uint8_t header[32], data[1024], mac[BINDING_MAC_MAX];
	const struct kbpk_kind *k = &kinds[_i];

	load_random(kbpk, k->type, k->n);
	ck_assert_uint_eq(binding_mac_length(k->binding, kbpk), k->mac);
	ck_assert_uint_eq(binding_unit(k->binding, kbpk), k->unit);
	for (size_t n = 1; n <= 300; n += n < 70 ? 1 : 37) {
		size_t clear = (2 + n + (size_t)rand() % 40 + 15) / 16 * 16;
		SECRET back = {0};
		bool good;
		for (size_t i = 0; i < sizeof header; i++)
			header[i] = (uint8_t)rand();
		load_random(target, CKK_GENERIC_SECRET, n);
		ck_ok(binding_seal(
			k->binding, kbpk, scratch, bytes_of(header, 32), target, clear, data, mac));
		ck_ok(binding_open(k->binding, kbpk, scratch, bytes_of(header, 32),
			bytes_of(data, clear), mac, &good, &back));
		ck_assert(good);
		ck_assert(bytes_equal(bytes_of(secret_peek(&back), back.len), key_expose(target)));
	}
	ck_assert_uint_eq(ERR_peek_error(), 0); /* the host's error queue is left alone */
}
END_TEST

static bool opens(const struct kbpk_kind *k, const uint8_t *header, const uint8_t *data, size_t n,
	const uint8_t *mac)
{
	SECRET back = {0};
	bool good;

	ck_ok(binding_open(k->binding, kbpk, scratch, bytes_of(header, 16), bytes_of(data, n), mac,
		&good, &back));
	ck_assert(good || back.len == 0);
	return good;
}

START_TEST(each_bit_counts)
{
	uint8_t text[16 + 32 + BINDING_MAC_MAX] = "the header, data";
	const struct kbpk_kind *k = &kinds[_i];

	load_random(kbpk, k->type, k->n);
	load_random(target, CKK_AES, 16);
	ck_ok(binding_seal(
		k->binding, kbpk, scratch, bytes_of(text, 16), target, 32, text + 16, text + 48));
	ck_assert(opens(k, text, text + 16, 32, text + 48));
	for (size_t bit = 0; bit < 8 * (48 + k->mac); bit++) {
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!opens(k, text, text + 16, 32, text + 48));
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	load_random(kbpk, k->type, k->n); /* another KBPK */
	ck_assert(!opens(k, text, text + 16, 32, text + 48));
	if (k->binding == BINDING_CTR) { /* a counter that would wrap */
		memset(text + 48, 0xff, 16);
		ck_assert(!opens(k, text, text + 16, 32, text + 48));
	}
}
END_TEST

/* Open clear data of 16 bytes that begins with BITS, with a right MAC. Return the key's length. */
static size_t open_length(unsigned bits)
{
	uint8_t text[32] = "the header, data", mac[BINDING_MAC_MAX], encrypted[16];
	SECRET back = {0};
	bool good;

	ck_ok(binding_open(BINDING_CBC, kbpk, scratch, bytes_of(text, 16), bytes_of(text, 16), mac,
		&good, &back)); /* makes KBEK and KBAK */
	put_be16(text + 16, (uint16_t)bits);
	ck_ok(key_cmac(scratch[1], text, sizeof text, mac));
	ck_ok(key_encrypt_blocks(scratch[0], mac, text + 16, 16, encrypted));
	ck_ok(binding_open(BINDING_CBC, kbpk, scratch, bytes_of(text, 16), bytes_of(encrypted, 16),
		mac, &good, &back));
	ck_assert(good == (back.len > 0));
	return back.len;
}

START_TEST(lengths_in_the_clear_data)
{
	load_random(kbpk, CKK_AES, 32);
	for (unsigned bits = 0; bits <= 0xffff; bits += bits < 300 ? 1 : 251)
		ck_assert_uint_eq(
			open_length(bits), bits % 8 == 0 && bits <= 14 * 8 ? bits / 8 : 0);
}
END_TEST

/* The same key gives other bytes each time, because the padding is random. */
START_TEST(random_padding)
{
	uint8_t one[48], other[48];

	load_random(kbpk, CKK_AES, 32);
	load_random(target, CKK_AES, 16);
	ck_ok(binding_seal(BINDING_CBC, kbpk, scratch, bytes_of("0123456789abcdef", 16), target, 32,
		one, one + 32));
	ck_ok(binding_seal(BINDING_CBC, kbpk, scratch, bytes_of("0123456789abcdef", 16), target, 32,
		other, other + 32));
	ck_assert_mem_ne(one, other, 32);
	ck_assert_mem_ne(one + 32, other + 32, 16);
}
END_TEST

START_TEST(refused_keys)
{
	uint8_t out[64];

	load_random(target, CKK_AES, 16);
	load_random(kbpk, CKK_GENERIC_SECRET, 16);
	ck_rv(binding_seal(BINDING_CBC, kbpk, scratch, bytes_of(out, 16), target, 32, out + 16,
		      out + 48),
		CKR_KEY_TYPE_INCONSISTENT);
	load_random(kbpk, CKK_DES2, 16);
	ck_rv(binding_seal(BINDING_VARIANT, kbpk, scratch, bytes_of(out, 16), target, 32, out + 16,
		      out + 48),
		CKR_FUNCTION_FAILED);
	ck_rv(binding_seal(BINDING_CBC, kbpk, scratch, bytes_of(out, 16), target, 16, out + 16,
		      out + 48),
		CKR_FUNCTION_FAILED); /* no room for the key */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("binding");
	TCase *tc = tcase_create("binding");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, published_inner_keys);
	tcase_add_loop_test(tc, there_and_back, 0, KINDS);
	tcase_add_loop_test(tc, each_bit_counts, 0, KINDS);
	tcase_add_test(tc, lengths_in_the_clear_data);
	tcase_add_test(tc, random_padding);
	tcase_add_test(tc, refused_keys);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_wrap.c: AES key wrap with and without padding. */
#include "key/wrap.h"

#include <openssl/err.h>

#include "key/block.h"
#include "unit.h"
#include "vectors.h"

static struct key *kek;

static void set_up(void)
{
	ck_ok(crypto_start());
	kek = key_new();
	ck_assert_ptr_nonnull(kek);
	srand(4);
}

static void tear_down(void)
{
	key_free(kek);
	crypto_stop();
}

static void check_file(const char *file, enum wrap_kind kind, unsigned cases)
{
	struct vectors v;
	uint8_t value[32], plain[64], wrapped[80], out[80];

	for (vectors_open(&v, file); vectors_next(&v);) {
		SECRET back = {0};
		size_t n = vector_hex(&v, "p", plain, sizeof plain),
		       len = vector_hex(&v, "c", wrapped, sizeof wrapped);
		ck_ok(key_load(kek, CKK_AES, value, vector_hex(&v, "kek", value, sizeof value)));
		ck_assert_uint_eq(wrap_length(kind, n), len);
		ck_ok(key_wrap(kek, kind, plain, n, out));
		ck_assert_mem_eq(out, wrapped, len);
		ck_ok(key_unwrap(kek, kind, wrapped, len, &back));
		ck_assert_uint_eq(back.len, n);
		ck_assert_mem_eq(secret_peek(&back), plain, n);
		for (size_t bit = 0; bit < 8 * len; bit++) { /* each bit counts */
			wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_rv(key_unwrap(kek, kind, wrapped, len, &back), CKR_WRAPPED_KEY_INVALID);
			ck_assert_uint_eq(back.len, 0);
			wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert_uint_eq(ERR_peek_error(), 0); /* the host's error queue is left alone */
	}
	ck_assert_uint_eq(v.cases, cases);
}

START_TEST(published_answers)
{
	check_file("aes_kw.txt", WRAP_KW, 30);
	check_file("aes_kwp.txt", WRAP_KWP, 26);
}
END_TEST

START_TEST(lengths)
{
	static uint8_t plain[SECRET_MAX + 16], out[SECRET_MAX + 32];
	uint8_t value[32] = {5};

	ck_ok(key_load(kek, CKK_AES, value, sizeof value));
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)rand();
	for (enum wrap_kind kind = WRAP_KW; kind <= WRAP_KWP; kind++)
		for (size_t n = 0; n <= SECRET_MAX + 16; n += n < 100 ? 1 : 333) {
			SECRET back = {0};
			bool fits = n <= SECRET_MAX &&
				    (kind == WRAP_KWP ? n > 0 : n >= 16 && n % 8 == 0);
			size_t len = wrap_length(kind, n);
			ck_assert_uint_eq(len != 0, fits);
			ck_rv(key_wrap(kek, kind, plain, n, out),
				fits ? CKR_OK : CKR_KEY_SIZE_RANGE);
			if (!fits)
				continue;
			ck_ok(key_unwrap(kek, kind, out, len, &back));
			ck_assert_uint_eq(back.len, n);
			ck_assert_mem_eq(secret_peek(&back), plain, n);
			ck_rv(key_unwrap(kek, kind, out, len - 1, &back),
				CKR_WRAPPED_KEY_LEN_RANGE);
		}
	SECRET back = {0};
	ck_ok(key_wrap(kek, WRAP_KW, plain, SECRET_MAX, out));
	ck_ok(key_unwrap(kek, WRAP_KW, out, SECRET_MAX + 8, &back));
	ck_rv(key_unwrap(kek, WRAP_KW, out, SECRET_MAX + 16, &back), CKR_WRAPPED_KEY_LEN_RANGE);
	ck_rv(key_unwrap(kek, WRAP_KW, out, 16, &back), CKR_WRAPPED_KEY_LEN_RANGE);
	ck_rv(key_unwrap(kek, WRAP_KWP, out, 8, &back), CKR_WRAPPED_KEY_LEN_RANGE);
	ck_rv(key_unwrap(kek, WRAP_KWP, NULL, 0, &back), CKR_WRAPPED_KEY_LEN_RANGE);
	ck_assert_uint_eq(wrap_length(WRAP_NONE, 16), 0);
}
END_TEST

START_TEST(wrong_keys)
{
	uint8_t value[32] = {5}, out[40];
	SECRET back = {0};

	ck_rv(key_wrap(kek, WRAP_KW, value, 32, out), CKR_KEY_TYPE_INCONSISTENT); /* none */
	ck_ok(key_load(kek, CKK_DES3, value, 24));
	ck_rv(key_wrap(kek, WRAP_KWP, value, 32, out), CKR_KEY_TYPE_INCONSISTENT);
	ck_ok(key_load(kek, CKK_GENERIC_SECRET, value, 16));
	ck_rv(key_unwrap(kek, WRAP_KW, value, 24, &back), CKR_KEY_TYPE_INCONSISTENT);
	/* what one kind wrapped the other does not take */
	ck_ok(key_load(kek, CKK_AES, value, 16));
	ck_ok(key_wrap(kek, WRAP_KW, value, 32, out));
	ck_rv(key_unwrap(kek, WRAP_KWP, out, 40, &back), CKR_WRAPPED_KEY_INVALID);
	ck_ok(key_wrap(kek, WRAP_KWP, value, 32, out));
	ck_rv(key_unwrap(kek, WRAP_KW, out, 40, &back), CKR_WRAPPED_KEY_INVALID);
}
END_TEST

/* --- The buffer of the caller, seen at each block that is enciphered --- */

static OSSL_FUNC_cipher_cipher_fn *real_encrypt;
static const uint8_t *watched, *clear_key;
static size_t watched_n, clear_n;
static unsigned blocks, sightings;

static int spy(void *context, unsigned char *out, size_t *ret_n, size_t room,
	const unsigned char *in, size_t n)
{
	blocks++;
	for (size_t at = 0; at + 8 <= watched_n; at++)
		for (size_t part = 0; part + 8 <= clear_n; part += 8)
			sightings += memcmp(watched + at, clear_key + part, 8) == 0;
	return real_encrypt(context, out, ret_n, room, in, n);
}

/* Another thread can read the caller's buffer at any time, and find no part of the key there. */
START_TEST(the_callers_buffer_never_holds_the_clear_key)
{
	uint8_t value[32] = {5}, plain[64], out[72] = {0};
	SECRET back = {0};

	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(17 * i + 3);
	watched = out, watched_n = sizeof out, clear_key = plain, clear_n = sizeof plain;
	ck_ok(key_load(kek, CKK_AES, value, sizeof value));
	real_encrypt = block_ciphers[KIND_AES256].encrypt;
	block_ciphers[KIND_AES256].encrypt = spy;
	for (enum wrap_kind kind = WRAP_KW; kind <= WRAP_KWP; kind++) {
		blocks = sightings = 0;
		ck_ok(key_wrap(kek, kind, plain, sizeof plain, out));
		ck_assert_uint_eq(blocks, 6 * 8); /* all steps use the schedule of the key */
		ck_ok(key_unwrap(kek, kind, out, sizeof out, &back));
		ck_assert_uint_eq(blocks, 2 * 6 * 8);
		ck_assert_uint_eq(sightings, 0);
	}
	block_ciphers[KIND_AES256].encrypt = real_encrypt;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrap");
	TCase *tests = tcase_create("wrap");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, published_answers);
	tcase_add_test(tests, lengths);
	tcase_add_test(tests, the_callers_buffer_never_holds_the_clear_key);
	tcase_add_test(tests, wrong_keys);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

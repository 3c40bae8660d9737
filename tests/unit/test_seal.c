/* SPDX-License-Identifier: Apache-2.0 */
/* test_seal.c: scrypt and sealing. */
#include "key/seal.h"

#include <openssl/err.h>
#include <sys/resource.h>

#include "unit.h"

static void set_up(void)
{
	ck_ok(crypto_start());
}

static void tear_down(void)
{
	crypto_stop();
}

START_TEST(round_trips)
{
	static uint8_t plain[DATA_MAX + 1], sealed[DATA_MAX + 1 + SEAL_OVERHEAD];
	static const size_t lengths[] = {0, 1, 16, 32, 65, DATA_MAX};
	SECRET key = {0};
	SECRET back = {0};
	struct bytes aad = {(const uint8_t *)"attributes", 10};

	memset(plain, 0x5a, sizeof plain);
	ck_ok(secret_set(&key, "0123456789abcdef0123456789abcdef", SEAL_KEY_LEN));
	for (size_t i = 0; i < 6; i++) {
		size_t n = lengths[i], len = n + SEAL_OVERHEAD;
		aad.n = i % 2 ? 10 : 0;
		aad.p = i % 2 ? (const uint8_t *)"attributes" : NULL;
		ck_ok(seal(&key, aad, n == 0 ? NULL : plain, n, sealed));
		ck_ok(seal_open(&key, aad, bytes_of(sealed, len), &back));
		ck_assert_uint_eq(back.len, n);
		ck_assert_mem_eq(secret_peek(&back), plain, n);
		if (n >= 16)
			ck_assert_ptr_null(memmem(sealed, len, plain, 8));
	}
	ck_ok(seal(&key, aad, plain, DATA_MAX + 1, sealed));
	ck_rv(seal_open(&key, aad, bytes_of(sealed, sizeof sealed), &back),
		CKR_ENCRYPTED_DATA_INVALID);
}
END_TEST

/*
 * Whatever is changed is noticed, by one code, with nothing handed out and the host's
 * error queue untouched.
 */
START_TEST(tampering)
{
	uint8_t plain[40] = {1, 2, 3}, sealed[40 + SEAL_OVERHEAD], other[40 + SEAL_OVERHEAD];
	SECRET key = {0};
	SECRET back = {0};
	struct bytes aad = {(const uint8_t *)"attributes", 10};

	ck_ok(secret_set(&key, "0123456789abcdef0123456789abcdef", SEAL_KEY_LEN));
	ck_ok(seal(&key, aad, plain, 40, sealed));
	ck_ok(seal(&key, aad, plain, 40, other));
	ck_assert_mem_ne(sealed, other, 12); /* a nonce for each */
	for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_ok(secret_set(&back, "old", 3));
		ck_rv(seal_open(&key, aad, bytes_of(sealed, sizeof sealed), &back),
			CKR_ENCRYPTED_DATA_INVALID);
		ck_assert_uint_eq(back.len, 0);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < sizeof sealed; n++)
		ck_rv(seal_open(&key, aad, bytes_of(sealed, n), &back), CKR_ENCRYPTED_DATA_INVALID);
	ck_rv(seal_open(&key, bytes_of("attributeS", 10), bytes_of(sealed, sizeof sealed), &back),
		CKR_ENCRYPTED_DATA_INVALID);
	ck_rv(seal_open(&key, bytes_of("attributes", 9), bytes_of(sealed, sizeof sealed), &back),
		CKR_ENCRYPTED_DATA_INVALID);
	ck_ok(seal_open(&key, aad, bytes_of(sealed, sizeof sealed), &back));
	ck_ok(secret_set(&key, "0123456789abcdef0123456789abcdeF", SEAL_KEY_LEN));
	ck_rv(seal_open(&key, aad, bytes_of(sealed, sizeof sealed), &back),
		CKR_ENCRYPTED_DATA_INVALID);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ck_ok(secret_set(&key, "short", 5));
	ck_rv(seal(&key, aad, plain, 10, other), CKR_FUNCTION_FAILED);
}
END_TEST

/*
 * RFC 7914 has no vector with r = 8, p = 1 and a 16-byte salt; hashlib.scrypt(b"1234",
 * salt=bytes(range(16)), n=1024, r=8, p=1, dklen=32)
 */
START_TEST(scrypt_answer)
{
	uint8_t salt[PIN_SALT_LEN];
	char text[65];
	SECRET key = {0};
	SECRET other = {0};

	for (uint8_t i = 0; i < sizeof salt; i++)
		salt[i] = i;
	ck_ok(pin_stretch(bytes_of("1234", 4), salt, 10, &key));
	ck_assert_uint_eq(key.len, SEAL_KEY_LEN);
	hex_encode(secret_peek(&key), key.len, text);
	ck_assert_str_eq(text, "11fb48b815df907de8d7662a055dec5ede83867a221fa66acfeb6736cd1d5a6f");
	ck_ok(pin_stretch(bytes_of("12345", 5), salt, 10, &other));
	ck_assert(!secret_equal(secret_peek(&key), secret_peek(&other), SEAL_KEY_LEN));
	ck_ok(pin_stretch(bytes_of("1234", 4), salt, 11, &other));
	ck_assert(!secret_equal(secret_peek(&key), secret_peek(&other), SEAL_KEY_LEN));
	ck_ok(pin_stretch(bytes_of(NULL, 0), salt, 10, &other));
	ck_ok(pin_stretch(bytes_of("1234", 4), salt, 16, &other)); /* the default cost, 64 MiB */
	ck_rv(pin_stretch(bytes_of("1234", 4), salt, 0, &other), CKR_FUNCTION_FAILED);
	ck_rv(pin_stretch(bytes_of("1234", 4), salt, 64, &other), CKR_FUNCTION_FAILED);
}
END_TEST

/* A failing allocation must give CKR_HOST_MEMORY and leave the result untouched. */
START_TEST(scrypt_memory)
{
	struct rlimit limit = {48 << 20, 48 << 20};
	uint8_t salt[PIN_SALT_LEN] = {0};
	SECRET key = {0};

	ck_ok(secret_set(&key, "old", 3));
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_rv(pin_stretch(bytes_of("1234", 4), salt, 18, &key), CKR_HOST_MEMORY);
	ck_assert_uint_eq(key.len, 3);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tests = tcase_create("seal");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, round_trips);
	tcase_add_test(tests, tampering);
	tcase_add_test(tests, scrypt_answer);
	/* A sanitizer's or valgrind's own memory does not fit under the limit. */
	if (getenv("KEYDIV_TESTS_SANITIZED") == NULL && getenv("KEYDIV_UNDER_VALGRIND") == NULL)
		tcase_add_test(tests, scrypt_memory);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

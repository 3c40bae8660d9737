/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_constant_time.c: no branch and no address depends on a secret.
 *
 * Memcheck reports a branch or an address that depends on undefined bytes. These tests therefore
 * mark the secrets undefined, call the functions and mark the results defined before a comparison.
 * The ciphers of libcrypto are not under test. The tests replace their functions in block_ciphers
 * with ones that compute on defined copies and mark the output as secret. Without valgrind the
 * tests only check the results.
 */
#include <sys/wait.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

#include "key/binding.h"
#include "key/block.h"
#include "key/cipher.c" /* for padding_length, which is static */
#include "key/she.h"
#include "key/wrap.h"
#include "unit.h"

#define BLOCK 16

static struct key *key;
static struct block_cipher libcrypto[KIND_COUNT];
static enum cipher_kind in_use; /* the cipher whose functions are replaced */
static size_t known;            /* public bytes at the start of what a cipher returns */
static unsigned errors_before;

static void mark_secret(const void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void mark_public(const void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

static size_t from_hex(const char *hex, uint8_t *bytes, size_t room)
{
	size_t n;

	ck_assert(OPENSSL_hexstr2buf_ex(bytes, room, &n, hex, '\0'));
	return n;
}

static int set_public_key(OSSL_FUNC_cipher_encrypt_init_fn *set_key, void *context,
	const unsigned char *value, size_t n)
{
	uint8_t copy[32];

	ck_assert_uint_le(n, sizeof copy);
	memcpy(copy, value, n);
	mark_public(copy, n);
	return set_key(context, copy, n, NULL, 0, NULL);
}

static int set_key(void *context, const unsigned char *value, size_t n, const unsigned char *iv,
	size_t iv_n, const OSSL_PARAM params[])
{
	ck_assert(iv == NULL && iv_n == 0 && params == NULL);
	return set_public_key(libcrypto[in_use].set_key, context, value, n);
}

static int set_key_inverse(void *context, const unsigned char *value, size_t n,
	const unsigned char *iv, size_t iv_n, const OSSL_PARAM params[])
{
	ck_assert(iv == NULL && iv_n == 0 && params == NULL);
	return set_public_key(libcrypto[in_use].set_key_inverse, context, value, n);
}

static int encrypt(void *context, unsigned char *out, size_t *ret_n, size_t room,
	const unsigned char *in, size_t n)
{
	uint8_t copy[BLOCK];
	int ok;

	ck_assert_uint_le(n, sizeof copy);
	memcpy(copy, in, n);
	mark_public(copy, n);
	ok = libcrypto[in_use].encrypt(context, out, ret_n, room, copy, n);
	mark_secret(out + known, n - known);
	return ok;
}

/* Load the key in HEX as a secret, for the cipher KIND with replaced functions. */
static void load(CK_KEY_TYPE type, enum cipher_kind kind, const char *hex)
{
	uint8_t value[32];
	size_t n = from_hex(hex, value, sizeof value);

	in_use = kind;
	block_ciphers[kind].set_key = set_key;
	block_ciphers[kind].set_key_inverse = set_key_inverse;
	block_ciphers[kind].encrypt = encrypt;
	mark_secret(value, n);
	ck_ok(key_load(key, type, value, n));
}

static void set_up(void)
{
	ck_ok(crypto_start());
	memcpy(libcrypto, block_ciphers, sizeof libcrypto);
	key = key_new();
	ck_assert_ptr_nonnull(key);
	known = 0;
	errors_before = VALGRIND_COUNT_ERRORS;
}

static void tear_down(void)
{
	unsigned errors = VALGRIND_COUNT_ERRORS - errors_before;

	key_free(key);
	memcpy(block_ciphers, libcrypto, sizeof libcrypto);
	crypto_stop();
	ck_assert_uint_eq(errors, 0);
}

static bool public_equal(const void *a, const void *b, size_t n)
{
	bool equal = secret_equal(a, b, n);

	mark_public(&equal, sizeof equal);
	return equal;
}

START_TEST(comparison)
{
	uint8_t a[33] = {0}, b[33] = {0};

	mark_secret(a, sizeof a);
	mark_secret(b, sizeof b);
	for (size_t n = 0; n <= sizeof a; n++)
		ck_assert(public_equal(a, b, n));
	for (size_t i = 0; i < sizeof a; i++) {
		a[i] ^= 1;
		ck_assert(!public_equal(a, b, sizeof a));
		ck_assert(public_equal(a, b, i));
		a[i] ^= 1;
	}
}
END_TEST

/* Return padding_length of the BLOCK bytes at LAST, which are secret meanwhile. */
static size_t padding_of(const uint8_t *last, size_t block)
{
	size_t n;

	mark_secret(last, block);
	n = padding_length(last, block);
	mark_public(&n, sizeof n);
	mark_public(last, block);
	return n;
}

START_TEST(padding)
{
	uint8_t last[BLOCK];

	for (size_t block = 8; block <= BLOCK; block += 8) {
		for (unsigned n = 0; n < 256; n++) {
			memset(last, (int)n, block);
			ck_assert_uint_eq(padding_of(last, block), n <= block ? n : 0);
			for (unsigned i = 2; i <= n && n <= block; i++) {
				last[block - i] ^= 0x40;
				ck_assert_uint_eq(padding_of(last, block), 0);
				last[block - i] ^= 0x40;
			}
		}
	}
}
END_TEST

START_TEST(parity)
{
	uint8_t value[256];

	for (unsigned i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)i;
	mark_secret(value, sizeof value);
	des_set_odd_parity(value, sizeof value);
	mark_public(value, sizeof value);
	for (unsigned i = 0; i < sizeof value; i++) {
		ck_assert_uint_eq(value[i] & 0xfe, i & 0xfe);
		ck_assert_int_eq(__builtin_parity(value[i]), 1);
	}
}
END_TEST

/* Check the CMAC of a secret message, whose length is public. */
static void check_cmac(const char *message, const char *expected)
{
	uint8_t msg[64], mac[KEY_MAC_MAX], right[BLOCK];
	size_t n = from_hex(message, msg, sizeof msg), len = from_hex(expected, right, BLOCK);

	mark_secret(msg, n);
	ck_ok(key_cmac(key, msg, n, mac));
	mark_public(mac, len);
	ck_assert_mem_eq(mac, right, len);
}

/* The answers of SP 800-38B appendix D. Both values of the doubling's carry occur. */
START_TEST(cmac)
{
	load(CKK_AES, KIND_AES128, "2b7e151628aed2a6abf7158809cf4f3c");
	check_cmac("", "bb1d6929e95937287fa37d129b756746");
	check_cmac("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c");
	check_cmac("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		   "30c81c46a35ce411",
		"dfa66747de9ae63030ca32611497c827");
	load(CKK_DES3, KIND_DES3, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5");
	check_cmac("", "b7a688e122ffaf95");
	check_cmac("6bc1bee22e409f96", "8e8f293136283797");
}
END_TEST

/*
 * RFC 3394 section 4.1. The first half of each block stays public, because it becomes the integrity
 * check value. Its verdict decides what key_unwrap returns.
 */
/* A secret key gives a secret key of SHE, K1 of tests/vectors/she.txt. */
START_TEST(she_keys)
{
	static const uint8_t constant[BLOCK] = {
		0x01, 0x01, 'S', 'H', 'E', 0x00, 0x80, [BLOCK - 1] = 0xB0};
	uint8_t zero[BLOCK] = {0}, block[BLOCK], right[BLOCK];
	struct key *k1 = key_new();

	load(CKK_AES, KIND_AES128, "000102030405060708090a0b0c0d0e0f");
	ck_ok(she_derive(key, constant, k1));
	ck_ok(key_block(k1, NULL, zero, block));
	mark_public(block, BLOCK);
	from_hex("15d08b9fb3d9e36f3456d79b6d6379c9", right, BLOCK);
	ck_assert_mem_eq(block, right, BLOCK);
	key_free(k1);
}
END_TEST

START_TEST(key_wrapping)
{
	uint8_t plain[16], out[24], expected[24];
	SECRET back = {0};

	from_hex("00112233445566778899aabbccddeeff", plain, sizeof plain);
	from_hex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", expected, sizeof expected);
	load(CKK_AES, KIND_AES128, "000102030405060708090a0b0c0d0e0f");
	for (int padded = 0; padded <= 1; padded++) {
		enum wrap_kind kind = padded ? WRAP_KWP : WRAP_KW;
		known = 0;
		mark_secret(plain, sizeof plain);
		ck_ok(key_wrap(key, kind, plain, sizeof plain, out));
		mark_public(out, sizeof out);
		if (!padded)
			ck_assert_mem_eq(out, expected, sizeof out);
		known = BLOCK / 2;
		ck_ok(key_unwrap(key, kind, out, sizeof out, &back));
		ck_assert_uint_eq(back.len, sizeof plain);
		mark_public(plain, sizeof plain);
		mark_public(secret_peek(&back), back.len);
		ck_assert_mem_eq(secret_peek(&back), plain, sizeof plain);
	}
}
END_TEST

/*
 * A key that is bound to a header. The inner keys and the clear data are secret. CTR counts from
 * the MAC, which is public but comes from secrets, so only CBC is tested.
 */
START_TEST(binding)
{
	static const uint8_t header[16] = "D0144D0AB00N0000";
	uint8_t value[32] = {1, 2, 3}, out[48 + BINDING_MAC_MAX];
	struct key *target = key_new(), *scratch[BINDING_KEYS] = {key_new(), key_new()};
	bool good;
	SECRET back = {0};

	load(CKK_AES, KIND_AES256,
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	mark_secret(value, sizeof value);
	ck_ok(key_load(target, CKK_AES, value, sizeof value));
	ck_ok(binding_seal(BINDING_CBC, key, scratch, bytes_of(header, sizeof header), target, 48,
		out, out + 48));
	mark_public(out, sizeof out);
	/* The verdict on the MAC, and then the length, decide what comes back. */
	VALGRIND_DISABLE_ERROR_REPORTING;
	ck_ok(binding_open(BINDING_CBC, key, scratch, bytes_of(header, sizeof header),
		bytes_of(out, 48), out + 48, &good, &back));
	VALGRIND_ENABLE_ERROR_REPORTING;
	mark_public(&good, sizeof good);
	mark_public(&back.len, sizeof back.len);
	mark_public(secret_peek(&back), back.len);
	mark_public(value, sizeof value);
	ck_assert(good && back.len == sizeof value);
	ck_assert_mem_eq(secret_peek(&back), value, sizeof value);
	key_free(target);
	key_free(scratch[0]);
	key_free(scratch[1]);
}
END_TEST

static __attribute__((noinline)) bool leaky_equal(
	const volatile uint8_t *a, const volatile uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/*
 * Memcheck must report a comparison that leaks. A child compares, so the errors are
 * not counted here.
 */
START_TEST(a_leak_is_reported)
{
	uint8_t a[16] = {0}, b[16] = {0};
	unsigned errors = 0;
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		mark_secret(a, sizeof a);
		leaky_equal(a, b, sizeof a);
		errors = VALGRIND_COUNT_ERRORS - errors_before;
		_exit(write(ends[1], &errors, sizeof errors) != sizeof errors);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &errors, sizeof errors), sizeof errors);
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	if (RUNNING_ON_VALGRIND)
		ck_assert_uint_gt(errors, 0);
	else
		ck_assert_uint_eq(errors, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("constant_time");
	TCase *tests = tcase_create("constant_time");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, comparison);
	tcase_add_test(tests, padding);
	tcase_add_test(tests, parity);
	tcase_add_test(tests, cmac);
	tcase_add_test(tests, she_keys);
	tcase_add_test(tests, key_wrapping);
	tcase_add_test(tests, binding);
	tcase_add_test(tests, a_leak_is_reported);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

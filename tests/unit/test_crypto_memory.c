/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_crypto_memory.c: a failed allocation is reported as CKR_HOST_MEMORY, by crypto_start() and
 * by every operation, and both work once memory is free again. This program replaces the allocator
 * of the C library for libcrypto too.
 */
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key/binding.h"
#include "key/cipher.h"
#include "key/kdf_primitives.h"
#include "key/key.h"
#include "key/mac.h"
#include "key/random.h"
#include "key/seal.h"
#include "replaced_allocator.h"
#include "unit.h"

/* Allocations until the one that fails; negative: none fails. */
static long until_failure = -1;

static bool fails(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

/* In a process of its own, because libcrypto is set up once in a process. */
static int fail_one(long number)
{
	until_failure = number;
	CK_RV first = crypto_start();
	bool failed = until_failure < 0;
	until_failure = -1;
	if (!failed)
		return 1; /* crypto_start() makes fewer allocations */
	/* libcrypto can do without some allocations. */
	if (first != CKR_HOST_MEMORY && (first != CKR_OK || number == 0))
		return 2;
	return crypto_start() == CKR_OK ? 0 : 3;
}

/* The allocations of the first use of libcrypto are the first ones. Of the others try some. */
START_TEST(usable_after_a_failure)
{
	long number = 0;
	int status = 0;

	for (; status == 0; number += number < 100 ? 1 : 211) {
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			_exit(fail_one(number));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 1),
			"after a failure of allocation %ld: status %d", number, status);
	}
	ck_assert_int_gt(number, 100);
}
END_TEST

/* --- Operations --- */

static const uint8_t bytes[64] = {1, 2, 3};
static struct key *key;

static CK_RV load(CK_KEY_TYPE type, size_t n)
{
	return key_load(key, type, bytes, n);
}

static CK_RV a_cmac(void)
{
	uint8_t mac[KEY_MAC_MAX];

	TRY(load(CKK_AES, 24));
	return key_cmac(key, bytes, sizeof bytes, mac);
}

static CK_RV an_hmac(void)
{
	uint8_t mac[KEY_MAC_MAX];

	TRY(load(CKK_GENERIC_SECRET, 32));
	TRY(key_mac(key, MAC_HMAC_SHA256, bytes, 64, mac));
	return key_mac(key, MAC_HMAC_SHA256, bytes, 64, mac);
}

static CK_RV mac_in_parts(enum mac_kind kind, CK_KEY_TYPE type)
{
	struct mac *mac = mac_new();
	uint8_t out[KEY_MAC_MAX];

	ENSURE(mac != NULL, CKR_HOST_MEMORY);
	CK_RV rv = load(type, 32);
	for (int i = 0; i < 2 && rv == CKR_OK; i++) {
		rv = mac_begin(mac, kind, key, bytes_of(bytes, kind == MAC_GMAC ? 12 : 0));
		if (rv == CKR_OK)
			rv = mac_update(mac, bytes, sizeof bytes);
		if (rv == CKR_OK)
			rv = mac_finish(mac, out);
	}
	mac_free(mac);
	return rv;
}

static CK_RV hmac_in_parts(void)
{
	return mac_in_parts(MAC_HMAC_SHA512, CKK_GENERIC_SECRET);
}

static CK_RV a_gmac(void)
{
	return mac_in_parts(MAC_GMAC, CKK_AES);
}

static CK_RV encrypt(enum cipher_mode mode, size_t iv, size_t tag)
{
	struct cipher_setup setup = {.mode = mode,
		.encrypt = true,
		.iv = bytes_of(bytes, iv),
		.aad = bytes_of(bytes, tag),
		.tag_len = tag,
		.data_len = 32,
		.counter_bits = mode == CIPHER_CTR ? 128 : 0};
	struct cipher *cipher = cipher_new();
	uint8_t out[96];
	size_t n;

	ENSURE(cipher != NULL, CKR_HOST_MEMORY);
	CK_RV rv = load(CKK_AES, 16);
	if (rv == CKR_OK)
		rv = cipher_begin(cipher, key, &setup);
	if (rv == CKR_OK)
		rv = cipher_update(cipher, bytes, 32, out, &n);
	if (rv == CKR_OK)
		rv = cipher_finish(cipher, bytes_of(NULL, 0), out + n, &n);
	cipher_free(cipher);
	return rv;
}

static CK_RV by_cbc(void)
{
	return encrypt(CIPHER_CBC_PAD, 16, 0);
}

static CK_RV by_ctr(void)
{
	return encrypt(CIPHER_CTR, 16, 0);
}

static CK_RV by_gcm(void)
{
	return encrypt(CIPHER_GCM, 12, 16);
}

static CK_RV by_ccm(void)
{
	return encrypt(CIPHER_CCM, 12, 16);
}

static CK_RV a_digest(void)
{
	uint8_t out[DIGEST_MAX];
	struct digest *digest = digest_new();

	ENSURE(digest != NULL, CKR_HOST_MEMORY);
	CK_RV rv = digest_begin(digest, DIGEST_SHA384);
	if (rv == CKR_OK)
		rv = digest_update(digest, bytes, sizeof bytes);
	if (rv == CKR_OK)
		rv = digest_finish(digest, out);
	digest_free(digest);
	return rv == CKR_OK ? digest_once(DIGEST_SHA1, bytes, 3, out) : rv;
}

static CK_RV an_hkdf(void)
{
	SECRET out = {0};

	TRY(load(CKK_HKDF, 32));
	return key_hkdf(
		key, DIGEST_SHA256, true, true, bytes_of(bytes, 8), bytes_of(bytes, 8), 48, &out);
}

static CK_RV a_pbkdf2(void)
{
	SECRET out = {0};

	return pbkdf2(DIGEST_SHA256, bytes_of(bytes, 8), bytes_of(bytes, 8), 2, 32, &out);
}

static CK_RV a_pin(void)
{
	SECRET out = {0};

	return pin_stretch(bytes_of(bytes, 4), bytes, 2, &out);
}

static CK_RV a_seal(void)
{
	SECRET with = {0};
	SECRET out = {0};
	uint8_t sealed[32 + SEAL_OVERHEAD];

	TRY(secret_set(&with, bytes, SEAL_KEY_LEN));
	TRY(seal(&with, bytes_of(bytes, 8), bytes, 32, sealed));
	return seal_open(&with, bytes_of(bytes, 8), bytes_of(sealed, sizeof sealed), &out);
}

/* Bind a key to a header with KEYS, and open the result. */
static CK_RV bind_with(enum binding how, struct key *const keys[4])
{
	struct bytes header = bytes_of(bytes, 16);
	uint8_t out[48 + BINDING_MAC_MAX];
	SECRET back = {0};
	bool good;

	for (int i = 0; i < 4; i++)
		ENSURE(keys[i] != NULL, CKR_HOST_MEMORY);
	TRY(key_load(keys[0], CKK_AES, bytes, 32));
	TRY(key_load(keys[1], CKK_AES, bytes + 1, 32));
	TRY(binding_seal(how, keys[0], &keys[2], header, keys[1], 48, out, out + 48));
	TRY(binding_open(
		how, keys[0], &keys[2], header, bytes_of(out, 48), out + 48, &good, &back));
	ENSURE(good, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV a_binding(enum binding how)
{
	struct key *keys[] = {key_new(), key_new(), key_new(), key_new()};
	CK_RV rv = bind_with(how, keys);

	for (int i = 0; i < 4; i++)
		key_free(keys[i]);
	return rv;
}

static CK_RV a_binding_by_cbc(void)
{
	return a_binding(BINDING_CBC);
}

static CK_RV a_binding_by_ctr(void)
{
	return a_binding(BINDING_CTR);
}

static CK_RV a_random_number(void)
{
	uint8_t out[32];

	TRY(random_seed(bytes, sizeof bytes));
	return random_bytes(out, sizeof out);
}

static const struct {
	const char *name;
	CK_RV (*run)(void);
} operations[] = {{"CMAC", a_cmac}, {"HMAC", an_hmac}, {"HMAC in parts", hmac_in_parts},
	{"GMAC", a_gmac}, {"CBC", by_cbc}, {"CTR", by_ctr}, {"GCM", by_gcm}, {"CCM", by_ccm},
	{"digest", a_digest}, {"HKDF", an_hkdf}, {"PBKDF2", a_pbkdf2}, {"scrypt", a_pin},
	{"sealing", a_seal}, {"binding by CBC", a_binding_by_cbc},
	{"binding by CTR", a_binding_by_ctr}, {"random", a_random_number}};

/* Put an error of the host program into the error queue of this thread, or none if it is 0. */
static unsigned long host_error(long reason)
{
	ERR_clear_error();
	if (reason != 0)
		ERR_raise(ERR_LIB_USER, (int)reason);
	return ERR_peek_last_error();
}

/*
 * Each allocation of each operation fails once. The code is CKR_HOST_MEMORY, never
 * CKR_FUNCTION_FAILED, the operation works afterwards, and the error queue of the host program is
 * as before.
 */
START_TEST(operations_say_that_memory_is_missing)
{
	ck_ok(crypto_start());
	key = key_new();
	ck_assert_ptr_nonnull(key);
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		bool failed = true;
		for (long number = 0; failed; number++) {
			key_free(key); /* without the contexts of the last time */
			key = key_new();
			unsigned long error = host_error(number % 2);
			until_failure = number;
			CK_RV rv = operations[i].run();
			failed = until_failure < 0;
			until_failure = -1;
			ck_assert_msg(ERR_peek_last_error() == error,
				"%s, allocation %ld: the error queue has changed",
				operations[i].name, number);
			ck_assert_msg(rv == CKR_HOST_MEMORY || rv == CKR_OK,
				"%s, allocation %ld: %s", operations[i].name, number, rv_name(rv));
			ck_ok(operations[i].run());
			ck_assert_int_lt(number, 1000);
		}
	}
	key_free(key);
	crypto_stop();
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *suite = suite_create("crypto_memory");
	TCase *tests = tcase_create("crypto_memory");

	tcase_add_test(tests, usable_after_a_failure);
	tcase_add_test(tests, operations_say_that_memory_is_missing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

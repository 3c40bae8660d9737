/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_crypto.c: crypto_start and crypto_stop, among hosts that fork, exit early or configure
 * libcrypto for themselves.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "key/cipher.h"
#include "key/mac.h"
#include "key/random.h"
#include "unit.h"

/*
 * Return true if the CMAC of SP 800-38B, example D.1, subset 1 (AES-128, empty message) is right.
 * Do not use ck_assert here, because ck_assert takes a lock of Check that a child of a process with
 * threads may inherit locked.
 */
static bool cmac_right(struct key *key)
{
	static const uint8_t value[] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7,
		0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
	static const uint8_t expected[] = {0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f,
		0xa3, 0x7d, 0x12, 0x9b, 0x75, 0x67, 0x46};
	uint8_t mac[16];

	return key_load(key, CKK_AES, value, sizeof value) == CKR_OK &&
	       key_cmac(key, NULL, 0, mac) == CKR_OK && memcmp(mac, expected, sizeof mac) == 0;
}

static bool usable(void)
{
	struct key *key = key_new();
	uint8_t out[KEY_MAC_MAX];
	bool ok = key != NULL && cmac_right(key) &&
		  key_mac(key, MAC_HMAC_SHA256, out, 0, out) == CKR_OK &&
		  random_bytes(out, sizeof out) == CKR_OK;

	key_free(key);
	return ok;
}

START_TEST(start_and_stop)
{
	crypto_stop(); /* before any start */
	for (int i = 0; i < 20; i++) {
		ck_ok(crypto_start());
		ck_ok(crypto_start());
		ck_assert(usable());
		crypto_stop();
		crypto_stop();
	}
	struct key *key = key_new();
	uint8_t out[16] = {1};
	ck_ok(key_load(key, CKK_AES, out, 16));
	ck_rv(key_cmac(key, NULL, 0, out), CKR_FUNCTION_FAILED); /* not started */
	key_free(key);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

static bool stop;
static struct key *stirred[2]; /* not on a thread's stack, which a child does not have */

static void *stir(void *place)
{
	struct key *key = *(struct key **)place = key_new();
	uint8_t out[64];
	bool ok = true;

	while (ok && !__atomic_load_n(&stop, __ATOMIC_RELAXED))
		ok = cmac_right(key) && random_bytes(out, sizeof out) == CKR_OK;
	key_free(key);
	return ok ? NULL : place;
}

/*
 * A child starts without the parent's stop, while other threads of the parent are anywhere in
 * libcrypto. A child that hangs on an inherited lock is ended by alarm and fails the test.
 */
START_TEST(children_of_threads)
{
	pthread_t thread[2];
	static struct key *key;
	void *failed;

	key = key_new();

	ck_ok(crypto_start());
	ck_assert(cmac_right(key));
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, stir, &stirred[i]), 0);
	for (int i = 0; i < 30; i++) {
		pid_t child = fork();
		if (child == 0) {
			alarm(TIME_LIMIT);
			key_free(key); /* the parent's key: wiped, not used */
			bool ok = crypto_start() == CKR_OK && usable();
			crypto_stop();
			ok = ok && crypto_start() == CKR_OK && usable();
			crypto_stop();
			_exit(ok ? 0 : 1);
		}
		int status = -1;
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], &failed);
		ck_assert_ptr_null(failed);
	}
	ck_assert(cmac_right(key)); /* the parent goes on */
	key_free(key);
	crypto_stop();
}
END_TEST

static pthread_barrier_t barrier;

static void *outlive(void *unused)
{
	uint8_t out[64];

	(void)unused;
	ck_ok(random_bytes(out, sizeof out));
	pthread_barrier_wait(&barrier); /* now the context goes */
	pthread_barrier_wait(&barrier);
	return NULL;
}

/*
 * A thread of the host that drew random numbers ends after crypto_stop. No thread-local data of the
 * module may be left for its end.
 */
START_TEST(thread_outlives)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	ck_ok(crypto_start());
	ck_assert_int_eq(pthread_create(&thread, NULL, outlive, NULL), 0);
	pthread_barrier_wait(&barrier);
	crypto_stop();
	pthread_barrier_wait(&barrier);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* The host has cleaned libcrypto up before it comes to C_Finalize. */
START_TEST(after_cleanup)
{
	struct key *key = key_new();
	struct mac *mac = mac_new();
	struct cipher *cipher = cipher_new();
	uint8_t iv[12] = {0};
	struct cipher_setup setup = {CIPHER_GCM, true, {iv, 12}, {NULL, 0}, 16, 0, 0};

	ck_ok(crypto_start());
	ck_assert(cmac_right(key));
	ck_ok(mac_begin(mac, MAC_HMAC_SHA1, key, bytes_of(NULL, 0)));
	ck_ok(cipher_begin(cipher, key, &setup));
	OPENSSL_cleanup();
	mac_free(mac);
	cipher_free(cipher);
	key_free(key);
	crypto_stop();
}
END_TEST

/*
 * OPENSSL_CONF names a provider that does not exist, and takes the default one away: none of
 * that reaches us.
 */
START_TEST(host_configuration)
{
	char path[] = "/tmp/keydiv-test-XXXXXX";
	static const char text[] =
		"openssl_conf = init\n[init]\nproviders = list\n[list]\nnone = none_section\n"
		"[none_section]\nmodule = /nowhere.so\nactivate = 1\n";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
	close(fd);
	ck_assert_int_eq(setenv("OPENSSL_CONF", path, 1), 0);
	ck_ok(crypto_start());
	ck_assert(usable());
	ck_assert_uint_eq(ERR_peek_error(), 0);
	crypto_stop();
	unlink(path);
}
END_TEST

/*
 * The module loads its provider into a context of its own. The host's default context does not
 * see the provider.
 */
START_TEST(host_context_untouched)
{
	ck_ok(crypto_start());
	OSSL_PROVIDER *null = OSSL_PROVIDER_load(NULL, "null"); /* a host without algorithms */
	ck_assert_ptr_nonnull(null);
	ck_assert_int_eq(OSSL_PROVIDER_available(NULL, "default"), 0);
	ck_assert(usable());
	OSSL_PROVIDER_unload(null);
	crypto_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crypto");
	TCase *tests = tcase_create("crypto");

	tcase_add_test(tests, start_and_stop);
	if (getenv("KEYDIV_TESTS_SANITIZED") ==
		NULL) /* a sanitizer's allocator does not let go of its locks for a child */
		tcase_add_test(tests, children_of_threads);
	tcase_add_test(tests, thread_outlives);
	tcase_add_test(tests, after_cleanup);
	tcase_add_test(tests, host_configuration);
	tcase_add_test(tests, host_context_untouched);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign.c: keys in the token of another module. The other module is fake_foreign.so, which
 * fails on demand. Whatever it does, a computation gives the right bytes or an error.
 */
#include "foreign/foreign.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_foreign.h"
#include "key/crypto.h"
#include "key/random.h"
#include "temp_dir.h"
#include "unit.h"

static struct fake_control *fake;
static fake_foreign_reset_function fake_reset;
static struct config config;
static struct foreign_pin pin;
static struct foreign foreign;
static struct key *far_key, *near_key; /* in the fake token, and the same value here */
static char dir[TEMP_DIR_MAX];

#define URI(TEXT) bytes_of(TEXT, strlen(TEXT))
#define AES_URI "pkcs11:token=fake;object=aes;type=secret-key"
#define HMAC_URI "pkcs11:token=fake;object=hmac"
#define DES_URI "pkcs11:token=fake;object=des"

static void add_key(unsigned i, const char *label, CK_KEY_TYPE type, CK_ULONG length)
{
	fake->keys[i] = (struct fake_key){.present = true,
		.slot = FAKE_SLOT,
		.label = label,
		.type = type,
		.length = length,
		.is_private = true,
		.sign = true,
		.encrypt = true,
		.sensitive = true};
	for (unsigned b = 0; b < length; b++)
		fake->keys[i].value[b] = (CK_BYTE)(17 * b + i);
}

/* The shared object stays loaded in this process, so its state is set again for each test. */
static void set_up(void)
{
	const char *module = getenv("FAKE_FOREIGN");
	fake_foreign_control_function get;
	void *library = dlopen(module, RTLD_NOW);

	ck_assert_ptr_nonnull(library);
	*(void **)&get = dlsym(library, "fake_foreign_control");
	*(void **)&fake_reset = dlsym(library, "fake_foreign_reset");
	fake = get();
	fake->pin = FAKE_PIN;
	fake->login_required = true;
	add_key(0, "aes", CKK_AES, 16);
	add_key(1, "hmac", CKK_GENERIC_SECRET, 20);
	add_key(2, "des", CKK_DES3, 24);
	ck_ok(crypto_start());
	config_defaults(&config);
	snprintf(config.foreign_module, sizeof config.foreign_module, "%s", module);
	foreign_start(&config);
	foreign_pin_init(&pin);
	ck_ok(foreign_pin_keep(&pin, URI(FAKE_PIN)));
	foreign.pin = &pin;
	far_key = key_new();
	near_key = key_new();
	ck_assert(far_key != NULL && near_key != NULL);
	ck_assert(temp_dir_make("foreign", dir));
}

static void tear_down(void)
{
	key_free(far_key);
	key_free(near_key);
	foreign_close(&foreign);
	foreign_stop();
	foreign_pin_destroy(&pin);
	crypto_stop();
	temp_dir_remove(dir);
}

/* Link the key I, attach FAR to it and load its value as NEAR. */
static void use_key(const char *uri, unsigned i)
{
	static struct foreign_facts facts;
	const struct fake_key *k = &fake->keys[i];

	ck_ok(foreign_link(&foreign, URI(uri), &facts));
	ck_assert_uint_eq(facts.type, k->type);
	ck_assert_uint_eq(facts.length, k->length);
	ck_ok(foreign_attach(&foreign, URI(uri), facts.type, facts.length,
		bytes_of(facts.check, facts.check_n), far_key));
	ck_ok(key_load(near_key, k->type, k->value, k->length));
}

/* CMACs of all lengths around whole blocks. */
static void compare_cmacs(void)
{
	uint8_t msg[70], far[16], near[16];

	ck_ok(random_bytes(msg, sizeof msg));
	for (size_t n = 0; n <= sizeof msg; n++) {
		ck_ok(key_cmac(far_key, msg, n, far));
		ck_ok(key_cmac(near_key, msg, n, near));
		ck_assert_mem_eq(far, near, key_block_size(near_key));
	}
}

/* Blocks, also in place and more than one call of the other module takes. */
static void compare_blocks(void)
{
	static uint8_t in[2048], far[2048], near[2048];

	ck_ok(random_bytes(in, sizeof in));
	for (size_t n = 0; n <= sizeof in; n += 8 * 16) {
		memcpy(far, in, n);
		ck_ok(key_encrypt_blocks(far_key, NULL, far, n, far));
		ck_ok(key_encrypt_blocks(near_key, NULL, in, n, near));
		ck_assert_mem_eq(far, near, n);
	}
	ck_ok(key_encrypt_blocks(far_key, in, in, 64, far));
	ck_ok(key_encrypt_blocks(near_key, in, in, 64, near));
	ck_assert_mem_eq(far, near, 64);
}

START_TEST(same_bytes)
{
	use_key(AES_URI, 0);
	compare_cmacs();
	compare_blocks();
	use_key(DES_URI, 2);
	compare_cmacs();
	compare_blocks();
}
END_TEST

START_TEST(same_hmac)
{
	uint8_t msg[200] = {1}, far[KEY_MAC_MAX], near[KEY_MAC_MAX];

	use_key(HMAC_URI, 1);
	for (size_t n = 0; n <= sizeof msg; n += 25) {
		ck_ok(key_mac(far_key, MAC_HMAC_SHA256, msg, n, far));
		ck_ok(key_mac(near_key, MAC_HMAC_SHA256, msg, n, near));
		ck_assert_mem_eq(far, near, 32);
		ck_ok(key_mac(far_key, MAC_HMAC_SHA1, msg, n, far));
		ck_ok(key_mac(near_key, MAC_HMAC_SHA1, msg, n, near));
		ck_assert_mem_eq(far, near, 20);
	}
	ck_rv(key_mac(far_key, MAC_HMAC_SHA512, msg, 1, far), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_cmac(far_key, msg, 1, far), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign");
	TCase *use = tcase_create("use");

	tcase_add_checked_fixture(use, set_up, tear_down);
	tcase_add_test(use, same_bytes);
	tcase_add_test(use, same_hmac);
	suite_add_tcase(suite, use);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_memory.c: nothing of a key stays in memory once it is unloaded: not its bytes, not its
 * schedule, not its subkeys. All writable memory is searched; that the search finds them is shown
 * each time before they are wiped.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "key/cipher.h"
#include "key/digest.h"
#include "key/kdf_primitives.h"
#include "key/key.h"
#include "key/mac.h"
#include "key/seal.h"
#include "key/wrap.h"
#include "mapping.h"
#include "masked_search.h"
#include "unit.h"

/*
 * FIPS 197, appendix A.1 and A.3, with the last round keys; SP 800-38B, D.1, with K1 and the MAC
 * of 40 bytes.
 */
#define AES128 "2b7e151628aed2a6abf7158809cf4f3c"
#define AES128_LAST "d014f9a8c9ee2589e13f0cc8b6630ca6"
#define AES128_K1 "fbeed618357133667c85e08f7236a8de"
#define AES128_K2 "f7ddac306ae266ccf90bc11ee46d513b"
#define AES128_MAC "dfa66747de9ae63030ca32611497c827"
#define AES256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define AES256_LAST "fe4890d1e6188d0b046df344706c631e"
static const char message[] =
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411";

static struct key *key;
static uint8_t work[64]; /* where the tests themselves hold secrets for a moment */

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Count the places in writable memory that have the 16 bytes of HEX. */
static unsigned count(const char *hex)
{
	uint8_t masked[16];

	for (int i = 0; i < 16; i++)
		masked[i] = (uint8_t)((digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1])) ^ MASK);
	return count_memory(masked);
}

#define ck_found(hex) ck_assert_msg(count(hex) > 0, #hex " is not there: the search is blind")
#define ck_gone(hex)                                                                               \
	do {                                                                                       \
		unsigned left_ = count(hex);                                                       \
		ck_assert_msg(left_ == 0, #hex " is there %u times", left_);                       \
	} while (0)

static void load(CK_KEY_TYPE type, const char *hex)
{
	size_t n = strlen(hex) / 2;

	ck_assert(hex_decode(hex, work, n));
	ck_ok(key_load(key, type, work, n));
	wipe(work, sizeof work);
}

static void set_up(void)
{
	ck_ok(crypto_start());
	key = key_new();
	ck_assert_ptr_nonnull(key);
}

static void tear_down(void)
{
	key_free(key);
	crypto_stop();
}

START_TEST(the_search_finds_what_is_there)
{
	ck_gone(AES128);
	ck_assert(hex_decode(AES128, work, 16));
	ck_assert_uint_eq(count(AES128), 1);
	uint8_t *heap = malloc(100);
	memcpy(heap + 3, work, 16);
	ck_assert_uint_eq(count(AES128), 2);
	wipe(heap, 100);
	wipe(work, sizeof work);
	ck_gone(AES128);
	free(heap);
}
END_TEST

static void make_cmac(void)
{
	uint8_t msg[40];

	ck_assert(hex_decode(message, msg, sizeof msg));
	ck_ok(key_cmac(key, msg, sizeof msg, work));
}

START_TEST(unload_after_cmac)
{
	for (int round = 0; round < 2; round++) {
		load(CKK_AES, AES128);
		make_cmac();
		ck_found(AES128);
		ck_found(AES128_LAST);
		ck_found(AES128_K1);
		ck_found(AES128_K2);
		ck_found(AES128_MAC);
		wipe(work, sizeof work);
		ck_gone(AES128_MAC); /* a derived key is where the caller has it and nowhere else */
		if (round == 0)
			key_unload(key);
		else
			load(CKK_AES, "00112233445566778899aabbccddeeff"); /* not yet used */
		ck_gone(AES128);
		ck_gone(AES128_LAST);
		ck_gone(AES128_K1);
		ck_gone(AES128_K2);
	}
}
END_TEST

/* Another kind of key takes another context: the first one must not keep its schedule. */
START_TEST(load_another_kind)
{
	static const char *const others[] = {
		AES128, "000102030405060708090a0b0c0d0e0f1011121314151617"};

	for (int i = 0; i < 2; i++) {
		load(CKK_AES, AES256);
		make_cmac();
		wipe(work, sizeof work);
		ck_found(AES256);
		ck_found(AES256_LAST);
		load(i == 0 ? CKK_AES : CKK_DES3, others[i]);
		ck_gone(AES256);
		ck_gone(AES256_LAST);
		load(CKK_AES, AES256);
		make_cmac();
		load(CKK_GENERIC_SECRET, "0102");
		ck_gone(AES256_LAST);
		load(CKK_AES, AES256);
		make_cmac();
		ck_rv(key_load(key, CKK_AES, work, 15), CKR_KEY_SIZE_RANGE);
		ck_gone(AES256);
		ck_gone(AES256_LAST);
	}
}
END_TEST

START_TEST(freeing)
{
	load(CKK_AES, AES256);
	make_cmac();
	ck_found(AES256_LAST);
	key_free(key);
	key = NULL;
	ck_gone(AES256);
	ck_gone(AES256_LAST);
}
END_TEST

/* Under a mask that turns the zero key into AES128: the schedule of the variant goes as well. */
START_TEST(variants_under_a_mask_leave_nothing)
{
	uint8_t out[16] = {0};

	load(CKK_AES, "00000000000000000000000000000000");
	ck_assert(hex_decode(AES128, work, 16));
	ck_ok(key_block(key, work, out, out));
	wipe(work, sizeof work);
	ck_found(AES128_LAST);
	key_unload(key);
	ck_gone(AES128);
	ck_gone(AES128_LAST);
}
END_TEST

/* The first round keys of single DES with the left half of DES2_KEY, as libcrypto lays them out. */
#define DES2_KEY "0123456789abcdeffedcba9876543210"
#define DES_LEFT_ROUNDS "40906464ca40ce4258989014868589468848b4c4840b058438e494904e818481"

/* Algorithm 3 makes a schedule of the left half, in the MAC object or in the key. */
START_TEST(schedule_of_the_left_half)
{
	void (*const wipes[])(struct mac *) = {mac_reset, mac_forget, mac_free};
	uint8_t out[KEY_MAC_MAX] = {0};

	for (size_t i = 0; i < sizeof wipes / sizeof wipes[0]; i++) {
		struct mac *mac = mac_new();
		load(CKK_DES2, DES2_KEY);
		ck_ok(mac_begin(mac, MAC_RETAIL, key, bytes_of(NULL, 0)));
		ck_ok(mac_update(mac, out, 16));
		ck_ok(mac_finish(mac, out));
		key_unload(key);
		ck_found(DES_LEFT_ROUNDS);
		wipes[i](mac);
		ck_gone(DES_LEFT_ROUNDS);
		if (wipes[i] != mac_free)
			mac_free(mac);
	}
	load(CKK_DES2, DES2_KEY);
	ck_ok(key_mac(key, MAC_RETAIL, out, 16, out));
	ck_found(DES_LEFT_ROUNDS);
	key_unload(key);
	ck_gone(DES_LEFT_ROUNDS);
	ck_gone(DES2_KEY);
}
END_TEST

START_TEST(hmac_and_check_values)
{
	uint8_t out[KEY_MAC_MAX] = {0};
	struct mac *mac = mac_new();

	load(CKK_GENERIC_SECRET, AES256);
	for (enum mac_kind kind = MAC_HMAC_SHA1; kind <= MAC_HMAC_SHA512; kind++) {
		ck_ok(key_mac(key, kind, out, 16, out));
		ck_ok(mac_begin(mac, kind, key, bytes_of(NULL, 0)));
		ck_ok(mac_update(mac, out, 16));
		ck_ok(mac_finish(mac, out));
	}
	ck_ok(key_check_value(key, false, out));
	ck_found(AES256);
	key_unload(key);
	mac_reset(mac);
	ck_gone(AES256);
	ck_gone(&AES256[32]);
	load(CKK_AES, AES128);
	memset(out, 0, sizeof out);
	ck_ok(mac_begin(mac, MAC_GMAC, key, bytes_of(out, 12)));
	ck_ok(mac_finish(mac, out));
	ck_ok(mac_begin(mac, MAC_CMAC, key, bytes_of(NULL, 0)));
	ck_ok(mac_update(mac, out, 16));
	ck_found(AES128_LAST);
	key_unload(key);
	ck_found(AES128_LAST); /* the GMAC context is the mac's */
	mac_reset(mac);
	ck_gone(AES128_LAST);
	ck_gone(AES128);
	mac_free(mac);
}
END_TEST

START_TEST(cipher_reset_wipes)
{
	static const enum cipher_mode modes[] = {
		CIPHER_ECB, CIPHER_CBC, CIPHER_CBC_PAD, CIPHER_CTR, CIPHER_GCM, CIPHER_CCM};
	struct cipher *cipher = cipher_new();
	uint8_t iv[16] = {0}, out[64];
	size_t n;

	for (size_t i = 0; i < 6; i++) {
		struct cipher_setup setup = {modes[i], true, {iv, 16}, {NULL, 0}, 16, 40, 128};
		if (i >= 4)
			setup.iv.n = 12;
		load(CKK_AES, AES128);
		ck_ok(cipher_begin(cipher, key, &setup));
		ck_assert(hex_decode(AES256, work, 32)); /* as the plaintext */
		ck_ok(cipher_update(cipher, work + 16, 12, out, &n));
		ck_ok(cipher_update(cipher, work, 28, out, &n));
		wipe(work, sizeof work);
		key_unload(key);
		ck_found(AES128_LAST);
		cipher_reset(cipher);
		ck_gone(AES128);
		ck_gone(AES128_LAST);
		ck_gone(AES256);
		ck_gone(&AES256[32]);
	}
	cipher_free(cipher);
}
END_TEST

START_TEST(wrapped_and_sealed)
{
	uint8_t wrapped[64], sealed[32 + SEAL_OVERHEAD];
	struct secret plain = {0};

	for (enum wrap_kind kind = WRAP_KW; kind <= WRAP_KWP; kind++) {
		load(CKK_AES, AES128);
		ck_assert(hex_decode(AES256, work, 32));
		ck_ok(key_wrap(key, kind, work, 32, wrapped));
		wipe(work, sizeof work);
		ck_ok(key_unwrap(key, kind, wrapped, wrap_length(kind, 32), &plain));
		ck_found(AES256);
		ck_found(&AES256[32]);
		secret_wipe(&plain);
		key_unload(key);
		ck_gone(AES256);
		ck_gone(&AES256[32]);
		ck_gone(AES128);
		ck_gone(AES128_LAST);
	}
	struct secret sealer = {0};
	ck_assert(hex_decode(AES256, work, 32));
	ck_ok(secret_set(&sealer, work, 32));
	ck_assert(hex_decode(AES128, work, 16));
	ck_ok(seal(&sealer, bytes_of(NULL, 0), work, 16, sealed));
	wipe(work, sizeof work);
	ck_ok(seal_open(&sealer, bytes_of(NULL, 0), bytes_of(sealed, 16 + SEAL_OVERHEAD), &plain));
	ck_found(AES128);
	secret_wipe(&plain);
	secret_wipe(&sealer);
	ck_gone(AES128);
	ck_gone(AES256);
	ck_gone(AES256_LAST);
}
END_TEST

/*
 * RFC 5869 test case 1 (PRK and OKM) and RFC 6070's second; the PIN and password
 * themselves as well.
 */
START_TEST(hkdf_and_pbkdf2_leave_nothing)
{
	static const char prk[] = "077709362c2e32df0ddc3f0dc47bba63",
			  okm[] = "3cb25f25faacd57a90434f64d0362f2a";
	static const char dk[] = "ea6c014dc72d6f8ccd1ed92ace1d41f0";
	static const char pin_hex[] = "70696e2d70696e2d70696e2d70696e21"; /* "pin-pin-pin-pin!" */
	uint8_t salt[PIN_SALT_LEN], info[10];
	struct secret out = {0};

	load(CKK_GENERIC_SECRET, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	for (uint8_t i = 0; i < 16; i++)
		salt[i] = i;
	for (uint8_t i = 0; i < 10; i++)
		info[i] = (uint8_t)(0xf0 + i);
	ck_ok(key_hkdf(
		key, DIGEST_SHA256, true, true, bytes_of(salt, 13), bytes_of(info, 10), 42, &out));
	ck_found(okm);
	ck_gone(prk);
	secret_wipe(&out);
	ck_gone(okm);
	ck_ok(pbkdf2(DIGEST_SHA1, bytes_of("password", 8), bytes_of("salt", 4), 2, 20, &out));
	ck_found(dk);
	secret_wipe(&out);
	ck_gone(dk);
	ck_assert(hex_decode(pin_hex, work, 16));
	ck_ok(pin_stretch(bytes_of(work, 16), salt, 10, &out));
	ck_ok(pbkdf2(DIGEST_SHA256, bytes_of(work, 16), bytes_of(salt, 16), 2, 32, &out));
	ck_found(pin_hex);
	wipe(work, sizeof work);
	secret_wipe(&out);
	ck_gone(pin_hex);
}
END_TEST

/* A key in use, long values included, is locked and is not written to a core dump. */
START_TEST(keys_are_in_the_arena)
{
	static const uint8_t value[SECRET_MAX] = {9};

	ck_assert(is_guarded(key));
	ck_ok(key_load(key, CKK_AES, value, 32));
	ck_assert(is_guarded(key_expose(key).p));
	ck_ok(key_load(key, CKK_GENERIC_SECRET, value, sizeof value));
	ck_assert(is_guarded(key_expose(key).p));
}
END_TEST

static struct key *long_key, *busy_key;

static int search_in_child(void)
{
	static const char *const gone[] = {AES128, AES128_LAST, AES128_K1, AES256};

	key_unload(key);
	keys_forked();
	for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
		if (count(gone[i]) != 0)
			return 1 + (int)i;
	return key_length(key) == 0 ? 0 : 9;
}

/*
 * The child of a fork wipes the value of every key, also of one that a thread of the parent may be
 * using, and everything of a key that no thread uses.
 */
START_TEST(a_forked_child_wipes_all_keys)
{
	uint8_t value[96];
	int status = -1;

	long_key = key_new();
	ck_assert_ptr_nonnull(long_key);
	for (size_t i = 0; i < 3; i++)
		ck_assert(hex_decode(AES256, value + 32 * i, 32));
	ck_ok(key_load(long_key, CKK_GENERIC_SECRET, value, sizeof value));
	busy_key = key_new();
	ck_assert_ptr_nonnull(busy_key);
	ck_ok(key_load(busy_key, CKK_AES, value, 32));
	wipe(value, sizeof value);
	load(CKK_AES, AES128);
	make_cmac();
	wipe(work, sizeof work);
	ck_found(AES128);
	ck_found(AES128_LAST);
	ck_found(AES256);
	pid_t child = fork();
	if (child == 0)
		_exit(search_in_child());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(status == 0, "the child still has secret %d", WEXITSTATUS(status));
	ck_found(AES128); /* the parent goes on with its keys */
	key_free(long_key);
	key_free(busy_key);
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_TESTS_SANITIZED") != NULL || getenv("KEYDIV_UNDER_VALGRIND") != NULL) {
		puts("skipped: a sanitizer keeps what was freed, and its shadow is too large to "
		     "search");
		return 77;
	}
	Suite *suite = suite_create("key_memory");
	TCase *tests = tcase_create("key_memory");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_search_finds_what_is_there);
	tcase_add_test(tests, unload_after_cmac);
	tcase_add_test(tests, load_another_kind);
	tcase_add_test(tests, freeing);
	tcase_add_test(tests, variants_under_a_mask_leave_nothing);
	tcase_add_test(tests, schedule_of_the_left_half);
	tcase_add_test(tests, hmac_and_check_values);
	tcase_add_test(tests, cipher_reset_wipes);
	tcase_add_test(tests, keys_are_in_the_arena);
	tcase_add_test(tests, a_forked_child_wipes_all_keys);
	tcase_add_test(tests, wrapped_and_sealed);
	tcase_add_test(tests, hkdf_and_pbkdf2_leave_nothing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

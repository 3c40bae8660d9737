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

#include "fake_open.h"
#include "foreign/foreign_key.h"
#include "foreign/foreign_module.h"
#include "key/crypto.h"
#include "key/random.h"
#include "temp_dir.h"
#include "unit.h"

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
	fake->keys[i] = fake_key_that_signs(label, type, length);
	fake->keys[i].encrypt = true;
	for (unsigned b = 0; b < length; b++)
		fake->keys[i].value[b] = (CK_BYTE)(17 * b + i);
}

/* The shared object stays loaded in this process, so its state is set again for each test. */
static void set_up(void)
{
	fake_open(FAKE_PIN);
	add_key(0, "aes", CKK_AES, 16);
	add_key(1, "hmac", CKK_GENERIC_SECRET, 20);
	add_key(2, "des", CKK_DES3, 24);
	ck_ok(crypto_start());
	config_defaults(&config);
	snprintf(config.foreign_module, sizeof config.foreign_module, "%s", getenv("FAKE_FOREIGN"));
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

/* --- What the key may do --- */

static CK_RV link_only(const char *uri)
{
	struct foreign_facts facts;

	return foreign_link(&foreign, URI(uri), &facts);
}

START_TEST(a_key_that_may_only_sign)
{
	uint8_t block[16] = {0};

	fake->keys[0].encrypt = false;
	use_key(AES_URI, 0);
	compare_cmacs();
	ck_rv(key_block(far_key, NULL, block, block), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_encrypt_blocks(far_key, NULL, block, 16, block), CKR_KEY_FUNCTION_NOT_PERMITTED);
	ck_rv(key_block(far_key, block, block, block), CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

START_TEST(a_key_that_may_only_encrypt)
{
	uint8_t mac[KEY_MAC_MAX];

	fake->keys[0].sign = fake->keys[2].sign = false;
	use_key(AES_URI, 0);
	compare_cmacs();
	compare_blocks();
	ck_rv(key_mac(far_key, MAC_HMAC_SHA256, mac, 1, mac), CKR_KEY_FUNCTION_NOT_PERMITTED);
	use_key(DES_URI, 2);
	compare_cmacs();
	compare_blocks();
}
END_TEST

START_TEST(a_token_without_cmac)
{
	fake->no_cmac = true;
	use_key(AES_URI, 0);
	compare_cmacs();
	fake->keys[0].encrypt = false;
	ck_rv(link_only(AES_URI), CKR_KEY_FUNCTION_NOT_PERMITTED);
}
END_TEST

START_TEST(allowed_mechanisms)
{
	struct foreign_facts facts;
	uint8_t block[16] = {0};

	fake->keys[0].allowed_n = 1;
	fake->keys[0].allowed[0] = CKM_AES_ECB;
	use_key(AES_URI, 0);
	compare_cmacs();
	compare_blocks();
	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	ck_assert(!facts.sign && facts.encrypt);
	fake->keys[0].allowed[0] = CKM_AES_CMAC;
	use_key(AES_URI, 0);
	compare_cmacs();
	ck_rv(key_block(far_key, NULL, block, block), CKR_KEY_FUNCTION_NOT_PERMITTED);
	fake->keys[0].allowed[0] = CKM_AES_CBC;
	ck_rv(link_only(AES_URI), CKR_KEY_FUNCTION_NOT_PERMITTED);
	fake->keys[1].allowed_n = 1;
	fake->keys[1].allowed[0] = CKM_SHA_1_HMAC;
	ck_ok(foreign_link(&foreign, URI(HMAC_URI), &facts));
	ck_assert_uint_eq(facts.check_n, 2 + 16 + 20);
}
END_TEST

START_TEST(keys_that_cannot_be_used)
{
	fake->keys[0].sign = fake->keys[0].encrypt = false;
	ck_rv(link_only(AES_URI), CKR_KEY_FUNCTION_NOT_PERMITTED);
	fake->no_hmac = true;
	ck_rv(link_only(HMAC_URI), CKR_KEY_FUNCTION_NOT_PERMITTED);
	fake->keys[2].type = CKK_KEYDIV_ODUKPT_CLIENT;
	ck_rv(link_only(DES_URI), CKR_KEY_TYPE_INCONSISTENT);
	fake->keys[2].type = 0x8000;
	ck_rv(link_only(DES_URI), CKR_KEY_TYPE_INCONSISTENT);
	fake->keys[2].type = CKK_AES;
	fake->keys[2].length = 20;
	ck_rv(link_only(DES_URI), CKR_KEY_SIZE_RANGE);
}
END_TEST

START_TEST(facts_of_a_key)
{
	struct foreign_facts facts;

	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	ck_assert(facts.sign && facts.encrypt && !facts.extractable && facts.sensitive);
	fake->keys[0].encrypt = false;
	fake->keys[0].extractable = true;
	fake->keys[0].sensitive = false;
	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	ck_assert(facts.sign && !facts.encrypt && facts.extractable && !facts.sensitive);
}
END_TEST

/* --- URIs --- */

START_TEST(uris)
{
	static const char *const wrong[] = {
		"",
		"http://example.org",
		"pkcs11:token=%zz",
		"pkcs11:",
		"pkcs11:token=fake",
		"pkcs11:token=fake;object=aes;type=private",
		"pkcs11:token=fake;object=aes?pin-value=fake-pin",
		"pkcs11:token=fake;object=aes?pin-source=file:/etc/passwd",
		"pkcs11:token=fake;object=aes?module-path=/lib/x.so",
		"pkcs11:token=fake;object=aes?module-name=x",
		"pkcs11:token=fake;object=aes;flavour=sweet",
		"pkcs11:token=other;object=aes",
		"pkcs11:token=fake;object=other",
		"pkcs11:object=aes", /* two tokens */
		"pkcs11:token=fake;id=%01",
		"pkcs11:token=fake;object=aes;slot-id=8",
		"pkcs11:token=fake;object=aes;library-description=other",
	};
	static char long_uri[FOREIGN_URI_MAX + 2];

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CK_RV rv = link_only(wrong[i]);
		ck_assert_msg(rv == CKR_ATTRIBUTE_VALUE_INVALID, "%s: %s", wrong[i], rv_name(rv));
	}
	memset(long_uri, 'a', sizeof long_uri - 1);
	ck_rv(link_only(long_uri), CKR_ATTRIBUTE_VALUE_INVALID);
	struct foreign_facts facts;
	ck_rv(foreign_link(&foreign, bytes_of(AES_URI "\0x", sizeof AES_URI + 1), &facts),
		CKR_ATTRIBUTE_VALUE_INVALID);
	unsigned logins = fake->logins;
	foreign_close(&foreign);
	fake->keys[0].slot++;
	ck_rv(link_only("pkcs11:object=aes"), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_assert_uint_eq(fake->logins, logins); /* no PIN was tried at a token that may be wrong */
	fake->keys[0].slot--;
	add_key(3, "aes", CKK_AES, 32);
	ck_rv(link_only(AES_URI), CKR_ATTRIBUTE_VALUE_INVALID);
	fake->keys[3].slot++; /* to the second token */
	ck_ok(link_only(AES_URI));
	ck_ok(link_only("pkcs11:serial=2;object=aes"));
	ck_ok(link_only("pkcs11:slot-id=7;object=aes"));
}
END_TEST

/* A URI comes from a caller. Whatever its bytes are, the answer is a code. */
START_TEST(random_uris)
{
	uint8_t text[sizeof AES_URI + 60], change[4];

	for (int i = 0; i < 20000; i++) {
		size_t n = sizeof AES_URI - 1;
		memcpy(text, AES_URI, n);
		for (int k = 0; k < 1 + i % 4; k++) {
			ck_ok(random_bytes(change, sizeof change));
			text[change[0] % n] =
				i % 2 ? change[1] : (uint8_t) "%;?&=:/0aF"[change[1] % 10];
			n = change[2] < 40 ? change[3] % n + 1 : n;
		}
		CK_RV rv = foreign_link(&foreign, bytes_of(text, n), &(struct foreign_facts){0});
		ck_assert_msg(rv == CKR_OK || rv == CKR_ATTRIBUTE_VALUE_INVALID, "%.*s: %s", (int)n,
			(char *)text, rv_name(rv));
	}
	ck_ok(link_only(AES_URI));
}
END_TEST

START_TEST(keys_in_two_tokens)
{
	add_key(3, "aes", CKK_AES, 32);
	fake->keys[3].slot++;
	fake->logged_in = true;
	use_key("pkcs11:token=second;object=aes", 3);
	compare_cmacs();
	use_key(AES_URI, 0);
	compare_cmacs();
	ck_assert_uint_eq(fake->sessions, 2);
	foreign_close(&foreign);
	ck_assert_uint_eq(fake->sessions, 0);
}
END_TEST

/* --- Another key --- */

static CK_RV attach(const struct foreign_facts *facts, const char *uri)
{
	return foreign_attach(&foreign, URI(uri), facts->type, facts->length,
		bytes_of(facts->check, facts->check_n), far_key);
}

START_TEST(another_key_behind_the_uri)
{
	struct foreign_facts facts, other;
	uint8_t mac[KEY_MAC_MAX];

	for (unsigned i = 0; i < 3; i++) {
		const char *uri = i == 0 ? AES_URI : i == 1 ? HMAC_URI : DES_URI;
		for (unsigned way = 0; way < 2; way++) {
			fake->no_cmac = way == 1; /* CMACs of blocks */
			ck_ok(foreign_link(&foreign, URI(uri), &facts));
			fake->keys[i].value[2] ^= 2;
			ck_rv(attach(&facts, uri), CKR_DEVICE_ERROR);
			fake->keys[i].value[2] ^= 2;
			ck_ok(attach(&facts, uri));
			fake->keys[i].value[2] ^= 2;
			fake_reset();
			for (unsigned again = 0; again < 2; again++)
				ck_rv(i == 1 ? key_mac(far_key, MAC_HMAC_SHA256, mac, 1, mac)
					     : key_cmac(far_key, mac, 1, mac),
					CKR_DEVICE_ERROR);
			fake->keys[i].value[2] ^= 2;
		}
	}
	fake->no_cmac = false;
	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	ck_rv(attach(&facts, DES_URI), CKR_DEVICE_ERROR);
	ck_ok(foreign_link(&foreign, URI(DES_URI), &other));
	ck_rv(attach(&other, AES_URI), CKR_DEVICE_ERROR);
	fake->keys[0].length = 32;
	ck_rv(attach(&facts, AES_URI), CKR_DEVICE_ERROR);
	fake->keys[0].length = 16;
	for (size_t i = 0; i < facts.check_n; i++) {
		other = facts;
		other.check[i] ^= 1;
		ck_rv(attach(&other, AES_URI), CKR_DEVICE_ERROR);
		other = facts;
		other.check_n = i;
		ck_rv(attach(&other, AES_URI), CKR_DEVICE_ERROR);
	}
	other = facts;
	other.check_n++;
	ck_rv(attach(&other, AES_URI), CKR_DEVICE_ERROR);
	ck_ok(attach(&facts, AES_URI));
}
END_TEST

/* Each link has a check of its own. The session keeps one key for all of them. */
START_TEST(many_links_of_a_key)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 100; i++) {
		fake->keys[0].encrypt = i % 2 == 0; /* is read at each link */
		use_key(AES_URI, 0);
		compare_cmacs();
		ck_rv(key_encrypt_blocks(far_key, NULL, (uint8_t[16]){0}, 16, (uint8_t[16]){0}),
			i % 2 == 0 ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED);
	}
	for (const struct foreign_key *k = foreign.keys; k != NULL; k = k->next)
		n++;
	ck_assert_uint_eq(n, 1);
	fake->keys[0].value[2] ^= 2; /* a new key, which is linked beside the old one */
	use_key(AES_URI, 0);
	compare_cmacs();
}
END_TEST

/* The HMAC is the same, but keydiv's object has another type. */
START_TEST(another_type_behind_the_uri)
{
	struct foreign_facts facts;

	ck_ok(foreign_link(&foreign, URI(HMAC_URI), &facts));
	fake->keys[1].type = CKK_SHA256_HMAC;
	ck_rv(attach(&facts, HMAC_URI), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(a_token_that_has_gone)
{
	uint8_t mac[16] = {0};
	struct foreign_facts facts;

	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	fake->keys[0].present = false;
	fake_reset();
	ck_rv(attach(&facts, AES_URI), CKR_DEVICE_ERROR);
	fake->removed = true;
	ck_rv(attach(&facts, AES_URI), CKR_TOKEN_NOT_PRESENT);
	fake->removed = false;
	fake->keys[0].present = true;
	ck_ok(attach(&facts, AES_URI));
	add_key(3, "aes", CKK_AES, 16);
	fake_reset();
	ck_rv(key_cmac(far_key, mac, sizeof mac, mac), CKR_DEVICE_ERROR);
}
END_TEST

/* --- Loss and recovery --- */

static CK_RV cmac_is_right(void)
{
	uint8_t msg[5] = {1, 2, 3, 4, 5}, far[16], near[16];

	CK_RV rv = key_cmac(far_key, msg, sizeof msg, far);
	if (rv == CKR_OK) {
		ck_ok(key_cmac(near_key, msg, sizeof msg, near));
		ck_assert_mem_eq(far, near, key_block_size(near_key));
	}
	return rv;
}

static void set_fault(const char *function, CK_RV rv, unsigned skip, unsigned times)
{
	fake->function = function;
	fake->rv = rv;
	fake->lie = 0;
	fake->skip = skip;
	fake->times = times;
	fake->faults = 0;
}

START_TEST(a_lost_session_is_opened_again_once)
{
	static const struct {
		CK_RV foreign, twice;
	} lost[] = {
		{CKR_SESSION_HANDLE_INVALID, CKR_DEVICE_ERROR},
		{CKR_SESSION_CLOSED, CKR_DEVICE_ERROR}, {CKR_DEVICE_REMOVED, CKR_DEVICE_REMOVED},
		{CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_PRESENT},
		{CKR_KEY_HANDLE_INVALID, CKR_DEVICE_ERROR},
		{CKR_OBJECT_HANDLE_INVALID, CKR_DEVICE_ERROR},
		{CKR_USER_NOT_LOGGED_IN, CKR_USER_NOT_LOGGED_IN},
		{CKR_OPERATION_ACTIVE, CKR_DEVICE_ERROR},
		{CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DEVICE_ERROR},
		{CKR_KEY_SIZE_RANGE, CKR_DEVICE_ERROR}, /* of NSS after a logout */
	};

	use_key(AES_URI, 0);
	for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
		set_fault("C_Sign", lost[i].foreign, 0, 1);
		ck_ok(cmac_is_right());
		ck_assert_uint_eq(fake->faults, 1);
		set_fault("C_Sign", lost[i].foreign, 0, 100);
		ck_rv(cmac_is_right(), lost[i].twice);
		ck_assert_uint_eq(fake->faults, 2);
		set_fault(NULL, CKR_OK, 0, 0);
		ck_ok(cmac_is_right());
	}
	fake_reset();
	ck_ok(cmac_is_right());
	ck_assert_uint_eq(fake->sessions, 1);
	fake->removed = true;
	ck_rv(cmac_is_right(), CKR_TOKEN_NOT_PRESENT);
	fake->removed = false;
	ck_ok(cmac_is_right());
	fake->up = false; /* the application has ended the module */
	ck_ok(cmac_is_right());
	ck_assert(fake->up);
}
END_TEST

START_TEST(other_codes_are_not_tried_again)
{
	static const struct {
		CK_RV foreign, ours;
	} codes[] = {
		{CKR_HOST_MEMORY, CKR_HOST_MEMORY},
		{CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY},
		{CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
		{CKR_GENERAL_ERROR, CKR_DEVICE_ERROR},
		{CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR},
		{CKR_PIN_LOCKED, CKR_PIN_LOCKED},
		{CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_FUNCTION_NOT_PERMITTED},
		{CKR_VENDOR_DEFINED | 1, CKR_DEVICE_ERROR},
	};

	use_key(AES_URI, 0);
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		set_fault("C_Sign", codes[i].foreign, 0, 100);
		ck_rv(cmac_is_right(), codes[i].ours);
		ck_assert_uint_eq(fake->faults, 1);
	}
	set_fault(NULL, CKR_OK, 0, 0);
	ck_ok(cmac_is_right());
}
END_TEST

/* Handles of an earlier era of the module may be those of other sessions now. */
START_TEST(handles_of_an_earlier_era)
{
	struct foreign second = {.pin = &pin};
	struct foreign_facts facts;
	uint8_t mac[16] = {0};

	ck_ok(foreign_link(&second, URI(AES_URI), &facts));
	use_key(AES_URI, 0);
	ck_assert_uint_eq(fake->sessions, 2);
	fake->up = false;
	ck_ok(key_cmac(far_key, mac, sizeof mac, mac));
	ck_assert_uint_eq(fake->sessions, 1);
	foreign_close(&second);
	ck_assert_uint_eq(fake->sessions, 1);
}
END_TEST

/* Another thread has lost the module, and the module cannot be started again. */
START_TEST(a_session_without_an_era)
{
	struct foreign_session *session;

	use_key(AES_URI, 0);
	foreign_module_lost(foreign_module_era());
	set_fault("C_GetInfo", CKR_GENERAL_ERROR, 0, 1);
	ck_ok(foreign_enter());
	ck_assert_uint_eq(foreign_session_get(&foreign, FAKE_SLOT, &session), CKR_GENERAL_ERROR);
	foreign_leave();
	ck_assert(!foreign_session_is_open(session));
	key_unload(far_key);
	foreign_close(&foreign);
	ck_assert_uint_eq(fake->sessions, 1); /* the handle may be another's now */
}
END_TEST

/* A call that was encrypted in part, in place, when the session was lost. */
START_TEST(blocks_in_place_are_not_encrypted_twice)
{
	static uint8_t in[1500 / 16 * 16], near[sizeof in];

	use_key(AES_URI, 0);
	ck_ok(random_bytes(in, sizeof in));
	ck_ok(key_encrypt_blocks(near_key, NULL, in, sizeof in, near));
	set_fault("C_Encrypt", CKR_SESSION_HANDLE_INVALID, 2, 1);
	ck_ok(key_encrypt_blocks(far_key, NULL, in, sizeof in, in));
	ck_assert_uint_eq(fake->faults, 1);
	ck_assert_mem_eq(in, near, sizeof in);
}
END_TEST

/* --- Every function fails in every way --- */

static const char *const functions[] = {"C_Initialize", "C_Finalize", "C_GetInfo", "C_GetSlotList",
	"C_GetSlotInfo", "C_GetTokenInfo", "C_GetMechanismInfo", "C_OpenSession", "C_CloseSession",
	"C_GetSessionInfo", "C_Login", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal",
	"C_GetAttributeValue", "C_SignInit", "C_Sign", "C_EncryptInit", "C_Encrypt"};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

static const CK_RV failures[] = {CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,
	CKR_PIN_LOCKED, CKR_PIN_INCORRECT, CKR_HOST_MEMORY, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY,
	CKR_TOKEN_NOT_PRESENT, CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID,
	CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
	CKR_CRYPTOKI_NOT_INITIALIZED, CKR_BUFFER_TOO_SMALL, CKR_MECHANISM_INVALID,
	CKR_ATTRIBUTE_TYPE_INVALID, CKR_GENERAL_ERROR, CKR_CANCEL, 0xdeadbeef};
#define FAILURES (sizeof failures / sizeof failures[0])

/* Codes that a caller of keydiv can get from a foreign token. */
static bool is_passed_on(CK_RV rv)
{
	static const CK_RV codes[] = {CKR_OK, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR,
		CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_PIN_INCORRECT, CKR_PIN_LOCKED,
		CKR_USER_NOT_LOGGED_IN, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT,
		CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] == rv)
			return true;
	return false;
}

static CK_RV everything(struct foreign_facts *facts)
{
	static const uint8_t in[1024] = {7};
	static uint8_t far[1024], near[1024];

	TRY(foreign_link(&foreign, URI(AES_URI), facts));
	TRY(attach(facts, AES_URI));
	TRY(cmac_is_right());
	TRY(key_encrypt_blocks(far_key, NULL, in, sizeof in, far));
	ck_ok(key_encrypt_blocks(near_key, NULL, in, sizeof in, near));
	ck_assert_mem_eq(far, near, sizeof near);
	fake_reset(); /* the rest finds the key again */
	return cmac_is_right();
}

/*
 * Run everything() with the fault, then without: nothing is left that disturbs, or open. Return
 * false if there were fewer calls than the fault skips.
 */
static bool run_with_fault(const char *name, unsigned skip)
{
	struct foreign_facts facts;

	ck_ok(foreign_pin_keep(&pin, URI(FAKE_PIN)));
	CK_RV rv = everything(&facts);
	bool happened = fake->faults > 0;
	ck_assert_msg(
		is_passed_on(rv), "%s %s, skip %u: %s", name, rv_name(fake->rv), skip, rv_name(rv));
	set_fault(NULL, CKR_OK, 0, 0);
	foreign_close(&foreign);
	foreign_stop();
	fake->up = false;
	fake->sessions = fake->wrong_pins = 0;
	foreign_start(&config);
	ck_ok(everything(&facts));
	foreign_close(&foreign);
	ck_assert_uint_eq(fake->sessions, 0);
	return happened;
}

START_TEST(every_function_fails)
{
	const char *name = functions[_i % (int)FUNCTIONS];

	fake->no_cmac = _i >= (int)FUNCTIONS;
	ck_ok(key_load(near_key, CKK_AES, fake->keys[0].value, 16));
	for (size_t code = 0; code < FAILURES; code++)
		for (unsigned times = 1; times < 100; times += times < 3 ? 1 : 96)
			for (unsigned skip = 0, more = 1; more; skip++) {
				set_fault(name, failures[code], skip, times);
				more = run_with_fault(name, skip);
			}
}
END_TEST

/* With foreign-compute-twice, a wrong value of the right length is noticed too. */
START_TEST(every_function_lies)
{
	const char *name = functions[_i % (int)FUNCTIONS];

	fake->no_cmac = _i >= (int)FUNCTIONS;
	config.foreign_compute_twice = true;
	foreign_start(&config);
	ck_ok(key_load(near_key, CKK_AES, fake->keys[0].value, 16));
	for (enum fake_lie lie = FAKE_SHORT; lie <= FAKE_WRONG; lie++)
		for (unsigned skip = 0, more = 1; more; skip++) {
			set_fault(name, CKR_OK, skip, 1);
			fake->lie = lie;
			more = run_with_fault(name, skip);
		}
}
END_TEST

/* Wrong lengths are noticed without foreign-compute-twice, and so are wrong blocks. */
START_TEST(lies_in_use)
{
	uint8_t msg[40] = {3}, far[64], near[64];

	use_key(AES_URI, 0);
	for (enum fake_lie lie = FAKE_SHORT; lie <= FAKE_WRONG; lie++) {
		set_fault("C_Encrypt", CKR_OK, 0, 1);
		fake->lie = lie;
		ck_rv(key_encrypt_blocks(far_key, NULL, msg, 32, far), CKR_DEVICE_ERROR);
		ck_ok(key_encrypt_blocks(far_key, NULL, msg, 32, far));
		ck_ok(key_encrypt_blocks(near_key, NULL, msg, 32, near));
		ck_assert_mem_eq(far, near, 32);
		set_fault("C_Sign", CKR_OK, 0, 1);
		fake->lie = lie;
		if (lie != FAKE_WRONG)
			ck_rv(key_cmac(far_key, msg, sizeof msg, far), CKR_DEVICE_ERROR);
	}
	config.foreign_compute_twice = true;
	foreign_start(&config);
	for (unsigned skip = 0; skip < 2; skip++) {
		set_fault("C_Sign", CKR_OK, skip, 1);
		fake->lie = FAKE_WRONG;
		ck_rv(key_cmac(far_key, msg, sizeof msg, far), CKR_DEVICE_ERROR);
		ck_ok(cmac_is_right());
	}
}
END_TEST

START_TEST(lies_about_keys)
{
	set_fault("C_FindObjects", CKR_OK, 0, 1);
	fake->lie = FAKE_HUGE;
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	for (unsigned skip = 0; skip < 6; skip++) {
		set_fault("C_GetAttributeValue", CKR_OK, skip, 1);
		fake->lie = FAKE_SHORT;
		ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	}
}
END_TEST

/* One wrong value in the check of linking or of opening. */
START_TEST(a_wrong_value_in_the_check)
{
	struct foreign_facts facts;

	for (int way = 0; way < 2; way++) {
		const char *name = way == 0 ? "C_Sign" : "C_Encrypt";
		fake->no_cmac = way == 1;
		ck_ok(key_load(near_key, CKK_AES, fake->keys[0].value, 16));
		for (unsigned skip = 0; skip < 2 + 2 * (unsigned)way; skip++) {
			set_fault(name, CKR_OK, skip, 1);
			fake->lie = FAKE_WRONG;
			ck_rv(foreign_link(&foreign, URI(AES_URI), &facts), CKR_DEVICE_ERROR);
			ck_assert_uint_eq(fake->faults, 1);
		}
		ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
		for (unsigned skip = 0; skip < 1 + (unsigned)way; skip++) {
			set_fault(name, CKR_OK, skip, 1);
			fake->lie = FAKE_WRONG;
			ck_rv(attach(&facts, AES_URI), CKR_DEVICE_ERROR);
			ck_ok(attach(&facts, AES_URI));
			foreign_close(&foreign);
		}
	}
}
END_TEST

/* --- PINs --- */

START_TEST(a_wrong_pin_is_tried_once)
{
	ck_ok(foreign_pin_keep(&pin, URI("wrong")));
	for (int i = 0; i < 10; i++)
		ck_rv(link_only(AES_URI), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(fake->logins, 1);
	ck_ok(foreign_pin_keep(&pin, URI("wrong, too")));
	for (int i = 0; i < 10; i++)
		ck_rv(link_only(AES_URI), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(fake->logins, 2);
	/* The last try is left, to a right PIN as well, because keydiv cannot know. */
	ck_ok(foreign_pin_keep(&pin, URI(FAKE_PIN)));
	ck_rv(link_only(AES_URI), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(fake->logins, 2);
	fake->wrong_pins = 0;
	ck_ok(link_only(AES_URI));
	foreign_close(&foreign);
	fake->wrong_pins = FAKE_TRIES;
	ck_rv(link_only(AES_URI), CKR_PIN_LOCKED);
	ck_assert_uint_eq(fake->logins, 3);
}
END_TEST

/* A token that does not show CKF_USER_PIN_LOCKED. The caller hears the same each time. */
START_TEST(a_locked_pin_stays_locked)
{
	set_fault("C_Login", CKR_PIN_LOCKED, 0, 100);
	for (int i = 0; i < 3; i++)
		ck_rv(link_only(AES_URI), CKR_PIN_LOCKED);
	ck_assert_uint_eq(fake->faults, 1);
}
END_TEST

/* Another thread has logged in between C_GetSessionInfo and C_Login. */
START_TEST(somebody_else_logs_in_first)
{
	fake->keys[0].is_private = false;
	set_fault("C_Login", CKR_USER_ALREADY_LOGGED_IN, 0, 1);
	ck_ok(link_only(AES_URI));
	ck_assert_uint_eq(fake->faults, 1);
}
END_TEST

START_TEST(no_pin)
{
	foreign_pin_forget(&pin);
	ck_rv(link_only(AES_URI), CKR_USER_NOT_LOGGED_IN);
	fake->login_required = false;
	ck_ok(link_only(AES_URI));
	foreign_close(&foreign);
	fake->login_required = true;
	fake->logged_in = true; /* by the application */
	ck_ok(link_only(AES_URI));
	ck_assert_uint_eq(fake->logins, 0);
}
END_TEST

static void write_pin(const char *text, mode_t mode)
{
	FILE *f = fopen(config.foreign_pin_file, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(config.foreign_pin_file, mode), 0);
}

START_TEST(a_pin_in_a_file)
{
	static char long_pin[300];

	snprintf(config.foreign_pin_file, sizeof config.foreign_pin_file, "%s/pin", dir);
	foreign_start(&config);
	foreign_pin_forget(&pin);
	ck_ok(foreign_pin_keep(&pin, URI("wrong"))); /* not kept */
	ck_assert_ptr_null(pin.kept);
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR); /* there is no file */
	const char *const right[] = {FAKE_PIN, FAKE_PIN "\n", FAKE_PIN "\r\n"};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		write_pin(right[i], 0600);
		ck_ok(link_only(AES_URI));
		foreign_close(&foreign);
	}
	write_pin(FAKE_PIN, 0620);
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	write_pin(FAKE_PIN, 0602);
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	write_pin("", 0600);
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	memset(long_pin, 'a', sizeof long_pin - 1);
	write_pin(long_pin, 0600);
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(fake->logins, 3);
	ck_assert_int_eq(unlink(config.foreign_pin_file), 0);
	ck_assert_int_eq(mkfifo(config.foreign_pin_file, 0600), 0);
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
}
END_TEST

/* --- The module as a whole --- */

START_TEST(initialised_once_and_ended_by_its_owner)
{
	ck_assert_uint_eq(fake->initialized, 0);
	snprintf(config.foreign_arguments, sizeof config.foreign_arguments, "a='b c' d=e");
	foreign_start(&config);
	ck_ok(link_only(AES_URI));
	ck_ok(link_only(HMAC_URI));
	ck_assert_uint_eq(fake->initialized, 1);
	ck_assert_str_eq(fake->arguments, "a='b c' d=e");
	foreign_close(&foreign);
	foreign_stop();
	ck_assert_uint_eq(fake->finalized, 1);
	foreign_stop();
	ck_assert_uint_eq(fake->finalized, 1);
	fake->up = true; /* now the application has initialised the module */
	foreign_start(&config);
	ck_ok(link_only(AES_URI));
	foreign_close(&foreign);
	foreign_stop();
	ck_assert_uint_eq(fake->finalized, 1);
	ck_assert(fake->up);
}
END_TEST

static void module_is(const char *text)
{
	ck_assert_uint_lt(strlen(text), sizeof config.foreign_module);
	memcpy(config.foreign_module, text, strlen(text) + 1);
	foreign_stop();
	foreign_start(&config);
}

START_TEST(modules_that_cannot_be_loaded)
{
	static const char *const wrong[] = {
		"", "/no/such/module.so", "/etc/passwd", "/proc/self/exe", "no-such-module"};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		module_is(wrong[i]);
		ck_rv(link_only(AES_URI), i == 0 ? CKR_FUNCTION_NOT_SUPPORTED : CKR_DEVICE_ERROR);
	}
	snprintf(config.foreign_arguments, sizeof config.foreign_arguments, "a=b");
	module_is("a-name-with-arguments");
	ck_rv(link_only(AES_URI), CKR_DEVICE_ERROR);
	config.foreign_arguments[0] = '\0';
	module_is(getenv("FAKE_FOREIGN"));
	ck_ok(foreign_pin_keep(&pin, URI(FAKE_PIN)));
	ck_ok(link_only(AES_URI));
}
END_TEST

static CK_RV inner;

static void link_inside(void)
{
	inner = link_only(AES_URI);
}

/* p11-kit's proxy as the foreign module can contain keydiv. */
START_TEST(a_module_that_calls_keydiv)
{
	fake->hook = link_inside;
	ck_ok(link_only(AES_URI));
	ck_rv(inner, CKR_DEVICE_ERROR);
	fake->hook = NULL;
	ck_ok(link_only(AES_URI));
}
END_TEST

/* The child has the fake module of the parent in its state, as SoftHSM's child has. */
START_TEST(a_forked_child_opens_sessions_of_its_own)
{
	struct foreign_facts facts;
	int status;

	use_key(AES_URI, 0);
	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	ck_assert_uint_eq(fake->sessions, 1);
	pid_t child = fork();
	if (child == 0) {
		key_unload(far_key);
		foreign_forked();
		foreign_pin_forked(&pin);
		foreign = (struct foreign){.pin = &pin};
		foreign_start(&config);
		bool ok = pin.kept == NULL && foreign_pin_keep(&pin, URI(FAKE_PIN)) == CKR_OK &&
			  attach(&facts, AES_URI) == CKR_OK && cmac_is_right() == CKR_OK &&
			  fake->sessions == 2;
		foreign_close(&foreign);
		foreign_stop();
		_exit(ok && fake->sessions == 1 && fake->finalized == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_ok(cmac_is_right());
}
END_TEST

/* Softokn's child refuses C_Initialize until it is ended. */
START_TEST(a_child_whose_module_must_be_ended_first)
{
	int status;

	use_key(AES_URI, 0);
	pid_t child = fork();
	if (child == 0) {
		foreign_forked();
		foreign = (struct foreign){.pin = &pin};
		foreign_start(&config);
		set_fault("C_Initialize", CKR_DEVICE_ERROR, 0, 1);
		bool ok = foreign_pin_keep(&pin, URI(FAKE_PIN)) == CKR_OK &&
			  link_only(AES_URI) == CKR_OK && fake->finalized == 1;
		_exit(ok ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* --- Threads --- */

#define THREADS 4

static void *work(void *arg)
{
	struct foreign own = {.pin = &pin};
	struct key *far = key_new(), *near = key_new();
	uint8_t msg[33] = {0}, a[16], b[16];
	bool ok = key_load(near, CKK_AES, fake->keys[0].value, 16) == CKR_OK;
	const struct foreign_facts *facts = arg;

	for (unsigned i = 0; ok && i < 300; i++) {
		msg[0] = (uint8_t)i;
		if (i % 50 == 0)
			foreign_close(&own);
		ok = (i % 50 != 0 ||
			     foreign_attach(&own, URI(AES_URI), facts->type, facts->length,
				     bytes_of(facts->check, facts->check_n), far) == CKR_OK) &&
		     key_cmac(far, msg, i % 34, a) == CKR_OK &&
		     key_cmac(near, msg, i % 34, b) == CKR_OK && memcmp(a, b, 16) == 0;
	}
	key_free(far);
	key_free(near);
	foreign_close(&own);
	return ok ? arg : NULL;
}

START_TEST(threads)
{
	static struct foreign_facts facts;
	pthread_t thread[THREADS];
	void *result;

	ck_ok(foreign_link(&foreign, URI(AES_URI), &facts));
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, work, &facts), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(thread[i], &result), 0);
		ck_assert_ptr_eq(result, &facts);
	}
	ck_assert_uint_eq(fake->sessions, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign");
	TCase *use = tcase_create("use"), *faults = tcase_create("faults");

	tcase_add_checked_fixture(use, set_up, tear_down);
	tcase_add_checked_fixture(faults, set_up, tear_down);
	tcase_set_timeout(faults, 60);
	tcase_add_test(use, same_bytes);
	tcase_add_test(use, same_hmac);
	tcase_add_test(use, a_key_that_may_only_sign);
	tcase_add_test(use, a_key_that_may_only_encrypt);
	tcase_add_test(use, a_token_without_cmac);
	tcase_add_test(use, allowed_mechanisms);
	tcase_add_test(use, keys_that_cannot_be_used);
	tcase_add_test(use, facts_of_a_key);
	tcase_add_test(use, uris);
	tcase_add_test(use, random_uris);
	tcase_add_test(use, keys_in_two_tokens);
	tcase_add_test(use, another_key_behind_the_uri);
	tcase_add_test(use, many_links_of_a_key);
	tcase_add_test(use, another_type_behind_the_uri);
	tcase_add_test(use, a_token_that_has_gone);
	tcase_add_test(use, a_lost_session_is_opened_again_once);
	tcase_add_test(use, other_codes_are_not_tried_again);
	tcase_add_test(use, handles_of_an_earlier_era);
	tcase_add_test(use, a_session_without_an_era);
	tcase_add_test(use, blocks_in_place_are_not_encrypted_twice);
	tcase_add_test(use, lies_in_use);
	tcase_add_test(use, lies_about_keys);
	tcase_add_test(use, a_wrong_value_in_the_check);
	tcase_add_test(use, a_wrong_pin_is_tried_once);
	tcase_add_test(use, a_locked_pin_stays_locked);
	tcase_add_test(use, somebody_else_logs_in_first);
	tcase_add_test(use, no_pin);
	tcase_add_test(use, a_pin_in_a_file);
	tcase_add_test(use, initialised_once_and_ended_by_its_owner);
	tcase_add_test(use, modules_that_cannot_be_loaded);
	tcase_add_test(use, a_forked_child_opens_sessions_of_its_own);
	tcase_add_test(use, a_child_whose_module_must_be_ended_first);
	tcase_add_test(use, a_module_that_calls_keydiv);
	tcase_add_test(use, threads);
	tcase_add_loop_test(faults, every_function_fails, 0, 2 * FUNCTIONS);
	tcase_add_loop_test(faults, every_function_lies, 0, 2 * FUNCTIONS);
	suite_add_tcase(suite, use);
	suite_add_tcase(suite, faults);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_inventory.c: the bytes of an inventory (inventory.h), and the calls that it makes of
 * src/key, each of which fails once.
 */
#include "key/key.h"
#include "key/mac.h"
#include "store_support.h"

static struct key *test_key_new(void);
static void test_key_free(struct key *key);
static CK_RV test_key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n);
static struct mac *test_mac_new(void);
static void test_mac_free(struct mac *mac);
static CK_RV test_mac_begin(
	struct mac *mac, enum mac_kind kind, struct key *key, struct bytes nonce);
static CK_RV test_mac_update(struct mac *mac, const uint8_t *p, size_t n);
static CK_RV test_mac_finish(struct mac *mac, uint8_t *ret);
static CK_RV test_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out);
static CK_RV test_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain);
static void test_reveal(const void *p, size_t n, const char *reason);
#define key_new test_key_new
#define key_free test_key_free
#define key_load test_key_load
#define mac_new test_mac_new
#define mac_free test_mac_free
#define mac_begin test_mac_begin
#define mac_update test_mac_update
#define mac_finish test_mac_finish
#define vault_seal test_seal
#define vault_open test_open
#define secret_reveal test_reveal
#include "store/inventory.c"
#undef key_new
#undef key_free
#undef key_load
#undef mac_new
#undef mac_free
#undef mac_begin
#undef mac_update
#undef mac_finish
#undef vault_seal
#undef vault_open
#undef secret_reveal

/* --- The calls --- */

#define INJECTED CKR_FUNCTION_CANCELED /* the code of a call that fails */

static long passing = -1; /* calls before the one that fails; negative: none fails */
static int live;          /* keys and MACs that are not freed */
static size_t revealed;   /* bytes */

static bool call_fails(void)
{
	return passing >= 0 && passing-- == 0;
}

static struct key *test_key_new(void)
{
	if (call_fails())
		return NULL;
	live++;
	return key_new();
}

static void test_key_free(struct key *key)
{
	live -= key != NULL;
	key_free(key);
}

static CK_RV test_key_load(struct key *key, CK_KEY_TYPE type, const uint8_t *value, size_t n)
{
	return call_fails() ? INJECTED : key_load(key, type, value, n);
}

static struct mac *test_mac_new(void)
{
	if (call_fails())
		return NULL;
	live++;
	return mac_new();
}

static void test_mac_free(struct mac *mac)
{
	live -= mac != NULL;
	mac_free(mac);
}

static CK_RV test_mac_begin(
	struct mac *mac, enum mac_kind kind, struct key *key, struct bytes nonce)
{
	return call_fails() ? INJECTED : mac_begin(mac, kind, key, nonce);
}

static CK_RV test_mac_update(struct mac *mac, const uint8_t *p, size_t n)
{
	return call_fails() ? INJECTED : mac_update(mac, p, n);
}

static CK_RV test_mac_finish(struct mac *mac, uint8_t *ret)
{
	return call_fails() ? INJECTED : mac_finish(mac, ret);
}

static CK_RV test_seal(const struct snapshot *snapshot, const struct binding *binding,
	const uint8_t *plain, size_t n, uint8_t *out)
{
	return call_fails() ? INJECTED : vault_seal(snapshot, binding, plain, n, out);
}

static CK_RV test_open(const struct snapshot *snapshot, const struct binding *binding,
	struct bytes sealed, struct secret *ret_plain)
{
	return call_fails() ? INJECTED : vault_open(snapshot, binding, sealed, ret_plain);
}

static void test_reveal(const void *p, size_t n, const char *reason)
{
	revealed += n;
	secret_reveal(p, n, reason);
}

/* --- Tallies --- */

static struct snapshot keys;

static void start(void)
{
	struct store_token token = sample_token();

	set_up();
	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
}

static const uint8_t none[INVENTORY_DIGEST_LEN], tag[RECORD_TAG_LEN] = "a tag of 16 byte";

/* The HMAC of one record, by the text of inventory.h. */
static void hmac_of_one(uint8_t ret[KEY_MAC_MAX])
{
	static const uint8_t text[] = "keydiv row\1\2\3\4\5\6\7\10a tag of 16 byte";
	struct key *key = key_new();
	struct mac *mac = mac_new();

	ck_ok(key_load(key, CKK_GENERIC_SECRET, secret_peek(&keys.key), VAULT_KEY_LEN));
	ck_ok(mac_begin(mac, MAC_HMAC_SHA256, key, (struct bytes){0}));
	ck_ok(mac_update(mac, text, sizeof text - 1));
	ck_ok(mac_finish(mac, ret));
	mac_free(mac);
	key_free(key);
}

/* A token must open with another release, so the digest stays as it is. */
START_TEST(the_digest_of_one_record)
{
	struct tally tally = {0};
	uint8_t expected[KEY_MAC_MAX];

	hmac_of_one(expected);
	ck_ok(tally_begin(&keys, &tally));
	ck_assert_uint_eq(tally.inventory.count, 0);
	ck_assert_mem_eq(tally.inventory.digest, none, sizeof none);
	ck_ok(tally_add(&tally, 0x0102030405060708, tag));
	ck_assert_uint_eq(tally.inventory.count, 1);
	ck_assert_mem_eq(tally.inventory.digest, expected, INVENTORY_DIGEST_LEN);
	ck_ok(tally_remove(&tally, 0x0102030405060708, tag));
	ck_assert_uint_eq(tally.inventory.count, 0);
	ck_assert_mem_eq(tally.inventory.digest, none, sizeof none);
	ck_assert_int_eq(live, 2);
	tally_end(&tally);
	ck_assert(live == 0 && tally.key == NULL && tally.mac == NULL);
	tally_end(&tally);
	ck_assert_int_eq(live, 0);
}
END_TEST

START_TEST(a_tally_that_cannot_begin)
{
	static const CK_RV codes[] = {CKR_HOST_MEMORY, CKR_HOST_MEMORY, INJECTED};
	struct tally tally = {.inventory.count = 7};

	for (long k = 0; k < 3; k++) {
		passing = k;
		ck_rv(tally_begin(&keys, &tally), codes[k]);
		ck_assert_int_eq(live, 0);
		ck_assert(tally.inventory.count == 7 && tally.key == NULL);
	}
}
END_TEST

/* A record that cannot be counted in or out does not change the inventory. */
START_TEST(a_tally_that_cannot_go_on)
{
	TALLY tally = {0};
	struct inventory before;

	ck_ok(tally_begin(&keys, &tally));
	ck_ok(tally_add(&tally, 5, tag));
	before = tally.inventory;
	for (long k = 0; k < 3; k++) {
		passing = k;
		ck_rv(tally_add(&tally, 6, tag), INJECTED);
		ck_assert_mem_eq(&tally.inventory, &before, sizeof before);
		passing = k;
		ck_rv(tally_remove(&tally, 5, tag), INJECTED);
		ck_assert_mem_eq(&tally.inventory, &before, sizeof before);
	}
	ck_ok(tally_remove(&tally, 5, tag));
	ck_rv(tally_remove(&tally, 5, tag), CKR_DEVICE_ERROR);
	ck_assert_mem_eq(tally.inventory.digest, none, sizeof none);
}
END_TEST

/* --- Sealing --- */

/* Seal the N bytes at PLAIN as the inventory of TOKEN, by the text of STORAGE.md. */
static void seal_as(struct store_token *token, const uint8_t *plain, size_t n)
{
	uint8_t more[STORE_LABEL_LEN + 1 + STORE_SERIAL_LEN];
	struct binding binding = {
		.purpose = text_bytes("keydiv count"), .more = bytes_of(more, sizeof more)};

	memcpy(more, token->label, STORE_LABEL_LEN);
	more[STORE_LABEL_LEN] = (uint8_t)token->scrypt_log2_n;
	memcpy(more + STORE_LABEL_LEN + 1, token->serial, STORE_SERIAL_LEN);
	ck_ok(vault_seal(&keys, &binding, plain, n, token->count_seal));
	token->count_seal_len = n + SEAL_OVERHEAD;
}

START_TEST(the_bytes_of_a_sealed_inventory)
{
	static const uint8_t plain[8 + INVENTORY_DIGEST_LEN + 1] =
		"\1\2\3\4\5\6\7\10sixteen in a row";
	struct store_token token = sample_token();
	struct inventory opened = {0};

	seal_as(&token, plain, 24);
	ck_ok(inventory_open(&keys, &token, &opened));
	ck_assert_uint_eq(opened.count, 0x0102030405060708);
	ck_assert_mem_eq(opened.digest, plain + 8, INVENTORY_DIGEST_LEN);
	ck_assert_uint_eq(revealed, sizeof opened.count); /* and not the digest */
	seal_as(&token, plain, 23);
	ck_rv(inventory_open(&keys, &token, &opened), CKR_DEVICE_ERROR);
	seal_as(&token, plain, 25);
	ck_rv(inventory_open(&keys, &token, &opened), CKR_DEVICE_ERROR);
}
END_TEST

/* No memory is no damage of the token. */
START_TEST(an_inventory_that_cannot_be_sealed_or_opened)
{
	struct store_token token = sample_token(), before;
	struct inventory inventory = {.count = 3}, opened = {.count = 9};

	before = token;
	passing = 0;
	ck_rv(inventory_seal(&keys, &inventory, &token), INJECTED);
	ck_assert_uint_eq(token.count_seal_len, before.count_seal_len);
	ck_ok(inventory_seal(&keys, &inventory, &token));
	ck_assert_uint_eq(token.count_seal_len, 24 + SEAL_OVERHEAD);
	passing = 0;
	ck_rv(inventory_open(&keys, &token, &opened), INJECTED);
	token.uuid[0] ^= 1;
	ck_rv(inventory_open(&keys, &token, &opened), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(opened.count, 9);
	token.uuid[0] ^= 1;
	ck_ok(inventory_open(&keys, &token, &opened));
	ck_assert_uint_eq(opened.count, 3);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {the_digest_of_one_record, a_tally_that_cannot_begin,
		a_tally_that_cannot_go_on, the_bytes_of_a_sealed_inventory,
		an_inventory_that_cannot_be_sealed_or_opened};
	Suite *suite = suite_create("inventory");
	TCase *tcase = tcase_create("inventory");

	tcase_add_checked_fixture(tcase, start, tear_down);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

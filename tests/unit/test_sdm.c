/* SPDX-License-Identifier: Apache-2.0 */
/* test_sdm.c: session keys of secure dynamic messaging, with the URLs of NTAG 424 tags. */
#include "scheme.h"

#define FILE_KEY "b62a9baf092439bd43c62aee96b970c5"
#define TAG_UID "041d3c8a2d6b80"

static void start(struct scheme *s, const char *file_key, const char *which, const char *uid,
	const char *counter)
{
	scheme_start(s, CKM_KEYDIV_SDM_SESSION_KEY, CKK_AES, file_key);
	scheme_put_hex(s, KEYDIV_CARD_KEY, which);
	if (uid != NULL)
		scheme_put_hex(s, KEYDIV_CARD_UID, uid);
	if (counter != NULL)
		scheme_put_hex(s, KEYDIV_READ_COUNTER, counter);
}

/* Load the session key WHICH of the case V into key 1 of the fixture. */
static void load_session_key(const struct vectors *v, const char *which)
{
	char counter[7];
	struct scheme s;
	SECRET value = {0};

	snprintf(counter, sizeof counter, "%06lx", vector_number(v, "ctr"));
	start(&s, vector_text(v, "file_key"), which, vector_text(v, "uid"), counter);
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(s.type, CKK_AES);
	ck_ok(key_load(scheme_key(1), s.type, secret_peek(&value), value.len));
}

static void expect_mac(const struct vectors *v)
{
	const char *text = vector_text(v, "mac_input");
	uint8_t mac[KEY_MAC_MAX], published[8];

	load_session_key(v, "02");
	ck_ok(key_mac(scheme_key(1), MAC_CMAC_ODD, (const uint8_t *)text, strlen(text), mac));
	ck_assert_uint_eq(vector_hex(v, "sdmmac", published, sizeof published), 8);
	ck_assert_mem_eq(mac, published, sizeof published);
	ck_ok(key_cmac(scheme_key(1), (const uint8_t *)text, strlen(text), mac));
	for (size_t i = 0; i < sizeof published; i++)
		ck_assert_uint_eq(mac[2 * i + 1], published[i]);
}

/* The IV of the encrypted file data is the encryption of the counter, LSB first. */
static void expect_data(const struct vectors *v)
{
	unsigned long counter = vector_number(v, "ctr");
	uint8_t plain[KEY_BLOCK_MAX], data[KEY_BLOCK_MAX], out[KEY_BLOCK_MAX];
	uint8_t iv[KEY_BLOCK_MAX] = {(uint8_t)counter, (uint8_t)(counter >> 8)};

	load_session_key(v, "01");
	ck_assert_uint_eq(vector_hex(v, "plain", plain, sizeof plain), sizeof plain);
	ck_assert_uint_eq(vector_hex(v, "enc", data, sizeof data), sizeof data);
	ck_ok(key_block(scheme_key(1), NULL, iv, iv));
	ck_ok(key_encrypt_blocks(scheme_key(1), iv, plain, sizeof plain, out));
	ck_assert_mem_eq(out, data, sizeof data);
}

START_TEST(published_answers)
{
	struct vectors v;
	unsigned data = 0;

	for (vectors_open(&v, "ntag424_sdm.txt"); vectors_next(&v);) {
		expect_mac(&v);
		if (vector_text(&v, "enc") == NULL)
			continue;
		expect_data(&v);
		data++;
	}
	ck_assert_uint_eq(v.cases, 4);
	ck_assert_uint_eq(data, 2);
}
END_TEST

/* A tag that mirrors less has other keys. */
START_TEST(optional_fields)
{
	static const char *const uids[] = {NULL, TAG_UID}, *const counters[] = {NULL, "000123"};
	uint8_t values[4][KEY_BLOCK_MAX];

	for (unsigned i = 0; i < 4; i++) {
		struct scheme s;
		SECRET value = {0};
		start(&s, FILE_KEY, "02", uids[i / 2], counters[i % 2]);
		ck_ok(scheme_run(&s, &value));
		memcpy(values[i], secret_peek(&value), sizeof values[i]);
		for (unsigned j = 0; j < i; j++)
			ck_assert_mem_ne(values[i], values[j], sizeof values[i]);
	}
}
END_TEST

/* The vector of a URL without UID is that of a UID which ends in zeros, with the counter 0. */
START_TEST(urls_without_a_uid)
{
	static const struct {
		const char *uid, *counter;
		CK_RV rv;
	} cases[] = {
		{"23010000000000", "000000", CKR_MECHANISM_PARAM_INVALID},
		{"23010000000000", "000001", CKR_OK},
		{"23010000000001", "000000", CKR_OK},
		{"23010000000000", NULL, CKR_OK},
		{NULL, "000123", CKR_OK},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scheme s;
		SECRET value = {0};
		start(&s, FILE_KEY, "02", cases[i].uid, cases[i].counter);
		ck_rv(scheme_run(&s, &value), cases[i].rv);
	}
}
END_TEST

START_TEST(refused)
{
	struct scheme s;

	start(&s, FILE_KEY, "00", TAG_UID, "000123");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, FILE_KEY, "03", TAG_UID, "000123");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, FILE_KEY, "02", "041d3c8a", "000123");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start(&s, FILE_KEY FILE_KEY, "02", TAG_UID, "000123");
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	start(&s, FILE_KEY, "02", TAG_UID, "000123");
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	scheme_want(&s, CKK_SHA256_HMAC, 16);
	scheme_refused(&s, CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sdm");
	TCase *tc = tcase_create("sdm");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, optional_fields);
	tcase_add_test(tc, urls_without_a_uid);
	tcase_add_test(tc, refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

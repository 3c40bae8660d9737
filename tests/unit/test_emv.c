/* SPDX-License-Identifier: Apache-2.0 */
/* test_emv.c: card keys by options A, B and C, and session keys. */
#include "scheme.h"

#define IMK "0123456789abcdeffedcba9876543210"

static void start_card(struct scheme *s, const char *option, const char *imk, const char *pan,
	const char *sequence)
{
	scheme_start(s, CKM_KEYDIV_EMV_CARD_KEY, *option == 'C' ? CKK_AES : CKK_DES2, imk);
	scheme_put_text(s, KEYDIV_EMV_OPTION, option);
	scheme_put_text(s, KEYDIV_PAN, pan);
	scheme_put_text(s, KEYDIV_PAN_SEQUENCE, sequence);
}

static void check_kcv(
	const struct vectors *v, const char *name, CK_KEY_TYPE type, const struct secret *value)
{
	uint8_t expected[3], kcv[3];
	size_t n;

	if (vector_text(v, name) == NULL)
		return;
	n = vector_hex(v, name, expected, 3);
	ck_ok(key_load(scheme_key(1), type, secret_peek(value), value->len));
	ck_ok(key_check_value(scheme_key(1), false, kcv));
	ck_assert_mem_eq(kcv, expected, n);
}

/* ISO 9797-1 algorithm 3 over the data padded with 80 00 ... */
static void check_cryptogram(const struct vectors *v, const struct secret *session)
{
	uint8_t data[64] = {0}, expected[8], single[16], mac[8] = {0}, whole[KEY_MAC_MAX];

	if (vector_text(v, "ac") == NULL)
		return;
	size_t n = vector_hex(v, "ac_data", data, 48);
	ck_ok(key_load(scheme_key(1), CKK_DES2, secret_peek(session), 16));
	ck_ok(key_mac(scheme_key(1), MAC_RETAIL, data, n, whole));
	data[n] = 0x80;
	n = n / 8 * 8 + 8;
	memcpy(single, secret_peek(session), 8);
	memcpy(single + 8, single, 8);
	ck_ok(key_load(scheme_key(2), CKK_DES2, single, 16));
	for (size_t i = 0; i < n; i += 8) {
		for (size_t j = 0; j < 8; j++)
			mac[j] ^= data[i + j];
		ck_ok(key_block(i + 8 < n ? scheme_key(2) : scheme_key(1), NULL, mac, mac));
	}
	vector_hex(v, "ac", expected, 8);
	ck_assert_mem_eq(mac, expected, 8);
	ck_assert_mem_eq(whole, expected, 8);
}

static void check_session(const struct vectors *v, CK_KEY_TYPE type, const struct secret *card)
{
	struct scheme s;
	SECRET value = {0};

	scheme_start(&s, CKM_KEYDIV_EMV_SESSION_KEY, type, "");
	memcpy(s.base, secret_peek(card), card->len);
	s.base_len = card->len;
	scheme_put_hex(&s, KEYDIV_EMV_DIVERSIFIER, vector_text(v, "r"));
	ck_ok(scheme_run(&s, &value));
	ck_assert_uint_eq(s.type, type);
	check_kcv(v, "sk_kcv", type, &value);
	check_cryptogram(v, &value);
	if (vector_text(v, "sk"))
		scheme_expect(&s, vector_text(v, "sk"));
}

START_TEST(public_examples)
{
	struct vectors v;
	unsigned sessions = 0;

	for (vectors_open(&v, "emv.txt"); vectors_next(&v);) {
		struct scheme s;
		SECRET card = {0};
		const char *option = vector_text(&v, "option"), *mk = vector_text(&v, "mk");
		CK_KEY_TYPE type = *option == 'C' ? CKK_AES : CKK_DES2;
		start_card(&s, option, vector_text(&v, "imk"), vector_text(&v, "pan"),
			vector_text(&v, "psn"));
		if (*option == 'C')
			scheme_want(&s, CKK_AES, vector_number(&v, "mk_bits") / 8);
		ck_ok(scheme_run(&s, &card));
		ck_assert_uint_eq(s.type, type);
		if (mk)
			scheme_expect(&s, mk);
		check_kcv(&v, "mk_kcv", type, &card);
		if (vector_text(&v, "r")) {
			check_session(&v, type, &card);
			sessions++;
		}
	}
	ck_assert_uint_eq(v.cases, 10);
	ck_assert_uint_eq(sessions, 7);
}
END_TEST

/*
 * A PAN of 16 digits or fewer is option A's under option B; a short one is filled with zeros
 * on the left.
 */
START_TEST(short_pans)
{
	static const char *const pans[] = {"12345678", "123456789012345", "1234567890123456"};

	for (size_t i = 0; i < 3; i++) {
		struct scheme a, b;
		SECRET value = {0};
		char hex[33];
		start_card(&a, "A", IMK, pans[i], "01");
		ck_ok(scheme_run(&a, &value));
		hex_encode(secret_peek(&value), value.len, hex);
		start_card(&b, "B", IMK, pans[i], "01");
		scheme_expect(&b, hex);
	}
	struct scheme s;
	SECRET value = {0};
	uint8_t y[8] = {0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x01}, left[8];
	start_card(&s, "A", IMK, "12345678", "01");
	ck_ok(scheme_run(&s, &value));
	ck_ok(key_load(scheme_key(1), CKK_DES2, s.base, 16));
	ck_ok(key_block(scheme_key(1), NULL, y, left));
	des_set_odd_parity(left, 8);
	ck_assert_mem_eq(left, secret_peek(&value), 8);
}
END_TEST

START_TEST(refused)
{
	struct scheme s;

	start_card(&s, "D", IMK, "1234567890123456", "01");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start_card(&s, "A", IMK, "123456789012345F", "01");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start_card(&s, "A", IMK, "1234567890123456", "0x");
	scheme_refused(&s, CKR_MECHANISM_PARAM_INVALID);
	start_card(&s, "C", IMK, "1234567890123456", "01");
	s.base_type = CKK_DES2;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
	start_card(&s, "A", IMK, "1234567890123456", "01");
	s.base_type = CKK_AES;
	scheme_refused(&s, CKR_KEY_TYPE_INCONSISTENT);
	start_card(&s, "A", IMK, "1234567890123456", "01");
	scheme_want(&s, CKK_AES, 32);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
	start_card(&s, "C", IMK, "1234567890123456", "01");
	scheme_want(&s, CKK_GENERIC_SECRET, 33);
	scheme_refused(&s, CKR_KEY_SIZE_RANGE);
}
END_TEST

START_TEST(diversifiers)
{
	for (size_t n = 7; n <= 17; n++) {
		struct scheme s;
		uint8_t r[17] = {0};
		for (int aes = 0; aes < 2; aes++) {
			SECRET value = {0};
			scheme_start(&s, CKM_KEYDIV_EMV_SESSION_KEY, aes ? CKK_AES : CKK_DES2, IMK);
			keydiv_put(&s.parameter, KEYDIV_EMV_DIVERSIFIER, r, n);
			ck_rv(scheme_run(&s, &value),
				n == (aes ? 16 : 8) ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
		}
	}
}
END_TEST

/*
 * A session key is as long as the card key: its first bytes would be another session's key, or
 * there would not be that many.
 */
START_TEST(lengths_of_session_keys)
{
	static const struct {
		CK_KEY_TYPE base;
		const char *card;
		CK_KEY_TYPE type;
		size_t length;
		CK_RV rv;
	} cases[] = {
		{CKK_DES2, IMK, CKK_DES2, 16, CKR_OK},
		{CKK_DES2, IMK, CKK_GENERIC_SECRET, 16, CKR_OK},
		{CKK_DES2, IMK, CKK_AES, 24, CKR_KEY_SIZE_RANGE},
		{CKK_DES2, IMK, CKK_AES, 32, CKR_KEY_SIZE_RANGE},
		{CKK_AES, IMK, CKK_AES, 16, CKR_OK},
		{CKK_AES, IMK, CKK_AES, 24, CKR_KEY_SIZE_RANGE},
		{CKK_AES, IMK, CKK_AES, 32, CKR_KEY_SIZE_RANGE},
		{CKK_AES, IMK IMK, CKK_AES, 32, CKR_OK},
		{CKK_AES, IMK IMK, CKK_AES, 16, CKR_KEY_SIZE_RANGE},
		{CKK_AES, IMK IMK, CKK_GENERIC_SECRET, 31, CKR_KEY_SIZE_RANGE},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scheme s;
		uint8_t r[16] = {1, 2, 3};
		SECRET value = {0};
		scheme_start(&s, CKM_KEYDIV_EMV_SESSION_KEY, cases[i].base, cases[i].card);
		keydiv_put(
			&s.parameter, KEYDIV_EMV_DIVERSIFIER, r, cases[i].base == CKK_AES ? 16 : 8);
		scheme_want(&s, cases[i].type, cases[i].length);
		ck_rv(scheme_run(&s, &value), cases[i].rv);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emv");
	TCase *tc = tcase_create("emv");

	tcase_add_checked_fixture(tc, scheme_set_up, scheme_tear_down);
	tcase_add_test(tc, public_examples);
	tcase_add_test(tc, short_pans);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, diversifiers);
	tcase_add_test(tc, lengths_of_session_keys);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_operation_sign.c: every MAC in one call and in parts, cut short, verified, refused. */
#include "operation_support.h"

#define DATA 150

static uint8_t data[DATA], iv[12];
static CK_ULONG n;

struct mac_row {
	CK_MECHANISM_TYPE type, general; /* general 0: none */
	CK_OBJECT_HANDLE key;
	size_t length, iv;
};

static const struct mac_row rows[] = {
	{CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, AES_KEY, 16, 0},
	{CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL, DES3_KEY, 8, 0},
	{CKM_AES_GMAC, 0, AES_KEY, 16, 12},
	{CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, HMAC_KEY, 20, 0},
	{CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, HMAC_KEY, 28, 0},
	{CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, HMAC_KEY, 32, 0},
	{CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, HMAC_KEY, 48, 0},
	{CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, HMAC_KEY, 64, 0},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void setup(void)
{
	operation_setup();
	for (size_t i = 0; i < DATA; i++)
		data[i] = (uint8_t)(i * 5 + 3);
}

static CK_MECHANISM mechanism_of(const struct mac_row *row)
{
	return (CK_MECHANISM){row->type, row->iv ? iv : NULL, row->iv};
}

static void sign_data(const struct mac_row *row, size_t data_n, uint8_t *mac)
{
	CK_MECHANISM m = mechanism_of(row);

	ck_ok(sign_init(session, &m, row->key));
	n = row->length;
	ck_ok(sign_single(session, data, data_n, mac, &n));
	ck_assert_uint_eq(n, row->length);
}

static CK_RV verify_data(const struct mac_row *row, const uint8_t *mac, size_t mac_n)
{
	CK_MECHANISM m = mechanism_of(row);

	ck_ok(verify_init(session, &m, row->key));
	CK_RV rv = verify_single(session, data, DATA, (CK_BYTE *)mac, mac_n);
	ck_rv(verify_single(session, data, DATA, (CK_BYTE *)mac, mac_n),
		CKR_OPERATION_NOT_INITIALIZED);
	return rv;
}

START_TEST(parts_give_the_same_mac_as_one_call)
{
	const struct mac_row *row = &rows[_i];
	CK_MECHANISM m = mechanism_of(row);
	uint8_t mac[64], again[64];

	for (size_t size = 0; size <= DATA; size++)
		for (size_t step = 1; step <= DATA; step = step * 3 + 1) {
			sign_data(row, size, mac);
			ck_ok(sign_init(session, &m, row->key));
			ck_ok(verify_init(session, &m, row->key)); /* both at once, with one key */
			for (size_t at = 0; at < size; at += step) {
				ck_ok(sign_update(
					session, data + at, size - at < step ? size - at : step));
				ck_ok(verify_update(
					session, data + at, size - at < step ? size - at : step));
			}
			ck_ok(sign_final(session, NULL, &n));
			ck_assert_uint_eq(n, row->length);
			n--;
			ck_rv(sign_final(session, again, &n), CKR_BUFFER_TOO_SMALL);
			ck_assert_uint_eq(n, row->length);
			ck_ok(sign_final(session, again, &n));
			ck_assert_mem_eq(mac, again, row->length);
			ck_ok(verify_final(session, mac, row->length));
		}
}
END_TEST

START_TEST(only_the_right_mac_of_the_right_length_verifies)
{
	const struct mac_row *row = &rows[_i];
	CK_MECHANISM m = mechanism_of(row);
	uint8_t mac[65] = {0};

	sign_data(row, DATA, mac);
	ck_ok(verify_data(row, mac, row->length));
	for (size_t i = 0; i < row->length; i++) {
		mac[i] ^= 0x10;
		ck_rv(verify_data(row, mac, row->length), CKR_SIGNATURE_INVALID);
		mac[i] ^= 0x10;
	}
	for (size_t length = 0; length <= sizeof mac; length++)
		if (length != row->length)
			ck_rv(verify_data(row, mac, length), CKR_SIGNATURE_LEN_RANGE);
	ck_rv(verify_data(row, mac, (size_t)-1), CKR_SIGNATURE_LEN_RANGE);
	ck_rv(verify_data(row, NULL, row->length), CKR_ARGUMENTS_BAD);
	ck_ok(verify_init(session, &m, row->key));
	ck_ok(verify_update(session, data, DATA));
	ck_rv(verify_single(session, data, DATA, mac, row->length), CKR_OPERATION_ACTIVE);
	ck_rv(verify_final(session, mac, row->length), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(verify_init(session, &m, row->key));
	ck_ok(verify_update(session, data, DATA - 1));
	ck_rv(verify_final(session, mac, row->length), CKR_SIGNATURE_INVALID);
	ck_rv(verify_final(session, mac, row->length), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(verify_init(session, &m, row->key));
	ck_rv(verify_final(session, NULL, row->length), CKR_ARGUMENTS_BAD);
}
END_TEST

/* MACs of every length, LEAST and more bytes are accepted. */
static void general_lengths(const struct mac_row *row, size_t least)
{
	uint8_t mac[64], cut[64];
	CK_MAC_GENERAL_PARAMS length;
	CK_MECHANISM m = *MECH_OF(row->general, length);

	sign_data(row, DATA, mac);
	for (length = 0; length <= 70; length++) {
		if (length < least || length > row->length) {
			ck_rv(sign_init(session, &m, row->key), CKR_MECHANISM_PARAM_INVALID);
			ck_rv(verify_init(session, &m, row->key), CKR_MECHANISM_PARAM_INVALID);
			continue;
		}
		memset(cut, 0xee, sizeof cut);
		ck_ok(sign_init(session, &m, row->key));
		ck_ok(sign_single(session, data, DATA, NULL, &n));
		ck_assert_uint_eq(n, length);
		ck_ok(sign_single(session, data, DATA, cut, &n));
		ck_assert_mem_eq(mac, cut, length);
		for (size_t i = length; i < sizeof cut; i++)
			ck_assert_uint_eq(cut[i], 0xee);
		ck_ok(verify_init(session, &m, row->key));
		ck_ok(verify_single(session, data, DATA, mac, length));
		ck_ok(verify_init(session, &m, row->key));
		ck_rv(verify_single(session, data, DATA, mac, length + 1), CKR_SIGNATURE_LEN_RANGE);
	}
}

/* At least 8 bytes, or 4 where CKA_ALLOWED_MECHANISMS names the mechanism. */
START_TEST(a_shortened_mac_has_at_least_the_permitted_length)
{
	const struct mac_row *row = &rows[_i];
	CK_MECHANISM_TYPE others[] = {CKM_SHA256, row->type};
	CK_MAC_GENERAL_PARAMS length;
	CK_MECHANISM m = *MECH_OF(row->general, length);

	if (row->general == 0)
		return;
	general_lengths(row, 8);
	operation_list(row->key, &row->general, 1);
	general_lengths(row, 4);
	operation_list(row->key, others, 2);
	general_lengths(row, 8);
	operation_list(row->key, NULL, 0);
	length = (CK_ULONG)-1;
	ck_rv(sign_init(session, &m, row->key), CKR_MECHANISM_PARAM_INVALID);
	ck_rv(sign_init(session, MECH(row->general), row->key), CKR_MECHANISM_PARAM_INVALID);
	length = 8; /* a good one, in a parameter of another size */
	for (m.ulParameterLen = 0; m.ulParameterLen <= 16; m.ulParameterLen++)
		if (m.ulParameterLen != sizeof length)
			ck_rv(sign_init(session, &m, row->key), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(mac_parameters_of_a_wrong_length_are_refused)
{
	const struct mac_row *row = &rows[_i];
	uint8_t big[64] = {0};

	for (CK_ULONG length = 0; length <= sizeof big; length++)
		if (length != row->iv)
			ck_rv(sign_init(session, &(CK_MECHANISM){row->type, big, length}, row->key),
				CKR_MECHANISM_PARAM_INVALID);
	ck_rv(sign_init(session, &(CK_MECHANISM){row->type, NULL, 12}, row->key),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(sign_init(session, &(CK_MECHANISM){row->type, big, (CK_ULONG)-1}, row->key),
		CKR_MECHANISM_PARAM_INVALID);
	ck_rv(sign_init(session, &(CK_MECHANISM){row->type, NULL, (CK_ULONG)-1}, row->key),
		CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/* The parameter of GMAC may also be GCM's, without associated data. */
START_TEST(gmac_takes_a_gcm_parameter_without_associated_data)
{
	CK_GCM_PARAMS p = {iv, 12, 96, NULL, 0, 128};
	uint8_t mac[16], again[16];

	sign_data(&rows[2], DATA, mac);
	ck_ok(sign_init(session, MECH_OF(CKM_AES_GMAC, p), AES_KEY));
	n = sizeof again;
	ck_ok(sign_single(session, data, DATA, again, &n));
	ck_assert_mem_eq(mac, again, 16);
	p.ulAADLen = 4;
	ck_rv(sign_init(session, MECH_OF(CKM_AES_GMAC, p), AES_KEY), CKR_MECHANISM_PARAM_INVALID);
	p.ulAADLen = 0;
	p.ulTagBits = 96;
	ck_rv(sign_init(session, MECH_OF(CKM_AES_GMAC, p), AES_KEY), CKR_MECHANISM_PARAM_INVALID);
	p.ulTagBits = 128;
	p.ulIvLen = (CK_ULONG)-1;
	ck_rv(sign_init(session, MECH_OF(CKM_AES_GMAC, p), AES_KEY), CKR_MECHANISM_PARAM_INVALID);
	p.ulIvLen = 12;
	p.pIv = NULL;
	ck_rv(sign_init(session, MECH_OF(CKM_AES_GMAC, p), AES_KEY), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/* Begin a proof of SHE, which a function of the mechanism makes with inner keys. */
static struct operation *begin_proof(void)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	keydiv_put(&p, KEYDIV_SHE_UID, data, 15);
	keydiv_put(&p, KEYDIV_SHE_SLOTS, "A", 1);
	keydiv_put(&p, KEYDIV_SHE_COUNTER, "\0\0\0\1", 4);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_SHE_KEY_PROOF, &p);
	ck_ok(sign_init(session, &m, AES_KEY));
	memset(p.bytes, 0xFF, sizeof p.bytes); /* the parameter was copied */
	return &session->operations->slot[OPERATION_SIGN];
}

START_TEST(a_function_that_signs)
{
	uint8_t mac[48];

	for (int wrong = 0; wrong < 2; wrong++) {
		struct operation *op = begin_proof();
		n = sizeof mac;
		ck_rv(sign_single(session, data, (CK_ULONG)wrong, mac, &n),
			wrong ? CKR_DATA_LEN_RANGE : CKR_OK);
		for (unsigned i = 0; i < SCRATCH_KEYS; i++)
			ck_assert_uint_eq(key_length(session->scratch[i]), 0);
		ck_assert_uint_eq(op->buffer.n, 0);
	}
	/* no more than one byte over the limit is kept */
	struct operation *op = begin_proof();
	for (int i = 0; i < 5; i++)
		ck_ok(sign_update(session, data, DATA));
	ck_assert_uint_eq(op->buffer.n, 1);
	ck_rv(sign_final(session, mac, &n), CKR_DATA_LEN_RANGE);
}
END_TEST

START_TEST(a_key_cannot_be_digested)
{
	ck_rv(digest_key(session, HMAC_KEY), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(digest_init(session, MECH(CKM_SHA256)));
	ck_rv(digest_key(session, HMAC_KEY), CKR_KEY_INDIGESTIBLE);
	ck_rv(digest_key(session, HMAC_KEY), CKR_OPERATION_NOT_INITIALIZED);
	ck_ok(digest_init(session, MECH(CKM_SHA256)));
	ck_rv(digest_key(session, 77), CKR_KEY_HANDLE_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operation_sign");
	TCase *tc = tcase_create("MACs");

	tcase_add_checked_fixture(tc, setup, operation_teardown);
	tcase_add_loop_test(tc, parts_give_the_same_mac_as_one_call, 0, ROWS);
	tcase_add_loop_test(tc, only_the_right_mac_of_the_right_length_verifies, 0, ROWS);
	tcase_add_loop_test(tc, a_shortened_mac_has_at_least_the_permitted_length, 0, ROWS);
	tcase_add_loop_test(tc, mac_parameters_of_a_wrong_length_are_refused, 0, ROWS);
	tcase_add_test(tc, gmac_takes_a_gcm_parameter_without_associated_data);
	tcase_add_test(tc, a_function_that_signs);
	tcase_add_test(tc, a_key_cannot_be_digested);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

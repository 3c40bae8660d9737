/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_softhsm_derive.c: keys by encrypting data, in the module and in SoftHSM2: whole, cut "from
 * the trailing end" as PKCS#11 says, and too long.
 */
#include "second.h"

#define INPUTS 10000
#define DATA_MAX 128

static const struct way {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE base;
	size_t block;
	bool cbc;
} ways[] = {
	{CKM_AES_ECB_ENCRYPT_DATA, CKK_AES, 16, false},
	{CKM_AES_CBC_ENCRYPT_DATA, CKK_AES, 16, true},
	{CKM_DES3_ECB_ENCRYPT_DATA, CKK_DES3, 8, false},
	{CKM_DES3_CBC_ENCRYPT_DATA, CKK_DES3, 8, true},
};

static CK_OBJECT_HANDLE ours, theirs;
static uint8_t data[DATA_MAX];
static CK_KEY_DERIVATION_STRING_DATA ecb = {data, 0};
static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes = {{0}, data, 0};
static CK_DES_CBC_ENCRYPT_DATA_PARAMS des = {{0}, data, 0};

static void new_base(const struct way *way)
{
	uint8_t value[32];
	size_t n = way->base == CKK_AES ? 16 + 8 * below(3) : 24;

	if (ours) {
		ok(f->C_DestroyObject(s, ours));
		ok(g->C_DestroyObject(gs, theirs));
	}
	draw(value, n);
	if (way->base == CKK_DES3)
		for (size_t i = 0; i < n; i++)
			value[i] ^= __builtin_parity(value[i]) == 0;
	ours = import(way->base, value, n, T(OPEN_MASTER, ALLOWED(way->type)));
	theirs = import_there(way->base, value, n, CKA_DERIVE);
}

/* The mechanism over N new bytes of data. */
static CK_MECHANISM over(const struct way *way, size_t n)
{
	draw(data, n);
	draw(aes.iv, sizeof aes.iv);
	draw(des.iv, sizeof des.iv);
	ecb.ulLen = aes.length = des.length = n;
	if (!way->cbc)
		return (CK_MECHANISM){way->type, &ecb, sizeof ecb};
	if (way->base == CKK_AES)
		return (CK_MECHANISM){way->type, &aes, sizeof aes};
	return (CK_MECHANISM){way->type, &des, sizeof des};
}

static void here(CK_MECHANISM *m, CK_KEY_TYPE type, size_t n, uint8_t *ret)
{
	CK_OBJECT_HANDLE key;

	ok(f->C_DeriveKey(s, m, ours, T(READABLE, TYPE(type), LENGTH(n)), &key));
	ck_assert_uint_eq(get_bytes(key, CKA_VALUE, ret, n), n);
	ok(f->C_DestroyObject(s, key));
}

/* SoftHSM2 wants no length for the DES types. */
static void there(CK_MECHANISM *m, CK_KEY_TYPE type, size_t n, uint8_t *ret)
{
	CK_ATTRIBUTE a = {CKA_VALUE, ret, n};
	CK_ATTRIBUTE t[] = {CLASS(CKO_SECRET_KEY), READABLE, NO(CKA_TOKEN), TYPE(type), LENGTH(n)};
	CK_OBJECT_HANDLE key;

	ok(g->C_DeriveKey(gs, m, theirs, t, type == CKK_DES3 ? 5 : 6, &key));
	ok(g->C_GetAttributeValue(gs, key, &a, 1));
	ck_assert_uint_eq(a.ulValueLen, n);
	ok(g->C_DestroyObject(gs, key));
}

START_TEST(same_ciphertext)
{
	const struct way *way = &ways[_i];
	uint8_t wanted[64], got[64];

	for (int i = 0; i < INPUTS; i++) {
		size_t n = way->block * (16 / way->block + below((DATA_MAX - 16) / way->block + 1));
		size_t length = n < 64 ? n : 64;
		CK_MECHANISM m = over(way, n);

		if (i % 8 == 0)
			new_base(way);
		if (below(2))
			length = 16 + below(length - 15);
		there(&m, CKK_GENERIC_SECRET, length, wanted);
		here(&m, CKK_GENERIC_SECRET, length, got);
		ck_assert_mem_eq(got, wanted, length);
	}
}
END_TEST

/* Keys of ciphers, too, from as much data or more. */
START_TEST(typed_keys)
{
	const struct way *way = &ways[_i];
	uint8_t wanted[32], got[32];

	for (int i = 0; i < 1000; i++) {
		size_t n = 16 + 8 * below(3), data_length = 32 + 16 * below(3);
		CK_KEY_TYPE type = n == 24 && below(2) ? CKK_DES3 : CKK_AES;

		if (i % 8 == 0)
			new_base(way);
		CK_MECHANISM m = over(way, data_length);
		there(&m, type, n, wanted);
		here(&m, type, n, got);
		ck_assert_mem_eq(got, wanted, n);
	}
}
END_TEST

/* A longer result than there is ciphertext: neither gives it. */
START_TEST(too_long)
{
	CK_OBJECT_HANDLE key = 0;

	new_base(&ways[_i]);
	CK_MECHANISM m = over(&ways[_i], 16);
	gives(CKR_KEY_SIZE_RANGE, f->C_DeriveKey(s, &m, ours,
					  T(READABLE, TYPE(CKK_GENERIC_SECRET), LENGTH(17)), &key));
	holds(g->C_DeriveKey(gs, &m, theirs,
		      T(CLASS(CKO_SECRET_KEY), READABLE, NO(CKA_TOKEN), TYPE(CKK_GENERIC_SECRET),
			      LENGTH(17)),
		      &key) != CKR_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("SoftHSM2 derivation");
	TCase *tc = tcase_create("encrypt data");

	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_checked_fixture(tc, both, second_finish);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, same_ciphertext, 0, 4);
	tcase_add_loop_test(tc, typed_keys, 0, 4);
	tcase_add_loop_test(tc, too_long, 0, 4);
	return run(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_operation_fields.c: IV, AAD, TAG_LENGTH and DATA_LENGTH of every operation. */
#include "operation_fields.h"

#include "unit.h"

static const struct field fields[] = {
	FIELD_IV, FIELD_AAD, FIELD_TAG_LENGTH, FIELD_DATA_LENGTH, {0}};

/* Lengths of fields in bytes, and the value of TAG_LENGTH. -1: the field is absent. */
struct given {
	int iv, aad, tag;
	int data; /* value of DATA_LENGTH */
};

static uint8_t encoded[4096];
static struct parameter parameter;

static size_t put(size_t at, uint8_t tag, const uint8_t *value, size_t n)
{
	encoded[at] = tag;
	put_be16(encoded + at + 1, (uint16_t)n);
	if (n > 0)
		memcpy(encoded + at + 3, value, n);
	return at + 3 + n;
}

/* Parse the fields that GIVEN says. */
static const struct parameter *parse(struct given given)
{
	static const struct mechanism any = {.fields = fields};
	static const uint8_t zero[2048];
	uint8_t tag = (uint8_t)given.tag, number[8];
	size_t n = 0;

	put_be64(number, (uint64_t)given.data);
	if (given.iv >= 0)
		n = put(n, KEYDIV_IV, zero, (size_t)given.iv);
	if (given.aad >= 0)
		n = put(n, KEYDIV_AAD, zero, (size_t)given.aad);
	if (given.tag >= 0)
		n = put(n, KEYDIV_TAG_LENGTH, &tag, 1);
	if (given.data >= 0)
		n = put(n, KEYDIV_DATA_LENGTH, number, 8);
	ck_ok(parameter_parse(&any, encoded, n, &parameter));
	return &parameter;
}

/* The limits that the standards set for each operation. */
static const struct limit {
	CK_MECHANISM_TYPE type;
	int iv_min, iv_max; /* 0: takes no IV */
	bool aad, data_length;
	int tag_min, tag_max, tag_step, tag_default; /* tag_max 0: takes no TAG_LENGTH */
	int whole;                                   /* bytes of a MAC, 0 for a cipher */
} limits[] = {
	{CKM_AES_GCM, 1, 128, true, false, 12, 16, 1, 16, 0},
	{CKM_AES_CCM, 7, 13, true, true, 4, 16, 2, 16, 0},
	{CKM_AES_CTR, 16, 16, false, false, 0, 0, 0, 0, 0},
	{CKM_AES_CBC, 16, 16, false, false, 0, 0, 0, 0, 0},
	{CKM_AES_CBC_PAD, 16, 16, false, false, 0, 0, 0, 0, 0},
	{CKM_DES3_CBC, 8, 8, false, false, 0, 0, 0, 0, 0},
	{CKM_AES_CMAC, 0, 0, false, false, 0, 0, 0, 0, 16},
	{CKM_DES3_CMAC, 0, 0, false, false, 0, 0, 0, 0, 8},
	{CKM_SHA512_HMAC, 0, 0, false, false, 0, 0, 0, 0, 64},
	{CKM_AES_GMAC, 12, 12, false, false, 0, 0, 0, 0, 16},
	{CKM_AES_CMAC_GENERAL, 0, 0, false, false, 1, 16, 1, -1, 16},
	{CKM_DES3_CMAC_GENERAL, 0, 0, false, false, 1, 8, 1, -1, 8},
	{CKM_SHA_1_HMAC_GENERAL, 0, 0, false, false, 1, 20, 1, -1, 20},
	{CKM_KEYDIV_RETAIL_MAC, 0, 0, false, false, 1, 8, 1, 8, 8},
	{CKM_KEYDIV_AES_CMAC_ODD, 0, 0, false, false, 0, 0, 0, 0, 8},
};
#define LIMITS (sizeof limits / sizeof limits[0])

/* Return true if operation_fields.c must accept GIVEN with a least tag of LEAST. */
static bool right(const struct limit *l, struct given given, int least)
{
	int tag = given.tag >= 0 ? given.tag : l->tag_default;

	if (l->iv_max == 0 ? given.iv >= 0 : given.iv < l->iv_min || given.iv > l->iv_max)
		return false;
	if ((given.aad >= 0 && !l->aad) || (given.data >= 0 && !l->data_length))
		return false;
	if (l->tag_max == 0)
		return given.tag < 0;
	return tag >= least && tag >= l->tag_min && tag <= l->tag_max && tag % l->tag_step == 0;
}

/* The struct before the call, and after a call that fails. */
static const struct cipher_setup before = {.mode = CIPHER_ECB, .encrypt = true, .tag_len = 77};

static void check_cipher(const struct limit *l, const struct mechanism *mech, struct given given,
	int least, bool good)
{
	struct cipher_setup setup = before;
	CK_RV rv = operation_fields_cipher(mech, parse(given), (size_t)least, &setup);

	ck_assert_msg(rv == (good ? CKR_OK : CKR_MECHANISM_PARAM_INVALID),
		"%s: iv %d, aad %d, tag %d, data %d: %s", mech->name, given.iv, given.aad,
		given.tag, given.data, rv_name(rv));
	ck_assert(setup.mode == before.mode && setup.encrypt);
	if (!good) {
		ck_assert_uint_eq(setup.tag_len, 77);
		return;
	}
	ck_assert_int_eq((int)setup.iv.n, given.iv);
	ck_assert_uint_eq(setup.aad.n, given.aad > 0 ? (size_t)given.aad : 0);
	ck_assert_int_eq((int)setup.tag_len, given.tag >= 0 ? given.tag : l->tag_default);
	ck_assert_uint_eq(setup.data_len, given.data > 0 ? (size_t)given.data : 0);
	ck_assert_uint_eq(setup.counter_bits, l->type == CKM_AES_CTR ? 128 : 0);
}

static void check_mac(const struct limit *l, const struct mechanism *mech, struct given given,
	int least, bool good)
{
	struct mac_start start = {.iv = bytes_of(encoded, 5), .length = 77};
	const struct parameter *p = parse(given);
	CK_RV rv = operation_fields_mac(mech, p, p, (size_t)l->whole, (size_t)least, &start);

	ck_assert_msg(rv == (good ? CKR_OK : CKR_MECHANISM_PARAM_INVALID),
		"%s: iv %d, aad %d, tag %d, data %d: %s", mech->name, given.iv, given.aad,
		given.tag, given.data, rv_name(rv));
	if (!good) {
		ck_assert(start.iv.n == 5 && start.length == 77);
		return;
	}
	ck_assert_uint_eq(start.iv.n, given.iv > 0 ? (size_t)given.iv : 0);
	ck_assert((start.iv.p == NULL) == (given.iv < 0));
	ck_assert_int_eq((int)start.length, given.tag >= 0 ? given.tag : l->whole);
}

START_TEST(every_combination)
{
	static const int ivs[] = {-1, 1, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 127, 128, 129, 256};
	static const int aads[] = {-1, 0, 1, 2048}, datas[] = {-1, 0, 5};
	const struct limit *l = &limits[_i];
	const struct mechanism *mech = mechanism_find(l->type);
	size_t all = sizeof ivs / sizeof ivs[0] * 4 * 3;

	for (size_t i = 0; i < all; i++)
		for (int tag = -1; tag <= 65; tag++)
			for (int least = 0; least <= 8; least += 4) {
				struct given given = {
					ivs[i / 12], aads[i / 3 % 4], tag, datas[i % 3]};
				bool good = right(l, given, least);
				if (l->whole == 0)
					check_cipher(l, mech, given, least, good);
				else
					check_mac(l, mech, given, least, good);
			}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operation fields");
	TCase *tc = tcase_create("fields");

	tcase_add_loop_test(tc, every_combination, 0, LIMITS);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

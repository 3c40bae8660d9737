/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scheme_parameters.c: the parameters of the schemes of cards and payment, of Optimal-DUKPT
 * and of Horowitz, with each field missing, doubled, out of order, foreign, too short or too long.
 */
#include "harness.h"

enum { FIELDS = 4, ROOM = 5000 };

struct field {
	uint8_t tag, least, most; /* lengths */
	bool required;
	const char *value;
	uint8_t length;
};

static const struct scheme {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE base;
	CK_ULONG base_length;
	struct field fields[FIELDS];
} schemes[] = {
	{CKM_KEYDIV_AN10922, CKK_AES, 16, {{0x30, 1, 31, true, "serial", 6}}},
	{CKM_KEYDIV_AN10922, CKK_DES2, 16, {{0x30, 1, 15, true, "serial", 6}}},
	{CKM_KEYDIV_SCP03_KEY, CKK_AES, 16,
		{{0x31, 1, 1, true, "\4", 1}, {0x32, 16, 16, true, "0123456789abcdef", 16}}},
	{CKM_KEYDIV_GP_STATIC_KEY, CKK_DES2, 16,
		{{0x38, 1, 1, true, "\1", 1}, {0x39, 10, 10, true, "0123456789", 10},
			{0x3a, 1, 1, true, "\1", 1}}},
	{CKM_KEYDIV_SCP02_KEY, CKK_DES2, 16,
		{{0x3b, 2, 2, true, "\1\x82", 2}, {0x3c, 2, 2, true, "\0\1", 2}}},
	{CKM_KEYDIV_SDM_SESSION_KEY, CKK_AES, 16,
		{{0x3e, 1, 1, true, "\2", 1}, {0x3f, 7, 7, false, "\4\xde_\x1e\xac\xc0@", 7},
			{0x43, 3, 3, false, "\0\0=", 3}}},
	{CKM_KEYDIV_OSDP_SCBK, CKK_AES, 16, {{0x3f, 8, 8, true, "01234567", 8}}},
	{CKM_KEYDIV_OSDP_SESSION_KEY, CKK_AES, 16,
		{{0x4b, 1, 1, true, "\1", 1}, {0x4c, 8, 8, true, "01234567", 8}}},
	{CKM_KEYDIV_OMS_MODE7_KEY, CKK_AES, 16,
		{{0x4d, 1, 1, true, "\1", 1}, {0x4e, 4, 4, true, "0123", 4},
			{0x4f, 4, 4, true, "4567", 4}}},
	{CKM_KEYDIV_EMV_CARD_KEY, CKK_DES2, 16,
		{{0x34, 1, 1, true, "A", 1}, {0x35, 8, 19, true, "4012888888881881", 16},
			{0x36, 2, 2, true, "01", 2}}},
	{CKM_KEYDIV_EMV_SESSION_KEY, CKK_AES, 16, {{0x37, 16, 16, true, "0123456789abcdef", 16}}},
	{CKM_KEYDIV_EMV_SESSION_KEY, CKK_DES2, 16, {{0x37, 8, 8, true, "01234567", 8}}},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKK_AES, 16,
		{{0x44, 1, 1, true, "\1", 1}, {0x45, 3, 3, true, "\1\0\0", 3},
			{0x46, 3, 3, true, "\1\2\3", 3}, {0x48, 2, 2, true, "\1\2", 2}}},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKK_AES, 16,
		{{0x44, 1, 1, true, "\4", 1}, {0x45, 3, 3, true, "\1\0\0", 3},
			{0x47, 8, 8, true, "\1\2\3\4\5\6\7\10", 8}, {0x48, 2, 2, true, "\1\2", 2}}},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, CKK_AES, 16,
		{{0x44, 1, 1, true, "\5", 1}, {0x49, 8, 8, true, "\1\2\3\4\5\6\7\10", 8}}},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, CKK_AES, 16, {{0x44, 1, 1, true, "\21", 1}}},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKK_AES, 16, {{0x44, 1, 1, true, "\22", 1}}},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKK_AES, 16,
		{{0x44, 1, 1, true, "\24", 1}, {0x4a, 4, 4, true, "\1\2\3\4", 4}}},
	{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKK_DES2, 16,
		{{0x40, 10, 10, true, "\xff\xff\x98\x76\x54\x32\x10\xe0\0\1", 10}}},
	{CKM_KEYDIV_TDES_DUKPT_KEY, CKK_DES2, 16,
		{{0x40, 10, 10, true, "\xff\xff\x98\x76\x54\x32\x10\xe0\0\1", 10},
			{0x41, 2, 2, true, "\x10\0", 2}}},
	{CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKK_DES2, 16,
		{{0x40, 10, 10, true, "\xff\xff\x98\x76\x54\x32\x10\xe0\0\1", 10},
			{0x41, 2, 2, true, "\x10\0", 2}}},
	{CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKK_AES, 16,
		{{0x40, 8, 8, true, "\x12\x34\x56\x78\x90\x12\x34\x56", 8}}},
	{CKM_KEYDIV_AES_DUKPT_KEY, CKK_AES, 16,
		{{0x40, 12, 12, true, "\x12\x34\x56\x78\x90\x12\x34\x56\0\0\0\1", 12},
			{0x41, 2, 2, true, "\x10\0", 2}, {0x42, 1, 1, false, "\x10", 1}}},
	{CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKK_AES, 16,
		{{0x40, 12, 12, true, "\x12\x34\x56\x78\x90\x12\x34\x56\0\0\0\1", 12},
			{0x41, 2, 2, true, "\x10\0", 2}}},
	{CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKK_AES, 16,
		{{0x01, 1, 128, true, "T", 1}, {0x50, 2, 2, true, "\3\3", 2}}},
	{CKM_KEYDIV_ODUKPT_KEY, CKK_AES, 16,
		{{0x01, 1, 128, false, "T", 1}, {0x50, 2, 2, true, "\3\3", 2},
			{0x51, 8, 8, true, "\0\0\0\0\0\0\0\5", 8}, {0x52, 1, 32, false, "pin", 3}}},
	{CKM_KEYDIV_ODUKPT_CLIENT, CKK_AES, 16, {{0x50, 2, 2, true, "\3\3", 2}}},
	{CKM_KEYDIV_HOROWITZ_DK, CKK_AES, 16, {{0x60, 1, 255, true, "signing", 7}}},
	{CKM_KEYDIV_RFC3961_DK, CKK_AES, 16, {{0x60, 1, 255, true, "signing", 7}}},
};
#define SCHEMES (int)(sizeof schemes / sizeof *schemes)

static const struct scheme *scheme;
static CK_OBJECT_HANDLE base;
static uint8_t bytes[ROOM];
static CK_ULONG length;

/* Put a field of N bytes: the first of the VALUE_LEN bytes at VALUE, then x for the rest. */
static void put(uint8_t tag, const void *value, CK_ULONG value_len, CK_ULONG n)
{
	ck_assert_uint_le(length + 3 + n, ROOM);
	bytes[length] = tag;
	bytes[length + 1] = (uint8_t)(n >> 8);
	bytes[length + 2] = (uint8_t)n;
	memset(bytes + length + 3, 'x', n);
	memcpy(bytes + length + 3, value, n < value_len ? n : value_len);
	length += 3 + n;
}

static void put_field(const struct field *field)
{
	put(field->tag, field->value, field->length, field->length);
}

static int count_fields(void)
{
	int n = 0;

	while (n < FIELDS && scheme->fields[n].tag != 0)
		n++;
	return n;
}

/* Encode all fields except number LEFT_OUT. */
static void encode(int left_out)
{
	length = 0;
	for (int i = 0; i < count_fields(); i++)
		if (i != left_out)
			put_field(&scheme->fields[i]);
}

/* The derivation must give WANTED, and make an object only if that is CKR_OK. */
static void expect(CK_RV wanted)
{
	CK_OBJECT_HANDLE made = 0xABCD;
	CK_ULONG before = find(s, NOTHING, NULL, 0);
	CK_RV rv = f->C_DeriveKey(s, MECH_P(scheme->type, bytes, length), base, NOTHING, &made);

	gives(wanted, rv);
	holds(find(s, NOTHING, NULL, 0) == before + (rv == CKR_OK));
	holds((made != 0xABCD) == (rv == CKR_OK));
	if (rv == CKR_OK)
		ok(f->C_DestroyObject(s, made));
}

static void begin(int i)
{
	static const uint8_t des[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc,
		0xba, 0x98, 0x76, 0x54, 0x32, 0x10};

	scheme = &schemes[i];
	base = import(scheme->base, scheme->base == CKK_AES ? mk : des, scheme->base_length,
		T(YES(CKA_DERIVE), ALLOWED(scheme->type)));
	encode(-1);
	expect(CKR_OK);
}

START_TEST(missing_doubled_and_swapped)
{
	begin(_i);
	for (int i = 0; i < count_fields(); i++) {
		encode(i);
		expect(scheme->fields[i].required ? CKR_MECHANISM_PARAM_INVALID : CKR_OK);
		length = 0;
		for (int k = 0; k <= i; k++)
			put_field(&scheme->fields[k]);
		for (int k = i; k < count_fields(); k++)
			put_field(&scheme->fields[k]);
		expect(CKR_MECHANISM_PARAM_INVALID);
	}
	length = 0;
	for (int i = count_fields() - 1; i >= 0; i--)
		put_field(&scheme->fields[i]);
	expect(count_fields() > 1 ? CKR_MECHANISM_PARAM_INVALID : CKR_OK);
	length = 0;
	expect(CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(lengths)
{
	begin(_i);
	for (int i = 0; i < count_fields(); i++) {
		const struct field *field = &scheme->fields[i];
		const CK_ULONG wrong[] = {
			0, field->least - 1u, field->most + 1u, 255 + field->most, 0x1000};
		for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
			length = 0;
			for (int j = 0; j < count_fields(); j++)
				if (j == i)
					put(field->tag, field->value, field->length, wrong[k]);
				else
					put_field(&scheme->fields[j]);
			expect(CKR_MECHANISM_PARAM_INVALID);
		}
	}
	for (CK_ULONG cut = 1; cut < 4; cut++) {
		encode(-1);
		length -= cut;
		expect(CKR_MECHANISM_PARAM_INVALID);
		encode(-1);
		memset(bytes + length, 0xFF, cut);
		length += cut;
		expect(CKR_MECHANISM_PARAM_INVALID);
	}
}
END_TEST

static bool is_listed(int tag)
{
	for (int i = 0; i < count_fields(); i++)
		if (scheme->fields[i].tag == tag)
			return true;
	return false;
}

START_TEST(foreign_tags)
{
	begin(_i);
	for (int tag = 0; tag < 256; tag++) {
		bool done = false;
		if (is_listed(tag))
			continue;
		length = 0;
		for (int i = 0; i < count_fields(); i++) {
			if (!done && scheme->fields[i].tag > tag) {
				put((uint8_t)tag, "\1\1\1\1\1\1\1\1", 8, tag == 0x10 ? 8 : 1);
				done = true;
			}
			put_field(&scheme->fields[i]);
		}
		if (!done)
			put((uint8_t)tag, "\1", 1, 1); /* 7F, USE, among them */
		expect(CKR_MECHANISM_PARAM_INVALID);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parameters of schemes");
	TCase *tc = add_case(suite, "parameters of schemes", user);

	tcase_add_loop_test(tc, missing_doubled_and_swapped, 0, SCHEMES);
	tcase_add_loop_test(tc, lengths, 0, SCHEMES);
	tcase_add_loop_test(tc, foreign_tags, 0, SCHEMES);
	return run(suite);
}

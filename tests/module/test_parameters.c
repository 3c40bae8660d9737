/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_parameters.c: every field of every mechanism, missing, doubled, out of order, too
 * short, too long.
 */
#include "harness.h"

struct limits {
	uint8_t tag;
	bool required;
	CK_ULONG min, max;
};

static const struct scheme {
	CK_MECHANISM_TYPE type;
	struct limits fields[6];
} schemes[] = {
	{CKM_KEYDIV_DEVICE_KEY, {{0x01, true, 1, 128}, {0x02, false, 8, 64}, {0x03, false, 1, 32}}},
	{CKM_KEYDIV_MESSAGE_KEY, {{0x10, true, 8, 8}, {0x11, false, 1, 32}}},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY,
		{{0x01, true, 1, 128}, {0x02, false, 8, 64}, {0x03, false, 1, 32},
			{0x10, true, 8, 8}, {0x11, false, 1, 32}}},
	{CKM_KEYDIV_SESSION_KEY, {{0x20, true, 8, 64}, {0x21, true, 8, 64}, {0x22, false, 1, 32}}},
	{CKM_KEYDIV_DEVICE_SESSION_KEY,
		{{0x01, true, 1, 128}, {0x02, false, 8, 64}, {0x03, false, 1, 32},
			{0x20, true, 8, 64}, {0x21, true, 8, 64}, {0x22, false, 1, 32}}},
	{CKM_KEYDIV_DATA_KEY, {{0x28, true, 16, 64}, {0x29, false, 1, 2048}}},
	{CKM_KEYDIV_CMAC, {{0x30, true, 0, 4000}}},
};
#define SCHEMES (int)(sizeof schemes / sizeof *schemes)
#define FIELDS 6

static const struct scheme *scheme;
static CK_OBJECT_HANDLE base, made;
static uint8_t bytes[8192];

static CK_RV try_bytes(CK_ULONG length)
{
	CK_RV rv = f->C_DeriveKey(s, MECH_P(scheme->type, bytes, length), base, NOTHING, &made);

	if (rv == CKR_OK) {
		ok(f->C_DestroyObject(s, made));
		made = 0xABCD;
	}
	return rv;
}

static CK_ULONG put(CK_ULONG at, uint8_t tag, CK_ULONG length)
{
	bytes[at] = tag;
	bytes[at + 1] = (uint8_t)(length >> 8);
	bytes[at + 2] = (uint8_t)length;
	memset(bytes + at + 3, 0x41 + tag % 16, length);
	return at + 3 + length;
}

/*
 * All fields with their least (or greatest) length; field ODD of length ODD_LENGTH, or left out if
 * that is -1.
 */
static CK_ULONG build(bool greatest, int odd, CK_ULONG odd_length)
{
	CK_ULONG at = 0;
	int i;

	for (i = 0; i < FIELDS && scheme->fields[i].tag; i++) {
		const struct limits *l = &scheme->fields[i];

		if (i == odd && odd_length == (CK_ULONG)-1)
			continue;
		at = put(at, l->tag, i == odd ? odd_length : greatest ? l->max : l->min);
	}
	return at;
}

static int field_count(void)
{
	int n = 0;

	while (n < FIELDS && scheme->fields[n].tag)
		n++;
	return n;
}

static void begin(int i)
{
	scheme = &schemes[i];
	base = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(scheme->type)));
	made = 0xABCD;
}

START_TEST(limits_of_lengths)
{
	int i;

	begin(_i);
	gives(CKR_OK, try_bytes(build(false, -1, 0)));
	gives(CKR_OK, try_bytes(build(true, -1, 0)));
	for (i = 0; i < field_count(); i++) {
		const struct limits *l = &scheme->fields[i];

		gives(CKR_OK, try_bytes(build(false, i, l->max)));
		gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(build(false, i, l->max + 1)));
		if (l->min > 0)
			gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(build(false, i, l->min - 1)));
		if (l->min > 0)
			gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(build(false, i, 0)));
	}
	holds(made == 0xABCD);
}
END_TEST

START_TEST(missing_fields)
{
	int i;

	begin(_i);
	for (i = 0; i < field_count(); i++)
		gives(scheme->fields[i].required ? CKR_MECHANISM_PARAM_INVALID : CKR_OK,
			try_bytes(build(false, i, (CK_ULONG)-1)));
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(0));
}
END_TEST

START_TEST(fields_out_of_order_or_twice)
{
	const struct limits *l;
	CK_ULONG n, i;

	begin(_i);
	l = scheme->fields;
	/* one field twice, the same or another length */
	n = put(0, l[0].tag, l[0].max);
	n = put(n, l[0].tag, l[0].max);
	for (i = 1; i < (CK_ULONG)field_count(); i++)
		n = put(n, l[i].tag, l[i].min);
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
	n = build(false, -1, 0);
	gives(CKR_MECHANISM_PARAM_INVALID,
		try_bytes(put(n, l[field_count() - 1].tag, l[field_count() - 1].min)));
	if (field_count() < 2)
		return;
	/* first and second swapped, and all backwards */
	n = put(0, l[1].tag, l[1].min);
	n = put(n, l[0].tag, l[0].min);
	for (i = 2; i < (CK_ULONG)field_count(); i++)
		n = put(n, l[i].tag, l[i].min);
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
	for (n = 0, i = (CK_ULONG)field_count(); i-- > 0;)
		n = put(n, l[i].tag, l[i].min);
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
}
END_TEST

START_TEST(tags_that_do_not_belong)
{
	unsigned tag;
	int i;

	begin(_i);
	for (tag = 0; tag < 256; tag++) {
		bool known = false;
		CK_ULONG n = 0;

		for (i = 0; i < field_count(); i++)
			known |= scheme->fields[i].tag == tag;
		if (known)
			continue;
		/* in its place in the order */
		for (i = 0; i < field_count() && scheme->fields[i].tag < tag; i++)
			n = put(n, scheme->fields[i].tag, scheme->fields[i].min);
		n = put(n, (uint8_t)tag, 8);
		for (; i < field_count(); i++)
			n = put(n, scheme->fields[i].tag, scheme->fields[i].min);
		gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
	}
}
END_TEST

START_TEST(truncated_parameters_and_extra_bytes)
{
	CK_ULONG n, k, boundary = 0;
	int i;

	begin(_i);
	n = build(false, -1, 0);
	for (k = 1; k < n; k++) {
		bool whole = false; /* cut between two fields, where only optional ones are lost */

		for (boundary = 0, i = 0; i < field_count(); i++) {
			boundary += 3 + scheme->fields[i].min;
			if (boundary == k) {
				int j;

				whole = true;
				for (j = i + 1; j < field_count(); j++)
					whole &= !scheme->fields[j].required;
			}
		}
		gives(whole ? CKR_OK : CKR_MECHANISM_PARAM_INVALID, try_bytes(k));
	}
	for (k = 1; k < 5; k++) { /* zeroes left over */
		n = build(false, -1, 0);
		memset(bytes + n, 0, 8);
		gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n + k));
	}
	n = build(false, -1, 0); /* a length that reaches beyond the end */
	bytes[1] = 0xFF;
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
	bytes[1] = 0;
	bytes[2]++;
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
	/* more than 4 096 bytes in all */
	memset(bytes, 0, sizeof bytes);
	n = build(true, -1, 0);
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(4097));
	gives(CKR_MECHANISM_PARAM_INVALID, try_bytes(8192));
}
END_TEST

START_TEST(every_byte_flipped)
{
	/* Whatever the bytes: a code, and a key only where the encoding is right. */
	CK_ULONG n, k;
	uint8_t bit;

	begin(_i);
	n = build(false, -1, 0);
	for (k = 0; k < n && k < 64; k++)
		for (bit = 1; bit != 0; bit = (uint8_t)(bit << 1)) {
			bytes[k] ^= bit;
			gives_either(CKR_OK, CKR_MECHANISM_PARAM_INVALID, try_bytes(n));
			bytes[k] ^= bit;
		}
	gives(CKR_OK, try_bytes(n));
}
END_TEST

START_TEST(the_parameter_builder_of_keydiv_h)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	uint8_t wanted[] = {0x01, 0, 2, 'a', 'b', 0x10, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2};
	CK_MECHANISM m;
	static uint8_t big[5000];

	keydiv_put(&p, KEYDIV_DEVICE, "ab", 2);
	keydiv_put_number(&p, KEYDIV_COUNTER, 258);
	m = keydiv_mechanism(CKM_KEYDIV_DEVICE_MESSAGE_KEY, &p);
	holds(m.ulParameterLen == sizeof wanted &&
		memcmp(m.pParameter, wanted, sizeof wanted) == 0);
	holds(m.mechanism == 0x8B440003UL);
	/* what does not fit gives a parameter the token refuses, not one without the field */
	begin(0);
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "ab", 2);
	keydiv_put(&p, KEYDIV_PURPOSE, "x", 1);
	keydiv_put(&p, KEYDIV_SALT, big, 8); /* out of order */
	m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, base, NOTHING, &made));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, big, 4094);
	m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_DeriveKey(s, &m, base, NOTHING, &made));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "ab", 2);
	m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	gives(CKR_OK, f->C_DeriveKey(s, &m, base, NOTHING, &made));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parameters");
	TCase *tc = add_case(suite, "parameters", user);

	tcase_add_loop_test(tc, limits_of_lengths, 0, SCHEMES);
	tcase_add_loop_test(tc, missing_fields, 0, SCHEMES);
	tcase_add_loop_test(tc, fields_out_of_order_or_twice, 0, SCHEMES);
	tcase_add_loop_test(tc, tags_that_do_not_belong, 0, SCHEMES);
	tcase_add_loop_test(tc, truncated_parameters_and_extra_bytes, 0, SCHEMES);
	tcase_add_loop_test(tc, every_byte_flipped, 0, SCHEMES);
	tcase_add_test(tc, the_parameter_builder_of_keydiv_h);
	return run(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_flat_template.c: a template in a template, as an array of PKCS#11 and in the flat form of
 * keydiv.h. Both are one attribute. With parameters = flat there is no array.
 */
#include "pairs.h"

#define ROUNDS 1500
#define ROOM 2048

/* A random template: the array, and the flat form. */
struct nested {
	CK_ATTRIBUTE array[12], inner_array[12];
	CK_ULONG count, inner_count;
	uint8_t flat[ROOM];
	CK_ULONG flat_n;
};

static const struct {
	CK_ATTRIBUTE_TYPE native, flat;
} outers[] = {{CKA_WRAP_TEMPLATE, CKA_KEYDIV_FLAT_WRAP_TEMPLATE},
	{CKA_UNWRAP_TEMPLATE, CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE},
	{CKA_DERIVE_TEMPLATE, CKA_KEYDIV_FLAT_DERIVE_TEMPLATE}};

static CK_ULONG put_flat(uint8_t *out, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG n)
{
	for (int i = 0; i < 4; i++) {
		out[i] = (uint8_t)(type >> (24 - 8 * i));
		out[4 + i] = (uint8_t)(n >> (24 - 8 * i));
	}
	if (n > 0)
		memcpy(out + 8, value, n);
	return 8 + n;
}

/* Fill in COUNT random attributes, most of them valid, and their flat form. */
static CK_ULONG random_attributes(CK_ATTRIBUTE *out, CK_ULONG count, uint8_t *flat)
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE_LEN, CKA_TOKEN,
		CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ENCRYPT, CKA_SIGN, CKA_DERIVE,
		CKA_LABEL, CKA_ID, CKA_ALLOWED_MECHANISMS, CKA_START_DATE, CKA_WRAP_WITH_TRUSTED,
		CKA_COPYABLE, CKA_KEYDIV_EXTRACTABLE_CHILDREN, CKA_VALUE, CKA_MODULUS,
		CKA_KEYDIV_FLAT_DERIVE_TEMPLATE, 0x1234567};
	static CK_ULONG numbers[2][12][4];
	static CK_BBOOL flags[2][12];
	static int which;
	CK_ULONG at = 0;

	which = !which;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_ATTRIBUTE *a = &out[i];
		a->type = types[random_below(random_below(9) == 0 ? 21 : 17)];
		flags[which][i] = (CK_BBOOL)random_below(random_below(9) == 0 ? 3 : 2);
		random_fill(numbers[which][i], sizeof numbers[which][i]);
		a->pValue = numbers[which][i];
		switch (a->type) {
		case CKA_CLASS:
		case CKA_KEY_TYPE:
		case CKA_VALUE_LEN:
			numbers[which][i][0] =
				a->type == CKA_CLASS ? CKO_SECRET_KEY : random_below(32);
			a->ulValueLen = 8;
			break;
		case CKA_LABEL:
		case CKA_ID:
			a->ulValueLen = random_below(33);
			break;
		case CKA_ALLOWED_MECHANISMS:
			a->ulValueLen = 8 * random_below(5);
			break;
		case CKA_START_DATE:
			memcpy(numbers[which][i], "20261130", 8);
			a->ulValueLen = random_below(2) * 8;
			break;
		default:
			a->pValue = &flags[which][i];
			a->ulValueLen = 1;
		}
		if (random_below(60) == 0)
			a->ulValueLen = random_below(20);
		if (a->pValue == (void *)&flags[which][i] && a->ulValueLen > 1)
			a->pValue = numbers[which][i];
		at += put_flat(flat + at, a->type, a->pValue, a->ulValueLen);
	}
	return at;
}

static void random_nested(CK_ATTRIBUTE_TYPE outer, struct nested *ret)
{
	uint8_t inner[ROOM / 2];

	ret->count = random_below(6);
	ret->flat_n = random_attributes(ret->array, ret->count, ret->flat);
	if (outer != CKA_UNWRAP_TEMPLATE || random_below(2) > 0)
		return;
	ret->inner_count = random_below(5);
	CK_ULONG n = random_attributes(ret->inner_array, ret->inner_count, inner);
	ret->array[ret->count++] = (CK_ATTRIBUTE){
		CKA_DERIVE_TEMPLATE, ret->inner_array, ret->inner_count * sizeof(CK_ATTRIBUTE)};
	ret->flat_n += put_flat(ret->flat + ret->flat_n, CKA_DERIVE_TEMPLATE, inner, n);
}

static CK_RV create(CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
	bool derives = type == CKA_DERIVE_TEMPLATE || type == CKA_KEYDIV_FLAT_DERIVE_TEMPLATE;
	bool wraps = type == CKA_WRAP_TEMPLATE || type == CKA_KEYDIV_FLAT_WRAP_TEMPLATE;

	return try_import(CKK_AES, mk, 16,
		T({derives        ? CKA_DERIVE
			  : wraps ? CKA_WRAP
				  : CKA_UNWRAP,
			  (void *)&template_true, 1},
			RAW(type, value, n)),
		ret);
}

/* The flat attribute TYPE of KEY must be the N bytes at VALUE. */
static void reads_as(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, const uint8_t *value, CK_ULONG n)
{
	uint8_t got[ROOM];
	CK_ATTRIBUTE a = {type, NULL, 0};

	ok(f->C_GetAttributeValue(s, key, &a, 1));
	ck_assert_uint_eq(a.ulValueLen, n);
	a = (CK_ATTRIBUTE){type, got, n};
	ok(f->C_GetAttributeValue(s, key, &a, 1));
	ck_assert_uint_eq(a.ulValueLen, n);
	ck_assert_mem_eq(got, value, n);
	if (n == 0)
		return;
	memset(got, 0xEE, sizeof got);
	a = (CK_ATTRIBUTE){type, got, n - 1};
	gives(CKR_BUFFER_TOO_SMALL, f->C_GetAttributeValue(s, key, &a, 1));
	holds(a.ulValueLen == CK_UNAVAILABLE_INFORMATION && got[0] == 0xEE);
}

START_TEST(both_forms_agree)
{
	unsigned accepted = 0, refused = 0;

	for (int round = 0; round < ROUNDS; round++) {
		static struct nested nested;
		CK_OBJECT_HANDLE one, other;
		pairs_seed((uint64_t)(_i * ROUNDS + round));
		memset(&nested, 0, sizeof nested);
		random_nested(outers[_i].native, &nested);
		CK_RV rv = create(
			outers[_i].native, nested.array, nested.count * sizeof(CK_ATTRIBUTE), &one);
		CK_RV flat = create(outers[_i].flat, nested.flat, nested.flat_n, &other);
		if (rv != flat)
			ck_abort_msg("round %d: %s, flat %s", round, name_of(rv), name_of(flat));
		accepted += rv == CKR_OK;
		refused += rv != CKR_OK;
		if (rv != CKR_OK)
			continue;
		reads_as(one, outers[_i].flat, nested.flat, nested.flat_n);
		reads_as(other, outers[_i].flat, nested.flat, nested.flat_n);
		/* A search by either form finds both. */
		holds(find(s, T(RAW(outers[_i].flat, nested.flat, nested.flat_n)), NULL, 0) == 2);
		holds(find(s,
			      T(RAW(outers[_i].native, nested.array,
				      nested.count * sizeof(CK_ATTRIBUTE))),
			      NULL, 0) == 2);
		ok(f->C_DestroyObject(s, one));
		ok(f->C_DestroyObject(s, other));
	}
	holds(accepted > ROUNDS / 20 && refused > ROUNDS / 20);
}
END_TEST

START_TEST(malformed)
{
	uint8_t flat[64];
	CK_ULONG n = put_flat(flat, CKA_ENCRYPT, &template_true, 1);
	CK_OBJECT_HANDLE key;
	CK_ULONG cut;

	for (cut = 1; cut < n; cut++)
		gives(CKR_ATTRIBUTE_VALUE_INVALID,
			create(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, cut, &key));
	n += put_flat(flat + n, CKA_ENCRYPT, &template_true, 1);
	gives(CKR_TEMPLATE_INCONSISTENT, create(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, n, &key));
	memset(flat + 4, 0xFF, 4);
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, n, &key));
	put_flat(flat, 0x12345678, NULL, 0);
	gives(CKR_ATTRIBUTE_TYPE_INVALID, create(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, 8, &key));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, create(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, NULL, 8, &key));
	/* Both forms in one template must agree. */
	n = put_flat(flat, CKA_ENCRYPT, &template_true, 1);
	CK_ATTRIBUTE yes[] = {YES(CKA_ENCRYPT)}, no[] = {NO(CKA_ENCRYPT)};
	ok(try_import(CKK_AES, mk, 16,
		T(YES(CKA_UNWRAP), RAW(CKA_UNWRAP_TEMPLATE, yes, sizeof yes),
			RAW(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, n)),
		&key));
	gives(CKR_TEMPLATE_INCONSISTENT,
		try_import(CKK_AES, mk, 16,
			T(YES(CKA_UNWRAP), RAW(CKA_UNWRAP_TEMPLATE, no, sizeof no),
				RAW(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, n)),
			&key));
}
END_TEST

/* --- parameters = flat --- */

static void flat_user(void)
{
	load();
	write_conf("parameters = flat\n");
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
}

/* Pointers to memory that cannot be read or written: any access to it ends the test. */
static void *const nowhere = (void *)16;

START_TEST(no_array_is_read)
{
	CK_ATTRIBUTE array[] = {{CKA_ENCRYPT, nowhere, 1}, {CKA_LABEL, nowhere, 20}};
	CK_OBJECT_HANDLE key;
	uint8_t flat[64];

	for (size_t i = 0; i < 3; i++) {
		gives(CKR_ATTRIBUTE_TYPE_INVALID,
			create(outers[i].native, array, sizeof array, &key));
		gives(CKR_ATTRIBUTE_TYPE_INVALID,
			f->C_FindObjectsInit(s, T(RAW(outers[i].native, array, sizeof array))));
		gives(CKR_ATTRIBUTE_TYPE_INVALID,
			f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
				T(LENGTH(16), RAW(outers[i].native, array, sizeof array)), &key));
		/* The bytes of the array are no flat template. */
		holds(create(outers[i].flat, array, sizeof array, &key) != CKR_OK);
	}
	/* An array inside a flat template is no flat template either. */
	CK_ULONG n = put_flat(flat, CKA_DERIVE_TEMPLATE, array, sizeof array[0]);
	holds(create(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, flat, n, &key) != CKR_OK);
}
END_TEST

/* A buffer that p11-kit's server has filled with 0xff holds no pointers to write to. */
START_TEST(no_array_is_written)
{
	CK_ATTRIBUTE array[4], a = {CKA_DERIVE_TEMPLATE, array, sizeof array};
	uint8_t flat[64];
	CK_ULONG n = put_flat(flat, CKA_ENCRYPT, &template_true, 1);
	CK_OBJECT_HANDLE key;

	n += put_flat(flat + n, CKA_LABEL, "a label", 7);
	ok(create(CKA_KEYDIV_FLAT_DERIVE_TEMPLATE, flat, n, &key));
	for (size_t i = 0; i < 4; i++)
		array[i] = (CK_ATTRIBUTE){CKA_ENCRYPT, nowhere, 100};
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_GetAttributeValue(s, key, &a, 1));
	holds(a.ulValueLen == CK_UNAVAILABLE_INFORMATION);
	reads_as(key, CKA_KEYDIV_FLAT_DERIVE_TEMPLATE, flat, n);
	/* The template works: it forbids the child that it contradicts. */
	CK_OBJECT_HANDLE child;
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(key, T(NO(CKA_ENCRYPT)), &child));
	ok(derive_device(key, NOTHING, &child));
	holds(get_bool(child, CKA_ENCRYPT));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flat_template");
	TCase *tc = add_case(suite, "forms", user);

	tcase_add_loop_test(tc, both_forms_agree, 0, 3);
	tcase_add_test(tc, malformed);
	tc = add_case(suite, "mode", flat_user);
	tcase_add_test(tc, no_array_is_read);
	tcase_add_test(tc, no_array_is_written);
	return run(suite);
}

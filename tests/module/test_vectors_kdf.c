/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors_kdf.c: the vectors of Wycheproof for HKDF and PBKDF2. */
#include "vector_case.h"

/* The longest results of a derivation, in bytes. */
#define KEY_MAX 64
#define DATA_MAX 4096

#define NOT_MADE 0xABCD

static struct value base, salt, info, wanted;

/* MADE, if there is one, must have the value WANTED. Destroy it. */
static void check_value(const struct vectors *v, CK_OBJECT_HANDLE made)
{
	static uint8_t out[DATA_MAX];

	if (made == NOT_MADE)
		return;

	case_holds(v, value_equals(&wanted, out, get_bytes(made, CKA_VALUE, out, sizeof out)));
	ok(f->C_DestroyObject(s, made));
}

#define WANTED(n) TYPE(CKK_GENERIC_SECRET), LENGTH(n), READABLE

/* Derive LENGTH bytes from BASE as a key, and as data. */
static CK_RV hkdf_key(
	CK_MECHANISM *m, CK_OBJECT_HANDLE handle, size_t length, CK_OBJECT_HANDLE *made)
{
	m->mechanism = CKM_HKDF_DERIVE;
	*made = NOT_MADE;
	return f->C_DeriveKey(s, m, handle, T(WANTED(length)), made);
}

static CK_RV hkdf_data(
	CK_MECHANISM *m, CK_OBJECT_HANDLE handle, size_t length, CK_OBJECT_HANDLE *made)
{
	m->mechanism = CKM_HKDF_DATA;
	*made = NOT_MADE;
	return f->C_DeriveKey(s, m, handle, T(CLASS(CKO_DATA), LENGTH(length)), made);
}

/*
 * Results over 255 digests do not exist. Data over DATA_MAX bytes and keys over KEY_MAX bytes are
 * not offered. A case counts as accepted if its data is.
 */
static void hkdf(const struct vectors *v, CK_MECHANISM *m, size_t digest, struct tally *tally)
{
	size_t length = vector_number(v, "length");
	bool valid = case_is_valid(v), data = valid && length <= DATA_MAX;
	CK_OBJECT_HANDLE made,
		handle = import(v->cases % 2 ? CKK_HKDF : CKK_GENERIC_SECRET, base.p, base.n,
			T(OPEN_MASTER, ALLOWED(CKM_HKDF_DERIVE, CKM_HKDF_DATA)));

	case_holds(v, valid == (length <= 255 * digest));
	case_gives(v, data ? CKR_OK : CKR_KEY_SIZE_RANGE, hkdf_data(m, handle, length, &made));
	case_holds(v, (made != NOT_MADE) == data);
	check_value(v, made);
	case_gives(v, length <= KEY_MAX ? CKR_OK : CKR_KEY_SIZE_RANGE,
		hkdf_key(m, handle, length, &made));
	case_holds(v, (made != NOT_MADE) == (length <= KEY_MAX));
	check_value(v, made);
	*(data ? &tally->accepted : &tally->refused) += 1;
	ok(f->C_DestroyObject(s, handle));
}

START_TEST(hkdf_of_wycheproof)
{
	struct tally tally = {0};
	struct vectors v;

	for (vectors_open(&v, "wycheproof_hkdf.txt"); vectors_next(&v);) {
		const struct case_hash *hash = case_hash(&v);

		value_read(&v, "ikm", &base);
		value_read(&v, "salt", &salt);
		value_read(&v, "info", &info);
		value_read(&v, "okm", &wanted);
		CK_HKDF_PARAMS p = {CK_TRUE, CK_TRUE, hash->digest, CKF_HKDF_SALT_DATA, salt.p,
			salt.n, 0, info.p, info.n};
		hkdf(&v, MECH_OF(CKM_HKDF_DERIVE, p), hash->length, &tally);
	}
	tally_is(&tally, 315, 0, 24);
}
END_TEST

/*
 * Keys of 65 bytes are not offered. Their first 64 bytes are those of a key of 64 bytes (RFC 8018,
 * 5.2), which is made instead.
 */
START_TEST(pbkdf2_of_wycheproof)
{
	struct tally tally = {0};
	struct vectors v;

	for (vectors_open(&v, "wycheproof_pbkdf2.txt"); vectors_next(&v);) {
		const struct case_hash *hash = case_hash(&v);
		size_t length = vector_number(&v, "length");
		CK_OBJECT_HANDLE made = NOT_MADE;

		value_read(&v, "password", &base);
		value_read(&v, "salt", &salt);
		value_read(&v, "dk", &wanted);
		CK_PKCS5_PBKD2_PARAMS2 p = {CKZ_SALT_SPECIFIED, salt.p, salt.n,
			vector_number(&v, "iterations"), hash->pbkdf2_prf, NULL, 0, base.p, base.n};
		CK_MECHANISM *m = MECH_OF(CKM_PKCS5_PBKD2, p);
		if (length > KEY_MAX) {
			case_gives(&v, CKR_KEY_SIZE_RANGE,
				f->C_GenerateKey(s, m, T(WANTED(length)), &made));
			case_holds(&v, made == NOT_MADE);
			length = wanted.n = KEY_MAX;
			tally.refused++;
		} else {
			tally.accepted++;
		}
		case_gives(&v, CKR_OK, f->C_GenerateKey(s, m, T(WANTED(length)), &made));
		check_value(&v, made);
	}
	tally_is(&tally, 217, 0, 80);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors of key derivation");
	TCase *tc = add_case(suite, "vectors of key derivation", user);

	tcase_add_test(tc, hkdf_of_wycheproof);
	tcase_add_test(tc, pbkdf2_of_wycheproof);
	return run(suite);
}

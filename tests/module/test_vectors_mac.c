/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors_mac.c: the vectors of Wycheproof and CAVP for CMAC, GMAC and HMAC. */
#include "vector_case.h"

static struct value key, msg, mac, nonce;

/* Sign and verify MSG, in one part and in two. */
static void check(
	const struct vectors *v, CK_MECHANISM *m, CK_OBJECT_HANDLE handle, struct tally *tally)
{
	bool valid = case_is_valid(v);
	CK_RV wanted = valid ? CKR_OK : CKR_SIGNATURE_INVALID;
	uint8_t out[64];
	CK_ULONG n = sizeof out;
	size_t part = msg.n / 3;

	case_gives(v, CKR_OK, f->C_SignInit(s, m, handle));
	case_gives(v, CKR_OK, f->C_Sign(s, msg.p, msg.n, out, &n));
	case_holds(v, value_equals(&mac, out, n) == valid);
	case_gives(v, CKR_OK, f->C_VerifyInit(s, m, handle));
	case_gives(v, wanted, f->C_Verify(s, msg.p, msg.n, mac.p, mac.n));
	case_gives(v, CKR_OK, f->C_VerifyInit(s, m, handle));
	case_gives(v, CKR_OK, f->C_VerifyUpdate(s, msg.p, part));
	case_gives(v, CKR_OK, f->C_VerifyUpdate(s, msg.p + part, msg.n - part));
	case_gives(v, wanted, f->C_VerifyFinal(s, mac.p, mac.n));
	if (valid)
		tally->accepted++;
	else
		tally->rejected++;
}

static void read_case(const struct vectors *v)
{
	value_read(v, "key", &key);
	value_read(v, "msg", &msg);
	value_read(v, "mac", &mac);
	value_read(v, "nonce", &nonce);
}

static CK_RV try_key(CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret)
{
	return try_import(type, key.p, key.n, T(YES(CKA_SIGN), YES(CKA_VERIFY)), ret);
}

/* A truncated MAC of under 8 bytes is only for keys that name its mechanism. */
static void check_truncated_cmac(const struct vectors *v, struct tally *tally)
{
	CK_ULONG length = mac.n;
	CK_MECHANISM *m = MECH_OF(CKM_AES_CMAC_GENERAL, length);
	CK_OBJECT_HANDLE handle;

	if (mac.n < 8) {
		ok(try_key(CKK_AES, &handle));
		case_gives(v, CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, m, handle));
		case_gives(v, CKR_MECHANISM_PARAM_INVALID, f->C_VerifyInit(s, m, handle));
		ok(f->C_DestroyObject(s, handle));
	}
	handle = import(CKK_AES, key.p, key.n,
		T(YES(CKA_SIGN), YES(CKA_VERIFY), ALLOWED(CKM_AES_CMAC_GENERAL)));
	check(v, m, handle, tally);
	ok(f->C_DestroyObject(s, handle));
}

static void cmac(const char *file, struct tally *tally)
{
	struct vectors v;

	for (vectors_open(&v, file); vectors_next(&v);) {
		CK_OBJECT_HANDLE handle;

		read_case(&v);
		if (key.n != 16 && key.n != 24 && key.n != 32) {
			case_holds(&v, !case_is_valid(&v));
			case_gives(&v, CKR_ATTRIBUTE_VALUE_INVALID, try_key(CKK_AES, &handle));
			tally->refused++;
		} else if (mac.n < 16) {
			check_truncated_cmac(&v, tally);
		} else {
			ok(try_key(CKK_AES, &handle));
			check(&v, MECH(CKM_AES_CMAC), handle, tally);
			ok(f->C_DestroyObject(s, handle));
		}
	}
}

START_TEST(cmac_of_wycheproof)
{
	struct tally tally = {0};

	cmac("wycheproof_aes_cmac.txt", &tally);
	tally_is(&tally, 63, 243, 5);
}
END_TEST

START_TEST(cmac_of_cavp)
{
	struct tally tally = {0};

	cmac("cavp_aes_cmac.txt", &tally);
	tally_is(&tally, 320, 0, 0);
}
END_TEST

/* IVs of 16 bytes are not offered, which PKCS#11 does not define for GMAC. */
START_TEST(gmac_of_wycheproof)
{
	struct tally tally = {0};
	struct vectors v;

	for (vectors_open(&v, "wycheproof_aes_gmac.txt"); vectors_next(&v);) {
		CK_OBJECT_HANDLE handle;

		read_case(&v);
		ok(try_key(CKK_AES, &handle));
		if (nonce.n == 12) {
			check(&v, MECH_P(CKM_AES_GMAC, nonce.p, nonce.n), handle, &tally);
		} else {
			CK_MECHANISM *m = MECH_P(CKM_AES_GMAC, nonce.p, nonce.n);

			case_gives(&v, CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, m, handle));
			case_gives(&v, CKR_MECHANISM_PARAM_INVALID, f->C_VerifyInit(s, m, handle));
			tally.refused++;
		}
		ok(f->C_DestroyObject(s, handle));
	}
	tally_is(&tally, 45, 162, 207);
}
END_TEST

/* Keys of the hash's own type and generic keys, in turn. */
static void hmac(const char *file, struct tally *tally)
{
	struct vectors v;

	for (vectors_open(&v, file); vectors_next(&v);) {
		const struct case_hash *hash = case_hash(&v);
		CK_OBJECT_HANDLE handle;
		CK_ULONG length;

		read_case(&v);
		length = mac.n;
		ok(try_key(v.cases % 2 ? hash->hmac_key : CKK_GENERIC_SECRET, &handle));
		if (mac.n == hash->length)
			check(&v, MECH(hash->hmac), handle, tally);
		else
			check(&v, MECH_OF(hash->hmac_general, length), handle, tally);
		ok(f->C_DestroyObject(s, handle));
	}
}

START_TEST(hmac_of_wycheproof)
{
	struct tally tally = {0};

	hmac("wycheproof_hmac.txt", &tally);
	tally_is(&tally, 330, 534, 0);
}
END_TEST

START_TEST(hmac_of_cavp)
{
	struct tally tally = {0};

	hmac("cavp_hmac.txt", &tally);
	tally_is(&tally, 315, 0, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors of MACs");
	TCase *tc = add_case(suite, "vectors of MACs", user);

	tcase_add_test(tc, cmac_of_wycheproof);
	tcase_add_test(tc, cmac_of_cavp);
	tcase_add_test(tc, gmac_of_wycheproof);
	tcase_add_test(tc, hmac_of_wycheproof);
	tcase_add_test(tc, hmac_of_cavp);
	return run(suite);
}

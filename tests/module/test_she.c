/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_she.c: new keys for the SHE modules of vehicles, by C_WrapKey, and the proofs of the
 * modules, by C_Sign and C_Verify.
 */
#include "harness.h"

#define M1 "00000000000000000000000000000141"
#define M2 "2b111e2d93f486566bcbba1d7f7a9797c94643b050fc5d4d7de14cff682203c3"
#define M3 "b9d745e5ace7d41860bc63c2b9f5bb46"
#define M4 "00000000000000000000000000000141b472e8d8727d70d57295e74849a27917"
#define M5 "820d8d95dc11b4668878160cb2a4e23e"

static uint8_t auth_value[16], new_value[16];
static CK_OBJECT_HANDLE authorising, fresh, made;
static KEYDIV_PARAMETER p;
static uint8_t out[80], m[64];
static CK_ULONG n;

#define AUTHORISES YES(CKA_WRAP), ALLOWED(CKM_KEYDIV_SHE_KEY_UPDATE)

static CK_OBJECT_HANDLE authorising_key(CK_ULONG length)
{
	return import(CKK_AES, length == 16 ? auth_value : mk32, length, T(AUTHORISES));
}

static void start(void)
{
	user();
	unhex("000102030405060708090a0b0c0d0e0f", auth_value);
	unhex("0f0e0d0c0b0a09080706050403020100", new_value);
	authorising = authorising_key(16);
	fresh = import(
		CKK_AES, new_value, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_SIGN), YES(CKA_VERIFY)));
	made = 0xABCD;
}

/* The parameter of the example, without or with SHE_FLAGS. */
static void fields(bool flags)
{
	uint8_t uid[15] = {[14] = 1};

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_SHE_UID, uid, sizeof uid);
	keydiv_put(&p, KEYDIV_SHE_SLOTS, "\x41", 1);
	keydiv_put(&p, KEYDIV_SHE_COUNTER, "\0\0\0\1", 4);
	if (flags)
		keydiv_put(&p, KEYDIV_SHE_FLAGS, "\0", 1);
}

static CK_RV wrap(CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key)
{
	fields(true);
	CK_MECHANISM mech = keydiv_mechanism(CKM_KEYDIV_SHE_KEY_UPDATE, &p);
	n = sizeof out;
	memset(out, 0xEE, sizeof out);
	CK_RV rv = f->C_WrapKey(s, &mech, with, key, out, &n);
	holds(rv == CKR_OK || out[0] == 0xEE);
	return rv;
}

static CK_RV prove_init(bool sign, CK_OBJECT_HANDLE key)
{
	fields(false);
	CK_MECHANISM mech = keydiv_mechanism(CKM_KEYDIV_SHE_KEY_PROOF, &p);
	return sign ? f->C_SignInit(s, &mech, key) : f->C_VerifyInit(s, &mech, key);
}

static CK_RV prove(CK_OBJECT_HANDLE key)
{
	CK_RV rv = prove_init(true, key);

	n = sizeof out;
	return rv != CKR_OK ? rv : f->C_Sign(s, NULL, 0, out, &n);
}

static CK_RV check_proof(CK_OBJECT_HANDLE key)
{
	CK_RV rv = prove_init(false, key);

	return rv != CKR_OK ? rv : f->C_Verify(s, NULL, 0, m, 48);
}

START_TEST(update_and_proof)
{
	unhex(M1 M2 M3, m);
	ok(wrap(authorising, fresh));
	holds(n == 64 && memcmp(out, m, 64) == 0);
	unhex(M4 M5, m);
	ok(prove(fresh));
	holds(n == 48 && memcmp(out, m, 48) == 0);
	ok(check_proof(fresh));
	for (unsigned i = 0; i < 48; i += 5) {
		m[i] ^= 0x10;
		gives(CKR_SIGNATURE_INVALID, check_proof(fresh));
		m[i] ^= 0x10;
	}
	/* data, in one part and in parts */
	ok(prove_init(true, fresh));
	gives(CKR_DATA_LEN_RANGE, f->C_Sign(s, m, 1, out, &n));
	ok(prove_init(true, fresh));
	ok(f->C_SignUpdate(s, m, 0));
	n = sizeof out;
	ok(f->C_SignFinal(s, out, &n));
	holds(memcmp(out, m, 48) == 0);
	ok(prove_init(false, fresh));
	ok(f->C_VerifyUpdate(s, m, 3));
	gives(CKR_DATA_LEN_RANGE, f->C_VerifyFinal(s, m, 48));
	ok(prove_init(false, fresh));
	gives(CKR_SIGNATURE_LEN_RANGE, f->C_Verify(s, NULL, 0, m, 47));
}
END_TEST

START_TEST(room)
{
	fields(true);
	CK_MECHANISM mech = keydiv_mechanism(CKM_KEYDIV_SHE_KEY_UPDATE, &p);
	ok(f->C_WrapKey(s, &mech, authorising, fresh, NULL, &n));
	holds(n == 64);
	n = 63;
	gives(CKR_BUFFER_TOO_SMALL, f->C_WrapKey(s, &mech, authorising, fresh, out, &n));
	holds(n == 64);
	ok(prove_init(true, fresh));
	ok(f->C_Sign(s, NULL, 0, NULL, &n));
	holds(n == 48);
	n = 47;
	gives(CKR_BUFFER_TOO_SMALL, f->C_Sign(s, NULL, 0, out, &n));
	ok(f->C_Sign(s, NULL, 0, out, &n));
}
END_TEST

/* The update obeys the policy of C_WrapKey. */
START_TEST(policy_of_the_update)
{
	CK_OBJECT_HANDLE unextractable = import(CKK_AES, mk, 16, T(YES(CKA_SIGN))),
			 other_use = import(CKK_AES, auth_value, 16,
				 T(YES(CKA_SIGN), ALLOWED(CKM_KEYDIV_SHE_KEY_UPDATE))),
			 other_list = import(CKK_AES, auth_value, 16,
				 T(YES(CKA_WRAP), ALLOWED(CKM_AES_KEY_WRAP))),
			 trusted_only = import(CKK_AES, mk, 16,
				 T(YES(CKA_SIGN), YES(CKA_EXTRACTABLE),
					 YES(CKA_WRAP_WITH_TRUSTED))),
			 same = import(CKK_AES, auth_value, 16, T(YES(CKA_EXTRACTABLE))),
			 narrow = import(CKK_AES, auth_value, 16,
				 T(AUTHORISES, NESTED(CKA_WRAP_TEMPLATE, YES(CKA_ENCRYPT))));

	gives(CKR_KEY_UNEXTRACTABLE, wrap(authorising, unextractable));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, wrap(other_use, fresh));
	gives(CKR_MECHANISM_INVALID, wrap(other_list, fresh));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(authorising, trusted_only));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(authorising, same));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(authorising, authorising));
	gives(CKR_KEY_HANDLE_INVALID, wrap(narrow, fresh));
	gives(CKR_WRAPPING_KEY_HANDLE_INVALID, wrap(0x123456, fresh));
	gives(CKR_KEY_HANDLE_INVALID, wrap(authorising, 0x123456));
}
END_TEST

START_TEST(lengths_and_types)
{
	CK_OBJECT_HANDLE other;

	gives(CKR_WRAPPING_KEY_SIZE_RANGE, wrap(authorising_key(24), fresh));
	gives(CKR_WRAPPING_KEY_SIZE_RANGE, wrap(authorising_key(32), fresh));
	other = import(CKK_GENERIC_SECRET, auth_value, 16, T(AUTHORISES));
	gives_either(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED,
		wrap(other, fresh));
	for (CK_ULONG length = 24; length <= 32; length += 8)
		gives(CKR_KEY_NOT_WRAPPABLE,
			wrap(authorising, import(CKK_AES, mk32, length, T(YES(CKA_EXTRACTABLE)))));
	gives(CKR_KEY_NOT_WRAPPABLE,
		wrap(authorising, import(CKK_DES2, mk, 16, T(YES(CKA_EXTRACTABLE)))));
	gives(CKR_KEY_NOT_WRAPPABLE,
		wrap(authorising, import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_EXTRACTABLE)))));
	gives(CKR_KEY_SIZE_RANGE, prove(import(CKK_AES, mk32, 24, T(YES(CKA_SIGN)))));
	gives(CKR_KEY_SIZE_RANGE, prove(import(CKK_AES, mk32, 32, T(YES(CKA_SIGN)))));
	gives(CKR_KEY_TYPE_INCONSISTENT,
		prove(import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_SIGN)))));
}
END_TEST

START_TEST(parameters)
{
	static const struct {
		CK_ULONG at;
		uint8_t value;
	} wrong[] = {
		{3 + 15 + 4 + 3, 0x10},     /* a counter of 2^28 */
		{3 + 15 + 4 + 7 + 3, 0x40}, /* flags of 64 */
		{3 + 15 + 4 + 7 + 2, 2},    /* a length */
		{0, 0x61},                  /* a tag of another mechanism */
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		fields(true);
		p.bytes[wrong[i].at] = wrong[i].value;
		CK_MECHANISM mech = {CKM_KEYDIV_SHE_KEY_UPDATE, p.bytes, p.length};
		n = sizeof out;
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_WrapKey(s, &mech, authorising, fresh, out, &n));
	}
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH(CKM_KEYDIV_SHE_KEY_UPDATE), authorising, fresh, out, &n));
	fields(true); /* the proof has no SHE_FLAGS */
	CK_MECHANISM mech = {CKM_KEYDIV_SHE_KEY_PROOF, p.bytes, p.length};
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &mech, fresh));
	fields(false);
	p.bytes[3 + 15 + 4 + 3] = 0x10;
	mech = (CK_MECHANISM){CKM_KEYDIV_SHE_KEY_PROOF, p.bytes, p.length};
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &mech, fresh));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_VerifyInit(s, &mech, fresh));
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, MECH(CKM_KEYDIV_SHE_KEY_PROOF), fresh));
}
END_TEST

/* Usage of the new key decides who proves: SIGN makes proofs, VERIFY checks them. */
START_TEST(permissions_of_the_proof)
{
	CK_OBJECT_HANDLE signs = import(CKK_AES, new_value, 16, T(YES(CKA_SIGN))),
			 verifies = import(CKK_AES, new_value, 16, T(YES(CKA_VERIFY))),
			 neither = import(CKK_AES, new_value, 16, T(YES(CKA_ENCRYPT))),
			 other_list = import(
				 CKK_AES, new_value, 16, T(YES(CKA_SIGN), ALLOWED(CKM_AES_CMAC)));

	unhex(M4 M5, m);
	ok(prove(signs));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, check_proof(signs));
	ok(check_proof(verifies));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, prove(verifies));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, prove(neither));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, prove(closed_master()));
	gives(CKR_MECHANISM_INVALID, prove(other_list));
}
END_TEST

START_TEST(no_other_function)
{
	static const CK_MECHANISM_TYPE types[] = {
		CKM_KEYDIV_SHE_KEY_UPDATE, CKM_KEYDIV_SHE_KEY_PROOF};
	CK_OBJECT_HANDLE all = import(CKK_AES, new_value, 16,
				 T(YES(CKA_SIGN), YES(CKA_VERIFY), YES(CKA_ENCRYPT),
					 YES(CKA_DECRYPT))),
			 kek = import(CKK_AES, auth_value, 16, T(YES(CKA_UNWRAP)));

	for (size_t i = 0; i < 2; i++) {
		fields(i == 0);
		CK_MECHANISM mech = keydiv_mechanism(types[i], &p);
		gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, &mech, all));
		gives(CKR_MECHANISM_INVALID, f->C_DecryptInit(s, &mech, all));
		gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, &mech));
		gives(CKR_MECHANISM_INVALID,
			f->C_UnwrapKey(s, &mech, kek, out, 64, T(KEY(CKK_AES)), &made));
		gives(CKR_MECHANISM_INVALID,
			f->C_DeriveKey(s, &mech, open_master(), NOTHING, &made));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageSignInit(s, &mech, all));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageVerifyInit(s, &mech, all));
	}
	/* no proof by a key that is derived for one call */
	CK_OBJECT_HANDLE base = closed_master();
	CK_MECHANISM mech = for_device(&p, CKM_KEYDIV_WITH_DERIVED_KEY, "SN-000123");
	keydiv_put_type(&p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_KEY);
	keydiv_put_type(&p, KEYDIV_OPERATION, CKM_KEYDIV_SHE_KEY_PROOF);
	mech = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	gives(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &mech, base));
	holds(made == 0xABCD);
}
END_TEST

/* A key that leaves under trusted keys only leaves under an authorising key that the SO trusts. */
START_TEST(trusted_authorising_key)
{
	CK_OBJECT_HANDLE kek;

	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
		T(LENGTH(16), YES(CKA_TOKEN), NO(CKA_PRIVATE), STR(CKA_LABEL, "kek"), AUTHORISES),
		&kek));
	ok(f->C_Logout(s));
	login(CKU_SO);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kek")), &kek, 1), 1);
	ok(f->C_SetAttributeValue(s, kek, T(YES(CKA_TRUSTED))));
	ok(f->C_Logout(s));
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kek")), &kek, 1), 1);
	fresh = import(CKK_AES, new_value, 16,
		T(YES(CKA_SIGN), YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(authorising_key(16), fresh));
	ok(wrap(kek, fresh));
	holds(n == 64);
}
END_TEST

/* Keys of a fleet: the key of each module is derived, sent, and proved, and never seen. */
START_TEST(derived_key_of_a_module)
{
	CK_OBJECT_HANDLE base =
		import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));

	ok(derive_device(base, T(YES(CKA_EXTRACTABLE), YES(CKA_VERIFY)), &made));
	ok(wrap(authorising, made));
	holds(n == 64);
	memset(m, 0, sizeof m);
	gives(CKR_SIGNATURE_INVALID, check_proof(made));
	ok(derive_device(base, T(YES(CKA_VERIFY)), &made));
	gives(CKR_KEY_UNEXTRACTABLE, wrap(authorising, made));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("SHE");
	TCase *tc = add_case(suite, "SHE", start);

	tcase_add_test(tc, update_and_proof);
	tcase_add_test(tc, room);
	tcase_add_test(tc, policy_of_the_update);
	tcase_add_test(tc, trusted_authorising_key);
	tcase_add_test(tc, lengths_and_types);
	tcase_add_test(tc, parameters);
	tcase_add_test(tc, permissions_of_the_proof);
	tcase_add_test(tc, no_other_function);
	tcase_add_test(tc, derived_key_of_a_module);
	return run(suite);
}

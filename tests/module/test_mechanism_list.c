/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mechanism_list.c: the list and the information agree, and what is listed with a flag
 * works with it.
 */
#include "mechanism_table.h"

static CK_MECHANISM_TYPE list[256];
static CK_ULONG count;

static void listed(void)
{
	user();
	count = 256;
	ok(f->C_GetMechanismList(slot, list, &count));
}

static bool is_listed(CK_MECHANISM_TYPE type)
{
	CK_ULONG i;

	for (i = 0; i < count; i++)
		if (list[i] == type)
			return true;
	return false;
}

START_TEST(the_list_of_mechanisms)
{
	CK_ULONG n = 0, i, j;
	CK_MECHANISM_TYPE small[1];

	gives(CKR_ARGUMENTS_BAD, f->C_GetMechanismList(slot, NULL, NULL));
	ok(f->C_GetMechanismList(slot, NULL, &n));
	holds(n == count && n > 40);
	n = 1;
	gives(CKR_BUFFER_TOO_SMALL, f->C_GetMechanismList(slot, small, &n));
	holds(n == count);
	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			holds(list[i] != list[j]);
}
END_TEST

/*
 * A defect once: the count was read from the caller's memory again and again, also when the list
 * lay over it.
 */
START_TEST(the_list_may_overlap_the_count)
{
	static CK_MECHANISM_TYPE over[256] = {256};
	CK_SLOT_ID slots[8] = {8};

	ok(f->C_GetMechanismList(slot, over, &over[0]));
	ck_assert_mem_eq(over, list, count * sizeof list[0]);
	ok(f->C_GetSlotList(CK_FALSE, slots, &slots[0]));
	holds(slots[0] == 0);
}
END_TEST

START_TEST(information_agrees)
{
	CK_ULONG i;
	CK_MECHANISM_INFO info;
	CK_MECHANISM_TYPE m;

	gives(CKR_ARGUMENTS_BAD, f->C_GetMechanismInfo(slot, CKM_AES_ECB, NULL));
	for (i = 0; i < count; i++) {
		ok(f->C_GetMechanismInfo(slot, list[i], &info));
		holds(info.flags != 0);
		holds(!(info.flags & CKF_HW));
		holds(info.ulMinKeySize <= info.ulMaxKeySize);
		if (list[i] >= CKM_AES_KEY_GEN && list[i] <= CKM_AES_GMAC)
			holds(info.ulMinKeySize == 16 && info.ulMaxKeySize == 32);
	}
	for (m = 0; m < 0x5000; m++)
		if (!is_listed(m))
			gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, m, &info));
	for (m = KEYDIV_VENDOR; m < KEYDIV_VENDOR + 0x400; m++)
		if (!is_listed(m))
			gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, m, &info));
	/* Public test suites ask for these two. */
	gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, 0x80000000UL, &info));
	gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, 0x80000001UL, &info));
}
END_TEST

START_TEST(required_mechanisms)
{
	size_t i;
	CK_MECHANISM_INFO info;

	for (i = 0; i < required_count; i++) {
		CK_RV rv = f->C_GetMechanismInfo(slot, required[i].type, &info);

		if (rv != CKR_OK || (info.flags & required[i].flags) != required[i].flags)
			expect_true(false, example_of(required[i].type)->name, __FILE__, __LINE__);
	}
}
END_TEST

START_TEST(mechanisms_that_must_be_absent)
{
	/*
	 * Ways to take a key apart (XOR, extract, concatenate), wrapping without integrity, and
	 * public key mechanisms.
	 */
	static const CK_MECHANISM_TYPE never[] = {CKM_XOR_BASE_AND_DATA, CKM_EXTRACT_KEY_FROM_KEY,
		CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_BASE_AND_DATA,
		CKM_CONCATENATE_DATA_AND_BASE, CKM_RSA_PKCS, CKM_DES_ECB};
	CK_MECHANISM_INFO info;
	size_t i;
	uint8_t bytes[16] = {0};
	CK_KEY_DERIVATION_STRING_DATA string = {bytes, 16};
	CK_OBJECT_HANDLE base = open_master(), child;

	for (i = 0; i < sizeof never / sizeof *never; i++) {
		holds(!is_listed(never[i]));
		gives(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot, never[i], &info));
		gives(CKR_MECHANISM_INVALID,
			f->C_DeriveKey(s, MECH_P(never[i], &string, sizeof string), base,
				T(TYPE(CKK_AES)), &child));
	}
	for (i = 0; i < count; i++) {
		ok(f->C_GetMechanismInfo(slot, list[i], &info));
		if (info.flags & (CKF_WRAP | CKF_UNWRAP))
			holds(list[i] == CKM_AES_KEY_WRAP || list[i] == CKM_AES_KEY_WRAP_KWP ||
				list[i] == CKM_AES_KEY_WRAP_PAD ||
				list[i] == CKM_KEYDIV_KEY_BLOCK ||
				list[i] == CKM_KEYDIV_SHE_KEY_UPDATE);
	}
}
END_TEST

static CK_OBJECT_HANDLE key_for(const struct example *e, CK_ATTRIBUTE_TYPE usage)
{
	uint8_t value[EXAMPLE_KEY_MAX];

	example_value(e, value);
	if (usage == CKA_DERIVE)
		return import(e->key_type, value, e->key_length,
			T(OPEN_MASTER, ALLOWED(standard_number(e->type))));
	return import(e->key_type, value, e->key_length, T(YES(usage)));
}

static void encrypts(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	uint8_t text[32] = "thirty-two bytes of clear text..", out[128], back[128];
	CK_ULONG n = sizeof out, k = sizeof back;

	ok(f->C_EncryptInit(s, &m, key_for(e, CKA_ENCRYPT)));
	ok(f->C_Encrypt(s, text, 32, out, &n));
	holds(n >= 32 && memcmp(out, text, 32) != 0);
	ok(f->C_DecryptInit(s, &m, key_for(e, CKA_DECRYPT)));
	ok(f->C_Decrypt(s, out, n, back, &k));
	holds(k == 32 && memcmp(back, text, 32) == 0);
}

static void signs(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	uint8_t text[20] = "twenty bytes of text", out[128];
	CK_ULONG n = sizeof out;

	ok(f->C_SignInit(s, &m, key_for(e, CKA_SIGN)));
	ok(f->C_Sign(s, text, 20, out, &n));
	ok(f->C_VerifyInit(s, &m, key_for(e, CKA_VERIFY)));
	ok(f->C_Verify(s, text, 20, out, n));
	ok(f->C_VerifyInit(s, &m, key_for(e, CKA_VERIFY)));
	text[0] ^= 1;
	gives(CKR_SIGNATURE_INVALID, f->C_Verify(s, text, 20, out, n));
}

static void digests(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	uint8_t out[128];
	CK_ULONG n = sizeof out;

	ok(f->C_DigestInit(s, &m));
	ok(f->C_Digest(s, (CK_BYTE_PTR) "abc", 3, out, &n));
	holds(n >= 20);
}

static void wraps(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	uint8_t out[256];
	CK_ULONG n = sizeof out;
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(READABLE, YES(CKA_ENCRYPT))), back;

	ok(f->C_WrapKey(s, &m, key_for(e, CKA_WRAP), key, out, &n));
	ok(f->C_UnwrapKey(s, &m, key_for(e, CKA_UNWRAP), out, n, T(KEY(CKK_AES)), &back));
}

static void generates(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e);
	CK_OBJECT_HANDLE key;

	if (e->key_type == CKK_DES2 || e->key_type == CKK_DES3)
		ok(f->C_GenerateKey(s, &m, T(YES(CKA_ENCRYPT)), &key));
	else
		ok(f->C_GenerateKey(s, &m, T(TYPE(e->key_type), LENGTH(e->key_length)), &key));
	holds(get_ulong(key, CKA_KEY_TYPE) == e->key_type);
	holds(get_ulong(key, CKA_VALUE_LEN) == e->key_length || e->key_type == CKK_DES2 ||
		e->key_type == CKK_DES3);
}

static void derives(const struct example *e)
{
	CK_MECHANISM m = example_mechanism(e), before;
	CK_OBJECT_HANDLE base = 0, child;

	if (e->from ==
		CKM_KEYDIV_ODUKPT_CLIENT) { /* from the initial key by way of the client state */
		before = example_mechanism(example_of(CKM_KEYDIV_ODUKPT_CLIENT));
		ok(f->C_DeriveKey(s, &before,
			import(CKK_AES, mk, 16, T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_ODUKPT_CLIENT))),
			NOTHING, &base));
	} else {
		base = key_for(e, CKA_DERIVE);
	}
	if (standard_number(e->type) == CKM_HKDF_DATA)
		ok(f->C_DeriveKey(s, &m, base, T(CLASS(CKO_DATA), LENGTH(32)), &child));
	else if (standard_number(e->type) == CKM_HKDF_DERIVE)
		ok(f->C_DeriveKey(s, &m, base, T(TYPE(CKK_GENERIC_SECRET), LENGTH(32)), &child));
	else
		ok(f->C_DeriveKey(s, &m, base, NOTHING, &child));
}

START_TEST(what_is_listed_works)
{
	const struct example *e = &examples[_i];
	CK_MECHANISM_INFO info;
	CK_RV rv = f->C_GetMechanismInfo(slot, e->type, &info);

	if (rv == CKR_MECHANISM_INVALID)
		return; /* what must be there is asked elsewhere */
	ok(rv);
	if (e->type == CKM_KEYDIV_WITH_DERIVED_KEY)
		return; /* the parameter decides what works: test_use.c */
	if (e->type == CKM_KEYDIV_LORAWAN_MIC || e->type == CKM_KEYDIV_LORAWAN_JOIN_ACCEPT)
		return; /* by a master, for messages of a join: test_lorawan.c */
	if (e->type == CKM_KEYDIV_SHE_KEY_UPDATE || e->type == CKM_KEYDIV_SHE_KEY_PROOF)
		return; /* wraps without unwrapping, signs without data: test_she.c */
	if (info.flags & (CKF_ENCRYPT | CKF_DECRYPT))
		encrypts(e);
	if (info.flags & (CKF_SIGN | CKF_VERIFY))
		signs(e);
	if (info.flags & CKF_DIGEST)
		digests(e);
	if (info.flags & (CKF_WRAP | CKF_UNWRAP))
		wraps(e);
	if (info.flags & CKF_GENERATE)
		generates(e);
	if (info.flags & CKF_DERIVE)
		derives(e);
}
END_TEST

START_TEST(every_listed_mechanism_has_an_example)
{
	CK_ULONG i;

	for (i = 0; i < count; i++)
		if (example_of(list[i]) == NULL)
			ck_abort_msg("mechanism 0x%lx is listed, and no test uses it", list[i]);
}
END_TEST

START_TEST(hmac_takes_keys_of_any_length)
{
	static const CK_ULONG lengths[] = {1, 5, 13, 20, 63, 64, 65, 128, 129, 200};
	static const CK_MECHANISM_TYPE hmacs[] = {
		CKM_SHA_1_HMAC, CKM_SHA224_HMAC, CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC};
	uint8_t value[200], mac[64];
	size_t i, j;

	memset(value, 0x5A, sizeof value);
	for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		CK_OBJECT_HANDLE key =
			import(CKK_GENERIC_SECRET, value, lengths[i], T(YES(CKA_SIGN)));

		for (j = 0; j < sizeof hmacs / sizeof *hmacs; j++) {
			CK_ULONG n = sizeof mac;

			gives(CKR_OK, f->C_SignInit(s, MECH(hmacs[j]), key));
			gives(CKR_OK, f->C_Sign(s, (CK_BYTE_PTR) "abc", 3, mac, &n));
		}
	}
}
END_TEST

START_TEST(functions_of_other_mechanisms)
{
	/* A mechanism asked for a function it has no flag for: CKR_MECHANISM_INVALID. */
	CK_MECHANISM_INFO info;
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16,
				 T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN),
					 YES(CKA_VERIFY))),
			 made;
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), YES(CKA_UNWRAP))),
			 base = open_master();
	uint8_t out[64] = {0};
	CK_ULONG i, n;

	for (i = 0; i < count; i++) {
		const struct example *e = example_of(list[i]);
		CK_MECHANISM m = {list[i], NULL, 0};

		if (e != NULL)
			m = example_mechanism(e);
		n = sizeof out;
		ok(f->C_GetMechanismInfo(slot, list[i], &info));
		if (!(info.flags & CKF_ENCRYPT))
			gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, &m, key));
		if (!(info.flags & CKF_DECRYPT))
			gives(CKR_MECHANISM_INVALID, f->C_DecryptInit(s, &m, key));
		if (!(info.flags & CKF_SIGN))
			gives(CKR_MECHANISM_INVALID, f->C_SignInit(s, &m, key));
		if (!(info.flags & CKF_VERIFY))
			gives(CKR_MECHANISM_INVALID, f->C_VerifyInit(s, &m, key));
		if (!(info.flags & CKF_DIGEST))
			gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, &m));
		if (!(info.flags & CKF_WRAP))
			gives(CKR_MECHANISM_INVALID, f->C_WrapKey(s, &m, kek, key, out, &n));
		if (!(info.flags & CKF_UNWRAP))
			gives(CKR_MECHANISM_INVALID,
				f->C_UnwrapKey(s, &m, kek, out, 24, T(KEY(CKK_AES)), &made));
		if (!(info.flags & CKF_GENERATE))
			gives(CKR_MECHANISM_INVALID, f->C_GenerateKey(s, &m, T(LENGTH(16)), &made));
		if (!(info.flags & CKF_DERIVE))
			gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, &m, base, NOTHING, &made));
		if (!(info.flags & CKF_MESSAGE_ENCRYPT))
			gives(CKR_MECHANISM_INVALID, f3->C_MessageEncryptInit(s, &m, key));
		if (!(info.flags & CKF_MESSAGE_DECRYPT))
			gives(CKR_MECHANISM_INVALID, f3->C_MessageDecryptInit(s, &m, key));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mechanism list");
	TCase *tc = add_case(suite, "list", listed);

	tcase_add_test(tc, the_list_of_mechanisms);
	tcase_add_test(tc, the_list_may_overlap_the_count);
	tcase_add_test(tc, information_agrees);
	tcase_add_test(tc, required_mechanisms);
	tcase_add_test(tc, mechanisms_that_must_be_absent);
	tcase_add_loop_test(tc, what_is_listed_works, 0, (int)example_count);
	tcase_add_test(tc, every_listed_mechanism_has_an_example);
	tcase_add_test(tc, hmac_takes_keys_of_any_length);
	tcase_add_test(tc, functions_of_other_mechanisms);
	return run(suite);
}

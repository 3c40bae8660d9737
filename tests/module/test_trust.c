/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_trust.c: "trusted, or yours". A key with CKA_WRAP_WITH_TRUSTED never becomes readable
 * for the holder of the user's PIN, and a master that leaves comes back as the same master or
 * not at all.
 */
#include "harness.h"

#define WITH_TRUSTED YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)
/* CKA_TRUSTED has these conditions for the template of a key that also unwraps. */
#define PROTECTED YES(CKA_SENSITIVE), YES(CKA_WRAP_WITH_TRUSTED)
#define DEFAULT_LIST                                                                               \
	CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,              \
		CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,        \
		CKM_KEYDIV_WITH_DERIVED_KEY
#define KEK YES(CKA_TOKEN), NO(CKA_PRIVATE), STR(CKA_LABEL, "kek")

static CK_OBJECT_HANDLE made, kek;
static uint8_t wrapped[256];
static CK_ULONG n;

static void start(void)
{
	user();
	made = 0xABCD;
}

/* Only public keys can be seen by the SO. Return the code of setting CKA_TRUSTED on "kek". */
static CK_RV trust(void)
{
	CK_RV rv;

	ok(f->C_Logout(s));
	login(CKU_SO);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kek")), &kek, 1), 1);
	rv = f->C_SetAttributeValue(s, kek, T(YES(CKA_TRUSTED)));
	ok(f->C_Logout(s));
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kek")), &kek, 1), 1);
	holds(get_bool(kek, CKA_TRUSTED) == (rv == CKR_OK));
	return rv;
}

static CK_RV generate(CK_ATTRIBUTE *t, CK_ULONG count)
{
	CK_ATTRIBUTE all[16] = {LENGTH(32), KEK};

	memcpy(all + 4, t, count * sizeof *t);
	return f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), all, 4 + count, &kek);
}

/* Generate "kek", let the SO trust it, and destroy it: the code of CKA_TRUSTED. */
static CK_RV trust_generated(CK_ATTRIBUTE *t, CK_ULONG count)
{
	CK_RV rv;

	ok(generate(t, count));
	rv = trust();
	ok(f->C_DestroyObject(s, kek));
	return rv;
}

static CK_RV wrap(CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key)
{
	n = sizeof wrapped;
	return f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), with, key, wrapped, &n);
}

static CK_RV unwrap(CK_OBJECT_HANDLE with, CK_ATTRIBUTE *t, CK_ULONG count)
{
	return f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), with, wrapped, n, t, count, &made);
}

/*
 * C_Logout destroys private session objects, and trust() logs the user out. All keys here
 * are therefore public.
 */
#define PUBLIC NO(CKA_PRIVATE)

static CK_OBJECT_HANDLE leaving_master(void)
{
	return import(CKK_AES, mk, 16, T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED));
}

static CK_OBJECT_HANDLE public_master(void)
{
	return import(CKK_AES, mk, 16, T(PUBLIC, YES(CKA_DERIVE)));
}

START_TEST(keys_that_can_be_trusted)
{
	gives(CKR_OK, trust_generated(T(YES(CKA_WRAP))));
	gives(CKR_OK, trust_generated(T(YES(CKA_WRAP), YES(CKA_UNWRAP),
			      NESTED(CKA_UNWRAP_TEMPLATE, PROTECTED, NO(CKA_DERIVE)))));
	gives(CKR_OK, trust_generated(T(YES(CKA_UNWRAP),
			      NESTED(CKA_UNWRAP_TEMPLATE, PROTECTED, YES(CKA_DERIVE)))));
	/* also a key that the user brought; `keydiv key trust` shows this to the SO */
	import(CKK_AES, mk32, 32, T(KEK, YES(CKA_WRAP)));
	gives(CKR_OK, trust());
}
END_TEST

START_TEST(keys_that_cannot_be_trusted)
{
	static const CK_ATTRIBUTE_TYPE others[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		gives(CKR_ATTRIBUTE_VALUE_INVALID,
			trust_generated(T(YES(CKA_WRAP), YES(others[i]))));
		/* it is the making that counts: the usage is taken away before */
		ok(generate(T(YES(CKA_WRAP), YES(others[i]))));
		ok(f->C_SetAttributeValue(s, kek, T(NO(others[i]))));
		gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
		ok(f->C_DestroyObject(s, kek));
	}
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust_generated(T(NO(CKA_WRAP))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust_generated(T(YES(CKA_DERIVE))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust_generated(T(YES(CKA_WRAP), YES(CKA_EXTRACTABLE))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust_generated(T(YES(CKA_WRAP), NO(CKA_SENSITIVE))));
	/* extractable when made, closed later: a copy outside may unwrap */
	ok(generate(T(YES(CKA_WRAP), YES(CKA_EXTRACTABLE))));
	ok(f->C_SetAttributeValue(s, kek, T(NO(CKA_EXTRACTABLE))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kek));
	/* CKA_UNWRAP needs a template with all three */
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust_generated(T(YES(CKA_WRAP), YES(CKA_UNWRAP))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		trust_generated(T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, PROTECTED))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		trust_generated(T(YES(CKA_UNWRAP),
			NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_DERIVE), YES(CKA_SENSITIVE)))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		trust_generated(T(YES(CKA_UNWRAP),
			NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_DERIVE), YES(CKA_WRAP_WITH_TRUSTED)))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		trust_generated(T(
			YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, NO(CKA_DERIVE),
						 NO(CKA_SENSITIVE), YES(CKA_WRAP_WITH_TRUSTED)))));
	/* CKA_UNWRAP taken away later does not help */
	ok(generate(T(YES(CKA_WRAP), YES(CKA_UNWRAP))));
	ok(f->C_SetAttributeValue(s, kek, T(NO(CKA_UNWRAP))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
}
END_TEST

START_TEST(keys_with_siblings_cannot_be_trusted)
{
	CK_OBJECT_HANDLE source,
		other = import(CKK_AES, mk32, 32, T(PUBLIC, YES(CKA_WRAP), YES(CKA_UNWRAP)));
	CK_PKCS5_PBKD2_PARAMS2 password = {CKZ_SALT_SPECIFIED, wrapped, 16, 1000,
		CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, (CK_UTF8CHAR_PTR) "password", 8};
	CK_OBJECT_HANDLE master = public_master();

	/* a copy */
	ok(f->C_GenerateKey(
		s, MECH(CKM_AES_KEY_GEN), T(LENGTH(32), YES(CKA_WRAP), NO(CKA_PRIVATE)), &source));
	ok(f->C_CopyObject(s, source, T(YES(CKA_TOKEN), STR(CKA_LABEL, "kek")), &kek));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kek));
	/* derived: a second derivation gives the value with CKA_UNWRAP */
	ok(derive_device(master, T(YES(CKA_WRAP), KEK), &kek));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kek));
	/* unwrapped: a second unwrapping gives the value with CKA_UNWRAP */
	ok(wrap(other, import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE)))));
	ok(unwrap(other, T(KEY(CKK_AES), YES(CKA_WRAP), KEK)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kek));
	/* generated from a password: the same password gives the value with CKA_UNWRAP */
	ok(f->C_GenerateKey(s, MECH_OF(CKM_PKCS5_PBKD2, password),
		T(TYPE(CKK_AES), LENGTH(32), YES(CKA_WRAP), KEK), &kek));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
}
END_TEST

START_TEST(only_the_so_trusts)
{
	CK_OBJECT_HANDLE copy;

	gives(CKR_ATTRIBUTE_READ_ONLY, generate(T(YES(CKA_WRAP), YES(CKA_TRUSTED))));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		try_import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), YES(CKA_TRUSTED)), &made));
	ok(generate(T(YES(CKA_WRAP))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, kek, T(YES(CKA_TRUSTED))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, kek, T(YES(CKA_TRUSTED)), &made));
	ok(trust());
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, kek, T(NO(CKA_TRUSTED))));
	/* a copy is not trusted, whatever the template says */
	ok(f->C_CopyObject(s, kek, NOTHING, &copy));
	holds(!get_bool(copy, CKA_TRUSTED));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, kek, T(YES(CKA_TRUSTED)), &made));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(copy, import(CKK_AES, mk, 16, T(WITH_TRUSTED))));
	gives(CKR_OK, wrap(kek, import(CKK_AES, mk, 16, T(WITH_TRUSTED))));
	holds(made == 0xABCD);
	/* the SO may make a trusted key at once, by the same rules */
	ok(f->C_Logout(s));
	login(CKU_SO);
	gives(CKR_ATTRIBUTE_VALUE_INVALID, f->C_CopyObject(s, kek, T(YES(CKA_TRUSTED)), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
			T(LENGTH(32), NO(CKA_PRIVATE), YES(CKA_TRUSTED)), &made));
	gives(CKR_OK,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
			T(LENGTH(32), NO(CKA_PRIVATE), YES(CKA_WRAP), YES(CKA_TRUSTED)), &made));
}
END_TEST

START_TEST(what_a_trusted_key_wrapped_stays_closed)
{
	/* ATTACKS: a WRAP_WITH_TRUSTED key by an unwrap template of its KEK. */
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(PUBLIC, WITH_TRUSTED, YES(CKA_SIGN)));

	ok(generate(T(YES(CKA_WRAP), YES(CKA_UNWRAP),
		NESTED(CKA_UNWRAP_TEMPLATE, PROTECTED, NO(CKA_DERIVE)))));
	ok(trust());
	ok(wrap(kek, key));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), READABLE)));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), NO(CKA_SENSITIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), NO(CKA_WRAP_WITH_TRUSTED))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), YES(CKA_DERIVE))));
	holds(made == 0xABCD);
	ok(unwrap(kek, T(KEY(CKK_AES), YES(CKA_EXTRACTABLE))));
	holds(get_bool(made, CKA_SENSITIVE) && get_bool(made, CKA_WRAP_WITH_TRUSTED));
	/* 0.1.0: the copy of a WRAP+DECRYPT key wrapped, and the original decrypted */
	ok(f->C_DestroyObject(s, kek));
	ok(generate(T(YES(CKA_WRAP), YES(CKA_DECRYPT))));
	ok(f->C_CopyObject(s, kek, T(NO(CKA_DECRYPT), STR(CKA_LABEL, "copy")), &made));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(made, key));
}
END_TEST

START_TEST(extractable_masters_need_trust)
{
	CK_OBJECT_HANDLE other = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), YES(CKA_UNWRAP)));
	const CK_ATTRIBUTE derive = YES(CKA_DERIVE), extractable = YES(CKA_EXTRACTABLE);

	gives(CKR_TEMPLATE_INCONSISTENT,
		try_import(CKK_AES, mk, 16, T(derive, extractable), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
						 T(LENGTH(16), derive, extractable), &made));
	ok(wrap(other, import(CKK_AES, mk, 16, T(extractable))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(other, T(KEY(CKK_AES), derive, extractable)));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(open_master(), T(derive, extractable), &made));
	holds(made == 0xABCD);
	gives(CKR_OK, try_import(CKK_AES, mk, 16, T(derive, WITH_TRUSTED), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_CopyObject(s, made, T(NO(CKA_WRAP_WITH_TRUSTED)), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, closed_master(), T(extractable)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(other, leaving_master()));
}
END_TEST

START_TEST(a_wrap_only_key_wraps_masters)
{
	ok(generate(T(YES(CKA_WRAP))));
	ok(trust());
	gives(CKR_OK, wrap(kek, leaving_master()));
	gives(CKR_OK, wrap(kek, import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_SIGN)))));
}
END_TEST

/* Generate a trusted "kek" with the CKA_UNWRAP_TEMPLATE T. */
static void trusted_kek(CK_ATTRIBUTE *t, CK_ULONG count)
{
	ok(generate(
		T(YES(CKA_WRAP), YES(CKA_UNWRAP), RAW(CKA_UNWRAP_TEMPLATE, t, count * sizeof *t))));
	ok(trust());
}
#define MASTER_TEMPLATE PROTECTED, YES(CKA_DERIVE)

START_TEST(a_master_comes_back_as_a_master)
{
	CK_OBJECT_HANDLE master = leaving_master();
	uint8_t list[128];

	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_DATA_KEY)));
	ok(wrap(kek, master));
	/* this key wraps nothing else */
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, import(CKK_AES, mk, 16, T(WITH_TRUSTED))));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE)))));
	ok(wrap(kek, master));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), NO(CKA_DERIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), YES(CKA_ENCRYPT))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(kek, T(KEY(CKK_AES), ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_CMAC))));
	/* bounds that the master did not have, even harmless ones */
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(kek, T(KEY(CKK_AES), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(kek, T(KEY(CKK_AES), NO(CKA_KEYDIV_EXTRACTABLE_CHILDREN))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(kek, T(KEY(CKK_AES), NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE)))));
	holds(made == 0xABCD);
	ok(unwrap(kek, T(KEY(CKK_AES))));
	holds(get_bool(made, CKA_DERIVE) && get_bool(made, CKA_SENSITIVE));
	holds(get_bytes(made, CKA_ALLOWED_MECHANISMS, list, sizeof list) == 16);
	ok(derive_device(made, NOTHING, &made));
}
END_TEST

START_TEST(a_wider_list_does_not_come_back)
{
	CK_OBJECT_HANDLE narrow = import(CKK_AES, mk, 16,
		T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED, ALLOWED(CKM_KEYDIV_DEVICE_KEY)));

	/* no template for masters */
	trusted_kek(T(PROTECTED, NO(CKA_DERIVE)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, narrow));
	gives(CKR_OK, wrap(kek, import(CKK_AES, mk, 16, T(WITH_TRUSTED))));
	ok(f->C_DestroyObject(s, kek));
	/* no list, so that the default list would come back */
	trusted_kek(T(MASTER_TEMPLATE));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, narrow));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaving_master()));
	ok(f->C_DestroyObject(s, kek));
	/* a wider list */
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_CMAC)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, narrow));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaving_master()));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
	gives(CKR_OK, wrap(kek, narrow));
	gives(CKR_OK, wrap(kek, leaving_master()));
	/* CKA_UNWRAP taken away later: the key was made with it, and a copy may have it */
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(PROTECTED, NO(CKA_DERIVE)));
	ok(f->C_SetAttributeValue(s, kek, T(NO(CKA_UNWRAP))));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, narrow));
}
END_TEST

START_TEST(bounds_come_back)
{
	CK_ATTRIBUTE children[] = {YES(CKA_SENSITIVE), YES(CKA_DERIVE)},
		     other_order[] = {YES(CKA_DERIVE), YES(CKA_SENSITIVE)},
		     wider[] = {YES(CKA_SENSITIVE)}, got[8], inner[8];
	CK_OBJECT_HANDLE bounded = import(CKK_AES, mk, 16,
		T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED,
			RAW(CKA_DERIVE_TEMPLATE, children, sizeof children)));
	CK_OBJECT_HANDLE sends = import(CKK_AES, mk, 16,
		T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED, YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));

	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, bounded));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, sends));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY),
		RAW(CKA_DERIVE_TEMPLATE, wider, sizeof wider)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, bounded));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY),
		YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaving_master()));
	gives(CKR_OK, wrap(kek, sends));
	ok(unwrap(kek, T(KEY(CKK_AES))));
	holds(get_bool(made, CKA_KEYDIV_EXTRACTABLE_CHILDREN));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY),
		RAW(CKA_DERIVE_TEMPLATE, other_order, sizeof other_order)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaving_master()));
	gives(CKR_OK, wrap(kek, bounded));
	ok(unwrap(kek, T(KEY(CKK_AES))));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(made, T(YES(CKA_SIGN)), &made));
	/* a template in a template can be read back, in three steps as PKCS#11 has it */
	memset(got, 0, sizeof got);
	CK_ATTRIBUTE read = RAW(CKA_UNWRAP_TEMPLATE, got, sizeof got);
	ok(f->C_GetAttributeValue(s, kek, &read, 1));
	holds(read.ulValueLen == 5 * sizeof(CK_ATTRIBUTE));
	holds(got[4].type == CKA_DERIVE_TEMPLATE && got[4].ulValueLen == 2 * sizeof(CK_ATTRIBUTE));
	memset(inner, 0, sizeof inner);
	got[4].pValue = inner;
	ok(f->C_GetAttributeValue(s, kek, &read, 1));
	holds(inner[0].type == CKA_DERIVE && inner[1].type == CKA_SENSITIVE);
}
END_TEST

START_TEST(windows_come_back)
{
	CK_ATTRIBUTE window = NUM(CKA_KEYDIV_WINDOW, 64), narrower = NUM(CKA_KEYDIV_WINDOW, 32);
	CK_OBJECT_HANDLE windowed =
		import(CKK_AES, mk, 16, T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED, window));

	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, windowed));
	gives(CKR_OK, wrap(kek, leaving_master()));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), window)));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kek, T(KEY(CKK_AES), YES(CKA_KEYDIV_USE_ONLY))));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY), narrower,
		YES(CKA_KEYDIV_USE_ONLY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, windowed));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(
		MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DEVICE_KEY), window, YES(CKA_KEYDIV_USE_ONLY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaving_master()));
	gives(CKR_OK, wrap(kek, windowed));
	ok(unwrap(kek, T(KEY(CKK_AES))));
	holds(get_ulong(made, CKA_KEYDIV_WINDOW) == 64);
	holds(get_bool(made, CKA_KEYDIV_USE_ONLY));
	holds(!get_bool(made, CKA_COPYABLE));
}
END_TEST

START_TEST(the_template_of_a_derived_key_does_not_come_back)
{
	/* After unwrapping, the template would decide the role of what the key derives. */
	CK_HKDF_PARAMS params = {
		CK_TRUE, CK_FALSE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0};
	CK_OBJECT_HANDLE derived[2], base = import(CKK_HKDF, mk32, 32, T(PUBLIC, YES(CKA_DERIVE)));
	const CK_ATTRIBUTE children = NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE));

	ok(f->C_DeriveKey(s, MECH_OF(CKM_HKDF_DERIVE, params), base,
		T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED, children), &derived[0]));
	ok(f->C_DeriveKey(s, MECH_OF(CKM_HKDF_DERIVE, params), base,
		T(PUBLIC, WITH_TRUSTED, children), &derived[1]));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_HKDF_DERIVE), children));
	for (size_t i = 0; i < 2; i++)
		gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, derived[i]));
	gives(CKR_OK, wrap(kek, import(CKK_HKDF, mk32 + 1, 24,
					T(YES(CKA_DERIVE), WITH_TRUSTED, children))));
}
END_TEST

START_TEST(keys_with_a_masters_value)
{
	/* A device key without usage is the value that derives message keys. */
	CK_OBJECT_HANDLE device_key, signs, sent,
		sends = import(CKK_AES, mk, 16,
			T(PUBLIC, YES(CKA_DERIVE), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));

	ok(derive_device(public_master(), T(WITH_TRUSTED), &device_key));
	ok(derive_device(public_master(), T(WITH_TRUSTED, YES(CKA_SIGN)), &signs));
	ok(derive_device(sends, T(WITH_TRUSTED), &sent));
	trusted_kek(T(PROTECTED, NO(CKA_DERIVE)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, device_key));
	ok(f->C_CopyObject(s, device_key, NOTHING, &made));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, made));
	gives(CKR_OK, wrap(kek, signs));
	gives(CKR_OK, wrap(kek, sent)); /* made to leave */
	ok(f->C_DestroyObject(s, kek));
	/* as a master it would have the list of device keys */
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_DATA_KEY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, device_key));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_MESSAGE_KEY)));
	gives(CKR_OK, wrap(kek, device_key));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, signs));
	/* the token remembers how the key was made */
	ok(derive_device(public_master(), T(WITH_TRUSTED, YES(CKA_TOKEN), STR(CKA_LABEL, "device")),
		&device_key));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(PROTECTED, NO(CKA_DERIVE)));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kek")), &kek, 1), 1);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "device")), &device_key, 1), 1);
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, device_key));
	holds(get_bytes(device_key, CKA_CHECK_VALUE, wrapped, 3) == 3);
}
END_TEST

static CK_RV derive_card(CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG count)
{
	KEYDIV_PARAMETER card;

	keydiv_start(&card);
	keydiv_put(&card, KEYDIV_EMV_OPTION, "C", 1);
	keydiv_put(&card, KEYDIV_PAN, "1234567890123456", 16);
	keydiv_put(&card, KEYDIV_PAN_SEQUENCE, "01", 2);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_EMV_CARD_KEY, &card);
	return f->C_DeriveKey(s, &m, base, t, count, &made);
}

START_TEST(a_leaf_does_not_come_back_as_a_master)
{
	/*
	 * CKA_DERIVE_TEMPLATE makes card keys that are used as they are. A card key that came back
	 * as a master would derive what the same card key encrypts.
	 */
	CK_OBJECT_HANDLE cards, leaf, sessions, narrow;

	cards = import(CKK_AES, mk, 16,
		T(PUBLIC, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_EMV_CARD_KEY),
			NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE))));
	ok(derive_card(cards, T(WITH_TRUSTED, PUBLIC)));
	leaf = made;
	ok(derive_card(import(CKK_AES, mk, 16,
			       T(PUBLIC, YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_EMV_CARD_KEY))),
		T(WITH_TRUSTED, PUBLIC)));
	sessions = made;
	cards = import(CKK_AES, mk, 16,
		T(PUBLIC, YES(CKA_DERIVE),
			NESTED(CKA_DERIVE_TEMPLATE, ALLOWED(CKM_KEYDIV_MESSAGE_KEY))));
	ok(derive_device(cards, T(WITH_TRUSTED, PUBLIC), &narrow));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_EMV_SESSION_KEY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaf));
	gives(CKR_OK, wrap(kek, sessions));
	ok(f->C_DestroyObject(s, kek));
	/* the list of the base's template bounds the device key after its return too */
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_SESSION_KEY)));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, narrow));
	ok(f->C_DestroyObject(s, kek));
	trusted_kek(T(MASTER_TEMPLATE, ALLOWED(CKM_KEYDIV_MESSAGE_KEY)));
	gives(CKR_OK, wrap(kek, narrow));
	ok(f->C_DestroyObject(s, kek));
	/* the token remembers the empty list */
	ok(f->C_CopyObject(s, leaf, T(YES(CKA_TOKEN), STR(CKA_LABEL, "leaf")), &leaf));
	trusted_kek(T(PROTECTED, NO(CKA_DERIVE)));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kek")), &kek, 1), 1);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "leaf")), &leaf, 1), 1);
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kek, leaf));
}
END_TEST

START_TEST(strength_of_wrapping_keys)
{
	CK_OBJECT_HANDLE weak = import(CKK_AES, mk, 16, T(YES(CKA_WRAP))),
			 strong = import(CKK_AES, mk32, 24, T(YES(CKA_WRAP))),
			 key = import(CKK_AES, mk32, 24, T(YES(CKA_EXTRACTABLE), NO(CKA_SIGN)));

	gives(CKR_WRAPPING_KEY_SIZE_RANGE, wrap(weak, key));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(strong, key)); /* the same value */
	gives(CKR_OK, wrap(strong, import(CKK_AES, mk32 + 1, 24, T(YES(CKA_EXTRACTABLE)))));
}
END_TEST

/* A master comes back with USE_ONLY if it had USE_ONLY, and without if not. */
START_TEST(use_only_comes_back)
{
	CK_ATTRIBUTE only = YES(CKA_KEYDIV_USE_ONLY);

	for (int template = 0; template <2; template ++) {
		CK_OBJECT_HANDLE bound =
			import(CKK_AES, mk, 16, T(PUBLIC, YES(CKA_DERIVE), WITH_TRUSTED, only));
		CK_OBJECT_HANDLE plain = leaving_master();
		ok(template ? generate(T(YES(CKA_WRAP), YES(CKA_UNWRAP),
				      NESTED(CKA_UNWRAP_TEMPLATE, PROTECTED, YES(CKA_DERIVE),
					      ALLOWED(DEFAULT_LIST), only)))
			    : generate(T(YES(CKA_WRAP), YES(CKA_UNWRAP),
				      NESTED(CKA_UNWRAP_TEMPLATE, PROTECTED, YES(CKA_DERIVE),
					      ALLOWED(DEFAULT_LIST)))));
		gives(CKR_OK, trust());
		gives(template ? CKR_KEY_NOT_WRAPPABLE : CKR_OK, wrap(kek, plain));
		gives(template ? CKR_OK : CKR_KEY_NOT_WRAPPABLE, wrap(kek, bound));
		if (!template)
			gives(CKR_OK, wrap(kek, plain));
		gives(CKR_OK, unwrap(kek, T(KEY(CKK_AES))));
		holds(get_bool(made, CKA_KEYDIV_USE_ONLY) == (template != 0));
		gives(template ? CKR_OK : CKR_TEMPLATE_INCONSISTENT,
			unwrap(kek, T(KEY(CKK_AES), only)));
		gives(CKR_TEMPLATE_INCONSISTENT,
			unwrap(kek, T(KEY(CKK_AES), NO(CKA_KEYDIV_USE_ONLY))));
		ok(f->C_DestroyObject(s, kek));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tc = add_case(suite, "trust", start);

	tcase_add_test(tc, keys_that_can_be_trusted);
	tcase_add_test(tc, keys_that_cannot_be_trusted);
	tcase_add_test(tc, keys_with_siblings_cannot_be_trusted);
	tcase_add_test(tc, only_the_so_trusts);
	tcase_add_test(tc, what_a_trusted_key_wrapped_stays_closed);
	tcase_add_test(tc, extractable_masters_need_trust);
	tcase_add_test(tc, a_wrap_only_key_wraps_masters);
	tcase_add_test(tc, a_master_comes_back_as_a_master);
	tcase_add_test(tc, a_wider_list_does_not_come_back);
	tcase_add_test(tc, bounds_come_back);
	tcase_add_test(tc, windows_come_back);
	tcase_add_test(tc, the_template_of_a_derived_key_does_not_come_back);
	tcase_add_test(tc, keys_with_a_masters_value);
	tcase_add_test(tc, a_leaf_does_not_come_back_as_a_master);
	tcase_add_test(tc, strength_of_wrapping_keys);
	tcase_add_test(tc, use_only_comes_back);
	return run(suite);
}

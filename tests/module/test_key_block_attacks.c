/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_block_attacks.c: a holder of the user's PIN tries to read a key that leaves only under
 * trusted keys, and to get a master back with a wider list, fewer bounds or another role.
 */
#include "block_support.h"

#define PUBLIC NO(CKA_PRIVATE) /* C_Logout destroys private session objects */
#define WITH_TRUSTED YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)
#define BOTH YES(CKA_WRAP), YES(CKA_UNWRAP)
#define BLOCKS_ALONE ALLOWED(CKM_KEYDIV_KEY_BLOCK)
#define BDK_LIST                                                                                   \
	CKM_KEYDIV_AES_DUKPT_INITIAL_KEY, CKM_KEYDIV_AES_DUKPT_KEY, CKM_KEYDIV_WITH_DERIVED_KEY
#define ISSUER_LIST CKM_KEYDIV_EMV_CARD_KEY, CKM_KEYDIV_WITH_DERIVED_KEY
#define DEVICE_LIST                                                                                \
	CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,              \
		CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,        \
		CKM_KEYDIV_WITH_DERIVED_KEY

static CK_OBJECT_HANDLE kbpk;

static void start(void)
{
	user();
	made = 0xABCD;
}

/* Let the SO trust the token key "kbpk". */
static CK_RV trust(void)
{
	ok(f->C_Logout(s));
	login(CKU_SO);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kbpk")), &kbpk, 1), 1);
	CK_RV rv = f->C_SetAttributeValue(s, kbpk, T(YES(CKA_TRUSTED)));
	ok(f->C_Logout(s));
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kbpk")), &kbpk, 1), 1);
	holds(get_bool(kbpk, CKA_TRUSTED) == (rv == CKR_OK));
	return rv;
}

/* Generate the token key "kbpk", which the SO can see. */
static void generate(CK_ATTRIBUTE *t, CK_ULONG count)
{
	CK_ATTRIBUTE all[16] = {LENGTH(32), YES(CKA_TOKEN), PUBLIC, STR(CKA_LABEL, "kbpk")};

	memcpy(all + 4, t, count * sizeof *t);
	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), all, 4 + count, &kbpk));
}

static void trusted_kbpk(void)
{
	generate(T(BOTH, BLOCKS_ALONE));
	ok(trust());
}

/* Check that CKA_ALLOWED_MECHANISMS of KEY is the COUNT mechanisms of LIST. */
static void has_list(CK_OBJECT_HANDLE key, const CK_MECHANISM_TYPE *list, size_t count)
{
	CK_MECHANISM_TYPE got[16];

	holds(get_bytes(key, CKA_ALLOWED_MECHANISMS, (uint8_t *)got, sizeof got) ==
		count * sizeof *list);
	holds(memcmp(got, list, count * sizeof *list) == 0);
}

/* --- CKA_TRUSTED --- */

START_TEST(only_keys_made_for_blocks_need_no_template)
{
	static const CK_ATTRIBUTE_TYPE others[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY};

	generate(T(BOTH, BLOCKS_ALONE));
	gives(CKR_OK, trust());
	ok(f->C_DestroyObject(s, kbpk));
	generate(T(YES(CKA_UNWRAP), BLOCKS_ALONE));
	gives(CKR_OK, trust());
	ok(f->C_DestroyObject(s, kbpk));
	/* another mechanism in the list would give a key back in any role */
	generate(T(BOTH, ALLOWED(CKM_KEYDIV_KEY_BLOCK, CKM_AES_KEY_WRAP)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	/* the list as it was made counts: a copy may still have the longer one */
	ok(f->C_SetAttributeValue(s, kbpk, T(BLOCKS_ALONE)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kbpk));
	generate(T(BOTH));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kbpk));
	generate(T(BOTH, RAW(CKA_ALLOWED_MECHANISMS, NULL, 0)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kbpk));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		generate(T(BOTH, BLOCKS_ALONE, YES(others[i])));
		gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
		ok(f->C_DestroyObject(s, kbpk));
	}
	generate(T(BOTH, BLOCKS_ALONE, YES(CKA_EXTRACTABLE)));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kbpk));
	/* a DES key protects key blocks too */
	ok(f->C_GenerateKey(s, MECH(CKM_DES3_KEY_GEN),
		T(YES(CKA_TOKEN), PUBLIC, STR(CKA_LABEL, "kbpk"), BOTH, BLOCKS_ALONE), &kbpk));
	gives(CKR_OK, trust());
}
END_TEST

START_TEST(siblings_are_not_trusted)
{
	CK_OBJECT_HANDLE source, other = import(CKK_AES, mk32, 32, T(PUBLIC, BOTH, BLOCKS_ALONE));

	ok(f->C_GenerateKey(
		s, MECH(CKM_AES_KEY_GEN), T(LENGTH(32), PUBLIC, BOTH, BLOCKS_ALONE), &source));
	ok(f->C_CopyObject(s, source, T(YES(CKA_TOKEN), STR(CKA_LABEL, "kbpk")), &kbpk));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
	ok(f->C_DestroyObject(s, kbpk));
	/* a KBPK that came in a key block can come a second time */
	ok(wrap(other, import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE), BOTH, BLOCKS_ALONE)), NULL));
	ok(unwrap(other, T(YES(CKA_TOKEN), PUBLIC, STR(CKA_LABEL, "kbpk"))));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, trust());
}
END_TEST

/* --- A key that leaves under trusted keys only --- */

START_TEST(a_protected_key_stays_protected)
{
	CK_OBJECT_HANDLE key, copy;

	trusted_kbpk();
	key = import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, key, "D0000D0AB00S0000"));
	ok(wrap(kbpk, key, NULL));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(CKA_EXTRACTABLE))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(WITH_TRUSTED)));
	ok(wrap(kbpk, key, "D0000D0AB00E0000"));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(READABLE)));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(NO(CKA_SENSITIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(NO(CKA_WRAP_WITH_TRUSTED))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		unwrap(kbpk, T(YES(CKA_EXTRACTABLE), NO(CKA_WRAP_WITH_TRUSTED))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(CKA_SIGN))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(TYPE(CKK_GENERIC_SECRET))));
	holds(made == 0xABCD);
	ok(unwrap(kbpk, T(YES(CKA_EXTRACTABLE))));
	holds(get_bool(made, CKA_SENSITIVE) && get_bool(made, CKA_WRAP_WITH_TRUSTED));
	gives(CKR_ATTRIBUTE_READ_ONLY,
		f->C_SetAttributeValue(s, made, T(NO(CKA_WRAP_WITH_TRUSTED))));
	gives(CKR_KEY_NOT_WRAPPABLE,
		wrap(import(CKK_AES, mk32, 32, T(BOTH, BLOCKS_ALONE)), made, NULL));
	/* a copy of the wrapping key unwraps by the same header, and wraps nothing protected */
	ok(f->C_CopyObject(s, kbpk, T(STR(CKA_LABEL, "copy")), &copy));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(copy, key, NULL));
	ok(wrap(kbpk, key, NULL));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(copy, T(READABLE)));
	gives(CKR_OK, unwrap(copy, NOTHING));
}
END_TEST

START_TEST(no_other_wrapping_of_the_same_key)
{
	/* A key that one form wrapped must not come back by the other form. */
	static const CK_MECHANISM_TYPE key_wrap[] = {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP};
	CK_OBJECT_HANDLE key, any;

	trusted_kbpk();
	key = import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT)));
	any = import(CKK_AES, mk32, 32, T(BOTH));
	for (size_t i = 0; i < 2; i++) {
		n = sizeof block;
		gives(CKR_MECHANISM_INVALID,
			f->C_WrapKey(s, MECH(key_wrap[i]), kbpk, key, block, &n));
		gives(CKR_MECHANISM_INVALID, f->C_UnwrapKey(s, MECH(key_wrap[i]), kbpk, block, 24,
						     T(KEY(CKK_AES)), &made));
		ok(wrap(any, key, NULL));
		holds(n % 8 == 0);
		gives_either(CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
			f->C_UnwrapKey(s, MECH(key_wrap[i]), any, block, n,
				T(KEY(CKK_GENERIC_SECRET), READABLE), &made));
		n = sizeof block;
		ok(f->C_WrapKey(s, MECH(key_wrap[i]), any, key, block, &n));
		gives(CKR_WRAPPED_KEY_INVALID, unwrap(any, NOTHING));
	}
	holds(made == 0xABCD);
}
END_TEST

START_TEST(a_changed_header_is_refused)
{
	/* Every character of the header, also those that the module does not act on. */
	static const char other[] = "0123456789ABCDEFGKMNPSVX";

	trusted_kbpk();
	ok(wrap(kbpk, import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(BDK_LIST))),
		NULL));
	for (size_t i = 0; i < 16; i++)
		for (const char *c = other; *c != '\0'; c++) {
			uint8_t was = block[i];
			if (*c == was)
				continue;
			block[i] = (uint8_t)*c;
			gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk, NOTHING));
			block[i] = was;
		}
	gives(CKR_OK, unwrap(kbpk, NOTHING));
}
END_TEST

/* --- Masters --- */

/* Masters of each usage, with the header that the token makes. */
static const struct {
	CK_KEY_TYPE type;
	CK_ULONG length;
	const char *usage;
	CK_MECHANISM_TYPE list[8];
} masters[] = {
	{CKK_AES, 16, "B0AX", {BDK_LIST}},
	{CKK_DES2, 16, "B0TX",
		{CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKM_KEYDIV_TDES_DUKPT_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY}},
	{CKK_AES, 32, "B1AX", {CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{CKK_DES2, 16, "B1TX", {CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL, CKM_KEYDIV_WITH_DERIVED_KEY}},
	{CKK_AES, 16, "E0AX", {ISSUER_LIST}},
	{CKK_DES2, 16, "E0TX", {ISSUER_LIST}},
	{CKK_AES, 24, "10AX", {DEVICE_LIST}},
	{CKK_AES, 16, "11AX",
		{CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_KEY,
			CKM_KEYDIV_WITH_DERIVED_KEY}},
};

START_TEST(masters_come_back_as_they_were)
{
	trusted_kbpk();
	for (size_t i = 0; i < sizeof masters / sizeof masters[0]; i++) {
		const CK_MECHANISM_TYPE *list = masters[i].list;
		uint8_t one[3], other[3];
		size_t count = 0;
		while (count < 8 && list[count] != 0)
			count++;
		CK_OBJECT_HANDLE master = import(masters[i].type, mk32, masters[i].length,
			T(WITH_TRUSTED, YES(CKA_DERIVE),
				RAW(CKA_ALLOWED_MECHANISMS, list, count * sizeof *list)));
		ok(wrap(kbpk, master, NULL));
		holds(memcmp(block + 5, masters[i].usage, 4) == 0);
		ok(unwrap(kbpk, NOTHING));
		has_list(made, list, count);
		holds(get_bool(made, CKA_DERIVE) && get_bool(made, CKA_SENSITIVE));
		holds(!get_bool(made, CKA_EXTRACTABLE) &&
			!get_bool(made, CKA_KEYDIV_EXTRACTABLE_CHILDREN));
		holds(get_bytes(master, CKA_CHECK_VALUE, one, 3) == 3);
		holds(get_bytes(made, CKA_CHECK_VALUE, other, 3) == 3 &&
			memcmp(one, other, 3) == 0);
		/* with a list that is shorter by one mechanism, the key is another key */
		master = import(masters[i].type, mk32, masters[i].length,
			T(WITH_TRUSTED, YES(CKA_DERIVE),
				RAW(CKA_ALLOWED_MECHANISMS, list, (count - 1) * sizeof *list)));
		gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk, master, NULL));
	}
	/* the default list of an AES master is the list of usage 10 */
	ok(wrap(kbpk, import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_DERIVE))), NULL));
	holds(memcmp(block + 5, "10AX", 4) == 0);
}
END_TEST

START_TEST(a_master_gets_no_other_role)
{
	static const CK_ATTRIBUTE_TYPE usage[] = {
		CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP};
	static const char *const headers[] = {"D0000D0AB00E0000", "D0000K0AB00E0000",
		"D0000K1AB00E0000", "D0000M6AC00E0000", "D0000E0AX00E0000", "D000010AX00E0000",
		"D0000B1AX00E0000", "D0000B0AB00E0000", "D0000B0AX00S0000"};
	CK_OBJECT_HANDLE master;

	trusted_kbpk();
	master = import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(BDK_LIST)));
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		if (!gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, master, headers[i])))
			fprintf(stderr, "%s\n", headers[i]);
	ok(wrap(kbpk, master, "D0000B0AX00E0000"));
	for (size_t i = 0; i < 6; i++) {
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(usage[i]))));
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(usage[i]), NO(CKA_DERIVE))));
	}
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(ALLOWED(BDK_LIST, CKM_KEYDIV_CMAC))));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(ALLOWED(CKM_KEYDIV_DEVICE_KEY))));
	holds(made == 0xABCD);
	gives(CKR_OK, unwrap(kbpk, T(ALLOWED(CKM_KEYDIV_AES_DUKPT_KEY))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, made, T(ALLOWED(BDK_LIST))));
}
END_TEST

START_TEST(a_master_without_derive_has_no_role)
{
	/* The value is a master's, so the key must not leave and come back as a key that signs. */
	CK_OBJECT_HANDLE bare;

	trusted_kbpk();
	ok(wrap(kbpk, import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(BDK_LIST))),
		"D0000B0AX00E0000"));
	ok(unwrap(kbpk, T(NO(CKA_DERIVE), YES(CKA_EXTRACTABLE), PUBLIC)));
	bare = made;
	holds(get_bool(bare, CKA_WRAP_WITH_TRUSTED));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk, bare, NULL));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, bare, T(YES(CKA_SIGN))));
	ok(f->C_DestroyObject(s, kbpk));
	generate(T(BOTH, NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_SENSITIVE), YES(CKA_WRAP_WITH_TRUSTED),
				 NO(CKA_DERIVE))));
	ok(trust());
	n = sizeof block;
	gives(CKR_KEY_NOT_WRAPPABLE,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kbpk, bare, block, &n));
}
END_TEST

START_TEST(no_check_value_by_encryption)
{
	/* An encrypted zero block is a CMAC subkey: 7df76b0c... for 2b7e... (RFC 4493). */
	CK_OBJECT_HANDLE master, cipher;
	uint8_t kcv[3];
	char header[64];

	trusted_kbpk();
	master = import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(BDK_LIST)));
	cipher = import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_ENCRYPT)));
	gives(CKR_OK, wrap(kbpk, cipher, "D0000D0AE00N0100KC0C007DF76B"));
	gives(CKR_OK, unwrap(kbpk, NOTHING));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, cipher, "D0000D0AE00N0100KC08007C"));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, master, "D0000B0AX00N0100KC08007D"));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, master, "D0000B0AX00N0100KC0C007DF76B"));
	ck_assert_uint_eq(get_bytes(master, CKA_CHECK_VALUE, kcv, 3), 3);
	snprintf(header, sizeof header, "D0000B0AX00N0100KC0C01%02X%02X%02X", kcv[0], kcv[1],
		kcv[2]);
	gives(CKR_OK, wrap(kbpk, master, header));
	gives(CKR_OK, unwrap(kbpk, NOTHING));
}
END_TEST

START_TEST(bounds_do_not_get_lost)
{
	const CK_ATTRIBUTE bounds[] = {YES(CKA_KEYDIV_USE_ONLY), NUM(CKA_KEYDIV_WINDOW, 64),
		NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE))};

	trusted_kbpk();
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		CK_ATTRIBUTE bound = bounds[i];
		gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk,
						     import(CKK_AES, mk, 16,
							     T(WITH_TRUSTED, YES(CKA_DERIVE),
								     ALLOWED(ISSUER_LIST), bound)),
						     NULL));
	}
	/* a wrapping key that unwraps nothing */
	ok(f->C_DestroyObject(s, kbpk));
	generate(T(YES(CKA_WRAP), BLOCKS_ALONE));
	ok(trust());
	gives(CKR_OK, wrap(kbpk,
			      import(CKK_AES, mk, 16,
				      T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(ISSUER_LIST),
					      YES(CKA_KEYDIV_USE_ONLY))),
			      NULL));
}
END_TEST

START_TEST(a_master_is_not_opened)
{
	const CK_ATTRIBUTE children = YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN),
			   leaves = NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE));
	CK_OBJECT_HANDLE copy, brought;

	trusted_kbpk();
	ok(f->C_CopyObject(s, kbpk, T(NO(CKA_WRAP), STR(CKA_LABEL, "copy")), &copy));
	for (int i = 0; i < 2; i++) {
		ok(wrap(kbpk,
			import(CKK_AES, mk, 16,
				T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(ISSUER_LIST))),
			i == 0 ? NULL : "D0000E0AX00E0000"));
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(children)));
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(leaves)));
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(copy, T(children)));
		gives(CKR_TEMPLATE_INCONSISTENT, unwrap(copy, T(leaves)));
		holds(made == 0xABCD);
		gives(CKR_OK, unwrap(kbpk, NOTHING));
		gives(CKR_OK, unwrap(copy, T(YES(CKA_KEYDIV_USE_ONLY))));
	}
	/* a block that a partner made, under a key that brings keys in */
	brought = import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP), BLOCKS_ALONE));
	ok(wrap(import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), BLOCKS_ALONE)),
		import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT))), NULL));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(brought, T(children)));
	gives(CKR_OK, unwrap(brought, NOTHING));
}
END_TEST

/*
 * A block of a partner, unwrapped with and without CKA_DERIVE false for the keys of the master. The
 * key of a card would derive session keys, and also encrypt, which shows session keys.
 */
START_TEST(card_keys_have_one_role)
{
	static const char header[] = "D0000E0AX00N0000";
	const CK_ATTRIBUTE leaves = NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_DERIVE));
	CK_OBJECT_HANDLE only, fixed;

	/* the partner */
	ok(f->C_CreateObject(s,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk32, 32), YES(CKA_TOKEN), PUBLIC, YES(CKA_WRAP),
			BLOCKS_ALONE, STR(CKA_LABEL, "kbpk")),
		&kbpk));
	ok(trust());
	ok(wrap(kbpk,
		import(CKK_AES, mk, 16, T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(ISSUER_LIST))),
		header));
	only = import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP), BLOCKS_ALONE));
	fixed = import(CKK_AES, mk32, 32,
		T(YES(CKA_UNWRAP), BLOCKS_ALONE, NESTED(CKA_UNWRAP_TEMPLATE, leaves)));
	gives(CKR_OK, unwrap(only, NOTHING));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(only, T(leaves)));
	gives(CKR_OK, unwrap(fixed, NOTHING));
	gives(CKR_OK, unwrap(fixed, T(leaves)));
}
END_TEST

START_TEST(untrusted_keys_wrap_no_masters)
{
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16,
				 T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(BDK_LIST))),
			 device;

	gives(CKR_KEY_NOT_WRAPPABLE,
		wrap(import(CKK_AES, mk32, 32, T(BOTH, BLOCKS_ALONE)), master, NULL));
	gives(CKR_KEY_NOT_WRAPPABLE,
		wrap(import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), BLOCKS_ALONE)), master, NULL));
	/* the value of a device key without usage is a master's, and no usage says so */
	trusted_kbpk();
	ok(derive_device(import(CKK_AES, mk, 16, T(YES(CKA_DERIVE))), T(WITH_TRUSTED), &device));
	gives(CKR_KEY_NOT_WRAPPABLE, wrap(kbpk, device, NULL));
	gives(CKR_MECHANISM_PARAM_INVALID, wrap(kbpk, device, "D0000D0AB00E0000"));
}
END_TEST

START_TEST(the_token_remembers_how_the_key_was_made)
{
	trusted_kbpk();
	ok(f->C_CopyObject(s, kbpk, T(STR(CKA_LABEL, "copy")), &made));
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kbpk")), &kbpk, 1), 1);
	gives(CKR_OK, wrap(kbpk,
			      import(CKK_AES, mk, 16,
				      T(WITH_TRUSTED, YES(CKA_DERIVE), ALLOWED(BDK_LIST))),
			      NULL));
	gives(CKR_TEMPLATE_INCONSISTENT, unwrap(kbpk, T(YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN))));
	gives(CKR_OK, unwrap(kbpk, NOTHING));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block_attacks");
	TCase *tc = add_case(suite, "key_block_attacks", start);

	tcase_add_test(tc, only_keys_made_for_blocks_need_no_template);
	tcase_add_test(tc, siblings_are_not_trusted);
	tcase_add_test(tc, a_protected_key_stays_protected);
	tcase_add_test(tc, no_other_wrapping_of_the_same_key);
	tcase_add_test(tc, a_changed_header_is_refused);
	tcase_add_test(tc, masters_come_back_as_they_were);
	tcase_add_test(tc, a_master_gets_no_other_role);
	tcase_add_test(tc, a_master_without_derive_has_no_role);
	tcase_add_test(tc, no_check_value_by_encryption);
	tcase_add_test(tc, bounds_do_not_get_lost);
	tcase_add_test(tc, a_master_is_not_opened);
	tcase_add_test(tc, card_keys_have_one_role);
	tcase_add_test(tc, untrusted_keys_wrap_no_masters);
	tcase_add_test(tc, the_token_remembers_how_the_key_was_made);
	return run(suite);
}

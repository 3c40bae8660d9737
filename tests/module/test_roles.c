/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles.c: protection is inherited, roles and levels do not mix. */
#include "harness.h"

#define SIX                                                                                        \
	CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,              \
		CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY
#define OF_MASTERS SIX, CKM_KEYDIV_WITH_DERIVED_KEY
#define OF_DEVICE_KEYS CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY
#define OF_DES2_MASTERS                                                                            \
	CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY, CKM_KEYDIV_TDES_DUKPT_KEY, CKM_KEYDIV_WITH_DERIVED_KEY

static CK_OBJECT_HANDLE made;
static KEYDIV_PARAMETER p;

static void start(void)
{
	user();
	made = 0xABCD;
}

static CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);

	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

static void device(void)
{
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
}

static void counter(void)
{
	keydiv_start(&p);
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
}

/* The list of KEY must be exactly these. */
static bool list_is(CK_OBJECT_HANDLE key, const CK_MECHANISM_TYPE *wanted, size_t count)
{
	CK_MECHANISM_TYPE got[64];
	size_t n = get_bytes(key, CKA_ALLOWED_MECHANISMS, (uint8_t *)got, sizeof got) / sizeof *got,
	       i, j, found = 0;

	for (i = 0; i < count; i++)
		for (j = 0; j < n; j++)
			found += wanted[i] == got[j];
	return n == count && found == count;
}
#define list_holds(key, ...)                                                                       \
	holds(list_is((key), (CK_MECHANISM_TYPE[]){__VA_ARGS__},                                   \
		sizeof((CK_MECHANISM_TYPE[]){__VA_ARGS__}) / sizeof(CK_MECHANISM_TYPE)))

START_TEST(derived_keys_are_as_closed_as_their_base)
{
	CK_OBJECT_HANDLE closed = closed_master(),
			 sensitive = import(CKK_AES, mk, 16,
				 T(YES(CKA_DERIVE), YES(CKA_SENSITIVE), YES(CKA_EXTRACTABLE),
					 YES(CKA_WRAP_WITH_TRUSTED))),
			 sends = import(CKK_AES, mk, 16,
				 T(YES(CKA_DERIVE), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN))),
			 fixed = import(CKK_AES, mk, 16,
				 T(YES(CKA_DERIVE), NO(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));

	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(closed, T(NO(CKA_SENSITIVE)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(sensitive, T(NO(CKA_SENSITIVE)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(closed, T(YES(CKA_EXTRACTABLE)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(fixed, T(YES(CKA_EXTRACTABLE)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(sensitive, T(YES(CKA_EXTRACTABLE)), &made));
	/* EXTRACTABLE_CHILDREN lets keys leave, but does not let anyone read them */
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(sends, T(READABLE), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(closed, T(YES(CKA_EXTRACTABLE), NO(CKA_WRAP_WITH_TRUSTED)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(closed, T(NO(CKA_PRIVATE)),
						 &made)); /* a public child of a private base */
	holds(made == 0xABCD);
	ok(derive_device(closed, T(YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)), &made));
	holds(get_bool(made, CKA_EXTRACTABLE) && get_bool(made, CKA_WRAP_WITH_TRUSTED) &&
		get_bool(made, CKA_SENSITIVE));
	gives(CKR_ATTRIBUTE_SENSITIVE,
		f->C_GetAttributeValue(s, made, T(RAW(CKA_VALUE, (uint8_t[32]){0}, 32))));
	ok(derive_device(sensitive, T(YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED)), &made));
	ok(derive_device(sends, T(YES(CKA_EXTRACTABLE)), &made));
	holds(get_bool(made, CKA_SENSITIVE) && !get_bool(made, CKA_WRAP_WITH_TRUSTED));
	ok(derive_device(fixed, T(NO(CKA_SENSITIVE)), &made));
}
END_TEST

START_TEST(the_base_decides_privacy)
{
	CK_OBJECT_HANDLE open = import(CKK_AES, mk, 16, T(OPEN_MASTER, NO(CKA_PRIVATE)));

	ok(derive_device(open, NOTHING, &made));
	holds(!get_bool(made, CKA_PRIVATE) && get_bool(made, CKA_SENSITIVE) &&
		!get_bool(made, CKA_EXTRACTABLE));
	ok(derive_device(open, T(YES(CKA_PRIVATE)), &made));
	holds(get_bool(made, CKA_PRIVATE));
	ok(derive_device(open_master(), NOTHING, &made));
	holds(get_bool(made, CKA_PRIVATE));
}
END_TEST

START_TEST(derive_template)
{
	CK_OBJECT_HANDLE base = import(CKK_AES, mk, 16,
		T(OPEN_MASTER, NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_SENSITIVE), YES(CKA_SIGN),
				       TYPE(CKK_AES))));

	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(base, T(NO(CKA_SENSITIVE)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(base, T(NO(CKA_SIGN)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(base, T(TYPE(CKK_GENERIC_SECRET)), &made));
	holds(made == 0xABCD);
	ok(derive_device(base, NOTHING, &made));
	holds(get_bool(made, CKA_SENSITIVE) && get_bool(made, CKA_SIGN));
	ok(derive_device(base, T(YES(CKA_SIGN), YES(CKA_VERIFY)), &made));
	holds(get_bool(made, CKA_SIGN) && get_bool(made, CKA_VERIFY));
}
END_TEST

static const CK_ATTRIBUTE_TYPE others[] = {
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP};
#define OTHERS (sizeof others / sizeof *others)

START_TEST(a_key_that_derives_does_nothing_else)
{
	CK_OBJECT_HANDLE base = open_master(), kek = import(CKK_AES, mk32, 32, T(YES(CKA_UNWRAP))),
			 plain, wrapper;
	uint8_t wrapped[24];
	CK_ULONG n = sizeof wrapped;
	size_t i;

	wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, import(CKK_AES, mk, 16, T(READABLE)),
		wrapped, &n));
	for (i = 0; i < OTHERS; i++) {
		gives(CKR_TEMPLATE_INCONSISTENT,
			try_import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), YES(others[i])), &made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			try_import(CKK_AES, mk, 16,
				T(YES(CKA_DERIVE), YES(others[i]), YES(CKA_TOKEN)), &made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			try_import(CKK_GENERIC_SECRET, mk, 16, T(YES(CKA_DERIVE), YES(others[i])),
				&made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
				T(LENGTH(16), YES(CKA_DERIVE), YES(others[i])), &made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			derive_device(base, T(YES(CKA_DERIVE), YES(others[i])), &made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, wrapped, 24,
				T(KEY(CKK_AES), YES(CKA_DERIVE), YES(others[i])), &made));
		/* by copy and by set: a usage cannot be added at all */
		gives(CKR_TEMPLATE_INCONSISTENT,
			f->C_CopyObject(s, base, T(YES(others[i])), &made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			f->C_CopyObject(s, base, T(YES(CKA_DERIVE), YES(others[i])), &made));
		gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, base, T(YES(others[i]))));
		plain = import(CKK_AES, mk, 16, T(YES(others[i])));
		gives(CKR_ATTRIBUTE_READ_ONLY,
			f->C_SetAttributeValue(s, plain, T(YES(CKA_DERIVE))));
		gives(CKR_ATTRIBUTE_READ_ONLY,
			f->C_SetAttributeValue(s, plain, T(YES(CKA_DERIVE), NO(others[i]))));
		gives(CKR_ATTRIBUTE_READ_ONLY,
			f->C_CopyObject(s, plain, T(YES(CKA_DERIVE), NO(others[i])), &made));
		gives(CKR_ATTRIBUTE_READ_ONLY,
			f->C_CopyObject(s, plain, T(YES(CKA_DERIVE)), &made));
		gives(CKR_TEMPLATE_INCONSISTENT,
			f->C_CopyObject(s, plain, T(YES(CKA_DERIVE), YES(others[i])), &made));
		holds(!get_bool(base, others[i]));
	}
	holds(made == 0xABCD);
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_EncryptInit(s, MECH(CKM_AES_ECB), base));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, MECH(CKM_AES_CMAC), base));
	gives(CKR_OK, try_import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), NO(CKA_ENCRYPT), NO(CKA_SIGN)),
			      &made));
}
END_TEST

START_TEST(device_keys_that_only_derive)
{
	/* CKA_DERIVE_TEMPLATE or the list of a master can leave only one kind of device key. */
	CK_OBJECT_HANDLE device_key,
		pinned = import(CKK_AES, mk, 16,
			T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_KEY),
				NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE)))),
		both_steps = import(CKK_AES, mk, 16,
			T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_MESSAGE_KEY)));

	for (size_t i = 0; i < OTHERS; i++)
		gives(CKR_TEMPLATE_INCONSISTENT, derive_device(pinned, T(YES(others[i])), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(pinned, T(NO(CKA_DERIVE), YES(CKA_SIGN)), &made));
	gives(CKR_MECHANISM_INVALID, derive_device(both_steps, T(YES(CKA_SIGN)), &made));
	holds(made == 0xABCD);
	ok(derive_device(pinned, NOTHING, &device_key));
	holds(get_bool(device_key, CKA_DERIVE));
	counter();
	ok(derive(CKM_KEYDIV_MESSAGE_KEY, device_key, T(YES(CKA_SIGN))));
}
END_TEST

START_TEST(default_lists)
{
	static const uint8_t des[24] = {1, 1, 2, 2, 4, 4, 7, 7, 8, 8, 0xb, 0xb, 0xd, 0xd, 0xe, 0xe,
		0x10, 0x10, 0x13, 0x13, 0x15, 0x15, 0x16, 0x16};
	CK_OBJECT_HANDLE key = open_master();
	CK_ATTRIBUTE a = {CKA_ALLOWED_MECHANISMS, NULL, 0};

	list_holds(key, OF_MASTERS);
	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(32), YES(CKA_DERIVE)), &key));
	list_holds(key, OF_MASTERS);
	ok(derive_device(open_master(), T(YES(CKA_DERIVE)), &key));
	list_holds(key, OF_DEVICE_KEYS);
	/* a master of three keys must name its mechanisms */
	gives(CKR_TEMPLATE_INCONSISTENT, try_import(CKK_DES3, des, 24, T(YES(CKA_DERIVE)), &key));
	gives(CKR_OK, try_import(CKK_DES3, des, 24, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_AN10922)),
			      &key));
	key = import(CKK_DES2, des, 16, T(YES(CKA_DERIVE)));
	list_holds(key, OF_DES2_MASTERS);
	/* without CKA_DERIVE none is made up */
	key = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_GetAttributeValue(s, key, &a, 1));
	/* given lists stay as given, on the token too */
	key = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), YES(CKA_TOKEN), ALLOWED(CKM_KEYDIV_CMAC, CKM_KEYDIV_AN10922),
			STR(CKA_LABEL, "l")));
	list_holds(key, CKM_KEYDIV_CMAC, CKM_KEYDIV_AN10922);
	import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), YES(CKA_TOKEN), STR(CKA_LABEL, "d")));
	restart();
	s = open_session(0);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "l")), &key, 1), 1);
	list_holds(key, CKM_KEYDIV_CMAC, CKM_KEYDIV_AN10922);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "d")), &key, 1), 1);
	list_holds(key, OF_MASTERS);
}
END_TEST

START_TEST(mechanisms_off_the_list_are_refused)
{
	/* A diversification master is no oracle for its device keys. */
	uint8_t data[32] = {0};
	CK_KEY_DERIVATION_STRING_DATA string = {data, 32};
	CK_SP800_108_COUNTER_FORMAT format = {CK_FALSE, 32};
	CK_PRF_DATA_PARAM field = {CK_SP800_108_ITERATION_VARIABLE, &format, sizeof format};
	CK_SP800_108_KDF_PARAMS kdf = {CKM_AES_CMAC, 1, &field, 0, NULL};
	CK_OBJECT_HANDLE master = closed_master(),
			 one = import(
				 CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DATA_KEY)));

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, "x", 1);
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_CMAC, master, NOTHING));
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_AN10922, master, NOTHING));
	gives(CKR_MECHANISM_INVALID,
		f->C_DeriveKey(s, MECH_P(CKM_AES_ECB_ENCRYPT_DATA, &string, sizeof string), master,
			NOTHING, &made));
	gives(CKR_MECHANISM_INVALID,
		f->C_DeriveKey(s, MECH_P(CKM_SP800_108_COUNTER_KDF, &kdf, sizeof kdf), master,
			NOTHING, &made));
	device();
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_DEVICE_KEY, one, NOTHING));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_NONCE, data, 16);
	gives(CKR_OK, derive(CKM_KEYDIV_DATA_KEY, one, NOTHING));
}
END_TEST

START_TEST(levels_of_keys)
{
	CK_OBJECT_HANDLE device_key, message_key;

	ok(derive_device(closed_master(), T(YES(CKA_DERIVE)), &device_key));
	/* a device key is no master */
	device();
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_DEVICE_KEY, device_key, NOTHING));
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, device_key, NOTHING));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_NONCE, mk32, 16);
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_DATA_KEY, device_key, NOTHING));
	holds(made == 0xABCD);
	counter();
	ok(derive(CKM_KEYDIV_MESSAGE_KEY, device_key, NOTHING));
	message_key = made;
	/* a message key derives nothing */
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive(CKM_KEYDIV_MESSAGE_KEY, message_key, NOTHING));
	/* its CKA_DERIVE cannot be set */
	gives_either(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY,
		f->C_SetAttributeValue(s, message_key, T(YES(CKA_DERIVE))));
	/* a device key without CKA_DERIVE does not derive either */
	ok(derive_device(closed_master(), T(YES(CKA_SIGN)), &device_key));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, derive(CKM_KEYDIV_MESSAGE_KEY, device_key, NOTHING));
}
END_TEST

START_TEST(keys_that_derive_nothing)
{
	CK_OBJECT_HANDLE master = closed_master(), device_key;

	ok(derive_device(master, T(YES(CKA_DERIVE)), &device_key));
	made = 0xABCD;
	counter();
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_MESSAGE_KEY, device_key, T(YES(CKA_DERIVE))));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_MESSAGE_KEY, device_key,
			T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_MESSAGE_KEY))));
	device();
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_DEVICE_MESSAGE_KEY, master, T(YES(CKA_DERIVE))));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_INITIATOR_NONCE, mk32, 8);
	keydiv_put(&p, KEYDIV_RESPONDER_NONCE, mk32, 8);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_SESSION_KEY, device_key, T(YES(CKA_DERIVE))));
	device();
	keydiv_put(&p, KEYDIV_INITIATOR_NONCE, mk32, 8);
	keydiv_put(&p, KEYDIV_RESPONDER_NONCE, mk32, 8);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_DEVICE_SESSION_KEY, master, T(YES(CKA_DERIVE))));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(lists_of_device_keys_only_shrink)
{
	CK_OBJECT_HANDLE master = closed_master();

	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(master, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_DEVICE_KEY)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(master,
			T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY,
						   CKM_KEYDIV_CMAC)),
			&made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(
			master, T(YES(CKA_DERIVE), ALLOWED(CKM_AES_ECB_ENCRYPT_DATA)), &made));
	holds(made == 0xABCD);
	ok(derive_device(master, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_SESSION_KEY)), &made));
	list_holds(made, CKM_KEYDIV_SESSION_KEY);
	counter();
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_MESSAGE_KEY, made, NOTHING));
}
END_TEST

START_TEST(lists_of_masters_only_shrink)
{
	CK_OBJECT_HANDLE master = open_master(), copy = 0xABCD,
			 plain = import(CKK_AES, mk, 16, T(YES(CKA_ENCRYPT)));
	CK_ATTRIBUTE longer = ALLOWED(OF_MASTERS, CKM_KEYDIV_CMAC),
		     other = ALLOWED(CKM_KEYDIV_CMAC), none = RAW(CKA_ALLOWED_MECHANISMS, NULL, 0);

	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, master, &longer, 1));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, master, &other, 1));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_CopyObject(s, master, &longer, 1, &copy));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_CopyObject(s, master, &other, 1, &copy));
	holds(copy == 0xABCD);
	list_holds(master, OF_MASTERS);
	ok(f->C_CopyObject(
		s, master, T(ALLOWED(CKM_KEYDIV_DATA_KEY, CKM_KEYDIV_DEVICE_KEY)), &copy));
	list_holds(copy, CKM_KEYDIV_DATA_KEY, CKM_KEYDIV_DEVICE_KEY);
	ok(f->C_SetAttributeValue(s, copy, T(ALLOWED(CKM_KEYDIV_DATA_KEY))));
	list_holds(copy, CKM_KEYDIV_DATA_KEY);
	gives(CKR_MECHANISM_INVALID, derive_device(copy, NOTHING, &made));
	/* an empty list is not "all": nothing may be derived after it */
	if (f->C_SetAttributeValue(s, copy, &none, 1) == CKR_OK)
		gives(CKR_MECHANISM_INVALID, derive_device(copy, NOTHING, &made));
	/* a key without a list may be given one, and it then holds */
	if (f->C_SetAttributeValue(s, plain, T(ALLOWED(CKM_AES_CBC))) == CKR_OK)
		gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, MECH(CKM_AES_ECB), plain));
}
END_TEST

START_TEST(copies_keep_their_level)
{
	/* A copy of a device key is a device key, a copy of a leaf a leaf, on the token too. */
	CK_OBJECT_HANDLE device_key, copy;

	ok(derive_device(closed_master(), T(YES(CKA_DERIVE)), &device_key));
	ok(f->C_CopyObject(s, device_key, T(YES(CKA_TOKEN)), &copy));
	list_holds(copy, OF_DEVICE_KEYS);
	gives(CKR_MECHANISM_INVALID, derive_device(copy, NOTHING, &made));
	counter();
	ok(derive(CKM_KEYDIV_MESSAGE_KEY, copy, T(YES(CKA_ENCRYPT))));
	made = 0xABCD;
	ok(derive_device(closed_master(), NOTHING, &copy));
	gives_either(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY,
		f->C_CopyObject(s, copy, T(YES(CKA_DERIVE)), &made));
	holds(made == 0xABCD);
}
END_TEST

START_TEST(derive_never_changes)
{
	CK_OBJECT_HANDLE master = closed_master(), copy,
			 plain = import(CKK_AES, mk, 16, T(YES(CKA_SIGN)));

	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, master, T(NO(CKA_DERIVE))));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, master, T(NO(CKA_DERIVE)), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, plain, T(YES(CKA_DERIVE))));
	holds(made == 0xABCD && get_bool(master, CKA_DERIVE) && !get_bool(plain, CKA_DERIVE));
	/* the value that the attribute has is accepted */
	ok(f->C_SetAttributeValue(s, master, T(YES(CKA_DERIVE))));
	ok(f->C_SetAttributeValue(s, plain, T(NO(CKA_DERIVE))));
	ok(f->C_CopyObject(s, master, T(YES(CKA_DERIVE)), &copy));
	ok(f->C_CopyObject(s, plain, T(NO(CKA_DERIVE)), &copy));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, master, T(YES(CKA_SIGN))));
}
END_TEST

START_TEST(attributes_of_masters)
{
	/* CKA_KEYDIV_EXTRACTABLE_CHILDREN: on keys that derive, when they are made, never later. */
	const CK_ATTRIBUTE yes = YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN),
			   no = NO(CKA_KEYDIV_EXTRACTABLE_CHILDREN);
	CK_OBJECT_HANDLE master = closed_master();

	holds(!get_bool(master, CKA_KEYDIV_EXTRACTABLE_CHILDREN));
	gives(CKR_TEMPLATE_INCONSISTENT, try_import(CKK_AES, mk, 16, T(yes), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, try_import(CKK_AES, mk, 16, T(YES(CKA_SIGN), no), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), yes), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(master, T(YES(CKA_DERIVE), yes), &made));
	gives(CKR_TEMPLATE_INCONSISTENT, derive_device(master, T(YES(CKA_DERIVE), no), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, master, T(yes)));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, master, T(yes), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(master, T(YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, 8)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		try_import(CKK_AES, mk, 16, T(YES(CKA_SIGN), NUM(CKA_KEYDIV_WINDOW, 8)), &made));
	holds(made == 0xABCD);
	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), YES(CKA_DERIVE), yes), &made));
	holds(get_bool(made, CKA_KEYDIV_EXTRACTABLE_CHILDREN));
	import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), yes, YES(CKA_TOKEN), STR(CKA_LABEL, "kept")));
	restart();
	s = open_session(0);
	login(CKU_USER);
	ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "kept")), &master, 1), 1);
	holds(get_bool(master, CKA_KEYDIV_EXTRACTABLE_CHILDREN));
	ok(derive_device(master, T(YES(CKA_EXTRACTABLE)), &made));
}
END_TEST

START_TEST(a_shorter_list_agrees_with_the_derive_template)
{
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE),
			NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE),
				ALLOWED(CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY))));

	gives(CKR_TEMPLATE_INCONSISTENT,
		derive_device(master,
			T(ALLOWED(CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_WITH_DERIVED_KEY)), &made));
	holds(made == 0xABCD);
	ok(derive_device(master, NOTHING, &made));
	list_holds(made, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY);
	ok(derive_device(master, T(ALLOWED(CKM_KEYDIV_SESSION_KEY)), &made));
	list_holds(made, CKM_KEYDIV_SESSION_KEY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roles");
	TCase *tc = add_case(suite, "roles", start);

	tcase_add_test(tc, derived_keys_are_as_closed_as_their_base);
	tcase_add_test(tc, the_base_decides_privacy);
	tcase_add_test(tc, derive_template);
	tcase_add_test(tc, a_key_that_derives_does_nothing_else);
	tcase_add_test(tc, device_keys_that_only_derive);
	tcase_add_test(tc, default_lists);
	tcase_add_test(tc, mechanisms_off_the_list_are_refused);
	tcase_add_test(tc, levels_of_keys);
	tcase_add_test(tc, keys_that_derive_nothing);
	tcase_add_test(tc, lists_of_device_keys_only_shrink);
	tcase_add_test(tc, lists_of_masters_only_shrink);
	tcase_add_test(tc, copies_keep_their_level);
	tcase_add_test(tc, derive_never_changes);
	tcase_add_test(tc, attributes_of_masters);
	tcase_add_test(tc, a_shorter_list_agrees_with_the_derive_template);
	return run(suite);
}

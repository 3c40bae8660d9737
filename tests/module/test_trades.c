/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_trades.c: a base serves one trade. A list that names a mechanism of a trade is within that
 * trade, whatever makes or changes the key. The roles of the results in a trade.
 */
#include "harness.h"

/* The sets that bind a list, beside WITH_DERIVED_KEY. */
static const struct {
	CK_MECHANISM_TYPE first, last;
} trades[] = {
	{CKM_KEYDIV_GP_STATIC_KEY, CKM_KEYDIV_GP_STATIC_KEY},
	{CKM_KEYDIV_SCP02_KEY, CKM_KEYDIV_SCP02_KEY},
	{CKM_KEYDIV_SDM_SESSION_KEY, CKM_KEYDIV_SDM_SESSION_KEY},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKM_KEYDIV_LORAWAN_MULTICAST_KEY},
	{CKM_KEYDIV_OSDP_SCBK, CKM_KEYDIV_OSDP_SCBK},
	{CKM_KEYDIV_OSDP_SESSION_KEY, CKM_KEYDIV_OSDP_SESSION_KEY},
	{CKM_KEYDIV_OMS_MODE7_KEY, CKM_KEYDIV_OMS_MODE7_KEY},
};
#define TRADES (sizeof trades / sizeof trades[0])

#define CONTRA CKR_TEMPLATE_INCONSISTENT

static CK_OBJECT_HANDLE made;
static KEYDIV_PARAMETER p;

static void start(void)
{
	user();
	made = 0xABCD;
}

/* Return the number of the set of TYPE, from 1; 0: the lists of TYPE are not bound. */
static size_t trade_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < TRADES; i++)
		if (type >= trades[i].first && type <= trades[i].last)
			return i + 1;
	return 0;
}

/* Return true if a key may have the list ONE, OTHER. */
static bool compatible(CK_MECHANISM_TYPE one, CK_MECHANISM_TYPE other)
{
	bool free = one == CKM_KEYDIV_WITH_DERIVED_KEY || other == CKM_KEYDIV_WITH_DERIVED_KEY;

	return free || trade_of(one) == trade_of(other);
}

static CK_ULONG all_mechanisms(CK_MECHANISM_TYPE *list, CK_ULONG room)
{
	CK_ULONG n = room;

	ok(f->C_GetMechanismList(slot, list, &n));
	return n;
}

/* Every pair of mechanisms that the token offers, and of each with a number of no mechanism. */
START_TEST(every_pair)
{
	CK_MECHANISM_TYPE list[200];
	CK_ULONG n = all_mechanisms(list, 199), bound = 0;

	list[n++] = CKM_VENDOR_DEFINED | 0x7777;
	for (CK_ULONG i = 0; i < n; i++) {
		bound += trade_of(list[i]) != 0;
		for (CK_ULONG j = 0; trade_of(list[i]) != 0 && j < n; j++) {
			CK_RV wanted = compatible(list[i], list[j]) ? CKR_OK : CONTRA;
			gives(wanted,
				try_import(CKK_AES, mk, 16,
					T(YES(CKA_DERIVE), ALLOWED(list[i], list[j])), &made));
			gives(wanted,
				try_import(CKK_AES, mk, 16,
					T(YES(CKA_DERIVE), ALLOWED(list[j], list[i])), &made));
		}
	}
	ck_assert_uint_ge(bound, 6);
}
END_TEST

#define MIXED ALLOWED(CKM_KEYDIV_OSDP_SCBK, CKM_KEYDIV_DEVICE_KEY)
#define PURE ALLOWED(CKM_KEYDIV_WITH_DERIVED_KEY, CKM_KEYDIV_OSDP_SCBK)

/* The rule binds every list, also that of a key that does not derive. */
START_TEST(every_way_to_make_a_key)
{
	CK_OBJECT_HANDLE kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP), YES(CKA_UNWRAP)));
	CK_OBJECT_HANDLE leaving = import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE)));
	CK_BYTE wrapped[64];
	CK_ULONG n = sizeof wrapped;

	gives(CONTRA, try_import(CKK_AES, mk, 16, T(YES(CKA_SIGN), MIXED), &made));
	gives(CONTRA, f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
			      T(LENGTH(16), YES(CKA_DERIVE), MIXED), &made));
	ok(f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN), T(LENGTH(16), YES(CKA_DERIVE), PURE), &made));
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, leaving, wrapped, &n));
	gives(CONTRA, f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, wrapped, n,
			      T(KEY(CKK_AES), YES(CKA_DERIVE), MIXED), &made));
	ok(f->C_UnwrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, wrapped, n,
		T(KEY(CKK_AES), YES(CKA_DERIVE), PURE), &made));
}
END_TEST

static CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);

	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

/*
 * Two results with one value, and a list of one trade each, would serve both trades: OSDP_SCBK for
 * 01FF..FF gives a value that LORAWAN_SESSION_KEY gives with usage. So no CKA_DERIVE_TEMPLATE has a
 * list of two trades, which each derivation could shorten in another way.
 */
START_TEST(derived_lists)
{
	CK_OBJECT_HANDLE base;

	gives(CONTRA, try_import(CKK_AES, mk, 16,
			      T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC),
				      NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE),
					      ALLOWED(CKM_KEYDIV_OSDP_SCBK,
						      CKM_KEYDIV_LORAWAN_SESSION_KEY))),
			      &made));
	gives(CONTRA, f->C_GenerateKey(s, MECH(CKM_AES_KEY_GEN),
			      T(LENGTH(16), YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC),
				      NESTED(CKA_DERIVE_TEMPLATE, MIXED)),
			      &made));
	gives(CONTRA,
		try_import(CKK_AES, mk, 16,
			T(YES(CKA_UNWRAP), NESTED(CKA_UNWRAP_TEMPLATE, YES(CKA_DERIVE), MIXED)),
			&made));
	base = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC),
			NESTED(CKA_DERIVE_TEMPLATE, YES(CKA_DERIVE), PURE)));
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_MESSAGE, "m", 1);
	gives(CONTRA, derive(CKM_KEYDIV_CMAC, base, T(YES(CKA_DERIVE), MIXED)));
	gives(CKR_OK, derive(CKM_KEYDIV_CMAC, base, T(YES(CKA_DERIVE))));
	gives(CKR_OK,
		derive(CKM_KEYDIV_CMAC, base, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_OSDP_SCBK))));
	base = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_CMAC)));
	gives(CONTRA, derive(CKM_KEYDIV_CMAC, base, T(YES(CKA_SIGN), MIXED)));
}
END_TEST

START_TEST(changes)
{
	CK_OBJECT_HANDLE key = import(CKK_AES, mk, 16, T(YES(CKA_SIGN)));
	CK_OBJECT_HANDLE master = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), PURE));

	gives(CONTRA, f->C_CopyObject(s, key, T(MIXED), &made));
	gives(CONTRA, f->C_SetAttributeValue(s, key, T(MIXED)));
	ok(f->C_CopyObject(s, key, T(PURE), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, master, T(MIXED), &made));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, master, T(MIXED)));
	ok(f->C_SetAttributeValue(s, master, T(ALLOWED(CKM_KEYDIV_OSDP_SCBK))));
}
END_TEST

/* --- Static and session keys --- */

static void put(unsigned char tag, const void *value, CK_ULONG n)
{
	keydiv_put(&p, tag, value, n);
}

static void card_parameter(char method, char which)
{
	keydiv_start(&p);
	put(KEYDIV_GP_METHOD, &method, 1);
	put(KEYDIV_GP_KDD, "0123456789", 10);
	put(KEYDIV_GP_KEY, &which, 1);
}

/* SCP03 cards from their KDD: the static key makes the session key of the published session. */
START_TEST(session_keys_of_an_aes_card)
{
	CK_OBJECT_HANDLE issuer = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_GP_STATIC_KEY), READABLE_TRUSTED,
			YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)));

	card_parameter(3, 1);
	ok(derive(CKM_KEYDIV_GP_STATIC_KEY, issuer, T(YES(CKA_DERIVE))));
	holds(get_ulong(made, CKA_KEY_TYPE) == CKK_AES);
	CK_MECHANISM_TYPE list[2];
	holds(get_bytes(made, CKA_ALLOWED_MECHANISMS, (uint8_t *)list, sizeof list) == sizeof list);
	holds(list[0] == CKM_KEYDIV_SCP03_KEY && list[1] == CKM_KEYDIV_WITH_DERIVED_KEY);
	gives(CONTRA, derive(CKM_KEYDIV_GP_STATIC_KEY, issuer,
			      T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_SCP02_KEY))));
	gives(CONTRA, derive(CKM_KEYDIV_GP_STATIC_KEY, issuer, T(YES(CKA_ENCRYPT))));
	card_parameter(3, 3);
	gives(CONTRA, derive(CKM_KEYDIV_GP_STATIC_KEY, issuer, T(YES(CKA_DERIVE))));
	ok(derive(CKM_KEYDIV_GP_STATIC_KEY, issuer, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT))));
}
END_TEST

START_TEST(session_keys_of_a_des_card)
{
	CK_OBJECT_HANDLE issuer =
		import(CKK_DES2, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_GP_STATIC_KEY)));

	for (char which = 1; which <= 3; which++) {
		card_parameter(2, which);
		gives(CONTRA, derive(CKM_KEYDIV_GP_STATIC_KEY, issuer, T(YES(CKA_ENCRYPT))));
		ok(derive(CKM_KEYDIV_GP_STATIC_KEY, issuer, T(YES(CKA_DERIVE))));
		CK_OBJECT_HANDLE card = made;
		keydiv_start(&p);
		put(KEYDIV_SCP02_CONSTANT, which == 3 ? "\1\x81" : "\1\1", 2);
		put(KEYDIV_SCP02_COUNTER, "\0\7", 2);
		gives(which == 3 ? CKR_OK : CONTRA,
			derive(CKM_KEYDIV_SCP02_KEY, card, T(YES(CKA_ENCRYPT))));
		gives(which == 3 ? CONTRA : CKR_OK,
			derive(CKM_KEYDIV_SCP02_KEY, card, T(YES(CKA_SIGN))));
		gives(CONTRA, derive(CKM_KEYDIV_SCP02_KEY, card, T(YES(CKA_DERIVE))));
	}
}
END_TEST

/* The value of a key that derives: an ECB block of it is no check value. */
START_TEST(check_values)
{
	CK_OBJECT_HANDLE master =
		import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_OSDP_SCBK)));
	uint8_t derives[3], nothing[3];

	keydiv_start(&p);
	put(KEYDIV_CARD_UID, "\1\2\3\4\5\6\7\x8", 8);
	ok(derive(CKM_KEYDIV_OSDP_SCBK, master, T(YES(CKA_DERIVE))));
	holds(get_bytes(made, CKA_CHECK_VALUE, derives, 3) == 3);
	ok(derive(CKM_KEYDIV_OSDP_SCBK, master, NOTHING));
	holds(get_bytes(made, CKA_CHECK_VALUE, nothing, 3) == 3);
	holds(memcmp(derives, nothing, 3) == 0);
}
END_TEST

START_TEST(bases_of_128_bits)
{
	static const CK_MECHANISM_TYPE types[] = {CKM_KEYDIV_SDM_SESSION_KEY, CKM_KEYDIV_OSDP_SCBK,
		CKM_KEYDIV_OSDP_SESSION_KEY, CKM_KEYDIV_OMS_MODE7_KEY};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		CK_OBJECT_HANDLE base =
			import(CKK_AES, mk32, 32, T(YES(CKA_DERIVE), ALLOWED(types[i])));
		keydiv_start(&p);
		if (types[i] == CKM_KEYDIV_SDM_SESSION_KEY)
			put(KEYDIV_CARD_KEY, "\1", 1);
		if (types[i] == CKM_KEYDIV_OSDP_SCBK)
			put(KEYDIV_CARD_UID, mk, 8);
		if (types[i] == CKM_KEYDIV_OSDP_SESSION_KEY) {
			put(KEYDIV_OSDP_KEY, "\1", 1);
			put(KEYDIV_CP_RANDOM, mk, 8);
		}
		if (types[i] == CKM_KEYDIV_OMS_MODE7_KEY) {
			put(KEYDIV_OMS_KEY, "\0", 1);
			put(KEYDIV_OMS_COUNTER, mk, 4);
			put(KEYDIV_METER_ID, mk, 4);
		}
		gives(CKR_KEY_SIZE_RANGE, derive(types[i], base, NOTHING));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trades");
	TCase *tc = add_case(suite, "trades", start);

	tcase_add_test(tc, every_pair);
	tcase_add_test(tc, every_way_to_make_a_key);
	tcase_add_test(tc, derived_lists);
	tcase_add_test(tc, changes);
	tcase_add_test(tc, session_keys_of_an_aes_card);
	tcase_add_test(tc, session_keys_of_a_des_card);
	tcase_add_test(tc, check_values);
	tcase_add_test(tc, bases_of_128_bits);
	return run(suite);
}

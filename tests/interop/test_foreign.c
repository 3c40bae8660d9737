/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign.c: masters of keydiv whose values are in SoftHSM, which the test program uses in the
 * same process.
 */
#include <dlfcn.h>
#include <stdatomic.h>

#include "../module/use_support.h"
#include "far.h"

/* --- Every mechanism --- */

static const struct far_kind kinds[] = {
	{CKK_AES, FAR_BOTH, 700},
	{CKK_AES, FAR_SIGN, 400},
	{CKK_AES, FAR_ENCRYPT, 700},
	{CKK_DES2, FAR_BOTH, 20},
	{CKK_DES2, FAR_ENCRYPT, 20},
	{CKK_DES3, FAR_BOTH, 100},
	{CKK_GENERIC_SECRET, FAR_SIGN, 1},
};

START_TEST(the_same_keys_as_with_the_value)
{
	compare_kind(&kinds[_i]);
}
END_TEST

/* --- Linking --- */

static CK_RV link_uri(const char *uri)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ATTRIBUTE t[] = {CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
		RAW(CKA_KEYDIV_FOREIGN_KEY, uri, strlen(uri))};

	return f->C_CreateObject(s, t, 4, &key);
}

START_TEST(bad_uris_and_keys)
{
	CK_OBJECT_HANDLE key;
	CK_ULONG before = find(s, NOTHING, NULL, 0);

	far_key("mk", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	far_key("twice", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	far_key("twice", CKK_AES, mk32, 32, FAR_SIGN, NOTHING);
	far_key("nothing", CKK_AES, mk, 16, 0, NOTHING);
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("mk"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=hsm"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=hsm;object=none"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=hsm;object=twice"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=other;object=mk"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=hsm;object=mk;type=public"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=hsm;object=mk?pin-value=1234"));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_uri("pkcs11:token=hsm;object=mk;surprise=1"));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, link_uri("pkcs11:token=hsm;object=nothing"));
	/* The template. */
	gives(CKR_TEMPLATE_INCONSISTENT,
		link_key("mk", T(TYPE(CKK_GENERIC_SECRET), ALLOWED(CKM_HKDF_DERIVE)), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, link_key("mk", T(RAW(CKA_VALUE, mk, 16)), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, link_key("mk", T(YES(CKA_SIGN)), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, link_key("mk", T(YES(CKA_EXTRACTABLE)), &key));
	gives(CKR_TEMPLATE_INCONSISTENT, link_key("mk", T(NO(CKA_SENSITIVE)), &key));
	gives(CKR_ATTRIBUTE_VALUE_INVALID, link_key("mk", T(STR(CKA_CHECK_VALUE, "abc")), &key));
	holds(find(s, NOTHING, NULL, 0) == before);
}
END_TEST

START_TEST(attributes_of_a_master)
{
	far_key("mk", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	CK_OBJECT_HANDLE found;
	there = LINK("mk", STR(CKA_LABEL, "master"));
	here = near_key(CKK_AES, mk, 16, NOTHING);
	CK_OBJECT_HANDLE wrapper = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP))), copy;
	uint8_t a[64], b[64];
	CK_ULONG n = sizeof a;
	CK_ATTRIBUTE value = {CKA_VALUE, a, sizeof a};
	CK_ATTRIBUTE uri = STR(CKA_KEYDIV_FOREIGN_KEY, "pkcs11:object=other");

	holds(get_ulong(there, CKA_KEY_TYPE) == CKK_AES);
	holds(get_ulong(there, CKA_VALUE_LEN) == 16);
	holds(get_bool(there, CKA_TOKEN) && get_bool(there, CKA_SENSITIVE));
	holds(!get_bool(there, CKA_EXTRACTABLE) && !get_bool(there, CKA_LOCAL));
	holds(!get_bool(there, CKA_ALWAYS_SENSITIVE) && !get_bool(there, CKA_NEVER_EXTRACTABLE));
	holds(!get_bool(there, CKA_KEYDIV_FOREIGN_EXTRACTABLE));
	holds(get_bytes(there, CKA_KEYDIV_FOREIGN_KEY, a, sizeof a) == 26);
	holds(memcmp(a, "pkcs11:token=hsm;object=mk", 26) == 0);
	holds(get_bytes(there, CKA_CHECK_VALUE, a, 3) == 3 &&
		get_bytes(here, CKA_CHECK_VALUE, b, 3) == 3 && memcmp(a, b, 3) == 0);
	gives(CKR_ATTRIBUTE_SENSITIVE, f->C_GetAttributeValue(s, there, &value, 1));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_SetAttributeValue(s, there, &uri, 1));
	gives(CKR_KEY_UNEXTRACTABLE,
		f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), wrapper, there, a, &n));
	gives(CKR_TEMPLATE_INCONSISTENT, f->C_CopyObject(s, there, T(NO(CKA_TOKEN)), &copy));
	gives(CKR_ATTRIBUTE_READ_ONLY, f->C_CopyObject(s, there, T(YES(CKA_EXTRACTABLE)), &copy));
	ok(f->C_CopyObject(s, there, T(STR(CKA_LABEL, "copy")), &copy));
	ok(f->C_DestroyObject(s, there));
	/* The copy derives by itself, also in a later run of the program. */
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "copy")), &found, 1) == 1);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	there = found;
	holds(same_macs(s, 0, 3));
	/* Without EXTRACTABLE_CHILDREN no derived key leaves. */
	gives(CKR_TEMPLATE_INCONSISTENT, device_key(s, found, 1, &copy));
}
END_TEST

/* A master that another version has linked (tests/fixtures), and its key in SoftHSM. */
START_TEST(a_master_of_an_earlier_version)
{
	char command[1600];
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	far_key("mk", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	ok(f->C_Finalize(NULL));
	snprintf(command, sizeof command,
		"cp %s/foreign-format-2/token.* %s/slot-0/ && chmod 600 %s/slot-0/token.* && rm -f "
		"%s/slot-0/token.gen",
		FIXTURES_DIR, token_dir, token_dir, token_dir);
	ck_assert_int_eq(system(command), 0);
	ok(f->C_Initialize(&args));
	slot = 0;
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "master")), &there, 1) == 1);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 0, 10));
}
END_TEST

/* The check value is what the key can compute: DES by a block, HMAC keys not at all. */
START_TEST(check_values)
{
	uint8_t des[24] = {1, 2, 4, 7, 8, 11, 13, 14, 16, 19, 21, 22, 25, 26, 28, 31, 32, 35, 37,
		38, 41, 42, 44, 47};
	uint8_t a[3], b[3];
	CK_ATTRIBUTE none = {CKA_CHECK_VALUE, a, 3};

	far_key("des", CKK_DES3, des, 24, FAR_ENCRYPT, NOTHING);
	far_key("generic", CKK_GENERIC_SECRET, mk32, 32, FAR_SIGN, NOTHING);
	far_key("leaves", CKK_AES, mk, 16, FAR_ENCRYPT, T(YES(CKA_EXTRACTABLE)));
	there = LINK("des", ALLOWED(CKM_KEYDIV_RFC3961_DK));
	here = near_key(CKK_DES3, des, 24, T(ALLOWED(CKM_KEYDIV_RFC3961_DK)));
	holds(get_bytes(there, CKA_CHECK_VALUE, a, 3) == 3);
	holds(get_bytes(here, CKA_CHECK_VALUE, b, 3) == 3 && memcmp(a, b, 3) == 0);
	there = LINK("leaves", RAW(CKA_CHECK_VALUE, NULL, 0));
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(get_bytes(there, CKA_CHECK_VALUE, a, 3) == 3);
	holds(get_bytes(here, CKA_CHECK_VALUE, b, 3) == 3 && memcmp(a, b, 3) == 0);
	holds(get_bool(there, CKA_KEYDIV_FOREIGN_EXTRACTABLE));
	LINK("leaves", RAW(CKA_CHECK_VALUE, b, 3));
	there = LINK("generic", ALLOWED(CKM_HKDF_DERIVE));
	gives(CKR_ATTRIBUTE_TYPE_INVALID, f->C_GetAttributeValue(s, there, &none, 1));
	gives(CKR_ATTRIBUTE_TYPE_INVALID,
		link_key("generic", T(ALLOWED(CKM_HKDF_DERIVE), RAW(CKA_CHECK_VALUE, b, 3)),
			&there));
}
END_TEST

/* --- Using --- */

/* Fail unless NUMBER gives the same device key from both masters. */
static void same_device(unsigned number)
{
	CK_OBJECT_HANDLE a, b;

	ok(device_key(s, there, number, &a));
	ok(device_key(s, here, number, &b));
	same_value(a, b);
	ok(f->C_DestroyObject(s, a));
	ok(f->C_DestroyObject(s, b));
}

#define CHILDREN YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN)

START_TEST(another_key_behind_the_uri)
{
	CK_OBJECT_HANDLE key, mine = far_key("victim", CKK_AES, mk, 16, FAR_SIGN, NOTHING);

	CK_OBJECT_HANDLE master1 = LINK("victim", CHILDREN);
	ok(device_key(s, master1, 1, &key));
	ok(g->C_DestroyObject(gs, mine));
	far_key("victim", CKK_AES, mk32, 16, FAR_SIGN, NOTHING);
	/* The old handle is gone, and the key that is found again is another. */
	gives(CKR_DEVICE_ERROR, device_key(s, master1, 2, &key));
	gives(CKR_DEVICE_ERROR, device_key(s, master1, 1, &key));
	CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);
	gives(CKR_DEVICE_ERROR, device_key(other, master1, 1, &key));
	/* The same value, of another type or length. */
	ok(g->C_FindObjectsInit(gs, T(STR(CKA_LABEL, "victim"))));
	CK_ULONG n;
	ok(g->C_FindObjects(gs, &mine, 1, &n));
	ok(g->C_FindObjectsFinal(gs));
	ok(g->C_DestroyObject(gs, mine));
	mine = far_key("victim", CKK_GENERIC_SECRET, mk32, 32, FAR_SIGN, NOTHING);
	gives(CKR_DEVICE_ERROR, device_key(s, master1, 1, &key));
	ok(g->C_DestroyObject(gs, mine));
	gives(CKR_DEVICE_ERROR, device_key(s, master1, 1, &key));
	far_key("victim", CKK_AES, mk, 16, FAR_SIGN, NOTHING);
	gives(CKR_OK, device_key(s, master1, 1, &key));
}
END_TEST

/* Messages, and their windows: a counter once, also after a restart of the program. */
START_TEST(windows)
{
	link_both(FAR_SIGN, T(STR(CKA_LABEL, "mine")));
	ok(f->C_DestroyObject(s, there));
	there = LINK("mk", NUM(CKA_KEYDIV_WINDOW, 64), STR(CKA_LABEL, "windowed"));
	without_window = here;
	master = there;
	for (unsigned i = 1; i <= 3; i++) {
		device_signs(i, CKM_AES_CMAC);
		gives(CKR_OK, verify());
		gives(CKR_KEYDIV_REPLAYED, verify());
	}
	restart();
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	holds(find(s, T(STR(CKA_LABEL, "windowed")), &master, 1) == 1);
	without_window = near_key(CKK_AES, mk, 16, NOTHING);
	device_signs(3, CKM_AES_CMAC);
	gives(CKR_KEYDIV_REPLAYED, verify());
	device_signs(4, CKM_AES_CMAC);
	out[0] ^= 1;
	gives(CKR_SIGNATURE_INVALID, verify());
	out[0] ^= 1;
	gives(CKR_OK, verify());
	/* The master signs and encrypts too, with a window of the other direction. */
	counter = 9;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	gives(CKR_OK, sign());
	gives(CKR_KEYDIV_REPLAYED, sign());
	/* No key object comes out of such a master. */
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, device_key(s, master, 1, &there));
}
END_TEST

START_TEST(reserved_counters)
{
	link_both(FAR_ENCRYPT, T(STR(CKA_LABEL, "mine")));
	without_window = here;
	master = LINK("mk", NUM(CKA_KEYDIV_WINDOW, 64), NUM(CKA_KEYDIV_RESERVE, 32));
	for (unsigned i = 1; i <= 40; i++) {
		device_signs(i, CKM_AES_CMAC);
		gives(CKR_OK, verify());
		gives(CKR_KEYDIV_REPLAYED, verify());
	}
}
END_TEST

START_TEST(messages_are_as_with_the_value)
{
	uint8_t mine[128];
	CK_ULONG mine_n;

	link_both(FAR_SIGN, NOTHING);
	for (unsigned i = 0; i < 50; i++) {
		counter = i + 1;
		sealed();
		master = here;
		ok(encrypt());
		memcpy(mine, out, mine_n = out_n);
		master = there;
		ok(encrypt());
		holds(out_n == mine_n && memcmp(out, mine, mine_n) == 0);
		gives(CKR_OK, decrypt());
		holds(back_n == sizeof text - 1 && memcmp(back, text, back_n) == 0);
	}
}
END_TEST

/* Several keys of one derivation, which come from calls of the other token one after another. */
START_TEST(more_keys_of_one_derivation)
{
	CK_SP800_108_COUNTER_FORMAT format = {CK_FALSE, 32};
	CK_PRF_DATA_PARAM pieces[] = {{CK_SP800_108_ITERATION_VARIABLE, &format, sizeof format},
		{CK_SP800_108_BYTE_ARRAY, text, 21}};
	CK_ATTRIBUTE aes[] = {KEY(CKK_AES), LENGTH(32), YES(CKA_EXTRACTABLE)};
	CK_OBJECT_HANDLE made[2][3], base[2];

	if (behind_server())
		return; /* a flat form asks for no further keys */
	link_both(FAR_SIGN, T(ALLOWED(CKM_SP800_108_COUNTER_KDF), CHILDREN));
	base[0] = there;
	base[1] = here;
	for (size_t i = 0; i < 2; i++) {
		CK_DERIVED_KEY more[] = {{aes, 4, &made[i][1]}, {aes, 4, &made[i][2]}};
		CK_SP800_108_KDF_PARAMS kdf = {CKM_AES_CMAC, 2, pieces, 2, more};
		ok(f->C_DeriveKey(
			s, MECH_OF(CKM_SP800_108_COUNTER_KDF, kdf), base[i], aes, 4, &made[i][0]));
	}
	for (size_t k = 0; k < 3; k++)
		same_value(made[0][k], made[1][k]);
}
END_TEST

/* A key beside the base must be in keydiv, because its value is used. */
START_TEST(second_keys)
{
	CK_HKDF_PARAMS hkdf = {
		CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_KEY, NULL, 0, 0, text, 9};
	CK_OBJECT_HANDLE base = near_key(
				 CKK_GENERIC_SECRET, mk, 16, T(ALLOWED(CKM_HKDF_DERIVE), CHILDREN)),
			 key;

	if (behind_server())
		return; /* flat parameters name no keys */
	far_key("salt", CKK_GENERIC_SECRET, mk32, 32, FAR_SIGN, NOTHING);
	hkdf.hSaltKey = LINK("salt", ALLOWED(CKM_HKDF_DERIVE), CHILDREN);
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		f->C_DeriveKey(s, MECH_OF(CKM_HKDF_DERIVE, hkdf), base, T(LENGTH(32)), &key));
	hkdf.hSaltKey =
		near_key(CKK_GENERIC_SECRET, mk32, 32, T(ALLOWED(CKM_HKDF_DERIVE), CHILDREN));
	gives(CKR_OK, f->C_DeriveKey(s, MECH_OF(CKM_HKDF_DERIVE, hkdf), base, T(LENGTH(32)), &key));
}
END_TEST

/* Sign TEXT with COUNT counters from FROM on, in the functions for messages. */
static CK_RV sign_message(CK_OBJECT_HANDLE base, uint64_t from, unsigned count, uint8_t ret[][16])
{
	size_t at = 0;

	counter = from;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	while (parameter[at] < KEYDIV_DERIVATION)
		at += 3 + ((size_t)parameter[at + 1] << 8 | parameter[at + 2]);
	/* The messages share what says how to derive and to sign. */
	CK_MECHANISM m = {CKM_KEYDIV_WITH_DERIVED_KEY, parameter + at, parameter_n - at};
	CK_RV rv = f3->C_MessageSignInit(s, &m, base);
	for (unsigned i = 0; rv == CKR_OK && i < count; i++) {
		CK_ULONG n = 16;
		counter = from + i;
		compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
		rv = f3->C_SignMessage(s, parameter, at, text, 21, ret[i], &n);
	}
	return rv == CKR_OK ? f3->C_MessageSignFinal(s) : rv;
}

START_TEST(series_of_messages)
{
	uint8_t a[50][16], b[50][16];

	link_both(FAR_SIGN, NOTHING);
	ok(sign_message(there, 1, 50, a));
	ok(sign_message(here, 1, 50, b));
	ck_assert_mem_eq(a, b, sizeof a);
	master = LINK("mk", NUM(CKA_KEYDIV_WINDOW, 64));
	ok(sign_message(master, 1, 50, a));
	ck_assert_mem_eq(a, b, sizeof a);
	gives(CKR_KEYDIV_REPLAYED, sign_message(master, 50, 1, a));
}
END_TEST

/* Mechanisms of a master that do not derive: what needs the value is refused, the rest is equal. */
START_TEST(a_root_key_of_lorawan)
{
	const CK_MECHANISM_TYPE mic = CKM_KEYDIV_LORAWAN_MIC,
				accept = CKM_KEYDIV_LORAWAN_JOIN_ACCEPT;
	uint8_t request[19] = {0}, a[4], b[4];
	CK_ULONG n = 4, k = 4, room = sizeof out;

	link_both(FAR_BOTH, T(ALLOWED(mic, accept)));
	for (unsigned i = 0; i < 20; i++) {
		draw(request + 1, sizeof request - 1);
		ok(f->C_SignInit(s, MECH(mic), there));
		ok(f->C_Sign(s, request, sizeof request, a, &n));
		ok(f->C_SignInit(s, MECH(mic), here));
		ok(f->C_Sign(s, request, sizeof request, b, &k));
		ck_assert_mem_eq(a, b, 4);
	}
	CK_RV rv = f->C_EncryptInit(s, MECH(accept), there);
	if (rv == CKR_OK)
		rv = f->C_Encrypt(s, request, 16, out, &room);
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, rv);
}
END_TEST

/* More masters than a session caches, one of which a message in parts has pinned. */
START_TEST(more_masters_than_the_cache_has)
{
	enum { MASTERS = 14 };
	CK_OBJECT_HANDLE far_one[MASTERS], near_one[MASTERS];
	uint8_t mac[16], expected[16];
	CK_ULONG n = sizeof mac, k = sizeof expected;

	for (unsigned i = 0; i < MASTERS; i++) {
		char label[16];
		uint8_t value[16];
		snprintf(label, sizeof label, "mk%u", i);
		draw(value, sizeof value);
		far_key(label, CKK_AES, value, 16, i % 2 ? FAR_SIGN : FAR_ENCRYPT, NOTHING);
		far_one[i] = LINK(label, CHILDREN);
		near_one[i] = near_key(CKK_AES, value, 16, T(CHILDREN));
	}
	counter = 1;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	CK_MECHANISM m = mechanism();
	ok(f->C_SignInit(s, &m, far_one[0]));
	ok(f->C_SignUpdate(s, text, 10));
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < MASTERS; i++) {
			there = far_one[i];
			here = near_one[i];
			same_device(round);
			same_device(100 + round);
		}
	ok(f->C_SignUpdate(s, text + 10, 11));
	ok(f->C_SignFinal(s, mac, &n));
	ok(f->C_SignInit(s, &m, near_one[0]));
	ok(f->C_Sign(s, text, 21, expected, &k));
	ck_assert_mem_eq(mac, expected, 16);
}
END_TEST

/* --- Threads, processes, logins --- */

START_TEST(threads)
{
	link_both(FAR_SIGN, NOTHING);
	far_threads();
}
END_TEST

START_TEST(a_child_of_fork)
{
	link_both(FAR_SIGN, T(STR(CKA_LABEL, "master")));
	far_forks();
}
END_TEST

START_TEST(logout)
{
	uint8_t mac[16];

	link_both(FAR_SIGN, T(STR(CKA_LABEL, "master"), NO(CKA_PRIVATE)));
	holds(same_macs(s, 0, 5));
	ok(f->C_Logout(s));
	/* The public master is visible, and its URI is sealed. */
	gives(CKR_USER_NOT_LOGGED_IN, device_mac(s, there, 1, mac));
	gives(CKR_ATTRIBUTE_SENSITIVE,
		f->C_GetAttributeValue(
			s, there, &(CK_ATTRIBUTE){CKA_KEYDIV_FOREIGN_KEY, mac, 16}, 1));
	login(CKU_USER);
	here = near_key(CKK_AES, mk, 16, NOTHING);
	holds(same_macs(s, 0, 5));
	/* keydiv's own login decides, not that of the application in the other token. */
	ok(g->C_Logout(gs));
	holds(same_macs(s, 5, 5));
	ok(g->C_CloseAllSessions(far_slot()));
	holds(same_macs(s, 10, 5));
	ok(g->C_OpenSession(far_slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &gs));
	/* The program ends the other module, and begins again. */
	ok(g->C_Finalize(NULL));
	holds(same_macs(s, 15, 5));
	CK_RV rv = g->C_Initialize(NULL);
	holds(rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED);
	holds(same_macs(s, 20, 5));
}
END_TEST

/* The directory of SoftHSM's token is removed while keydiv uses the master. */
START_TEST(the_other_token_is_removed)
{
	char command[900];
	uint8_t mac[16], expected[16];

	link_both(FAR_SIGN, NOTHING);
	ok(device_mac(s, there, 1, expected));
	snprintf(command, sizeof command, "mv %s/second %s/away && mkdir %s/second", test_dir,
		test_dir, test_dir);
	ck_assert_int_eq(system(command), 0);
	for (unsigned i = 0; i < 20; i++) {
		CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION);
		CK_RV rv = device_mac(i % 2 ? other : s, there, 1, mac);
		holds(rv == CKR_OK || rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED ||
			rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_TOKEN_NOT_RECOGNIZED);
		holds(rv != CKR_OK || memcmp(mac, expected, 16) == 0);
		ok(f->C_CloseSession(other));
	}
	/* keydiv itself goes on, and so does the master when its token is back. */
	ok(device_mac(s, here, 1, mac));
	snprintf(command, sizeof command, "rmdir %s/second && mv %s/away %s/second", test_dir,
		test_dir, test_dir);
	ck_assert_int_eq(system(command), 0);
	if (behind_server())
		return; /* the SoftHSM of the server does not look for tokens again */
	ok(g->C_Finalize(NULL));
	ok(g->C_Initialize(NULL));
	ok(device_mac(s, there, 1, mac));
	ck_assert_mem_eq(mac, expected, 16);
}
END_TEST

/* --- What stays in the other token --- */

/* Count the objects that the session of the test program sees in SoftHSM. */
static CK_ULONG count_objects(void)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n, ret = 0;

	ok(g->C_FindObjectsInit(gs, NOTHING));
	do {
		ok(g->C_FindObjects(gs, found, 64, &n));
		ret += n;
	} while (n > 0);
	ok(g->C_FindObjectsFinal(gs));
	return ret;
}

/* KEYDIV_TESTS_DERIVATIONS is another number than 100 000. */
START_TEST(nothing_is_left_after_many_derivations)
{
	const char *number = getenv("KEYDIV_TESTS_DERIVATIONS"), *path = getenv("COUNTING_MODULE");
	unsigned long times = number != NULL ? strtoul(number, NULL, 10) : 100000;
	CK_OBJECT_HANDLE key;
	char conf[600];

	if (behind_server())
		return; /* the other process counts */
	/* keydiv uses SoftHSM through a module that counts. */
	snprintf(conf, sizeof conf, "foreign-module = %s\n", path);
	far_restart(conf);
	void *counting = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(counting != NULL, "%s", dlerror());
	_Atomic long *sessions = dlsym(counting, "counted_sessions");
	_Atomic long *made = dlsym(counting, "counted_objects");
	link_both(FAR_SIGN, T(CHILDREN));
	CK_ULONG objects = count_objects();
	CK_SESSION_HANDLE mine = open_session(CKF_RW_SESSION);
	for (unsigned long i = 0; i < times; i++) {
		ok(device_key(mine, there, (unsigned)i, &key));
		ok(f->C_DestroyObject(mine, key));
		ck_assert_int_le(*sessions, 2); /* S has linked, and MINE derives */
		if (i % 100 == 99) {            /* sessions come and go too */
			ok(f->C_CloseSession(mine));
			mine = open_session(CKF_RW_SESSION);
		}
	}
	ok(f->C_CloseSession(mine));
	ck_assert_int_eq(*sessions, 1);
	ok(f->C_CloseSession(s));
	ck_assert_int_eq(*sessions, 0);
	ck_assert_int_eq(*made, 0);
	ck_assert_uint_eq(count_objects(), objects);
	dlclose(counting);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign masters");
	TCase *tc = tcase_create("SoftHSM2");

	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_checked_fixture(tc, far_softhsm, far_finish);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(
		tc, the_same_keys_as_with_the_value, 0, (int)(sizeof kinds / sizeof *kinds));
	tcase_add_test(tc, bad_uris_and_keys);
	tcase_add_test(tc, attributes_of_a_master);
	tcase_add_test(tc, a_master_of_an_earlier_version);
	tcase_add_test(tc, check_values);
	tcase_add_test(tc, another_key_behind_the_uri);
	tcase_add_test(tc, windows);
	tcase_add_test(tc, reserved_counters);
	tcase_add_test(tc, messages_are_as_with_the_value);
	tcase_add_test(tc, more_keys_of_one_derivation);
	tcase_add_test(tc, second_keys);
	tcase_add_test(tc, series_of_messages);
	tcase_add_test(tc, a_root_key_of_lorawan);
	tcase_add_test(tc, more_masters_than_the_cache_has);
	tcase_add_test(tc, threads);
	tcase_add_test(tc, a_child_of_fork);
	tcase_add_test(tc, logout);
	tcase_add_test(tc, the_other_token_is_removed);
	tcase_add_test(tc, nothing_is_left_after_many_derivations);
	return run(suite);
}

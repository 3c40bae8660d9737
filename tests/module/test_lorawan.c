/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lorawan.c: a LoRaWAN join server. A join is served from end to end, and no operation with a
 * root key gives more than the messages of a join.
 */
#include <signal.h>
#include <sys/mman.h>

#include "harness.h"

#define ROOT "01020304050607080102030405060708"

static uint8_t root_value[16];
static CK_OBJECT_HANDLE root, device, made;
static KEYDIV_PARAMETER p;
static uint8_t out[64];
static CK_ULONG out_n;

#define WHOLE_LIST                                                                                 \
	ALLOWED(CKM_KEYDIV_LORAWAN_SESSION_KEY, CKM_KEYDIV_LORAWAN_DEVICE_KEY,                     \
		CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT)

/* The root key in the token, and the same key in the device, which may do everything. */
static void start(void)
{
	user();
	unhex(ROOT, root_value);
	root = import(CKK_AES, root_value, 16,
		T(YES(CKA_DERIVE), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN), WHOLE_LIST));
	device = import(CKK_AES, root_value, 16, T(YES(CKA_ENCRYPT), YES(CKA_SIGN)));
	made = 0xABCD;
}

/* A root key whose children may be read. */
static CK_OBJECT_HANDLE open_root(void)
{
	return import(CKK_AES, root_value, 16, T(OPEN_MASTER, WHOLE_LIST));
}

/* --- Calls --- */

static CK_RV sign(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, const void *data, CK_ULONG n)
{
	CK_RV rv = f->C_SignInit(s, MECH(type), key);

	out_n = sizeof out;
	return rv != CKR_OK ? rv : f->C_Sign(s, (CK_BYTE *)(uintptr_t)data, n, out, &out_n);
}

static CK_RV verify(CK_OBJECT_HANDLE key, const void *data, CK_ULONG n, const void *mic)
{
	CK_RV rv = f->C_VerifyInit(s, MECH(CKM_KEYDIV_LORAWAN_MIC), key);

	return rv != CKR_OK ? rv
			    : f->C_Verify(s, (CK_BYTE *)(uintptr_t)data, n,
				      (CK_BYTE *)(uintptr_t)mic, 4);
}

static CK_RV encrypt(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, const void *data, CK_ULONG n)
{
	CK_RV rv = f->C_EncryptInit(s, MECH(type), key);

	out_n = sizeof out;
	return rv != CKR_OK ? rv : f->C_Encrypt(s, (CK_BYTE *)(uintptr_t)data, n, out, &out_n);
}

static CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);

	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

static void put(uint8_t tag, const char *hex)
{
	uint8_t value[16];

	keydiv_put(&p, tag, value, unhex(hex, value));
}

/* The fields of session key NUMBER of the join in tests/vectors/lorawan.txt. */
static void session_fields(const char *number, bool v11)
{
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, number);
	put(KEYDIV_JOIN_NONCE, "010000");
	if (v11)
		put(KEYDIV_JOIN_EUI, "0807060504030201");
	else
		put(KEYDIV_NET_ID, "010203");
	put(KEYDIV_DEV_NONCE, "0102");
}

/* The join-server key NUMBER of the device, 05 JSEncKey or 06 JSIntKey. */
static CK_OBJECT_HANDLE server_key(const char *number)
{
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, number);
	put(KEYDIV_DEV_EUI, "1112131415161718");
	ok(derive(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root, T(YES(CKA_DERIVE))));
	return made;
}

/* --- A join, from end to end --- */

/* JoinEUI and DevEUI LSB first, then DevNonce 0102 LSB first. */
static const uint8_t request[19] = {
	0x00, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x02, 0x01};

/* MHDR, JoinNonce 010000, NetID 010203, DevAddr, DLSettings, RxDelay. */
static const uint8_t accept[13] = {0x20, 0, 0, 1, 3, 2, 1, 4, 3, 2, 1, 0x80, 1};

static void check_request(void)
{
	uint8_t mic[4];

	ok(sign(CKM_AES_CMAC, device, request, sizeof request));
	memcpy(mic, out, 4);
	ok(verify(root, request, sizeof request, mic));
	mic[3] ^= 1;
	gives(CKR_SIGNATURE_INVALID, verify(root, request, sizeof request, mic));
}

/* Make the accept, with a MIC over N bytes at MESSAGE by KEY, and let the device read it. */
static void send_accept(CK_OBJECT_HANDLE key, const uint8_t *message, CK_ULONG n)
{
	uint8_t plain[16];

	ok(sign(CKM_KEYDIV_LORAWAN_MIC, key, message, n));
	holds(out_n == 4);
	memcpy(plain, accept + 1, 12);
	memcpy(plain + 12, out, 4);
	ok(encrypt(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, root, plain, 16));
	holds(out_n == 16 && memcmp(out, plain, 16) != 0);
	ok(encrypt(CKM_AES_ECB, device, out, 16));
	holds(memcmp(out, plain, 16) == 0);
}

/* Derive a session key from BASE and send the key to the network server in a KeyEnvelope. */
static void send_key(CK_OBJECT_HANDLE kek, CK_OBJECT_HANDLE base, const char *number, bool v11,
	const char *envelope)
{
	uint8_t expected[24];

	session_fields(number, v11);
	ok(derive(CKM_KEYDIV_LORAWAN_SESSION_KEY, base, T(YES(CKA_EXTRACTABLE))));
	out_n = sizeof out;
	ok(f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP), kek, made, out, &out_n));
	holds(out_n == 24);
	if (envelope == NULL)
		return;
	unhex(envelope, expected);
	holds(memcmp(out, expected, 24) == 0);
}

static CK_OBJECT_HANDLE network_server_key(void)
{
	static const uint8_t zeros[16];

	return import(CKK_AES, zeros, 16, T(YES(CKA_WRAP)));
}

START_TEST(join_1_0)
{
	CK_OBJECT_HANDLE kek = network_server_key();

	check_request();
	send_accept(root, accept, sizeof accept);
	send_key(kek, root, "01", false, NULL);
	session_fields("02", false);
	ok(derive(CKM_KEYDIV_LORAWAN_SESSION_KEY, open_root(), T(READABLE, YES(CKA_DECRYPT))));
	value_is(made, "927b9c911183cffe4cb2ff4b75545f6d");
}
END_TEST

START_TEST(join_1_1)
{
	static const uint8_t zeros[16];
	uint8_t message[24] = {0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 0x02, 0x01};
	CK_OBJECT_HANDLE kek = network_server_key(), js_int_key = server_key("06"),
			 app_key = import(CKK_AES, zeros, 16,
				 T(YES(CKA_DERIVE), YES(CKA_KEYDIV_EXTRACTABLE_CHILDREN),
					 ALLOWED(CKM_KEYDIV_LORAWAN_SESSION_KEY)));

	check_request();
	memcpy(message + 11, accept, sizeof accept);
	send_accept(js_int_key, message, sizeof message);
	send_key(kek, root, "01", true, "5755e6c3241ee7e6646f0ffe87787a002cf9e4b083498f00");
	send_key(kek, root, "03", true, "f6b0b81f3d3029125591c0b0b88d76c93b48aca4041685d3");
	send_key(kek, root, "04", true, "4ee1ecdbbd9752ef6de28c41e9bdae2527cef1f2027f9df7");
	send_key(kek, app_key, "02", true, "f8d7c9fa37b0d1c6354e6db8e19d9d7ab4e5c7581e9f1e20");
}
END_TEST

/* A rejoin of type 1: its MIC is by JSIntKey, and its accept is encrypted under JSEncKey. */
START_TEST(rejoin)
{
	uint8_t message[20] = {0xC0, 1}, mic[4], plain[32] = {1, 2, 3};
	CK_OBJECT_HANDLE js_int_key = server_key("06"), js_enc_key = server_key("05");

	ok(sign(CKM_KEYDIV_LORAWAN_MIC, js_int_key, message, sizeof message));
	memcpy(mic, out, 4);
	ok(verify(js_int_key, message, sizeof message, mic));
	gives(CKR_SIGNATURE_INVALID, verify(js_enc_key, message, sizeof message, mic));
	ok(encrypt(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, js_enc_key, plain, 32));
	holds(out_n == 32);
}
END_TEST

/* --- Roles --- */

static const CK_ATTRIBUTE_TYPE usage[] = {
	CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE};
enum { CIPHER = 3, MAC = 3 << 2, DERIVES = 1 << 6 };

/* The usages that the result may have, one at a time, as bits of `usage`. */
static unsigned roles(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base)
{
	unsigned ret = 0;

	for (size_t i = 0; i < 7; i++) {
		CK_RV rv = derive(type, base, T(YES(usage[i])));
		if (rv != CKR_OK)
			gives(CKR_TEMPLATE_INCONSISTENT, rv);
		ret |= (unsigned)(rv == CKR_OK) << i;
	}
	ok(derive(type, base, NOTHING));
	return ret;
}

START_TEST(session_roles)
{
	static const struct {
		const char *number;
		bool v11;
		unsigned roles;
	} cases[] = {{"01", false, CIPHER | MAC}, {"02", false, CIPHER}, {"01", true, MAC},
		{"02", true, CIPHER}, {"03", true, MAC}, {"04", true, CIPHER}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		session_fields(cases[i].number, cases[i].v11);
		ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_SESSION_KEY, root), cases[i].roles);
	}
}
END_TEST

/* Put the fields of a FNwkSIntKey of 1.1. */
static void put_1_1(const char *join_eui, const char *dev_nonce)
{
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "01");
	put(KEYDIV_JOIN_NONCE, "010000");
	put(KEYDIV_JOIN_EUI, join_eui);
	put(KEYDIV_DEV_NONCE, dev_nonce);
}

/* A block of 1.1 that is also one of 1.0 gives the key with the role of 1.0, which encrypts. */
START_TEST(one_role_in_both_versions)
{
	CK_OBJECT_HANDLE base = open_root();
	uint8_t one[16], other[16];

	/* E(K, 01 || 000001 || 0C0B0A || 0201 || zeros) */
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "01");
	put(KEYDIV_JOIN_NONCE, "010000");
	put(KEYDIV_NET_ID, "0a0b0c");
	put(KEYDIV_DEV_NONCE, "0102");
	ok(derive(CKM_KEYDIV_LORAWAN_SESSION_KEY, base, T(READABLE)));
	holds(get_bytes(made, CKA_VALUE, one, sizeof one) == sizeof one);
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_SESSION_KEY, base), CIPHER | MAC);
	put_1_1("00000001020a0b0c", "0000");
	ok(derive(CKM_KEYDIV_LORAWAN_SESSION_KEY, base, T(READABLE)));
	holds(get_bytes(made, CKA_VALUE, other, sizeof other) == sizeof other);
	holds(memcmp(one, other, sizeof one) == 0);
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_SESSION_KEY, base), CIPHER | MAC);
	put_1_1("00000001020a0b0c", "0001");
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_SESSION_KEY, base), MAC);
	put_1_1("00000101020a0b0c", "0000");
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_SESSION_KEY, base), MAC);
}
END_TEST

/* The keys that derive have the lists of their level, and no more. */
START_TEST(device_and_multicast_roles)
{
	CK_MECHANISM_TYPE list[4];
	CK_OBJECT_HANDLE mc_root;

	holds(get_bytes(server_key("05"), CKA_ALLOWED_MECHANISMS, (uint8_t *)list, sizeof list) ==
			24 &&
		list[0] == CKM_KEYDIV_LORAWAN_MIC && list[1] == CKM_KEYDIV_LORAWAN_JOIN_ACCEPT &&
		list[2] == CKM_KEYDIV_WITH_DERIVED_KEY);
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root), DERIVES);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root,
			T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_LORAWAN_SESSION_KEY))));
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "11");
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root), DERIVES);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root,
			T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_LORAWAN_MIC))));
	ok(derive(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root, T(YES(CKA_DERIVE))));
	mc_root = made;
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "12");
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_MULTICAST_KEY, mc_root), CIPHER);
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "13");
	put(KEYDIV_MC_ADDR, "01020304");
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_MULTICAST_KEY, mc_root), CIPHER);
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "14");
	put(KEYDIV_MC_ADDR, "01020304");
	ck_assert_uint_eq(roles(CKM_KEYDIV_LORAWAN_MULTICAST_KEY, mc_root), CIPHER | MAC);
}
END_TEST

/* --- Messages --- */

static CK_ULONG active(void)
{
	CK_ULONG n = sizeof out;

	return f->C_SignFinal(s, out, &n) != CKR_OPERATION_NOT_INITIALIZED;
}

/* Other data ends the operation with CKR_DATA_INVALID, and no MIC is given out. */
START_TEST(other_data)
{
	static const uint8_t block[16] = {1, 0, 0, 1, 3, 2, 1, 2, 1};
	uint8_t data[64] = {0}, mic[4] = {0};

	for (CK_ULONG n = 0; n <= sizeof data; n++) {
		memset(out, 0xEE, sizeof out);
		CK_RV rv = sign(CKM_KEYDIV_LORAWAN_MIC, root, data, n);
		gives(n == 19 ? CKR_OK : CKR_DATA_INVALID, rv);
		holds(out[0] == 0xEE || n == 19);
		gives(n == 19 ? CKR_SIGNATURE_INVALID : CKR_DATA_INVALID,
			verify(root, data, n, mic));
		holds(!active());
	}
	/* the block of a session key, and the block of a check value */
	gives(CKR_DATA_INVALID, sign(CKM_KEYDIV_LORAWAN_MIC, root, block, 16));
	gives(CKR_DATA_INVALID, sign(CKM_KEYDIV_LORAWAN_MIC, root, data, 16));
	gives(CKR_ARGUMENTS_BAD, sign(CKM_KEYDIV_LORAWAN_MIC, root, NULL, 19));
	ok(f->C_VerifyInit(s, MECH(CKM_KEYDIV_LORAWAN_MIC), root));
	gives(CKR_SIGNATURE_LEN_RANGE, f->C_Verify(s, data, 19, mic, 3));
}
END_TEST

/* Sign N bytes at DATA in parts of SIZE bytes. */
static CK_RV sign_parts(const uint8_t *data, CK_ULONG n, CK_ULONG size)
{
	CK_RV rv = f->C_SignInit(s, MECH(CKM_KEYDIV_LORAWAN_MIC), root);

	for (CK_ULONG at = 0; rv == CKR_OK && at < n; at += size)
		rv = f->C_SignUpdate(
			s, (CK_BYTE *)(uintptr_t)data + at, n - at < size ? n - at : size);
	out_n = sizeof out;
	return rv != CKR_OK ? rv : f->C_SignFinal(s, out, &out_n);
}

START_TEST(mic_in_parts)
{
	uint8_t whole[4], long_data[100] = {0};

	ok(sign(CKM_KEYDIV_LORAWAN_MIC, root, request, sizeof request));
	memcpy(whole, out, 4);
	for (CK_ULONG size = 1; size <= sizeof request; size++) {
		ok(sign_parts(request, sizeof request, size));
		holds(out_n == 4 && memcmp(out, whole, 4) == 0);
	}
	for (CK_ULONG n = 0; n <= sizeof long_data; n++) {
		memset(out, 0xEE, sizeof out);
		gives(n == 19 ? CKR_OK : CKR_DATA_INVALID, sign_parts(long_data, n, 7));
		holds(out[0] == 0xEE || n == 19);
		holds(!active());
	}
	/* the length, and too little room, before the MIC */
	ok(f->C_SignInit(s, MECH(CKM_KEYDIV_LORAWAN_MIC), root));
	ok(f->C_SignUpdate(s, (CK_BYTE *)(uintptr_t)request, sizeof request));
	ok(f->C_SignFinal(s, NULL, &out_n));
	holds(out_n == 4);
	out_n = 3;
	gives(CKR_BUFFER_TOO_SMALL, f->C_SignFinal(s, out, &out_n));
	ok(f->C_SignFinal(s, out, &out_n));
	holds(memcmp(out, whole, 4) == 0);
	ok(f->C_VerifyInit(s, MECH(CKM_KEYDIV_LORAWAN_MIC), root));
	ok(f->C_VerifyUpdate(s, (CK_BYTE *)(uintptr_t)request, 10));
	ok(f->C_VerifyUpdate(s, (CK_BYTE *)(uintptr_t)request + 10, 9));
	ok(f->C_VerifyFinal(s, whole, 4));
}
END_TEST

START_TEST(lengths_of_accepts)
{
	uint8_t data[64] = {0};

	for (CK_ULONG n = 0; n <= sizeof data; n++) {
		bool good = n == 16 || n == 32;
		memset(out, 0xEE, sizeof out);
		CK_RV rv = encrypt(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, root, data, n);
		gives(good ? CKR_OK : CKR_DATA_LEN_RANGE, rv);
		holds(out[0] == 0xEE || good);
		gives(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptFinal(s, out, &out_n));
	}
}
END_TEST

/* Encrypt N bytes at DATA in parts of SIZE bytes. No part gives output before the last. */
static CK_RV encrypt_parts(const uint8_t *data, CK_ULONG n, CK_ULONG size)
{
	CK_RV rv = f->C_EncryptInit(s, MECH(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT), root);

	for (CK_ULONG at = 0; rv == CKR_OK && at < n; at += size) {
		out_n = sizeof out;
		rv = f->C_EncryptUpdate(s, (CK_BYTE *)(uintptr_t)data + at,
			n - at < size ? n - at : size, out, &out_n);
		holds(rv != CKR_OK || out_n == 0);
		holds(out[0] == 0xEE);
	}
	out_n = sizeof out;
	return rv != CKR_OK ? rv : f->C_EncryptFinal(s, out, &out_n);
}

START_TEST(accept_in_parts)
{
	uint8_t data[64] = {9, 8, 7}, whole[32];

	ok(encrypt(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, root, data, 32));
	memcpy(whole, out, 32);
	for (CK_ULONG size = 1; size <= 33; size++)
		for (CK_ULONG n = 0; n <= sizeof data; n++) {
			bool good = n == 16 || n == 32;
			memset(out, 0xEE, sizeof out);
			gives(good ? CKR_OK : CKR_DATA_LEN_RANGE, encrypt_parts(data, n, size));
			holds(good ? out_n == n && memcmp(out, whole, n) == 0 : out[0] == 0xEE);
		}
}
END_TEST

/* --- Keys --- */

START_TEST(which_keys)
{
	const CK_MECHANISM_TYPE mic = CKM_KEYDIV_LORAWAN_MIC,
				join_accept = CKM_KEYDIV_LORAWAN_JOIN_ACCEPT;
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG n;
		CK_RV rv;
	} cases[] = {{CKK_AES, 16, CKR_OK}, {CKK_AES, 24, CKR_KEY_SIZE_RANGE},
		{CKK_AES, 32, CKR_KEY_SIZE_RANGE}, {CKK_DES2, 16, CKR_KEY_TYPE_INCONSISTENT},
		{CKK_GENERIC_SECRET, 16, CKR_KEY_TYPE_INCONSISTENT}};
	uint8_t data[32] = {0}, mac[4];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CK_OBJECT_HANDLE key = import(cases[i].type, mk32, cases[i].n,
			T(YES(CKA_DERIVE), ALLOWED(mic, join_accept)));
		gives(cases[i].rv, sign(mic, key, data, 19));
		memcpy(mac, out, 4);
		gives(cases[i].rv, verify(key, data, 19, mac));
		gives(cases[i].rv, encrypt(join_accept, key, data, 16));
	}
	/* a key with every usage, and no CKA_DERIVE */
	CK_OBJECT_HANDLE uses = import(CKK_AES, mk, 16,
		T(YES(CKA_SIGN), YES(CKA_VERIFY), YES(CKA_ENCRYPT), ALLOWED(mic, join_accept)));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, sign(mic, uses, data, 19));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, verify(uses, data, 19, mac));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, encrypt(join_accept, uses, data, 16));
	/* masters whose list has one mechanism, or neither */
	gives(CKR_MECHANISM_INVALID, sign(mic, closed_master(), data, 19));
	gives(CKR_MECHANISM_INVALID, encrypt(join_accept, closed_master(), data, 16));
	uses = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), ALLOWED(mic)));
	gives(CKR_OK, sign(mic, uses, data, 19));
	gives(CKR_MECHANISM_INVALID, encrypt(join_accept, uses, data, 16));
	/* CKA_KEYDIV_USE_ONLY forbids key objects, and a MIC is none */
	uses = import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), YES(CKA_KEYDIV_USE_ONLY), WHOLE_LIST));
	gives(CKR_OK, sign(mic, uses, data, 19));
	gives(CKR_OK, encrypt(join_accept, uses, data, 16));
	session_fields("01", false);
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED,
		derive(CKM_KEYDIV_LORAWAN_SESSION_KEY, uses, NOTHING));
}
END_TEST

START_TEST(no_parameter)
{
	uint8_t byte = 0;

	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_SignInit(s, MECH_P(CKM_KEYDIV_LORAWAN_MIC, &byte, 1), root));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_VerifyInit(s, MECH_P(CKM_KEYDIV_LORAWAN_MIC, &byte, 1), root));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_EncryptInit(s, MECH_P(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, &byte, 1), root));
}
END_TEST

/* --- Attacks: what would show E(root, block), which is a session key --- */

START_TEST(no_other_function)
{
	const CK_MECHANISM_TYPE types[] = {CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT};

	for (size_t i = 0; i < 2; i++) {
		CK_MECHANISM m = {types[i], NULL, 0};
		gives(CKR_MECHANISM_INVALID, f->C_DecryptInit(s, &m, root));
		gives(CKR_MECHANISM_INVALID, f->C_DigestInit(s, &m));
		gives(CKR_MECHANISM_INVALID, f->C_DeriveKey(s, &m, root, NOTHING, &made));
		gives(CKR_MECHANISM_INVALID,
			f->C_WrapKey(s, &m, root, device, out, &(CK_ULONG){sizeof out}));
		gives(CKR_MECHANISM_INVALID, f->C_UnwrapKey(s, &m, root, out, 16, NOTHING, &made));
		gives(CKR_FUNCTION_NOT_SUPPORTED, f->C_SignRecoverInit(s, &m, root));
		gives(CKR_FUNCTION_NOT_SUPPORTED, f->C_VerifyRecoverInit(s, &m, root));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageEncryptInit(s, &m, root));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageDecryptInit(s, &m, root));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageSignInit(s, &m, root));
		gives(CKR_MECHANISM_INVALID, f3->C_MessageVerifyInit(s, &m, root));
	}
	gives(CKR_MECHANISM_INVALID, f->C_SignInit(s, MECH(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT), root));
	gives(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, MECH(CKM_KEYDIV_LORAWAN_MIC), root));
	/* nor do the ordinary mechanisms take a root key */
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_EncryptInit(s, MECH(CKM_AES_ECB), root));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_DecryptInit(s, MECH(CKM_AES_ECB), root));
	gives(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, MECH(CKM_AES_CMAC), root));
	holds(made == 0xABCD);
}
END_TEST

/*
 * The message of an attacker, who changes the message between the check and the MIC. The second
 * half of the first block is in a page that cannot be read. The first read of that page makes the
 * page readable, and the message another.
 */
static uint8_t *changing;
static long page;

static void change(int number)
{
	(void)number;
	changing[0] = 0x01;
	mprotect(changing + 8, (size_t)page, PROT_READ | PROT_WRITE);
}

START_TEST(a_message_that_changes)
{
	struct sigaction action = {.sa_handler = change}, before;
	uint8_t right[4];

	page = sysconf(_SC_PAGESIZE);
	uint8_t *pages = mmap(
		NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(pages, MAP_FAILED);
	changing = pages + page - 8;
	ok(sign(CKM_KEYDIV_LORAWAN_MIC, root, changing, 19));
	memcpy(right, out, 4);
	ck_assert_int_eq(mprotect(pages + page, (size_t)page, PROT_NONE), 0);
	ck_assert_int_eq(sigaction(SIGSEGV, &action, &before), 0);
	CK_RV rv = sign(CKM_KEYDIV_LORAWAN_MIC, root, changing, 19);
	sigaction(SIGSEGV, &before, NULL);
	holds(changing[0] == 0x01);
	holds(rv == CKR_DATA_INVALID || (rv == CKR_OK && memcmp(out, right, 4) == 0));
	munmap(pages, 2 * (size_t)page);
}
END_TEST

/* WITH_DERIVED_KEY with DERIVATION and OPERATION, and the fields of a session key. */
static CK_RV use(CK_MECHANISM_TYPE derivation, CK_MECHANISM_TYPE operation, bool cipher)
{
	CK_OBJECT_HANDLE base = import(CKK_AES, mk, 16,
		T(YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_LORAWAN_SESSION_KEY, CKM_KEYDIV_LORAWAN_DEVICE_KEY,
				CKM_KEYDIV_LORAWAN_MIC, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT,
				CKM_KEYDIV_WITH_DERIVED_KEY)));

	session_fields("01", false);
	keydiv_put_type(&p, KEYDIV_DERIVATION, derivation);
	keydiv_put_type(&p, KEYDIV_OPERATION, operation);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	return cipher ? f->C_EncryptInit(s, &m, base) : f->C_SignInit(s, &m, base);
}

START_TEST(not_with_derived_keys)
{
	const CK_MECHANISM_TYPE session = CKM_KEYDIV_LORAWAN_SESSION_KEY;

	gives(CKR_MECHANISM_PARAM_INVALID, use(session, CKM_KEYDIV_LORAWAN_MIC, false));
	gives(CKR_MECHANISM_PARAM_INVALID, use(session, CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, true));
	gives(CKR_MECHANISM_PARAM_INVALID, use(CKM_KEYDIV_LORAWAN_MIC, CKM_AES_CMAC, false));
	gives(CKR_MECHANISM_PARAM_INVALID,
		use(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, CKM_AES_CMAC, false));
	gives(CKR_MECHANISM_PARAM_INVALID, use(CKM_KEYDIV_LORAWAN_DEVICE_KEY, CKM_AES_CMAC, false));
	ok(use(session, CKM_AES_CMAC, false));
}
END_TEST

/* The list of a root key has nothing that computes a block or a CMAC of the caller's choice. */
START_TEST(no_other_list)
{
	static const CK_MECHANISM_TYPE others[] = {CKM_KEYDIV_CMAC, CKM_KEYDIV_DEVICE_KEY,
		CKM_KEYDIV_AN10922, CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CMAC, CKM_AES_ECB,
		CKM_KEYDIV_OSDP_SCBK, CKM_KEYDIV_LORAWAN_MULTICAST_KEY, 0x12345};
	static const CK_MECHANISM_TYPE ours[] = {CKM_KEYDIV_LORAWAN_SESSION_KEY,
		CKM_KEYDIV_LORAWAN_DEVICE_KEY, CKM_KEYDIV_LORAWAN_MIC,
		CKM_KEYDIV_LORAWAN_JOIN_ACCEPT};

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		for (size_t j = 0; j < sizeof others / sizeof *others; j++)
			gives(CKR_TEMPLATE_INCONSISTENT,
				try_import(CKK_AES, mk, 16,
					T(YES(CKA_DERIVE), ALLOWED(ours[i], others[j])), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		f->C_CopyObject(s, root, T(YES(CKA_ENCRYPT), YES(CKA_SIGN)), &made));
	gives(CKR_TEMPLATE_INCONSISTENT,
		try_import(CKK_AES, mk, 16,
			T(YES(CKA_DERIVE), YES(CKA_SIGN), ALLOWED(CKM_KEYDIV_LORAWAN_MIC)), &made));
	holds(made == 0xABCD);
}
END_TEST

/*
 * E(root, 0) is the McRootKey of a GenAppKey, and E(McRootKey, 0) is McKEKey. The check values of
 * such keys must not show three bytes of them.
 */
START_TEST(check_values)
{
	uint8_t kcv[3], idle[3], block[16] = {0};

	ok(encrypt(CKM_AES_ECB, device, block, 16));
	get_bytes(root, CKA_CHECK_VALUE, kcv, 3);
	holds(memcmp(kcv, out, 3) != 0);
	keydiv_start(&p);
	put(KEYDIV_LORAWAN_KEY, "10");
	ok(derive(CKM_KEYDIV_LORAWAN_DEVICE_KEY, root, T(YES(CKA_DERIVE))));
	get_bytes(made, CKA_CHECK_VALUE, kcv, 3);
	ok(derive(CKM_KEYDIV_LORAWAN_DEVICE_KEY, open_root(), T(READABLE)));
	get_bytes(made, CKA_CHECK_VALUE, idle, 3);
	holds(memcmp(kcv, idle, 3) == 0);
	get_bytes(made, CKA_VALUE, block, 16);
	CK_OBJECT_HANDLE mc_root = import(CKK_AES, block, 16, T(YES(CKA_ENCRYPT)));
	memset(block, 0, sizeof block);
	ok(encrypt(CKM_AES_ECB, mc_root, block, 16));
	holds(memcmp(kcv, out, 3) != 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("LoRaWAN");
	TCase *tc = add_case(suite, "LoRaWAN", start);

	tcase_add_test(tc, join_1_0);
	tcase_add_test(tc, join_1_1);
	tcase_add_test(tc, rejoin);
	tcase_add_test(tc, session_roles);
	tcase_add_test(tc, one_role_in_both_versions);
	tcase_add_test(tc, device_and_multicast_roles);
	tcase_add_test(tc, other_data);
	tcase_add_test(tc, mic_in_parts);
	tcase_add_test(tc, lengths_of_accepts);
	tcase_add_test(tc, accept_in_parts);
	tcase_add_test(tc, which_keys);
	tcase_add_test(tc, no_parameter);
	tcase_add_test(tc, no_other_function);
	tcase_add_test(tc, not_with_derived_keys);
	tcase_add_test(tc, a_message_that_changes);
	tcase_add_test(tc, no_other_list);
	tcase_add_test(tc, check_values);
	return run(suite);
}

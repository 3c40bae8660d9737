/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_key_block.c: key blocks through C_WrapKey and C_UnwrapKey: published blocks, output buffers,
 * and input that is no key block. tests/unit/test_key_block.c tests what the log says.
 */
#include "harness.h"

#define FOR_BLOCKS YES(CKA_WRAP), YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK)
#define BLOCK 144 /* characters of a block of an AES key under AES without optional blocks */

static CK_OBJECT_HANDLE kbpk, key, made;
static uint8_t block[10000];
static CK_ULONG n;

static void keys(void)
{
	user();
	kbpk = import(CKK_AES, mk32, 32, T(FOR_BLOCKS));
	key = import(CKK_AES, mk, 16, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
	made = 0xABCD;
}

static CK_RV wrap(const char *header, CK_BYTE *out, CK_ULONG *out_len)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m = {CKM_KEYDIV_KEY_BLOCK, NULL, 0};

	if (header != NULL) {
		keydiv_put(&p, KEYDIV_KEY_BLOCK_HEADER, header, strlen(header));
		m = keydiv_mechanism(CKM_KEYDIV_KEY_BLOCK, &p);
	}
	return f->C_WrapKey(s, &m, kbpk, key, out, out_len);
}

static CK_RV unwrap(CK_OBJECT_HANDLE with)
{
	return f->C_UnwrapKey(s, MECH(CKM_KEYDIV_KEY_BLOCK), with, block, n, NOTHING, &made);
}

/* The check value of KEY is that of the N bytes in HEX as a key of TYPE. */
static void value_of(CK_OBJECT_HANDLE object, CK_KEY_TYPE type, const char *hex, CK_ULONG length)
{
	uint8_t value[32], a[3], b[3];

	unhex(hex, value);
	CK_OBJECT_HANDLE same = import(type, value, length, T(YES(CKA_ENCRYPT)));
	holds(get_bytes(object, CKA_CHECK_VALUE, a, 3) == 3);
	holds(get_bytes(same, CKA_CHECK_VALUE, b, 3) == 3 && memcmp(a, b, 3) == 0);
	holds(get_ulong(object, CKA_VALUE_LEN) == length);
	holds(get_ulong(object, CKA_KEY_TYPE) == type);
}

/* TR-31:2018 A.7.2.1, A.7.2.2, A.7.4, ANSI X9.143:2021 8.1. */
START_TEST(published_blocks)
{
	static const struct {
		CK_KEY_TYPE kbpk_type, type;
		CK_ULONG kbpk_n;
		const char *kbpk, *value, *block;
	} cases[] = {
		{CKK_DES2, CKK_DES2, 16, "89E88CF7931444F334BD7547FC3F380C",
			"F039121BEC83D26B169BDCD5B22AAF8F",
			"A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701"},
		{CKK_DES2, CKK_DES2, 16, "DD7515F2BFC17F85CE48F3CA25CB21F6",
			"3F419E1CB7079442AA37474C2EFBF8B8",
			"B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B"
			"8A248E"},
		{CKK_AES, CKK_AES, 32,
			"88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
			"3F419E1CB7079442AA37474C2EFBF8B8",
			"D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C0"
			"7156A27E8E31DA05F7425509593D03A457DC34"},
		{CKK_AES, CKK_AES, 32,
			"88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
			"3F419E1CB7079442AA37474C2EFBF8B8",
			"D0144P0AE00E00002C77FA3F4A553BED6E88AE5C172A4166E3D4ACA8E2AC71C158A476FAC1"
			"2C13C3829DE55D3AB54C48F4C4FEF7AC75E90FC47F1B77E7B19A73ED46E64410082557"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t value[32];
		unhex(cases[i].kbpk, value);
		CK_OBJECT_HANDLE with = import(cases[i].kbpk_type, value, cases[i].kbpk_n,
			T(YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK)));
		n = strlen(cases[i].block);
		memcpy(block, cases[i].block, n);
		ok(unwrap(with));
		value_of(made, cases[i].type, cases[i].value, 16);
		holds(get_bool(made, CKA_ENCRYPT) && !get_bool(made, CKA_DECRYPT));
		holds(get_bool(made, CKA_SENSITIVE) && !get_bool(made, CKA_EXTRACTABLE) &&
			get_bool(made, CKA_WRAP_WITH_TRUSTED));
		for (size_t at = 0; at < n; at++) { /* each character changed once */
			uint8_t before = block[at];
			block[at] = before == 'A' ? 'B' : 'A';
			gives(CKR_WRAPPED_KEY_INVALID, unwrap(with));
			block[at] = before;
		}
	}
}
END_TEST

/* The length is known before, and nothing is written unless the block fits. */
START_TEST(output_buffers)
{
	static const char header[] = "D0000D0AB00N0100LB08name";
	const char *headers[] = {NULL, header};
	const CK_ULONG lengths[] = {BLOCK, BLOCK + 16};

	for (int i = 0; i < 2; i++) {
		CK_ULONG length = 0;
		ok(wrap(headers[i], NULL, &length));
		holds(length == lengths[i]);
		memset(block, 0x5a, sizeof block);
		for (n = 0; n < length; n += n + 16 < length ? 16 : 1) {
			CK_ULONG room = n;
			gives(CKR_BUFFER_TOO_SMALL, wrap(headers[i], block, &room));
			holds(room == length && block[0] == 0x5a && block[length - 1] == 0x5a);
		}
		n = length;
		ok(wrap(headers[i], block, &n));
		holds(n == length && block[length] == 0x5a);
		ok(unwrap(kbpk));
		value_of(made, CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", 16);
		n = sizeof block;
		ok(wrap(headers[i], block, &n));
		holds(n == length);
	}
}
END_TEST

START_TEST(bad_blocks)
{
	static const CK_ULONG lengths[] = {
		0, 1, 15, 16, 17, 47, 48, 143, 145, 160, 9992, 9993, 10000};
	CK_OBJECT_HANDLE other = import(CKK_AES, mk32 + 1, 24, T(FOR_BLOCKS)),
			 by_des = import(CKK_DES3, mk32, 24, T(FOR_BLOCKS));
	uint8_t good[BLOCK];
	CK_ULONG before, i;

	n = sizeof block;
	ok(wrap(NULL, block, &n));
	holds(n == BLOCK);
	memcpy(good, block, BLOCK);
	before = find(s, NOTHING, NULL, 0);
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(other));
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(by_des));
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memset(block, 'A', sizeof block);
		memcpy(block, good, BLOCK);
		n = lengths[i];
		gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk));
	}
	n = BLOCK;
	for (i = 0; i < 256; i += 5) { /* all kinds of bytes in all kinds of places */
		memcpy(block, good, BLOCK);
		block[(i * 7) % BLOCK] ^= (uint8_t)(i | 0x81);
		gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk));
	}
	memcpy(block, good, BLOCK);
	for (i = 16; i < BLOCK; i++) /* the same bytes in small letters */
		if (block[i] >= 'A')
			block[i] |= 0x20;
	gives(CKR_WRAPPED_KEY_INVALID, unwrap(kbpk));
	holds(made == 0xABCD && find(s, NOTHING, NULL, 0) == before);
	memcpy(block, good, BLOCK);
	ok(unwrap(kbpk));
}
END_TEST

START_TEST(bad_headers)
{
	static const char *const bad[] = {"", "D0000D0AB00N000", "D0000D0AB00N0000 ",
		"A0000D0AB00N0000", "B0000D0AB00N0000", "Z0000D0AB00N0000", "D0000D0AB00N0100",
		"D0000D0AB00N0100LB06abcd", "D0000D0AB00N0100LB0Aabcd",
		"D0000D0AB00N0100LB0004FFFF", "D0000D0AB00N000\xc3\xa9", "D0000D0AB00X0000",
		"D0000D0ABc0N0000", "D0000D0AE00N0000", "D0000M7HC00N0000"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memset(block, 0x5a, sizeof block);
		n = sizeof block;
		gives(CKR_MECHANISM_PARAM_INVALID, wrap(bad[i], block, &n));
		gives(CKR_MECHANISM_PARAM_INVALID, wrap(bad[i], NULL, &n));
		holds(block[0] == 0x5a);
	}
}
END_TEST

/* C_WrapKey takes the field KEY_BLOCK_HEADER and no other parameter. */
START_TEST(other_parameters)
{
	static const uint8_t device[] = {KEYDIV_DEVICE, 0, 1, 'x'};

	n = sizeof block;
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_KEYDIV_KEY_BLOCK, device, sizeof device), kbpk, key,
			block, &n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_KEYDIV_KEY_BLOCK, "D0000D0AB00N0000", 16), kbpk, key,
			block, &n));
	gives(CKR_MECHANISM_PARAM_INVALID,
		f->C_WrapKey(s, MECH_P(CKM_KEYDIV_KEY_BLOCK, NULL, 16), kbpk, key, block, &n));
	static const uint8_t long_one[1 << 20] = {KEYDIV_KEY_BLOCK_HEADER, 0x10};
	static const CK_ULONG lengths[] = {4097, sizeof long_one};
	for (int i = 0; i < 2; i++)
		gives(CKR_MECHANISM_PARAM_INVALID,
			f->C_WrapKey(s, MECH_P(CKM_KEYDIV_KEY_BLOCK, long_one, lengths[i]), kbpk,
				key, block, &n));
}
END_TEST

/* A session whose first call unwraps, and one whose first call wraps. */
START_TEST(the_first_call_of_a_session)
{
	const CK_SESSION_HANDLE first = s;

	n = sizeof block;
	ok(wrap(NULL, block, &n));
	for (int i = 0; i < 2; i++) {
		s = open_session(CKF_RW_SESSION);
		ok(i == 0 ? unwrap(kbpk) : wrap(NULL, block, &n));
		ok(f->C_CloseSession(s));
	}
	s = first;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_block");
	TCase *tc = add_case(suite, "key_block", keys);

	tcase_add_test(tc, published_blocks);
	tcase_add_test(tc, output_buffers);
	tcase_add_test(tc, bad_blocks);
	tcase_add_test(tc, bad_headers);
	tcase_add_test(tc, other_parameters);
	tcase_add_test(tc, the_first_call_of_a_session);
	return run(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_softhsm_kdf.c: our derived keys are what SoftHSM2 computes with CKM_AES_CMAC over the input
 * that mechanisms/README.md gives.
 */
#include "second.h"

static KEYDIV_PARAMETER p;
static CK_OBJECT_HANDLE ours, theirs;
static uint8_t master[32];
static size_t master_length;

static void new_master(CK_MECHANISM_TYPE allowed)
{
	if (ours) {
		ok(f->C_DestroyObject(s, ours));
		ok(g->C_DestroyObject(gs, theirs));
	}
	master_length = 16 + 8 * below(3);
	draw(master, sizeof master);
	ours = import(CKK_AES, master, master_length, T(OPEN_MASTER, ALLOWED(allowed)));
	theirs = import_there(CKK_AES, master, master_length, CKA_SIGN);
}

static void put_random(unsigned char tag, size_t min, size_t max)
{
	uint8_t bytes[2048];
	size_t n = min + below(max - min + 1);

	draw(bytes, n);
	keydiv_put(&p, tag, bytes, n);
}

static void maybe(unsigned char tag, size_t min, size_t max)
{
	if (below(2))
		put_random(tag, min, max);
}

static void cmac_there(CK_OBJECT_HANDLE key, const uint8_t *message, size_t n, uint8_t *ret)
{
	CK_ULONG length = 16;

	ok(g->C_SignInit(gs, MECH(CKM_AES_CMAC), key));
	ok(g->C_Sign(gs, (CK_BYTE_PTR)message, n, ret, &length));
	ck_assert_uint_eq(length, 16);
}

/* Section 3: block i = CMAC(K, [i]32 || label || 00 || context || [bits]32). */
static void kdf_there(CK_OBJECT_HANDLE key, const char *label, const uint8_t *context,
	size_t context_length, size_t length, uint8_t *ret)
{
	uint8_t input[4200], block[16];
	size_t n, i, done, label_length = strlen(label);

	for (i = 1, done = 0; done < length; i++, done += 16) {
		memcpy(input, (uint8_t[]){0, 0, 0, (uint8_t)i}, 4);
		memcpy(input + 4, label, label_length + 1);
		n = 4 + label_length + 1;
		memcpy(input + n, context, context_length);
		n += context_length;
		memcpy(input + n,
			(uint8_t[]){0, 0, (uint8_t)(length * 8 >> 8), (uint8_t)(length * 8)}, 4);
		cmac_there(key, input, n + 4, block);
		memcpy(ret + done, block, length - done < 16 ? length - done : 16);
	}
}

static void same(CK_MECHANISM_TYPE type, CK_ULONG length, const uint8_t *wanted)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);
	CK_KEY_TYPE key_type = length <= 32 && length % 8 == 0 ? CKK_AES : CKK_GENERIC_SECRET;
	CK_OBJECT_HANDLE child;
	uint8_t got[64];

	ok(f->C_DeriveKey(s, &m, ours, T(READABLE, TYPE(key_type), LENGTH(length)), &child));
	ck_assert_uint_eq(get_bytes(child, CKA_VALUE, got, sizeof got), length);
	ck_assert_mem_eq(got, wanted, length);
	ok(f->C_DestroyObject(s, child));
}

static CK_ULONG random_length(void)
{
	static const CK_ULONG lengths[] = {16, 24, 32, 17, 33, 48, 64};

	return lengths[below(7)];
}

START_TEST(kdf_of_one_step)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		const char *label;
	} m[] = {{CKM_KEYDIV_DEVICE_KEY, "device"}, {CKM_KEYDIV_MESSAGE_KEY, "message"},
		{CKM_KEYDIV_SESSION_KEY, "session"}, {CKM_KEYDIV_DATA_KEY, "data"}};
	uint8_t wanted[64];
	CK_ULONG length;
	int i;

	for (i = 0; i < 1500; i++) {
		if (i % 20 == 0)
			new_master(m[_i].type);
		keydiv_start(&p);
		if (_i == 0) {
			put_random(KEYDIV_DEVICE, 1, 128);
			maybe(KEYDIV_SALT, 8, 64);
			maybe(KEYDIV_PURPOSE, 1, 32);
		} else if (_i == 1) {
			put_random(KEYDIV_COUNTER, 8, 8);
			maybe(KEYDIV_MESSAGE_PURPOSE, 1, 32);
		} else if (_i == 2) {
			put_random(KEYDIV_INITIATOR_NONCE, 8, 64);
			put_random(KEYDIV_RESPONDER_NONCE, 8, 64);
			maybe(KEYDIV_SESSION_PURPOSE, 1, 32);
		} else {
			put_random(KEYDIV_NONCE, 16, 64);
			maybe(KEYDIV_ENCRYPTION_CONTEXT, 1, 2048);
		}
		length = random_length();
		kdf_there(theirs, m[_i].label, p.bytes, p.length, length, wanted);
		same(m[_i].type, length, wanted);
	}
}
END_TEST

START_TEST(kdf_of_two_steps)
{
	/* The inner device key has the length of the master. */
	uint8_t inner[32], wanted[64];
	CK_OBJECT_HANDLE inner_key;
	CK_ULONG length;
	size_t first;
	int i;
	CK_MECHANISM_TYPE type = _i ? CKM_KEYDIV_DEVICE_SESSION_KEY : CKM_KEYDIV_DEVICE_MESSAGE_KEY;

	for (i = 0; i < 500; i++) {
		if (i % 20 == 0)
			new_master(type);
		keydiv_start(&p);
		put_random(KEYDIV_DEVICE, 1, 128);
		maybe(KEYDIV_SALT, 8, 64);
		maybe(KEYDIV_PURPOSE, 1, 32);
		first = p.length;
		kdf_there(theirs, "device", p.bytes, first, master_length, inner);
		inner_key = import_there(CKK_AES, inner, master_length, CKA_SIGN);
		if (_i == 0) {
			put_random(KEYDIV_COUNTER, 8, 8);
			maybe(KEYDIV_MESSAGE_PURPOSE, 1, 32);
		} else {
			put_random(KEYDIV_INITIATOR_NONCE, 8, 64);
			put_random(KEYDIV_RESPONDER_NONCE, 8, 64);
			maybe(KEYDIV_SESSION_PURPOSE, 1, 32);
		}
		length = random_length();
		kdf_there(inner_key, _i ? "session" : "message", p.bytes + first, p.length - first,
			length, wanted);
		ok(g->C_DestroyObject(gs, inner_key));
		same(type, length, wanted);
	}
}
END_TEST

START_TEST(plain_cmac)
{
	uint8_t wanted[16];
	int i;

	for (i = 0; i < 1000; i++) {
		if (i % 20 == 0)
			new_master(CKM_KEYDIV_CMAC);
		keydiv_start(&p);
		put_random(KEYDIV_MESSAGE, 1, i % 2 ? 64 : 2000);
		cmac_there(theirs, p.bytes + 3, p.length - 3, wanted);
		same(CKM_KEYDIV_CMAC, 16, wanted);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("SoftHSM2 KDF");
	TCase *tc = tcase_create("kdf");

	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_checked_fixture(tc, both, second_finish);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, kdf_of_one_step, 0, 4);
	tcase_add_loop_test(tc, kdf_of_two_steps, 0, 2);
	tcase_add_test(tc, plain_cmac);
	return run(suite);
}

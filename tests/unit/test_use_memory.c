/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_use_memory.c: an operation of WITH_DERIVED_KEY allocates no memory once a session has done
 * the same before. This program counts the allocations of the C library, also of libcrypto. HMAC is
 * not here, because libcrypto allocates the key of every HMAC.
 */
#include "replaced_allocator.h"
#include "token_support.h"

static long allocations;

static bool fails(void)
{
	allocations++;
	return false;
}

static const struct row {
	CK_MECHANISM_TYPE type;
	bool mac;
	unsigned iv;
} rows[] = {
	{CKM_AES_CMAC, true, 0},
	{CKM_AES_GMAC, true, 12},
	{CKM_DES3_CMAC, true, 0},
	{CKM_AES_GCM, false, 12},
	{CKM_AES_CCM, false, 12},
	{CKM_AES_CTR, false, 16},
	{CKM_AES_CBC, false, 16},
	{CKM_AES_CBC_PAD, false, 16},
	{CKM_DES3_CBC, false, 8},
};

static CK_OBJECT_HANDLE master;
static uint8_t text[48] = "a message of three blocks", out[80], back[80];

static void number(KEYDIV_PARAMETER *p, unsigned char tag, CK_ULONG value)
{
	uint8_t bytes[4];

	put_be32(bytes, (uint32_t)value);
	keydiv_put(p, tag, bytes, sizeof bytes);
}

/* Note a failure. The macros of Check allocate memory. */
static CK_RV first_failure;

static void good(CK_RV rv)
{
	if (rv != CKR_OK && first_failure == CKR_OK)
		first_failure = rv;
}

static void run_mac(CK_MECHANISM *m)
{
	CK_ULONG n = sizeof out;

	good(IN(rw, sign_init(s, m, master)));
	good(IN(rw, sign_single(s, text, sizeof text, out, &n)));
	good(IN(rw, verify_init(s, m, master)));
	good(IN(rw, verify_update(s, text, 5)));
	good(IN(rw, verify_update(s, text + 5, sizeof text - 5)));
	good(IN(rw, verify_final(s, out, n)));
	good(IN(rw, message_mac_init(s, false, m, master)));
	for (int i = 0; i < 3; i++)
		good(IN(rw, message_verify(s, NULL, 0, text, sizeof text, out, n)));
	good(IN(rw, message_mac_final(s, false)));
}

static void run_cipher(CK_MECHANISM *m)
{
	CK_ULONG n = sizeof out, last, back_n = sizeof back;

	good(IN(rw, encrypt_init(s, m, master)));
	good(IN(rw, encrypt_update(s, text, sizeof text, out, &n)));
	last = sizeof out - n;
	good(IN(rw, encrypt_final(s, out + n, &last)));
	n += last;
	good(IN(rw, decrypt_init(s, m, master)));
	good(IN(rw, decrypt_single(s, out, n, back, &back_n)));
	good(back_n == sizeof text && memcmp(back, text, sizeof text) == 0 ? CKR_OK
									   : CKR_GENERAL_ERROR);
	good(IN(rw, message_init(s, false, m, master)));
	for (int i = 0; i < 3; i++) {
		back_n = sizeof back;
		good(IN(rw, message_single(s, false, NULL, 0, NULL, 0, out, n, back, &back_n)));
	}
	good(IN(rw, message_final(s, false)));
}

START_TEST(the_second_time_allocates_nothing)
{
	const struct row *row = &rows[_i];
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	long before = 0;

	user_token();
	master = make(rw, T(AES_MK, YES(CKA_DERIVE)));
	keydiv_put(&p, KEYDIV_DEVICE, "1", 1);
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	number(&p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	number(&p, KEYDIV_OPERATION, row->type);
	if (row->iv > 0)
		keydiv_put(&p, KEYDIV_IV, "0123456789abcdef", row->iv);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	for (int round = 0; round < 10; round++) {
		if (round == 3)
			before = allocations;
		row->mac ? run_mac(&m) : run_cipher(&m);
	}
	long after = allocations;
	ck_ok(first_failure);
	ck_assert_int_gt(before, 0);
	ck_assert_int_eq(after, before);
	tear_down();
}
END_TEST

int main(void)
{
	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return 77; /* valgrind has an allocator of its own */
	Suite *suite = suite_create("use_memory");
	TCase *tc = tcase_create("use_memory");

	tcase_add_loop_test(
		tc, the_second_time_allocates_nothing, 0, (int)(sizeof rows / sizeof rows[0]));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

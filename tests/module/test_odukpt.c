/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_odukpt.c: O-DUKPT through the module: server and client agree, levels hold, and nothing of a
 * state gets out.
 */
#include "odukpt.h"

START_TEST(published_answers)
{
	static const struct {
		unsigned char r, n;
		uint64_t number;
		const char *purpose, *value;
	} answers[] = {{3, 3, 0, NULL, "c7c0b73702ef66b95bb7a696e370a6aa"},
		{3, 3, 1, NULL, "c33a312d4d86f3edc369b1d386b29b73"},
		{3, 3, 3, NULL, "8218a399d18d6bfa41e41222f97205c4"},
		{3, 3, 9, NULL, "b788273efa888a8b4e64e1ff1f7ee688"},
		{3, 3, 18, NULL, "8e6ff7d16e9f7f7d5668971568fffd32"},
		{21, 7, 1000000, "pin", "1b86f460ecd5d6380bad9aeb6beffe31"},
		{21, 7, 1184038, "pin", "f4ed3ed250ebd8d9decff03fe5b5c849"}};
	CK_OBJECT_HANDLE base = bdk();
	size_t i;

	value_is(initial_key(3, 3), "6b19db10601cbc2a9d230d011bc605e4");
	value_is(initial_key(21, 7), "fe67dfd072c4f7e06f6d8c4a2d2cfc5a");
	for (i = 0; i < sizeof answers / sizeof *answers; i++) {
		ok(serve(base, answers[i].r, answers[i].n, answers[i].number, answers[i].purpose,
			T(READABLE)));
		value_is(made, answers[i].value);
		holds(number_of(made, CKA_KEYDIV_TRANSACTION) == answers[i].number);
	}
}
END_TEST

START_TEST(numbers_out_of_range)
{
	/* T = C(N+R, R) - 1 of the published shapes. */
	static const struct {
		unsigned char r, n;
		uint64_t t;
	} shapes[] = {
		{3, 3, 19}, {21, 7, 1184039}, {13, 10, 1144065}, {21, 10, 44352164}, {1, 1, 1}};
	static const unsigned char wrong[][2] = {{0, 3}, {3, 0}, {33, 3}, {3, 33}, {255, 255}};
	CK_OBJECT_HANDLE base = bdk();
	size_t i;

	for (i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		gives(CKR_OK,
			serve(base, shapes[i].r, shapes[i].n, shapes[i].t - 1, NULL, NOTHING));
		gives(CKR_MECHANISM_PARAM_INVALID,
			serve(base, shapes[i].r, shapes[i].n, shapes[i].t, NULL, NOTHING));
		gives(CKR_MECHANISM_PARAM_INVALID,
			serve(base, shapes[i].r, shapes[i].n, UINT64_MAX, NULL, NOTHING));
	}
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		gives(CKR_MECHANISM_PARAM_INVALID,
			serve(base, wrong[i][0], wrong[i][1], 0, NULL, NOTHING));
}
END_TEST

/* Sign with the key that was made last. The MAC represents its value. */
static void mac(uint8_t ret[16])
{
	CK_ULONG n = 16;

	ok(f->C_SignInit(s, MECH(CKM_AES_CMAC), made));
	ok(f->C_Sign(s, (CK_BYTE_PTR) "message", 7, ret, &n));
}

static void client_against_server(bool token)
{
	CK_OBJECT_HANDLE state = client(3, 3, token), base = bdk();
	uint8_t keys[19][16], server[16];
	uint64_t i, j;

	for (i = 0; i < 19; i++) {
		holds(number_of(state, CKA_KEYDIV_TRANSACTION) == i);
		holds(number_of(state, CKA_KEYDIV_REMAINING) == 19 - i);
		/* A closed state gives only closed keys, and the refused call uses up no number. */
		gives(CKR_TEMPLATE_INCONSISTENT, next(state, T(READABLE)));
		ok(next(state, T(YES(CKA_SIGN))));
		holds(number_of(made, CKA_KEYDIV_TRANSACTION) == i);
		mac(keys[i]);
		ok(serve(base, 3, 3, i, NULL, T(YES(CKA_SIGN))));
		mac(server);
		holds(memcmp(keys[i], server, 16) == 0);
		for (j = 0; j < i; j++)
			holds(memcmp(keys[i], keys[j], 16) != 0);
	}
	made = 0xABCD;
	gives(CKR_KEYDIV_EXHAUSTED, next(state, NOTHING));
	gives(CKR_KEYDIV_EXHAUSTED, next(state, NOTHING));
	holds(made == 0xABCD);
}

START_TEST(a_session_client)
{
	client_against_server(false);
}
END_TEST

START_TEST(a_token_client)
{
	client_against_server(true);
}
END_TEST

START_TEST(states_do_not_get_out)
{
	CK_OBJECT_HANDLE state = client(3, 3, _i),
			 kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	uint8_t bytes[4200];
	CK_ULONG n = sizeof bytes;
	CK_ATTRIBUTE v = {CKA_VALUE, bytes, sizeof bytes};
	CK_RV rv;

	made = 0xABCD;
	holds(get_ulong(state, CKA_KEY_TYPE) == CKK_KEYDIV_ODUKPT_CLIENT);
	holds(!get_bool(state, CKA_EXTRACTABLE) && !get_bool(state, CKA_COPYABLE) &&
		get_bool(state, CKA_DERIVE));
	gives_either(CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID,
		f->C_GetAttributeValue(s, state, &v, 1));
	rv = f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), kek, state, bytes, &n);
	gives(CKR_KEY_NOT_WRAPPABLE, rv);
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, state, NOTHING, &made));
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, state, T(NO(CKA_TOKEN)), &made));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, state, T(YES(CKA_COPYABLE))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, state, T(YES(CKA_EXTRACTABLE))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, state, T(RAW(CKA_KEYDIV_TRANSACTION, bytes, 8))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, state, T(YES(CKA_SIGN))));
	/* no other mechanism takes it, and it makes no clients of its own */
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "x", 1);
	holds(derive(CKM_KEYDIV_DEVICE_KEY, state, NOTHING) != CKR_OK);
	keydiv_start(&p);
	shape(3, 3);
	holds(derive(CKM_KEYDIV_ODUKPT_CLIENT, state, NOTHING) != CKR_OK);
	ok(f->C_DigestInit(s, MECH(CKM_SHA256)));
	gives(CKR_KEY_INDIGESTIBLE, f->C_DigestKey(s, state));
	holds(made == 0xABCD);
	gives_either(CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID,
		try_import(CKK_KEYDIV_ODUKPT_CLIENT, bytes, 64, NOTHING, &made));
}
END_TEST

START_TEST(levels_of_keys)
{
	CK_OBJECT_HANDLE initial = initial_key(3, 3), state;

	/* an initial key serves and becomes a client, no more */
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "x", 1);
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_DEVICE_KEY, initial, NOTHING));
	device_shape(3, 3);
	gives(CKR_MECHANISM_INVALID, derive(CKM_KEYDIV_ODUKPT_INITIAL_KEY, initial, NOTHING));
	/* from the initial key: without DEVICE */
	keydiv_start(&p);
	shape(3, 3);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, 18);
	ok(derive(CKM_KEYDIV_ODUKPT_KEY, initial, T(READABLE_TRUSTED)));
	value_is(made, "8e6ff7d16e9f7f7d5668971568fffd32");
	/* transaction keys are leaves */
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_ODUKPT_KEY, initial, T(YES(CKA_DERIVE))));
	state = client(3, 3, false);
	gives(CKR_TEMPLATE_INCONSISTENT, next(state, T(YES(CKA_DERIVE))));
	gives(CKR_OK, next(state, T(YES(CKA_ENCRYPT))));
	/* a template that asks for other mechanisms on a client is refused */
	keydiv_start(&p);
	shape(3, 3);
	gives(CKR_TEMPLATE_INCONSISTENT,
		derive(CKM_KEYDIV_ODUKPT_CLIENT, initial, T(ALLOWED(CKM_KEYDIV_DEVICE_KEY))));
}
END_TEST

START_TEST(a_restart_goes_on_where_it_was)
{
	CK_OBJECT_HANDLE state = client(3, 3, true);
	uint64_t i;

	for (i = 0; i < 6; i++) {
		ok(next(state, NOTHING));
		holds(number_of(made, CKA_KEYDIV_TRANSACTION) == i);
		restart();
		s = open_session(CKF_RW_SESSION);
		login(CKU_USER);
		ck_assert_uint_eq(find(s, T(STR(CKA_LABEL, "client")), &state, 1), 1);
		holds(number_of(state, CKA_KEYDIV_TRANSACTION) == i + 1);
	}
}
END_TEST

START_TEST(a_search_by_the_keys_that_remain)
{
	CK_OBJECT_HANDLE state = client(3, 3, false), found[2];
	uint8_t remaining[8] = {[7] = 19};

	holds(find(s, T(RAW(CKA_KEYDIV_REMAINING, remaining, 8)), found, 2) == 1);
	holds(found[0] == state);
	ok(next(state, NOTHING));
	holds(find(s, T(RAW(CKA_KEYDIV_REMAINING, remaining, 8)), NULL, 0) == 0);
	remaining[7] = 18;
	holds(find(s, T(RAW(CKA_KEYDIV_REMAINING, remaining, 8)), found, 2) == 1);
	/* A mechanism's parameter is not kept, so no search finds an object by one. */
	holds(find(s, T(RAW(CKA_KEYDIV_PARAMETER, remaining, 8)), NULL, 0) == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("O-DUKPT");
	TCase *tc = add_case(suite, "O-DUKPT", start);

	tcase_add_test(tc, published_answers);
	tcase_add_test(tc, numbers_out_of_range);
	tcase_add_test(tc, a_session_client);
	tcase_add_test(tc, a_token_client);
	tcase_add_loop_test(tc, states_do_not_get_out, 0, 2);
	tcase_add_test(tc, levels_of_keys);
	tcase_add_test(tc, a_restart_goes_on_where_it_was);
	tcase_add_test(tc, a_search_by_the_keys_that_remain);
	return run(suite);
}

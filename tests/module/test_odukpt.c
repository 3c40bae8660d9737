/* SPDX-License-Identifier: Apache-2.0 */
/* test_odukpt.c: O-DUKPT through the module: server and client agree, states only go forward, and nothing of them gets out. */
#include <ftw.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "memory_search.h"

#define LIST_OF(...) LIST(CKA_ALLOWED_MECHANISMS, __VA_ARGS__)

static KEYDIV_PARAMETER p;
static CK_OBJECT_HANDLE made;

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

static void shape(unsigned char r, unsigned char n)
{
	const uint8_t bytes[2] = { r, n };

	keydiv_put(&p, KEYDIV_SHAPE, bytes, 2);
}

static void device_shape(unsigned char r, unsigned char n)
{
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "TERMINAL-01", 11);
	shape(r, n);
}

static CK_OBJECT_HANDLE bdk(void)
{
	return import(CKK_AES, mk, 16, T(YES(CKA_DERIVE), READABLE, LIST_OF(CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_KEY)));
}

static CK_OBJECT_HANDLE initial_key(unsigned char r, unsigned char n)
{
	device_shape(r, n);
	ok(derive(CKM_KEYDIV_ODUKPT_INITIAL_KEY, bdk(), T(YES(CKA_DERIVE), READABLE)));
	return made;
}

/* A client of shape (R, N), in the token or the session. */
static CK_OBJECT_HANDLE client(unsigned char r, unsigned char n, bool token)
{
	CK_BBOOL on_token = token;
	CK_OBJECT_HANDLE initial = initial_key(r, n);

	keydiv_start(&p);
	shape(r, n);
	ok(derive(CKM_KEYDIV_ODUKPT_CLIENT, initial, T(RAW(CKA_TOKEN, &on_token, 1), STR(CKA_LABEL, "client"))));
	return made;
}

static CK_RV next(CK_OBJECT_HANDLE state, CK_ATTRIBUTE *t, CK_ULONG n)
{
	keydiv_start(&p);
	return derive(CKM_KEYDIV_ODUKPT_NEXT_KEY, state, t, n);
}

static uint64_t number_of(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
	uint8_t bytes[8];
	uint64_t v = 0;
	int i;

	ck_assert_uint_eq(get_bytes(key, type, bytes, 8), 8);
	for (i = 0; i < 8; i++)
		v = v << 8 | bytes[i];
	return v;
}

static CK_RV serve(CK_OBJECT_HANDLE base, unsigned char r, unsigned char n, uint64_t number, const char *purpose, CK_ATTRIBUTE *t, CK_ULONG count)
{
	device_shape(r, n);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, number);
	if (purpose != NULL)
		keydiv_put(&p, KEYDIV_ODUKPT_PURPOSE, purpose, strlen(purpose));
	return derive(CKM_KEYDIV_ODUKPT_KEY, base, t, count);
}

START_TEST(published_answers)
{
	static const struct {
		unsigned char r, n;
		uint64_t number;
		const char *purpose, *value;
	} answers[] = { { 3, 3, 0, NULL, "c7c0b73702ef66b95bb7a696e370a6aa" }, { 3, 3, 1, NULL, "c33a312d4d86f3edc369b1d386b29b73" },
		{ 3, 3, 3, NULL, "8218a399d18d6bfa41e41222f97205c4" }, { 3, 3, 9, NULL, "b788273efa888a8b4e64e1ff1f7ee688" },
		{ 3, 3, 18, NULL, "8e6ff7d16e9f7f7d5668971568fffd32" }, { 21, 7, 1000000, "pin", "1b86f460ecd5d6380bad9aeb6beffe31" },
		{ 21, 7, 1184038, "pin", "f4ed3ed250ebd8d9decff03fe5b5c849" } };
	CK_OBJECT_HANDLE base = bdk();
	size_t i;

	value_is(initial_key(3, 3), "6b19db10601cbc2a9d230d011bc605e4");
	value_is(initial_key(21, 7), "fe67dfd072c4f7e06f6d8c4a2d2cfc5a");
	for (i = 0; i < sizeof answers / sizeof *answers; i++) {
		ok(serve(base, answers[i].r, answers[i].n, answers[i].number, answers[i].purpose, T(READABLE)));
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
	} shapes[] = { { 3, 3, 19 }, { 21, 7, 1184039 }, { 13, 10, 1144065 }, { 21, 10, 44352164 }, { 1, 1, 1 } };
	static const unsigned char wrong[][2] = { { 0, 3 }, { 3, 0 }, { 33, 3 }, { 3, 33 }, { 255, 255 } };
	CK_OBJECT_HANDLE base = bdk();
	size_t i;

	for (i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		gives(CKR_OK, serve(base, shapes[i].r, shapes[i].n, shapes[i].t - 1, NULL, NOTHING));
		gives(CKR_MECHANISM_PARAM_INVALID, serve(base, shapes[i].r, shapes[i].n, shapes[i].t, NULL, NOTHING));
		gives(CKR_MECHANISM_PARAM_INVALID, serve(base, shapes[i].r, shapes[i].n, UINT64_MAX, NULL, NOTHING));
	}
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		gives(CKR_MECHANISM_PARAM_INVALID, serve(base, wrong[i][0], wrong[i][1], 0, NULL, NOTHING));
}
END_TEST

/* What the key made last signs, in the place of its value. */
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
		gives(CKR_TEMPLATE_INCONSISTENT, next(state, T(READABLE))); /* from a closed state only closed keys; and no number lost */
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
	CK_OBJECT_HANDLE state = client(3, 3, _i), kek = import(CKK_AES, mk32, 32, T(YES(CKA_WRAP)));
	uint8_t bytes[4200];
	CK_ULONG n = sizeof bytes;
	CK_ATTRIBUTE v = { CKA_VALUE, bytes, sizeof bytes };
	CK_RV rv;

	made = 0xABCD;
	holds(get_ulong(state, CKA_KEY_TYPE) == CKK_KEYDIV_ODUKPT_CLIENT);
	holds(!get_bool(state, CKA_EXTRACTABLE) && !get_bool(state, CKA_COPYABLE) && get_bool(state, CKA_DERIVE));
	gives_either(CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, f->C_GetAttributeValue(s, state, &v, 1));
	rv = f->C_WrapKey(s, MECH(CKM_AES_KEY_WRAP_KWP), kek, state, bytes, &n);
	gives_either(CKR_KEY_NOT_WRAPPABLE, CKR_KEY_UNEXTRACTABLE, rv);
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, state, NOTHING, &made));
	gives(CKR_ACTION_PROHIBITED, f->C_CopyObject(s, state, T(NO(CKA_TOKEN)), &made));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, f->C_SetAttributeValue(s, state, T(YES(CKA_COPYABLE))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, f->C_SetAttributeValue(s, state, T(YES(CKA_EXTRACTABLE))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT,
		f->C_SetAttributeValue(s, state, T(RAW(CKA_KEYDIV_TRANSACTION, bytes, 8))));
	gives_either(CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, f->C_SetAttributeValue(s, state, T(YES(CKA_SIGN))));
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

START_TEST(levels)
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
	ok(derive(CKM_KEYDIV_ODUKPT_KEY, initial, T(READABLE)));
	value_is(made, "8e6ff7d16e9f7f7d5668971568fffd32");
	/* transaction keys are leaves */
	gives(CKR_TEMPLATE_INCONSISTENT, derive(CKM_KEYDIV_ODUKPT_KEY, initial, T(YES(CKA_DERIVE))));
	state = client(3, 3, false);
	gives(CKR_TEMPLATE_INCONSISTENT, next(state, T(YES(CKA_DERIVE))));
	gives(CKR_OK, next(state, T(YES(CKA_ENCRYPT))));
	/* a template that asks for other mechanisms on a client is refused */
	keydiv_start(&p);
	shape(3, 3);
	gives(CKR_TEMPLATE_INCONSISTENT, derive(CKM_KEYDIV_ODUKPT_CLIENT, initial, T(LIST_OF(CKM_KEYDIV_DEVICE_KEY))));
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

#define NUMBERS 2000

static struct shared {
	volatile int ready, taken;
	volatile uint8_t given[NUMBERS]; /* how often each number was handed out */
} *shared;

static void takes_numbers(int count)
{
	CK_OBJECT_HANDLE state = 0;
	int i;

	open_library();
	ok(f->C_Initialize(NULL));
	s = open_session(CKF_RW_SESSION);
	login(CKU_USER);
	if (find(s, T(STR(CKA_LABEL, "client")), &state, 1) != 1)
		ck_abort_msg("no client");
	__sync_fetch_and_add(&shared->ready, 1);
	for (i = 0; i < count; i++) {
		uint64_t number;

		ok(next(state, NOTHING));
		number = number_of(made, CKA_KEYDIV_TRANSACTION);
		ck_assert(number < NUMBERS);
		__sync_fetch_and_add(&shared->given[number], 1);
		__sync_fetch_and_add(&shared->taken, 1);
		ok(f->C_DestroyObject(s, made));
	}
	ok(f->C_Finalize(NULL));
}

static pid_t take_beside(int count)
{
	pid_t child = fork();

	if (child == 0) {
		takes_numbers(count);
		exit(0);
	}
	return child;
}

static void client_and_out(void)
{
	client(13, 10, true);
	ok(f->C_Finalize(NULL));
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(shared != MAP_FAILED);
}

START_TEST(many_processes_never_share_a_number)
{
	pid_t child[4];
	int i, status, total = 0;

	client_and_out();
	for (i = 0; i < 4; i++)
		child[i] = take_beside(25);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		ck_assert_int_eq(status, 0);
	}
	for (i = 0; i < NUMBERS; i++) {
		holds(shared->given[i] <= 1);
		total += shared->given[i];
	}
	ck_assert_int_eq(total, 100);
}
END_TEST

START_TEST(killed_at_any_point)
{
	int round, i, status;

	client_and_out();
	for (round = 0; round < 8; round++) {
		pid_t child;

		shared->taken = 0;
		child = take_beside(NUMBERS);
		while (shared->taken < 1 + round)
			usleep(200);
		usleep((useconds_t)(571 * round));
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
	}
	for (i = 0; i < NUMBERS; i++) /* numbers may be skipped, never repeated */
		holds(shared->given[i] <= 1);
	takes_numbers(3); /* and the client still works */
	f = NULL;
}
END_TEST

/*
 * The register key of TRANSACTION 0 (path (1)) under the initial key, inverted: KDF(IK, "odukpt", TRANSACTION), computed in another process, so
 * that it is nowhere in this one.
 */
static void first_register(uint8_t ret_inverted[16])
{
	static const uint8_t ik[16] = { 0x6b, 0x19, 0xdb, 0x10, 0x60, 0x1c, 0xbc, 0x2a, 0x9d, 0x23, 0x0d, 0x01, 0x1b, 0xc6, 0x05, 0xe4 };
	static const uint8_t input[] = "\0\0\0\1" "odukpt\0" "\x51\0\x08\0\0\0\0\0\0\0\0" "\0\0\0\x80";
	uint8_t *common = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	ck_assert(common != MAP_FAILED);
	child = fork();
	if (child == 0) {
		size_t n = 0;

		if (EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, ik, 16, input, sizeof input - 1, common, 16, &n) == NULL)
			_exit(1);
		invert(common, common, 16);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	memcpy(ret_inverted, common, 16);
}

START_TEST(used_registers_are_gone_from_memory)
{
	/* Forward security: before the first step the register key is in the state, after it neither it nor a copy is anywhere. */
	uint8_t inverted[16];
	CK_OBJECT_HANDLE state;

	if (instrumented())
		return;
	first_register(inverted);
	state = client(3, 3, _i);
	if (_i == 0)
		holds(copies(inverted, 16) > 0); /* the state of a session client is in memory: the search can see it */
	ok(next(state, NOTHING));
	holds(copies(inverted, 16) == 0);
}
END_TEST

START_TEST(one_slot_of_a_file_is_filled)
{
	/* The old slot is zeroed before the key leaves. */
	CK_OBJECT_HANDLE state = client(3, 3, true);
	char command[900];
	int i;

	for (i = 0; i < 4; i++) {
		ok(next(state, NOTHING));
		snprintf(command, sizeof command,
			"for c in '%s'/*/clients/*; do a=$(head -c 4096 \"$c\" | tr -d '\\000' | wc -c); b=$(tail -c +4097 \"$c\" | tr -d '\\000' | wc -c); "
			"[ $((a > 0)) != $((b > 0)) ] || exit 1; done",
			token_dir);
		holds(system(command) == 0);
	}
}
END_TEST

static uint8_t registers[64][16];
static size_t register_count;
static size_t found_in_files;

static int look_into(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	uint8_t *all;
	FILE *in;
	size_t i;

	(void)w;
	if (kind != FTW_F || st->st_size == 0)
		return 0;
	all = malloc((size_t)st->st_size);
	in = fopen(path, "r");
	ck_assert(in != NULL && fread(all, 1, (size_t)st->st_size, in) == (size_t)st->st_size);
	for (i = 0; i < register_count; i++)
		found_in_files += memmem(all, (size_t)st->st_size, registers[i], 16) != NULL;
	fclose(in);
	free(all);
	return 0;
}

START_TEST(files_of_a_client)
{
	/* Sealed: no key of the tree stands in the files; and only the client's own slot changes. */
	CK_OBJECT_HANDLE state = client(3, 3, true), base = bdk();
	char path[700];
	struct stat st;
	uint64_t i;

	for (i = 0; i < 5; i++) {
		ok(next(state, NOTHING));
		ok(f->C_DestroyObject(s, made));
		ok(serve(base, 3, 3, i, NULL, T(READABLE)));
		get_bytes(made, CKA_VALUE, registers[register_count++], 16);
	}
	get_bytes(initial_key(3, 3), CKA_VALUE, registers[register_count++], 16);
	nftw(token_dir, look_into, 16, FTW_PHYS);
	ck_assert_uint_eq(found_in_files, 0);
	/* destroyed, its file goes too */
	snprintf(path, sizeof path, "%s/slot-%lu/clients", token_dir, slot);
	ok(f->C_DestroyObject(s, state));
	if (stat(path, &st) == 0)
		holds(rmdir(path) == 0);
}
END_TEST

START_TEST(damaged_state_files)
{
	/* Any bit flipped in the client's file: an error or the other slot, never a number twice. */
	CK_OBJECT_HANDLE state = client(3, 3, true);
	char command[900];
	uint64_t last = 0;
	int i;

	ok(next(state, NOTHING));
	ok(next(state, NOTHING));
	last = number_of(made, CKA_KEYDIV_TRANSACTION);
	for (i = 0; i < 2; i++) {
		CK_RV rv;

		snprintf(command, sizeof command,
			"for c in '%s'/*/clients/*; do printf '\\377\\377\\377' | dd of=\"$c\" bs=1 seek=%d conv=notrunc status=none; "
			"printf '\\377\\377\\377' | dd of=\"$c\" bs=1 seek=%d conv=notrunc status=none; done",
			token_dir, 16 + 20, 4096 + 16 + 20);
		ck_assert_int_eq(system(command), 0);
		rv = next(state, NOTHING);
		if (rv == CKR_OK)
			holds(number_of(made, CKA_KEYDIV_TRANSACTION) > last);
		else
			gives(CKR_DEVICE_ERROR, rv);
		holds(rv != CKR_OK);
	}
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
	tcase_add_test(tc, levels);
	tcase_add_test(tc, a_restart_goes_on_where_it_was);
	tcase_add_test(tc, many_processes_never_share_a_number);
	tcase_add_test(tc, killed_at_any_point);
	tcase_add_loop_test(tc, used_registers_are_gone_from_memory, 0, 2);
	tcase_add_test(tc, one_slot_of_a_file_is_filled);
	tcase_add_test(tc, files_of_a_client);
	tcase_add_test(tc, damaged_state_files);
	return run(suite);
}

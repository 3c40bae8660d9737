/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_state_steps.c: the order in which a state is opened, claimed, written and given out, with a
 * kind of state that counts, and a file of two slots that the test keeps. Each call that a step
 * makes fails once.
 */
#include "state_calls.h"

/* --- A client --- */

static void log_in(void)
{
	static const uint8_t uuid[VAULT_UUID_LEN] = "sixteen bytes id";
	SECRET key = {0};

	ck_ok(secret_resize(&key, VAULT_KEY_LEN));
	memset(secret_bytes(&key), 0x77, VAULT_KEY_LEN);
	ck_ok(vault_put_key(&vault, uuid, &key));
}

static CK_RV create(uint64_t number)
{
	SNAPSHOT keys = {0};
	SECRET state = {0};
	uint8_t bytes[8];

	the_file.there = false;
	put_be64(bytes, number);
	ck_ok(secret_set(&state, bytes, 8));
	ck_ok(vault_snapshot_key(&vault, &keys));
	return state_create(NULL, &keys, ID, &state);
}

static void start(void)
{
	set_up();
	ck_ok(vault_init(&vault));
	log_in();
	ck_ok(create(0));
	expect("seal create ");
}

static void stop(void)
{
	state_forget(&vault);
	ck_assert(!the_file.opened);
	vault_destroy(&vault);
	tear_down();
}

static CK_RV take(uint64_t reserve, uint64_t *ret_number)
{
	struct derivation d = {.number = 99};
	SECRET key = {0};

	CK_RV rv = state_advance(&at, reserve, &d, &key);
	ck_assert_uint_eq(key.len, rv == CKR_OK ? 8 : 0);
	ck_assert(rv != CKR_OK || get_be64(secret_peek(&key)) == d.number + 1);
	*ret_number = d.number;
	return rv;
}

static void takes(uint64_t reserve, uint64_t expected)
{
	uint64_t number;

	ck_ok(take(reserve, &number));
	ck_assert_uint_eq(number, expected);
}

static uint64_t read_number(void)
{
	SECRET state = {0};

	ck_ok(state_read(&at, &state));
	ck_assert_uint_eq(state.len, 8);
	return get_be64(secret_peek(&state));
}

/* Return the length of what is reserved. */
static size_t reserved(void)
{
	struct reservation *r = reservation_take(&vault, ID, false);
	size_t n = r == NULL ? 0 : r->state.len;

	if (r != NULL)
		reservation_release(r);
	return n;
}

/* --- Steps --- */

#define STEP "take open read unseal check set advance seal write advance "

/* The state is durable before a key is given out. */
START_TEST(each_number_is_written_before_it_is_given)
{
	uint64_t number;

	for (uint64_t i = 0; i < LAST; i++) {
		takes(1, i);
		expect(STEP);
		ck_assert_uint_eq(the_file.candidates[0].sequence, i + 2);
		ck_assert_uint_eq(reserved(), 0);
		ck_assert_uint_eq(read_number(), i + 1);
		expect("look open read unseal check ");
	}
	for (int i = 0; i < 2; i++) {
		ck_rv(take(1, &number), CKR_KEYDIV_EXHAUSTED);
		expect("take open read unseal check set advance ");
		ck_assert_uint_eq(reserved(), 0);
	}
}
END_TEST

START_TEST(reserved_numbers_cost_one_write)
{
	uint64_t number;

	for (uint64_t i = 0; i < LAST; i++) {
		takes(4, i);
		if (i == 8) /* two are left, and the third is refused */
			expect("take open read unseal check set advance advance advance seal write "
			       "advance ");
		else if (i % 4 == 0)
			expect("take open read unseal check set advance advance advance advance "
			       "seal write advance ");
		else
			expect("take advance ");
		ck_assert_uint_eq(reserved(), i % 4 == 3 || i == LAST - 1 ? 0 : 8);
		ck_assert_uint_eq(read_number(), i + 1); /* also of what is reserved */
		memset(journal, 0, sizeof journal);
	}
	ck_rv(take(4, &number), CKR_KEYDIV_EXHAUSTED);
	ck_assert_uint_eq(the_file.candidates[0].sequence, 4);
}
END_TEST

/* However many are left at the end, each is given. */
START_TEST(the_last_numbers)
{
	uint64_t number;

	for (uint64_t reserve = 1; reserve <= LAST + 1; reserve++) {
		state_forget(&vault);
		ck_ok(create(0));
		for (uint64_t i = 0; i < LAST; i++) {
			takes(reserve, i);
			memset(journal, 0, sizeof journal);
		}
		ck_rv(take(reserve, &number), CKR_KEYDIV_EXHAUSTED);
	}
}
END_TEST

/* Reservations are forgotten at a logout and with the record, and the numbers are skipped. */
START_TEST(reserved_numbers_are_forgotten)
{
	takes(3, 0);
	state_forget(&vault);
	ck_assert_uint_eq(read_number(), 3);
	takes(3, 3);
	ck_assert_uint_eq(reserved(), 8);
	ck_ok(state_remove(&at));
	ck_assert(!the_file.there);
	ck_assert_uint_eq(reserved(), 0);
	ck_ok(create(0));
	failure = CKR_DEVICE_ERROR;
	takes(3, 0);
	passing = 0;
	ck_rv(state_remove(&at), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(reserved(), 0);
}
END_TEST

/* A step that fails gives out nothing, and reserves nothing. */
START_TEST(each_call_of_a_step_fails_once)
{
	static const char calls[] = "take open read unseal check set advance advance seal write "
				    "advance ";
	uint64_t number;
	const char *call = calls;

	for (long k = 0; *call; k++, call = strchr(call, ' ') + 1) {
		ck_ok(create(0));
		memset(journal, 0, sizeof journal);
		passing = k;
		bool unreadable =
			strncmp(call, "unseal ", 7) == 0 || strncmp(call, "check ", 6) == 0;
		ck_rv(take(2, &number), k == 0       ? CKR_HOST_MEMORY
					: unreadable ? CKR_DEVICE_ERROR
						     : INJECTED);
		ck_assert(passing < 0 && !the_file.opened);
		ck_assert_uint_eq(reserved(), 0);
		takes(2, k == 10 ? 2 : 0); /* the last was written already */
		state_forget(&vault);
	}
	ck_ok(create(0));
	memset(journal, 0, sizeof journal);
	takes(2, 0);
	expect(calls);
}
END_TEST

/* A reserved number that cannot be given out is lost with those behind it. */
START_TEST(a_reserved_number_that_fails)
{
	uint64_t number;

	takes(4, 0);
	passing = 1;
	ck_rv(take(4, &number), INJECTED);
	ck_assert_uint_eq(reserved(), 0);
	takes(4, 4);
}
END_TEST

START_TEST(each_call_of_reading_fails_once)
{
	static const CK_RV codes[] = {INJECTED, INJECTED, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR};
	SECRET state = {0};

	for (long k = 0; k < 4; k++) {
		passing = k + 1;
		ck_rv(state_read(&at, &state), codes[k]);
		ck_assert(passing < 0 && !the_file.opened && state.len == 0);
	}
	takes(4, 0);
	passing = 1; /* the copy of what is reserved */
	ck_rv(state_read(&at, &state), INJECTED);
	ck_assert_uint_eq(read_number(), 1);
}
END_TEST

START_TEST(no_state_without_a_login)
{
	SECRET state = {0};
	uint64_t number;

	vault_wipe_key(&vault);
	ck_rv(take(1, &number), CKR_USER_NOT_LOGGED_IN);
	ck_rv(state_read(&at, &state), CKR_USER_NOT_LOGGED_IN);
	expect("take look ");
	log_in();
	takes(1, 0);
}
END_TEST

/* --- The file --- */

/* Put the state NUMBER, sealed for record ID with SEQUENCE, into candidate WHICH. */
static void put(unsigned which, uint64_t number, int64_t id, uint64_t sequence)
{
	struct candidate *c = &the_file.candidates[which];
	SNAPSHOT keys = {0};
	uint8_t more[8], state[8];
	/* The form of all releases: the text with the zero at its end, and the sequence number. */
	struct binding binding = {bytes_of("keydiv client state", 20), id, bytes_of(more, 8)};

	put_be64(more, sequence);
	put_be64(state, number);
	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(vault_seal(&keys, &binding, state, 8, c->text));
	c->n = 8 + SEAL_OVERHEAD;
	c->sequence = sequence;
}

START_TEST(the_newest_state_that_opens_counts)
{
	SECRET state = {0};

	put(0, 6, ID, 0x0102030405060708);
	put(1, 5, ID, 3);
	ck_assert_uint_eq(read_number(), 6);
	the_file.candidates[0].sequence++; /* an older slot with a new number */
	ck_assert_uint_eq(read_number(), 5);
	put(0, 6, ID + 1, 4); /* another record */
	ck_assert_uint_eq(read_number(), 5);
	put(0, LAST + 1, ID, 4); /* is no state */
	ck_assert_uint_eq(read_number(), 5);
	takes(1, 5); /* and the slot of the other is overwritten */
	ck_assert_ptr_nonnull(strstr(journal, "write_second "));
	put(1, 5, ID, 3);
	the_file.candidates[0].n = 0; /* is empty */
	memset(journal, 0, sizeof journal);
	ck_assert_uint_eq(read_number(), 5);
	expect("look open read read_second unseal check ");
	put(1, 5, ID, 3);
	the_file.candidates[1].text[9] ^= 1;
	ck_rv(state_read(&at, &state), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(state.len, 0);
	the_file.candidates[1].n = 0;
	ck_rv(state_read(&at, &state), CKR_DEVICE_ERROR);
}
END_TEST

/* No memory says nothing about a slot: the older one must not be taken in its place. */
START_TEST(no_memory_to_open_the_newest)
{
	SECRET state = {0};

	put(0, 6, ID, 4);
	put(1, 5, ID, 3);
	failure = CKR_HOST_MEMORY;
	for (long k = 3; k < 5; k++) { /* the unsealing, the check */
		passing = k;
		ck_rv(state_read(&at, &state), CKR_HOST_MEMORY);
		ck_assert(passing < 0 && state.len == 0);
	}
	ck_assert_uint_eq(read_number(), 6);
}
END_TEST

/* --- Creating --- */

START_TEST(a_state_of_any_length)
{
	SNAPSHOT keys = {0};
	SECRET state = {0};

	ck_ok(vault_snapshot_key(&vault, &keys));
	for (size_t n = STATE_SIZE_MAX; n <= STATE_SIZE_MAX + 1; n++) {
		the_file.there = false;
		ck_ok(secret_resize(&state, n));
		ck_rv(state_create(NULL, &keys, ID, &state),
			n <= STATE_SIZE_MAX ? CKR_OK : CKR_DEVICE_ERROR);
		ck_assert_int_eq(the_file.there, n <= STATE_SIZE_MAX);
		ck_assert_uint_eq(the_file.candidates[0].n, STATE_SIZE_MAX + SEAL_OVERHEAD);
	}
	for (passing = 0; passing < 2;) {
		long k = passing;
		ck_rv(create(0), INJECTED);
		ck_assert(!the_file.there);
		passing = k + 1;
	}
	passing = -1;
	ck_ok(create(0));
	ck_assert_uint_eq(read_number(), 0);
}
END_TEST

START_TEST(the_functions_for_the_store)
{
	SNAPSHOT keys = {0};
	OBJECT o = {0};

	ck_ok(vault_snapshot_key(&vault, &keys));
	ck_ok(secret_set(&o.value, "\0\0\0\0\0\0\0\3", 8));
	the_file.there = false;
	ck_ok(states_above_store.create_state(NULL, &keys, ID, &o));
	ck_assert_uint_eq(read_number(), 3);
	ck_assert(states_above_store.remove_state == state_file_remove_now);
	ck_assert(states_above_store.list_states == state_file_list);
	ck_assert(states_above_store.create_windows == windows_create);
	the_file.there = false;
	passing = 0;
	ck_rv(states_above_store.create_state(NULL, &keys, ID, &o), INJECTED);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {each_number_is_written_before_it_is_given,
		reserved_numbers_cost_one_write, the_last_numbers, reserved_numbers_are_forgotten,
		each_call_of_a_step_fails_once, a_reserved_number_that_fails,
		each_call_of_reading_fails_once, no_state_without_a_login,
		the_newest_state_that_opens_counts, no_memory_to_open_the_newest,
		a_state_of_any_length, the_functions_for_the_store};
	Suite *suite = suite_create("state steps");
	TCase *tcase = tcase_create("state steps");

	tcase_add_checked_fixture(tcase, start, stop);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		tcase_add_test(tcase, cases[i]);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

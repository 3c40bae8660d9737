/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_state.c: O-DUKPT clients as objects: every number once, the server's keys, numbers
 * set aside, damaged files, and no used register left in the file or in memory.
 */
#include "state/state.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "masked_search.h"
#include "odukpt_client.h"
#include "state/reservation.h"
#include "state/state_file.h"
#include "store/backend.h"
#include "token_support.h"

#define TRANSACTIONS_3_3 19 /* C(6, 3) - 1 */

static CK_OBJECT_HANDLE initial;

static void set_up(void)
{
	user_token();
	initial = make(rw, T(AES_MK, OPEN_MASTER, NO(CKA_PRIVATE),
				   ALLOWED(CKM_KEYDIV_ODUKPT_KEY, CKM_KEYDIV_ODUKPT_CLIENT)));
}

static CK_RV try_client(
	uint8_t r, uint8_t n, CK_ATTRIBUTE *t, CK_ULONG count, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	keydiv_put(&p, KEYDIV_SHAPE, (uint8_t[]){r, n}, 2);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_CLIENT, &p);
	return IN(rw, derive_key(s, &m, initial, t, count, ret));
}

static CK_OBJECT_HANDLE client(CK_ATTRIBUTE *t, CK_ULONG count)
{
	CK_OBJECT_HANDLE ret = 0;

	ck_ok(try_client(3, 3, t, count, &ret));
	return ret;
}

static uint64_t number_of(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	uint8_t bytes[8];

	ck_assert_uint_eq(get(handle, object, type, bytes, sizeof bytes), 8);
	return get_be64(bytes);
}

/*
 * Keys of a client cannot be read, as it cannot: what a block encrypts to tells them apart as well.
 */
static void encrypted_block(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE key, uint8_t ret[16])
{
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
	uint8_t block[16] = "what a block is";
	CK_ULONG n = 16;

	ck_ok(IN(handle, encrypt_init(s, &ecb, key)));
	ck_ok(IN(handle, encrypt_single(s, block, 16, ret, &n)));
}

static CK_RV next_in(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE from, uint64_t *ret_number,
	uint8_t ret_block[16])
{
	CK_MECHANISM m = {CKM_KEYDIV_ODUKPT_NEXT_KEY, NULL, 0};
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = IN(handle, derive_key(s, &m, from, T(YES(CKA_ENCRYPT)), &key));

	if (rv != CKR_OK) {
		ck_assert_uint_eq(key, 0);
		return rv;
	}
	*ret_number = number_of(handle, key, CKA_KEYDIV_TRANSACTION);
	if (ret_block != NULL)
		encrypted_block(handle, key, ret_block);
	ck_ok(IN(handle, object_destroy(s, key)));
	return CKR_OK;
}

static uint64_t next(CK_OBJECT_HANDLE from)
{
	uint64_t number = UINT64_MAX;

	ck_ok(next_in(rw, from, &number, NULL));
	return number;
}

static void server(uint64_t number, uint8_t ret_block[16])
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE key = 0;

	keydiv_put(&p, KEYDIV_SHAPE, (uint8_t[]){3, 3}, 2);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, number);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_ODUKPT_KEY, &p);
	ck_ok(IN(rw, derive_key(s, &m, initial, T(YES(CKA_ENCRYPT)), &key)));
	encrypted_block(rw, key, ret_block);
	ck_ok(IN(rw, object_destroy(s, key)));
}

static int64_t row_of(CK_OBJECT_HANDLE handle)
{
	int64_t id = 0;

	ck_ok(IN(rw, token_object_id(s, handle, &id)));
	return id;
}

static const char *file_of(CK_OBJECT_HANDLE handle)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/clients/%lld", token_dir, (long long)row_of(handle));
	return path;
}

/* --- The whole life of a client --- */

static void walk(CK_OBJECT_HANDLE c)
{
	uint8_t ours[16], theirs[16], shape[2];
	uint64_t number = 0;

	for (uint64_t i = 0; i < TRANSACTIONS_3_3; i++) {
		ck_assert_uint_eq(get(rw, c, CKA_KEYDIV_SHAPE, shape, 2), 2);
		ck_assert(shape[0] == 3 && shape[1] == 3);
		ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_TRANSACTION), i);
		ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_REMAINING), TRANSACTIONS_3_3 - i);
		ck_ok(next_in(rw, c, &number, ours));
		ck_assert_uint_eq(number, i);
		server(i, theirs);
		ck_assert_mem_eq(ours, theirs, 16);
	}
	ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_TRANSACTION), TRANSACTIONS_3_3);
	ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_REMAINING), 0);
	ck_rv(next_in(rw, c, &number, NULL), CKR_KEYDIV_EXHAUSTED);
	ck_rv(next_in(rw, c, &number, NULL), CKR_KEYDIV_EXHAUSTED);
}

START_TEST(a_session_client_gives_the_server_s_keys_in_order)
{
	walk(client(NOTHING));
}
END_TEST

START_TEST(a_token_client_gives_the_server_s_keys_in_order)
{
	walk(client(T(YES(CKA_TOKEN))));
}
END_TEST

/*
 * Defect: reading the attributes of a client with numbers set aside wiped what had never been
 * filled in, wherever that pointed.
 */
START_TEST(a_client_that_sets_aside_gives_the_server_s_keys_in_order)
{
	walk(client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 4))));
}
END_TEST

START_TEST(a_client_lets_nothing_out)
{
	CK_OBJECT_HANDLE c[] = {client(NOTHING), client(T(YES(CKA_TOKEN)))}, copy = 0;
	uint8_t bytes[1024];

	for (int i = 0; i < 2; i++) {
		CK_ATTRIBUTE value = {CKA_VALUE, bytes, sizeof bytes};
		ck_rv(IN(rw, get_attributes(s, c[i], &value, 1)), CKR_ATTRIBUTE_SENSITIVE);
		ck_assert_uint_eq(value.ulValueLen, CK_UNAVAILABLE_INFORMATION);
		ck_rv(IN(rw, copy_object(s, c[i], NOTHING, &copy)), CKR_ACTION_PROHIBITED);
		ck_rv(IN(rw, set_attributes(s, c[i], T(YES(CKA_EXTRACTABLE)))),
			CKR_ATTRIBUTE_READ_ONLY);
		ck_rv(IN(rw, set_attributes(s, c[i], T(NO(CKA_SENSITIVE)))),
			CKR_ATTRIBUTE_READ_ONLY);
		ck_rv(IN(rw, set_attributes(s, c[i],
				     T(RAW(CKA_KEYDIV_TRANSACTION, "\0\0\0\0\0\0\0\0", 8)))),
			CKR_ATTRIBUTE_READ_ONLY);
		ck_rv(IN(rw, set_attributes(
				     s, c[i], T(RAW(CKA_KEYDIV_REMAINING, "\0\0\0\0\0\0\0\1", 8)))),
			CKR_ATTRIBUTE_READ_ONLY);
		ck_assert_uint_eq(next(c[i]), 0);
	}
	CK_MECHANISM m = {CKM_KEYDIV_ODUKPT_NEXT_KEY, NULL, 0};
	ck_rv(IN(rw, derive_key(s, &m, c[0], T(NO(CKA_SENSITIVE)), &copy)),
		CKR_TEMPLATE_INCONSISTENT);
	ck_rv(try_client(3, 3, T(YES(CKA_EXTRACTABLE)), &copy), CKR_TEMPLATE_INCONSISTENT);
	ck_rv(try_client(3, 3, T(YES(CKA_COPYABLE)), &copy), CKR_TEMPLATE_INCONSISTENT);
	ck_assert_uint_eq(copy, 0);
}
END_TEST

/* A key that is refused for its template burns no number: the plan comes before the claim. */
START_TEST(a_refused_key_burns_no_number)
{
	CK_MECHANISM m = {CKM_KEYDIV_ODUKPT_NEXT_KEY, NULL, 0};
	CK_OBJECT_HANDLE c[] = {client(NOTHING), client(T(YES(CKA_TOKEN)))}, key = 77;

	for (int i = 0; i < 2; i++) {
		ck_rv(IN(rw, derive_key(s, &m, c[i], T(LENGTH(15)), &key)), CKR_KEY_SIZE_RANGE);
		ck_rv(IN(rw, derive_key(s, &m, c[i], T(YES(CKA_DERIVE)), &key)),
			CKR_TEMPLATE_INCONSISTENT);
		ck_rv(IN(rw, derive_key(s, &m, c[i], NOTHING, NULL)), CKR_ARGUMENTS_BAD);
		ck_assert_uint_eq(key, 77);
		ck_assert_uint_eq(number_of(rw, c[i], CKA_KEYDIV_TRANSACTION), 0);
		ck_assert_uint_eq(next(c[i]), 0);
	}
}
END_TEST

/* --- Numbers set aside --- */

START_TEST(what_was_set_aside_is_skipped_after_a_logout)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 5), NO(CKA_PRIVATE)));

	ck_assert_uint_eq(next(c), 0);
	ck_assert_uint_eq(next(c), 1);
	ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_TRANSACTION), 2);
	ck_ok(sessions_logout(token));
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
	ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_TRANSACTION), 5);
	ck_assert_uint_eq(next(c), 5);
}
END_TEST

START_TEST(two_processes_set_aside_different_numbers)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 3), NO(CKA_PRIVATE)));
	struct token *elsewhere = open_token();
	CK_SESSION_HANDLE other = open_session_of(elsewhere, true);
	uint64_t number;
	static const uint64_t theirs[] = {3, 4, 5, 9}, ours[] = {0, 1, 2, 6};

	ck_ok(token_login(elsewhere, CKU_USER, PIN("1234")));
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(next(c), ours[i]);
		ck_ok(next_in(other, c, &number, NULL));
		ck_assert_uint_eq(number, theirs[i]);
	}
	ck_ok(session_close(other));
	token_close(elsewhere);
}
END_TEST

START_TEST(the_last_numbers_are_given_though_fewer_than_asked_for)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 4096)));
	uint64_t number;

	for (uint64_t i = 0; i < TRANSACTIONS_3_3; i++)
		ck_assert_uint_eq(next(c), i);
	ck_rv(next_in(rw, c, &number, NULL), CKR_KEYDIV_EXHAUSTED);
	ck_rv(try_client(3, 3, T(NUM(CKA_KEYDIV_RESERVE, 0)), &c), CKR_ATTRIBUTE_VALUE_INVALID);
	ck_rv(try_client(3, 3, T(NUM(CKA_KEYDIV_RESERVE, 4097)), &c), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(destroying_forgets_what_was_set_aside)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 5)));
	uint64_t number;

	ck_assert_uint_eq(next(c), 0);
	ck_ok(IN(rw, object_destroy(s, c)));
	ck_rv(next_in(rw, c, &number, NULL), CKR_KEY_HANDLE_INVALID);
}
END_TEST

/* The child of a fork must not give the numbers its parent has set aside. */
START_TEST(a_forked_child_has_nothing_set_aside)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 5)));

	ck_assert_uint_eq(next(c), 0);
	reservations_forked();
	ck_assert_uint_eq(number_of(rw, c, CKA_KEYDIV_TRANSACTION), 5);
	ck_assert_uint_eq(next(c), 5);
}
END_TEST

/* --- Threads --- */

#define THREADS 4
#define STEPS 25

static CK_OBJECT_HANDLE shared;
static uint64_t taken[THREADS][STEPS];

static void *take(void *arg)
{
	uint64_t *numbers = arg;
	CK_SESSION_HANDLE handle = open_session_of(token, true);

	for (int i = 0; i < STEPS; i++)
		ck_ok(next_in(handle, shared, &numbers[i], NULL));
	return NULL;
}

static void all_different(CK_ATTRIBUTE *t, CK_ULONG count)
{
	pthread_t threads[THREADS];
	bool seen[256] = {false};

	ck_ok(try_client(5, 5, t, count, &shared));
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take, taken[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < STEPS; k++) {
			ck_assert_uint_lt(taken[i][k], 251); /* C(10, 5) - 1 */
			ck_assert_msg(!seen[taken[i][k]], "number %lu is given twice", taken[i][k]);
			seen[taken[i][k]] = true;
		}
}

START_TEST(threads_never_get_one_number_twice)
{
	all_different(NOTHING);
	all_different(T(YES(CKA_TOKEN)));
	all_different(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 7)));
}
END_TEST

/* --- The file --- */

static size_t read_file(const char *path, uint8_t *to, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: no such file", path);
	ssize_t n = read(fd, to, room);

	close(fd);
	ck_assert(n >= 0);
	return (size_t)n;
}

static void write_file(const char *path, const uint8_t *from, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert(fd >= 0 && pwrite(fd, from, n, 0) == (ssize_t)n);
	close(fd);
}

/* Return true if 16 zeroes follow AT, which no sealed text has. */
static bool is_filling(const uint8_t file[2 * STATE_SLOT_LEN], size_t at)
{
	static const uint8_t zeroes[16];

	return at + 16 <= 2 * STATE_SLOT_LEN && memcmp(file + at, zeroes, 16) == 0;
}

/* Wherever a byte is flipped: an error, or the next number; never one that was given. */
START_TEST(a_flipped_byte_repeats_no_number)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN)));
	static uint8_t good[2 * STATE_SLOT_LEN], bad[2 * STATE_SLOT_LEN];
	char path[128];
	uint64_t number;
	unsigned refused = 0;

	snprintf(path, sizeof path, "%s", file_of(c));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(next(c), (unsigned)i);
	ck_assert_uint_eq(read_file(path, good, sizeof good), sizeof good);
	for (size_t at = 0; at < sizeof good; at += is_filling(good, at) ? 16 : 1) {
		memcpy(bad, good, sizeof bad);
		bad[at] ^= 0x41;
		write_file(path, bad, sizeof bad);
		CK_RV rv = next_in(rw, c, &number, NULL);
		ck_assert_msg(
			rv == CKR_OK || rv == CKR_DEVICE_ERROR, "byte %zu: %s", at, rv_name(rv));
		if (rv == CKR_OK)
			ck_assert_uint_eq(number, 3);
		refused += rv != CKR_OK;
		write_file(path, good, sizeof good);
	}
	ck_assert_uint_gt(refused, 64); /* the whole of the sealed text and its header */
	ck_assert_uint_eq(next(c), 3);
}
END_TEST

START_TEST(a_slot_of_another_client_or_of_another_generation_does_not_open)
{
	CK_OBJECT_HANDLE one = client(T(YES(CKA_TOKEN))), two = client(T(YES(CKA_TOKEN)));
	static uint8_t old[2 * STATE_SLOT_LEN], now[2 * STATE_SLOT_LEN];
	uint64_t number;

	ck_assert_uint_eq(read_file(file_of(two), old, sizeof old), sizeof old);
	write_file(file_of(one), old, sizeof old);
	ck_rv(next_in(rw, one, &number, NULL), CKR_DEVICE_ERROR);
	/* The first state, put back with a higher sequence beside the one of now. */
	ck_assert_uint_eq(next(two), 0);
	ck_assert_uint_eq(next(two), 1);
	ck_assert_uint_eq(read_file(file_of(two), now, sizeof now), sizeof now);
	size_t free_slot = get_be64(now) == 0 ? 0 : STATE_SLOT_LEN;
	memcpy(now + free_slot, old, STATE_SLOT_LEN);
	put_be64(now + free_slot, 100);
	write_file(file_of(two), now, sizeof now);
	ck_assert_uint_eq(next(two), 2);
}
END_TEST

/*
 * A row whose file is gone (a backup without clients/): a key that is not there, not a code that
 * C_DeriveKey does not have.
 */
START_TEST(a_client_without_its_file_is_no_key)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN)));
	uint64_t number;

	ck_assert_int_eq(unlink(file_of(c)), 0);
	ck_rv(next_in(rw, c, &number, NULL), CKR_KEY_HANDLE_INVALID);
	ck_ok(IN(rw, object_destroy(s, c)));
}
END_TEST

START_TEST(destroying_removes_the_file)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN)));
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s", file_of(c));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_ok(IN(rw, object_destroy(s, c)));
	ck_assert_int_ne(stat(path, &st), 0);
	struct state_location never = {token->store, &token->vault, 4711, &state_odukpt_client};
	ck_ok(state_remove(&never));
}
END_TEST

static CK_RV insert_fails(struct store *store, const struct record *record)
{
	(void)store;
	(void)record;
	return CKR_DEVICE_ERROR;
}

/*
 * A client that could not be made must leave no file. The file would lead to every key of a client
 * that is made in its place later.
 */
START_TEST(a_client_that_could_not_be_made_leaves_no_file)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN))), failed = 0;
	long long id = row_of(c);
	char left[128];

	snprintf(left, sizeof left, "%s/clients/%lld", token_dir, id + 1);
	const struct store_backend *backend = token->store->backend;
	struct store_backend failing = *backend;
	failing.insert = insert_fails;
	token->store->backend = &failing; /* it fails after the file was written */
	ck_rv(try_client(3, 3, T(YES(CKA_TOKEN)), &failed), CKR_DEVICE_ERROR);
	token->store->backend = backend;
	ck_assert_int_ne(access(left, F_OK), 0);

	snprintf(left, sizeof left, "%s/clients/%lld", token_dir,
		id + 2); /* as a process that was killed before it committed leaves it */
	int fd = open(left, O_CREAT | O_EXCL | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	make(rw, T(CLASS(CKO_DATA), YES(CKA_TOKEN)));
	ck_assert_int_ne(access(left, F_OK), 0);
}
END_TEST

START_TEST(a_client_of_a_read_only_session_or_without_login)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NO(CKA_PRIVATE))),
			 mine = client(T(NO(CKA_PRIVATE)));
	CK_SESSION_HANDLE ro = open_session_of(token, false);
	uint64_t number;

	ck_ok(next_in(ro, c, &number, NULL)); /* a step changes no attribute that was given */
	ck_ok(sessions_logout(token));
	ck_rv(next_in(ro, c, &number, NULL), CKR_USER_NOT_LOGGED_IN);
	CK_MECHANISM m = {CKM_KEYDIV_ODUKPT_NEXT_KEY, NULL, 0};
	CK_OBJECT_HANDLE key = 0;
	ck_ok(IN(ro, derive_key(s, &m, mine, T(NO(CKA_PRIVATE)), &key)));
}
END_TEST

/* After the last number that was set aside no later state is kept in memory. */
START_TEST(nothing_is_kept_after_the_last_number)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 2)));
	static const size_t left[] = {1, 0, 1, 0};

	for (int i = 0; i < 4; i++) {
		next(c);
		struct reservation *r = reservation_take(&token->vault, row_of(c), false);
		ck_assert_ptr_nonnull(r);
		ck_assert_uint_eq(r->state.len > 0, left[i]);
		reservation_release(r);
	}
}
END_TEST

/* --- Forward security --- */

/* The register key that the next step of the client will use, masked. Layout: odukpt_client.h. */
static void next_register(const uint8_t *state, uint8_t ret_masked[16])
{
	const uint8_t *at = state + ODUKPT_STATE_HEADER;

	while (at[0] == 0)
		at += 17;
	for (int i = 0; i < 16; i++)
		ret_masked[i] = at[1 + i] ^ MASK;
}

static void steps_leave_nothing(CK_OBJECT_HANDLE c)
{
	struct object o = {0};
	uint8_t unique_id[16], masked[4][16];

	ck_ok(IN(rw, session_scratch(s)));
	for (int i = 0; i < 4; i++) {
		ck_ok(IN(rw, object_get(s, c, &o, unique_id)));
		next_register(secret_peek(&o.value), masked[i]);
		ck_assert_msg(count_memory(masked[i]) > 0, "the search is blind");
		object_wipe(&o);
		ck_assert_uint_eq(next(c), (unsigned)i);
		for (int k = 0; k <= i; k++) {
			unsigned left = count_memory(masked[k]);
			ck_assert_msg(left == 0,
				"the register of transaction %d is in memory %u times after step "
				"%d",
				k, left, i);
		}
	}
}

START_TEST(no_used_register_stays_in_memory)
{
	if (getenv("KEYDIV_TESTS_SANITIZED") != NULL || getenv("KEYDIV_UNDER_VALGRIND") != NULL)
		return; /* their own copies of memory */
	steps_leave_nothing(client(NOTHING));
	steps_leave_nothing(client(T(YES(CKA_TOKEN))));
	/* Those set aside stay in memory until they are used, and no longer. */
	steps_leave_nothing(client(T(YES(CKA_TOKEN), NUM(CKA_KEYDIV_RESERVE, 3))));
}
END_TEST

/*
 * The file holds, with the token key, only what is still to come: the older slot is zero
 * after a step.
 */
START_TEST(no_used_register_stays_in_the_file)
{
	CK_OBJECT_HANDLE c = client(T(YES(CKA_TOKEN)));
	static uint8_t file[2 * STATE_SLOT_LEN];
	SECRET state = {0};

	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(next(c), (unsigned)i);
		ck_assert_uint_eq(read_file(file_of(c), file, sizeof file), sizeof file);
		unsigned empty = 0;
		for (int slot = 0; slot < 2; slot++) {
			unsigned bytes = 0;
			for (size_t k = 0; k < STATE_SLOT_LEN; k++)
				bytes += file[slot * STATE_SLOT_LEN + k] != 0;
			empty += bytes == 0;
		}
		ck_assert_uint_eq(empty, 1);
	}
	struct state_location at = {token->store, &token->vault, row_of(c), &state_odukpt_client};
	ck_ok(state_read(&at, &state));
	ck_assert_uint_eq(get_be64(secret_peek(&state) + 4), 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tests = tcase_create("state");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_session_client_gives_the_server_s_keys_in_order);
	tcase_add_test(tests, a_token_client_gives_the_server_s_keys_in_order);
	tcase_add_test(tests, a_client_that_sets_aside_gives_the_server_s_keys_in_order);
	tcase_add_test(tests, a_client_lets_nothing_out);
	tcase_add_test(tests, a_refused_key_burns_no_number);
	tcase_add_test(tests, what_was_set_aside_is_skipped_after_a_logout);
	tcase_add_test(tests, two_processes_set_aside_different_numbers);
	tcase_add_test(tests, the_last_numbers_are_given_though_fewer_than_asked_for);
	tcase_add_test(tests, destroying_forgets_what_was_set_aside);
	tcase_add_test(tests, a_forked_child_has_nothing_set_aside);
	tcase_add_test(tests, threads_never_get_one_number_twice);
	tcase_add_test(tests, a_flipped_byte_repeats_no_number);
	tcase_add_test(tests, a_slot_of_another_client_or_of_another_generation_does_not_open);
	tcase_add_test(tests, a_client_without_its_file_is_no_key);
	tcase_add_test(tests, destroying_removes_the_file);
	tcase_add_test(tests, a_client_that_could_not_be_made_leaves_no_file);
	tcase_add_test(tests, a_client_of_a_read_only_session_or_without_login);
	tcase_add_test(tests, nothing_is_kept_after_the_last_number);
	tcase_add_test(tests, no_used_register_stays_in_memory);
	tcase_add_test(tests, no_used_register_stays_in_the_file);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_token.c: one token: initialising, PINs and their counters, login, and what other processes
 * do to all that. A second struct token on the same directory stands for another process where
 * that is enough.
 */
#include "token/token.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cheap_scrypt.h"
#include "key/random.h"
#include "raw_store.h"
#include "temp_dir.h"
#include "token/pool.h"
#include "token/sessions.h"
#include "token/token_info.h"
#include "token/token_login.h"
#include "token/token_objects.h"
#include "token/token_pin.h"
#include "unit.h"

#define SO "so-pin-1"
#define USER "1234"
#define PIN(text) bytes_of(text, sizeof(text) - 1)

static const uint8_t label[STORE_LABEL_LEN] = "a label                         ";

static char dir[TEMP_DIR_MAX];
static char token_dir[96];
static struct token *token;

static struct token *open_token(void)
{
	struct token *t = NULL;

	ck_ok(token_open(5, token_dir, 14, &t));
	return t;
}

static void start(void)
{
	ck_ok(crypto_start());
	ck_ok(pool_start());
	ck_ok(sessions_start());
	token = open_token();
}

static void blank(void)
{
	ck_assert(temp_dir_make("token", dir));
	snprintf(token_dir, sizeof token_dir, "%s/slot-5", dir);
	start();
}

/* A token with both PINs, nobody logged in. */
static void ready(void)
{
	blank();
	ck_ok(token_init(token, PIN(SO), label));
	ck_ok(token_login(token, CKU_SO, PIN(SO)));
	ck_ok(token_init_pin(token, PIN(USER)));
	ck_ok(sessions_logout(token));
}

/* The same token, with PINs stretched as users' PINs are. */
static void ready_with_real_scrypt(void)
{
	scrypt_is_cheap = false;
	ready();
}

static void tear_down(void)
{
	scrypt_is_cheap = true;
	sessions_stop();
	token_close(token);
	pool_stop();
	crypto_stop();
	temp_dir_remove(dir);
}

static struct store_token stored(void)
{
	struct store_token t;

	ck_ok(store_token_get(token->store, &t));
	return t;
}

static struct store_tries tries_of(enum login who)
{
	struct store_tries tries;

	ck_ok(pin_tries(token, who, &tries));
	return tries;
}

static CK_FLAGS flags(void)
{
	CK_TOKEN_INFO info;

	ck_ok(token_info(token, &info));
	return info.flags;
}

/* Run BODY in a process of its own that starts from nothing; its exit code. */
static pid_t start_process(int (*body)(void))
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		token_forked(token);
		start();
		_exit(body());
	}
	return child;
}

static int exit_code(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + status;
}

/* --- Initialising --- */

START_TEST(a_blank_token)
{
	CK_TOKEN_INFO info;

	ck_rv(token_initialized(token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(token_login(token, CKU_SO, PIN(SO)), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(token_set_pin(token, PIN(USER), PIN("5678")), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(sessions_logout(token), CKR_USER_NOT_LOGGED_IN);
	ck_ok(token_info(token, &info));
	ck_assert_uint_eq(info.flags, CKF_RNG | CKF_LOGIN_REQUIRED);
	for (size_t i = 0; i < sizeof info.label; i++)
		ck_assert_int_eq(info.label[i], ' ');
}
END_TEST

START_TEST(initialising)
{
	CK_TOKEN_INFO info;
	struct store_token t;

	ck_rv(token_init(token, PIN("123"), label), CKR_PIN_LEN_RANGE);
	ck_ok(token_init(token, PIN(SO), label));
	ck_ok(token_initialized(token));
	t = stored();
	ck_assert_uint_eq(t.scrypt_log2_n, 14);
	ck_assert(t.so.set && !t.user.set && tries_of(LOGIN_SO).wrong == 0);
	ck_ok(token_info(token, &info));
	ck_assert_uint_eq(info.flags, CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED);
	ck_assert_mem_eq(info.label, label, sizeof label);
	char serial[17];
	hex_encode(t.serial, 8, serial);
	ck_assert_mem_eq(info.serialNumber, serial, 16);
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_USER_PIN_NOT_INITIALIZED);
	ck_rv(token_set_pin(token, PIN(USER), PIN("5678")), CKR_USER_PIN_NOT_INITIALIZED);
}
END_TEST

struct initialising {
	struct token *token;
	struct bytes so_pin;
	pthread_barrier_t *together;
	CK_RV rv;
};

static void *initialise(void *arg)
{
	struct initialising *i = arg;

	pthread_barrier_wait(i->together);
	i->rv = token_init(i->token, i->so_pin, label);
	return NULL;
}

/*
 * Two processes find a blank token: what the first has made is not erased by the second, which does
 * not know its SO's PIN.
 */
START_TEST(a_blank_token_is_initialised_once)
{
	for (int round = 0; round < 6; round++) {
		pthread_barrier_t together;
		pthread_t thread;

		ck_assert_int_eq(pthread_barrier_init(&together, NULL, 2), 0);
		snprintf(token_dir, sizeof token_dir, "%s/slot-%d", dir, round);
		struct initialising one = {open_token(), PIN(SO), &together, 0};
		struct initialising two = {open_token(), PIN("another"), &together, 0};
		ck_assert_int_eq(pthread_create(&thread, NULL, initialise, &two), 0);
		initialise(&one);
		pthread_join(thread, NULL);
		ck_assert((one.rv == CKR_OK) != (two.rv == CKR_OK));
		ck_rv(one.rv == CKR_OK ? two.rv : one.rv, CKR_PIN_INCORRECT);
		struct initialising *won = one.rv == CKR_OK ? &one : &two;
		ck_ok(token_login(won->token, CKU_SO, won->so_pin));
		token_close(one.token);
		token_close(two.token);
		pthread_barrier_destroy(&together);
	}
}
END_TEST

static int initialise_often(void)
{
	for (int i = 0; i < 4; i++) {
		CK_RV rv = token_init(token, PIN(SO), label);
		if (rv != CKR_OK)
			return rv == CKR_PIN_INCORRECT ? 1 : 2;
	}
	return 0;
}

/* The right PIN is never called wrong because another process initialises the token, too. */
START_TEST(initialised_by_many_processes)
{
	pid_t child[16];

	for (int i = 0; i < 16; i++)
		child[i] = start_process(initialise_often);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(exit_code(child[i]), 0);
	ck_assert_uint_eq(tries_of(LOGIN_SO).wrong, 0);
	ck_ok(token_login(token, CKU_SO, PIN(SO)));
}
END_TEST

/* Where locks do nothing, a process finds another token than it has tried its PIN against. */
static bool no_lock(struct store *store, bool alone)
{
	(void)store;
	(void)alone;
	return true;
}

static void no_unlock(struct store *store)
{
	(void)store;
}

START_TEST(initialised_by_many_processes_without_locks)
{
	static struct store_backend without_locks;
	const struct store_backend *backend = token->store->backend;

	without_locks = *backend;
	without_locks.lock_pins = no_lock;
	without_locks.unlock_pins = no_unlock;
	token->store->backend = &without_locks;
	for (int round = 0; round < 6; round++) {
		struct initialising i[2];
		pthread_barrier_t together;
		pthread_t thread[2];

		ck_assert_int_eq(pthread_barrier_init(&together, NULL, 2), 0);
		for (int k = 0; k < 2; k++) {
			i[k] = (struct initialising){open_token(), PIN(SO), &together, 0};
			i[k].token->store->backend = &without_locks;
			ck_assert_int_eq(pthread_create(&thread[k], NULL, initialise, &i[k]), 0);
		}
		for (int k = 0; k < 2; k++) {
			pthread_join(thread[k], NULL);
			ck_ok(i[k].rv);
			token_close(i[k].token);
		}
		pthread_barrier_destroy(&together);
	}
	token->store->backend = backend;
}
END_TEST

START_TEST(a_label_has_no_nul)
{
	uint8_t text[STORE_LABEL_LEN] = "ends early";

	ck_ok(token_init(token, PIN(SO), text));
	ck_assert_mem_eq(stored().label, "ends early                      ", STORE_LABEL_LEN);
}
END_TEST

START_TEST(initialising_again)
{
	struct store_token before = stored();

	ck_rv(token_init(token, PIN("not the pin"), label), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(tries_of(LOGIN_SO).wrong, 1);
	ck_assert(stored().user.set);
	ck_ok(token_init(token, PIN(SO), label));
	struct store_token after = stored();
	ck_assert(memcmp(before.uuid, after.uuid, sizeof after.uuid) != 0);
	ck_assert(memcmp(before.so.wrapped_key, after.so.wrapped_key,
			  sizeof after.so.wrapped_key) != 0);
	ck_assert_mem_eq(before.serial, after.serial, sizeof after.serial);
	ck_assert(!after.user.set && tries_of(LOGIN_SO).wrong == 0);
	ck_ok(token_login(token, CKU_SO, PIN(SO)));
}
END_TEST

/* --- Login --- */

START_TEST(login_and_logout)
{
	SNAPSHOT first = {0};
	SNAPSHOT second = {0};
	uint64_t word = atomic_load(&token->login);

	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_assert_int_eq(token_login_state(token), LOGIN_USER);
	ck_assert_uint_ne(atomic_load(&token->login) >> 2, word >> 2);
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_USER_ALREADY_LOGGED_IN);
	ck_rv(token_login(token, CKU_SO, PIN(SO)), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	ck_ok(vault_snapshot_key(&token->vault, &first));
	ck_assert_uint_eq(first.key.len, VAULT_KEY_LEN);
	ck_assert_mem_eq(first.uuid, stored().uuid, sizeof first.uuid);

	word = atomic_load(&token->login);
	ck_ok(sessions_logout(token));
	ck_assert_int_eq(token_login_state(token), LOGIN_NONE);
	ck_assert_uint_ne(atomic_load(&token->login) >> 2, word >> 2);
	ck_assert_uint_eq(token->vault.key->len, 0);
	for (size_t i = 0; i < sizeof token->vault.key->small; i++)
		ck_assert_int_eq(token->vault.key->small[i], 0);
	ck_rv(sessions_logout(token), CKR_USER_NOT_LOGGED_IN);

	ck_ok(token_login(token, CKU_SO, PIN(SO)));
	ck_assert_int_eq(token_login_state(token), LOGIN_SO);
	ck_ok(vault_snapshot_key(&token->vault, &second));
	ck_assert(secret_equal(secret_peek(&first.key), secret_peek(&second.key), VAULT_KEY_LEN));
	ck_rv(token_login(token, 7, PIN(SO)), CKR_USER_TYPE_INVALID);
}
END_TEST

START_TEST(the_epoch_in_handles_is_never_zero)
{
	atomic_store(&token->login, (UINT64_C(0xffffff) << 2));
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_assert_uint_eq(atomic_load(&token->login), UINT64_C(0x1000001) << 2 | LOGIN_USER);
}
END_TEST

START_TEST(pins_that_are_nearly_right)
{
	char text[300] = "";

	ck_rv(token_login(token, CKU_USER, bytes_of("1234\0", 5)), CKR_PIN_INCORRECT);
	ck_rv(token_login(token, CKU_USER, PIN("12345")), CKR_PIN_INCORRECT);
	ck_rv(token_login(token, CKU_USER, PIN(SO)), CKR_PIN_INCORRECT);
	ck_rv(token_login(token, CKU_SO, PIN("so-pin-")), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 3);
	ck_assert_uint_eq(tries_of(LOGIN_SO).wrong, 1);
	/* PINs of a length that no PIN has are wrong PINs too. */
	ck_rv(token_login(token, CKU_USER, PIN("123")), CKR_PIN_INCORRECT);
	ck_rv(token_login(token, CKU_USER, PIN("")), CKR_PIN_INCORRECT);
	ck_rv(token_login(token, CKU_USER, bytes_of(text, 256)), CKR_PIN_INCORRECT);
	ck_rv(token_login(token, CKU_USER, bytes_of(text, SIZE_MAX)), CKR_PIN_INCORRECT);
	ck_rv(token_set_pin(token, PIN("123"), PIN("5678")), CKR_PIN_INCORRECT);
	ck_rv(token_set_pin(token, PIN(USER), PIN("567")), CKR_PIN_LEN_RANGE);
	ck_rv(token_init(token, PIN("123"), label), CKR_PIN_INCORRECT);
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 8);
	ck_assert_uint_eq(tries_of(LOGIN_SO).wrong, 2);
	ck_assert_uint_eq(tries_of(LOGIN_USER).started, 0);
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 0);
}
END_TEST

START_TEST(long_pins)
{
	/*
	 * HMAC takes a key of more than 64 bytes for its hash: 255 bytes and any other 255 bytes
	 * are two PINs all the same.
	 */
	char text[255];

	memset(text, 'p', sizeof text);
	ck_ok(token_set_pin(token, PIN(USER), bytes_of(text, 255)));
	ck_rv(token_login(token, CKU_USER, bytes_of(text, 254)), CKR_PIN_INCORRECT);
	ck_ok(token_login(token, CKU_USER, bytes_of(text, 255)));
}
END_TEST

/* --- Counting --- */

static void wrong(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		ck_rv(token_login(token, CKU_USER, PIN("wrong")), CKR_PIN_INCORRECT);
}

START_TEST(ten_wrong_pins)
{
	const CK_FLAGS all = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;

	ck_assert_uint_eq(flags() & all, 0);
	wrong(1);
	ck_assert_uint_eq(flags() & all, CKF_USER_PIN_COUNT_LOW);
	wrong(8);
	ck_assert_uint_eq(flags() & all, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	wrong(1);
	ck_assert_uint_eq(flags() & all, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_PIN_LOCKED);
	ck_rv(token_set_pin(token, PIN(USER), PIN("5678")), CKR_PIN_LOCKED);

	token_close(token); /* as a restart */
	token = open_token();
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_PIN_LOCKED);
	ck_ok(token_login(token, CKU_SO, PIN(SO)));
	ck_ok(token_init_pin(token, PIN("5678")));
	ck_ok(sessions_logout(token));
	ck_assert_uint_eq(flags() & all, 0);
	ck_ok(token_login(token, CKU_USER, PIN("5678")));
}
END_TEST

START_TEST(a_right_pin_clears_the_count)
{
	wrong(9);
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_ok(sessions_logout(token));
	wrong(9);
	ck_ok(token_set_pin(token, PIN(USER), PIN("5678")));
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 0);
}
END_TEST

START_TEST(the_so_is_locked_too)
{
	for (int i = 0; i < PIN_TRIES / 2; i++) {
		ck_rv(token_login(token, CKU_SO, PIN("wrong")), CKR_PIN_INCORRECT);
		ck_rv(token_init(token, PIN("wrong"), label), CKR_PIN_INCORRECT);
	}
	ck_assert_uint_eq(flags() & (CKF_SO_PIN_LOCKED | CKF_USER_PIN_LOCKED), CKF_SO_PIN_LOCKED);
	ck_rv(token_login(token, CKU_SO, PIN(SO)), CKR_PIN_LOCKED);
	ck_rv(token_init(token, PIN(SO), label), CKR_PIN_LOCKED);
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
}
END_TEST

static int try_wrong(void)
{
	CK_RV rv = token_login(token, CKU_USER, PIN("wrong"));
	return rv == CKR_PIN_INCORRECT ? 1 : rv == CKR_PIN_LOCKED ? 2 : 3;
}

START_TEST(wrong_pins_of_many_processes)
{
	pid_t child[14];
	int got[4] = {0};

	for (int i = 0; i < 14; i++)
		child[i] = start_process(try_wrong);
	for (int i = 0; i < 14; i++)
		got[exit_code(child[i]) & 3]++;
	ck_assert_int_eq(got[1], PIN_TRIES);
	ck_assert_int_eq(got[2], 14 - PIN_TRIES);
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, PIN_TRIES);
}
END_TEST

static int try_right(void)
{
	return token_login(token, CKU_USER, PIN(USER)) == CKR_OK ? 0 : 1;
}

START_TEST(right_pins_of_many_processes_are_not_wrong_ones)
{
	pid_t child[24];

	for (int i = 0; i < 24; i++)
		child[i] = start_process(try_right);
	for (int i = 0; i < 24; i++)
		ck_assert_int_eq(exit_code(child[i]), 0);
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 0);
}
END_TEST

static void wait_to_be_killed(void)
{
	for (;;)
		pause();
}

static int stop_in_scrypt(void)
{
	before_scrypt = wait_to_be_killed;
	return token_login(token, CKU_USER, PIN("wrong")) == CKR_OK;
}

static void kill_in_scrypt(void)
{
	uint32_t before = tries_of(LOGIN_USER).started;
	pid_t child = start_process(stop_in_scrypt);

	while (tries_of(LOGIN_USER).started == before)
		usleep(100);
	kill(child, SIGKILL);
	ck_assert_int_eq(exit_code(child) & 0x7f, SIGKILL);
	ck_assert_uint_eq(tries_of(LOGIN_USER).started, before + 1);
}

/* A service that is killed during its login, again and again, is not locked out. */
START_TEST(killed_tries_are_no_wrong_ones)
{
	for (int i = 0; i < 3 * PIN_TRIES; i++)
		kill_in_scrypt();
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 0);
	ck_assert_uint_eq(flags() & CKF_USER_PIN_LOCKED, 0);
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_assert_uint_eq(tries_of(LOGIN_USER).started, 0);
	ck_ok(sessions_logout(token));
	kill_in_scrypt();
	wrong(PIN_TRIES); /* they leave not one more wrong try */
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_PIN_LOCKED);
}
END_TEST

static CK_RV all_started(const struct store_token *t, struct store_tries *tries, void *arg)
{
	(void)t;
	tries->started = *(uint32_t *)arg;
	return CKR_OK;
}

START_TEST(killed_tries_have_a_limit_of_their_own)
{
	uint32_t n = PIN_STARTED_MAX;

	ck_ok(store_tries_edit(token->store, STORE_USER, all_started, &n));
	ck_assert_uint_eq(flags() & CKF_USER_PIN_LOCKED, CKF_USER_PIN_LOCKED);
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_PIN_LOCKED);
	n--;
	ck_ok(store_tries_edit(token->store, STORE_USER, all_started, &n));
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
}
END_TEST

static void *log_in(void *rv)
{
	*(CK_RV *)rv = token_login(token, CKU_USER, PIN(USER));
	return NULL;
}

START_TEST(threads_log_in_once)
{
	pthread_t thread[4];
	CK_RV rv[4];
	int won = 0;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, log_in, &rv[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		ck_assert(rv[i] == CKR_OK || rv[i] == CKR_USER_ALREADY_LOGGED_IN);
		won += rv[i] == CKR_OK;
	}
	ck_assert_int_eq(won, 1);
}
END_TEST

START_TEST(no_memory_is_no_wrong_pin)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct rlimit limit;
	long pages = 0;

	if (getenv("KEYDIV_UNDER_VALGRIND"))
		return;
	wrong(1);
	malloc_trim(0); /* what earlier tries have left must not do */
	FILE *in = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%ld", &pages), 1);
	fclose(in);
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (4 << 20);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	CK_RV rv = token_login(token, CKU_USER, PIN(USER)); /* scrypt wants 16 MiB */
	limit.rlim_cur = before;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_rv(rv, CKR_HOST_MEMORY);
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 1);
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
#endif
}
END_TEST

/* --- Setting PINs --- */

START_TEST(setting_pins)
{
	ck_rv(token_init_pin(token, PIN("5678")), CKR_USER_NOT_LOGGED_IN);
	ck_rv(token_set_pin(token, PIN(USER), PIN("567")), CKR_PIN_LEN_RANGE);
	ck_rv(token_set_pin(token, PIN("wrong"), PIN("5678")), CKR_PIN_INCORRECT);
	ck_ok(token_set_pin(token, PIN(USER), PIN("5678")));
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_PIN_INCORRECT);
	ck_ok(token_login(token, CKU_USER, PIN("5678")));
	ck_rv(token_init_pin(token, PIN("5678")), CKR_USER_NOT_LOGGED_IN);
	ck_ok(token_set_pin(token, PIN("5678"), PIN(USER)));
	ck_ok(sessions_logout(token));
	ck_ok(token_login(token, CKU_SO, PIN(SO)));
	ck_rv(token_set_pin(token, PIN(USER), PIN("5678")),
		CKR_PIN_INCORRECT); /* the SO's is set */
	ck_ok(token_set_pin(token, PIN(SO), PIN("another")));
	ck_ok(sessions_logout(token));
	ck_rv(token_login(token, CKU_SO, PIN(SO)), CKR_PIN_INCORRECT);
	ck_ok(token_login(token, CKU_SO, PIN("another")));
}
END_TEST

/* --- Other processes, and the file --- */

START_TEST(initialised_by_another_process)
{
	struct token *other = open_token();

	ck_ok(token_login(token, CKU_SO, PIN(SO)));
	ck_ok(token_init(other, PIN(SO), label));
	ck_rv(token_init_pin(token, PIN(USER)), CKR_USER_NOT_LOGGED_IN);
	ck_assert_int_eq(token_login_state(token), LOGIN_NONE);
	ck_assert_uint_eq(token->vault.key->len, 0);
	ck_ok(token_login(token, CKU_SO, PIN(SO)));

	ck_ok(token_init_pin(token, PIN(USER)));
	ck_ok(sessions_logout(token));
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_ok(token_init(other, PIN(SO), label));
	ck_rv(token_login(token, CKU_USER, PIN(USER)),
		CKR_USER_PIN_NOT_INITIALIZED); /* and not: already logged in */
	ck_assert_int_eq(token_login_state(token), LOGIN_NONE);
	token_close(other);
}
END_TEST

static CK_RV take_the_sos(struct store_token *t, void *arg)
{
	(void)arg;
	t->user = t->so;
	return CKR_OK;
}

START_TEST(the_sos_key_is_not_the_users)
{
	ck_ok(raw_token_update(token->store, take_the_sos, NULL));
	ck_rv(token_login(token, CKU_USER, PIN(SO)), CKR_PIN_INCORRECT);
}
END_TEST

static CK_RV make_it_dear(struct store_token *t, void *arg)
{
	t->scrypt_log2_n = *(unsigned *)arg;
	return CKR_OK;
}

START_TEST(a_hostile_scrypt_parameter)
{
	unsigned log2_n[] = {0, 13, 23, 40, 15};

	for (size_t i = 0; i < 4; i++) {
		ck_ok(raw_token_update(token->store, make_it_dear, &log2_n[i]));
		ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_DEVICE_ERROR);
		ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 0);
	}
	ck_ok(raw_token_update(token->store, make_it_dear, &log2_n[4]));
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_PIN_INCORRECT);
}
END_TEST

static CK_RV another_label(struct store_token *t, void *arg)
{
	(void)arg;
	memcpy(t->label, "A", 1);
	return CKR_OK;
}

/* The next PIN must not be sealed with a smaller N than the SO has logged in with. */
START_TEST(an_edited_scrypt_parameter_does_not_weaken_a_pin)
{
	unsigned weak = 1;
	struct store_pin before = stored().user;

	ck_ok(token_login(token, CKU_SO, PIN(SO)));
	ck_ok(raw_token_update(token->store, make_it_dear, &weak));
	ck_rv(token_init_pin(token, PIN("5678")), CKR_DEVICE_ERROR);
	ck_assert_mem_eq(stored().user.salt, before.salt, sizeof before.salt);
}
END_TEST

START_TEST(an_edited_label_is_noticed)
{
	ck_ok(raw_token_update(token->store, another_label, NULL));
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_DEVICE_ERROR);
	ck_assert_uint_eq(tries_of(LOGIN_USER).wrong, 0);
	ck_assert_int_eq(token_login_state(token), LOGIN_NONE);
}
END_TEST

static CK_RV prepare(struct record *row, void *arg)
{
	(void)arg;
	row->attributes = bytes_of("", 0);
	return CKR_OK;
}

START_TEST(rows_put_in_and_removed_are_noticed)
{
	struct record row = {.object_class = CKO_DATA};

	ck_ok(raw_insert(token->store, &row, prepare, NULL));
	ck_rv(token_login(token, CKU_USER, PIN(USER)), CKR_DEVICE_ERROR);
	ck_ok(raw_remove(token->store, row.id));
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
}
END_TEST

static int look_at_the_key(void)
{
	return token_login_state(token) != LOGIN_NONE || token->vault.key->len != 0;
}

START_TEST(a_child_is_not_logged_in)
{
	ck_ok(token_login(token, CKU_USER, PIN(USER)));
	ck_assert_int_eq(exit_code(start_process(look_at_the_key)), 0);
	ck_assert_int_eq(exit_code(start_process(try_right)), 0);
	ck_assert_int_eq(token_login_state(token), LOGIN_USER);
	ck_assert_uint_eq(token->vault.key->len, VAULT_KEY_LEN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *fresh = tcase_create("blank"), *tests = tcase_create("ready");
	TCase *real = tcase_create("real scrypt");

	tcase_add_checked_fixture(fresh, blank, tear_down);
	tcase_add_test(fresh, a_blank_token);
	tcase_add_test(fresh, initialising);
	tcase_add_test(fresh, a_blank_token_is_initialised_once);
	tcase_add_test(fresh, initialised_by_many_processes);
	tcase_add_test(fresh, initialised_by_many_processes_without_locks);
	tcase_add_test(fresh, a_label_has_no_nul);
	suite_add_tcase(suite, fresh);

	tcase_add_checked_fixture(tests, ready, tear_down);
	tcase_add_test(tests, initialising_again);
	tcase_add_test(tests, the_epoch_in_handles_is_never_zero);
	tcase_add_test(tests, long_pins);
	tcase_add_test(tests, ten_wrong_pins);
	tcase_add_test(tests, a_right_pin_clears_the_count);
	tcase_add_test(tests, the_so_is_locked_too);
	tcase_add_test(tests, initialised_by_another_process);
	tcase_add_test(tests, the_sos_key_is_not_the_users);
	tcase_add_test(tests, an_edited_scrypt_parameter_does_not_weaken_a_pin);
	tcase_add_test(tests, an_edited_label_is_noticed);
	tcase_add_test(tests, rows_put_in_and_removed_are_noticed);
	tcase_add_test(tests, a_child_is_not_logged_in);
	tcase_add_test(tests, pins_that_are_nearly_right);
	tcase_add_test(tests, wrong_pins_of_many_processes);
	tcase_add_test(tests, right_pins_of_many_processes_are_not_wrong_ones);
	tcase_add_test(tests, killed_tries_are_no_wrong_ones);
	tcase_add_test(tests, killed_tries_have_a_limit_of_their_own);
	suite_add_tcase(suite, tests);

	tcase_add_checked_fixture(real, ready_with_real_scrypt, tear_down);
	tcase_add_test(real, login_and_logout);
	tcase_add_test(real, threads_log_in_once);
	tcase_add_test(real, no_memory_is_no_wrong_pin);
	tcase_add_test(real, setting_pins);
	tcase_add_test(real, a_hostile_scrypt_parameter);
	suite_add_tcase(suite, real);
	return run_suite(suite);
}

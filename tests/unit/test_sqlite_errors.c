/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite_errors.c: each call of SQLite that a function of the store makes fails once. What is
 * refused has changed nothing, what is acknowledged is there, and the same store goes on.
 *
 * The functions of SQLite that the store calls are defined here, and call those of the library.
 */
#include <dlfcn.h>
#include <sqlite3.h>

#include "state/state.h"
#include "store/inventory.h"
#include "store/marks.h"
#include "store_support.h"

/* --- Calls that fail --- */

static int calls_left = -1; /* until a call fails; negative: no call fails */
static int failing_code;
static const struct {
	int code;
	CK_RV rv;
} codes[] = {{SQLITE_IOERR, CKR_DEVICE_ERROR}, {SQLITE_FULL, CKR_DEVICE_MEMORY},
	{SQLITE_NOMEM, CKR_HOST_MEMORY}, {SQLITE_IOERR_NOMEM, CKR_HOST_MEMORY},
	{SQLITE_READONLY, CKR_TOKEN_WRITE_PROTECTED}};
enum { CODES = sizeof codes / sizeof codes[0] };
static CK_RV refused; /* the result of failing_code */

static const char *failed = "none"; /* the last function that failed */

static int depth; /* of calls; SQLite makes calls of its own, which do not fail */

static bool fails_now(const char *name)
{
	if (depth > 0 || calls_left < 0 || calls_left-- > 0)
		return false;
	failed = name;
	return true;
}

/* Define NAME to fail with failing_code, or to call the function of the library. */
#define REPLACE(name, parameters, arguments)                                                       \
	__attribute__((visibility("default"))) int name parameters                                 \
	{                                                                                          \
		static int(*real) parameters;                                                      \
		if (real == NULL) {                                                                \
			void *found = dlsym(RTLD_NEXT, #name);                                     \
			memcpy(&real, &found, sizeof real);                                        \
		}                                                                                  \
		if (fails_now(#name))                                                              \
			return failing_code;                                                       \
		depth++;                                                                           \
		int code = real arguments;                                                         \
		depth--;                                                                           \
		return code;                                                                       \
	}

REPLACE(sqlite3_step, (sqlite3_stmt * s), (s))
REPLACE(sqlite3_bind_int64, (sqlite3_stmt * s, int i, sqlite3_int64 v), (s, i, v))
REPLACE(sqlite3_bind_null, (sqlite3_stmt * s, int i), (s, i))
REPLACE(sqlite3_bind_blob64,
	(sqlite3_stmt * s, int i, const void *p, sqlite3_uint64 n, void (*done)(void *)),
	(s, i, p, n, done))
REPLACE(sqlite3_prepare_v2,
	(sqlite3 * db, const char *sql, int n, sqlite3_stmt **ret, const char **tail),
	(db, sql, n, ret, tail))
REPLACE(sqlite3_prepare_v3,
	(sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **ret,
		const char **tail),
	(db, sql, n, flags, ret, tail))
REPLACE(sqlite3_exec,
	(sqlite3 * db, const char *sql, int (*each)(void *, int, char **, char **), void *arg,
		char **ret_error),
	(db, sql, each, arg, ret_error))

/* --- A token --- */

static struct store *store;
static struct snapshot keys;
static int64_t newest;
static unsigned round_number;

static void log_in(void)
{
	struct store_token token = sample_token();

	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
}

static struct store_token current; /* before the function that is tried */
static bool made;

static CK_RV initialize(void)
{
	const struct inventory none = {0};
	struct store_token token = sample_token();
	bool as_seen = false;

	token.label[7] = (uint8_t)('a' + round_number % 26);
	ck_ok(inventory_seal(&keys, &none, &token));
	CK_RV rv = store_init_token(store, &token, made ? &current : NULL, &as_seen);
	ck_assert(rv != CKR_OK || as_seen);
	return rv;
}

static void open_again(void)
{
	store_close(store);
	store = NULL;
	ck_ok(store_open(token_dir, &states_above_store, &store));
}

static void new_token(void)
{
	log_in();
	open_again();
	ck_ok(initialize());
}

/* --- Functions of the store --- */

static CK_RV add(void)
{
	OBJECT one = {.object_class = CKO_DATA, .flags = FLAG_TOKEN, .number = 0};
	OBJECT two = {.object_class = CKO_SECRET_KEY,
		.key_type = CKK_GENERIC_SECRET,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN};
	struct object *objects[] = {&one, &two};
	int64_t ids[2];

	one.key_type = one.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION;
	ck_ok(secret_set(&two.value, "value", 5));
	ck_ok(object_set_variable(&two, VAR_LABEL, bytes_of("label", 5)));
	CK_RV rv = store_add_objects(store, &keys, objects, 2, ids);
	if (rv == CKR_OK)
		newest = ids[1];
	return rv;
}

static CK_RV new_value(struct object *o, void *arg)
{
	(void)arg;
	return secret_set(&o->value, &round_number, sizeof round_number);
}

static CK_RV edit(void)
{
	return store_edit_object(store, &keys, newest, new_value, NULL);
}

static CK_RV remove_one(void)
{
	return store_remove_object(store, &keys, newest);
}

static CK_RV set_pin(void)
{
	struct store_pin pin = current.so;
	bool as_seen = false;

	memcpy(pin.salt, &round_number, sizeof round_number);
	CK_RV rv = store_set_pin(store, STORE_SO, &current, false, &pin, &as_seen);
	ck_assert(rv != CKR_OK || as_seen);
	return rv;
}

static const uint8_t stream[MARK_STREAM_LEN] = {1};

static CK_RV put_mark(struct store *marks, void *arg)
{
	uint8_t mark[MARK_MAX], text[8];
	size_t n;

	(void)arg;
	TRY(marks_get(marks, 7, stream, mark, &n));
	put_be64(text, round_number);
	return marks_put(marks, 7, stream, bytes_of(text, sizeof text));
}

static CK_RV mark(void)
{
	return store_marks_change(
		store, true, &(struct store_marks_use){.edit = put_mark, .arg = NULL});
}

static CK_RV remove_marks(void)
{
	return store_marks_remove(store, 7);
}

static CK_RV remove_mark(struct store *marks, void *arg)
{
	(void)arg;
	return marks_remove(marks, 7, stream);
}

static CK_RV remove_one_mark(void)
{
	return store_marks_change(
		store, false, &(struct store_marks_use){.edit = remove_mark, .arg = NULL});
}

/* --- Functions that only read: what they read is right, or refused --- */

static CK_RV read_token(void)
{
	struct store_token token = {0};

	TRY(store_token_get(store, &token));
	ck_assert_mem_eq(token.uuid, sample_token().uuid, sizeof token.uuid);
	return CKR_OK;
}

static CK_RV read_record(void)
{
	RECORD record = {0};
	OBJECT o = {0};

	TRY(store_read(store, newest, &record));
	return record_open(&keys, &record, &o);
}

static CK_RV find(void)
{
	struct record found[8];
	size_t n = 0;
	const struct store_query query = {.label = text_bytes("label")};

	TRY(store_find(store, &query, found, 8, &n));
	ck_assert_uint_ge(n, 1);
	for (size_t i = 0; i < n; i++)
		record_free(&found[i]);
	return CKR_OK;
}

static CK_RV verify(void)
{
	return store_verify(store, &keys);
}

static CK_RV list_masters(void)
{
	int64_t *ids = NULL;
	size_t n = 0;

	CK_RV rv = store_marks_masters(store, &ids, &n);
	ck_assert(rv != CKR_OK || (n == 1 && ids[0] == 7));
	free(ids);
	return rv;
}

static CK_RV near_mark(struct store *marks, void *arg)
{
	static const uint8_t other[MARK_STREAM_LEN] = {2};
	struct mark_near before, after;

	(void)arg;
	TRY(marks_near(marks, 7, other, &before, &after));
	ck_assert(before.master == 7 && before.n == 8 && after.n == 0);
	return CKR_OK;
}

static CK_RV read_near(void)
{
	return store_marks_read(store, &(struct store_marks_use){.edit = near_mark, .arg = NULL});
}

static void mark_first(void)
{
	ck_ok(mark());
}

static void add_first(void)
{
	ck_ok(add());
}

static const struct operation {
	const char *name;
	void (*before)(void); /* makes what the function changes or reads */
	CK_RV (*run)(void);
	bool changes;
	bool consumes; /* what was made before: it is made again for each call */
} operations[] = {
	{"init", add_first, initialize, true, true},
	{"add", NULL, add, true, false},
	{"edit", add_first, edit, true, false},
	{"remove", add_first, remove_one, true, true},
	{"set_pin", NULL, set_pin, true, false},
	{"mark", NULL, mark, true, false},
	{"remove_marks", mark_first, remove_marks, true, true},
	{"remove_mark", mark_first, remove_one_mark, true, true},
	{"near", mark_first, read_near, false, false},
	{"token", NULL, read_token, false, false},
	{"read", add_first, read_record, false, false},
	{"find", add_first, find, false, false},
	{"verify", add_first, verify, false, false},
	{"masters", mark_first, list_masters, false, false},
};

/* Return a hash (FNV-1a) of the token's databases. */
static uint64_t databases(void)
{
	static const char *const names[] = {"token.db", "windows.db"};
	uint64_t hash = UINT64_C(14695981039346656037);
	uint8_t bytes[4096];
	ssize_t n;

	for (int i = 0; i < 2; i++) {
		int fd = open(in_token(names[i]), O_RDONLY);
		while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
			for (ssize_t k = 0; k < n; k++)
				hash = (hash ^ bytes[k]) * UINT64_C(1099511628211);
		if (fd >= 0)
			close(fd);
	}
	return hash;
}

/* Let call K of SQLite fail. Return false if OP makes fewer calls. */
static bool one_failure(const struct operation *op, int k)
{
	if (op->before != NULL && (k == 0 || op->consumes))
		op->before();
	round_number++;
	ck_ok(store_token_get(store, &current));
	made = true;
	open_again(); /* no statement is prepared */
	uint64_t before = databases();
	calls_left = k;
	CK_RV rv = op->run();
	bool hit = calls_left < 0;
	calls_left = -1;
	uint64_t after = databases();
	/* All has been read when a transaction of reading ends, so an error at its end is none. */
	bool reading = op->run == verify || op->run == read_near;
	ck_assert_msg(rv == (hit ? refused : CKR_OK) || (rv == CKR_OK && reading),
		"%s, call %d (%s): %s", op->name, k, failed, rv_name(rv));
	ck_assert_msg((rv == CKR_OK && op->changes) == (before != after),
		"%s, call %d (%s): %s, and the token is %s", op->name, k, failed, rv_name(rv),
		before == after ? "the same" : "another");
	if (rv != CKR_OK) {
		rv = op->run();
		ck_assert_msg(rv == CKR_OK, "%s after call %d (%s): %s", op->name, k, failed,
			rv_name(rv));
	}
	rv = store_verify(store, &keys);
	ck_assert_msg(rv == CKR_OK, "verify after %s, call %d (%s): %s", op->name, k, failed,
		rv_name(rv));
	return hit;
}

START_TEST(each_call_fails_once)
{
	const struct operation *op = &operations[_i / CODES];
	int k = 0;

	failing_code = codes[_i % CODES].code;
	refused = codes[_i % CODES].rv;
	new_token();
	while (one_failure(op, k))
		k++;
	ck_assert_msg(k >= 3, "%s makes %d calls of SQLite", op->name, k);
	store_close(store);
	secret_wipe(&keys.key);
}
END_TEST

/* A store whose opening fails is not there, and can be opened the next time. */
START_TEST(each_call_of_opening_fails_once)
{
	int k = 0;

	failing_code = codes[_i].code;
	refused = codes[_i].rv;
	new_token();
	ck_ok(add());
	for (bool hit = true; hit; k++) {
		store_close(store);
		store = NULL;
		calls_left = k;
		CK_RV rv = store_open(token_dir, &states_above_store, &store);
		if (rv == CKR_OK)
			rv = read_token();
		hit = calls_left < 0;
		calls_left = -1;
		ck_assert_msg(rv == (hit ? refused : CKR_OK), "call %d: %s", k, rv_name(rv));
		open_again();
		ck_ok(read_record());
	}
	ck_assert_int_ge(k, 3);
	store_close(store);
	secret_wipe(&keys.key);
}
END_TEST

/* A token that cannot be made is not there, and the next try makes it. */
START_TEST(each_call_of_making_a_token_fails_once)
{
	int k = 0;

	failing_code = codes[_i].code;
	refused = codes[_i].rv;
	log_in();
	for (bool hit = true; hit; k++) {
		store_close(store);
		store = NULL;
		temp_dir_remove(token_dir);
		ck_ok(store_open(token_dir, &states_above_store, &store));
		made = false;
		calls_left = k;
		CK_RV rv = initialize();
		hit = calls_left < 0;
		calls_left = -1;
		ck_assert_msg(
			rv == (hit ? refused : CKR_OK), "call %d (%s): %s", k, failed, rv_name(rv));
		open_again();
		ck_rv(read_token(), hit ? CKR_TOKEN_NOT_RECOGNIZED : CKR_OK);
		if (hit)
			ck_ok(initialize());
		ck_ok(add());
	}
	ck_assert_int_ge(k, 10);
	store_close(store);
	secret_wipe(&keys.key);
}
END_TEST

/* A change that cannot be undone alone ends the transaction: what it did must not be committed. */
START_TEST(an_undo_that_fails_undoes_everything)
{
	struct record record = {.id = 9, .object_class = CKO_DATA};
	struct sample_text text;
	bool busy = true;

	failing_code = SQLITE_IOERR;
	new_token();
	ck_ok(sample_prepare(&record, &text));
	for (int k = 0; k < 4; k++) {
		open_again(); /* no statement is prepared */
		ck_ok(store->backend->begin(store, false, &busy));
		ck_ok(store->backend->savepoint(store));
		ck_ok(store->backend->insert(store, &record));
		calls_left = k;
		store->backend->undo(store);
		ck_assert_msg(calls_left < 0, "undo makes %d calls of SQLite", k);
		ck_assert_msg(!store->backend->in_transaction(store), "call %d (%s)", k, failed);
		store->backend->rollback(store);
		RECORD found = {0};
		ck_rv(store_read(store, record.id, &found), CKR_OBJECT_HANDLE_INVALID);
	}
	store_close(store);
	secret_wipe(&keys.key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sqlite_errors");
	TCase *tc = tcase_create("sqlite_errors");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(
		tc, each_call_fails_once, 0, CODES * sizeof operations / sizeof operations[0]);
	tcase_add_loop_test(tc, each_call_of_opening_fails_once, 0, CODES);
	tcase_add_loop_test(tc, each_call_of_making_a_token_fails_once, 0, CODES);
	tcase_add_test(tc, an_undo_that_fails_undoes_everything);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_copy.c: a token is copied to another store as it is, or not at all. */
#include "store/copy.h"

#include "store/inventory.h"
#include "store/marks.h"
#include "store_support.h"

#define OBJECTS 150 /* more than are read at once */

static struct store *from, *to;
static struct snapshot keys;
static char to_dir[80];

static struct store *open_at(const char *dir)
{
	struct store *store = NULL;

	ck_ok(store_open(dir, NULL, &store));
	return store;
}

static void start(void)
{
	const struct inventory none = {0};
	struct store_token token = sample_token();
	bool as_seen = false;

	snprintf(to_dir, sizeof to_dir, "%s/copy", test_dir);
	from = open_at(token_dir);
	to = open_at(to_dir);
	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
	ck_ok(inventory_seal(&keys, &none, &token));
	ck_ok(store_init_token(from, &token, NULL, &as_seen));
}

static void stop(void)
{
	store_close(from);
	store_close(to);
}

static int64_t add(struct store *store, CK_KEY_TYPE type, const char *value)
{
	OBJECT o = {.object_class = CKO_SECRET_KEY,
		.key_type = type,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN | FLAG_DESTROYABLE};
	struct object *objects[] = {&o};
	int64_t id = 0;

	ck_ok(secret_set(&o.value, value, strlen(value)));
	ck_ok(store_add_objects(store, &keys, objects, 1, &id));
	return id;
}

/* --- Marks --- */

struct one {
	int64_t master;
	uint8_t stream[MARK_STREAM_LEN];
	const char *text; /* NULL: there must be none */
};

static CK_RV run_put(struct store *marks, void *arg)
{
	const struct one *one = arg;

	return marks_put(marks, one->master, one->stream, text_bytes(one->text));
}

static CK_RV run_check(struct store *marks, void *arg)
{
	const struct one *one = arg;
	uint8_t mark[MARK_MAX];
	size_t n = 0;

	TRY(marks_get(marks, one->master, one->stream, mark, &n));
	ck_assert(bytes_equal(bytes_of(mark, n), text_bytes(one->text ? one->text : "")));
	return CKR_OK;
}

static struct one mark(int64_t master, uint8_t first, uint8_t last, const char *text)
{
	struct one one = {.master = master, .stream = {first}, .text = text};

	one.stream[MARK_STREAM_LEN - 1] = last;
	return one;
}

static void put(struct store *store, struct one one)
{
	ck_ok(store_marks_change(
		store, true, &(struct store_marks_use){.edit = run_put, .arg = &one}));
}

static void check_mark(struct store *store, struct one one)
{
	ck_ok(store_marks_read(store, &(struct store_marks_use){.edit = run_check, .arg = &one}));
}

/* Two masters with heads. Two names follow each other, and two names are the first and the last. */
static void put_marks(struct store *store)
{
	put(store, mark(2, 0, 0, "head 2"));
	put(store, mark(2, 0, 1, "first name"));
	put(store, mark(2, 5, 255, "a"));
	put(store, mark(2, 6, 0, "b"));
	put(store, mark(9, 0, 0, "head 9"));
	put(store, mark(9, 7, 7, "c"));
	struct one last = mark(9, 0, 0, "last name");
	memset(last.stream, 0xff, sizeof last.stream);
	put(store, last);
}

static void check_marks(struct store *store)
{
	check_mark(store, mark(2, 0, 0, "head 2"));
	check_mark(store, mark(2, 0, 1, "first name"));
	check_mark(store, mark(2, 5, 255, "a"));
	check_mark(store, mark(2, 6, 0, "b"));
	check_mark(store, mark(9, 0, 0, "head 9"));
	check_mark(store, mark(9, 7, 7, "c"));
	struct one last = mark(9, 0, 0, "last name");
	memset(last.stream, 0xff, sizeof last.stream);
	check_mark(store, last);
}

/* --- Tries --- */

static CK_RV set_tries(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	(void)arg;
	*tries = (struct store_tries){3, 2};
	return CKR_OK;
}

static CK_RV check_tries(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)arg;
	ck_assert_uint_eq(token->scrypt_log2_n, 16);
	ck_assert(tries->wrong == 3 && tries->started == 2);
	return CKR_OK;
}

/* --- Tests --- */

static void same_records(void)
{
	struct store_query all = {0};
	size_t n = 1, m = 1;

	do {
		RECORD a = {0};
		RECORD b = {0};
		ck_ok(store_find(from, &all, &a, 1, &n));
		ck_ok(store_find(to, &all, &b, 1, &m));
		ck_assert_uint_eq(n, m);
		ck_assert(a.id == b.id && bytes_equal(a.attributes, b.attributes) &&
			  bytes_equal(a.sealed, b.sealed));
		all.after = a.id;
	} while (n == 1);
}

START_TEST(a_token_is_copied_as_it_is)
{
	struct store_copied done = {0};
	struct store_token a, b;

	start();
	for (int i = 0; i < OBJECTS; i++)
		add(from, CKK_GENERIC_SECRET, "value");
	ck_ok(store_remove_object(from, &keys, 2));
	ck_ok(store_remove_object(from, &keys, OBJECTS));
	put_marks(from);
	ck_ok(store_tries_edit(from, STORE_SO, set_tries, NULL));
	ck_ok(store_copy(from, to, false, &done));
	ck_assert_int_eq(done.refusal, COPY_DONE);
	ck_assert_uint_eq(done.objects, OBJECTS - 2);
	ck_assert_uint_eq(done.marks, 7);
	same_records();
	check_marks(to);
	ck_ok(store_token_get(from, &a));
	ck_ok(store_token_get(to, &b));
	ck_assert_mem_eq(a.count_seal, b.count_seal, sizeof a.count_seal);
	ck_ok(store_verify(to, &keys));
	ck_ok(store_tries_edit(to, STORE_SO, check_tries, NULL));
	ck_assert_int_eq(add(to, CKK_GENERIC_SECRET, "next"), OBJECTS + 1);
	stop();
}
END_TEST

START_TEST(a_token_without_windows_and_objects)
{
	struct store_copied done = {0};

	start();
	ck_ok(store_copy(from, to, false, &done));
	ck_assert_int_eq(done.refusal, COPY_DONE);
	ck_assert_uint_eq(done.objects + done.marks, 0);
	ck_ok(store_verify(to, &keys));
	ck_assert_int_eq(add(to, CKK_GENERIC_SECRET, "first"), 1);
	stop();
}
END_TEST

START_TEST(no_token)
{
	struct store_copied done = {0};
	struct store_token token;

	start();
	ck_ok(store_copy(to, from, true, &done));
	ck_assert_int_eq(done.refusal, COPY_NO_TOKEN);
	ck_ok(store_token_get(from, &token)); /* is not removed */
	stop();
}
END_TEST

START_TEST(a_token_that_is_there)
{
	struct store_copied done = {0};

	start();
	ck_ok(store_copy(from, to, false, &done));
	add(to, CKK_GENERIC_SECRET, "of the old token");
	put(to, mark(2, 0, 0, "head of the old token"));
	put(to, mark(2, 4, 4, "of the old token"));
	ck_ok(store_copy(from, to, false, &done));
	ck_assert_int_eq(done.refusal, COPY_TOKEN_THERE);
	ck_assert_uint_eq(count_objects(to), 1);
	check_mark(to, mark(2, 4, 4, "of the old token"));

	put_marks(from);
	ck_ok(store_copy(from, to, true, &done));
	ck_assert_int_eq(done.refusal, COPY_DONE);
	ck_assert_uint_eq(count_objects(to), 0);
	check_marks(to);
	check_mark(to, mark(2, 4, 4, NULL));
	ck_ok(store_verify(to, &keys));
	stop();
}
END_TEST

START_TEST(a_key_with_a_state)
{
	struct store_copied done = {0};
	struct store_token token;

	start();
	for (int i = 0; i < OBJECTS; i++)
		add(from, CKK_GENERIC_SECRET, "value");
	int64_t client = add(from, CKK_KEYDIV_ODUKPT_CLIENT, "state");
	ck_ok(store_copy(from, to, false, &done));
	ck_assert_int_eq(done.refusal, COPY_STATE);
	ck_assert_int_eq(done.state_id, client);
	ck_rv(store_token_get(to, &token), CKR_TOKEN_NOT_RECOGNIZED);
	stop();
}
END_TEST

static const struct store_backend *real;
static unsigned passes;

static CK_RV failing_insert(struct store *store, const struct record *record)
{
	return passes-- > 0 ? real->insert(store, record) : CKR_DEVICE_MEMORY;
}

START_TEST(a_copy_that_fails)
{
	struct store_backend failing;
	struct store_copied done = {0};
	struct store_token token;

	start();
	for (int i = 0; i < OBJECTS; i++)
		add(from, CKK_GENERIC_SECRET, "value");
	real = to->backend;
	failing = *real;
	failing.insert = failing_insert;
	to->backend = &failing;
	passes = OBJECTS / 2;
	ck_rv(store_copy(from, to, false, &done), CKR_DEVICE_MEMORY);
	ck_rv(store_token_get(to, &token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_assert_uint_eq(count_objects(to), 0);
	to->backend = real;
	ck_ok(store_copy(from, to, false, &done));
	ck_ok(store_verify(to, &keys));
	stop();
}
END_TEST

RUN_SUITE("copy", a_token_is_copied_as_it_is, a_token_without_windows_and_objects, no_token,
	a_token_that_is_there, a_key_with_a_state, a_copy_that_fails)

/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c: opening, closing, forking; the token's row; rows, one caller at a time. See test_commit.c for many. */
#include <pthread.h>
#include <signal.h>

#include "store_support.h"

static bool exists(const char *name)
{
	struct stat st;
	return lstat(in_token(name), &st) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static CK_RV no_edit(struct store_token *token, void *arg)
{
	(void)token;
	(void)arg;
	return CKR_OK;
}

START_TEST(uninitialised_token)
{
	struct store *store = open_store();
	struct store_token token;
	struct store_row row = {.object_class = CKO_SECRET_KEY}, found;
	struct sample_text text;
	struct store_query all = {0};
	int64_t id;
	size_t n = 7;

	ck_rv(store_token_get(store, &token), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(store_token_update(store, no_edit, NULL), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(store_insert(store, &row, sample_prepare, &text), CKR_TOKEN_NOT_RECOGNIZED);
	ck_rv(store_read(store, 1, &row), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_update(store, 1, sample_prepare, &text), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_remove(store, 1), CKR_OBJECT_HANDLE_INVALID);
	ck_ok(store_find(store, &all, &id, 1, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(store_find_rows(store, &all, &found, 1, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(count_objects(store), 0);
	ck_assert(!exists("token.db"));
	store_close(store);
}
END_TEST

START_TEST(another_process_initialises)
{
	struct store *early = open_store();
	struct store_token token;

	ck_rv(store_token_get(early, &token), CKR_TOKEN_NOT_RECOGNIZED);
	struct store *store = new_store();
	ck_ok(store_token_get(early, &token));
	store_close(store);
	store_close(early);
}
END_TEST

START_TEST(modes_whatever_the_umask)
{
	static const mode_t masks[] = {0, 022, 0777};

	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
		snprintf(token_dir, sizeof token_dir, "%s/t%zu", test_dir, i);
		umask(masks[i]);
		struct store *store = new_store();
		insert_sample(store, CKO_DATA, false, NULL, NULL);
		umask(022);
		ck_assert_uint_eq(mode_of(token_dir), 0700);
		ck_assert_uint_eq(mode_of(in_token("token.db")), 0600);
		ck_assert_uint_eq(mode_of(in_token("token.gen")), 0600);
		store_close(store);
	}
}
END_TEST

START_TEST(directories_that_are_none)
{
	struct store *store = NULL;
	char path[160];

	snprintf(path, sizeof path, "%s/missing/token", test_dir);
	ck_rv(store_open(path, &store), CKR_DEVICE_ERROR);
	ck_assert_int_eq(mkdir(token_dir, 0700), 0);
	snprintf(path, sizeof path, "%s/link", test_dir);
	ck_assert_int_eq(symlink(token_dir, path), 0);
	ck_rv(store_open(path, &store), CKR_DEVICE_ERROR);
	strcat(path, "/");
	ck_rv(store_open(path, &store), CKR_DEVICE_ERROR);
	snprintf(path, sizeof path, "%s/file", test_dir);
	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	ck_rv(store_open(path, &store), CKR_DEVICE_ERROR);
	ck_assert_ptr_null(store);
}
END_TEST

/* A path above the token directory may be a link: /var/run often is. */
START_TEST(link_above_the_directory)
{
	struct store *store;
	char path[160];

	snprintf(path, sizeof path, "%s/link", test_dir);
	ck_assert_int_eq(symlink(test_dir, path), 0);
	snprintf(token_dir, sizeof token_dir, "%.60s/link/token", test_dir);
	store = new_store();
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	store_close(store);
}
END_TEST

START_TEST(links_in_the_directory)
{
	struct store *store = new_store();
	struct store_token token;

	insert_sample(store, CKO_DATA, false, NULL, NULL);
	store_close(store);
	ck_assert_int_eq(rename(in_token("token.db"), in_token("real.db")), 0);
	ck_assert_int_eq(symlink("real.db", in_token("token.db")), 0);
	store = open_store();
	ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
	ck_rv(store_token_init(store, &token), CKR_DEVICE_ERROR);
	store_close(store);
	ck_assert_int_eq(unlink(in_token("token.db")), 0);
	ck_assert_int_eq(mkfifo(in_token("token.db"), 0600), 0);
	store = open_store();
	ck_rv(store_token_get(store, &token), CKR_DEVICE_ERROR);
	store_close(store);
	/* The generation: never followed, so nothing is trusted and nothing written. */
	ck_assert_int_eq(rename(in_token("real.db"), in_token("token.db")), 0);
	ck_assert_int_eq(rename(in_token("token.gen"), in_token("real.gen")), 0);
	ck_assert_int_eq(symlink("real.gen", in_token("token.gen")), 0);
	store = open_store();
	ck_assert_uint_eq(atomic_load(store_generation(store)) % 2, 1);
	ck_ok(store_token_get(store, &token));
	ck_rv(store_remove(store, 1), CKR_DEVICE_ERROR);
	store_close(store);
}
END_TEST

static void assert_same_token(const struct store_token *a, const struct store_token *b)
{
	ck_assert_mem_eq(a->uuid, b->uuid, sizeof a->uuid);
	ck_assert_mem_eq(a->label, b->label, sizeof a->label);
	ck_assert_uint_eq(a->scrypt_log2_n, b->scrypt_log2_n);
	const struct store_pin *pa[] = {&a->so, &a->user}, *pb[] = {&b->so, &b->user};
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pa[i]->set, pb[i]->set);
		ck_assert_uint_eq(pa[i]->failures, pb[i]->failures);
		ck_assert_mem_eq(pa[i]->salt, pb[i]->salt, sizeof pa[i]->salt);
		ck_assert_mem_eq(pa[i]->wrapped_key, pb[i]->wrapped_key, sizeof pa[i]->wrapped_key);
	}
	ck_assert_uint_eq(a->count_seal_len, b->count_seal_len);
	ck_assert_mem_eq(a->count_seal, b->count_seal, a->count_seal_len);
}

static CK_RV set_user(struct store_token *token, void *arg)
{
	token->user.set = true;
	memset(token->user.salt, 0x55, sizeof token->user.salt);
	memset(token->user.wrapped_key, 0x66, sizeof token->user.wrapped_key);
	token->so.failures = UINT32_MAX;
	token->count_seal_len = 0;
	return *(CK_RV *)arg;
}

START_TEST(token_data)
{
	struct store *store = new_store();
	struct store_token expected = sample_token(), token;
	CK_RV result = CKR_PIN_INCORRECT;

	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	ck_rv(store_token_update(store, set_user, &result), CKR_PIN_INCORRECT);
	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	result = CKR_OK;
	ck_ok(store_token_update(store, set_user, &result));
	(void)!set_user(&expected, &result);
	store_close(store);
	store = open_store();
	ck_ok(store_token_get(store, &token));
	assert_same_token(&token, &expected);
	store_close(store);
}
END_TEST

/* What set_row gives. */
struct set_row {
	struct store_row row;
	CK_RV rv;
	struct store_row seen; /* what PREPARE was given: numbers only */
	bool saw_sample;
};

static CK_RV set_row(struct store_row *row, void *arg)
{
	struct set_row *set = arg;
	int64_t id = row->id;

	set->seen = *row;
	set->saw_sample = is_sample(row);
	*row = set->row;
	row->id = set->rv == CKR_OK ? id + 1000 : id; /* not its to change */
	return set->rv;
}

static void assert_same_row(const struct store_row *a, const struct store_row *b)
{
	const struct bytes *fa[] = {&a->label, &a->object_id, &a->attributes, &a->sealed};
	const struct bytes *fb[] = {&b->label, &b->object_id, &b->attributes, &b->sealed};

	ck_assert_uint_eq(a->object_class, b->object_class);
	ck_assert_int_eq(a->is_private, b->is_private);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(fa[i]->p == NULL, fb[i]->p == NULL);
		ck_assert(bytes_equal(*fa[i], *fb[i]));
	}
}

START_TEST(rows_come_back)
{
	static uint8_t big[STORE_FIELD_MAX + 1];
	const struct bytes none = {0}, empty = {big, 0}, one = {big, 1}, most = {big, STORE_FIELD_MAX};
	const struct store_row rows[] = {
		{.object_class = CKO_DATA, .label = none, .object_id = none, .attributes = none, .sealed = none},
		{.object_class = CKO_SECRET_KEY,
			.is_private = true,
			.label = empty,
			.object_id = empty,
			.attributes = empty,
			.sealed = empty},
		{.object_class = ~0UL, .label = one, .object_id = one, .attributes = one, .sealed = one},
		{.object_class = CKO_VENDOR_DEFINED,
			.label = most,
			.object_id = most,
			.attributes = most,
			.sealed = most},
	};
	struct store *store = new_store();

	memset(big, 0xa5, sizeof big);
	for (int64_t i = 0; i < 4; i++) {
		struct set_row set = {.row = rows[i]};
		struct store_row row = rows[i], found;
		ck_ok(store_insert(store, &row, set_row, &set));
		ck_assert_int_eq(row.id, i + 1);
		ck_ok(store_read(store, i + 1, &found));
		ck_assert_int_eq(found.id, i + 1);
		assert_same_row(&found, &rows[i]);
		store_row_free(&found);
		ck_assert_ptr_null(found.owned);
	}
	for (int i = 0; i < 4; i++) {
		struct set_row set = {.row = rows[0]};
		struct bytes *fields[] = {&set.row.label, &set.row.object_id, &set.row.attributes, &set.row.sealed};
		struct store_row row = rows[0];
		*fields[i] = bytes_of(big, STORE_FIELD_MAX + 1);
		ck_rv(store_insert(store, &row, set_row, &set), CKR_ATTRIBUTE_VALUE_INVALID);
		ck_rv(store_update(store, 1, set_row, &set), CKR_ATTRIBUTE_VALUE_INVALID);
	}
	ck_assert_uint_eq(count_objects(store), 4);
	store_close(store);
}
END_TEST

START_TEST(ids_are_never_used_again)
{
	struct store *store = new_store();
	struct set_row set = {.rv = CKR_FUNCTION_FAILED};
	struct store_row row = {.object_class = CKO_DATA};
	struct store_token token = sample_token();

	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 1);
	ck_rv(store_insert(store, &row, set_row, &set), CKR_FUNCTION_FAILED);
	ck_assert_int_eq(set.seen.id, 2);
	ck_assert_uint_eq(count_objects(store), 1);
	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 3);
	ck_ok(store_remove(store, 3));
	ck_rv(store_remove(store, 3), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_read(store, 3, &row), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_update(store, 3, set_row, &set), CKR_OBJECT_HANDLE_INVALID);
	store_close(store);
	store = open_store();
	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 4);
	ck_ok(store_token_init(store, &token));
	ck_assert_uint_eq(count_objects(store), 0);
	store_close(store);
	store = open_store();
	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 5);
	store_close(store);
}
END_TEST

START_TEST(update_replaces_what_it_changes)
{
	struct store *store = new_store();
	struct store_row found, changed = {.object_class = CKO_SECRET_KEY,
					.label = text_bytes("new"),
					.object_id = text_bytes("7"),
					.attributes = text_bytes("others")};
	struct set_row set = {.row = changed, .rv = CKR_TEMPLATE_INCONSISTENT};
	struct store_query by_label = {.label = text_bytes("old")};
	int64_t id;
	size_t n;

	insert_sample(store, CKO_DATA, true, "old", "6");
	ck_rv(store_update(store, 1, set_row, &set), CKR_TEMPLATE_INCONSISTENT);
	ck_assert(set.saw_sample && set.seen.is_private && set.seen.object_class == CKO_DATA);
	ck_ok(store_find(store, &by_label, &id, 1, &n));
	ck_assert_uint_eq(n, 1);
	set.rv = CKR_OK;
	ck_ok(store_update(store, 1, set_row, &set));
	ck_ok(store_read(store, 1, &found));
	assert_same_row(&found, &changed);
	store_row_free(&found);
	ck_ok(store_find(store, &by_label, &id, 1, &n));
	ck_assert_uint_eq(n, 0);
	by_label.label = text_bytes("new");
	ck_ok(store_find(store, &by_label, &id, 1, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(count_objects(store), 1);
	store_close(store);
}
END_TEST

#define ROWS 60

/* Every kind of query against a plain loop over what was inserted. */
START_TEST(find_as_a_plain_loop_would)
{
	static const char *const labels[] = {NULL, "", "a", "b"};
	struct {
		CK_OBJECT_CLASS class;
		bool is_private;
		const char *label, *object_id;
	} rows[ROWS + 1];
	struct store *store = new_store();

	srandom(1);
	for (int i = 1; i <= ROWS; i++) {
		rows[i].class = random() % 2 ? CKO_DATA : CKO_SECRET_KEY;
		rows[i].is_private = random() % 2;
		rows[i].label = labels[random() % 4];
		rows[i].object_id = labels[random() % 4];
		ck_assert_int_eq(
			insert_sample(store, rows[i].class, rows[i].is_private, rows[i].label, rows[i].object_id), i);
	}
	for (int kind = 0; kind < 1000; kind++) {
		struct store_query q = {.by_class = random() % 2,
			.public_only = random() % 2,
			.object_class = CKO_DATA,
			.label = text_bytes(labels[random() % 4]),
			.object_id = text_bytes(labels[random() % 4]),
			.after = random() % 3 ? 0 : random() % ROWS};
		size_t max = random() % 2 ? ROWS : (size_t)random() % 5, n = 0, expected = 0;
		int64_t ids[ROWS];
		struct store_row found[ROWS];
		ck_ok(store_find(store, &q, ids, max, &n));
		for (int64_t i = q.after + 1; i <= ROWS && expected < max; i++) {
			struct bytes label = text_bytes(rows[i].label), object_id = text_bytes(rows[i].object_id);
			if ((q.by_class && rows[i].class != CKO_DATA) || (q.public_only && rows[i].is_private) ||
				(q.label.p && !(label.p && bytes_equal(label, q.label))) ||
				(q.object_id.p && !(object_id.p && bytes_equal(object_id, q.object_id))))
				continue;
			ck_assert_uint_lt(expected, n);
			ck_assert_int_eq(ids[expected++], i);
		}
		ck_assert_uint_eq(n, expected);
		ck_ok(store_find_rows(store, &q, found, max, &n));
		ck_assert_uint_eq(n, expected);
		for (size_t i = 0; i < n; i++) {
			ck_assert_int_eq(found[i].id, ids[i]);
			ck_assert(is_sample(&found[i]));
			store_row_free(&found[i]);
		}
	}
	ck_assert_uint_eq(count_objects(store), ROWS);
	store_close(store);
}
END_TEST

START_TEST(generation_tells_every_change)
{
	struct store *store = new_store(), *other = open_store();
	const _Atomic uint64_t *seen = store_generation(other);
	struct set_row fail = {.rv = CKR_FUNCTION_FAILED};
	struct store_token token = sample_token();
	uint64_t before;

	ck_assert_ptr_ne(store_generation(store), seen);
#define CHANGES(call)                                                                                                  \
	before = atomic_load(seen);                                                                                    \
	ck_assert_uint_eq(before % 2, 0);                                                                              \
	call;                                                                                                          \
	ck_assert_uint_eq(atomic_load(seen) % 2, 0);                                                                   \
	ck_assert_uint_ne(atomic_load(seen), before)
	CHANGES(insert_sample(store, CKO_DATA, false, NULL, NULL));
	CHANGES(ck_rv(store_update(store, 1, set_row, &fail), CKR_FUNCTION_FAILED));
	CHANGES(ck_ok(store_token_update(store, no_edit, NULL)));
	CHANGES(ck_ok(store_remove(store, 1)));
	CHANGES(ck_ok(store_token_init(store, &token)));
	before = atomic_load(seen);
	ck_ok(store_token_get(store, &token));
	ck_assert_uint_eq(count_objects(other), 0);
	ck_assert_uint_eq(atomic_load(seen), before);
	store_close(other);
	store_close(store);
}
END_TEST

static CK_RV die(struct store_row *row, void *arg)
{
	(void)row;
	(void)arg;
	kill(getpid(), SIGKILL);
	return CKR_OK;
}

/* A writer that dies leaves the generation odd; the next one mends it. */
START_TEST(generation_after_a_kill)
{
	struct store *store = new_store();
	int status;

	pid_t child = fork();
	if (child == 0) {
		struct store_row row = {.object_class = CKO_DATA};
		store_abandon(store);
		store = open_store();
		_exit(store_insert(store, &row, die, NULL) != CKR_OK);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	uint64_t odd = atomic_load(store_generation(store));
	ck_assert_uint_eq(odd % 2, 1);
	insert_sample(store, CKO_DATA, false, NULL, NULL);
	ck_assert_uint_eq(atomic_load(store_generation(store)) % 2, 0);
	ck_assert_uint_gt(atomic_load(store_generation(store)), odd);
	ck_assert_uint_eq(count_objects(store), 1);
	store_close(store);
}
END_TEST

static _Atomic bool stop;

static void *insert_until_stopped(void *arg)
{
	while (!atomic_load(&stop))
		insert_sample(arg, CKO_DATA, false, "parent", NULL);
	return NULL;
}

/* The child of a fork in the middle of commits forgets the store, opens it anew, and neither is in the other's way. */
START_TEST(fork_while_committing)
{
	struct store *store = new_store();
	pthread_t thread;
	int status;

	ck_assert_int_eq(pthread_create(&thread, NULL, insert_until_stopped, store), 0);
	for (int i = 0; i < 10; i++) {
		pid_t child = fork();
		if (child == 0) {
			struct store *mine = NULL;
			struct store_row row = {.object_class = CKO_SECRET_KEY};
			struct sample_text text;
			store_abandon(store);
			alarm(30);
			_exit(store_open(token_dir, &mine) != CKR_OK ||
				store_insert(mine, &row, sample_prepare, &text) != CKR_OK);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	struct store_query query = {.by_class = true, .object_class = CKO_SECRET_KEY};
	int64_t ids[20];
	size_t n;
	ck_ok(store_find(store, &query, ids, 20, &n));
	ck_assert_uint_eq(n, 10);
	store_close(store);
}
END_TEST

START_TEST(read_only_file)
{
	struct store *store = new_store();
	struct store_token token;
	struct sample_text text;
	struct store_row row = {.object_class = CKO_DATA}, found;

	insert_sample(store, CKO_DATA, false, "label", NULL);
	store_close(store);
	ck_assert_int_eq(chmod(in_token("token.db"), 0400), 0);
	ck_assert_int_eq(chmod(in_token("token.gen"), 0400), 0);
	for (int i = 0; i < 2; i++) {
		store = open_store();
		ck_assert_uint_eq(atomic_load(store_generation(store)) % 2, 0);
		ck_ok(store_token_get(store, &token));
		ck_ok(store_read(store, 1, &found));
		store_row_free(&found);
		ck_rv(store_insert(store, &row, sample_prepare, &text), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(store_update(store, 1, sample_prepare, &text), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(store_remove(store, 1), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(store_token_update(store, no_edit, NULL), CKR_TOKEN_WRITE_PROTECTED);
		ck_rv(store_token_init(store, &token), CKR_TOKEN_WRITE_PROTECTED);
		ck_assert_uint_eq(count_objects(store), 1);
		store_close(store);
		/* the second time only the database says so */
		ck_assert_int_eq(chmod(in_token("token.gen"), 0600), 0);
	}
}
END_TEST

RUN_SUITE("store", uninitialised_token, another_process_initialises, modes_whatever_the_umask,
	directories_that_are_none, link_above_the_directory, links_in_the_directory, token_data, rows_come_back,
	ids_are_never_used_again, update_replaces_what_it_changes, find_as_a_plain_loop_would,
	generation_tells_every_change, generation_after_a_kill, fork_while_committing, read_only_file)

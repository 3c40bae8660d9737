/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controlled_store.h: a store whose backend and whose layer above (struct store_above) write down
 * how they are called, and fail at the call that the test chooses. The calls that do not fail are
 * those of the real backend.
 */
#ifndef KEYDIV_TESTS_CONTROLLED_STORE_H
#define KEYDIV_TESTS_CONTROLLED_STORE_H

#include "store/inventory.h"
#include "store/marks.h"
#include "store_support.h"

#define CONTROL __attribute__((unused)) static
#define INJECTED CKR_FUNCTION_CANCELED /* the code of a call that fails; no function gives it */

static struct store *store;
static struct snapshot keys;

/* --- The calls --- */

static long passing = -1;  /* calls before the one that fails; negative: none fails */
static const char *only;   /* calls of this name alone count; NULL: all */
static char journal[9000]; /* the names of the calls, each with a blank behind it */
static void (*before_commit)(void);

/* Write down the call NAME. Return INJECTED if it is the call that fails. */
CONTROL CK_RV called(const char *name)
{
	size_t n = strlen(journal);

	snprintf(journal + n, sizeof journal - n, "%s ", name);
	if (passing < 0 || (only != NULL && strcmp(only, name) != 0))
		return CKR_OK;
	return passing-- == 0 ? INJECTED : CKR_OK;
}

CONTROL unsigned count_calls(const char *name)
{
	unsigned n = 0;
	char text[40];

	snprintf(text, sizeof text, "%s ", name);
	for (const char *at = journal; (at = strstr(at, text)) != NULL; at++)
		n += at == journal || at[-1] == ' ';
	return n;
}

CONTROL void clear_journal(void)
{
	memset(journal, 0, sizeof journal);
}

/* Let call K of NAME fail, counted from 0 and from now on. */
CONTROL void fail_call(const char *name, long k)
{
	only = name;
	passing = k;
}

/* --- The backend --- */

static const struct store_backend *real_backend, *real_marks;
static struct store_backend backend, marks_backend;

static CK_RV begin(struct store *s, bool create, bool *ret_busy)
{
	TRY(called("begin"));
	return real_backend->begin(s, create, ret_busy);
}

static CK_RV commit(struct store *s)
{
	if (before_commit != NULL)
		before_commit();
	CK_RV rv = called("commit");
	if (rv != CKR_OK) {
		real_backend->rollback(s);
		return rv;
	}
	return real_backend->commit(s);
}

static CK_RV savepoint(struct store *s)
{
	TRY(called("savepoint"));
	return real_backend->savepoint(s);
}

static CK_RV release(struct store *s)
{
	TRY(called("release"));
	return real_backend->release(s);
}

static CK_RV make_schema(struct store *s)
{
	TRY(called("make_schema"));
	return real_backend->make_schema(s);
}

static CK_RV clear(struct store *s)
{
	TRY(called("clear"));
	return real_backend->clear(s);
}

static CK_RV token_get(struct store *s, struct store_token *ret)
{
	TRY(called("token_get"));
	return real_backend->token_get(s, ret);
}

static CK_RV token_update(struct store *s, const struct store_token *token)
{
	TRY(called("token_update"));
	return real_backend->token_update(s, token);
}

static CK_RV read_record(struct store *s, int64_t id, struct record *ret)
{
	TRY(called("read"));
	return real_backend->read(s, id, ret);
}

static CK_RV insert(struct store *s, const struct record *record)
{
	TRY(called("insert"));
	return real_backend->insert(s, record);
}

static CK_RV update(struct store *s, const struct record *record)
{
	TRY(called("update"));
	return real_backend->update(s, record);
}

static CK_RV remove_record(struct store *s, int64_t id)
{
	TRY(called("remove"));
	return real_backend->remove(s, id);
}

static CK_RV tags(struct store *s, int64_t after, struct record_tag *ret, size_t max, size_t *ret_n)
{
	TRY(called("tags"));
	return real_backend->tags(s, after, ret, max, ret_n);
}

static CK_RV last_id(struct store *s, int64_t *ret)
{
	TRY(called("last_id"));
	return real_backend->last_id(s, ret);
}

static CK_RV begin_read(struct store *s)
{
	TRY(called("begin_read"));
	return real_backend->begin_read(s);
}

static void end_read(struct store *s)
{
	(void)!called("end_read");
	real_backend->end_read(s);
}

static CK_RV begin_marks(struct store *s, bool create, bool *ret_busy)
{
	TRY(called("begin_marks"));
	return real_marks->begin(s, create, ret_busy);
}

static CK_RV marks_next(struct store *s, int64_t after, int64_t *ret_master)
{
	TRY(called("marks_next"));
	return real_marks->marks_next(s, after, ret_master);
}

CONTROL void control_backend(void)
{
	real_backend = store->backend;
	real_marks = store->marks->backend;
	backend = *real_backend;
	backend.begin = begin;
	backend.commit = commit;
	backend.savepoint = savepoint;
	backend.release = release;
	backend.make_schema = make_schema;
	backend.clear = clear;
	backend.token_get = token_get;
	backend.token_update = token_update;
	backend.read = read_record;
	backend.insert = insert;
	backend.update = update;
	backend.remove = remove_record;
	backend.tags = tags;
	backend.last_id = last_id;
	backend.begin_read = begin_read;
	backend.end_read = end_read;
	marks_backend = *real_marks;
	marks_backend.begin = begin_marks;
	marks_backend.marks_next = marks_next;
	store->backend = &backend;
	store->marks->backend = &marks_backend;
}

/* --- The layer above: the ids that have a file --- */

static int64_t files[16];
static size_t file_count;

CONTROL bool has_file(int64_t id)
{
	for (size_t i = 0; i < file_count; i++)
		if (files[i] == id)
			return true;
	return false;
}

/* Make the file of record ID, as a process does that is killed before the record is there. */
CONTROL void add_file(int64_t id)
{
	ck_assert_uint_lt(file_count, 16);
	files[file_count++] = id;
}

static CK_RV create_file(
	struct store *s, const struct snapshot *k, int64_t id, const struct object *o)
{
	ck_assert(s == store && k == &keys && record_has_state(o) && !has_file(id));
	TRY(called("create_state"));
	add_file(id);
	return CKR_OK;
}

static CK_RV remove_file(struct store *s, int64_t id)
{
	ck_assert(s == store);
	TRY(called("remove_state"));
	for (size_t i = 0; i < file_count; i++)
		if (files[i] == id)
			files[i] = files[--file_count];
	return CKR_OK;
}

static CK_RV list_files(struct store *s, int64_t **ret_ids, size_t *ret_n)
{
	ck_assert(s == store);
	TRY(called("list_states"));
	if (file_count > 0) {
		*ret_ids = calloc(file_count, sizeof **ret_ids);
		ck_assert_ptr_nonnull(*ret_ids);
		memcpy(*ret_ids, files, file_count * sizeof *files);
	}
	*ret_n = file_count;
	return CKR_OK;
}

static CK_RV put_mark(struct store *marks, void *arg)
{
	uint8_t name[MARK_STREAM_LEN] = {0};

	return marks_put(marks, *(int64_t *)arg, name, bytes_of("mark", 4));
}

/* Give the master ID a mark. */
CONTROL CK_RV add_mark(int64_t id)
{
	struct store_marks_use use = {.edit = put_mark, .arg = &id};

	return store_marks_change(store, true, &use);
}

CONTROL bool has_marks(int64_t id)
{
	int64_t next = 0;

	pthread_mutex_lock(&store->marks->lock);
	CK_RV rv = real_marks->marks_next(store->marks, id - 1, &next);
	pthread_mutex_unlock(&store->marks->lock);
	ck_ok(rv);
	return next == id;
}

static CK_RV create_windows(struct store *s, const struct snapshot *k, int64_t id)
{
	ck_assert(s == store && k == &keys);
	TRY(called("create_windows"));
	return add_mark(id);
}

static const struct store_above above = {create_file, remove_file, list_files, create_windows};

/* --- A token --- */

CONTROL void log_in(void)
{
	struct store_token token = sample_token();

	ck_ok(secret_resize(&keys.key, VAULT_KEY_LEN));
	memset(secret_bytes(&keys.key), 0x77, VAULT_KEY_LEN);
	memcpy(keys.uuid, token.uuid, sizeof keys.uuid);
}

/* Return the sample token with an inventory of COUNT records, which has the digest of none. */
CONTROL struct store_token token_of(uint64_t count)
{
	const struct inventory inventory = {.count = count};
	struct store_token token = sample_token();

	ck_ok(inventory_seal(&keys, &inventory, &token));
	return token;
}

/* Open the store of the token, which need not be initialised, under control. */
CONTROL void open_controlled(void)
{
	ck_ok(store_open(token_dir, &above, &store));
	control_backend();
	clear_journal();
}

/* Open a new token without objects, which has been swept. */
CONTROL void new_controlled(void)
{
	bool as_seen = false;

	log_in();
	struct store_token token = token_of(0);
	ck_ok(store_open(token_dir, &above, &store));
	ck_ok(store_init_token(store, &token, NULL, &as_seen));
	ck_assert(as_seen);
	control_backend();
	clear_journal();
}

CONTROL void close_controlled(void)
{
	passing = -1;
	store->backend = real_backend;
	store->marks->backend = real_marks;
	store_close(store);
}

/* --- Objects --- */

CONTROL struct object new_key(CK_KEY_TYPE type, const char *value)
{
	struct object o = {.object_class = CKO_SECRET_KEY,
		.key_type = type,
		.key_gen_mechanism = CK_UNAVAILABLE_INFORMATION,
		.flags = FLAG_TOKEN | FLAG_DESTROYABLE};

	ck_ok(secret_set(&o.value, value, strlen(value)));
	return o;
}

CONTROL struct object new_master(void)
{
	struct object o = new_key(CKK_GENERIC_SECRET, "master");
	uint8_t size[8] = {0};

	put_be64(size, 1);
	ck_ok(object_set_variable(&o, VAR_WINDOW, bytes_of(size, 8)));
	return o;
}

/* Add one key of TYPE, whose value or state is VALUE. */
CONTROL CK_RV try_add(CK_KEY_TYPE type, const char *value, int64_t *ret_id)
{
	OBJECT o = new_key(type, value);
	struct object *objects[] = {&o};

	return store_add_objects(store, &keys, objects, 1, ret_id);
}

CONTROL int64_t add(const char *value)
{
	int64_t id = 0;

	ck_ok(try_add(CKK_GENERIC_SECRET, value, &id));
	return id;
}

CONTROL int64_t add_client(void)
{
	int64_t id = 0;

	ck_ok(try_add(CKK_KEYDIV_ODUKPT_CLIENT, "state", &id));
	return id;
}

CONTROL bool value_is(int64_t id, const char *value)
{
	RECORD record = {0};
	OBJECT o = {0};

	ck_ok(store_read(store, id, &record));
	ck_ok(record_open(&keys, &record, &o));
	return bytes_equal(bytes_of(secret_peek(&o.value), o.value.len), text_bytes(value));
}

CONTROL CK_RV change_value(struct object *o, void *arg)
{
	return secret_set(&o->value, arg, strlen(arg));
}

#endif

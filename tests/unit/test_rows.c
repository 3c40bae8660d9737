/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rows.c: objects as rows, one caller at a time; see test_commit.c for many, test_database.c
 * for damaged ones.
 */
#include "store_support.h"

/* The result of set_row. */
struct set_row {
	struct record row;
	CK_RV rv;
	struct record seen; /* what PREPARE was given: numbers only */
	bool saw_sample;
};

static CK_RV set_row(struct record *row, void *arg)
{
	struct set_row *set = arg;
	int64_t id = row->id;

	set->seen = *row;
	set->saw_sample = is_sample(row);
	*row = set->row;
	row->id = set->rv == CKR_OK ? id + 1000 : id; /* not its to change */
	return set->rv;
}

static void assert_same_row(const struct record *a, const struct record *b)
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
	const struct bytes none = {0}, empty = {big, 0}, one = {big, 1},
			   most = {big, STORE_FIELD_MAX};
	const struct record rows[] = {
		{.object_class = CKO_DATA,
			.label = none,
			.object_id = none,
			.attributes = none,
			.sealed = none},
		{.object_class = CKO_SECRET_KEY,
			.is_private = true,
			.label = empty,
			.object_id = empty,
			.attributes = empty,
			.sealed = empty},
		{.object_class = ~0UL,
			.label = one,
			.object_id = one,
			.attributes = one,
			.sealed = one},
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
		struct record row = rows[i], found;
		ck_ok(raw_insert(store, &row, set_row, &set));
		ck_assert_int_eq(row.id, i + 1);
		ck_ok(store_read(store, i + 1, &found));
		ck_assert_int_eq(found.id, i + 1);
		assert_same_row(&found, &rows[i]);
		record_free(&found);
		ck_assert_ptr_null(found.owned);
	}
	for (int i = 0; i < 4; i++) {
		struct set_row set = {.row = rows[0]};
		struct bytes *fields[] = {
			&set.row.label, &set.row.object_id, &set.row.attributes, &set.row.sealed};
		struct record row = rows[0];
		*fields[i] = bytes_of(big, STORE_FIELD_MAX + 1);
		ck_rv(raw_insert(store, &row, set_row, &set), CKR_ATTRIBUTE_VALUE_INVALID);
		ck_rv(raw_update(store, 1, set_row, &set), CKR_ATTRIBUTE_VALUE_INVALID);
	}
	ck_assert_uint_eq(count_objects(store), 4);
	store_close(store);
}
END_TEST

START_TEST(ids_are_never_used_again)
{
	struct store *store = new_store();
	struct set_row set = {.rv = CKR_FUNCTION_FAILED};
	struct record row = {.object_class = CKO_DATA};
	struct store_token token = sample_token();

	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 1);
	ck_rv(raw_insert(store, &row, set_row, &set), CKR_FUNCTION_FAILED);
	ck_assert_int_eq(set.seen.id, 2);
	ck_assert_uint_eq(count_objects(store), 1);
	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 3);
	ck_ok(raw_remove(store, 3));
	ck_rv(raw_remove(store, 3), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(store_read(store, 3, &row), CKR_OBJECT_HANDLE_INVALID);
	ck_rv(raw_update(store, 3, set_row, &set), CKR_OBJECT_HANDLE_INVALID);
	store_close(store);
	store = open_store();
	ck_assert_int_eq(insert_sample(store, CKO_DATA, false, NULL, NULL), 4);
	ck_ok(raw_init(store, &token));
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
	struct record found, changed = {.object_class = CKO_SECRET_KEY,
				     .label = text_bytes("new"),
				     .object_id = text_bytes("7"),
				     .attributes = text_bytes("others")};
	struct set_row set = {.row = changed, .rv = CKR_TEMPLATE_INCONSISTENT};
	struct store_query by_label = {.label = text_bytes("old")};
	int64_t id;
	size_t n;

	insert_sample(store, CKO_DATA, true, "old", "6");
	ck_rv(raw_update(store, 1, set_row, &set), CKR_TEMPLATE_INCONSISTENT);
	ck_assert(set.saw_sample && set.seen.is_private && set.seen.object_class == CKO_DATA);
	ck_ok(raw_find_ids(store, &by_label, &id, 1, &n));
	ck_assert_uint_eq(n, 1);
	set.rv = CKR_OK;
	ck_ok(raw_update(store, 1, set_row, &set));
	ck_ok(store_read(store, 1, &found));
	assert_same_row(&found, &changed);
	record_free(&found);
	ck_ok(raw_find_ids(store, &by_label, &id, 1, &n));
	ck_assert_uint_eq(n, 0);
	by_label.label = text_bytes("new");
	ck_ok(raw_find_ids(store, &by_label, &id, 1, &n));
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
		ck_assert_int_eq(insert_sample(store, rows[i].class, rows[i].is_private,
					 rows[i].label, rows[i].object_id),
			i);
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
		struct record found[ROWS];
		ck_ok(raw_find_ids(store, &q, ids, max, &n));
		for (int64_t i = q.after + 1; i <= ROWS && expected < max; i++) {
			struct bytes label = text_bytes(rows[i].label),
				     object_id = text_bytes(rows[i].object_id);
			if ((q.by_class && rows[i].class != CKO_DATA) ||
				(q.public_only && rows[i].is_private) ||
				(q.label.p && !(label.p && bytes_equal(label, q.label))) ||
				(q.object_id.p &&
					!(object_id.p && bytes_equal(object_id, q.object_id))))
				continue;
			ck_assert_uint_lt(expected, n);
			ck_assert_int_eq(ids[expected++], i);
		}
		ck_assert_uint_eq(n, expected);
		ck_ok(store_find(store, &q, found, max, &n));
		ck_assert_uint_eq(n, expected);
		for (size_t i = 0; i < n; i++) {
			ck_assert_int_eq(found[i].id, ids[i]);
			ck_assert(is_sample(&found[i]));
			record_free(&found[i]);
		}
	}
	ck_assert_uint_eq(count_objects(store), ROWS);
	store_close(store);
}
END_TEST

/* Return true if the bytes of TEXT are anywhere in the database's file. */
static bool file_holds(const char *text)
{
	static uint8_t content[1 << 20];
	int fd = open(in_token("token.db"), O_RDONLY);
	ssize_t n = read(fd, content, sizeof content);

	close(fd);
	ck_assert_int_gt(n, 0);
	return memmem(content, (size_t)n, text, strlen(text)) != NULL;
}

START_TEST(what_is_removed_is_gone)
{
	struct store *store = new_store();
	struct store_token token = sample_token();
	struct set_row other = {
		.row = {.object_class = CKO_DATA, .sealed = text_bytes("another value")}};

	for (int i = 0; i < 4; i++)
		insert_sample(store, CKO_DATA, i % 2, "a label that is looked for",
			"an id that is looked for");
	ck_assert(file_holds("sealed value of 1") && file_holds("sealed value of 2") &&
		  file_holds("sealed value of 4"));
	ck_ok(raw_remove(store, 1));
	ck_assert(!file_holds("sealed value of 1"));
	ck_ok(raw_update(store, 2, set_row, &other));
	ck_assert(!file_holds("sealed value of 2") && file_holds("another value"));
	ck_ok(raw_init(store, &token));
	ck_assert(!file_holds("sealed value of 4") && !file_holds("another value") &&
		  !file_holds("looked for"));
	store_close(store);
}
END_TEST

RUN_SUITE("rows", rows_come_back, ids_are_never_used_again, update_replaces_what_it_changes,
	find_as_a_plain_loop_would, what_is_removed_is_gone)

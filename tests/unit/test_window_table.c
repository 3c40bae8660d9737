/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window_table.c: the table of windows in memory, compared with a list in the order of use.
 * Some streams have the same hash.
 */
#include "state/window_table.h"

#include "unit.h"

#define STEPS 4000
#define PLACES 60

/* The model: entries from the oldest to the newest. */
static struct window_entry *model[PLACES];
static size_t model_n;

static struct window_table table;

/* Stream I is of master 1 to 3. Four streams in a row have the same first four bytes. */
static int64_t master_of(unsigned i)
{
	return 1 + i % 3;
}

static void name_stream(unsigned i, uint8_t ret_stream[MARK_STREAM_LEN])
{
	memset(ret_stream, 0, MARK_STREAM_LEN);
	put_be32(ret_stream, i / 3 / 4);
	ret_stream[MARK_STREAM_LEN - 1] = (uint8_t)(i / 3 % 4);
}

static void model_remove(size_t k)
{
	memmove(model + k, model + k + 1, (--model_n - k) * sizeof model[0]);
}

static size_t model_find(int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	for (size_t k = 0; k < model_n; k++)
		if (model[k]->master == master &&
			memcmp(model[k]->stream, stream, MARK_STREAM_LEN) == 0)
			return k;
	return model_n;
}

static void compare(void)
{
	const struct window_entry *e = table.oldest, *older = NULL;

	ck_assert_uint_eq(table.n, model_n);
	for (size_t k = 0; k < model_n; k++) {
		ck_assert_ptr_eq(e, model[k]);
		ck_assert_ptr_eq(e->older, older);
		older = e;
		e = e->newer;
	}
	ck_assert_ptr_null(e);
	ck_assert_ptr_eq(table.newest, older);
	for (unsigned i = 0; i < PLACES; i++) {
		uint8_t stream[MARK_STREAM_LEN];
		name_stream(i, stream);
		size_t k = model_find(master_of(i), stream);
		ck_assert_ptr_eq(window_table_find(&table, master_of(i), stream),
			k < model_n ? model[k] : NULL);
	}
}

static void step(void)
{
	uint8_t stream[MARK_STREAM_LEN];
	unsigned i = (unsigned)random() % PLACES;

	name_stream(i, stream);
	size_t k = model_find(master_of(i), stream);
	if (k == model_n) {
		struct window_entry *e = window_table_add(&table, master_of(i), stream);
		ck_assert_ptr_nonnull(e);
		ck_assert_int_eq(e->phase, WINDOW_AT_REST);
		ck_assert_uint_eq(e->owner, 0);
		model[model_n++] = e;
		return;
	}
	struct window_entry *e = model[k];
	model_remove(k);
	if (random() % 2) {
		window_table_touch(&table, e);
		model[model_n++] = e;
	} else {
		window_table_remove(&table, e);
	}
}

START_TEST(random_steps)
{
	srandom(1);
	compare();
	for (unsigned i = 0; i < STEPS; i++) {
		step();
		compare();
	}
	for (size_t k = model_n; k-- > 0;)
		if (model[k]->master == 2)
			model_remove(k);
	window_table_forget(&table, 2);
	ck_assert_uint_gt(model_n, 0);
	compare();
	step(); /* the table can still be used */
	compare();
	window_table_forget(&table, 0);
	model_n = 0;
	ck_assert_ptr_null(table.buckets);
	compare();
	step();
	compare();
	window_table_forget(&table, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window table");
	TCase *tc = tcase_create("window table");

	tcase_add_test(tc, random_steps);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

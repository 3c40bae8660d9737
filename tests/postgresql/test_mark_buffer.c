/* SPDX-License-Identifier: Apache-2.0 */
/* test_mark_buffer.c: the marks of a transaction in memory, and what a savepoint puts back. */
#include "store/postgresql/mark_buffer.h"

#include "unit.h"

static struct mark_buffer buffer;
static const uint8_t name[MARK_STREAM_LEN] = "stream", other[MARK_STREAM_LEN] = "other";

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

static bool has(const uint8_t stream[MARK_STREAM_LEN], const char *mark)
{
	const struct buffered_mark *m = mark_buffer_find(&buffer, 1, stream);

	return m != NULL && bytes_equal(bytes_of(m->mark, m->n), text(mark));
}

/* A mark that was read from the database. */
static void read_mark(const char *mark)
{
	struct buffered_mark *m = mark_list_add(&buffer.all, 1, name);

	ck_assert_ptr_nonnull(m);
	m->n = strlen(mark);
	memcpy(m->mark, mark, m->n);
	m->stored = m->n > 0 ? MARK_PRESENT : MARK_ABSENT;
}

static struct buffered_mark *entry(void)
{
	struct buffered_mark *m = mark_buffer_find(&buffer, 1, name);

	ck_assert_ptr_nonnull(m);
	return m;
}

/* As mark_table.c does when it sends the changes. */
static void send(void)
{
	for (size_t i = 0; i < buffer.all.n; i++) {
		struct buffered_mark *m = &buffer.all.mark[i];
		if (m->changed)
			m->stored = m->n > 0 ? MARK_PRESENT : MARK_ABSENT;
		m->changed = false;
	}
}

static void tear_down(void)
{
	mark_buffer_free(&buffer);
}

START_TEST(an_undo)
{
	read_mark("old");
	ck_ok(mark_buffer_put(&buffer, 1, name, text("kept")));
	mark_buffer_savepoint(&buffer);
	ck_ok(mark_buffer_put(&buffer, 1, name, text("one")));
	ck_ok(mark_buffer_put(&buffer, 1, name, text("two")));
	ck_ok(mark_buffer_put(&buffer, 1, other, text("new")));
	ck_assert(has(name, "two") && has(other, "new"));
	ck_ok(mark_buffer_undo(&buffer));
	ck_assert(has(name, "kept"));
	ck_assert(entry()->changed && entry()->stored == MARK_PRESENT);
	ck_assert_ptr_null(mark_buffer_find(&buffer, 1, other)); /* nobody has read it */
	ck_assert_ptr_null(mark_buffer_find(&buffer, 2, name));
}
END_TEST

/* A mark that is as in the database is not sent. */
START_TEST(an_undo_of_all)
{
	read_mark("old");
	mark_buffer_savepoint(&buffer);
	ck_ok(mark_buffer_put(&buffer, 1, name, text("new")));
	ck_ok(mark_buffer_undo(&buffer));
	ck_assert(has(name, "old") && !entry()->changed);
}
END_TEST

/* After the changes were sent, the mark before must be sent again. */
START_TEST(an_undo_of_what_was_sent)
{
	read_mark("old");
	mark_buffer_savepoint(&buffer);
	ck_ok(mark_buffer_put(&buffer, 1, name, text("new")));
	send();
	ck_ok(mark_buffer_put(&buffer, 1, name, text("newer")));
	ck_ok(mark_buffer_undo(&buffer));
	ck_assert(has(name, "old") && entry()->changed && entry()->stored == MARK_PRESENT);
	mark_buffer_clear(&buffer);
	read_mark("");
	mark_buffer_savepoint(&buffer);
	ck_ok(mark_buffer_put(&buffer, 1, name, text("new")));
	send();
	ck_ok(mark_buffer_undo(&buffer));
	ck_assert(entry()->n == 0 && entry()->changed && entry()->stored == MARK_PRESENT);
	ck_ok(mark_buffer_put(&buffer, 1, other, text("new")));
	send();
	ck_rv(mark_buffer_undo(&buffer), CKR_FUNCTION_FAILED); /* what was there is not known */
}
END_TEST

static bool is_changed(const struct buffered_mark *m, bool which)
{
	return m->changed == which;
}

/* The binary form of the arrays {1} and {"stream..."} (PostgreSQL's array_send). */
START_TEST(arrays)
{
	static const uint8_t masters[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0,
		1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1};
	MARK_ARRAYS made = {0};
	MARK_ARRAYS none = {0};

	read_mark("old");
	ck_ok(mark_arrays_make(&buffer.all, is_changed, true, &none));
	ck_assert_uint_eq(none.n, 0);
	ck_ok(mark_buffer_put(&buffer, 1, name, text("mark")));
	ck_ok(mark_arrays_make(&buffer.all, is_changed, true, &made));
	ck_assert_uint_eq(made.n, 1);
	ck_assert(bytes_equal(made.masters, bytes_of(masters, sizeof masters)));
	ck_assert_uint_eq(made.streams.n, 20 + 4 + MARK_STREAM_LEN);
	ck_assert_mem_eq(made.streams.p + 24, name, MARK_STREAM_LEN);
	ck_assert_uint_eq(made.marks.n, 20 + 4 + 4);
	ck_assert_mem_eq(made.marks.p + 24, "mark", 4);
	uint8_t long_mark[MARK_MAX + 1] = {0};
	ck_rv(mark_buffer_put(&buffer, 1, name, bytes_of(long_mark, sizeof long_mark)),
		CKR_GENERAL_ERROR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mark_buffer");
	TCase *tests = tcase_create("mark_buffer");

	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_add_test(tests, an_undo);
	tcase_add_test(tests, an_undo_of_all);
	tcase_add_test(tests, an_undo_of_what_was_sent);
	tcase_add_test(tests, arrays);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_control.h: two masters whose marks are kept by a backend that the test controls. Its calls
 * fail when the test says so, and the test is called before a commit.
 */
#ifndef KEYDIV_TESTS_WINDOW_CONTROL_H
#define KEYDIV_TESTS_WINDOW_CONTROL_H

#include "state/window_leave.h"
#include "store/backend.h"
#include "window_support.h"

static const struct store_backend *real;
static struct store_backend controlled;

static unsigned begins;
static unsigned failing_begins, failing_commits, failing_gets, failing_puts; /* to come */
static unsigned passing_gets;   /* before those that fail */
static bool after_is_before;    /* the row after a place is given as the row before the place */
static bool made_database;      /* a transaction was to make what is missing */
static void (*in_commit)(void); /* called before the next commit */

static CK_RV begin(struct store *marks, bool create, bool *ret_busy)
{
	begins++;
	made_database = made_database || create;
	if (failing_begins > 0 && failing_begins-- > 0)
		return CKR_DEVICE_ERROR;
	return real->begin(marks, create, ret_busy);
}

static CK_RV commit(struct store *marks)
{
	void (*call)(void) = in_commit;

	in_commit = NULL;
	if (call != NULL)
		call();
	if (failing_commits > 0 && failing_commits-- > 0) {
		real->rollback(marks);
		return CKR_DEVICE_MEMORY;
	}
	return real->commit(marks);
}

static CK_RV get(struct store *marks, int64_t master, const uint8_t name[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n)
{
	if (passing_gets > 0)
		passing_gets--;
	else if (failing_gets > 0 && failing_gets-- > 0)
		return CKR_HOST_MEMORY;
	return real->mark_get(marks, master, name, ret_mark, ret_n);
}

static CK_RV put(
	struct store *marks, int64_t master, const uint8_t name[MARK_STREAM_LEN], struct bytes mark)
{
	if (failing_puts > 0 && failing_puts-- > 0)
		return CKR_DEVICE_MEMORY;
	return real->mark_put(marks, master, name, mark);
}

static CK_RV near(struct store *marks, int64_t master, const uint8_t name[MARK_STREAM_LEN],
	struct mark_near *ret_before, struct mark_near *ret_after)
{
	TRY(real->mark_near(marks, master, name, ret_before, ret_after));
	if (after_is_before)
		*ret_after = *ret_before;
	return CKR_OK;
}

/* Close the store with its own backend. */
__attribute__((unused)) static void stop(void)
{
	store->marks->backend = real;
	close_all();
}

__attribute__((unused)) static struct window_space *space(void)
{
	return window_space_of(&vault, false);
}

/* Two masters, and a backend under control. */
__attribute__((unused)) static void start_controlled(void)
{
	start();
	real = store->marks->backend;
	controlled = *real;
	controlled.begin = begin;
	controlled.commit = commit;
	controlled.mark_get = get;
	controlled.mark_near = near;
	controlled.mark_put = put;
	store->marks->backend = &controlled;
	ck_assert_ptr_nonnull(window_space_of(&vault, true));
	made_database = after_is_before = false;
	begins = passing_gets = failing_begins = failing_commits = failing_gets = failing_puts = 0;
}

/* Add N entries of PHASE to TABLE, which no stream has. */
__attribute__((unused)) static void add_entries(
	struct window_table *table, size_t n, enum window_phase phase)
{
	uint8_t name[MARK_STREAM_LEN] = {0};

	for (size_t i = 0; i < n; i++) {
		put_be32(name, (uint32_t)i);
		struct window_entry *e = window_table_add(table, MASTER, name);
		ck_assert_ptr_nonnull(e);
		e->phase = phase;
		e->owner = 1;
		e->set = window_set_empty(64);
	}
}

#endif

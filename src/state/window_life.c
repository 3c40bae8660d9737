/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_life.c: the life of a master's windows, reading and forgetting a window, and what ends
 * with a login; see window.h.
 */
#include "base/log.h"
#include "key/key.h"
#include "state/window.h"
#include "state/window_leave.h"
#include "state/window_space.h"

/* --- Masters --- */

struct head {
	int64_t master;
	uint8_t sealed[MARK_MAX];
	size_t n;
};

static CK_RV run_create(struct store *marks, void *arg)
{
	const struct head *head = arg;

	return marks_put(marks, head->master, mark_head_stream, bytes_of(head->sealed, head->n));
}

CK_RV windows_create(struct store *store, const struct snapshot *keys, int64_t id)
{
	struct head head = {.master = id};
	struct key *key = key_new();

	ENSURE(key != NULL, CKR_HOST_MEMORY);
	CK_RV rv = mark_key(keys, key);
	if (rv == CKR_OK)
		rv = mark_seal_head(key, id, head.sealed, &head.n);
	key_free(key);
	TRY(rv);
	return store_marks_change(
		store, true, &(struct store_marks_use){.edit = run_create, .arg = &head});
}

CK_RV windows_remove(struct store *store, struct vault *vault, int64_t id)
{
	struct window_space *space = window_space_of(vault, false);

	if (space != NULL) {
		HOLD_SPACE(space);
		window_forget_entries(space, id);
	}
	return store_marks_remove(store, id);
}

static void forget_master(struct window_space *space, void *arg)
{
	window_table_forget(&space->session, *(const int64_t *)arg);
}

void windows_forget_session_master(CK_OBJECT_HANDLE handle)
{
	int64_t master = (int64_t)handle;

	window_spaces_each(forget_master, &master);
}

/* --- One stream --- */

struct looking {
	struct window_space *space;
	struct window_mark mark;
	uint64_t to; /* the last counter to skip */
};

static CK_RV run_looking(struct store *marks, void *arg)
{
	struct looking *looking = arg;
	bool found;

	return window_read_mark(marks, looking->space, &looking->mark, &found);
}

CK_RV window_read(const struct window_location *at, struct window_set *ret)
{
	struct window_space *space = window_space_of(at->vault, true);
	struct looking looking = {
		.space = space, .mark = {.master = at->master, .set = {.size = at->size}}};

	ENSURE(space != NULL, CKR_HOST_MEMORY);
	TRY(window_name(space, at, looking.mark.stream));
	pthread_mutex_lock(&space->lock);
	struct window_entry *e =
		window_table_find(window_table_of(space, at), at->master, looking.mark.stream);
	bool known = e != NULL && window_is_known(e, at->store);
	if (known)
		*ret = e->set;
	pthread_mutex_unlock(&space->lock);
	if (known)
		return CKR_OK;
	if (at->store != NULL)
		TRY(store_marks_read(at->store,
			&(struct store_marks_use){.edit = run_looking, .arg = &looking}));
	*ret = looking.mark.set;
	return CKR_OK;
}

static CK_RV run_forget(struct store *marks, void *arg)
{
	const struct window_mark *mark = &((struct looking *)arg)->mark;

	return marks_remove(marks, mark->master, mark->stream);
}

static CK_RV run_skip(struct store *marks, void *arg)
{
	struct looking *looking = arg;
	struct window_mark *mark = &looking->mark;
	bool found;

	TRY(window_read_mark(marks, looking->space, mark, &found));
	window_set_fill(&mark->set, looking->to);
	mark->owner = 0;
	return window_write_mark(marks, looking->space, mark);
}

/* Wait until no thread works on the entry of MARK, and keep others from judging by the entry. */
static struct window_entry *take_leaving(
	struct window_space *space, struct window_table *table, const struct window_mark *mark)
{
	struct window_entry *e;

	while ((e = window_table_find(table, mark->master, mark->stream)) != NULL &&
		e->phase != WINDOW_AT_REST)
		pthread_cond_wait(&space->settled, &space->lock);
	if (e != NULL)
		e->phase = WINDOW_LEAVING;
	return e;
}

/*
 * Change the mark of the stream at AT by EDIT, so that no process relies on what it has reserved.
 * The freshness counter tells other processes. A session master has no mark.
 */
static CK_RV replace(const struct window_location *at, struct looking *looking,
	CK_RV (*edit)(struct store *marks, void *arg))
{
	struct window_space *space = looking->space;
	struct window_table *table = window_table_of(space, at);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&space->lock);
	struct window_entry *e = take_leaving(space, table, &looking->mark);
	pthread_mutex_unlock(&space->lock);
	if (at->store != NULL)
		rv = store_marks_change(
			at->store, false, &(struct store_marks_use){.edit = edit, .arg = looking});
	if (e != NULL) {
		HOLD_SPACE(space);
		window_table_remove(table, e);
		pthread_cond_broadcast(&space->settled);
	}
	TRY(rv);
	return at->store != NULL ? store_touch(at->store) : CKR_OK;
}

CK_RV window_forget(const struct window_location *at)
{
	struct looking looking = {.space = window_space_of(at->vault, true),
		.mark = {.master = at->master, .set = {.size = at->size}}};

	ENSURE(looking.space != NULL, CKR_HOST_MEMORY);
	TRY(window_name(looking.space, at, looking.mark.stream));
	return replace(at, &looking, run_forget);
}

static CK_RV skip_in_memory(const struct window_location *at, struct looking *looking)
{
	struct window_space *space = looking->space;
	HOLD_SPACE(space);
	struct window_entry *e =
		window_table_find(&space->session, at->master, looking->mark.stream);

	if (e == NULL) {
		REQUIRE(space->session.n < WINDOW_SESSION_MAX, CKR_DEVICE_MEMORY,
			"session masters have too many streams");
		e = window_table_add(&space->session, at->master, looking->mark.stream);
		ENSURE(e != NULL, CKR_HOST_MEMORY);
		e->set = window_set_empty(at->size);
	}
	window_set_fill(&e->set, looking->to);
	return CKR_OK;
}

CK_RV window_skip(const struct window_location *at, uint64_t counter)
{
	struct looking looking = {.space = window_space_of(at->vault, true),
		.to = counter,
		.mark = {.master = at->master, .set = {.size = at->size}}};

	ENSURE(looking.space != NULL, CKR_HOST_MEMORY);
	TRY(window_name(looking.space, at, looking.mark.stream));
	return at->store != NULL ? replace(at, &looking, run_skip) : skip_in_memory(at, &looking);
}

/* --- Logins and processes --- */

void windows_logout(struct store *store, struct vault *vault)
{
	struct window_space *space = window_space_of(vault, false);
	size_t n;

	if (space == NULL)
		return;
	HOLD_SPACE(space);
	while (space->reserved.n > 0) {
		CK_RV rv = window_leave_some(space, store, &n);
		if (rv != CKR_OK)
			log_error("windows.db: counters that were reserved and not used are "
				  "skipped: %s",
				rv_name(rv));
		if (n == 0) /* other threads are using what is left */
			pthread_cond_wait(&space->settled, &space->lock);
	}
	window_space_unload(space);
}

void windows_close(struct vault *vault)
{
	window_space_free(vault);
}

void windows_forked(void)
{
	window_spaces_forked();
}

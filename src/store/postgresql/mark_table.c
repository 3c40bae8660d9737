/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark_table.c: the table keydiv.mark, and the store of marks.
 *
 * Hosts that mark counters of different streams at the same time do not wait for each other. Of two
 * hosts that use one stream, the second waits for the row of the first:
 *
 * - A mark that exists is locked (FOR UPDATE) when it is read.
 * - A mark that does not exist is inserted. If another host inserts it too, the second INSERT
 *   fails (unique_violation), and the queue runs the uses of that transaction again, which then
 *   find the mark.
 *
 * A retry never takes its own mark for a replay: after a COMMIT without an answer, transaction.c
 * knows if the marks were made before a use runs again. Each mark carries the id of the change that
 * has written it.
 */
#include <limits.h>
#include <string.h>

#include "store/postgresql/postgresql_store.h"
#include "store/queue.h"

#define BUFFERED_MAX 1024 /* marks in memory */
#define BEGINS_MAX 10     /* of a reader, which waits for no lock when it begins */

static const uint8_t head_stream[MARK_STREAM_LEN]; /* window_mark.h, mark_head_stream */

static bool is_head(const uint8_t stream[MARK_STREAM_LEN])
{
	return memcmp(stream, head_stream, MARK_STREAM_LEN) == 0;
}

/* --- Reading --- */

static void place(const struct postgresql_store *p, int64_t master,
	const uint8_t stream[MARK_STREAM_LEN], struct parameters *ret)
{
	parameter_int4(ret, p->slot);
	parameter_int8(ret, master);
	parameter_bytes(ret, bytes_of(stream, MARK_STREAM_LEN));
}

/* Keep a row that was read, whose columns begin at COLUMN. RET may be NULL. */
static CK_RV keep(
	struct postgresql_store *p, const PGresult *r, int row, int column, struct mark_near *ret)
{
	struct mark_near near;
	struct bytes mark;

	TRY(result_number(r, row, column, 1, STORE_ID_MAX, &near.master));
	TRY(result_exact(r, row, column + 1, near.stream, MARK_STREAM_LEN));
	TRY(result_bytes(r, row, column + 2, MARK_MAX, &mark));
	ENSURE(mark.n > 0, CKR_DEVICE_ERROR);
	memcpy(near.mark, mark.p, mark.n);
	near.n = mark.n;
	if (ret != NULL) {
		*ret = near;
		return CKR_OK;
	}
	struct buffered_mark *m = mark_buffer_find(&p->marks, near.master, near.stream);
	if (m == NULL)
		m = mark_list_add(&p->marks.all, near.master, near.stream);
	ENSURE(m != NULL, CKR_HOST_MEMORY);
	if (m->changed)
		return CKR_OK;
	memcpy(m->mark, near.mark, near.n);
	m->n = near.n;
	m->stored = MARK_PRESENT;
	return CKR_OK;
}

/* Read one mark, and lock it. */
static CK_RV read_one(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters at = {.n = 0};
	RESULT *r = NULL;
	struct bytes mark;

	place(p, master, stream, &at);
	connection_send(&p->connection, is_head(stream) ? SQL_MARK_HEAD : SQL_MARK_GET, &at);
	TRY(transaction_sync(store, 1, &r));
	struct buffered_mark *m = mark_list_add(&p->marks.all, master, stream);
	ENSURE(m != NULL, CKR_HOST_MEMORY);
	m->stored = MARK_ABSENT;
	if (PQntuples(r) == 0)
		return CKR_OK;
	TRY(result_bytes(r, 0, 0, MARK_MAX, &mark));
	ENSURE(mark.n > 0, CKR_DEVICE_ERROR);
	memcpy(m->mark, mark.p, mark.n);
	m->n = mark.n;
	m->stored = MARK_PRESENT;
	return CKR_OK;
}

static CK_RV mark_get(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	uint8_t ret_mark[MARK_MAX], size_t *ret_n)
{
	struct mark_buffer *buffer = &postgresql_of(store)->marks;
	struct buffered_mark *m = mark_buffer_find(buffer, master, stream);

	if (m == NULL) {
		TRY(read_one(store, master, stream));
		m = mark_buffer_find(buffer, master, stream);
		ENSURE(m != NULL, CKR_GENERAL_ERROR);
	}
	memcpy(ret_mark, m->mark, m->n);
	*ret_n = m->n;
	return CKR_OK;
}

/* --- The wanted marks --- */

static void send_fetch(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters fetch = {.n = 0};
	MARK_ARRAYS arrays = {0};

	if (p->marks.wanted.n == 0 ||
		mark_arrays_make(&p->marks.wanted, NULL, false, &arrays) != CKR_OK)
		return; /* each use reads its mark by itself */
	parameter_int4(&fetch, p->slot);
	parameter_bytes(&fetch, arrays.masters);
	parameter_bytes(&fetch, arrays.streams);
	connection_send(&p->connection, SQL_MARK_FETCH, &fetch);
}

/* Keep the wanted marks that R has, and note that the others do not exist. */
static CK_RV take_fetched(struct postgresql_store *p, const PGresult *r)
{
	struct mark_list *wanted = &p->marks.wanted;

	for (int i = 0; i < PQntuples(r); i++)
		TRY(keep(p, r, i, 0, NULL));
	for (size_t i = 0; i < wanted->n; i++) {
		const struct buffered_mark *w = &wanted->mark[i];
		if (mark_buffer_find(&p->marks, w->master, w->stream) != NULL)
			continue;
		struct buffered_mark *m = mark_list_add(&p->marks.all, w->master, w->stream);
		ENSURE(m != NULL, CKR_HOST_MEMORY);
		m->stored = MARK_ABSENT;
	}
	wanted->n = 0;
	return CKR_OK;
}

/* Note the places of LIST, for the transaction that begins next. */
static void marks_expect(struct store *store, const struct change *list)
{
	struct mark_list *wanted = &postgresql_of(store)->marks.wanted;

	wanted->n = 0;
	for (; list != NULL; list = list->next)
		if (list->stream != NULL)
			(void)mark_list_add(wanted, list->master, list->stream);
}

/* --- Writing --- */

static bool is_written(const struct buffered_mark *m, bool is_new)
{
	return m->changed && m->n > 0 && is_new == (m->stored == MARK_ABSENT);
}

/* Send one statement for the marks that are new, or for those that may replace others. */
static CK_RV send_written(struct postgresql_store *p, bool is_new)
{
	struct parameters put = {.n = 0};
	MARK_ARRAYS arrays = {0};

	TRY(mark_arrays_make(&p->marks.all, is_written, is_new, &arrays));
	if (arrays.n == 0)
		return CKR_OK;
	parameter_int4(&put, p->slot);
	parameter_bytes(&put, arrays.masters);
	parameter_bytes(&put, arrays.streams);
	parameter_bytes(&put, arrays.marks);
	parameter_bytes(&put, bytes_of(p->transaction.change, CHANGE_ID_LEN));
	connection_send(&p->connection, is_new ? SQL_MARK_INSERT : SQL_MARK_UPSERT, &put);
	return CKR_OK;
}

static void send_removed(struct postgresql_store *p, const struct buffered_mark *m)
{
	struct parameters at = {.n = 0};

	if (!m->changed || m->n > 0 || m->stored == MARK_ABSENT)
		return;
	place(p, m->master, m->stream, &at);
	connection_send(&p->connection, SQL_MARK_DELETE, &at);
}

/* Send all changes of the buffer. The next sync waits for the answers. */
static CK_RV send_changes(struct postgresql_store *p)
{
	TRY(send_written(p, true));
	TRY(send_written(p, false));
	for (size_t i = 0; i < p->marks.all.n; i++) {
		struct buffered_mark *m = &p->marks.all.mark[i];
		send_removed(p, m);
		if (m->changed)
			m->stored = m->n > 0 ? MARK_PRESENT : MARK_ABSENT;
		m->changed = false;
	}
	return CKR_OK;
}

static CK_RV mark_put(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct bytes mark)
{
	struct postgresql_store *p = postgresql_of(store);

	ENSURE(mark.n > 0, CKR_GENERAL_ERROR);
	if (p->marks.all.n >= BUFFERED_MAX && p->marks.replaced.n == 0) {
		TRY(send_changes(p));
		mark_buffer_clear(&p->marks);
	}
	return mark_buffer_put(&p->marks, master, stream, mark);
}

static CK_RV mark_remove(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	return mark_buffer_put(&postgresql_of(store)->marks, master, stream, (struct bytes){0});
}

static CK_RV mark_near(struct store *store, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct mark_near *ret_before, struct mark_near *ret_after)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters at = {.n = 0};
	RESULT *r = NULL;
	int64_t kind;

	ret_before->n = ret_after->n = 0;
	TRY(send_changes(p));
	place(p, master, stream, &at);
	parameter_bytes(&at, bytes_of(head_stream, MARK_STREAM_LEN));
	connection_send(&p->connection, SQL_MARK_NEAR, &at);
	TRY(transaction_sync(store, 1, &r));
	for (int i = 0; i < PQntuples(r); i++) {
		TRY(result_number(r, i, 0, 0, 2, &kind));
		TRY(keep(p, r, i, 1, kind == 0 ? ret_before : kind == 1 ? ret_after : NULL));
	}
	ENSURE(ret_before->n > 0 && ret_before->master == master, CKR_DEVICE_ERROR);
	return CKR_OK;
}

/*
 * The head is locked first, by a statement of its own. Another host that begins a stream has locked
 * the head too, so its row is there when the next statement looks, or is not made.
 */
static CK_RV marks_remove(struct store *store, int64_t master, size_t max, size_t *ret_n)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters head = {.n = 0}, some = {.n = 0};
	RESULT *r = NULL;

	TRY(send_changes(p));
	mark_buffer_clear(&p->marks);
	place(p, master, head_stream, &head);
	connection_send(&p->connection, SQL_MARK_LOCK_HEAD, &head);
	parameter_int4(&some, p->slot);
	parameter_int8(&some, master);
	parameter_int8(&some, max < INT_MAX ? (int64_t)max : INT_MAX);
	connection_send(&p->connection, SQL_MARK_REMOVE_SOME, &some);
	TRY(transaction_sync(store, 1, &r));
	*ret_n = (size_t)result_changes(r);
	return CKR_OK;
}

/* Ask once more if an idle connection has ended. */
static CK_RV marks_next(struct store *store, int64_t after, int64_t *ret_master)
{
	struct postgresql_store *p = postgresql_of(store);
	struct parameters next = {.n = 0};
	RESULT *r = NULL;
	bool was_open = connection_is_open(&p->connection);

	parameter_int4(&next, p->slot);
	parameter_int8(&next, after);
	TRY(connection_open(&p->connection, NULL));
	connection_send(&p->connection, SQL_MARK_NEXT_MASTER, &next);
	CK_RV rv = connection_sync(&p->connection, STATEMENT_WAIT, 1, &r);
	if (rv != CKR_OK && was_open && !connection_is_open(&p->connection) &&
		!p->transaction.open) {
		TRY(connection_open(&p->connection, NULL));
		connection_send(&p->connection, SQL_MARK_NEXT_MASTER, &next);
		rv = connection_sync(&p->connection, STATEMENT_WAIT, 1, &r);
	}
	TRY(rv);
	*ret_master = 0;
	return PQntuples(r) == 0 ? CKR_OK : result_number(r, 0, 0, 1, STORE_ID_MAX, ret_master);
}

/* --- Transactions --- */

static CK_RV marks_begin(struct store *store, bool create, bool *ret_busy)
{
	struct postgresql_store *p = postgresql_of(store);
	RESULT *fetched = NULL;
	unsigned want = p->marks.wanted.n > 0 ? 1 : 0;

	(void)create;
	mark_buffer_clear(&p->marks);
	TRY(transaction_begin(store, send_fetch, want, &fetched, ret_busy));
	if (*ret_busy || want == 0)
		return CKR_OK;
	CK_RV rv = take_fetched(p, fetched);
	if (rv != CKR_OK)
		transaction_rollback(store);
	return rv;
}

static CK_RV marks_commit(struct store *store)
{
	CK_RV rv = send_changes(postgresql_of(store));

	if (rv != CKR_OK) {
		transaction_rollback(store);
		return rv;
	}
	return transaction_commit(store);
}

/*
 * The rows that a reader sees are locked, so a transaction that only reads is one that may write.
 */
static CK_RV marks_begin_read(struct store *store)
{
	bool busy = true;

	postgresql_of(store)->marks.wanted.n = 0;
	for (unsigned i = 0; busy && i < BEGINS_MAX; i++)
		TRY(marks_begin(store, false, &busy));
	REQUIRE(!busy, CKR_DEVICE_ERROR, "the server ends each connection");
	return CKR_OK;
}

static CK_RV marks_savepoint(struct store *store)
{
	mark_buffer_savepoint(&postgresql_of(store)->marks);
	return CKR_OK;
}

static CK_RV marks_release(struct store *store)
{
	mark_buffer_savepoint(&postgresql_of(store)->marks);
	return CKR_OK;
}

/* After an error of a statement the server refuses all others, and the transaction ends. */
static void marks_undo(struct store *store)
{
	struct postgresql_store *p = postgresql_of(store);
	bool failed = PQtransactionStatus(p->connection.pg) == PQTRANS_INERROR;

	if (failed || mark_buffer_undo(&p->marks) != CKR_OK)
		transaction_rollback(store);
}

static CK_RV marks_open(struct store *store, const char *dir)
{
	return postgresql_open_store(store, dir, false);
}

static CK_RV marks_make_schema(struct store *store)
{
	(void)store;
	return CKR_OK;
}

const struct store_backend postgresql_marks_backend = {
	.open = marks_open,
	.close = postgresql_close,
	.abandon = postgresql_abandon,
	.discard = postgresql_discard,
	.expect = marks_expect,
	.begin = marks_begin,
	.commit = marks_commit,
	.rollback = transaction_rollback,
	.in_transaction = postgresql_in_transaction,
	.savepoint = marks_savepoint,
	.undo = marks_undo,
	.release = marks_release,
	.begin_read = marks_begin_read,
	.end_read = transaction_rollback,
	.make_schema = marks_make_schema,
	.mark_get = mark_get,
	.mark_near = mark_near,
	.mark_put = mark_put,
	.mark_remove = mark_remove,
	.marks_remove = marks_remove,
	.marks_next = marks_next,
};

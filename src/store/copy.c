/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c: see copy.h. Each of the four databases, which are records and marks of both stores, is in
 * a transaction of its own, one inside the other, in the order in which a change takes their locks.
 */
#include "store/copy.h"

#include "store/marks.h"
#include "store/queue.h"

#define AT_ONCE 64 /* records that are read together, and rows between two calls of keep_open */

struct copy {
	struct store *from, *to;
	bool replace;
	bool has_marks; /* the source has a database of marks */
	struct store_token token;
	struct store_copied done;
};

/* A command of the queue that goes on with COPY in its transaction. */
struct step {
	struct change change;
	struct copy *copy;
};

typedef CK_RV step_run(struct store *store, struct change *change);

static CK_RV take_step(struct copy *copy, struct store *store, step_run *run, bool creates)
{
	bool takes = store == copy->to && copy->replace;
	struct step step = {{.run = run, .creates = creates, .takes = takes}, copy};

	return queue_commit(store, &step.change);
}

static struct copy *copy_of(struct change *change)
{
	return ((struct step *)change)->copy;
}

/* End the step that calls this, undone. store_copy makes CKR_OK of the code. */
static CK_RV refuse(struct copy *copy, enum store_copy_refusal why)
{
	copy->done.refusal = why;
	return CKR_FUNCTION_CANCELED;
}

/*
 * Ask each other transaction something. A database server ends a transaction in which nothing
 * happens for some seconds, because its host may have been cut off. IN is in use anyway.
 */
static CK_RV keep_open(struct copy *copy, const struct store *in)
{
	struct store *marks = copy->from->marks;
	int64_t unused = 0;

	TRY(copy->from->backend->last_id(copy->from, &unused));
	if (in != copy->to)
		TRY(copy->to->backend->last_id(copy->to, &unused));
	return copy->has_marks ? marks->backend->marks_next(marks, STORE_ID_MAX, &unused) : CKR_OK;
}

/* --- Marks --- */

/* Set STREAM to the next name. False after the last one. */
static bool next_name(uint8_t stream[MARK_STREAM_LEN])
{
	for (size_t i = MARK_STREAM_LEN; i-- > 0;)
		if (++stream[i] != 0)
			return true;
	return false;
}

/* Find the first mark of MASTER from STREAM on, which is not the head. RET->n is 0 for none. */
static CK_RV mark_from(struct store *marks, int64_t master, const uint8_t stream[MARK_STREAM_LEN],
	struct mark_near *ret)
{
	struct mark_near before;

	ret->master = master;
	memcpy(ret->stream, stream, MARK_STREAM_LEN);
	TRY(marks_get(marks, master, stream, ret->mark, &ret->n));
	if (ret->n > 0)
		return CKR_OK;
	TRY(marks_near(marks, master, stream, &before, ret));
	if (ret->master != master)
		ret->n = 0;
	return CKR_OK;
}

static CK_RV copy_marks_of(struct copy *copy, int64_t master)
{
	struct store *from = copy->from->marks, *to = copy->to->marks;
	uint8_t stream[MARK_STREAM_LEN] = {0};
	struct mark_near mark = {.n = 0};

	TRY(marks_get(from, master, stream, mark.mark, &mark.n)); /* the head */
	ENSURE(mark.n > 0, CKR_DEVICE_ERROR);
	while (mark.n > 0) {
		TRY(marks_put(to, master, stream, bytes_of(mark.mark, mark.n)));
		if (++copy->done.marks % AT_ONCE == 0)
			TRY(keep_open(copy, to));
		if (!next_name(stream))
			break;
		TRY(mark_from(from, master, stream, &mark));
		memcpy(stream, mark.stream, sizeof stream);
	}
	return CKR_OK;
}

/* In the transaction of the marks of the destination. */
static CK_RV write_marks(struct store *to, struct change *change)
{
	struct copy *copy = copy_of(change);
	struct store *from = copy->from->marks;
	int64_t master = 0;

	copy->done.marks = 0;
	TRY(to->backend->make_schema(to));
	TRY(from->backend->marks_next(from, 0, &master));
	while (master != 0) {
		TRY(copy_marks_of(copy, master));
		TRY(from->backend->marks_next(from, master, &master));
	}
	return CKR_OK;
}

/* Remove the marks of the token that is replaced. Another token uses the same ids. */
static CK_RV remove_marks(struct store *to)
{
	struct store *marks = to->marks;
	int64_t master = 0;

	for (;;) {
		pthread_mutex_lock(&marks->lock);
		CK_RV rv = marks->backend->marks_next(marks, 0, &master);
		pthread_mutex_unlock(&marks->lock);
		TRY(rv);
		if (master == 0)
			return CKR_OK;
		TRY(store_marks_remove(to, master));
	}
}

/* --- Records --- */

static CK_RV write_found(struct copy *copy, struct record *records, size_t n, int64_t *ret_last)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < n; i++) {
		if (rv == CKR_OK)
			rv = copy->to->backend->insert(copy->to, &records[i]);
		*ret_last = records[i].id;
		record_free(&records[i]);
	}
	copy->done.objects += n;
	return rv;
}

/* Let the destination know that ids up to LAST were used: a record with this id comes and goes. */
static CK_RV use_up_ids(struct store *to, int64_t last)
{
	const struct record record = {
		.id = last, .attributes = bytes_of("", 0), .sealed = bytes_of("", 0)};

	TRY(to->backend->insert(to, &record));
	return to->backend->remove(to, last);
}

static CK_RV write_records(struct copy *copy)
{
	struct store *from = copy->from;
	struct store_query all = {0};
	struct record records[AT_ONCE];
	size_t n = AT_ONCE;
	int64_t last = 0;

	copy->done.objects = 0;
	while (n == AT_ONCE) {
		TRY(from->backend->find(from, &all, records, AT_ONCE, &n));
		TRY(write_found(copy, records, n, &all.after));
		TRY(keep_open(copy, copy->to));
	}
	TRY(from->backend->last_id(from, &last));
	return last > all.after ? use_up_ids(copy->to, last) : CKR_OK;
}

/* In the transaction of the destination. */
static CK_RV write_token(struct store *to, struct change *change)
{
	struct copy *copy = copy_of(change);
	struct store_token there;

	TRY(to->backend->make_schema(to));
	CK_RV rv = to->backend->token_get(to, &there);
	if (rv == CKR_OK && !copy->replace)
		return refuse(copy, COPY_TOKEN_THERE);
	if (rv != CKR_TOKEN_NOT_RECOGNIZED)
		TRY(rv);
	to->removed = true; /* files of client states are not swept before the commit */
	TRY(to->backend->clear(to));
	TRY(remove_marks(to));
	if (copy->has_marks)
		TRY(take_step(copy, to->marks, write_marks, true));
	TRY(write_records(copy));
	return to->backend->token_update(to, &copy->token);
}

/* --- The source --- */

static CK_RV refuse_state(struct copy *copy, const struct record *record)
{
	size_t n = sizeof copy->done.state_label - 1;

	copy->done.state_id = record->id;
	n = record->label.n < n ? record->label.n : n;
	if (n > 0)
		memcpy(copy->done.state_label, record->label.p, n);
	copy->done.state_label[n] = '\0';
	return refuse(copy, COPY_STATE);
}

static CK_RV refuse_states(struct copy *copy, struct record *records, size_t n, int64_t *ret_last)
{
	SNAPSHOT keys = {0}; /* without a token key */
	CK_RV rv = CKR_OK;

	memcpy(keys.uuid, copy->token.uuid, sizeof keys.uuid);
	for (size_t i = 0; i < n; i++) {
		OBJECT o = {0};
		if (rv == CKR_OK)
			rv = record_open(&keys, &records[i], &o);
		if (rv == CKR_OK && record_has_state(&o))
			rv = refuse_state(copy, &records[i]);
		*ret_last = records[i].id;
		record_free(&records[i]);
	}
	return rv;
}

static CK_RV look_for_states(struct copy *copy)
{
	struct store *from = copy->from;
	struct store_query all = {0};
	struct record records[AT_ONCE];
	size_t n = AT_ONCE;

	while (n == AT_ONCE) {
		TRY(from->backend->find(from, &all, records, AT_ONCE, &n));
		TRY(refuse_states(copy, records, n, &all.after));
	}
	return CKR_OK;
}

/* In the transaction of the marks of the source. */
static CK_RV with_marks(struct store *from, struct change *change)
{
	struct copy *copy = copy_of(change);

	(void)from;
	copy->has_marks = true;
	return take_step(copy, copy->to, write_token, true);
}

/* In the transaction of the source. A store without windows may have no database of marks. */
static CK_RV with_source(struct store *from, struct change *change)
{
	struct copy *copy = copy_of(change);

	TRY(from->backend->token_get(from, &copy->token));
	TRY(look_for_states(copy));
	CK_RV rv = take_step(copy, from->marks, with_marks, false);
	if (rv != CKR_TOKEN_NOT_RECOGNIZED)
		return rv;
	return take_step(copy, copy->to, write_token, true);
}

/* --- Tries of PINs --- */

static CK_RV keep_tries(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	*(struct store_tries *)arg = *tries;
	return CKR_OK;
}

static CK_RV put_tries(const struct store_token *token, struct store_tries *tries, void *arg)
{
	(void)token;
	*tries = *(const struct store_tries *)arg;
	return CKR_OK;
}

static CK_RV copy_tries(struct copy *copy, enum store_role role)
{
	const struct store_pin *pin = role == STORE_SO ? &copy->token.so : &copy->token.user;
	struct store_tries tries = {0};

	if (!pin->set)
		return CKR_OK;
	TRY(store_tries_edit(copy->from, role, keep_tries, &tries));
	return store_tries_edit(copy->to, role, put_tries, &tries);
}

CK_RV store_copy(struct store *from, struct store *to, bool replace, struct store_copied *ret)
{
	struct copy copy = {.from = from, .to = to, .replace = replace};

	CK_RV rv = take_step(&copy, from, with_source, false);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED) {
		copy.done.refusal = COPY_NO_TOKEN;
		rv = CKR_OK;
	}
	if (rv == CKR_OK && copy.done.refusal == COPY_DONE)
		rv = copy_tries(&copy, STORE_USER);
	if (rv == CKR_OK && copy.done.refusal == COPY_DONE)
		rv = copy_tries(&copy, STORE_SO);
	if (rv == CKR_FUNCTION_CANCELED && copy.done.refusal != COPY_DONE)
		rv = CKR_OK;
	if (rv != CKR_OK)
		return rv;
	/* Other hosts may have cached what was in the token that was replaced. */
	if (replace && copy.done.refusal == COPY_DONE && to->backend->wait_for_hosts != NULL)
		to->backend->wait_for_hosts(to);
	*ret = copy.done;
	return CKR_OK;
}

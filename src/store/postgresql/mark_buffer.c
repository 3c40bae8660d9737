/* SPDX-License-Identifier: Apache-2.0 */
/* mark_buffer.c: see mark_buffer.h. */
#include "store/postgresql/mark_buffer.h"

#include <stdlib.h>

/* The header of an array of one dimension, and the numbers of element types (pg_type.dat). */
#define ARRAY_HEAD 20
#define OID_BYTEA 17
#define OID_INT8 20

static void list_free(struct mark_list *list)
{
	free(list->mark);
	*list = (struct mark_list){0};
}

void mark_buffer_free(struct mark_buffer *buffer)
{
	list_free(&buffer->all);
	list_free(&buffer->replaced);
	list_free(&buffer->wanted);
}

void mark_buffer_clear(struct mark_buffer *buffer)
{
	buffer->all.n = buffer->replaced.n = 0;
}

struct buffered_mark *mark_buffer_find(
	struct mark_buffer *buffer, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	for (size_t i = 0; i < buffer->all.n; i++) {
		struct buffered_mark *m = &buffer->all.mark[i];
		if (memcmp(m->stream, stream, MARK_STREAM_LEN) == 0 && m->master == master)
			return m;
	}
	return NULL;
}

struct buffered_mark *mark_list_add(
	struct mark_list *list, int64_t master, const uint8_t stream[MARK_STREAM_LEN])
{
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct buffered_mark *more = reallocarray(list->mark, room, sizeof *more);
		if (more == NULL)
			return NULL;
		list->mark = more;
		list->room = room;
	}
	struct buffered_mark *m = &list->mark[list->n++];
	*m = (struct buffered_mark){.master = master};
	memcpy(m->stream, stream, MARK_STREAM_LEN);
	return m;
}

static void set(struct buffered_mark *m, struct bytes mark)
{
	m->n = mark.n;
	if (mark.n > 0)
		memcpy(m->mark, mark.p, mark.n);
	m->changed = true;
}

CK_RV mark_buffer_put(struct mark_buffer *buffer, int64_t master,
	const uint8_t stream[MARK_STREAM_LEN], struct bytes mark)
{
	ENSURE(mark.n <= MARK_MAX, CKR_GENERAL_ERROR);
	struct buffered_mark *m = mark_buffer_find(buffer, master, stream);
	if (m == NULL)
		m = mark_list_add(&buffer->all, master, stream);
	ENSURE(m != NULL, CKR_HOST_MEMORY);
	struct buffered_mark *before = mark_list_add(&buffer->replaced, master, stream);
	ENSURE(before != NULL, CKR_HOST_MEMORY);
	*before = *m;
	set(m, mark);
	return CKR_OK;
}

void mark_buffer_savepoint(struct mark_buffer *buffer)
{
	buffer->replaced.n = 0;
}

/*
 * If the buffer was sent after a mark was replaced (then the entry is not changed), the mark before
 * must be sent again. A place that nobody had read has no mark to put back: its entry goes, or the
 * caller ends the transaction if the entry was sent.
 */
static CK_RV put_back(struct mark_buffer *buffer, const struct buffered_mark *before)
{
	struct buffered_mark *m = mark_buffer_find(buffer, before->master, before->stream);

	ENSURE(m != NULL, CKR_FUNCTION_FAILED);
	bool sent = !m->changed;
	if (before->stored == MARK_UNKNOWN && !before->changed) {
		REQUIRE(!sent, CKR_FUNCTION_FAILED, "the mark before is not known");
		*m = buffer->all.mark[--buffer->all.n];
		return CKR_OK;
	}
	set(m, bytes_of(before->mark, before->n));
	m->changed = before->changed || sent;
	return CKR_OK;
}

CK_RV mark_buffer_undo(struct mark_buffer *buffer)
{
	while (buffer->replaced.n > 0)
		TRY(put_back(buffer, &buffer->replaced.mark[--buffer->replaced.n]));
	return CKR_OK;
}

/* --- Arrays --- */

void mark_arrays_free(struct mark_arrays *arrays)
{
	free(arrays->memory);
	*arrays = (struct mark_arrays){0};
}

static uint8_t *put_head(uint8_t *at, uint32_t type, size_t n)
{
	put_be32(at, 1); /* dimension */
	put_be32(at + 4, 0);
	put_be32(at + 8, type);
	put_be32(at + 12, (uint32_t)n);
	put_be32(at + 16, 1); /* the lowest subscript */
	return at + ARRAY_HEAD;
}

static uint8_t *put_element(uint8_t *at, const void *p, size_t n)
{
	put_be32(at, (uint32_t)n);
	if (n > 0)
		memcpy(at + 4, p, n);
	return at + 4 + n;
}

CK_RV mark_arrays_make(const struct mark_list *list,
	bool (*select)(const struct buffered_mark *mark, bool which), bool which,
	struct mark_arrays *ret)
{
	size_t each = 4 + 8 + 4 + MARK_STREAM_LEN + 4 + MARK_MAX, n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += select == NULL || select(&list->mark[i], which);
	ret->n = n;
	if (n == 0)
		return CKR_OK;
	ret->memory = malloc(3 * ARRAY_HEAD + n * each);
	ENSURE(ret->memory != NULL, CKR_HOST_MEMORY);
	uint8_t *start = ret->memory, *masters = put_head(start, OID_INT8, n);
	uint8_t *second = masters + n * 12, *streams = put_head(second, OID_BYTEA, n);
	uint8_t *third = streams + n * (4 + MARK_STREAM_LEN),
		*marks = put_head(third, OID_BYTEA, n);
	for (size_t i = 0; i < list->n; i++) {
		const struct buffered_mark *m = &list->mark[i];
		uint8_t master[8];
		if (select != NULL && !select(m, which))
			continue;
		put_be64(master, (uint64_t)m->master);
		masters = put_element(masters, master, sizeof master);
		streams = put_element(streams, m->stream, MARK_STREAM_LEN);
		marks = put_element(marks, m->mark, m->n);
	}
	ret->masters = bytes_of(start, (size_t)(masters - start));
	ret->streams = bytes_of(second, (size_t)(streams - second));
	ret->marks = bytes_of(third, (size_t)(marks - third));
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* operation.c: the state machine that all operations of a session share, see operation_slot.h. */
#include "calls/operation_slot.h"

#include <stdlib.h>

#include "token/self_test.h"

#define BUFFER_KEPT 65536 /* a larger buffer is given back when its operation ends */

/* --- Buffers --- */

CK_RV buffer_reserve(struct buffer *b, size_t more)
{
	size_t needed = b->n + more;

	if (needed <= b->room)
		return CKR_OK;
	size_t room = needed > b->room + b->room / 2 ? needed : b->room + b->room / 2;
	uint8_t *p = malloc(room < 256 ? 256 : room);
	ENSURE(p != NULL, CKR_HOST_MEMORY);
	if (b->p != NULL) {
		memcpy(p, b->p, b->n);
		wipe(b->p, b->n);
		free(b->p);
	}
	b->p = p;
	b->room = room < 256 ? 256 : room;
	return CKR_OK;
}

CK_RV buffer_append(struct buffer *b, const uint8_t *p, size_t n)
{
	if (n == 0)
		return CKR_OK;
	TRY(buffer_reserve(b, n));
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return CKR_OK;
}

void buffer_clear(struct buffer *b)
{
	if (b->n > 0)
		wipe(b->p, b->n);
	b->n = 0;
	if (b->room > BUFFER_KEPT) {
		free(b->p);
		*b = (struct buffer){0};
	}
}

/* --- Beginning and ending --- */

/* Wipe the key schedules that the slot's objects keep. */
static void wipe_kept(struct operation *op)
{
	if (op->cipher != NULL)
		cipher_reset(op->cipher);
	if (op->mac != NULL)
		mac_reset(op->mac);
	if (op->digest != NULL)
		digest_reset(op->digest);
	memset(op->keyed, 0, sizeof op->keyed);
	op->forget = false;
}

void operation_end(struct operation *op)
{
	if (op->key != NULL)
		key_cache_unpin(op->key);
	op->key = NULL;
	op->key_handle = 0;
	op->stage = STAGE_NONE;
	op->row = NULL;
	op->finished = false;
	op->mac_begun = false;
	op->total = 0;
	if (op->last_n > 0)
		wipe(op->last, sizeof op->last);
	op->last_n = 0;
	buffer_clear(&op->buffer);
	if (op->forget)
		wipe_kept(op);
}

static struct operation *slot_of(struct session *s, enum operation_kind kind)
{
	if (s->operations == NULL)
		s->operations = calloc(1, sizeof *s->operations);
	return s->operations == NULL ? NULL : &s->operations->slot[kind];
}

CK_RV operation_request(struct session *s, const struct operation_request *request,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_MECHANISM *ret_caller,
	struct operation **ret)
{
	struct operation *op = slot_of(s, request->kind);
	struct cached_key *cached = NULL;

	ENSURE(op != NULL, CKR_HOST_MEMORY);
	if (mechanism == NULL) {
		operation_end(op);
		*ret = NULL;
		return CKR_OK;
	}
	ENSURE(op->stage == STAGE_NONE, CKR_OPERATION_ACTIVE);
	memcpy(ret_caller, mechanism, sizeof *ret_caller); /* once; it may be unaligned */
	const struct mechanism *row = mechanism_find(ret_caller->mechanism);
	ENSURE(row != NULL && row->info.flags & request->mechanism_flag, CKR_MECHANISM_INVALID);
	TRY(self_test_once(row));
	if (request->key_flag != 0) {
		TRY(key_cache_get(s, key, &cached));
		TRY(plan_may_use(&cached->object, row, request->key_flag));
		key_cache_pin(cached);
	}
	op->row = row;
	op->key = cached;
	op->key_handle = key;
	*ret = op;
	return CKR_OK;
}

CK_RV operation_begun(struct operation *op, CK_RV rv)
{
	if (rv == CKR_OK)
		op->stage = STAGE_BEGUN;
	else
		operation_end(op);
	return rv;
}

/* --- The calls between --- */

static CK_RV enter(struct session *s, enum operation_kind kind, enum stage forbidden,
	enum stage next, struct operation **ret)
{
	ENSURE(s->operations != NULL, CKR_OPERATION_NOT_INITIALIZED);
	struct operation *op = &s->operations->slot[kind];
	ENSURE(op->stage != STAGE_NONE, CKR_OPERATION_NOT_INITIALIZED);
	if (op->stage == forbidden) {
		operation_end(op);
		return FAIL(CKR_OPERATION_ACTIVE, "the operation was begun in parts");
	}
	op->stage = next;
	*ret = op;
	return CKR_OK;
}

CK_RV operation_single(struct session *s, enum operation_kind kind, struct operation **ret)
{
	return enter(s, kind, STAGE_PARTS, STAGE_SINGLE, ret);
}

CK_RV operation_part(struct session *s, enum operation_kind kind, struct operation **ret)
{
	return enter(s, kind, STAGE_SINGLE, STAGE_PARTS, ret);
}

CK_RV operation_leave(struct operation *op, CK_RV rv, bool goes_on)
{
	if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && goes_on))
		return rv;
	operation_end(op);
	return rv;
}

CK_RV output_room(size_t needed, const CK_BYTE *out, CK_ULONG *out_len, bool *ret_go)
{
	*ret_go = false;
	if (out == NULL) {
		*out_len = needed;
		return CKR_OK;
	}
	if (*out_len < needed) {
		*out_len = needed;
		return CKR_BUFFER_TOO_SMALL; /* no error: not logged */
	}
	*ret_go = true;
	return CKR_OK;
}

/* --- All operations of a session --- */

static void slot_reset(struct operation *op)
{
	operation_end(op);
	wipe_kept(op);
}

void operations_reset(struct session *s)
{
	for (unsigned i = 0; s->operations != NULL && i < OPERATION_KINDS; i++)
		slot_reset(&s->operations->slot[i]);
}

static bool keeps(const struct operation *op, CK_OBJECT_HANDLE handle)
{
	bool kept = op->key_handle == handle;

	for (unsigned i = 0; i < KEPT_SCHEDULES; i++)
		kept |= op->keyed[i] == handle;
	return kept;
}

void operations_forget(struct session *s, CK_OBJECT_HANDLE handle)
{
	for (unsigned i = 0; s->operations != NULL && i < OPERATION_KINDS; i++) {
		struct operation *op = &s->operations->slot[i];
		if (!keeps(op, handle))
			continue;
		if (op->stage == STAGE_NONE || op->key_handle == handle)
			slot_reset(op);
		else
			op->forget = true; /* at work with another key: when that is over */
	}
}

void operations_free(struct session *s)
{
	if (s->operations == NULL)
		return;
	operations_reset(s);
	for (unsigned i = 0; i < OPERATION_KINDS; i++) {
		struct operation *op = &s->operations->slot[i];
		cipher_free(op->cipher);
		mac_free(op->mac);
		digest_free(op->digest);
		free(op->buffer.p);
	}
	wipe(s->operations, sizeof *s->operations);
	free(s->operations);
	s->operations = NULL;
}

/*
 * C_SessionCancel: flags of operations that are not active, or that are over when their call
 * returns, are fine.
 */
CK_RV operations_cancel(struct session *s, CK_FLAGS flags)
{
	static const CK_FLAGS flag_of[OPERATION_KINDS] = {
		[OPERATION_ENCRYPT] = CKF_ENCRYPT,
		[OPERATION_DECRYPT] = CKF_DECRYPT,
		[OPERATION_DIGEST] = CKF_DIGEST,
		[OPERATION_SIGN] = CKF_SIGN,
		[OPERATION_VERIFY] = CKF_VERIFY,
		[OPERATION_MESSAGE_ENCRYPT] = CKF_MESSAGE_ENCRYPT,
		[OPERATION_MESSAGE_DECRYPT] = CKF_MESSAGE_DECRYPT,
	};

	if (flags & CKF_FIND_OBJECTS) {
		free(s->search.handles);
		s->search = (struct search){0};
	}
	for (unsigned i = 0; s->operations != NULL && i < OPERATION_KINDS; i++)
		if (flags & flag_of[i])
			operation_end(&s->operations->slot[i]);
	return CKR_OK;
}

/*
 * C_GetOperationState: no state leaves the token, that of a digest neither: it may be of a secret.
 */
CK_RV operation_state_get(struct session *s, CK_BYTE *out, CK_ULONG *out_len)
{
	bool active = false;

	(void)out;
	ENSURE(out_len != NULL, CKR_ARGUMENTS_BAD);
	for (unsigned i = 0; s->operations != NULL && i < OPERATION_KINDS; i++)
		active |= s->operations->slot[i].stage != STAGE_NONE;
	ENSURE(active, CKR_OPERATION_NOT_INITIALIZED);
	return FAIL(CKR_STATE_UNSAVEABLE, "operation states cannot be saved");
}

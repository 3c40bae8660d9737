/* SPDX-License-Identifier: Apache-2.0 */
/* operations.c: the slots of operations, and their buffers. */
#include "token/operations.h"

#include <stdlib.h>

#define BUFFER_KEPT 65536 /* a larger buffer is freed when its operation ends */
#define BUFFER_MIN 256

/* --- Buffers --- */

CK_RV buffer_reserve(struct buffer *b, size_t more)
{
	size_t needed = b->n + more;

	if (needed <= b->room)
		return CKR_OK;
	size_t room = needed > b->room + b->room / 2 ? needed : b->room + b->room / 2;
	if (room < BUFFER_MIN)
		room = BUFFER_MIN;
	uint8_t *p = malloc(room);
	ENSURE(p != NULL, CKR_HOST_MEMORY);
	if (b->p != NULL) {
		memcpy(p, b->p, b->n);
		wipe(b->p, b->n);
		free(b->p);
	}
	b->p = p;
	b->room = room;
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

/* --- Slots --- */

void operation_forget_kept(struct operation *op)
{
	if (op->cipher != NULL)
		cipher_forget(op->cipher);
	if (op->mac != NULL)
		mac_forget(op->mac);
	if (op->digest != NULL)
		digest_reset(op->digest);
	memset(op->keyed, 0, sizeof op->keyed);
	op->forget = false;
}

/* The same for a session that ends. The memory is freed. */
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
	if (op->derived)
		use_state_end(op->use);
	op->key = NULL;
	op->used = NULL;
	op->derived = false;
	op->key_handle = 0;
	op->stage = STAGE_NONE;
	op->mech = NULL;
	op->finished = false;
	op->mac_begun = false;
	op->total = 0;
	if (op->last_n > 0)
		wipe(op->last, sizeof op->last);
	op->last_n = 0;
	buffer_clear(&op->buffer);
	if (op->forget)
		operation_forget_kept(op);
}

static void slot_reset(struct operation *op)
{
	operation_end(op);
	wipe_kept(op);
}

static bool keeps(const struct operation *op, CK_OBJECT_HANDLE handle)
{
	bool kept = op->key_handle == handle;

	for (unsigned i = 0; i < KEPT_SCHEDULES; i++)
		kept |= op->keyed[i] == handle;
	return kept;
}

/* --- All operations of a session --- */

void operations_reset(struct operations *operations)
{
	for (unsigned i = 0; operations != NULL && i < OPERATION_KINDS; i++)
		slot_reset(&operations->slot[i]);
}

void operations_forget(struct operations *operations, CK_OBJECT_HANDLE handle)
{
	for (unsigned i = 0; operations != NULL && i < OPERATION_KINDS; i++) {
		struct operation *op = &operations->slot[i];
		if (!keeps(op, handle))
			continue;
		if (op->stage == STAGE_NONE || op->key_handle == handle)
			slot_reset(op);
		else
			op->forget = true; /* in use with another key, so wipe it at the end */
	}
}

void operations_free(struct operations *operations)
{
	if (operations == NULL)
		return;
	operations_reset(operations);
	for (unsigned i = 0; i < OPERATION_KINDS; i++) {
		struct operation *op = &operations->slot[i];
		cipher_free(op->cipher);
		mac_free(op->mac);
		digest_free(op->digest);
		use_state_free(op->use);
		free(op->buffer.p);
	}
	wipe(operations, sizeof *operations);
	free(operations);
}

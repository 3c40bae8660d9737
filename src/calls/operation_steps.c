/* SPDX-License-Identifier: Apache-2.0 */
/* operation_steps.c: the steps that every kind of operation shares. */
#include "calls/operation_steps.h"

#include <stdlib.h>

#include "calls/failure.h"
#include "calls/requested.h"
#include "calls/use.h"
#include "policy/plan.h"
#include "token/self_test_gate.h"
#include "token/session_key.h"

/* --- Beginning --- */

static struct operation *slot_of(struct session *s, enum operation_kind kind)
{
	if (s->operations == NULL)
		s->operations = calloc(1, sizeof *s->operations);
	return s->operations == NULL ? NULL : &s->operations->slot[kind];
}

/* Find the key HANDLE for MECH, pin it and put both into OP. */
static CK_RV take_key(struct session *s, struct operation *op, const struct mechanism *mech,
	CK_OBJECT_HANDLE handle, uint32_t key_flag)
{
	struct cached_key *cached = NULL;

	if (key_flag != 0) {
		CK_RV rv = session_key_now(s, handle, &cached);
		if (rv != CKR_OK)
			return call_failed(rv, mech, s, handle, NULL);
		rv = key_cache_may_use(cached, mech, key_flag);
		if (rv != CKR_OK)
			return call_failed(rv, mech, s, handle, &cached->object);
		key_cache_pin(cached);
	}
	op->mech = mech;
	op->key = cached;
	op->used = cached != NULL ? cached->key : NULL;
	op->key_handle = handle;
	return CKR_OK;
}

CK_RV operation_request(struct session *s, const struct operation_request *request,
	const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_MECHANISM *ret_caller,
	struct operation **ret)
{
	struct operation *op = slot_of(s, request->kind);
	struct requested requested;

	ENSURE(op != NULL, CKR_HOST_MEMORY);
	if (mechanism == NULL) {
		operation_end(op);
		*ret = NULL;
		return CKR_OK;
	}
	REQUIRE(op->stage == STAGE_NONE, CKR_OPERATION_ACTIVE, "an operation is active already");
	TRY(mechanism_request(mechanism, request->mechanism_flag, &requested));
	TRY(self_test_gate(requested.index));
	if (__builtin_expect(requested.mech->operation.with_derived_key, 0))
		TRY(use_begin(s, op, request->kind, &requested, key));
	else
		TRY(take_key(s, op, requested.mech, key, request->key_flag));
	*ret_caller = requested.caller;
	*ret = op;
	return CKR_OK;
}

CK_RV operation_failed(struct session *s, const struct operation *op, CK_RV rv)
{
	const struct mechanism *mech = op->derived ? &mech_with_derived_key : op->mech;

	return call_failed(rv, mech, s, op->key_handle, op->key ? &op->key->object : NULL);
}

CK_RV operation_begun(struct session *s, struct operation *op, CK_RV rv)
{
	if (rv == CKR_OK) {
		op->stage = STAGE_BEGUN;
		return CKR_OK;
	}
	rv = operation_failed(s, op, rv);
	operation_end(op);
	return rv;
}

#define MAC_MIN 8
#define MAC_MIN_NAMED 4

size_t operation_least_mac(const struct operation *op)
{
	return object_names(&op->key->object, op->mech->type) ? MAC_MIN_NAMED : MAC_MIN;
}

/* --- The calls between --- */

static CK_RV enter(struct session *s, enum operation_kind kind, enum stage forbidden,
	enum stage next, struct operation **ret)
{
	REQUIRE(s->operations != NULL, CKR_OPERATION_NOT_INITIALIZED, "no operation is active");
	struct operation *op = &s->operations->slot[kind];
	REQUIRE(op->stage != STAGE_NONE, CKR_OPERATION_NOT_INITIALIZED, "no operation is active");
	if (op->stage == forbidden) {
		operation_end(op);
		return FAIL(CKR_OPERATION_ACTIVE,
			"the operation mixes calls for all data with calls for parts");
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

CK_RV operation_leave(struct session *s, struct operation *op, CK_RV rv, bool goes_on)
{
	if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && goes_on))
		return rv;
	if (__builtin_expect(rv != CKR_OK, 0))
		rv = operation_failed(s, op, rv);
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
		return CKR_BUFFER_TOO_SMALL; /* an answer, not a failure: no reason is noted */
	}
	*ret_go = true;
	return CKR_OK;
}

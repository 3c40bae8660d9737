/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use.h: CKM_KEYDIV_WITH_DERIVED_KEY, an operation with a key that is derived for that operation.
 *
 * The operation has the result and the codes of C_DeriveKey, C_...Init and C_DestroyObject with the
 * same inputs. No object and no handle exists. The derived key is in op->use->key and is wiped when
 * the operation or the message ends. The functions are called with the session's lock held.
 */
#ifndef KEYDIV_CALLS_USE_H
#define KEYDIV_CALLS_USE_H

#include "calls/requested.h"
#include "token/operations.h"

/*
 * Begin the operation OP of KIND with the mechanism REQUESTED under the master BASE.
 *
 * For the functions without messages, derive the key. op->mech is then OPERATION and op->used the
 * derived key. For the message functions, check BASE and keep the fields that all messages share;
 * use_begin_message derives the keys. On failure OP is empty.
 *
 * CKR_MECHANISM_PARAM_INVALID as use_parameter_parse. CKR_HOST_MEMORY. The codes of C_DeriveKey,
 * then the codes of plan_may_use for the derived key with OPERATION.
 */
MUST_USE CK_RV use_begin(struct session *s, struct operation *op, enum operation_kind kind,
	const struct requested *requested, CK_OBJECT_HANDLE base);

/*
 * Derive the key of one message. N bytes at PARAMETER, which may be unaligned, are the fields of
 * the message, which complete those of use_begin. The codes are those of use_begin, and
 * CKR_KEY_HANDLE_INVALID if the master was destroyed. The caller calls use_end_message afterwards,
 * also after a failure.
 */
MUST_USE CK_RV use_begin_message(struct session *s, struct operation *op, enum operation_kind kind,
	const void *parameter, CK_ULONG n);
void use_end_message(struct operation *op);

/*
 * Note that OP, an operation of WITH_DERIVED_KEY, is about to give out its result. An incoming
 * message calls use_mark after its MAC or tag was found right, before plaintext or CKR_OK leaves
 * the token. An outgoing message calls use_mark before the first byte of output leaves the token.
 * Length queries and CKR_BUFFER_TOO_SMALL do not call use_mark. Each message calls use_mark once.
 * The codes are those of use_window_mark. After a failure the message gives out nothing.
 */
MUST_USE CK_RV use_mark(struct operation *op);

/* use_mark for an operation that may be another than WITH_DERIVED_KEY, or marked already. */
MUST_USE static inline CK_RV operation_release(struct operation *op)
{
	return __builtin_expect(op->derived, 0) && !op->use->marked ? use_mark(op) : CKR_OK;
}

#endif

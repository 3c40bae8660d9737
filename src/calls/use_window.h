/* SPDX-License-Identifier: Apache-2.0 */
/*
 * use_window.h: the replay windows of the messages of WITH_DERIVED_KEY. use.c calls these functions
 * for every operation, and they decide which masters have a window.
 */
#ifndef KEYDIV_CALLS_USE_WINDOW_H
#define KEYDIV_CALLS_USE_WINDOW_H

#include "token/operations.h"

/*
 * Check that the operation OP can have a window if its master op->key has one. Called when the
 * parameter is parsed and the key is planned, before the key is used. use_stream (use_stream.h) may
 * be called. CKR_MECHANISM_PARAM_INVALID for a parameter without a counter and for an OPERATION
 * without a MAC or tag. The same code for a WINDOW_REQUEST with unknown numbers, and for one under
 * a master without a window.
 */
MUST_USE CK_RV use_window_check(const struct operation *op);

/*
 * Mark the counter of the message of OP as used, before the message has an effect outside of the
 * token (use.h, use_mark). op->use->incoming is the direction. CKR_KEYDIV_REPLAYED.
 * CKR_KEY_HANDLE_INVALID if the master was destroyed after the operation began.
 */
MUST_USE CK_RV use_window_mark(const struct operation *op);

/* Return true if OP has a parameter with WINDOW_REQUEST, whose result is a report. */
static inline bool use_window_requested(const struct operation *op)
{
	return op->derived && op->use->parameter.window_request.p != NULL;
}

/* Return the length in bytes of the report. */
size_t use_window_report_length(const struct operation *op);

/*
 * Do what WINDOW_REQUEST of OP says, and write the report of the window to OUT.
 * CKR_SESSION_READ_ONLY if the window is to change. Other codes as window.h.
 */
MUST_USE CK_RV use_window_report(const struct operation *op, CK_BYTE *out);

#endif

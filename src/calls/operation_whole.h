/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation_whole.h: mechanisms with a function that signs (struct operating, sign), which gets the
 * whole data at once. For operation_sign.c only. Called with the lock of the session held.
 */
#ifndef KEYDIV_CALLS_OPERATION_WHOLE_H
#define KEYDIV_CALLS_OPERATION_WHOLE_H

#include "calls/operation_steps.h"

/*
 * Begin OP with the parameter of CALLER, which is copied. CKR_MECHANISM_PARAM_INVALID for a
 * parameter that the mechanism refuses. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV whole_begin(struct session *s, struct operation *op, const CK_MECHANISM *caller);

/* Add a copy of N bytes at IN to the data, up to one byte more than the mechanism takes. */
MUST_USE CK_RV whole_collect(struct operation *op, const CK_BYTE *in, CK_ULONG n);

/*
 * Add the N bytes at IN to the data, and sign all of the data. RET_MAC has op->out_len bytes. The
 * codes are those of the mechanism's function, and CKR_HOST_MEMORY.
 */
MUST_USE CK_RV whole_sign(
	struct operation *op, const CK_BYTE *in, CK_ULONG n, uint8_t ret_mac[KEY_MAC_MAX]);

#endif

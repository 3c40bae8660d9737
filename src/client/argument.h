/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argument.h: write the arguments of a function to a request, and read its results from the reply.
 * The letters are those of call.h.
 */
#ifndef KEYDIV_CLIENT_ARGUMENT_H
#define KEYDIV_CLIENT_ARGUMENT_H

#include "connection.h"

/* One line of the table of letters. */
struct argument_kind {
	const char *request; /* part of the signature of the request */
	const char *reply;   /* part of the signature of the reply */
	unsigned count;      /* arguments of the C function */

	/*
	 * Check ARGS and write them. A code refuses the call: the protocol cannot carry ARGS. NULL:
	 * nothing is written and *ARGS, if it is a pointer to a result, must not be NULL.
	 */
	CK_RV (*write)(struct connection *c, const uintptr_t *args);

	/*
	 * Read a result and store it where ARGS says. The failure of a read is found in c->in. The
	 * code is that of the function. NULL: there is no result.
	 */
	CK_RV (*read)(struct connection *c, const uintptr_t *args);
};

/* The kind of LETTER, one of those of call.h. */
const struct argument_kind *argument_kind(char letter);

#endif

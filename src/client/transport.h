/* SPDX-License-Identifier: Apache-2.0 */
/* transport.h: a stream of bytes to and from a server. Every wait has a deadline. */
#ifndef KEYDIV_CLIENT_TRANSPORT_H
#define KEYDIV_CLIENT_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "base/error.h"

struct transport {
	int fd;      /* a stream socket; -1: none */
	pid_t child; /* the process of an ADDRESS_COMMAND; 0: none */
};

/* The moment MS milliseconds from now, for the functions below. */
int64_t deadline_in(unsigned ms);

/*
 * Connect to A, or start its command. The command inherits the standard error of this process and
 * no other descriptor that is closed at exec. The caller closes RET.
 *
 * CKR_DEVICE_REMOVED: no server, or the deadline has passed. CKR_HOST_MEMORY.
 */
MUST_USE CK_RV transport_open(const struct address *a, int64_t deadline, struct transport *ret);

/*
 * Close the stream. A command then has a second to end before it is killed. No zombie is left.
 */
void transport_close(struct transport *t);

/* Forget T in a forked child: the parent keeps the stream and the command. */
void transport_forked(struct transport *t);

/* Send the N bytes at P. CKR_DEVICE_REMOVED: the server is gone, or the deadline has passed. */
MUST_USE CK_RV transport_send(struct transport *t, const uint8_t *p, size_t n, int64_t deadline);

/*
 * Receive at least MIN and at most MAX bytes to P. *RET_N is their number. The codes are the same
 * as those of transport_send(). The end of DEADLINE may be noticed 0.2 s late.
 */
MUST_USE CK_RV transport_receive(
	struct transport *t, uint8_t *p, size_t min, size_t max, int64_t deadline, size_t *ret_n);

#endif

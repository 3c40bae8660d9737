/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: one message of the remote protocol of p11-kit, as it is written and read.
 *
 * Numbers are big-endian. A byte string is its length (4 bytes) and its bytes. The length
 * WIRE_NULL stands for a NULL pointer.
 *
 * A failed write or read marks the buffer as failed, and every later call on the buffer does
 * nothing. A read of a failed buffer gives zeros. The caller checks the mark once, at the end.
 */
#ifndef KEYDIV_CLIENT_WIRE_H
#define KEYDIV_CLIENT_WIRE_H

#include "base/bytes.h"
#include "base/error.h"

/* The longest message that is sent or accepted, in bytes. */
#define WIRE_MAX ((size_t)64 << 20)

#define WIRE_NULL UINT32_C(0xffffffff)

struct wire {
	uint8_t *p;
	size_t n;    /* bytes written, or received */
	size_t at;   /* bytes read so far */
	size_t room; /* bytes allocated at p */
	bool failed;
};

/* Make room for N bytes in all, at most WIRE_MAX. Return false, and mark W, if that fails. */
bool wire_reserve(struct wire *w, size_t n);

/* Wipe and forget the bytes, and remove the mark. The memory stays for the next message. */
void wire_clear(struct wire *w);

/* Take back and wipe what was written behind the first N bytes. */
void wire_truncate(struct wire *w, size_t n);

/*
 * Wipe the bytes of W in a forked child, where a thread of the parent may have been writing W, and
 * return an empty buffer with the memory of W.
 */
struct wire wire_forked(const struct wire *w);

/* Wipe and free the memory. */
void wire_free(struct wire *w);

/* --- Writing --- */

void wire_put_byte(struct wire *w, uint8_t v);
void wire_put_u32(struct wire *w, uint32_t v);
void wire_put_u64(struct wire *w, uint64_t v);
/* Write the N bytes at P without a length. */
void wire_put_raw(struct wire *w, const void *p, size_t n);
/* Write a byte string. P NULL with N 0 is written as WIRE_NULL. */
void wire_put_bytes(struct wire *w, const void *p, size_t n);

/* --- Reading --- */

uint8_t wire_get_byte(struct wire *w);
uint32_t wire_get_u32(struct wire *w);
uint64_t wire_get_u64(struct wire *w);
/* Read N bytes without a length. The result points into W, and is NULL if W is failed. */
const uint8_t *wire_get_raw(struct wire *w, size_t n);
/* Read a byte string. The result points into W. p is NULL for WIRE_NULL and if W is failed. */
struct bytes wire_get_bytes(struct wire *w);

#endif

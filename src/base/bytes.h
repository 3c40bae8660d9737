/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h: borrowed byte strings, big-endian numbers and hexadecimal. No function allocates. */
#ifndef KEYDIV_BASE_BYTES_H
#define KEYDIV_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A byte string that another object owns. p is NULL if there is no string. An empty string has p !=
 * NULL and n == 0.
 */
struct bytes {
	const uint8_t *p;
	size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){p, n};
}

/* For public values only: the time depends on the bytes. secret_equal() is for secrets. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof v);
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof v);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof v);
}

static inline uint16_t get_be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"the byte swaps above need a little-endian machine");

/* Write the N bytes at P as 2*N lower-case hexadecimal digits and a NUL to OUT (2*N+1 bytes). */
void hex_encode(const uint8_t *p, size_t n, char *out);

/*
 * Read TEXT, which must be exactly 2*N hexadecimal digits of either case, into the N bytes at OUT.
 * Return false for any other text. OUT is then partly written.
 */
bool hex_decode(const char *text, uint8_t *out, size_t n);

#endif

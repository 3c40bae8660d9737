/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: see wire.h. */
#include "wire.h"

#include <stdlib.h>

#define ROOM_AT_FIRST 4096

/* --- Memory --- */

/* Move the bytes to new memory. realloc() could leave a copy of a PIN in freed memory. */
bool wire_reserve(struct wire *w, size_t n)
{
	if (w->failed)
		return false;
	if (n <= w->room)
		return true;
	size_t room = w->room ? w->room : ROOM_AT_FIRST;

	while (room < n && room < WIRE_MAX)
		room *= 2;
	uint8_t *p = n <= WIRE_MAX ? malloc(room) : NULL;
	if (p == NULL) {
		w->failed = true;
		return false;
	}
	uint8_t *old = w->p;

	if (old != NULL)
		memcpy(p, old, w->n);
	w->p = p; /* before the old memory is freed: a child that is forked now finds live memory */
	w->room = room;
	if (old != NULL) {
		explicit_bzero(old, w->n);
		free(old);
	}
	return true;
}

struct wire wire_forked(const struct wire *w)
{
	if (w->p != NULL)
		explicit_bzero(w->p, w->room);
	return (struct wire){.p = w->p, .room = w->room};
}

void wire_clear(struct wire *w)
{
	if (w->n > 0)
		explicit_bzero(w->p, w->n);
	w->n = w->at = 0;
	w->failed = false;
}

void wire_truncate(struct wire *w, size_t n)
{
	if (w->n > n) {
		explicit_bzero(w->p + n, w->n - n);
		w->n = n;
	}
}

void wire_free(struct wire *w)
{
	wire_clear(w);
	free(w->p);
	w->p = NULL;
	w->room = 0;
}

/* --- Writing --- */

/* Return the place of the next N bytes, or NULL. */
static uint8_t *grow(struct wire *w, size_t n)
{
	if (n > WIRE_MAX || !wire_reserve(w, w->n + n)) {
		w->failed = true;
		return NULL;
	}
	uint8_t *p = w->p + w->n;

	w->n += n;
	return p;
}

void wire_put_byte(struct wire *w, uint8_t v)
{
	uint8_t *p = grow(w, sizeof v);

	if (p != NULL)
		*p = v;
}

void wire_put_u32(struct wire *w, uint32_t v)
{
	uint8_t *p = grow(w, sizeof v);

	if (p != NULL)
		put_be32(p, v);
}

void wire_put_u64(struct wire *w, uint64_t v)
{
	uint8_t *p = grow(w, sizeof v);

	if (p != NULL)
		put_be64(p, v);
}

void wire_put_raw(struct wire *w, const void *p, size_t n)
{
	uint8_t *to = n > 0 ? grow(w, n) : NULL; /* an empty wire has no memory to point into */

	if (to != NULL)
		memcpy(to, p, n);
}

void wire_put_bytes(struct wire *w, const void *p, size_t n)
{
	wire_put_u32(w, p == NULL ? WIRE_NULL : (uint32_t)n);
	if (p != NULL)
		wire_put_raw(w, p, n);
}

/* --- Reading --- */

const uint8_t *wire_get_raw(struct wire *w, size_t n)
{
	if (w->failed || n > w->n - w->at) {
		w->failed = true;
		return NULL;
	}
	if (n == 0)
		return (const uint8_t *)""; /* an empty wire has no memory to point into */
	const uint8_t *p = w->p + w->at;

	w->at += n;
	return p;
}

uint8_t wire_get_byte(struct wire *w)
{
	const uint8_t *p = wire_get_raw(w, 1);

	return p != NULL ? *p : 0;
}

uint32_t wire_get_u32(struct wire *w)
{
	const uint8_t *p = wire_get_raw(w, sizeof(uint32_t));

	return p != NULL ? get_be32(p) : 0;
}

uint64_t wire_get_u64(struct wire *w)
{
	const uint8_t *p = wire_get_raw(w, sizeof(uint64_t));

	return p != NULL ? get_be64(p) : 0;
}

struct bytes wire_get_bytes(struct wire *w)
{
	uint32_t n = wire_get_u32(w);

	if (w->failed || n == WIRE_NULL)
		return bytes_of(NULL, 0);
	const uint8_t *p = wire_get_raw(w, n);

	return bytes_of(p, p != NULL ? n : 0);
}

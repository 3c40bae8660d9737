/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory for keys: locked, left out of core dumps, zeroed by the kernel in a forked child,
 * where the system lets us.
 */
#ifndef KEYDIV_TOKEN_ARENA_H
#define KEYDIV_TOKEN_ARENA_H

#include <stddef.h>

/*
 * N zeroed bytes in pages of their own, or NULL if there is no memory. That locking failed is
 * logged once, not an error.
 */
void *arena_map(size_t n);

/* Wipe and give back what arena_map(N) gave; P may be NULL. */
void arena_unmap(void *p, size_t n);

#endif

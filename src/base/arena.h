/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory for keys. Where the system allows it, the pages are locked, left out of core
 * dumps, and zeroed by the kernel in a forked child.
 */
#ifndef KEYDIV_BASE_ARENA_H
#define KEYDIV_BASE_ARENA_H

#include <stddef.h>

/*
 * Return N zeroed bytes in pages of their own, or NULL if there is no memory. A failing mlock is
 * logged once and is no error, because containers often have a low limit.
 */
void *arena_map(size_t n);

/* Wipe and unmap the N bytes at P that arena_map(N) returned. P may be NULL. */
void arena_unmap(void *p, size_t n);

#endif

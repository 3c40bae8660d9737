/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory for keys. Where the system allows it, the pages are locked and left out
 * of core dumps.
 */
#ifndef KEYDIV_BASE_ARENA_H
#define KEYDIV_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* --- Whole pages, which the kernel zeroes in a forked child as well --- */

/*
 * Return N zeroed bytes in pages of their own, or NULL if there is no memory. A failing mlock is
 * logged once and is no error, because containers often have a low limit.
 */
void *arena_map(size_t n);

/* Wipe and unmap the N bytes at P that arena_map(N) returned. P may be NULL. */
void arena_unmap(void *p, size_t n);

/* --- Blocks, of which many share pages --- */

#define ARENA_CLASSES 7 /* sizes of blocks: powers of two from 64 to 4096 */

struct arena_chunk;

/*
 * An arena is a static variable. One lock guards all arenas. FORK_ZEROES: the kernel zeroes the
 * blocks in a forked child. An arena whose blocks contain pointers to other secrets leaves that
 * off, so that the child can follow the pointers and wipe what they point to.
 */
struct arena {
	bool fork_zeroes;
	struct arena_chunk *chunks[ARENA_CLASSES];
};

/*
 * Return N zeroed bytes of ARENA, aligned to 64 bytes, or NULL if there is no memory. More than
 * 4096 bytes get pages of their own.
 */
void *arena_take(struct arena *arena, size_t n);

/* Wipe and free the N bytes at P that arena_take(ARENA, N) returned. P may be NULL. */
void arena_give(struct arena *arena, void *p, size_t n);

/*
 * Unmap the pages of ARENA that hold no block. arena_give keeps a few empty pages for later blocks.
 */
void arena_trim(struct arena *arena);

/*
 * Call VISIT with every block of ARENA that was taken with N bytes and not given back. Takes no
 * lock: for a forked child, and for tests.
 */
void arena_each(struct arena *arena, size_t n, void (*visit)(void *block));

/*
 * The handlers of fork(2). arena_before_fork takes the lock of the arenas in the parent, so that no
 * thread changes an arena during the fork and the child finds every block. arena_after_fork gives
 * the lock back in the parent and in the child.
 */
void arena_before_fork(void);
void arena_after_fork(void);

#endif

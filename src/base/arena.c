/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c: see arena.h.
 *
 * Blocks of one size lie in chunks of pages. What is known about a chunk is kept outside of its
 * pages, so that the kernel may zero the pages in a forked child. A fork waits for the lock, so
 * that the child never inherits a half-made change, such as a chunk that is in no list.
 */
#include "base/arena.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

#ifdef __SANITIZE_ADDRESS__ /* gcc */
#define LEAK_CHECKER
#elif defined __has_feature /* clang */
#if __has_feature(address_sanitizer)
#define LEAK_CHECKER
#endif
#endif

#ifdef LEAK_CHECKER
/* Keys point to memory of libcrypto, which the leak checker would otherwise find unreachable. */
#include <sanitizer/lsan_interface.h>
#define leak_checker_add(p, n) __lsan_register_root_region(p, n)
#define leak_checker_remove(p, n) __lsan_unregister_root_region(p, n)
#else
#define leak_checker_add(p, n) ((void)0)
#define leak_checker_remove(p, n) ((void)0)
#endif

#define BLOCK_MIN 64
#define BLOCK_MAX 4096
#define CHUNK_LEN 32768
#define WORDS (CHUNK_LEN / BLOCK_MIN / 64)

struct arena_chunk {
	struct arena_chunk *next;
	uint8_t *pages;
	uint64_t taken[WORDS]; /* one bit a block */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- Pages --- */

static void *map_pages(size_t n, bool fork_zeroes)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, n) != 0 && !atomic_flag_test_and_set(&told))
		log_warning(
			"cannot lock memory for keys (RLIMIT_MEMLOCK): they may be swapped out");
	(void)madvise(p, n, MADV_DONTDUMP);
	if (fork_zeroes)
		(void)madvise(p, n, MADV_WIPEONFORK);
	leak_checker_add(p, n);
	return p;
}

static void unmap_pages(void *p, size_t n)
{
	leak_checker_remove(p, n);
	munmap(p, n);
}

void *arena_map(size_t n)
{
	return map_pages(n, true);
}

void arena_unmap(void *p, size_t n)
{
	if (p == NULL)
		return;
	explicit_bzero(p, n);
	unmap_pages(p, n);
}

/* --- Blocks --- */

static unsigned class_of(size_t n)
{
	unsigned c = 0;

	while (((size_t)BLOCK_MIN << c) < n)
		c++;
	return c;
}

static size_t block_size(unsigned c)
{
	return (size_t)BLOCK_MIN << c;
}

/* A free block of CHUNK, now taken, or NULL. */
static void *take_from(struct arena_chunk *chunk, unsigned c)
{
	size_t count = CHUNK_LEN / block_size(c);

	for (size_t w = 0; w * 64 < count; w++) {
		uint64_t all = count - w * 64 >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
		uint64_t free_bits = ~chunk->taken[w] & all;
		if (free_bits == 0)
			continue;
		unsigned bit = (unsigned)__builtin_ctzll(free_bits);
		chunk->taken[w] |= UINT64_C(1) << bit;
		return chunk->pages + (w * 64 + bit) * block_size(c);
	}
	return NULL;
}

static struct arena_chunk *new_chunk(struct arena *arena, unsigned c)
{
	struct arena_chunk *chunk = calloc(1, sizeof *chunk);

	if (chunk == NULL)
		return NULL;
	chunk->pages = map_pages(CHUNK_LEN, arena->fork_zeroes);
	if (chunk->pages == NULL) {
		free(chunk);
		return NULL;
	}
	chunk->next = arena->chunks[c];
	arena->chunks[c] = chunk;
	return chunk;
}

/* Make CHUNK, which *LINK points to, the first of its class. It has room, or is asked for soon. */
static void move_to_front(struct arena *arena, unsigned c, struct arena_chunk **link)
{
	struct arena_chunk *chunk = *link;

	if (link == &arena->chunks[c])
		return;
	*link = chunk->next;
	chunk->next = arena->chunks[c];
	arena->chunks[c] = chunk;
}

void *arena_take(struct arena *arena, size_t n)
{
	unsigned c = class_of(n);
	void *block = NULL;

	if (n > BLOCK_MAX)
		return map_pages(n, arena->fork_zeroes);
	pthread_mutex_lock(&lock);
	for (struct arena_chunk **link = &arena->chunks[c]; *link != NULL; link = &(*link)->next) {
		block = take_from(*link, c);
		if (block != NULL) {
			move_to_front(arena, c, link);
			break;
		}
	}
	if (block == NULL) {
		struct arena_chunk *chunk = new_chunk(arena, c);
		block = chunk != NULL ? take_from(chunk, c) : NULL;
	}
	pthread_mutex_unlock(&lock);
	return block;
}

static bool is_empty(const struct arena_chunk *chunk)
{
	uint64_t taken = 0;

	for (unsigned w = 0; w < WORDS; w++)
		taken |= chunk->taken[w];
	return taken == 0;
}

/* Unlink and unmap the empty chunk that *LINK points to. */
static void drop_chunk(struct arena_chunk **link)
{
	struct arena_chunk *chunk = *link;

	*link = chunk->next;
	unmap_pages(chunk->pages, CHUNK_LEN);
	free(chunk);
}

/*
 * Give the block at P back to the chunk that *LINK points to. An empty chunk is unmapped unless it
 * is the only one of its class, because the next block is often taken soon.
 */
static void give_to(struct arena *arena, unsigned c, struct arena_chunk **link, const uint8_t *p)
{
	struct arena_chunk *chunk = *link;
	size_t index = (size_t)(p - chunk->pages) / block_size(c);

	chunk->taken[index / 64] &= ~(UINT64_C(1) << index % 64);
	if (is_empty(chunk) && arena->chunks[c]->next != NULL)
		drop_chunk(link);
	else
		move_to_front(arena, c, link);
}

void arena_give(struct arena *arena, void *p, size_t n)
{
	unsigned c = class_of(n);
	const uint8_t *block = p;

	if (p == NULL)
		return;
	if (n > BLOCK_MAX) {
		arena_unmap(p, n);
		return;
	}
	explicit_bzero(p, block_size(c));
	pthread_mutex_lock(&lock);
	for (struct arena_chunk **link = &arena->chunks[c]; *link != NULL; link = &(*link)->next)
		if (block >= (*link)->pages && block < (*link)->pages + CHUNK_LEN) {
			give_to(arena, c, link, block);
			break;
		}
	pthread_mutex_unlock(&lock);
}

void arena_trim(struct arena *arena)
{
	pthread_mutex_lock(&lock);
	for (unsigned c = 0; c < ARENA_CLASSES; c++)
		for (struct arena_chunk **link = &arena->chunks[c]; *link != NULL;)
			if (is_empty(*link))
				drop_chunk(link);
			else
				link = &(*link)->next;
	pthread_mutex_unlock(&lock);
}

void arena_each(struct arena *arena, size_t n, void (*visit)(void *block))
{
	unsigned c = class_of(n);

	for (struct arena_chunk *chunk = arena->chunks[c]; chunk != NULL; chunk = chunk->next)
		for (size_t i = 0; i < CHUNK_LEN / block_size(c); i++)
			if (chunk->taken[i / 64] >> i % 64 & 1)
				visit(chunk->pages + i * block_size(c));
}

void arena_before_fork(void)
{
	pthread_mutex_lock(&lock);
}

void arena_after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

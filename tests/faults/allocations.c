/* SPDX-License-Identifier: Apache-2.0 */
/* allocations.c: see allocations.h. */
#include "allocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#define EXPORTED __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/*
 * The allocator that does the work. The search for a symbol may allocate, so the functions are
 * called by names of their own.
 */
#ifdef ADDRESS_SANITIZER /* of the program; not of this file (meson.build) */
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t count, size_t n);
void *REAL(realloc)(void *p, size_t n);
void *REAL(memalign)(size_t alignment, size_t n);
void REAL(free)(void *p);

/* --- Stacks --- */

#define FRAMES 14

struct walk {
	void **frames;
	unsigned n;
};

static _Unwind_Reason_Code one_frame(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;

	if (walk->n >= FRAMES)
		return _URC_END_OF_STACK;
	walk->frames[walk->n++] = (void *)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

/* --- Which one fails --- */

static __thread bool active;
static struct allocation_plan plan;
static unsigned count;
static bool failed;
static void *where[FRAMES]; /* the first failure was */

unsigned allocations_stop(void)
{
	active = false;
	return count;
}

bool allocations_failed(void)
{
	return failed;
}

bool allocations_failed_in(const char *function)
{
	Dl_info info;

	for (unsigned i = 0; i < FRAMES && where[i] != NULL; i++)
		if (dladdr(where[i], &info) != 0 && info.dli_sname != NULL &&
			strcmp(info.dli_sname, function) == 0)
			return true;
	return false;
}

static void note_failure(void)
{
	struct walk walk = {where, 0};

	active = false; /* the unwinder may allocate at its first use */
	_Unwind_Backtrace(one_frame, &walk);
	active = true;
}

#define LIBRARIES_MAX 8

/* The code and data of a library in memory. */
struct span {
	const char *library; /* part of the file's name */
	uintptr_t start, end;
};

static int find_span(struct dl_phdr_info *info, size_t size, void *argument)
{
	struct span *span = argument;

	(void)size;
	if (strstr(info->dlpi_name, span->library) == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		uintptr_t end = start + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		span->start = span->start == 0 || start < span->start ? start : span->start;
		span->end = end > span->end ? end : span->end;
	}
	return 1;
}

/* Return the place of the library whose file name contains LIBRARY, or an empty one. */
static struct span span_of(const char *library)
{
	struct span span = {library, 0, 0};

	dl_iterate_phdr(find_span, &span);
	return span;
}

static bool is_in(const void *caller, struct span span)
{
	return (uintptr_t)caller >= span.start && (uintptr_t)caller < span.end;
}

static struct span counted[LIBRARIES_MAX];
static unsigned counted_n;

static bool counts(const void *caller)
{
	if (plan.only == NULL)
		return true;
	for (unsigned i = 0; i < counted_n; i++)
		if (is_in(caller, counted[i]))
			return true;
	return false;
}

void allocations_start(struct allocation_plan p)
{
	plan = p;
	count = 0;
	failed = false;
	memset(where, 0, sizeof where);
	counted_n = 0;
	for (const char *const *name = p.only; name != NULL && *name != NULL; name++)
		if (counted_n < LIBRARIES_MAX)
			counted[counted_n++] = span_of(*name);
	active = true;
}

/* Count an allocation by CALLER. Return true if it must fail: errno is set. */
static bool fails(const void *caller)
{
	if (!active || !counts(caller))
		return false;
	unsigned number = ++count;
	if (number != plan.at && !(failed && plan.from_there))
		return false;
	if (!failed)
		note_failure();
	failed = true;
	errno = ENOMEM;
	return true;
}

/* --- What is held --- */

#define HELD_MAX (1u << 14) /* a power of two */

static struct held {
	void *p;
	void *caller;
	size_t n;
	unsigned number;
} held[HELD_MAX];
static void *stacks[HELD_MAX][FRAMES]; /* of the entry with the same index */
static unsigned held_n, recorded;
static bool recording, with_stacks;

void allocations_record(bool want_stacks)
{
	recording = true;
	with_stacks = want_stacks;
}

unsigned allocations_held(const char *library, unsigned *ret_others)
{
	unsigned n = 0;

	struct span span = span_of(library);
	for (unsigned i = 0; i < HELD_MAX; i++)
		n += held[i].p != NULL && is_in(held[i].caller, span);
	*ret_others = held_n - n;
	return n;
}

static unsigned home_of(const void *p)
{
	return (unsigned)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15 >> 40) & (HELD_MAX - 1);
}

static void note(void *p, size_t n, void *caller)
{
	unsigned i = home_of(p);

	if (!recording || p == NULL)
		return;
	if (held_n == HELD_MAX / 2) /* an allocation that is not recorded could be lost unseen */
		abort();
	while (held[i].p != NULL)
		i = (i + 1) & (HELD_MAX - 1);
	held[i] = (struct held){p, caller, n, ++recorded};
	held_n++;
	if (!with_stacks)
		return;
	recording = false; /* the unwinder may allocate at its first use */
	struct walk walk = {stacks[i], 0};
	memset(stacks[i], 0, sizeof stacks[i]);
	_Unwind_Backtrace(one_frame, &walk);
	recording = true;
}

/* Close the gap at I, so that no search ends before an entry that was put further on. */
static void close_gap(unsigned i)
{
	for (unsigned j = (i + 1) & (HELD_MAX - 1); held[j].p != NULL;
		j = (j + 1) & (HELD_MAX - 1)) {
		unsigned home = home_of(held[j].p);
		if (((j - home) & (HELD_MAX - 1)) < ((j - i) & (HELD_MAX - 1)))
			continue;
		held[i] = held[j];
		memcpy(stacks[i], stacks[j], sizeof stacks[i]);
		i = j;
	}
	held[i].p = NULL;
}

static void forget(const void *p)
{
	if (p == NULL || held_n == 0)
		return;
	for (unsigned i = home_of(p); held[i].p != NULL; i = (i + 1) & (HELD_MAX - 1))
		if (held[i].p == p) {
			close_gap(i);
			held_n--;
			return;
		}
}

static void print_frame(void *at)
{
	Dl_info info;

	if (at == NULL || dladdr(at, &info) == 0 || info.dli_fname == NULL)
		return;
	const char *file = strrchr(info.dli_fname, '/');
	printf("    %s+0x%tx %s\n", file != NULL ? file + 1 : info.dli_fname,
		(char *)at - (char *)info.dli_fbase, info.dli_sname != NULL ? info.dli_sname : "");
}

void allocations_print(void)
{
	recording = false;
	for (unsigned i = 0; i < HELD_MAX; i++) {
		if (held[i].p == NULL)
			continue;
		printf("  allocation %u, %zu bytes\n", held[i].number, held[i].n);
		for (unsigned k = 2; with_stacks && k < FRAMES; k++)
			print_frame(stacks[i][k]);
	}
	fflush(stdout);
}

/* --- The replaced functions --- */

static void *noted(void *p, size_t n, void *caller)
{
	note(p, n, caller);
	return p;
}

EXPORTED void *malloc(size_t n)
{
	return fails(CALLER) ? NULL : noted(REAL(malloc)(n), n, CALLER);
}

EXPORTED void *calloc(size_t number, size_t n)
{
	return fails(CALLER) ? NULL : noted(REAL(calloc)(number, n), number * n, CALLER);
}

EXPORTED void *realloc(void *p, size_t n)
{
	if (fails(CALLER))
		return NULL;
	void *moved = REAL(realloc)(p, n);
	if (moved != NULL || n == 0) {
		forget(p);
		note(moved, n, CALLER);
	}
	return moved;
}

EXPORTED void *memalign(size_t alignment, size_t n)
{
	return fails(CALLER) ? NULL : noted(REAL(memalign)(alignment, n), n, CALLER);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t n)
{
	return memalign(alignment, n);
}

EXPORTED int posix_memalign(void **ret, size_t alignment, size_t n)
{
	void *p = memalign(alignment, n);

	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

EXPORTED void free(void *p)
{
	forget(p);
	REAL(free)(p);
}

static void *map(void *at, size_t n, int protection, int flags, int fd, off_t offset, void *caller)
{
	if (fails(caller))
		return MAP_FAILED;
	void *p = (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
	if (p != MAP_FAILED && !(flags & MAP_FIXED))
		note(p, n, caller);
	return p;
}

EXPORTED void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return map(at, n, protection, flags, fd, offset, CALLER);
}

EXPORTED void *mmap64(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return map(at, n, protection, flags, fd, offset, CALLER);
}

EXPORTED int munmap(void *at, size_t n)
{
	forget(at);
	return (int)syscall(SYS_munmap, at, n);
}

EXPORTED int mlock(const void *at, size_t n)
{
	return fails(CALLER) ? -1 : (int)syscall(SYS_mlock, at, n);
}

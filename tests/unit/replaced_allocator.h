/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replaced_allocator.h: replaces malloc, calloc and realloc of the C library in the program that
 * includes this file, also for the libraries that it uses. The program defines fails(), which is
 * called for each allocation and makes the allocation return NULL if it returns true.
 */
#ifndef KEYDIV_TESTS_REPLACED_ALLOCATOR_H
#define KEYDIV_TESTS_REPLACED_ALLOCATOR_H

#include <stdbool.h>
#include <stdlib.h>

#define REPLACES __attribute__((visibility("default")))

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

static bool fails(void);

REPLACES void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

REPLACES void *calloc(size_t count, size_t n)
{
	return fails() ? NULL : __libc_calloc(count, n);
}

REPLACES void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

#endif

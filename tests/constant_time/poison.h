/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poison.h: secrets that memcheck follows. Memcheck reports a branch or an address that depends on
 * undefined bytes, so these tests mark secrets as undefined. Without valgrind nothing is marked.
 */
#ifndef KEYDIV_TESTS_POISON_H
#define KEYDIV_TESTS_POISON_H

#include <stddef.h>
#include <valgrind/memcheck.h>

static inline void mark_secret(const void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static inline void mark_public(const void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

#endif

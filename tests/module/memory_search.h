/* SPDX-License-Identifier: Apache-2.0 */
/* memory_search.h: whether some bytes stand anywhere in this process. */
#ifndef KEYDIV_TESTS_MEMORY_SEARCH_H
#define KEYDIV_TESTS_MEMORY_SEARCH_H

#include "harness.h"

/*
 * All that is readable is searched, through /proc/self/mem. What is looked for stands there only
 * inverted, so that the search does not find itself.
 */
size_t copies(const uint8_t *inverted, size_t n);

/* TO = FROM with every bit inverted; they may be the same. */
void invert(uint8_t *to, const uint8_t *from, size_t n);

#endif

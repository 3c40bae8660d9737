/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocations.h: allocations that fail. A program that is linked with allocations.c replaces the
 * allocator of the C library and the mapping and locking of pages, also for a module that it loads
 * and for the libraries of the module. The allocations of one thread are numbered from
 * allocations_start() on, and one of them fails, or that and all later allocations.
 *
 * The allocations that are not yet freed can be counted. The record of them does not allocate.
 */
#ifndef KEYDIV_TESTS_FAULTS_ALLOCATIONS_H
#define KEYDIV_TESTS_FAULTS_ALLOCATIONS_H

#include <stdbool.h>

struct allocation_plan {
	unsigned at;             /* the number of the allocation that fails, from 1; 0: none */
	bool from_there;         /* and every later allocation */
	const char *const *only; /* in the files with these names, up to a NULL; NULL: in all */
};

/* Begin to number allocations, and to follow PLAN. One thread at a time. */
void allocations_start(struct allocation_plan plan);
/* Stop. Return how many allocations were numbered. */
unsigned allocations_stop(void);
/* Return true if an allocation has failed since allocations_start(). */
bool allocations_failed(void);
/* Return true if FUNCTION, which its library exports, was running when the first one failed. */
bool allocations_failed_in(const char *function);

/*
 * Begin to record which allocations are not freed. With STACKS, record for each the functions that
 * have asked for it, which takes longer.
 */
void allocations_record(bool stacks);
/*
 * Return how many allocations, made since allocations_record(), are not freed: those that the
 * library whose file name contains LIBRARY has made, and in RET_OTHERS all others.
 */
unsigned allocations_held(const char *library, unsigned *ret_others);
/* Print them, with their stacks if these were recorded. */
void allocations_print(void);

#endif

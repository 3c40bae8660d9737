/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted_locks.h: counts the mutexes and condition variables that the source file behind this
 * header makes and destroys. Each that is made is destroyed once, and no other is destroyed.
 */
#ifndef KEYDIV_TESTS_COUNTED_LOCKS_H
#define KEYDIV_TESTS_COUNTED_LOCKS_H

#include <pthread.h>
#include <stdatomic.h>

static _Atomic int live_locks; /* that are made and not destroyed */

__attribute__((unused)) static int make_mutex(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	live_locks++;
	return pthread_mutex_init(m, attr);
}

__attribute__((unused)) static int destroy_mutex(pthread_mutex_t *m)
{
	live_locks--;
	return pthread_mutex_destroy(m);
}

__attribute__((unused)) static int make_cond(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	live_locks++;
	return pthread_cond_init(c, attr);
}

__attribute__((unused)) static int destroy_cond(pthread_cond_t *c)
{
	live_locks--;
	return pthread_cond_destroy(c);
}

#define pthread_mutex_init make_mutex
#define pthread_mutex_destroy destroy_mutex
#define pthread_cond_init make_cond
#define pthread_cond_destroy destroy_cond

#endif

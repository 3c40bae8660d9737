/* SPDX-License-Identifier: Apache-2.0 */
/*
 * other_thread.h: a call in another thread, and the answer to the question if that thread waits.
 * Tests use it to bring two threads into an order that does not depend on the scheduler.
 */
#ifndef KEYDIV_TESTS_OTHER_THREAD_H
#define KEYDIV_TESTS_OTHER_THREAD_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

/* Set CALL and ARG. The other members belong to the functions below. */
struct other_thread {
	void (*call)(void *arg);
	void *arg;
	pthread_t thread;
	_Atomic long id;
	_Atomic bool done;
};

__attribute__((unused)) static void *other_thread_run(void *arg)
{
	struct other_thread *other = arg;

	other->id = syscall(SYS_gettid);
	other->call(other->arg);
	other->done = true;
	return NULL;
}

/* Return true if the thread with the kernel's number ID waits, for a lock or anything else. */
__attribute__((unused)) static bool thread_sleeps(long id)
{
	char path[80], text[400] = "";

	snprintf(path, sizeof path, "/proc/self/task/%ld/stat", id);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	const char *name_end = n > 0 ? strrchr(text, ')') : NULL;
	return name_end != NULL && name_end[2] == 'S';
}

/* Start the call. Return true if the thread waits, false if the call has returned. */
__attribute__((unused)) static bool other_thread_waits(struct other_thread *other)
{
	other->id = 0;
	other->done = false;
	ck_assert_int_eq(pthread_create(&other->thread, NULL, other_thread_run, other), 0);
	while (!other->done && (other->id == 0 || !thread_sleeps(other->id)))
		sched_yield();
	return !other->done;
}

/* Wait until the call has returned. */
__attribute__((unused)) static void other_thread_end(struct other_thread *other)
{
	pthread_join(other->thread, NULL);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork_births.h: the ways in which a process of the regime `fork` begets another, and what the
 * child does.
 */
#ifndef KEYDIV_TESTS_FAULTS_FORK_BIRTHS_H
#define KEYDIV_TESTS_FAULTS_FORK_BIRTHS_H

#include "world.h"

#define GENERATIONS 10
#define THREADS_MAX 4
#define WAYS_MAX 24
#define ALIVE_MAX 12 /* each with at most three seats */

/* Memory that all processes share. */
extern struct family {
	volatile bool stop;
	volatile pid_t owner[SEATS]; /* the process that has the seat, or 0 */
	volatile uint64_t steps;
	volatile unsigned births[WAYS_MAX];
	volatile unsigned alive; /* applications that are not workers */
	volatile unsigned generations, changes_met;
} * family;

/* A seat of this process alone, and its end. */
unsigned new_seat(void);
void free_seat(unsigned index);

/* Work at SEAT, whose user is logged in, in a process of GENERATION; 0 is a worker. */
void live(struct seat *seat, unsigned generation);

/* Let a child come into being, in a random way. */
void beget(struct seat *seat, unsigned generation);
/* Wait for the children of this process that nobody has waited for. */
void await_children(void);
/* End this process while its threads are in calls. */
__attribute__((noreturn)) void end_in_the_middle(void);
/* Register handlers of fork after those of the module. */
void watch_forks(void);
void print_births(void);

/* --- fork_operations.c: operations of a session that last over a fork --- */

/* Make the session keys of this process. They are no objects of a child. */
void begin_operations(struct seat *seat);
/* Begin, continue or end an operation. The result must be that of one call. */
CK_RV operation_step(struct seat *seat);
/* Generate, copy, wrap, unwrap, use and destroy keys in a new session. */
CK_RV key_step(struct seat *seat);
/* Return true if the value of the hidden session key is anywhere in the memory of this process. */
bool hidden_key_is_in_memory(void);
/* In a child before and after login: no session object of the parent is there. */
void no_inherited_objects(const struct seat *seat);

struct call_seen;
/* Stop for a moment in the middle of a change of a file, so that a fork meets it. */
void pause_sometimes(const struct call_seen *seen);
bool a_thread_pauses(void);

#endif

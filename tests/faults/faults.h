/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.h: what every regime of this folder has in common: the seed, the time that it may take,
 * random choices, and processes that report a broken promise.
 *
 * SEED=n in the environment repeats the choices of a run, and MINUTES=n makes a regime run longer.
 * With TRIALS=n the regimes memory, calls, power and full, whose trials come one after another,
 * make n trials, however long they take.
 * A regime that goes through a list of trials can try a part of them with PART=i/n.
 */
#ifndef KEYDIV_TESTS_FAULTS_H
#define KEYDIV_TESTS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../module/harness.h"

/* Print the regime and its seed, and start its clock: SECONDS, or MINUTES of the environment. */
void faults_begin(const char *regime, unsigned seconds);
/* Asked before each trial. Return true until the time is over, or n times with TRIALS=n. */
bool faults_time_left(void);
extern uint64_t faults_seed;

/* A number of the sequence at STATE, and one below N, which is above 0 (splitmix64). */
uint64_t draw(uint64_t *state);
unsigned draw_below(uint64_t *state, unsigned n);
/* Put the COUNT elements of SIZE bytes, at most 64, at P in a random order. */
void draw_order(uint64_t *state, void *p, unsigned count, size_t size);

/*
 * Return true if ONLY, in the environment, is not set or is part of TEXT, which names a trial. A *
 * in ONLY stands for any characters (fnmatch).
 */
bool faults_wanted(const char *text);
/*
 * Return true if trial NUMBER is in the part that PART, in the environment, names: PART=1/4 is each
 * fourth trial from 0 on. With the same SEED, the runs with 1/4, 2/4, 3/4 and 4/4 try all of them.
 */
bool faults_in_part(uint64_t number);

/* Allocate N bytes of zeroes that all processes made by start_process() share. */
void *faults_shared(size_t n);

/* Save the files of the token, or put them BACK. */
void copy_token(bool back);

/*
 * In a process of start_process(): note what is wrong, once for all processes, and end the process.
 */
__attribute__((format(printf, 1, 2), noreturn)) void trouble(const char *format, ...);
/* End the test, with the seed, if a process has noted something. */
void faults_check_trouble(void);

/* Run BODY(INDEX) in a process that ends with this one. BODY's return is success. */
pid_t start_process(void (*body)(unsigned index), unsigned index);
/*
 * Wait until the process has ended, as success or, if MAY_DIE, by SIGKILL. A process that takes
 * more than two minutes is stuck, and ends the test as any other failure does.
 */
void await_process(pid_t process, bool may_die, const char *what);
/* The same for one of many trials. What is wrong is printed, and the test goes on. */
bool process_succeeds(pid_t process, const char *what);

#endif

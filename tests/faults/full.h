/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full.h: the parts of the regime `full`. A trial runs in a process of its own, made by
 * start_process(), on a token that is as it was saved.
 */
#ifndef KEYDIV_TESTS_FAULTS_FULL_H
#define KEYDIV_TESTS_FAULTS_FULL_H

#include "world.h"

/* --- full_place.c: where the token is --- */

/* Give this process mounts of its own. False with errno: the system does not allow that. */
bool place_separate(void);
/* From now on this process obeys permissions, also if it is root's. */
void place_drop_privileges(void);
/* Mount an empty tmpfs without limit at the token directory. */
void place_mount(void);
/* Of the mounted tmpfs, leave so many PAGES of 4096 bytes and INODES, or all (PLACE_ALL). */
#define PLACE_ALL UINT32_MAX
void place_leave(unsigned pages, unsigned inodes);
/* Mount the token directory above itself, for reading only, or remove this mount. */
void place_read_only(bool yes);
/* Run the command, in which %s is the token directory. */
__attribute__((format(printf, 1, 2))) void place_run(const char *format, ...);

/* --- The parts --- */

/* One step with random choices. WHICH (below FULL_STEPS) is what it changes. */
#define FULL_STEPS 5
#define FULL_NUMBER 1
#define FULL_WINDOW 2
extern const char *const full_step_names[FULL_STEPS];
CK_RV full_step(struct seat *seat, unsigned which);
/* Every kind of step gives CKR_OK, in this process. WHAT describes the trial. */
void full_goes_on(struct seat *seat, const char *what);

/*
 * The trials of a part, by number, below the count. describe() writes at most N bytes to RET, and
 * run() ends by trouble() if a promise is broken.
 */
struct full_part {
	const char *name;
	unsigned count;
	void (*describe)(unsigned number, char *ret, size_t n);
	bool (*needs_mounts)(unsigned number);
	void (*run)(unsigned number);
};

extern const struct full_part full_space, full_taken, full_exchange;

/* In memory that all processes share: how many steps were refused. */
extern uint64_t *full_refused;

/* In a trial: put back the token and the record of changes as they were saved. */
void full_reset(void);

#endif

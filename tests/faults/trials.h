/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trials.h: many faults in each of many calls of the module, all of them or, if the time is short,
 * a random part. A process makes everything ready for a call, and each fault is tried in a clone of
 * that process (clones.h), with the files of the token and the record as the process has left them.
 */
#ifndef KEYDIV_TESTS_FAULTS_TRIALS_H
#define KEYDIV_TESTS_FAULTS_TRIALS_H

#include "world.h"

#define TRIAL_CALLS_MAX 800

struct trials {
	const char *regime;
	unsigned calls;
	/* The name of a call. Calls with the same name before " with CKM_" are summed up. */
	const char *(*name)(unsigned call);
	/* Make everything ready for the call, in a process of its own. */
	void (*prepare)(unsigned call);
	/* After that, and in a clone: make the call without a fault, to learn which there are. */
	void (*count)(unsigned call);
	/* Then, in the process of the test: return how many faults there are. */
	unsigned (*list)(unsigned call);
	/* Describe fault NUMBER, from 0 on. */
	void (*describe)(char ret[200], unsigned call, unsigned number);
	/* In a clone: try the fault, which TEXT describes. */
	void (*try_fault)(unsigned call, unsigned number, const char *text);
};

/*
 * Try the faults of all calls in random order until the time of faults_begin() is over, those whose
 * description ONLY is part of, and of these a part (faults_in_part). Print how many of how many
 * were tried of each call, and end the test if one has failed. The world must have been set up.
 */
void trials_run(const struct trials *trials);

/*
 * In try_fault: the fault came in another place of the call than listed, or not at all. Random
 * values decide which pages a database writes, for example. The fault is tried again in a clone of
 * another process, up to ten times for some faults together.
 */
void trial_missed(void);

#endif

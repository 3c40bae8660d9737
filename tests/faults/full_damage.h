/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full_damage.h: one trial with a token whose files or directories are damaged for a while, by a
 * shell command, and then put back by another command.
 *
 * The commands know these directories: $T the token directory, $S the slot with the token of the
 * world, $F the slot with the fresh token, $O a copy of $T from before its newest objects, and $A,
 * which is empty, on the same file system. $C is the name of the file of a shared client.
 */
#ifndef KEYDIV_TESTS_FAULTS_FULL_DAMAGE_H
#define KEYDIV_TESTS_FAULTS_FULL_DAMAGE_H

#include "full.h"

#define DAMAGE_CODES 6

struct damage {
	const char *make, *undo;
	bool read_only;            /* and mount the token directory for reading only */
	CK_RV codes[DAMAGE_CODES]; /* that calls may give beside CKR_OK, up to a 0 */
	bool rolls_back;           /* fresh process: a state that was put back is not noticed */
	bool must_refuse;          /* something that a fresh process does is refused */
	bool restart; /* a live process goes on only after C_Finalize and C_Initialize */
	bool copied;  /* the damage ends with a copy in place, on which another process works */
};

/*
 * Work on the damaged token in this process: LIVE is logged in already, a fresh one begins on the
 * damaged token. Then everything is put back, and the process and another one go on.
 */
void damage_try(const struct damage *damage, bool live, const char *what);

#endif

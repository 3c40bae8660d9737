/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h: the calls during which the regime `memory` lets allocations fail. An action is prepared
 * with all allocations working, and then run.
 */
#ifndef KEYDIV_TESTS_FAULTS_MEMORY_H
#define KEYDIV_TESTS_FAULTS_MEMORY_H

#include "world.h"

enum action_kind {
	CALL,    /* changes nothing but the session, and can be made again */
	LINK,    /* the same, with a new object in the token */
	CHANGE,  /* of the token, which the world records */
	ENDS,    /* the module is not initialised afterwards */
	FROM_NIL /* C_Initialize is part of the action, which ends without C_Finalize */
};

struct action {
	const char *name;
	enum action_kind kind;
	void (*prepare)(const struct seat *seat, const void *use); /* or NULL */
	CK_RV (*run)(struct seat *seat, const void *use);
	const void *use; /* for both */
	/*
	 * Only the module and SQLite run out of memory. libp11-kit 0.24.1 uses the NULL that it
	 * gets, and the other module shares libcrypto.
	 */
	bool not_all;
};

/* Bytes that an action has computed. The same action must compute the same again. */
extern struct action_result {
	uint8_t bytes[512];
	CK_ULONG n;
} action_result;

/* Make the token, with a foreign module. A fixture of Check. */
void memory_set_up(void);

/* Return all actions that ONLY, in the environment, leaves. They are static. */
#define ACTIONS_MAX 800
const struct action *memory_actions(unsigned *ret_count);

/*
 * Run an action again, which gave RV and action_result. It works now, and computes the same if it
 * worked before. TEXT says what has happened.
 */
void action_repeats(struct seat *seat, const struct action *action, const char *text, CK_RV rv);

/* Call ADD for each action of a file. */
typedef void add_action(const struct action *action);
void memory_calls(add_action *add);      /* memory_calls.c: of a session, without keys' use */
void memory_mechanisms(add_action *add); /* memory_mechanisms.c: each mechanism, in each way */
void memory_others(add_action *add);     /* memory_others.c: messages, foreign keys */

#endif

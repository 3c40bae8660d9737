/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_victim.h: a token with three keys whose files are about to be damaged, and the look
 * at it afterwards.
 */
#ifndef KEYDIV_TESTS_STORE_VICTIM_H
#define KEYDIV_TESTS_STORE_VICTIM_H

#include "harness.h"

/*
 * Fixture: the user's token with three keys ("first", "second", "third"), closed again: the files
 * are ours now.
 */
void make_victim(void);

/*
 * Look at everything as an application would. Any step may be refused; but a key that is there must
 * be the one that was put there, with its flags. Returns whether something was refused.
 */
bool look(void);
/* The same with more to look at: MORE is called with the user logged in, and may be NULL. */
bool look_with(void (*more)(void));
/* The same between C_Initialize and C_Finalize of the caller. */
bool look_initialized(void (*more)(void));

#endif

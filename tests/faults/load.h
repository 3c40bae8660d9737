/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h: steps of the regime `load` beside those of world.h. Each may run in many threads and
 * processes at once, checks what it computes, and destroys the objects that it makes. A code other
 * than CKR_OK is the module's, and the operation that was under way may still be there.
 */
#ifndef KEYDIV_TESTS_FAULTS_LOAD_H
#define KEYDIV_TESTS_FAULTS_LOAD_H

#include "world.h"

/* In words, what this thread is doing: for reports. */
extern _Thread_local const char *load_doing;

/* load_calls.c: the module, sessions, session objects, messages, key blocks, derived keys. */
CK_RV information_step(struct seat *seat);
CK_RV refused_step(struct seat *seat); /* functions that no token of this kind supports */
CK_RV new_session_step(struct seat *seat);
CK_RV session_object_step(struct seat *seat);
CK_RV random_step(struct seat *seat);
CK_RV messages_step(struct seat *seat);
CK_RV derived_key_step(struct seat *seat);
CK_RV key_block_step(struct seat *seat);

/* load_mechanisms.c: a mechanism of the token by chance, in a way by chance in which it works. */
CK_RV mechanism_step(struct seat *seat);
/* Learn which mechanisms there are. After C_Initialize, in one thread of each process. */
void mechanisms_learn(void);

#endif

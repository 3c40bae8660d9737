/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h: a token on which processes work while faults happen, and a record of what the module
 * has acknowledged. The record is in memory that all processes share, so it outlives a process that
 * is killed.
 *
 * Each change is noted as under way before the call, and as acknowledged after CKR_OK. Afterwards
 * the token must be in the acknowledged state, or, if a change was under way when its process
 * ended, in the state after that change. Everything else is reported by trouble().
 *
 * The functions take a seat: a session and the objects that belong to it alone. They use no Check,
 * because a process that is killed inside Check tears a message of Check.
 */
#ifndef KEYDIV_TESTS_FAULTS_WORLD_H
#define KEYDIV_TESTS_FAULTS_WORLD_H

#include "faults.h"

#define SEATS 64
#define OBJECTS 6          /* of a seat */
#define NUMBERS (1u << 21) /* what is above is used and not checked */
#define FIXED_CLIENTS 2    /* without world_has_clients(): none */
#define FIXED_OBJECTS 5    /* beside these clients */
#define FRESH_SLOT 1       /* the slot of the token that is initialised again and again */

/*
 * Return true if the token holds O-DUKPT clients. A store on a server refuses them, because their
 * states are in files. Objects 2 and 5 of a seat are imported keys there, and number_step() is the
 * same as window_step().
 */
bool world_has_clients(void);

struct change { /* 0: there is no such object. Other numbers are versions. */
	volatile uint32_t acknowledged, wanted, highest;
	volatile bool under_way;
};

struct world {
	struct change objects[SEATS][OBJECTS];
	volatile uint64_t client_number[SEATS][OBJECTS]; /* the highest of the object's, plus 1 */
	struct change pin;
	struct change fresh;            /* the version in the label of the fresh token */
	volatile uint32_t fresh_stage;  /* 1 label, 2 user PIN, 3 objects */
	volatile uint64_t fresh_number; /* the lowest that the fresh token's client may give */
	volatile uint32_t fresh_head;   /* the highest counter that its window may have accepted */
	volatile uint32_t fresh_passed; /* the highest that it has accepted; 0: none */
	volatile uint32_t head[2];      /* the highest counter that was accepted */
	volatile uint64_t calls;        /* that were acknowledged */
	bool uncertain; /* CKR_DEVICE_ERROR leaves open whether the change was made */
	/* Last, because a copy keeps their beginning only. */
	volatile uint8_t given[2][NUMBERS]; /* of the shared clients */
	volatile uint8_t accepted[2][NUMBERS];
};

struct seat {
	unsigned index;
	CK_SESSION_HANDLE session;
	uint64_t random;
};

extern struct world *world;

/* The record as it was. Numbers and counters from COPIED on must not have been used. */
#define COPIED 1024
struct world_copy {
	uint8_t head[offsetof(struct world, given)];
	uint8_t given[2][COPIED], accepted[2][COPIED];
};
void world_save(struct world_copy *ret);
void world_restore(const struct world_copy *copy);

/* Make the token and load the module, which is not initialised afterwards. A fixture of Check. */
void world_set_up(void);
/*
 * Make objects 0 to 2 of seat 0 and a fresh token, in a process of its own. The files are then
 * saved for copy_token(), and the record in RET.
 */
void world_prepare(struct world_copy *ret);

/* C_Initialize, a session, login. */
void seat_start(struct seat *seat, unsigned index, uint64_t random);
/* The same, by the PIN of world_set_up(). Return the first code that is not CKR_OK. */
CK_RV seat_try_start(struct seat *seat);
/* Log in with the PIN that is acknowledged or under way. */
void seat_login(const struct seat *seat);
/* Return the objects that match, at most 2 handles in RET. Other codes than CKR_OK are possible. */
CK_RV seat_find(const struct seat *seat, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE ret[2],
	CK_ULONG *ret_n);
/* The only object with LABEL; CKR_OBJECT_HANDLE_INVALID if there is none. */
CK_RV seat_named(const struct seat *seat, const char *label, CK_OBJECT_HANDLE *ret);

/*
 * The token of slot ON has the state files of CLIENTS clients, and no file of a destroyed client.
 * Its object "device" is changed for that. A token that cannot be changed is not judged. Nothing
 * else may use the token, because a file in use is left to the next change.
 */
void states_check(const struct seat *seat, CK_SLOT_ID on, unsigned clients);

void change_begin(struct change *c, uint32_t wanted);
/* After CKR_OK or another code, which has changed nothing. */
void change_end(struct change *c, CK_RV rv);

/*
 * One step with random choices. A code other than CKR_OK is the module's, and the step has changed
 * nothing then.
 */
CK_RV object_create(const struct seat *seat, unsigned k);
CK_RV object_alter(const struct seat *seat, unsigned k);
CK_RV object_destroy(const struct seat *seat, unsigned k);
CK_RV object_use(const struct seat *seat, unsigned k);
CK_RV object_step(struct seat *seat);
/* Take a number of the client LABEL, which stays its caller's alone. */
CK_RV number_next(const struct seat *seat, const char *label, unsigned long long *ret_number);
/* Verify a message of the object "device" with COUNTER by the master LABEL with a window. */
CK_RV window_pass(const struct seat *seat, const char *label, uint32_t counter);
/* Take a number of shared client WHICH. */
CK_RV number_take(const struct seat *seat, unsigned which);
/* Verify a message with COUNTER by the master with window WHICH, which may refuse a replay. */
CK_RV window_use(const struct seat *seat, unsigned which, uint32_t counter);
CK_RV number_step(struct seat *seat);
CK_RV window_step(struct seat *seat);
CK_RV pin_step(struct seat *seat);
/*
 * Initialise the fresh token again, with the objects of its former life in it, fill it, and use the
 * objects. No session on its slot may be open.
 */
CK_RV fresh_step(struct seat *seat);

/*
 * Find out whether the change that was under way has happened, note that, and look at the objects
 * of the seat. Nothing else may work on them.
 */
void objects_settle(const struct seat *seat, unsigned index);
void fresh_settle(const struct seat *seat);
/* The PIN is the acknowledged one or the one under way, and not both. Ends logged in. */
void pin_settle(const struct seat *seat);
/* Every kind of change works in this process, after what TEXT says has happened. */
void world_goes_on(struct seat *seat, const char *text);
/* Look at everything. No other process may use the token. */
void world_check(unsigned seats);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h: the history of all calls, in a file that all hosts and the checker (board.py) map. The
 * file outlives a host that is killed. Numbers have 8 bytes, except in `accepted`. A time of 0 is
 * "not yet".
 *
 * Times are those of CLOCK_MONOTONIC in nanoseconds, which is one clock for all processes of a
 * machine. A call begins at the time that was read before it, and ends at the time that was read
 * after it. A host writes the time of the beginning before the call, so that a call whose host was
 * killed has a beginning and no end.
 *
 * Of the many uses of a key, the board keeps those that a checker needs: see struct board_key.
 */
#ifndef KEYDIV_TESTS_POSTGRESQL_BOARD_H
#define KEYDIV_TESTS_POSTGRESQL_BOARD_H

#include <stdint.h>

#define BOARD_HOSTS 8
#define BOARD_KEYS 131072
#define BOARD_STREAMS 4
#define BOARD_COUNTERS 1048576

/* How a key ends. */
enum { BY_DESTROY = 1, BY_DISABLE = 2 };

/* A key of the label "K<number>", which is made once and ends at most once. */
struct board_key {
	uint64_t make_begin, make_end, make_rv; /* C_CreateObject */
	uint64_t gone_begin, gone_end, gone_rv; /* C_DestroyObject, or CKA_ENCRYPT set to false */
	uint64_t gone_by;                       /* BY_ */
	uint64_t used;                          /* the latest beginning of a use that succeeded */
	uint64_t used_host;                     /* and the host whose use that was */
	uint64_t found;   /* the latest beginning of a search that found the key */
	uint64_t missed;  /* the earliest end of a search that began after make_end and did not */
	uint64_t refused; /* the earliest end of a use that was refused */
	uint64_t refused_rv;
	uint64_t rest[3];
};

struct board_host {
	uint64_t started, logged_in; /* times, of the process that runs now */
	uint64_t worked;             /* the last end of a use that succeeded */
	uint64_t failed;             /* the last end of a use that failed */
	uint64_t uses, changes, marks, failures;
	uint64_t strange,
		strange_rv; /* calls with a code that nothing explains, and the last one */
	uint64_t rest[6];
};

struct board {
	uint64_t stop, seed, keys; /* keys: how many numbers were taken */
	uint64_t rest[13];
	struct board_host host[BOARD_HOSTS];
	uint64_t head[BOARD_STREAMS]; /* the highest counter that was tried */
	uint64_t more[12];
	struct board_key key[BOARD_KEYS];
	uint8_t accepted[BOARD_STREAMS][BOARD_COUNTERS]; /* how often the window let it pass */
};

#endif

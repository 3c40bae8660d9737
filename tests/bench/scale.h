/* SPDX-License-Identifier: Apache-2.0 */
/* scale.h: the settings that the parts of scale share, and the output of a figure. */
#ifndef KEYDIV_BENCH_SCALE_H
#define KEYDIV_BENCH_SCALE_H

#include <stdio.h>

#include "peer.h"
#include "round.h"

struct scale {
	const char *module, *dir; /* DIR: where tokens are kept */
	bool full;                /* up to 10^6 objects and 10^7 derivations */
	FILE *json;
};

/*
 * Print a figure and write the figure into the JSON file. PEER took VALUE for WHAT at X objects or
 * threads. BAR is the limit in words, or "".
 */
void figure(const struct scale *s, const char *what, const char *peer, long x, double value,
	const char *unit, const char *bar);

/* Write a figure into the JSON file only, for measurements with many lines. */
void quiet_figure(const struct scale *s, const char *what, const char *peer, long x, double value,
	const char *unit, const char *bar);

/*
 * Token objects (scale_objects.c). The parent runs each measurement in a fresh process, which runs
 * SELF with --child and these arguments.
 */
void scale_objects(const struct scale *s, const char *self);
int objects_child(int argc, char **argv); /* --child MODE PEER MODULE DIR FROM TO CLOCK */

/* Functions of scale_live.c, scale_durable.c and scale_threads.c. */
void scale_live(const struct scale *s, enum peer_id id);
void scale_durable(const struct scale *s);
void scale_threads(const struct scale *s);

/*
 * Growth (scale_growth.c). growth_objects runs every operation of measure.h, and the durable
 * operations, by keydiv in the token of DIR, which has X objects. growth_threads runs all modules
 * in 1 to THREADS_MAX threads. PEERS must be started.
 */
void growth_objects(const struct scale *s, const char *dir, long x);
void growth_threads(const struct scale *s, struct peer peers[SCALE_PEERS]);

/*
 * Make an O-DUKPT client with R = 21 and N = 7 in the token of P, or take N keys of
 * a client (scale_durable.c).
 */
CK_OBJECT_HANDLE make_client(struct peer *p, CK_ULONG reserve);
void next_keys(struct peer *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE state, long n);

/* Make the empty folder DIR/NAME and write its path to RET. */
void fresh_directory(const struct scale *s, const char *name, char ret[512]);

/* Return the resident memory of this process in bytes. */
double resident(void);

/* Make a token or session AES key for USAGE. LABEL may be NULL. */
CK_OBJECT_HANDLE make_key(struct peer *p, CK_SESSION_HANDLE session, bool token,
	CK_ATTRIBUTE_TYPE usage, const char *label, CK_ULONG id);

/*
 * Derive from MASTER by DEVICE_KEY, or by the nearest mechanism of the peer. The caller
 * destroys the key.
 */
CK_OBJECT_HANDLE derive_one(
	struct peer *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE master, long i);

#endif

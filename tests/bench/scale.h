/* SPDX-License-Identifier: Apache-2.0 */
/* scale.h: what the parts of scale share: their settings, and how a figure is told. */
#ifndef KEYDIV_BENCH_SCALE_H
#define KEYDIV_BENCH_SCALE_H

#include <stdio.h>

#include "peer.h"
#include "round.h"

struct scale {
	const char *module, *dir; /* DIR: where tokens are kept */
	bool full;                /* to 10^6 objects, 10^7 derivations */
	FILE *json;
};

/*
 * Print a figure and put it into the JSON: WHAT, of PEER, at X (objects, threads), BAR its limit in
 * words or "".
 */
void figure(const struct scale *s, const char *what, const char *peer, long x, double value,
	const char *unit, const char *bar);

/* The same, in the JSON only: for what is many lines. */
void quiet_figure(const struct scale *s, const char *what, const char *peer, long x, double value,
	const char *unit, const char *bar);

/*
 * scale_objects.c: token objects. The parent runs each measurement in a fresh process: of itself,
 * with these arguments.
 */
void scale_objects(const struct scale *s, const char *self);
int objects_child(int argc, char **argv); /* --child MODE PEER MODULE DIR FROM TO CLOCK */

/* scale_live.c, scale_durable.c, scale_threads.c */
void scale_live(const struct scale *s, enum peer_id id);
void scale_durable(const struct scale *s);
void scale_threads(const struct scale *s);

/*
 * scale_growth.c: every operation of measure.h, and the durable ones, by keydiv in the token
 * of DIR, which has X objects; and by all modules in 1 to THREADS_MAX threads, from PEERS
 * that are started.
 */
void growth_objects(const struct scale *s, const char *dir, long x);
void growth_threads(const struct scale *s, struct peer peers[PEERS]);

/* scale_durable.c: an O-DUKPT client with R = 21, N = 7 in the token of P; N keys of it. */
CK_OBJECT_HANDLE make_client(struct peer *p, CK_ULONG reserve);
void next_keys(struct peer *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE state, long n);

/* DIR/NAME, made anew. */
void fresh_directory(const struct scale *s, const char *name, char ret[512]);

/* Resident memory of this process in bytes. */
double resident(void);

/* A token or session AES key labelled LABEL (NULL: none), with id ID, for USAGE. */
CK_OBJECT_HANDLE make_key(struct peer *p, CK_SESSION_HANDLE session, bool token,
	CK_ATTRIBUTE_TYPE usage, const char *label, CK_ULONG id);

/* DEVICE_KEY, or the peer's nearest, from MASTER; the key is left alive. */
CK_OBJECT_HANDLE derive_one(
	struct peer *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE master, long i);

#endif

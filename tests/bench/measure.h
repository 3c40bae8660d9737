/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h: what is measured: a row each, a function for each module that can do it,
 * and the floor.
 */
#ifndef KEYDIV_BENCH_MEASURE_H
#define KEYDIV_BENCH_MEASURE_H

#include "peer.h"

/*
 * Do the operation N times in the session of THREAD, 0 to THREADS_MAX-1; several may do so at once.
 */
typedef void (*run_fn)(struct peer *p, int thread, long n);

#define COLUMNS (PEERS + 1) /* the peers, then the floor */

/* What a row should keep to; 0: nothing said. Nothing is asserted: a verdict is printed. */
struct bar {
	double us;      /* at most */
	double floor;   /* at most so many times the floor */
	double softhsm; /* at least so many times as fast as SoftHSM */
	double nss;     /* and as NSS */
};

struct measure {
	const char *name;
	int threads; /* the time of a round is divided by this: time an operation over all threads */
	run_fn run[PEERS];
	run_fn floor; /* with libcrypto alone, kept schedules, one thread; p is NULL */
	struct bar bar;
};

extern const struct measure measures[]; /* ended by name NULL */

/* N times in each of THREADS threads at once; in the calling thread if it is one. */
void run_in_threads(run_fn run, struct peer *p, int threads, long n);

/* floor.c */
void floor_start(void);
void floor_device_key(struct peer *p, int thread, long n);
void floor_device_message_key(struct peer *p, int thread, long n);
void floor_device_key_mac(struct peer *p, int thread, long n);
void floor_odukpt(struct peer *p, int thread, long n);
void floor_cmac_16(struct peer *p, int thread, long n);
void floor_gcm_16(struct peer *p, int thread, long n);
void floor_gcm_16k(struct peer *p, int thread, long n);
void floor_random_32(struct peer *p, int thread, long n);
void floor_aes_dukpt(struct peer *p, int thread, long n);
void floor_tdes_dukpt(struct peer *p, int thread, long n);

/* The same serial numbers, transactions and so on for all, from a counter. */
void serial_number(long i, CK_BYTE ret[9]);

#endif

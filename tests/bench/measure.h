/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h: the list of measurements. Each has a row, a function for each module that offers the
 * operation, and a function for the floor.
 */
#ifndef KEYDIV_BENCH_MEASURE_H
#define KEYDIV_BENCH_MEASURE_H

#include "peer.h"

/*
 * Do the operation N times in the session of THREAD, which is 0 to THREADS_MAX - 1. Several threads
 * may call at once.
 */
typedef void (*run_fn)(struct peer *p, int thread, long n);

#define COLUMNS (PEERS + 1) /* the peers, then the floor */

/* The limits of a row. 0 sets no limit. A verdict is printed, and no test fails for time. */
struct bar {
	double us;      /* at most this many microseconds */
	double floor;   /* at most this multiple of the floor */
	double softhsm; /* at least this many times as fast as SoftHSM */
	double nss;     /* at least this many times as fast as NSS */
	double threads; /* at least this many times as many operations as in one thread */
};

struct measure {
	const char *name;
	int threads; /* divides the time of a round */
	run_fn run[PEERS];
	run_fn floor; /* libcrypto alone with kept schedules, in one thread; p is NULL */
	struct bar bar;
};

extern const struct measure measures[]; /* ended by name NULL */

/*
 * Call RUN with N in each of THREADS threads at once. With one thread, call RUN in
 * the caller's thread.
 */
void run_in_threads(run_fn run, struct peer *p, int threads, long n);

/* Functions of floor.c. */
void floor_start(void);
void floor_device_key(struct peer *p, int thread, long n);
void floor_device_message_key(struct peer *p, int thread, long n);
void floor_use(struct peer *p, int thread, long n);
void floor_device_key_mac(struct peer *p, int thread, long n);
void floor_odukpt(struct peer *p, int thread, long n);
void floor_cmac_16(struct peer *p, int thread, long n);
void floor_gcm_16(struct peer *p, int thread, long n);
void floor_gcm_16k(struct peer *p, int thread, long n);
void floor_random_32(struct peer *p, int thread, long n);
void floor_aes_dukpt(struct peer *p, int thread, long n);
void floor_tdes_dukpt(struct peer *p, int thread, long n);

/* Write the serial number with index I. All modules count through the same serial numbers. */
void serial_number(long i, CK_BYTE ret[9]);

#endif

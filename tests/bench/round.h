/* SPDX-License-Identifier: Apache-2.0 */
/* round.h: the clock and the median. */
#ifndef KEYDIV_BENCH_ROUND_H
#define KEYDIV_BENCH_ROUND_H

#include <stdbool.h>

#define ROUNDS_MAX 101

/*
 * Return the wall-clock time in nanoseconds or, after a call of round_use_cpu_time, the processor
 * time of this process.
 */
double now(void);
void round_use_cpu_time(void);
bool round_uses_cpu_time(void);

/* Return the median of N values. N is at most ROUNDS_MAX. The values keep their order. */
double median(const double *values, int n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* round.h: the clock, and medians. */
#ifndef KEYDIV_BENCH_ROUND_H
#define KEYDIV_BENCH_ROUND_H

#include <stdbool.h>

#define ROUNDS_MAX 101

/* Nanoseconds: of time, or, once round_use_cpu_time is called, of this process's processor time. */
double now(void);
void round_use_cpu_time(void);
bool round_uses_cpu_time(void);

/* Of N values, at most ROUNDS_MAX, which stay in their order. */
double median(const double *values, int n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* round.h: the clock, and medians. */
#ifndef KEYDIV_BENCH_ROUND_H
#define KEYDIV_BENCH_ROUND_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 101

static clockid_t round_clock = CLOCK_MONOTONIC;

static inline void round_use_cpu_time(void)
{
	round_clock = CLOCK_PROCESS_CPUTIME_ID;
}

static inline const char *round_clock_name(void)
{
	return round_clock == CLOCK_MONOTONIC ? "" : " (processor time, not time)";
}

/* Nanoseconds. */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(round_clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of N values, at most ROUNDS_MAX, which stay in their order. */
static inline double median(const double *values, int n)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)n * sizeof *values);
	qsort(sorted, (size_t)n, sizeof *sorted, ascending);
	return sorted[n / 2];
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* round.c: the functions that round.h declares. */
#include "round.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static clockid_t clock_used = CLOCK_MONOTONIC;

void round_use_cpu_time(void)
{
	clock_used = CLOCK_PROCESS_CPUTIME_ID;
}

bool round_uses_cpu_time(void)
{
	return clock_used != CLOCK_MONOTONIC;
}

double now(void)
{
	struct timespec t;

	clock_gettime(clock_used, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *values, int n)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)n * sizeof *values);
	qsort(sorted, (size_t)n, sizeof *sorted, ascending);
	return sorted[n / 2];
}

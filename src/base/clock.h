/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: the clock for how long something takes. Setting the time of day does not change it. */
#ifndef KEYDIV_BASE_CLOCK_H
#define KEYDIV_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Return the nanoseconds since some moment before, the same moment in all processes of a host. */
static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

#endif

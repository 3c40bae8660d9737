/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: shows how far the work is, how fast it goes and how long it will take. */
#include "tool/bulk/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tool/report.h"

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void progress_start(struct progress *p, int output, uint64_t total, uint64_t before)
{
	bool on = isatty(STDERR_FILENO) && !isatty(output);

	*p = (struct progress){.total = total, .before = before, .started_at = now(), .on = on};
}

void progress_show(struct progress *p, uint64_t done, uint64_t bytes)
{
	if (!p->on)
		return;
	uint64_t t = now();
	if (t - p->shown_at < 500000000U)
		return;
	p->shown_at = t;
	double seconds = (double)(t - p->started_at) / 1e9;
	fprintf(stderr, "\r%llu done, %.0f a second", (unsigned long long)done,
		(double)done / seconds);
	if (p->total > 0 && bytes > p->before && bytes <= p->total) {
		double left = seconds * (double)(p->total - bytes) / (double)(bytes - p->before);
		fprintf(stderr, ", %.0f %%, %.0f s left", 100.0 * (double)bytes / (double)p->total,
			left);
	}
	fputs("\033[K", stderr);
	report_line_open(true);
}

void progress_end(struct progress *p, uint64_t done)
{
	if (!p->on)
		return;
	double seconds = (double)(now() - p->started_at) / 1e9;
	report_line_open(false);
	fprintf(stderr, "\r%llu done in %.1f s, %.0f a second\033[K\n", (unsigned long long)done,
		seconds, (double)done / seconds);
}

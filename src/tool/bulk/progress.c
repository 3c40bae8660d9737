/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: shows how far the work is, how fast it goes and how long it will take. */
#include "tool/bulk/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/report.h"

void progress_start(struct progress *p, int output, uint64_t total, uint64_t before)
{
	bool on = isatty(STDERR_FILENO) && !isatty(output);

	*p = (struct progress){
		.total = total, .before = before, .started_at = clock_ns(), .on = on};
}

void progress_show(struct progress *p, uint64_t done, uint64_t bytes)
{
	if (!p->on)
		return;
	uint64_t t = clock_ns();
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
	double seconds = (double)(clock_ns() - p->started_at) / 1e9;
	report_line_open(false);
	fprintf(stderr, "\r%llu done in %.1f s, %.0f a second\033[K\n", (unsigned long long)done,
		seconds, (double)done / seconds);
}

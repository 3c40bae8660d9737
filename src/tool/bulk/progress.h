/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h: a line on standard error while work is long, if that is a terminal. */
#ifndef KEYDIV_TOOL_PROGRESS_H
#define KEYDIV_TOOL_PROGRESS_H

#include <stdint.h>

struct progress {
	uint64_t total;                /* bytes of input, 0 if not known */
	uint64_t before;               /* bytes of input that an earlier run did */
	uint64_t shown_at, started_at; /* nanoseconds */
	int on;
};

/*
 * Begin to show the progress of the work in P. The progress is shown if standard error is a
 * terminal and the output, whose descriptor is OUTPUT, is not. An output at a terminal shows the
 * progress itself. TOTAL and BEFORE are the members of P.
 */
void progress_start(struct progress *p, int output, uint64_t total, uint64_t before);

/*
 * Show that this run has done DONE records, and that BYTES of the input are done in all. Prints
 * twice a second at most.
 */
void progress_show(struct progress *p, uint64_t done, uint64_t bytes);

/* Leave the line with its last state. */
void progress_end(struct progress *p, uint64_t done);

#endif

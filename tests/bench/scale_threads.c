/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale_threads.c: measure every operation in 1 to 8 threads with a session each. All modules take
 * turns in one process.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scale.h"

void scale_threads(const struct scale *s)
{
	char dir[512];
	struct peer peers[SCALE_PEERS];

	fflush(NULL);
	if (fork() != 0) { /* load the modules in the child only */
		wait(NULL);
		return;
	}
	fresh_directory(s, "threads", dir);
	peers_start(dir, s->module, SCALE_PEERS, peers);
	growth_threads(s, peers);
	fflush(NULL);
	_exit(0);
}

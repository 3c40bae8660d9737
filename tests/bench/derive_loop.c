/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive_loop.c: run one operation of the hot path N times, so that count.sh can count its
 * instructions. The loop tells callgrind when to begin and to end. With --instr-atstart=no
 * callgrind therefore counts neither the start of the module nor the first uses, which run
 * self-tests and fill caches.
 *
 * Usage: derive_loop MODULE OPERATION N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "measure.h"

#define WARM 100

int main(int argc, char **argv)
{
	char dir[] = "/tmp/keydiv-count-XXXXXX", command[64];
	struct peer p = {.id = PEER_KEYDIV, .name = "keydiv"};

	if (argc != 4 || mkdtemp(dir) == NULL) {
		fprintf(stderr, "usage: derive_loop MODULE OPERATION N\n");
		return 2;
	}
	for (const struct measure *m = measures; m->name != NULL; m++)
		if (strcmp(m->name, argv[2]) == 0) {
			start_keydiv(dir, argv[1], &p);
			m->run[PEER_KEYDIV](&p, 0, WARM);
			CALLGRIND_START_INSTRUMENTATION;
			m->run[PEER_KEYDIV](&p, 0, atol(argv[3]));
			CALLGRIND_STOP_INSTRUMENTATION;
			must(&p, p.f->C_Finalize(NULL), "C_Finalize");
			snprintf(command, sizeof command, "rm -rf '%s'", dir);
			return system(command) == 0 ? 0 : 1;
		}
	fprintf(stderr, "no operation is called \"%s\"\n", argv[2]);
	return 2;
}

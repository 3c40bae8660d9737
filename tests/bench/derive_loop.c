/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive_loop.c: N times one operation of the hot path, for counting instructions (count.sh): the difference between two values of N is
 * what the operation costs, whatever starting up costs. Usage: derive_loop MODULE OPERATION N.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

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
			m->run[PEER_KEYDIV](&p, atol(argv[3]));
			must(&p, p.f->C_Finalize(NULL), "C_Finalize");
			snprintf(command, sizeof command, "rm -rf '%s'", dir);
			return system(command) == 0 ? 0 : 1;
		}
	fprintf(stderr, "no operation is called \"%s\"\n", argv[2]);
	return 2;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutant.h: included first by every source file with mutants. mutate.py puts mutant(N) where the
 * file can be changed in one way.
 *
 * The environment chooses the mutant of a process: MUTANT=N. With MUTANT_REACHED=FILE the byte N of
 * that file becomes 1 when mutant(N) is called. Child processes share the file.
 */
#ifndef KEYDIV_MUTANT_H
#define KEYDIV_MUTANT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Weak: the files of one program share the variables. */
__attribute__((weak, visibility("hidden"))) int mutant_active;
__attribute__((weak, visibility("hidden"))) unsigned char *mutant_reached;

__attribute__((constructor)) static void mutant_start(void)
{
	const char *active = getenv("MUTANT"), *path = getenv("MUTANT_REACHED");

	if (active != NULL)
		mutant_active = atoi(active);
	int fd = path != NULL && mutant_reached == NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *map = mmap(NULL, MUTANT_LAST + 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		mutant_reached = map;
	close(fd);
}

static inline bool mutant(int n)
{
	if (mutant_reached != NULL)
		mutant_reached[n] = 1;
	return n == mutant_active;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flush.c: an _exit() that writes the counts of gcov first. Children of the tests end by _exit(),
 * because they may not run the exit handlers of their parents, and gcov writes in such a handler.
 * Every test program of a build for coverage is linked with this file.
 */
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

void __gcov_dump(void);

/* The process that has its memory for itself. The child of a vfork() has not: it must not write. */
static pid_t owner;

static void note_owner(void)
{
	owner = getpid();
}

__attribute__((constructor)) static void start(void)
{
	note_owner();
	pthread_atfork(NULL, NULL, note_owner);
}

/*
 * Write the counts of a module. Its own __gcov_dump() is hidden, but gcc lists the function that
 * calls __gcov_exit() as a destructor with a priority, which is first in the list of destructors.
 */
static int flush_module(struct dl_phdr_info *info, size_t size, void *unused)
{
	void (**destructors)(void) = NULL;

	(void)size;
	(void)unused;
	if (strstr(info->dlpi_name, "/keydiv-") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		const ElfW(Dyn) *d =
			(const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		for (; d->d_tag != DT_NULL; d++)
			if (d->d_tag == DT_FINI_ARRAY)
				destructors = (void (**)(void))(info->dlpi_addr + d->d_un.d_ptr);
	}
	if (destructors != NULL)
		destructors[0]();
	return 0;
}

void _exit(int status)
{
	if (owner == getpid()) {
		dl_iterate_phdr(flush_module, NULL);
		__gcov_dump();
	}
	for (;;)
		syscall(SYS_exit_group, status);
}

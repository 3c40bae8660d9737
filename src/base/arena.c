/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c: memory for keys, see arena.h. */
#include "base/arena.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/secret.h"

void *arena_map(size_t n)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, n) != 0 && !atomic_flag_test_and_set(&told))
		log_warning(
			"cannot lock memory for keys (RLIMIT_MEMLOCK): they may be swapped out");
	(void)madvise(p, n, MADV_DONTDUMP);
	(void)madvise(p, n, MADV_WIPEONFORK);
	return p;
}

void arena_unmap(void *p, size_t n)
{
	if (p == NULL)
		return;
	wipe(p, n);
	munmap(p, n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork.c: the handlers of fork(). The C library removes the handlers when the module is unloaded.
 */
#include "module.h"

#include "base/arena.h"

CK_RV fork_watch(void)
{
	REQUIRE(pthread_atfork(module_before_fork, module_after_fork, module_forked) == 0,
		CKR_HOST_MEMORY, "no memory for the fork handlers");
	return CKR_OK;
}

CK_RV fork_watch_arenas(void)
{
	REQUIRE(pthread_atfork(arena_before_fork, arena_after_fork, arena_after_fork) == 0,
		CKR_HOST_MEMORY, "no memory for the fork handlers");
	return CKR_OK;
}

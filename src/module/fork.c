/* SPDX-License-Identifier: Apache-2.0 */
/* fork.c: the handlers around fork(). The C library forgets them when the module is unloaded. */
#include "module.h"

CK_RV fork_watch(void)
{
	ENSURE(pthread_atfork(module_before_fork, module_after_fork, module_forked) == 0,
		CKR_HOST_MEMORY);
	return CKR_OK;
}

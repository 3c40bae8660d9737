/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c: see thread.h. */
#include "thread.h"

#include <stdatomic.h>

static _Atomic unsigned threads;
static _Thread_local unsigned number; /* plus 1; 0: this thread has no number yet */

unsigned thread_number(void)
{
	if (__builtin_expect(number == 0, 0))
		number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
	return number - 1;
}

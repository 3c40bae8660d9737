/* SPDX-License-Identifier: Apache-2.0 */
/* use_state.c: see use_state.h. */
#include "token/use_state.h"

#include <stdlib.h>

struct use_state *use_state_new(void)
{
	struct use_state *use = calloc(1, sizeof *use);

	if (use != NULL)
		use->key = key_new();
	if (use != NULL && use->key == NULL) {
		free(use);
		return NULL;
	}
	return use;
}

void use_state_end(struct use_state *use)
{
	key_unload(use->key);
	use->marked = false;
	use->late = false;
	use->again = false;
}

void use_state_free(struct use_state *use)
{
	if (use == NULL)
		return;
	key_free(use->key);
	wipe(use, sizeof *use);
	free(use);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* state_kind.c: the list of all kinds of state. */
#include "state_kind.h"

static const struct state_kind *const kinds[] = {
	&state_odukpt_client,
};

const struct state_kind *state_kind_find(CK_KEY_TYPE type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i]->key_type == type)
			return kinds[i];
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* window_space.c: see window_space.h. */
#include "state/window_space.h"

#include <stdlib.h>

#include "key/key.h"

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list */
static struct window_space *list;
static struct window_space *abandoned; /* the parent's, kept where a leak checker finds them */

static struct window_space *new_space(struct vault *vault)
{
	struct window_space *space = calloc(1, sizeof *space);

	if (space == NULL)
		return NULL;
	space->key = key_new();
	if (space->key == NULL) {
		free(space);
		return NULL;
	}
	space->vault = vault;
	pthread_mutex_init(&space->lock, NULL);
	pthread_cond_init(&space->settled, NULL);
	return space;
}

struct window_space *window_space_of(struct vault *vault, bool make)
{
	pthread_mutex_lock(&list_lock);
	struct window_space *space = list;
	while (space != NULL && space->vault != vault)
		space = space->next;
	if (space == NULL && make && (space = new_space(vault)) != NULL) {
		space->next = list;
		list = space;
	}
	pthread_mutex_unlock(&list_lock);
	return space;
}

void window_spaces_each(void (*each)(struct window_space *space, void *arg), void *arg)
{
	pthread_mutex_lock(&list_lock);
	for (struct window_space *space = list; space != NULL; space = space->next) {
		HOLD_SPACE(space);
		each(space, arg);
	}
	pthread_mutex_unlock(&list_lock);
}

void window_space_free(const struct vault *vault)
{
	pthread_mutex_lock(&list_lock);
	struct window_space **link = &list;
	while (*link != NULL && (*link)->vault != vault)
		link = &(*link)->next;
	struct window_space *space = *link;
	if (space != NULL)
		*link = space->next;
	pthread_mutex_unlock(&list_lock);
	if (space == NULL)
		return;
	window_table_forget(&space->reserved, 0);
	window_table_forget(&space->session, 0);
	key_free(space->key);
	pthread_mutex_destroy(&space->lock);
	pthread_cond_destroy(&space->settled);
	free(space);
}

/*
 * A thread that does not exist here may have been changing a table, so no table is walked. The same
 * is true of the key of a space that was locked.
 */
void window_spaces_forked(void)
{
	pthread_mutex_init(&list_lock, NULL);
	for (struct window_space *space = list; space != NULL; space = space->next)
		if (pthread_mutex_trylock(&space->lock) == 0) {
			key_unload(space->key);
			pthread_mutex_unlock(&space->lock);
		}
	struct window_space **end = &abandoned;
	while (*end != NULL)
		end = &(*end)->next;
	*end = list;
	list = NULL;
}

static CK_RV load_key(struct window_space *space)
{
	SNAPSHOT keys = {0};

	if (space->loaded)
		return CKR_OK;
	TRY(vault_snapshot_key(space->vault, &keys));
	TRY(mark_key(&keys, space->key));
	space->loaded = true;
	return CKR_OK;
}

CK_RV window_space_lock_with_key(struct window_space *space)
{
	pthread_mutex_lock(&space->lock);
	CK_RV rv = load_key(space);
	if (rv != CKR_OK)
		pthread_mutex_unlock(&space->lock);
	return rv;
}

void window_space_unload(struct window_space *space)
{
	key_unload(space->key);
	space->loaded = false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_state.c: see client_state.h.
 *
 * A state's text in its file is the state sealed under the token key, bound to token, row and the
 * slot's generation, so that a slot of another client, or an older one renumbered, does not open.
 *
 * Numbers set aside (RESERVE > 1): the file is moved on by several numbers at one sync, and the
 * state as it was before stays in memory, to be moved on key by key up to there. A crash skips what
 * was not used; nothing is given twice, since the file never stands behind what has left.
 */
#include "state/client_state.h"

#include <stdlib.h>

#include "state/client_file.h"

/* --- Sealing --- */

static const uint8_t binding_text[] = "keydiv client state";

/* Bind a state to its record and to the generation of its slot. ROOM holds the generation. */
static struct binding state_binding(int64_t id, uint64_t generation, uint8_t room[8])
{
	put_be64(room, generation);
	return (struct binding){bytes_of(binding_text, sizeof binding_text), id, bytes_of(room, 8)};
}

CK_RV client_state_create(
	struct store *store, const struct snapshot *keys, int64_t id, const struct secret *state)
{
	uint8_t room[8], text[STATE_SIZE_MAX + SEAL_OVERHEAD];
	struct binding binding = state_binding(id, 1, room);

	ENSURE(state->len <= STATE_SIZE_MAX, CKR_DEVICE_ERROR);
	TRY(vault_seal(keys, &binding, secret_peek(state), state->len, text));
	return client_file_create(store, id, bytes_of(text, state->len + SEAL_OVERHEAD));
}

static void close_file(struct client_file **file)
{
	if (*file != NULL)
		client_file_close(*file);
}

#define CLIENT_FILE __attribute__((cleanup(close_file))) struct client_file

/*
 * The newest slot of FILE that opens: its state, and where it stands. CKR_DEVICE_ERROR
 * if none does.
 */
static CK_RV read_newest(struct client_file *file, const struct state_kind *kind,
	const struct snapshot *keys, int64_t id, struct secret *ret, unsigned *ret_which,
	uint64_t *ret_generation)
{
	uint8_t room[8];

	for (unsigned which = 0; which < 2; which++) {
		struct client_text text;
		TRY(client_file_read(file, which, &text));
		if (text.text.n == 0)
			continue;
		struct binding binding = state_binding(id, text.generation, room);
		CK_RV rv = vault_open(keys, &binding, text.text, ret);
		if (rv == CKR_OK)
			rv = kind->check(secret_peek(ret), ret->len);
		if (rv == CKR_OK) {
			*ret_which = which;
			*ret_generation = text.generation;
			return CKR_OK;
		}
		secret_wipe(ret);
		if (rv == CKR_HOST_MEMORY)
			return rv;
	}
	return FAIL(CKR_DEVICE_ERROR, "no slot of the client's file can be opened");
}

static CK_RV write_newer(struct client_file *file, const struct snapshot *keys, int64_t id,
	unsigned which, uint64_t generation, const struct secret *state)
{
	uint8_t room[8], text[STATE_SIZE_MAX + SEAL_OVERHEAD];
	struct binding binding = state_binding(id, generation, room);

	TRY(vault_seal(keys, &binding, secret_peek(state), state->len, text));
	return client_file_write(
		file, which, generation, bytes_of(text, state->len + SEAL_OVERHEAD));
}

/* --- Numbers set aside by this process --- */

struct aside {
	struct aside *next;
	const struct vault *vault;
	int64_t id;
	uint32_t users;       /* threads at it; guarded by list_lock */
	bool dead;            /* forgotten; guarded by list_lock */
	pthread_mutex_t lock; /* guards what follows */
	struct secret state;  /* empty: nothing set aside */
	uint64_t limit;       /* numbers below this are ours */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct aside *list;

static struct aside *aside_take(const struct vault *vault, int64_t id, bool make)
{
	pthread_mutex_lock(&list_lock);
	struct aside *a = list;
	while (a != NULL && (a->vault != vault || a->id != id || a->dead))
		a = a->next;
	if (a == NULL && make && (a = calloc(1, sizeof *a)) != NULL) {
		a->vault = vault;
		a->id = id;
		pthread_mutex_init(&a->lock, NULL);
		a->next = list;
		list = a;
	}
	if (a != NULL)
		a->users++;
	pthread_mutex_unlock(&list_lock);
	if (a != NULL)
		pthread_mutex_lock(&a->lock);
	return a;
}

/* Free the dead ones that nobody is at. The list is locked. */
static void sweep(void)
{
	for (struct aside **p = &list; *p != NULL;) {
		struct aside *a = *p;
		if (!a->dead || a->users > 0) {
			p = &a->next;
			continue;
		}
		*p = a->next;
		secret_wipe(&a->state);
		pthread_mutex_destroy(&a->lock);
		free(a);
	}
}

static void aside_release(struct aside *a)
{
	pthread_mutex_unlock(&a->lock);
	pthread_mutex_lock(&list_lock);
	a->users--;
	sweep();
	pthread_mutex_unlock(&list_lock);
}

static void forget_if(const struct vault *vault, int64_t id)
{
	pthread_mutex_lock(&list_lock);
	for (struct aside *a = list; a != NULL; a = a->next)
		if (a->vault == vault && (id == 0 || a->id == id))
			a->dead = true;
	sweep();
	pthread_mutex_unlock(&list_lock);
}

void client_state_forget(const struct vault *vault)
{
	forget_if(vault, 0);
}

void client_states_forked(void)
{
	pthread_mutex_init(&list_lock, NULL);
	while (list != NULL) {
		struct aside *a = list;
		list = a->next;
		secret_wipe(&a->state);
		free(a); /* its lock may be held by a thread that is not here: nothing to destroy */
	}
}

/* --- Moving on --- */

/*
 * Claim up to COUNT numbers in the file, durably. RET_STATE: the state before; *RET_LIMIT: the
 * first number not claimed.
 */
static CK_RV claim(struct store *store, struct vault *vault, int64_t id, uint64_t count,
	struct derivation *d, struct secret *ret_state, uint64_t *ret_limit)
{
	SNAPSHOT keys = {0};
	CLIENT_FILE *file = NULL;
	SECRET after = {0};
	SECRET dropped = {0};
	const struct state_kind *kind = d->mechanism->derive.state;
	unsigned which;
	uint64_t generation;

	TRY(vault_snapshot_key(vault, &keys));
	TRY(client_file_open(store, id, &file));
	TRY(read_newest(file, kind, &keys, id, ret_state, &which, &generation));
	TRY(secret_set(&after, secret_peek(ret_state), ret_state->len));
	for (uint64_t i = 0; i < count; i++) {
		CK_RV rv = kind->advance(d, secret_bytes(&after), after.len, &dropped);
		if (rv == CKR_KEYDIV_EXHAUSTED && i > 0)
			break; /* fewer are left than asked for */
		TRY(rv);
	}
	TRY(write_newer(file, &keys, id, which, generation + 1, &after));
	*ret_limit = kind->next(secret_peek(&after));
	return CKR_OK;
}

CK_RV client_state_advance(struct store *store, struct vault *vault, int64_t id, uint64_t reserve,
	struct derivation *d, struct secret *ret_key)
{
	const struct state_kind *kind = d->mechanism->derive.state;
	struct aside *a = aside_take(vault, id, true);

	ENSURE(a != NULL, CKR_HOST_MEMORY);
	CK_RV rv = CKR_OK;
	if (a->state.len == 0 || kind->next(secret_peek(&a->state)) >= a->limit)
		rv = claim(store, vault, id, reserve, d, &a->state, &a->limit);
	if (rv == CKR_OK)
		rv = kind->advance(d, secret_bytes(&a->state), a->state.len, ret_key);
	if (rv != CKR_OK || kind->next(secret_peek(&a->state)) >= a->limit)
		secret_wipe(&a->state);
	aside_release(a);
	return rv;
}

CK_RV client_state_read(struct store *store, struct vault *vault, int64_t id,
	const struct state_kind *kind, struct secret *ret)
{
	SNAPSHOT keys = {0};
	CLIENT_FILE *file = NULL;
	struct aside *a = aside_take(vault, id, false);
	CK_RV rv = CKR_OK;
	unsigned which;
	uint64_t generation;

	if (a != NULL) {
		bool ours = a->state.len > 0;
		if (ours)
			rv = secret_set(ret, secret_peek(&a->state), a->state.len);
		aside_release(a);
		if (ours)
			return rv;
	}
	TRY(vault_snapshot_key(vault, &keys));
	TRY(client_file_open(store, id, &file));
	return read_newest(file, kind, &keys, id, ret, &which, &generation);
}

CK_RV client_state_remove(struct store *store, const struct vault *vault, int64_t id)
{
	forget_if(vault, id);
	return client_file_remove(store, id);
}

/* --- What the store calls --- */

static CK_RV create_for_store(
	struct store *store, const struct snapshot *keys, int64_t id, const struct object *o)
{
	return client_state_create(store, keys, id, &o->value);
}

const struct store_above client_state_above = {
	.create_state = create_for_store,
	.remove_state = client_file_remove_now,
	.list_states = client_file_list,
};

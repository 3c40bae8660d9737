/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_state.c: seal, read and advance states.
 *
 * The text of a state in its file is the state sealed under the token key, bound to the token, the
 * record and the generation of the slot. A slot of another client, or an older slot with a new
 * number, therefore does not open.
 *
 * With RESERVE > 1 the file is advanced by several numbers at one sync. The state before stays in
 * memory as a reservation and is advanced key by key up to the state in the file. A crash skips
 * the unused numbers. No number is given twice, because the file is never behind the keys that
 * were given out.
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
 * Read the newest slot of FILE that opens, its state and its place. CKR_DEVICE_ERROR if
 * no slot opens.
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

/* --- Reservations of this process --- */

struct reservation {
	struct reservation *next;
	const struct vault *vault;
	int64_t id;
	uint32_t users;       /* threads that use it, guarded by list_lock */
	bool dead;            /* to be freed, guarded by list_lock */
	pthread_mutex_t lock; /* guards the members below */
	struct secret state;  /* empty if no number is reserved */
	uint64_t limit;       /* numbers below the limit are reserved */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reservation *list;

static struct reservation *reservation_take(const struct vault *vault, int64_t id, bool make)
{
	pthread_mutex_lock(&list_lock);
	struct reservation *r = list;
	while (r != NULL && (r->vault != vault || r->id != id || r->dead))
		r = r->next;
	if (r == NULL && make && (r = calloc(1, sizeof *r)) != NULL) {
		r->vault = vault;
		r->id = id;
		pthread_mutex_init(&r->lock, NULL);
		r->next = list;
		list = r;
	}
	if (r != NULL)
		r->users++;
	pthread_mutex_unlock(&list_lock);
	if (r != NULL)
		pthread_mutex_lock(&r->lock);
	return r;
}

/* Free the dead reservations that no thread uses. The list is locked. */
static void sweep(void)
{
	for (struct reservation **p = &list; *p != NULL;) {
		struct reservation *r = *p;
		if (!r->dead || r->users > 0) {
			p = &r->next;
			continue;
		}
		*p = r->next;
		secret_wipe(&r->state);
		pthread_mutex_destroy(&r->lock);
		free(r);
	}
}

static void reservation_release(struct reservation *r)
{
	pthread_mutex_unlock(&r->lock);
	pthread_mutex_lock(&list_lock);
	r->users--;
	sweep();
	pthread_mutex_unlock(&list_lock);
}

static void forget_if(const struct vault *vault, int64_t id)
{
	pthread_mutex_lock(&list_lock);
	for (struct reservation *r = list; r != NULL; r = r->next)
		if (r->vault == vault && (id == 0 || r->id == id))
			r->dead = true;
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
		struct reservation *r = list;
		list = r->next;
		secret_wipe(&r->state);
		/*
		 * The lock is not destroyed, because a thread that does not exist here may hold it.
		 */
		free(r);
	}
}

/* --- Advancing --- */

/*
 * Claim up to COUNT numbers in the file, durably. RET_STATE is the state before. *RET_LIMIT is the
 * first number that was not claimed.
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
			break; /* fewer are left than COUNT */
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
	struct reservation *r = reservation_take(vault, id, true);

	ENSURE(r != NULL, CKR_HOST_MEMORY);
	CK_RV rv = CKR_OK;
	if (r->state.len == 0 || kind->next(secret_peek(&r->state)) >= r->limit)
		rv = claim(store, vault, id, reserve, d, &r->state, &r->limit);
	if (rv == CKR_OK)
		rv = kind->advance(d, secret_bytes(&r->state), r->state.len, ret_key);
	if (rv != CKR_OK || kind->next(secret_peek(&r->state)) >= r->limit)
		secret_wipe(&r->state);
	reservation_release(r);
	return rv;
}

CK_RV client_state_read(struct store *store, struct vault *vault, int64_t id,
	const struct state_kind *kind, struct secret *ret)
{
	SNAPSHOT keys = {0};
	CLIENT_FILE *file = NULL;
	struct reservation *r = reservation_take(vault, id, false);
	CK_RV rv = CKR_OK;
	unsigned which;
	uint64_t generation;

	if (r != NULL) {
		bool reserved = r->state.len > 0;
		if (reserved)
			rv = secret_set(ret, secret_peek(&r->state), r->state.len);
		reservation_release(r);
		if (reserved)
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

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

#include "key/seal.h"
#include "odukpt_client.h"
#include "token/objects.h"
#include "token/token_objects.h"

/* --- Sealing --- */

static const char binding[] = "keydiv client state";

static struct bytes state_aad(const uint8_t *uuid, int64_t id, uint64_t generation,
	uint8_t room[sizeof binding + STORE_UUID_LEN + 16])
{
	memcpy(room, binding, sizeof binding);
	memcpy(room + sizeof binding, uuid, STORE_UUID_LEN);
	put_be64(room + sizeof binding + STORE_UUID_LEN, (uint64_t)id);
	put_be64(room + sizeof binding + STORE_UUID_LEN + 8, generation);
	return bytes_of(room, sizeof binding + STORE_UUID_LEN + 16);
}

/* What is needed to read and write the state of one token object. */
struct home {
	struct token *token;
	int64_t id;
	struct secret key;
	uint8_t uuid[STORE_UUID_LEN];
};

static void home_end(struct home *h)
{
	secret_wipe(&h->key);
}

#define HOME __attribute__((cleanup(home_end))) struct home

static CK_RV home_begin(struct token *token, int64_t id, struct home *ret)
{
	*ret = (struct home){.token = token, .id = id};
	TRY(token_key_copy(token, &ret->key, ret->uuid));
	ENSURE(ret->key.len == SEAL_KEY_LEN, CKR_USER_NOT_LOGGED_IN);
	return CKR_OK;
}

CK_RV client_state_create(struct store *store, const struct secret *token_key,
	const uint8_t uuid[STORE_UUID_LEN], int64_t id, const struct secret *state)
{
	uint8_t aad[sizeof binding + STORE_UUID_LEN + 16], text[ODUKPT_STATE_MAX + SEAL_OVERHEAD];

	ENSURE(state->len <= ODUKPT_STATE_MAX, CKR_DEVICE_ERROR);
	TRY(seal(token_key, state_aad(uuid, id, 1, aad), secret_peek(state), state->len, text));
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
static CK_RV read_newest(struct client_file *file, const struct home *h, struct secret *ret,
	unsigned *ret_which, uint64_t *ret_generation)
{
	uint8_t aad[sizeof binding + STORE_UUID_LEN + 16];

	for (unsigned which = 0; which < 2; which++) {
		struct client_text text;
		TRY(client_file_read(file, which, &text));
		if (text.text.n == 0)
			continue;
		CK_RV rv = seal_open(
			&h->key, state_aad(h->uuid, h->id, text.generation, aad), text.text, ret);
		if (rv == CKR_OK)
			rv = odukpt_state_check(secret_peek(ret), ret->len);
		if (rv == CKR_OK) {
			*ret_which = which;
			*ret_generation = text.generation;
			return CKR_OK;
		}
		secret_wipe(ret);
		if (rv == CKR_HOST_MEMORY)
			return rv;
	}
	return FAIL(CKR_DEVICE_ERROR, "a slot of the client's file opens");
}

static CK_RV write_newer(struct client_file *file, const struct home *h, unsigned which,
	uint64_t generation, const struct secret *state)
{
	uint8_t aad[sizeof binding + STORE_UUID_LEN + 16], text[ODUKPT_STATE_MAX + SEAL_OVERHEAD];

	TRY(seal(&h->key, state_aad(h->uuid, h->id, generation, aad), secret_peek(state),
		state->len, text));
	return client_file_write(
		file, which, generation, bytes_of(text, state->len + SEAL_OVERHEAD));
}

static uint64_t next_number(const struct secret *state)
{
	uint8_t shape[2];
	uint64_t number = 0, remaining;

	if (odukpt_state_describe(secret_peek(state), state->len, shape, &number, &remaining) !=
		CKR_OK)
		return UINT64_MAX;
	return number;
}

/* --- Numbers set aside by this process --- */

struct aside {
	struct aside *next;
	struct token *token;
	int64_t id;
	uint32_t users;       /* threads at it; guarded by list_lock */
	bool dead;            /* forgotten; guarded by list_lock */
	pthread_mutex_t lock; /* guards what follows */
	struct secret state;  /* empty: nothing set aside */
	uint64_t limit;       /* numbers below this are ours */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct aside *list;

static struct aside *aside_take(struct token *token, int64_t id, bool make)
{
	pthread_mutex_lock(&list_lock);
	struct aside *a = list;
	while (a != NULL && (a->token != token || a->id != id || a->dead))
		a = a->next;
	if (a == NULL && make && (a = calloc(1, sizeof *a)) != NULL) {
		a->token = token;
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

static void forget_if(struct token *token, int64_t id)
{
	pthread_mutex_lock(&list_lock);
	for (struct aside *a = list; a != NULL; a = a->next)
		if (a->token == token && (id == 0 || a->id == id))
			a->dead = true;
	sweep();
	pthread_mutex_unlock(&list_lock);
}

void client_state_forget(struct token *token)
{
	forget_if(token, 0);
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
static CK_RV claim(struct token *token, int64_t id, uint64_t count, struct derivation *d,
	struct secret *ret_state, uint64_t *ret_limit)
{
	HOME home = {0}; /* wiped on every way out */
	CLIENT_FILE *file = NULL;
	SECRET after = {0};
	SECRET dropped = {0};
	unsigned which;
	uint64_t generation;

	TRY(home_begin(token, id, &home));
	TRY(client_file_open(token->store, id, &file));
	TRY(read_newest(file, &home, ret_state, &which, &generation));
	TRY(secret_set(&after, secret_peek(ret_state), ret_state->len));
	for (uint64_t i = 0; i < count; i++) {
		CK_RV rv = d->mechanism->advance(d, secret_bytes(&after), after.len, &dropped);
		if (rv == CKR_KEYDIV_EXHAUSTED && i > 0)
			break; /* fewer are left than asked for */
		TRY(rv);
	}
	TRY(write_newer(file, &home, which, generation + 1, &after));
	*ret_limit = next_number(&after);
	return CKR_OK;
}

static CK_RV advance_token(struct session *s, int64_t id, uint64_t reserve, struct derivation *d,
	struct secret *ret_key)
{
	struct aside *a = aside_take(s->token, id, true);

	ENSURE(a != NULL, CKR_HOST_MEMORY);
	CK_RV rv = CKR_OK;
	if (a->state.len == 0 || next_number(&a->state) >= a->limit)
		rv = claim(s->token, id, reserve, d, &a->state, &a->limit);
	if (rv == CKR_OK)
		rv = d->mechanism->advance(d, secret_bytes(&a->state), a->state.len, ret_key);
	if (rv != CKR_OK || next_number(&a->state) >= a->limit)
		secret_wipe(&a->state);
	aside_release(a);
	return rv;
}

struct pool_step {
	struct derivation *d;
	struct secret *ret_key;
};

static CK_RV step_in_pool(struct object *o, void *arg)
{
	struct pool_step *step = arg;

	return step->d->mechanism->advance(
		step->d, secret_bytes(&o->value), o->value.len, step->ret_key);
}

CK_RV client_state_advance(struct session *s, CK_OBJECT_HANDLE handle, uint64_t reserve,
	struct derivation *d, struct secret *ret_key)
{
	struct pool_step step = {d, ret_key};
	int64_t id;

	if (!(handle & HANDLE_TOKEN_OBJECT))
		return pool_change(s->token, handle, session_rights(s).user, step_in_pool, &step);
	TRY(token_object_id(s, handle, &id));
	return advance_token(s, id, reserve, d, ret_key);
}

CK_RV client_state_read(struct token *token, int64_t id, struct secret *ret)
{
	HOME home = {0}; /* wiped on every way out */
	CLIENT_FILE *file = NULL;
	struct aside *a = aside_take(token, id, false);
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
	TRY(home_begin(token, id, &home));
	TRY(client_file_open(token->store, id, &file));
	return read_newest(file, &home, ret, &which, &generation);
}

CK_RV client_state_remove(struct token *token, int64_t id)
{
	forget_if(token, id);
	return client_file_remove(token->store, id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c: see session.h.
 *
 * A handle is generation << 16 | index, the generation from 1. The table's pointers are set once
 * and stay, so that looking a session up takes no lock but the session's own.
 */
#include "token/session.h"

#include <stdlib.h>

#include "calls/operation.h"
#include "token/token.h"

#define INDEX_BITS 16
#define SESSIONS_MAX (1u << INDEX_BITS)

static struct session *_Atomic table[SESSIONS_MAX];

/*
 * Guards what follows, and the fields token and read_write of all sessions against sessions_count.
 * Innermost of all locks.
 */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *free_sessions;
static uint32_t table_used;
/*
 * the highest of any session before sessions_stop or a fork: handles are not used again
 * after them either
 */
static uint64_t generations;

static void remember_generation(const struct session *s)
{
	if (s->generation > generations)
		generations = s->generation;
}

CK_RV sessions_start(void)
{
	pthread_mutex_init(&table_lock, NULL); /* in a forked child it may have been held */
	free_sessions = NULL;
	for (; table_used > 0;
		table_used--) { /* in a forked child: the parent's sessions, wiped by sessions_forked */
		remember_generation(atomic_load(&table[table_used - 1]));
		atomic_store(&table[table_used - 1], NULL);
	}
	return CKR_OK;
}

/* --- What a session holds --- */

static void search_drop(struct session *s)
{
	free(s->search.handles);
	s->search = (struct search){0};
}

/* End and wipe everything that depends on who is logged in. The session is locked. */
static void forget(struct session *s)
{
	operations_reset(s);
	key_cache_reset(&s->keys);
	search_drop(s);
}

static void session_free(struct session *s)
{
	forget(s);
	operations_free(s);
	key_cache_free(&s->keys);
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		key_free(s->scratch[i]);
	wipe(s->parameter, sizeof s->parameter);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void sessions_stop(void)
{
	for (uint32_t i = 0; i < table_used; i++) {
		remember_generation(atomic_load(&table[i]));
		session_free(atomic_load(&table[i]));
		atomic_store(&table[i], NULL);
	}
	table_used = 0;
	free_sessions = NULL;
}

void sessions_forked(void)
{
	for (uint32_t i = 0; i < table_used; i++) {
		struct session *s = atomic_load(&table[i]);
		/*
		 * A session that another thread of the parent was in may be half changed: its
		 * operations are not touched.
		 */
		if (pthread_mutex_trylock(&s->lock) == 0) {
			operations_reset(s);
			pthread_mutex_unlock(&s->lock);
		}
		key_cache_reset(&s->keys);
		wipe(s->parameter, sizeof s->parameter);
		for (unsigned k = 0; k < SCRATCH_KEYS; k++)
			if (s->scratch[k] != NULL)
				key_unload(s->scratch[k]);
	}
}

CK_RV session_scratch(struct session *s)
{
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		if (__builtin_expect(s->scratch[i] == NULL, 0)) {
			s->scratch[i] = key_new();
			ENSURE(s->scratch[i] != NULL, CKR_HOST_MEMORY);
		}
	return CKR_OK;
}

/* --- Looking up --- */

CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **ret_session)
{
	struct session *s =
		atomic_load_explicit(&table[handle & (SESSIONS_MAX - 1)], memory_order_acquire);

	ENSURE(s != NULL && handle != 0, CKR_SESSION_HANDLE_INVALID);
	pthread_mutex_lock(&s->lock);
	if (__builtin_expect(s->handle != handle, 0)) {
		pthread_mutex_unlock(&s->lock);
		return FAIL(CKR_SESSION_HANDLE_INVALID, "no such session");
	}
	uint64_t login = atomic_load_explicit(&s->token->login, memory_order_acquire);
	if (__builtin_expect(s->login != login, 0)) {
		/*
		 * A login gives rights and ends nothing; a logout, or a logout and a login
		 * since, ends everything.
		 */
		if ((s->login & LOGIN_MASK) != LOGIN_NONE)
			forget(s);
		s->login = login;
	}
	*ret_session = s;
	return CKR_OK;
}

void session_leave(struct session *s)
{
	pthread_mutex_unlock(&s->lock);
}

/* --- Opening and closing --- */

/* A session struct that is free, new if need be, with its index. The table is locked. */
static CK_RV take_free(struct session **ret)
{
	struct session *s = free_sessions;

	if (s != NULL) {
		free_sessions = s->next_free;
		*ret = s;
		return CKR_OK;
	}
	ENSURE(table_used < SESSIONS_MAX, CKR_SESSION_COUNT);
	s = calloc(1, sizeof *s);
	ENSURE(s != NULL, CKR_HOST_MEMORY);
	pthread_mutex_init(&s->lock, NULL);
	s->index = table_used;
	s->generation = generations;
	s->owned.shard = table_used;
	atomic_store_explicit(&table[table_used++], s, memory_order_release);
	*ret = s;
	return CKR_OK;
}

CK_RV session_open(struct token *token, bool read_write, CK_SESSION_HANDLE *ret_handle)
{
	struct session *s = NULL;

	pthread_mutex_lock(&table_lock);
	CK_RV rv = take_free(&s);
	if (rv == CKR_OK) {
		s->token = token;
		s->read_write = read_write;
		token->sessions++;
		token->read_write_sessions += read_write;
	}
	pthread_mutex_unlock(&table_lock);
	TRY(rv);

	pthread_mutex_lock(&s->lock);
	s->login = atomic_load(&token->login);
	s->handle = ++s->generation << INDEX_BITS | s->index;
	*ret_handle = s->handle;
	pthread_mutex_unlock(&s->lock);
	return CKR_OK;
}

CK_RV session_close(CK_SESSION_HANDLE handle)
{
	struct session *s;

	TRY(session_enter(handle, &s));
	struct token *token = s->token;
	s->handle = 0;
	forget(s);
	pool_destroy_owned(&s->owned);
	pthread_mutex_unlock(&s->lock);

	pthread_mutex_lock(&table_lock);
	token->sessions--;
	token->read_write_sessions -= s->read_write;
	bool last = token->sessions == 0;
	s->token = NULL;
	s->next_free = free_sessions;
	free_sessions = s;
	pthread_mutex_unlock(&table_lock);

	/* PKCS#11 C_CloseSession: the application's last session takes the login with it. */
	if (last && token_login_state(token) != LOGIN_NONE) {
		CK_RV rv = token_logout(token);
		if (rv != CKR_USER_NOT_LOGGED_IN) /* another thread may have been quicker */
			return rv;
	}
	return CKR_OK;
}

/* Call DO_IT with the handle of every session of TOKEN. */
static void each_session(
	struct token *token, void (*do_it)(struct session *s, CK_SESSION_HANDLE handle))
{
	pthread_mutex_lock(&table_lock);
	uint32_t used = table_used;
	pthread_mutex_unlock(&table_lock);

	for (uint32_t i = 0; i < used; i++) {
		struct session *s = atomic_load(&table[i]);
		pthread_mutex_lock(&s->lock);
		CK_SESSION_HANDLE handle = s->handle != 0 && s->token == token ? s->handle : 0;
		pthread_mutex_unlock(&s->lock);
		if (handle != 0)
			do_it(s, handle);
	}
}

static void close_one(struct session *s, CK_SESSION_HANDLE handle)
{
	(void)s;
	if (session_close(handle) != CKR_OK)
		return; /* another thread has closed it */
}

void sessions_close_all(struct token *token)
{
	each_session(token, close_one);
}

static void reset_one(struct session *s, CK_SESSION_HANDLE handle)
{
	struct session *entered;

	(void)s;
	if (session_enter(handle, &entered) == CKR_OK) /* which brings it up to date */
		session_leave(entered);
}

void sessions_reset(struct token *token)
{
	each_session(token, reset_one);
}

void sessions_count(struct token *token, CK_ULONG *ret_all, CK_ULONG *ret_read_write)
{
	pthread_mutex_lock(&table_lock);
	*ret_all = token->sessions;
	*ret_read_write = token->read_write_sessions;
	pthread_mutex_unlock(&table_lock);
}

/* --- Rights --- */

struct rights session_rights(const struct session *s)
{
	enum login login = (enum login)(s->login & LOGIN_MASK);

	return (struct rights){login == LOGIN_USER, login == LOGIN_SO, s->read_write};
}

CK_STATE session_state(const struct session *s)
{
	switch ((enum login)(s->login & LOGIN_MASK)) {
	case LOGIN_USER:
		return s->read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	case LOGIN_SO:
		return CKS_RW_SO_FUNCTIONS;
	default:
		return s->read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
	}
}

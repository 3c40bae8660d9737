/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions.c: see sessions.h.
 *
 * An entry of the table is set once and stays. Therefore looking a session up takes no lock but
 * the session's own.
 */
#include "token/sessions.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "token/handle.h"
#include "token/operations.h"
#include "token/token.h"

static struct session *_Atomic table[HANDLE_SESSIONS_MAX];

/* Guards table_used. Innermost of all locks. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t table_used;

/*
 * The free sessions and the session counts are in shards, so that threads that open and close
 * sessions do not wait for each other. A thread opens sessions of one shard, and a session stays in
 * the shard that it was made for. The lock guards all members and is taken before table_lock.
 */
#define SHARDS 16

static struct session_shard {
	pthread_mutex_t lock;
	struct session *free;
	/* By slot, as count_of() counts. Atomic, because has_sessions reads without the lock. */
	_Atomic uint64_t sessions[HANDLE_SLOT_MASK + 1];
} __attribute__((aligned(64))) shards[SHARDS];

/*
 * A session as part of a count: the low half counts all sessions, the high half those that write.
 */
static inline uint64_t count_of(bool read_write)
{
	return UINT64_C(1) | (uint64_t)read_write << 32;
}

/*
 * The highest serial number of any session before the last sessions_stop or fork. New sessions
 * continue above, so that handles stay unique.
 */
static uint64_t serial_floor;

static void remember_serial(const struct session *s)
{
	if (s->serial > serial_floor)
		serial_floor = s->serial;
}

static void clear_shards(void)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		shards[i].free = NULL;
		memset(shards[i].sessions, 0, sizeof shards[i].sessions);
	}
}

CK_RV sessions_start(void)
{
	/* A parent's thread may have held the locks. */
	pthread_mutex_init(&table_lock, NULL);
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&shards[i].lock, NULL);
	clear_shards();
	for (; table_used > 0; table_used--) { /* only in a forked child: the parent's sessions */
		remember_serial(atomic_load(&table[table_used - 1]));
		atomic_store(&table[table_used - 1], NULL);
	}
	return CKR_OK;
}

/* --- Wiping --- */

/* Not inline, so that session_enter saves few registers. */
__attribute__((noinline)) static void forget_used(struct session *s)
{
	operations_reset(s->operations);
	key_cache_reset(&s->keys);
	kept_search_forget(&s->kept_searches);
	session_end_search(s);
	foreign_close(&s->foreign);
}

/* End and wipe everything that depends on the login. The session is locked. */
static inline void forget_login(struct session *s)
{
	if (s->operations != NULL || s->keys.entries != NULL || s->search.active ||
		s->kept_searches.used || s->foreign.sessions != NULL)
		forget_used(s);
}

static void session_free(struct session *s)
{
	forget_login(s);
	operations_free(s->operations);
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
		remember_serial(atomic_load(&table[i]));
		session_free(atomic_load(&table[i]));
		atomic_store(&table[i], NULL);
	}
	table_used = 0;
	clear_shards();
	key_caches_trim();
}

/* --- Forks --- */

/* The sessions that sessions_before_fork has tried to lock. The lock of the module guards both. */
static uint32_t fork_sessions;

/* Return true if S has nothing that a child must wipe by calls of libcrypto. S is locked. */
static bool is_empty(const struct session *s)
{
	return s->operations == NULL && s->keys.entries == NULL && s->scratch[0] == NULL;
}

/* Lock S for a fork, unless S is empty. Return false if S is in a call. */
static bool hold_for_fork(struct session *s)
{
	if (s->held_by_fork)
		return true;
	if (pthread_mutex_trylock(&s->lock) != 0)
		return false;
	s->held_by_fork = !is_empty(s);
	if (!s->held_by_fork)
		pthread_mutex_unlock(&s->lock);
	return true;
}

static bool hold_all_for_fork(void)
{
	bool all = true;

	for (uint32_t i = 0; i < fork_sessions; i++)
		all &= hold_for_fork(atomic_load(&table[i]));
	return all;
}

/*
 * Locks are tried again and again, instead of waited for, because the session of this thread never
 * becomes free, and because the C library may have no wait that ends by the monotonic clock.
 */
void sessions_before_fork(void)
{
	uint64_t end = clock_ns() + FORK_WAIT_MS * UINT64_C(1000000);

	pthread_mutex_lock(&table_lock);
	fork_sessions = table_used;
	pthread_mutex_unlock(&table_lock);
	for (long pause = 20000; !hold_all_for_fork() && clock_ns() < end; pause += pause / 2)
		nanosleep(&(struct timespec){.tv_nsec = pause < 2000000 ? pause : 2000000}, NULL);
}

/* Unlock S if a fork has locked S. */
static void release_after_fork(struct session *s)
{
	if (!s->held_by_fork)
		return;
	s->held_by_fork = false;
	pthread_mutex_unlock(&s->lock);
}

void sessions_after_fork(void)
{
	for (; fork_sessions > 0; fork_sessions--)
		release_after_fork(atomic_load(&table[fork_sessions - 1]));
}

static void wipe_keys(struct session *s)
{
	operations_reset(s->operations);
	key_cache_reset(&s->keys);
	for (unsigned i = 0; i < SCRATCH_KEYS; i++)
		if (s->scratch[i] != NULL)
			key_unload(s->scratch[i]);
}

void sessions_forked(void)
{
	for (uint32_t i = 0; i < table_used; i++) {
		struct session *s = atomic_load(&table[i]);
		wipe(s->parameter, sizeof s->parameter);
		if (s->held_by_fork)
			wipe_keys(s);
		release_after_fork(s);
	}
	fork_sessions = 0;
}

/* --- Looking up --- */

CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **ret_session)
{
	struct session *s =
		atomic_load_explicit(&table[handle_session_index(handle)], memory_order_acquire);

	REQUIRE(s != NULL && handle != 0, CKR_SESSION_HANDLE_INVALID, "no such session");
	pthread_mutex_lock(&s->lock);
	if (__builtin_expect(s->handle != handle, 0)) {
		pthread_mutex_unlock(&s->lock);
		return FAIL(CKR_SESSION_HANDLE_INVALID, "no such session");
	}
	uint64_t login = atomic_load_explicit(&s->token->login, memory_order_acquire);
	if (__builtin_expect(s->login != login, 0)) {
		/* A login adds rights and ends nothing. A logout since the last call ends all. */
		if ((s->login & LOGIN_MASK) != LOGIN_NONE)
			forget_login(s);
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

/* Set *RET to a new session struct of SHARD, in the table. */
static CK_RV new_session(struct session_shard *shard, struct session **ret)
{
	struct session *s = calloc(1, sizeof *s);

	ENSURE(s != NULL, CKR_HOST_MEMORY);
	pthread_mutex_lock(&table_lock);
	uint32_t index = table_used;
	if (index < HANDLE_SESSIONS_MAX) {
		pthread_mutex_init(&s->lock, NULL);
		s->index = index;
		s->shard = shard;
		s->serial = serial_floor;
		s->owned.shard = index;
		atomic_store_explicit(&table[index], s, memory_order_release);
		table_used = index + 1;
	}
	pthread_mutex_unlock(&table_lock);
	if (index == HANDLE_SESSIONS_MAX) {
		free(s);
		return CKR_SESSION_COUNT; /* another shard may have a free session */
	}
	*ret = s;
	return CKR_OK;
}

/* Set *RET to a free session of SHARD, and count a session of SLOT. */
static CK_RV take(
	struct session_shard *shard, CK_SLOT_ID slot, bool read_write, struct session **ret)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&shard->lock);
	struct session *s = shard->free;
	if (s != NULL)
		shard->free = s->next_free;
	else
		rv = new_session(shard, &s);
	if (rv == CKR_OK) {
		atomic_fetch_add(&shard->sessions[slot], count_of(read_write));
		*ret = s;
	}
	pthread_mutex_unlock(&shard->lock);
	return rv;
}

/* The table is full: *RET = a free session of any shard. */
__attribute__((cold)) static CK_RV take_any(CK_SLOT_ID slot, bool read_write, struct session **ret)
{
	CK_RV rv = CKR_SESSION_COUNT;

	for (unsigned i = 0; rv == CKR_SESSION_COUNT && i < SHARDS; i++)
		rv = take(&shards[i], slot, read_write, ret);
	REQUIRE(rv != CKR_SESSION_COUNT, CKR_SESSION_COUNT, "65536 sessions are open already");
	return rv;
}

CK_RV session_open(struct token *token, bool read_write, CK_SESSION_HANDLE *ret_handle)
{
	struct session *s = NULL;

	CK_RV rv = take(&shards[thread_number() % SHARDS], token->slot, read_write, &s);
	if (__builtin_expect(rv != CKR_OK, 0)) {
		if (rv != CKR_SESSION_COUNT)
			return rv;
		TRY(take_any(token->slot, read_write, &s));
	}

	pthread_mutex_lock(&s->lock);
	s->token = token;
	s->read_write = read_write;
	s->login = atomic_load(&token->login);
	s->handle = handle_of_session(++s->serial, s->index);
	*ret_handle = s->handle;
	pthread_mutex_unlock(&s->lock);
	return CKR_OK;
}

/* Put the closed session S of SLOT back. */
static void give(struct session *s, CK_SLOT_ID slot)
{
	struct session_shard *shard = s->shard;

	pthread_mutex_lock(&shard->lock);
	atomic_fetch_sub(&shard->sessions[slot], count_of(s->read_write));
	s->next_free = shard->free;
	shard->free = s;
	pthread_mutex_unlock(&shard->lock);
}

void sessions_count(struct token *token, CK_ULONG *ret_all, CK_ULONG *ret_read_write)
{
	*ret_all = *ret_read_write = 0;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_lock(&shards[i].lock);
	for (unsigned i = 0; i < SHARDS; i++) {
		uint64_t count = atomic_load(&shards[i].sessions[token->slot]);
		*ret_all += (uint32_t)count;
		*ret_read_write += count >> 32;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_unlock(&shards[i].lock);
}

/*
 * Return true if TOKEN has sessions. A count above 0 in one shard is the answer. If all are 0, a
 * session may have been opened in a shard after the shard was read, so all are counted again
 * under their locks.
 */
static bool has_sessions(struct token *token)
{
	CK_ULONG all, read_write;

	for (unsigned i = 0; i < SHARDS; i++)
		if (atomic_load(&shards[i].sessions[token->slot]) != 0)
			return true;
	sessions_count(token, &all, &read_write);
	return all != 0;
}

CK_RV session_close(CK_SESSION_HANDLE handle)
{
	struct session *s;

	TRY(session_enter(handle, &s));
	struct token *token = s->token;
	s->handle = 0;
	forget_login(s);
	pool_destroy_owned(&s->owned);
	s->token = NULL;
	pthread_mutex_unlock(&s->lock);
	give(s, token->slot);

	if (token_login_state(token) != LOGIN_NONE && !has_sessions(token)) {
		CK_RV rv = sessions_logout(token);
		if (rv != CKR_USER_NOT_LOGGED_IN) /* else another thread has logged out meanwhile */
			return rv;
	}
	return CKR_OK;
}

/* Call VISIT with the handle of every session of TOKEN. */
static void each_session(struct token *token, void (*visit)(CK_SESSION_HANDLE handle))
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
			visit(handle);
	}
}

static void close_one(CK_SESSION_HANDLE handle)
{
	if (session_close(handle) != CKR_OK)
		return; /* another thread has closed the session meanwhile */
}

void sessions_close_all(struct token *token)
{
	each_session(token, close_one);
}

/* --- Logout --- */

/* Entering a session ends what a logout must end. */
static void reset_one(CK_SESSION_HANDLE handle)
{
	struct session *s;

	if (session_enter(handle, &s) == CKR_OK)
		session_leave(s);
}

void sessions_reset(struct token *token)
{
	each_session(token, reset_one);
}

CK_RV sessions_logout(struct token *token)
{
	uint64_t login;

	REQUIRE(token_forget_login(token, &login), CKR_USER_NOT_LOGGED_IN, "nobody is logged in");
	sessions_reset(token);
	/*
	 * A call that was under way in another session may have made one more private object after
	 * token_forget_login. That call has ended now, since its session was entered above.
	 */
	token_destroy_private(token, login);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* module.c: see module.h. */
#include "module.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configure.h"
#include "foreign/foreign.h"
#include "key/key.h"
#include "mechanism.h"
#include "state/reservation.h"
#include "state/window.h"
#include "store/load.h"
#include "token/objects.h"
#include "token/pool.h"
#include "token/self_test_gate.h"

_Atomic int module_state = MODULE_DOWN;

/* Guards the variables below. While the module is up they do not change and are read unlocked. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* This thread has the lock: a foreign module that forks when it ends calls the handlers below. */
static _Thread_local bool locked;

static void take_lock(void)
{
	pthread_mutex_lock(&lock);
	locked = true;
}

static void leave_lock(void)
{
	locked = false;
	pthread_mutex_unlock(&lock);
}

static struct token *tokens[SLOTS_MAX];
static CK_ULONG slot_count;
static bool arenas_watched, fork_watched;
static _Atomic bool self_test_failed;

struct token *module_token(CK_SLOT_ID slot)
{
	return slot < slot_count ? tokens[slot] : NULL;
}

CK_ULONG module_slot_count(void)
{
	return slot_count;
}

/* During C_Initialize the module is not up, and module_start() sets the state. */
void module_fail(const char *why)
{
	int up = MODULE_UP;

	log_error("self-test failed: %s", why);
	atomic_store(&self_test_failed, true);
	atomic_compare_exchange_strong(&module_state, &up, MODULE_FAILED);
}

/* --- Starting and stopping. stop_parts() undoes what was started, in any state --- */

static struct {
	bool crypto, sessions, pool;
} started;

static void stop_parts(void)
{
	if (started.sessions)
		sessions_stop();
	for (CK_ULONG i = 0; i < slot_count; i++) {
		token_close(tokens[i]);
		tokens[i] = NULL;
	}
	slot_count = 0;
	foreign_stop();
	if (started.pool)
		pool_stop();
	if (started.crypto)
		crypto_stop();
	keys_trim();
	secrets_trim();
	memset(&started, 0, sizeof started);
	log_close();
}

static CK_RV open_tokens(const struct config *config)
{
	char dir[PATH_MAX + 16];

	if (store_needs_directory())
		TRY(configure_directory(config->token_dir));
	for (unsigned i = 0; i < config->slots; i++) {
		snprintf(dir, sizeof dir, "%s/slot-%u", config->token_dir, i);
		CK_RV rv = token_open(i, dir, config->scrypt_log2_n, &tokens[i]);
		if (rv != CKR_OK) {
			log_error("%s cannot be opened: %s", dir, rv_name(rv));
			return rv;
		}
		tokens[i]->read_only_login = config->read_only_login;
		slot_count = i + 1;
	}
	return CKR_OK;
}

/*
 * Test the known answers of all primitives, which are the mechanisms that derive nothing. A
 * derivation is tested before its first use.
 */
static CK_RV test_primitives(void)
{
	self_test_gate_start(module_fail);
	for (size_t i = 0; i < mechanism_count; i++)
		if (mechanisms[i]->derive.value == NULL)
			TRY(self_test_gate(i));
	return CKR_OK;
}

static CK_RV start_parts(void)
{
	atomic_store(&self_test_failed, false);
	struct config config;

	TRY(configure(&config));
	mechanisms_offer(config.flat_parameters);
	foreign_start(&config);
	TRY(store_configure(config.store, config.lease_ms));
	TRY(crypto_start());
	started.crypto = true;
	TRY(objects_start());
	TRY(pool_start());
	started.pool = true;
	TRY(sessions_start());
	started.sessions = true;
	/*
	 * Register the handlers of the arenas before those of the store. Handlers before a fork run
	 * in reverse order, and a thread that has a lock of the store may take a block.
	 */
	if (!arenas_watched)
		TRY(fork_watch_arenas());
	arenas_watched = true;
	TRY(open_tokens(&config));
	/*
	 * Register the module's handlers after those of the store. Handlers before a fork run in
	 * reverse order, and the lock of this file is taken before the locks of the store.
	 */
	if (!fork_watched)
		TRY(fork_watch());
	fork_watched = true;
	return test_primitives();
}

CK_RV module_start(void)
{
	CK_RV rv;

	take_lock();
	int state = atomic_load(&module_state);
	if (state == MODULE_DOWN) {
		rv = start_parts();
		module_result("C_Initialize", rv);
		if (rv == CKR_OK)
			atomic_store(&module_state, MODULE_UP);
		else if (atomic_load(&self_test_failed))
			atomic_store(&module_state, MODULE_FAILED);
		else
			stop_parts();
	} else {
		rv = state == MODULE_UP ? CKR_CRYPTOKI_ALREADY_INITIALIZED : CKR_DEVICE_ERROR;
	}
	leave_lock();
	return rv;
}

CK_RV module_stop(void)
{
	CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;

	take_lock();
	if (atomic_load(&module_state) != MODULE_DOWN) {
		atomic_store(&module_state, MODULE_DOWN);
		stop_parts();
		rv = CKR_OK;
	}
	leave_lock();
	return rv;
}

/* --- Forks --- */

/* This thread is between the handlers of a fork, and the process that forks. */
static _Thread_local bool forking;
static pid_t forker;

void module_before_fork(void)
{
	int up = MODULE_UP;

	if (locked)
		return;
	pthread_mutex_lock(&lock);
	forking = true;
	forker = getpid();
	atomic_compare_exchange_strong(&module_state, &up, MODULE_FORKING);
	if (atomic_load(&module_state) != MODULE_DOWN)
		sessions_before_fork();
}

/* Let calls begin and go on. module_fail() may have been called since module_before_fork(). */
static void end_wait(void)
{
	int state = MODULE_FORKING;

	sessions_after_fork();
	if (!atomic_compare_exchange_strong(&module_state, &state, MODULE_UP))
		return;
	state = MODULE_UP;
	if (atomic_load(&self_test_failed))
		atomic_compare_exchange_strong(&module_state, &state, MODULE_FAILED);
}

void module_after_fork(void)
{
	if (locked)
		return;
	end_wait();
	forking = false;
	pthread_mutex_unlock(&lock);
}

/*
 * The guard for a call that a handler of the host program makes while this thread forks. In the
 * child such a handler comes before module_forked(). In the parent the call may need any session,
 * so the fork goes on without the locks of sessions.
 */
static CK_RV guard_in_handler(void)
{
	if (forker != getpid())
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	sessions_after_fork();
	return atomic_load(&self_test_failed) ? CKR_DEVICE_ERROR : CKR_OK;
}

CK_RV module_guard_slow(void)
{
	int state = atomic_load(&module_state);

	if (state == MODULE_FORKING && forking)
		return guard_in_handler();
	while (state == MODULE_FORKING) {
		pthread_mutex_lock(&lock); /* held until the fork is over */
		pthread_mutex_unlock(&lock);
		state = atomic_load(&module_state);
	}
	if (state == MODULE_UP)
		return CKR_OK;
	return state == MODULE_FAILED ? CKR_DEVICE_ERROR : CKR_CRYPTOKI_NOT_INITIALIZED;
}

/*
 * The child has the memory of the parent and none of its threads. A thread of the parent may have
 * been changing any of that memory, so the child uses none of it again.
 */
void module_forked(void)
{
	if (atomic_load(&module_state) != MODULE_DOWN) {
		atomic_store(&module_state, MODULE_DOWN);
		sessions_forked();
		foreign_forked();
		reservations_forked();
		windows_forked();
		keys_forked();
		for (CK_ULONG i = 0; i < slot_count; i++) {
			token_forked(tokens[i]);
			tokens[i] = NULL;
		}
		slot_count = 0;
		memset(&started, 0, sizeof started);
		log_close();
	}
	if (locked)
		return;
	forking = false;
	pthread_mutex_unlock(&lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.h: the state of the module, its slots, and the guard of every entry point.
 *
 * An entry point passes the guard, makes one call into src/calls or src/token, and logs a failure.
 * The guard returns, in the order of PKCS#11 5.1:
 * - CKR_CRYPTOKI_NOT_INITIALIZED;
 * - CKR_DEVICE_ERROR after a failed self-test;
 * - CKR_SESSION_HANDLE_INVALID.
 * Arguments are checked after the guard.
 *
 * module.c has a lock of its own. The lock is held while the module starts or stops and while the
 * process forks, and is taken before any lock of token/sessions.h.
 *
 * Forks. A child has the memory of its parent as it was at the fork, also what a thread of the
 * parent was changing then. Therefore:
 * - A call that begins while the process forks waits in the guard until the fork is over.
 * - The fork waits for the calls that have begun, up to FORK_WAIT_MS (token/sessions.h), and holds
 *   the locks of their sessions. Then it waits for the locks of the stores and of the arenas.
 * - The child wipes everything in the sessions whose locks it has. Of what another thread may have
 *   been changing, the child wipes the bytes in structs of this module. It follows no pointer there
 *   and passes nothing of it to libcrypto.
 */
#ifndef KEYDIV_MODULE_MODULE_H
#define KEYDIV_MODULE_MODULE_H

#include <stdatomic.h>

#include "base/log.h"
#include "base/result.h"
#include "token/sessions.h"
#include "token/token.h"

#define SLOTS_MAX 64

/* MODULE_FORKING is MODULE_UP while the process forks. */
enum module_state { MODULE_DOWN, MODULE_UP, MODULE_FAILED, MODULE_FORKING };

extern _Atomic int module_state;

/*
 * C_Initialize after its arguments were checked. Unless a self-test fails, a failed start leaves
 * nothing behind. CKR_CRYPTOKI_ALREADY_INITIALIZED. CKR_FUNCTION_FAILED: configuration or
 * libcrypto. CKR_DEVICE_ERROR: a self-test failed. CKR_HOST_MEMORY, and the codes of store.h.
 */
MUST_USE CK_RV module_start(void);

/* C_Finalize after its argument was checked. CKR_CRYPTOKI_NOT_INITIALIZED. */
MUST_USE CK_RV module_stop(void);

/* The token of SLOT, or NULL if there is no such slot. Only while the module is up. */
struct token *module_token(CK_SLOT_ID slot);

/* The number of slots. Only while the module is up. */
CK_ULONG module_slot_count(void);

/*
 * Put the module in the error state because of WHY, a failed self-test. C_Finalize ends the state.
 */
void module_fail(const char *why);

/*
 * Called before a fork and after a fork in the parent. Between them the module does not start or
 * stop, no call begins, and no session changes whose call has ended in time.
 */
void module_before_fork(void);
void module_after_fork(void);

/* Called after a fork in the child: wipe all secrets and take the module down. */
void module_forked(void);

/* Have the three functions above called at each fork from now on. CKR_HOST_MEMORY. See fork.c. */
MUST_USE CK_RV fork_watch(void);

/* The same for the functions of base/arena.h. */
MUST_USE CK_RV fork_watch_arenas(void);

/*
 * The guard for a module that is not in state MODULE_UP: wait until a fork of another thread is
 * over, and return CKR_OK if the module is up then.
 */
MUST_USE CK_RV module_guard_slow(void);

/* Return CKR_OK if the module is up. A forked child and the error state are refused here. */
static inline CK_RV module_guard(void)
{
	int state = atomic_load_explicit(&module_state, memory_order_acquire);
	if (__builtin_expect(state == MODULE_UP, 1))
		return CKR_OK;
	return module_guard_slow();
}

/* Return RV, and log a failure of FUNCTION unless RV is part of normal work. */
static inline CK_RV module_result(const char *function, CK_RV rv)
{
	return result_logged(function, rv);
}

/*
 * Bodies of entry points. CALL is evaluated after the guard. In WITH_SESSION, CALL may use the
 * locked `session` of HANDLE. In WITH_TOKEN, CALL may use the `token` of SLOT.
 */
#define WITH_MODULE(call)                                                                          \
	do {                                                                                       \
		CK_RV rv = module_guard();                                                         \
		if (rv == CKR_OK)                                                                  \
			rv = (call);                                                               \
		return rv == CKR_OK ? CKR_OK : module_result(__func__, rv);                        \
	} while (0)

#define WITH_SESSION(handle, call)                                                                 \
	do {                                                                                       \
		struct session *session;                                                           \
		CK_RV rv = module_guard();                                                         \
		if (rv == CKR_OK)                                                                  \
			rv = session_enter((handle), &session);                                    \
		if (rv == CKR_OK) {                                                                \
			rv = (call);                                                               \
			session_leave(session);                                                    \
		}                                                                                  \
		return rv == CKR_OK ? CKR_OK : module_result(__func__, rv);                        \
	} while (0)

static inline CK_RV no_such_slot(void)
{
	return FAIL(CKR_SLOT_ID_INVALID, "no such slot");
}

#define WITH_TOKEN(slot, call)                                                                     \
	do {                                                                                       \
		CK_RV rv = module_guard();                                                         \
		struct token *token = rv == CKR_OK ? module_token(slot) : NULL;                    \
		if (rv == CKR_OK)                                                                  \
			rv = token ? (call) : no_such_slot();                                      \
		return rv == CKR_OK ? CKR_OK : module_result(__func__, rv);                        \
	} while (0)

#endif

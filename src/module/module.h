/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.h: the module as a whole: initialised or not, its slots, and the guard every
 * entry point passes.
 *
 * An entry point is: guard, call, leave. The guard's order (PKCS#11 5.1):
 * CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DEVICE_ERROR (a self-test failed), CKR_SESSION_HANDLE_INVALID,
 * and only then anything about arguments.
 *
 * Locks: module.c has one of its own, held while the module starts, stops or the process forks, and
 * taken before any lock of sessions.h.
 */
#ifndef KEYDIV_MODULE_MODULE_H
#define KEYDIV_MODULE_MODULE_H

#include <stdatomic.h>

#include "base/log.h"
#include "token/sessions.h"
#include "token/token.h"

#define SLOTS_MAX 64

enum module_state { MODULE_DOWN, MODULE_UP, MODULE_FAILED };

extern _Atomic int module_state;

/*
 * C_Initialize and C_Finalize, arguments checked. Start: CKR_CRYPTOKI_ALREADY_INITIALIZED;
 * CKR_FUNCTION_FAILED (configuration, libcrypto), CKR_HOST_MEMORY, codes of store.h, with nothing
 * left behind. Stop: CKR_CRYPTOKI_NOT_INITIALIZED.
 */
MUST_USE CK_RV module_start(void);
MUST_USE CK_RV module_stop(void);

/* The token of SLOT, or NULL; how many slots there are. Only while the module is up. */
struct token *module_token(CK_SLOT_ID slot);
CK_ULONG module_slot_count(void);

/* Put the module in the error state: a self-test failed. Only C_Finalize ends it. */
void module_fail(const char *why);

/*
 * Before a fork and after it in the parent: nobody starts or stops the module meanwhile. In the
 * child: the module is down, its secrets wiped.
 */
void module_before_fork(void);
void module_after_fork(void);
void module_forked(void);

/* fork.c: have the three functions above called at each fork, from now on. CKR_HOST_MEMORY. */
MUST_USE CK_RV fork_watch(void);

/* CKR_OK if the module is up. Forked children and the error state are told here. */
static inline CK_RV module_guard(void)
{
	int state = atomic_load_explicit(&module_state, memory_order_acquire);
	if (__builtin_expect(state == MODULE_UP, 1))
		return CKR_OK;
	return state == MODULE_FAILED ? CKR_DEVICE_ERROR : CKR_CRYPTOKI_NOT_INITIALIZED;
}

/* Log RV as FUNCTION's result, if it is an error worth a line, and return it. */
CK_RV module_result(const char *function, CK_RV rv);

/*
 * The body of an entry point that needs the module, a session, a token: CALL may use
 * `session` or `token`.
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

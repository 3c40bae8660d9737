/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h: the state of the client, and the guard of every entry point.
 *
 * A process has one connection, and one mutex serialises the calls of all threads on it. A waiting
 * thread waits at most as long as the calls before it, each of which has a deadline. A lost
 * connection gives CKR_DEVICE_REMOVED until C_OpenSession connects again.
 *
 * A forked child is another application: it has no connection and must call C_Initialize.
 */
#ifndef KEYDIV_CLIENT_CLIENT_H
#define KEYDIV_CLIENT_CLIENT_H

#include "base/result.h"
#include "call.h"

/*
 * C_Initialize after its arguments were checked: read the configuration, connect, and initialise
 * the module behind the server. A failed start leaves nothing behind. The codes are those of
 * server_start(), CKR_CRYPTOKI_ALREADY_INITIALIZED, and CKR_FUNCTION_FAILED for a configuration
 * that cannot be used.
 */
MUST_USE CK_RV client_start(void);

/* C_Finalize after its argument was checked. CKR_CRYPTOKI_NOT_INITIALIZED. */
MUST_USE CK_RV client_stop(void);

/* CKR_OK if the client is initialised in this process, else CKR_CRYPTOKI_NOT_INITIALIZED. */
MUST_USE CK_RV client_guard(void);

/*
 * Take the mutex and the connection. client_leave() gives the mutex back, also after a failure of
 * calls. The mutex is not taken after a failure.
 * CKR_CRYPTOKI_NOT_INITIALIZED. CKR_DEVICE_REMOVED: the connection is lost.
 */
MUST_USE CK_RV client_enter(struct connection **ret);
void client_leave(void);

/* The same, and connect again if the connection is lost. Codes of server_start() too. */
MUST_USE CK_RV client_enter_again(struct connection **ret);

/* call_run() on the connection of the process, with the guard, the mutex and the log. */
CK_RV client_call(enum call_id id, const uintptr_t *args);

/* Body of an entry point whose function is a call as it is. */
#define CALL_SERVER(name, ...)                                                                     \
	do {                                                                                       \
		const uintptr_t args[] = {__VA_ARGS__};                                            \
		return client_call(CALL_##name, args);                                             \
	} while (0)
#define A(x) ARGUMENT(x)

/* Body of an entry point of several calls. CALL may use the connection `c`. */
#define WITH_CONNECTION(call)                                                                      \
	do {                                                                                       \
		struct connection *c;                                                              \
		CK_RV rv = client_enter(&c);                                                       \
		if (rv == CKR_OK) {                                                                \
			rv = (call);                                                               \
			client_leave();                                                            \
		}                                                                                  \
		return result_logged(__func__, rv);                                                \
	} while (0)

#endif

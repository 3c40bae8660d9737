/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_foreign.h: a small PKCS#11 module that fails on demand. A test loads fake_foreign.so, gets
 * the struct below with the function fake_foreign_control, and changes it while the module works.
 *
 * The module has slots 7 and 8, each with a token ("fake" and "second"), and at most FAKE_KEYS
 * secret keys, which are in both tokens as their `slot` says. Each key can be private.
 */
#ifndef KEYDIV_TESTS_FAKE_FOREIGN_H
#define KEYDIV_TESTS_FAKE_FOREIGN_H

#include <stdbool.h>

#include "base/pkcs11.h"

#define FAKE_KEYS 4
#define FAKE_SLOT 7
#define FAKE_PIN "fake-pin"
#define FAKE_TRIES 3

struct fake_key {
	bool present;
	CK_SLOT_ID slot;
	const char *label;
	CK_KEY_TYPE type;
	CK_ULONG length;
	CK_BYTE value[64];
	CK_MECHANISM_TYPE allowed[2]; /* CKA_ALLOWED_MECHANISMS */
	CK_ULONG allowed_n;
	bool is_private, sign, encrypt, extractable, sensitive;
};

/* Ways to answer with CKR_OK and a wrong result. */
enum fake_lie { FAKE_SHORT = 1, FAKE_LONG, FAKE_EMPTY, FAKE_HUGE, FAKE_WRONG };

struct fake_control {
	/* The fault: FUNCTION fails, after SKIP calls that work, for TIMES calls. */
	const char *function; /* such as "C_Sign", or NULL */
	CK_RV rv;             /* the code, or CKR_OK for a lie */
	enum fake_lie lie;    /* of functions that return something */
	unsigned skip, times;
	/* The keys, mechanisms and state of the module. */
	struct fake_key keys[FAKE_KEYS];
	bool no_cmac, no_ecb, no_hmac, removed, login_required;
	const char *pin;
	/* Called, if not NULL, by C_FindObjectsInit, and by C_CloseSession and C_Finalize. */
	void (*hook)(void), (*end_hook)(void);
	/* Counts of events. */
	unsigned wrong_pins, logins, sessions, initialized, finalized, calls, faults;
	char arguments[256]; /* LibraryParameters */
	bool up, logged_in;
};

typedef struct fake_control *(*fake_foreign_control_function)(void);

/* Forget all sessions and handles, as a reset of the device does. The name: fake_foreign_reset. */
typedef void (*fake_foreign_reset_function)(void);

#endif

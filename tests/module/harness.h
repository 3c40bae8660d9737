/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.h: what every test of this folder stands on: a token of its own in a temporary
 * directory, the module loaded through dlopen as an application loads it, and short ways to say
 * templates and expected codes.
 *
 * main() prepares one initialised token; each test (a process of its own, Check's fork mode) works
 * on a copy of it, so that PINs are stretched once a test. KEYDIV_MODULE names the module.
 */
#ifndef KEYDIV_TESTS_HARNESS_H
#define KEYDIV_TESTS_HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pkcs11.h"
#include "by_client.h"
#include "keydiv.h"
#include "template.h"

/* --- The module and its token --- */

#define SO_PIN "so-87654321"
#define USER_PIN "1234"
#define TOKEN_LABEL "test token"

extern void *library;            /* dlopen handle */
extern CK_FUNCTION_LIST *f;      /* 2.40 */
extern CK_FUNCTION_LIST_3_0 *f3; /* 3.0 */
extern CK_SLOT_ID slot;
extern CK_SESSION_HANDLE s; /* fixture `user`: read-write, user logged in */
extern char test_dir[];     /* this test's directory: keydiv.conf, tokens/ */
extern char token_dir[];    /* the configured token-dir */

/* Make this test's directory with a copy of the prepared token; nothing is loaded. */
void place(void);
/* place(), then dlopen; not initialised. */
void load(void);
/* load() and C_Initialize(CKF_OS_LOCKING_OK). */
void initialize(void);
/* initialize(), a read-write session in s. */
void session(void);
/* session() and the user logged in. */
void user(void);
/* Checked teardown: C_Finalize, dlclose, fails the test if an expectation failed. */
void finish(void);

/* dlopen the module and get its lists, without touching files: for processes of a test's own. */
void open_library(void);
CK_SESSION_HANDLE open_session(CK_FLAGS flags);
void login(CK_USER_TYPE who);
/* C_Finalize and C_Initialize: as a restart of the application. */
void restart(void);
/* Write keydiv.conf: TEXT comes after the token-dir and scrypt lines. */
void write_conf(const char *text);
/*
 * Return true if the module under test is keydiv-client.so. KEYDIV_SERVED_MODULE then names the
 * module behind the server, and KEYDIV_SERVER may name another command for the server.
 */
bool behind_server(void);
/* The path of the token's database file (the only *.db / *.sqlite file under token-dir). */
const char *database(void);

/*
 * Return true under valgrind or a sanitizer. Memory then looks different, and memory that is never
 * freed is an error.
 */
bool instrumented(void);

/* Run SUITE after preparing the token; what main returns. */
int run(Suite *suite);
/* One test case NAME in a suite: the fixture, then its tests. */
TCase *add_case(Suite *suite, const char *name, void (*fixture)(void));

/* --- Expectations --- */

/*
 * The call must give the code. A wrong code is noted with its place, the test goes on and fails
 * at its end.
 */
#define gives(wanted, call) expect_rv((wanted), (wanted), (call), #call, __FILE__, __LINE__)
#define gives_either(one, other, call) expect_rv((one), (other), (call), #call, __FILE__, __LINE__)
/* The call must give CKR_OK, else the test ends here. */
#define ok(call)                                                                                   \
	do {                                                                                       \
		CK_RV ok_rv_ = (call);                                                             \
		if (ok_rv_ != CKR_OK)                                                              \
			ck_abort_msg("%s gave %s", #call, name_of(ok_rv_));                        \
	} while (0)
/* The condition must hold; noted like gives. */
#define holds(condition) expect_true((condition), #condition, __FILE__, __LINE__)

/*
 * Run BODY in a forked process and wait; its failed expectations become ours. True if
 * it ended well.
 */
bool in_child(void (*body)(void));

bool expect_rv(CK_RV one, CK_RV other, CK_RV got, const char *text, const char *file, int line);
bool expect_true(bool condition, const char *text, const char *file, int line);
const char *name_of(CK_RV rv);

/* --- Keys --- */

extern const uint8_t mk[16];   /* 2b7e..., that of SP 800-38A */
extern const uint8_t mk32[32]; /* 00..1f */

/*
 * Import a session key: class, type and value, then the extra attributes. Aborts the
 * test if refused.
 */
CK_OBJECT_HANDLE import(
	CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE *extra, CK_ULONG count);
/* The same with the code instead of an abort. */
CK_RV try_import(CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE *extra, CK_ULONG count,
	CK_OBJECT_HANDLE *ret_key);
/* mk as a readable derivation master, mk as a closed one. */
CK_OBJECT_HANDLE open_master(void);
CK_OBJECT_HANDLE closed_master(void);

/* The parameter DEVICE = SERIAL in P, as a mechanism of TYPE. */
CK_MECHANISM for_device(KEYDIV_PARAMETER *p, CK_MECHANISM_TYPE type, const char *serial);
/* DEVICE_KEY for "SN-000123" from BASE with the template. */
CK_RV derive_device(CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret_key);

/* --- Looking --- */

/* CKA_VALUE must be the bytes of the hexadecimal text. */
#define value_is(key, hex) expect_value((key), (hex), __FILE__, __LINE__)
bool expect_value(CK_OBJECT_HANDLE key, const char *hex, const char *file, int line);
size_t unhex(const char *hex, uint8_t *out);
bool get_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type); /* aborts if there is none */
CK_ULONG get_ulong(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
size_t get_bytes(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, uint8_t *out, size_t room);
/* How many objects match; the first ROOM handles to OUT (may be NULL). */
CK_ULONG find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out,
	CK_ULONG room);
bool exists(CK_OBJECT_HANDLE object);

#endif

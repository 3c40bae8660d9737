/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_support.h: what the tests of src/token share: a token with both PINs in a directory of its
 * own, sessions, and short ways to make keys. A second struct token on the same directory stands
 * for another process where that is enough.
 */
#ifndef KEYDIV_TESTS_TOKEN_SUPPORT_H
#define KEYDIV_TESTS_TOKEN_SUPPORT_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls/derive.h"
#include "calls/find.h"
#include "calls/generate.h"
#include "calls/object_calls.h"
#include "calls/operation.h"
#include "calls/wrapping.h"
#include "state/state.h"
#include "temp_dir.h"
#include "template.h"
#include "token/handle.h"
#include "token/objects.h"
#include "token/self_test_gate.h"
#include "token/session_key.h"
#include "token/sessions.h"
#include "token/token_info.h"
#include "token/token_login.h"
#include "token/token_objects.h"
#include "unit.h"

#define UNUSED __attribute__((unused))
#define PIN(text) bytes_of(text, sizeof(text) - 1)

static char dir[TEMP_DIR_MAX];
static char token_dir[80];
static struct token *token;
static CK_SESSION_HANDLE rw; /* a read-write session of token */

/* --- Sessions: IN(handle, call) is CALL with `s` entered, as an entry point does it --- */

#define IN(handle, call)                                                                           \
	({                                                                                         \
		struct session *s;                                                                 \
		CK_RV in_rv_ = session_enter((handle), &s);                                        \
		if (in_rv_ == CKR_OK) {                                                            \
			in_rv_ = (call);                                                           \
			session_leave(s);                                                          \
		}                                                                                  \
		in_rv_;                                                                            \
	})

UNUSED static CK_SESSION_HANDLE open_session_of(struct token *t, bool read_write)
{
	CK_SESSION_HANDLE handle = 0;

	ck_ok(session_open(t, read_write, &handle));
	ck_assert_uint_ne(handle, 0);
	return handle;
}

/*
 * --- Set-up ---
 *
 * blank_token makes a token without PINs. ready_token sets the PINs and logs nobody in. user_token
 * logs the user in.
 */

UNUSED static struct token *open_token(void)
{
	struct token *t = NULL;

	ck_ok(token_open(5, token_dir, 14, &t));
	CK_RV rv = token_initialized(t); /* reads its identity, as the first session does */
	ck_assert(rv == CKR_OK || rv == CKR_TOKEN_NOT_RECOGNIZED);
	return t;
}

UNUSED static void blank_token(void)
{
	ck_assert(temp_dir_make("unit", dir));
	snprintf(token_dir, sizeof token_dir, "%s/slot-5", dir);
	ck_ok(crypto_start());
	ck_ok(objects_start());
	ck_ok(pool_start());
	ck_ok(sessions_start());
	self_test_gate_start(NULL);
	token = open_token();
}

UNUSED static void ready_token(void)
{
	blank_token();
	ck_ok(token_init(
		token, PIN("so-pin"), (const uint8_t *)"unit tests                      "));
	ck_ok(token_login(token, CKU_SO, PIN("so-pin")));
	ck_ok(token_init_pin(token, PIN("1234")));
	ck_ok(sessions_logout(token));
	rw = open_session_of(token, true);
}

UNUSED static void user_token(void)
{
	ready_token();
	ck_ok(token_login(token, CKU_USER, PIN("1234")));
}

UNUSED static void tear_down(void)
{
	sessions_stop();
	token_close(token);
	pool_stop();
	crypto_stop();
	temp_dir_remove(dir);
}

/* --- Objects --- */

/* 2b7e..., the AES key of SP 800-38A. */
UNUSED static const uint8_t mk[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7,
	0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
#define AES_MK KEY(CKK_AES), RAW(CKA_VALUE, mk, sizeof mk)

/* An object of T in the session HANDLE. */
UNUSED static CK_OBJECT_HANDLE make(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE o = 0;

	ck_ok(IN(handle, create_object(s, t, n, &o)));
	ck_assert_uint_ne(o, 0);
	return o;
}

/* The attribute TYPE of OBJECT to OUT, which has room for N bytes; its length. */
UNUSED static size_t get(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
	void *out, size_t n)
{
	CK_ATTRIBUTE a = {type, out, n};

	ck_ok(IN(handle, get_attributes(s, object, &a, 1)));
	return a.ulValueLen;
}

UNUSED static CK_ULONG get_number(
	CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG v = 0;

	ck_assert_uint_eq(get(handle, object, type, &v, sizeof v), sizeof v);
	return v;
}

/* Ask for the class of OBJECT in the session HANDLE. CKR_OK if the session can see OBJECT. */
UNUSED static CK_RV look(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object)
{
	CK_ULONG v;
	CK_ATTRIBUTE a = {CKA_CLASS, &v, sizeof v};

	return IN(handle, get_attributes(s, object, &a, 1));
}

UNUSED static CK_ULONG count_found(
	CK_SESSION_HANDLE handle, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret, CK_ULONG room)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG got = 0;

	ck_ok(IN(handle, search_begin(s, t, n)));
	ck_ok(IN(handle, search_next(s, found, 64, &got)));
	ck_ok(IN(handle, search_end(s)));
	for (CK_ULONG i = 0; i < got && i < room; i++)
		ret[i] = found[i];
	return got;
}

/* DEVICE_KEY of SERIAL from BASE, readable where the base lets it. */
UNUSED static CK_RV derive_device(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE base,
	const char *serial, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;

	keydiv_put(&p, KEYDIV_DEVICE, serial, strlen(serial));
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	return IN(handle, derive_key(s, &m, base, t, n, ret));
}

#endif

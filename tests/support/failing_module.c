/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing_module.c: a module that passes every call on to the module FAILING_MODULE, and fails one
 * of the calls. Tests of programs load the module in place of the real one, and set:
 *
 *   FAILING_CALL="C_Sign 2 0x30"  the call fails with CKR_DEVICE_ERROR, after two that succeed
 *   FAILING_CALL="C_Sign 2 0x0"   the call succeeds, and its output is none: no object, no slot, no
 *                                 length
 *   FAILING_LOG=file              the name of each call is a line of the file
 */
#include "base/pkcs11.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST_PTR real;
static _Atomic long calls; /* of the function that fails */

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

static void log_call(const char *name)
{
	const char *file = getenv("FAILING_LOG");
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	if (dprintf(fd, "%s\n", name) < 0)
		abort();
	close(fd);
}

/* Return true if this call of NAME fails, with *RET. */
static bool fails(const char *name, CK_RV *ret)
{
	const char *wanted = getenv("FAILING_CALL");
	char function[64];
	unsigned long skip, rv;

	log_call(name);
	if (!wanted || sscanf(wanted, "%63s %lu %lx", function, &skip, &rv) != 3 ||
		strcmp(function, name) != 0 || atomic_fetch_add(&calls, 1) != (long)skip)
		return false;
	*ret = rv;
	return true;
}

/* The function NAME: it fails, or NOTHING is its output, or the real function does its work. */
#define PASS(name, parameters, arguments, nothing)                                                 \
	static CK_RV pass_##name parameters                                                        \
	{                                                                                          \
		CK_RV rv;                                                                          \
		if (!fails(#name, &rv))                                                            \
			return real->name arguments;                                               \
		if (rv == CKR_OK) {                                                                \
			nothing;                                                                   \
		}                                                                                  \
		return rv;                                                                         \
	}

#define SESSION CK_SESSION_HANDLE s
#define OBJECT CK_OBJECT_HANDLE o
#define HANDLE CK_OBJECT_HANDLE_PTR ret
#define IN CK_BYTE_PTR in, CK_ULONG in_len
#define OUT CK_BYTE_PTR out, CK_ULONG_PTR out_len
#define MECHANISM CK_MECHANISM_PTR m
#define TEMPLATE CK_ATTRIBUTE_PTR t, CK_ULONG count

static void hide_attributes(CK_ATTRIBUTE_PTR t, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		t[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
}

/* clang-format off */
PASS(C_Initialize, (CK_VOID_PTR p), (p), )
PASS(C_GetInfo, (CK_INFO_PTR p), (p), memset(p, 0, sizeof *p))
PASS(C_GetSlotList, (CK_BBOOL b, CK_SLOT_ID_PTR p, CK_ULONG_PTR n), (b, p, n), *n = 0)
PASS(C_GetTokenInfo, (CK_SLOT_ID id, CK_TOKEN_INFO_PTR p), (id, p), memset(p, 0, sizeof *p))
PASS(C_GetMechanismList, (CK_SLOT_ID id, CK_MECHANISM_TYPE_PTR p, CK_ULONG_PTR n),
	(id, p, n), *n = 0)
PASS(C_GetMechanismInfo, (CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR p),
	(id, type, p), memset(p, 0, sizeof *p))
PASS(C_InitToken, (CK_SLOT_ID id, CK_UTF8CHAR_PTR pin, CK_ULONG n, CK_UTF8CHAR_PTR label),
	(id, pin, n, label), )
PASS(C_InitPIN, (SESSION, CK_UTF8CHAR_PTR pin, CK_ULONG n), (s, pin, n), )
PASS(C_SetPIN, (SESSION, CK_UTF8CHAR_PTR a, CK_ULONG n, CK_UTF8CHAR_PTR b, CK_ULONG m),
	(s, a, n, b, m), )
PASS(C_OpenSession, (CK_SLOT_ID id, CK_FLAGS flags, CK_VOID_PTR p, CK_NOTIFY notify,
	CK_SESSION_HANDLE_PTR ret),
	(id, flags, p, notify, ret), *ret = 0)
PASS(C_CloseSession, (SESSION), (s), )
PASS(C_GetSessionInfo, (SESSION, CK_SESSION_INFO_PTR p), (s, p), memset(p, 0, sizeof *p))
PASS(C_Login, (SESSION, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n), (s, user, pin, n), )
PASS(C_Logout, (SESSION), (s), )
PASS(C_CreateObject, (SESSION, TEMPLATE, HANDLE), (s, t, count, ret), *ret = 0)
PASS(C_DestroyObject, (SESSION, OBJECT), (s, o), )
PASS(C_GetAttributeValue, (SESSION, OBJECT, TEMPLATE), (s, o, t, count), hide_attributes(t, count))
PASS(C_SetAttributeValue, (SESSION, OBJECT, TEMPLATE), (s, o, t, count), )
PASS(C_FindObjectsInit, (SESSION, TEMPLATE), (s, t, count), )
PASS(C_FindObjects, (SESSION, HANDLE, CK_ULONG n, CK_ULONG_PTR found),
	(s, ret, n, found), *found = 0)
PASS(C_FindObjectsFinal, (SESSION), (s), )
PASS(C_EncryptInit, (SESSION, MECHANISM, OBJECT), (s, m, o), )
PASS(C_Encrypt, (SESSION, IN, OUT), (s, in, in_len, out, out_len), *out_len = 0)
PASS(C_DecryptInit, (SESSION, MECHANISM, OBJECT), (s, m, o), )
PASS(C_Decrypt, (SESSION, IN, OUT), (s, in, in_len, out, out_len), *out_len = 0)
PASS(C_DigestInit, (SESSION, MECHANISM), (s, m), )
PASS(C_Digest, (SESSION, IN, OUT), (s, in, in_len, out, out_len), *out_len = 0)
PASS(C_SignInit, (SESSION, MECHANISM, OBJECT), (s, m, o), )
PASS(C_Sign, (SESSION, IN, OUT), (s, in, in_len, out, out_len), *out_len = 0)
PASS(C_VerifyInit, (SESSION, MECHANISM, OBJECT), (s, m, o), )
PASS(C_Verify, (SESSION, IN, CK_BYTE_PTR mac, CK_ULONG n), (s, in, in_len, mac, n), )
PASS(C_GenerateKey, (SESSION, MECHANISM, TEMPLATE, HANDLE), (s, m, t, count, ret), *ret = 0)
PASS(C_WrapKey, (SESSION, MECHANISM, OBJECT, CK_OBJECT_HANDLE key, OUT),
	(s, m, o, key, out, out_len),
	*out_len = 0)
PASS(C_UnwrapKey, (SESSION, MECHANISM, OBJECT, IN, TEMPLATE, HANDLE),
	(s, m, o, in, in_len, t, count, ret), *ret = 0)
PASS(C_DeriveKey, (SESSION, MECHANISM, OBJECT, TEMPLATE, HANDLE),
	(s, m, o, t, count, ret), *ret = 0)
PASS(C_GenerateRandom, (SESSION, CK_BYTE_PTR p, CK_ULONG n), (s, p, n), )

#define PASSED(X) \
	X(C_Initialize) X(C_GetInfo) X(C_GetSlotList) X(C_GetTokenInfo) X(C_GetMechanismList) \
	X(C_GetMechanismInfo) X(C_InitToken) X(C_InitPIN) X(C_SetPIN) X(C_OpenSession) \
	X(C_CloseSession) X(C_GetSessionInfo) X(C_Login) X(C_Logout) X(C_CreateObject) \
	X(C_DestroyObject) X(C_GetAttributeValue) X(C_SetAttributeValue) X(C_FindObjectsInit) \
	X(C_FindObjects) X(C_FindObjectsFinal) X(C_EncryptInit) X(C_Encrypt) X(C_DecryptInit) \
	X(C_Decrypt) X(C_DigestInit) X(C_Digest) X(C_SignInit) X(C_Sign) X(C_VerifyInit) \
	X(C_Verify) X(C_GenerateKey) X(C_WrapKey) X(C_UnwrapKey) X(C_DeriveKey) X(C_GenerateRandom)
/* clang-format on */

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	static CK_FUNCTION_LIST functions;
	void *module = dlopen(getenv("FAILING_MODULE"), RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get =
		module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;

	if (!get || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	functions = *real;
	functions.C_GetFunctionList = C_GetFunctionList;
#define SET(name) functions.name = pass_##name;
	PASSED(SET)
	*list = &functions;
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counting.c: a PKCS#11 module that passes every call on to SoftHSM (SOFTHSM2_MODULE), and counts
 * the sessions that are open and the calls that make an object.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/pkcs11.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT _Atomic long counted_sessions, counted_objects;

static CK_FUNCTION_LIST *real, counting;

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application,
	CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session)
{
	CK_RV rv = real->C_OpenSession(slot, flags, application, notify, session);

	if (rv == CKR_OK)
		atomic_fetch_add(&counted_sessions, 1);
	return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	CK_RV rv = real->C_CloseSession(session);

	if (rv == CKR_OK)
		atomic_fetch_sub(&counted_sessions, 1);
	return rv;
}

static CK_RV create(
	CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR object)
{
	atomic_fetch_add(&counted_objects, 1);
	return real->C_CreateObject(session, t, n, object);
}

static CK_RV copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE from, CK_ATTRIBUTE_PTR t, CK_ULONG n,
	CK_OBJECT_HANDLE_PTR object)
{
	atomic_fetch_add(&counted_objects, 1);
	return real->C_CopyObject(session, from, t, n, object);
}

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR t, CK_ULONG n,
	CK_OBJECT_HANDLE_PTR object)
{
	atomic_fetch_add(&counted_objects, 1);
	return real->C_GenerateKey(session, m, t, n, object);
}

static CK_RV derive(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE base,
	CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR object)
{
	atomic_fetch_add(&counted_objects, 1);
	return real->C_DeriveKey(session, m, base, t, n, object);
}

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
	void *module = dlopen(getenv("SOFTHSM2_MODULE"), RTLD_NOW | RTLD_LOCAL);

	if (module != NULL)
		*(void **)&get_list = dlsym(module, "C_GetFunctionList");
	if (get_list == NULL || get_list(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	counting = *real;
	counting.C_GetFunctionList = C_GetFunctionList;
	counting.C_OpenSession = open_session;
	counting.C_CloseSession = close_session;
	counting.C_CreateObject = create;
	counting.C_CopyObject = copy;
	counting.C_GenerateKey = generate;
	counting.C_DeriveKey = derive;
	*list = &counting;
	return CKR_OK;
}

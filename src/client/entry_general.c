/* SPDX-License-Identifier: Apache-2.0 */
/* entry_general.c: functions that the client answers itself, wholly or in part. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "mechanism_form.h"
#include "message_state.h"
#include "older.h"
#include "server.h"

/* --- The library --- */

CK_RV C_Initialize(CK_VOID_PTR pInitArgs)
{
	TRY(initialize_check(pInitArgs));
	return client_start();
}

CK_RV C_Finalize(CK_VOID_PTR pReserved)
{
	TRY(client_guard());
	if (pReserved != NULL)
		return result_logged(__func__, CKR_ARGUMENTS_BAD);
	return client_stop();
}

static void put_padded(CK_UTF8CHAR *to, size_t n, const char *text)
{
	memset(to, ' ', n);
	memcpy(to, text, strlen(text));
}

CK_RV C_GetInfo(CK_INFO_PTR pInfo)
{
	unsigned major = 0, minor = 0;

	TRY(client_guard());
	if (pInfo == NULL)
		return result_logged(__func__, CKR_ARGUMENTS_BAD);
	memset(pInfo, 0, sizeof *pInfo);
	pInfo->cryptokiVersion = (CK_VERSION){3, 0};
	put_padded(pInfo->manufacturerID, sizeof pInfo->manufacturerID, "keydiv");
	put_padded(pInfo->libraryDescription, sizeof pInfo->libraryDescription, "keydiv client");
	if (sscanf(KEYDIV_VERSION, "%u.%u", &major, &minor) == 2)
		pInfo->libraryVersion = (CK_VERSION){(CK_BYTE)major, (CK_BYTE)minor};
	return CKR_OK;
}

/* PKCS#11 5.20: "legacy functions which should simply return CKR_FUNCTION_NOT_PARALLEL". */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE hSession)
{
	(void)hSession;
	TRY(client_guard());
	return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE hSession)
{
	(void)hSession;
	TRY(client_guard());
	return CKR_FUNCTION_NOT_PARALLEL;
}

/* The token behind the server has no events, and a server that waits would block all calls. */
CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved)
{
	TRY(client_guard());
	if (pSlot == NULL || pReserved != NULL)
		return result_logged(__func__, CKR_ARGUMENTS_BAD);
	return flags & CKF_DONT_BLOCK ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

/* --- Mechanisms: flat forms are shown as the standard mechanisms --- */

#define MECHANISMS_MAX 1024

/* Replace flat forms by their standard mechanisms, without doubles. Return the new count. */
static CK_ULONG show_standard(CK_MECHANISM_TYPE *list, CK_ULONG n)
{
	CK_ULONG kept = 0;

	for (CK_ULONG i = 0; i < n; i++) {
		CK_MECHANISM_TYPE type = mechanism_of_flat(list[i]);
		CK_ULONG j = 0;

		while (j < kept && list[j] != type)
			j++;
		list[j] = type;
		kept += j == kept;
	}
	return kept;
}

static CK_RV mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_MECHANISM_TYPE all[MECHANISMS_MAX];
	CK_ULONG n = MECHANISMS_MAX;
	struct connection *c;
	const uintptr_t args[] = {slot, A(all), A(&n)}, unchecked[] = {slot, A(list), A(count)};

	TRY(client_enter(&c));
	CK_RV rv = count != NULL ? call_run(c, CALL_C_GetMechanismList, args)
				 : call_run(c, CALL_C_GetMechanismList, unchecked);
	client_leave();
	TRY(rv);
	CK_ULONG room = *count;

	n = show_standard(all, n);
	*count = n;
	if (list != NULL && room < n)
		return CKR_BUFFER_TOO_SMALL;
	if (list != NULL)
		memcpy(list, all, n * sizeof *list);
	return CKR_OK;
}

CK_RV C_GetMechanismList(
	CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList, CK_ULONG_PTR pulCount)
{
	return result_logged(__func__, mechanism_list(slotID, pMechanismList, pulCount));
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slotID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR pInfo)
{
	CALL_SERVER(C_GetMechanismInfo, A(slotID), A(mechanism_on_server(type)), A(pInfo));
}

/* --- Sessions --- */

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE *ret)
{
	struct connection *c;
	const uintptr_t args[] = {slot, flags, A(ret)};

	TRY(client_enter_again(&c));
	CK_RV rv = call_run(c, CALL_C_OpenSession, args);

	if (rv == CKR_OK && !c->checked) {
		rv = server_check_words(c, *ret);
		if (rv == CKR_DEVICE_ERROR)
			server_stop(c);
		c->checked = rv == CKR_OK;
	}
	client_leave();
	return rv;
}

CK_RV C_OpenSession(CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication, CK_NOTIFY Notify,
	CK_SESSION_HANDLE_PTR phSession)
{
	(void)pApplication;
	(void)Notify;
	return result_logged(__func__, open_session(slotID, flags, phSession));
}

static CK_RV close_session(struct connection *c, CK_SESSION_HANDLE session)
{
	const uintptr_t args[] = {session};

	message_close(session);
	return call_run(c, CALL_C_CloseSession, args);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE hSession)
{
	WITH_CONNECTION(close_session(c, hSession));
}

/* The server does not check the slot of C_CloseAllSessions. */
static CK_RV close_all(struct connection *c, CK_SLOT_ID slot)
{
	CK_SLOT_INFO info;
	const uintptr_t ask[] = {slot, A(&info)}, args[] = {slot};

	TRY(call_run(c, CALL_C_GetSlotInfo, ask));
	return call_run(c, CALL_C_CloseAllSessions, args);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slotID)
{
	WITH_CONNECTION(close_all(c, slotID));
}

/* --- Functions that servers of p11-kit 0.24 lack --- */

static CK_RV login_user(struct connection *c, const uintptr_t *args)
{
	return c->dialect == DIALECT_0_24 ? older_login_user(c, args)
					  : call_run(c, CALL_C_LoginUser, args);
}

CK_RV C_LoginUser(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
	CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen)
{
	const uintptr_t args[] = {
		hSession, userType, A(pPin), ulPinLen, A(pUsername), ulUsernameLen};

	WITH_CONNECTION(login_user(c, args));
}

static CK_RV cancel(struct connection *c, CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	const uintptr_t args[] = {session, flags};

	message_cancel(session, flags);
	return c->dialect == DIALECT_0_24 ? older_cancel(c, session, flags)
					  : call_run(c, CALL_C_SessionCancel, args);
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE hSession, CK_FLAGS flags)
{
	WITH_CONNECTION(cancel(c, hSession, flags));
}

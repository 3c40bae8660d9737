/* SPDX-License-Identifier: Apache-2.0 */
/* entry_session.c: session management (PKCS#11 5.6), login and logout. */
#include "calls/operation.h"
#include "module.h"
#include "token/token_login.h"

/*
 * The SO's login and read-only sessions exclude each other (PKCS#11 5.6). The login state is
 * checked again after the session exists, because the SO may have logged in between.
 */
static CK_RV open_session(struct token *token, CK_FLAGS flags, CK_SESSION_HANDLE *ret_handle)
{
	bool read_write = flags & CKF_RW_SESSION;
	CK_SESSION_HANDLE handle;

	REQUIRE(ret_handle != NULL, CKR_ARGUMENTS_BAD, "phSession is NULL");
	REQUIRE(flags & CKF_SERIAL_SESSION, CKR_SESSION_PARALLEL_NOT_SUPPORTED,
		"CKF_SERIAL_SESSION is not set");
	TRY(token_initialized(token));
	REQUIRE(read_write || token_login_state(token) != LOGIN_SO,
		CKR_SESSION_READ_WRITE_SO_EXISTS, "the SO is logged in");
	TRY(session_open(token, read_write, &handle));
	if (!read_write && token_login_state(token) == LOGIN_SO) {
		TRY(session_close(handle));
		return FAIL(CKR_SESSION_READ_WRITE_SO_EXISTS, "the SO is logged in");
	}
	*ret_handle = handle;
	return CKR_OK;
}

/* The notification callback is never called, because nothing happens to a token by itself. */
CK_RV C_OpenSession(CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication, CK_NOTIFY Notify,
	CK_SESSION_HANDLE_PTR phSession)
{
	(void)pApplication;
	(void)Notify;
	WITH_TOKEN(slotID, open_session(token, flags, phSession));
}

CK_RV C_CloseSession(CK_SESSION_HANDLE hSession)
{
	WITH_MODULE(session_close(hSession));
}

static CK_RV close_all(struct token *token)
{
	sessions_close_all(token);
	return CKR_OK;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slotID)
{
	WITH_TOKEN(slotID, close_all(token));
}

static CK_RV session_info(struct session *session, CK_SESSION_INFO *ret)
{
	REQUIRE(ret != NULL, CKR_ARGUMENTS_BAD, "pInfo is NULL");
	ret->slotID = session->token->slot;
	ret->state = session_state(session);
	ret->flags = CKF_SERIAL_SESSION | (session->read_write ? CKF_RW_SESSION : 0);
	ret->ulDeviceError = 0;
	return CKR_OK;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo)
{
	WITH_SESSION(hSession, session_info(session, pInfo));
}

CK_RV C_GetOperationState(
	CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState, CK_ULONG_PTR pulOperationStateLen)
{
	WITH_SESSION(hSession, operation_state_get(session, pOperationState, pulOperationStateLen));
}

/* C_GetOperationState returns no state, so there is none to restore. */
static CK_RV state_set(const CK_BYTE *state)
{
	REQUIRE(state != NULL, CKR_ARGUMENTS_BAD, "pOperationState is NULL");
	return FAIL(CKR_SAVED_STATE_INVALID, "operation states cannot be saved");
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
	CK_ULONG ulOperationStateLen, CK_OBJECT_HANDLE hEncryptionKey,
	CK_OBJECT_HANDLE hAuthenticationKey)
{
	(void)ulOperationStateLen;
	(void)hEncryptionKey;
	(void)hAuthenticationKey;
	WITH_SESSION(hSession, state_set(pOperationState));
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE hSession, CK_FLAGS flags)
{
	WITH_SESSION(hSession, operations_cancel(session, flags));
}

/* --- Login --- */

static bool has_read_only(struct token *token)
{
	CK_ULONG all, read_write;

	sessions_count(token, &all, &read_write);
	return all != read_write;
}

/*
 * The caller holds the lock of SESSION, so the session stays open. Other sessions work meanwhile.
 */
static CK_RV login(struct session *session, CK_USER_TYPE who, CK_BYTE *pin, CK_ULONG pin_len)
{
	REQUIRE(who == CKU_USER || who == CKU_SO || who == CKU_CONTEXT_SPECIFIC,
		CKR_USER_TYPE_INVALID, "no such type of user");
	REQUIRE(who != CKU_CONTEXT_SPECIFIC, CKR_OPERATION_NOT_INITIALIZED,
		"no key requires a login for each use");
	REQUIRE(pin != NULL, CKR_ARGUMENTS_BAD, "pPin is NULL");
	REQUIRE(who != CKU_SO || !has_read_only(session->token), CKR_SESSION_READ_ONLY_EXISTS,
		"a read-only session exists");
	return token_login(session->token, who, bytes_of(pin, pin_len));
}

static CK_RV login_by_handle(
	CK_SESSION_HANDLE handle, CK_USER_TYPE who, CK_BYTE *pin, CK_ULONG pin_len)
{
	struct session *session;

	TRY(session_enter(handle, &session));
	struct token *token = session->token;
	CK_RV rv = login(session, who, pin, pin_len);
	session_leave(session);
	/* A read-only session may have been opened while the PIN was stretched. */
	if (rv == CKR_OK && who == CKU_SO && has_read_only(token)) {
		TRY(sessions_logout(token));
		return FAIL(CKR_SESSION_READ_ONLY_EXISTS, "a read-only session exists");
	}
	return rv;
}

CK_RV C_Login(
	CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	WITH_MODULE(login_by_handle(hSession, userType, pPin, ulPinLen));
}

/* A token has no named users. An empty name means C_Login. */
static CK_RV login_user(CK_SESSION_HANDLE handle, CK_USER_TYPE who, CK_BYTE *pin, CK_ULONG pin_len,
	const CK_BYTE *name, CK_ULONG name_len)
{
	struct session *session;

	if (name_len == 0)
		return login_by_handle(handle, who, pin, pin_len);
	TRY(session_enter(handle, &session));
	session_leave(session);
	REQUIRE(name != NULL, CKR_ARGUMENTS_BAD, "pUsername is NULL");
	return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_LoginUser(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
	CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen)
{
	WITH_MODULE(login_user(hSession, userType, pPin, ulPinLen, pUsername, ulUsernameLen));
}

static CK_RV logout(CK_SESSION_HANDLE handle)
{
	struct session *session;

	TRY(session_enter(handle, &session));
	struct token *token = session->token;
	session_leave(session);
	return sessions_logout(token);
}

CK_RV C_Logout(CK_SESSION_HANDLE hSession)
{
	WITH_MODULE(logout(hSession));
}

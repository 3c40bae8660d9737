/* SPDX-License-Identifier: Apache-2.0 */
/* older.c: see older.h. */
#include "older.h"

#include "call.h"

static CK_RV check_session(struct connection *c, CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info;
	const uintptr_t args[] = {session, ARGUMENT(&info)};

	return call_run(c, CALL_C_GetSessionInfo, args);
}

CK_RV older_login_user(struct connection *c, const uintptr_t *args)
{
	if (args[5] == 0) /* no user name */
		return call_run(c, CALL_C_Login, args);
	TRY(check_session(c, args[0]));
	REQUIRE(args[4] != 0, CKR_ARGUMENTS_BAD, "pUsername is NULL");
	return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV older_cancel(struct connection *c, CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	static const struct {
		CK_FLAGS flag;
		enum call_id finish;
	} operations[] = {{CKF_ENCRYPT, CALL_C_Encrypt}, {CKF_DECRYPT, CALL_C_Decrypt},
		{CKF_DIGEST, CALL_C_Digest}, {CKF_SIGN, CALL_C_Sign}, {CKF_VERIFY, CALL_C_Verify}};
	const uintptr_t args[] = {session};
	CK_RV ignored;

	TRY(check_session(c, session));
	if (flags & CKF_FIND_OBJECTS)
		ignored = call_run(c, CALL_C_FindObjectsFinal, args);
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
		if (flags & operations[i].flag)
			ignored = call_finish(c, operations[i].finish, session);
	(void)ignored;
	return connection_is_open(c) ? CKR_OK : FAIL(CKR_DEVICE_REMOVED, "the connection is lost");
}

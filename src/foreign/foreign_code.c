/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_code.c: see foreign_code.h. */
#include "foreign/foreign_code.h"

#include <stddef.h>

static const struct code {
	CK_RV foreign, ours;
	bool lost;
	const char *reason;
} codes[] = {
	{CKR_DEVICE_REMOVED, CKR_DEVICE_REMOVED, true, "the foreign token was removed"},
	{CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_PRESENT, true, "the foreign token is not there"},
	{CKR_USER_NOT_LOGGED_IN, CKR_USER_NOT_LOGGED_IN, true,
		"nobody is logged in to the foreign token"},
	{CKR_SESSION_HANDLE_INVALID, CKR_DEVICE_ERROR, true, "the foreign session was lost"},
	{CKR_SESSION_CLOSED, CKR_DEVICE_ERROR, true, "the foreign session was lost"},
	{CKR_OBJECT_HANDLE_INVALID, CKR_DEVICE_ERROR, true, "the foreign key was lost"},
	{CKR_KEY_HANDLE_INVALID, CKR_DEVICE_ERROR, true, "the foreign key was lost"},
	/* NSS, if another part of the program has logged out of the token. */
	{CKR_KEY_SIZE_RANGE, CKR_DEVICE_ERROR, true, "the foreign key cannot be used"},
	{CKR_OPERATION_ACTIVE, CKR_DEVICE_ERROR, true, "the foreign session is in use"},
	{CKR_OPERATION_NOT_INITIALIZED, CKR_DEVICE_ERROR, true, "the foreign operation was lost"},
	{CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DEVICE_ERROR, true, "the foreign module was ended"},
	{CKR_HOST_MEMORY, CKR_HOST_MEMORY, false, "no memory"},
	{CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY, false, "the foreign token has no memory"},
	{CKR_TOKEN_NOT_RECOGNIZED, CKR_TOKEN_NOT_RECOGNIZED, false,
		"the foreign token is not recognized"},
	{CKR_PIN_INCORRECT, CKR_PIN_INCORRECT, false, "the PIN for the foreign token is wrong"},
	{CKR_PIN_LEN_RANGE, CKR_PIN_INCORRECT, false, "the PIN for the foreign token is wrong"},
	{CKR_PIN_LOCKED, CKR_PIN_LOCKED, false, "the PIN of the foreign token is locked"},
	{CKR_PIN_EXPIRED, CKR_PIN_EXPIRED, false, "the PIN of the foreign token has expired"},
	{CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_PIN_NOT_INITIALIZED, false,
		"the foreign token has no user PIN"},
	{CKR_SESSION_COUNT, CKR_SESSION_COUNT, false, "the foreign token has no more sessions"},
	{CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_FUNCTION_NOT_PERMITTED, false,
		"the foreign key may not be used in this way"},
	{CKR_MECHANISM_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED, false,
		"the foreign token has no mechanism for this use"},
	{CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_TYPE_INCONSISTENT, false,
		"the foreign token refuses the type of its key"},
};

static const struct code *find(CK_RV rv)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].foreign == rv)
			return &codes[i];
	return NULL;
}

CK_RV foreign_code(CK_RV rv)
{
	const struct code *c = find(rv);
	CK_RV ours = c != NULL ? c->ours : CKR_DEVICE_ERROR;

	if (rv != CKR_OK && ours != rv) /* a code that stays has its explanation already */
		error_note(__FILE__, __LINE__, foreign_reason(rv), ours);
	return rv == CKR_OK ? CKR_OK : ours;
}

const char *foreign_reason(CK_RV rv)
{
	const struct code *c = find(rv);

	return c != NULL ? c->reason : "the foreign token failed";
}

bool foreign_code_lost(CK_RV rv)
{
	const struct code *c = find(rv);

	return c != NULL && c->lost;
}

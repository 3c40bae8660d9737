/* SPDX-License-Identifier: Apache-2.0 */
/* entry_slot.c: slot and token management (PKCS#11 5.5). */
#include <stdio.h>
#include <string.h>

#include "info.h"
#include "mechanism.h"
#include "token/token_info.h"
#include "token/token_login.h"

/*
 * Apply the convention on output of PKCS#11 5.2 to a list of COUNT values, and set *ROOM to
 * COUNT. CKR_BUFFER_TOO_SMALL if LIST is not NULL and *ROOM, the number of values that fit in
 * LIST, was less.
 */
static CK_RV fits(const void *list, CK_ULONG *room, CK_ULONG count)
{
	CK_ULONG given = *room;

	*room = count;
	return list == NULL || given >= count ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

/* All tokens are always present, so tokenPresent has no effect. */
static CK_RV slot_list(CK_SLOT_ID *list, CK_ULONG *count)
{
	REQUIRE(count != NULL, CKR_ARGUMENTS_BAD, "pulCount is NULL");
	CK_ULONG n = module_slot_count(); /* *COUNT is not read again: LIST may overlap *COUNT */

	TRY(fits(list, count, n));
	for (CK_ULONG i = 0; list && i < n; i++)
		list[i] = i;
	return CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, CK_ULONG_PTR pulCount)
{
	(void)tokenPresent;
	WITH_MODULE(slot_list(pSlotList, pulCount));
}

static CK_RV slot_info(const struct token *token, CK_SLOT_INFO *ret)
{
	char text[65];

	REQUIRE(ret != NULL, CKR_ARGUMENTS_BAD, "pInfo is NULL");
	memset(ret, 0, sizeof *ret);
	snprintf(text, sizeof text, "keydiv slot %lu", token->slot);
	put_padded(ret->slotDescription, sizeof ret->slotDescription, text);
	put_padded(ret->manufacturerID, sizeof ret->manufacturerID, "keydiv");
	ret->flags = CKF_TOKEN_PRESENT;
	ret->firmwareVersion = library_version();
	return CKR_OK;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)
{
	WITH_TOKEN(slotID, slot_info(token, pInfo));
}

static CK_RV get_token_info(struct token *token, CK_TOKEN_INFO *ret)
{
	REQUIRE(ret != NULL, CKR_ARGUMENTS_BAD, "pInfo is NULL");
	TRY(token_info(token, ret));
	sessions_count(token, &ret->ulSessionCount, &ret->ulRwSessionCount);
	put_padded(ret->manufacturerID, sizeof ret->manufacturerID, "keydiv");
	put_padded(ret->model, sizeof ret->model, "keydiv");
	ret->hardwareVersion = ret->firmwareVersion = library_version();
	return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)
{
	WITH_TOKEN(slotID, get_token_info(token, pInfo));
}

/* Tokens are never inserted or removed, so there are no events. */
static CK_RV wait_for_event(CK_FLAGS flags, const CK_SLOT_ID *slot, const void *reserved)
{
	REQUIRE(slot != NULL, CKR_ARGUMENTS_BAD, "pSlot is NULL");
	REQUIRE(reserved == NULL, CKR_ARGUMENTS_BAD, "pReserved is not NULL");
	return flags & CKF_DONT_BLOCK ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved)
{
	WITH_MODULE(wait_for_event(flags, pSlot, pReserved));
}

static CK_RV mechanism_list(CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	CK_ULONG offered = 0;

	REQUIRE(count != NULL, CKR_ARGUMENTS_BAD, "pulCount is NULL");
	for (size_t i = 0; i < mechanism_count; i++)
		offered += mechanism_offered(mechanisms[i]);
	TRY(fits(list, count, offered));
	for (size_t i = 0; list && i < mechanism_count; i++)
		if (mechanism_offered(mechanisms[i]))
			*list++ = mechanism_number(mechanisms[i]);
	return CKR_OK;
}

CK_RV C_GetMechanismList(
	CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList, CK_ULONG_PTR pulCount)
{
	WITH_TOKEN(slotID, mechanism_list(pMechanismList, pulCount));
}

static CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *ret)
{
	const struct mechanism *mech = mechanism_find(type);

	REQUIRE(ret != NULL, CKR_ARGUMENTS_BAD, "pInfo is NULL");
	REQUIRE(mech != NULL, CKR_MECHANISM_INVALID, "no such mechanism");
	*ret = mech->info;
	return CKR_OK;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slotID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR pInfo)
{
	WITH_TOKEN(slotID, mechanism_info(type, pInfo));
}

static CK_RV init_token(struct token *token, CK_BYTE *pin, CK_ULONG pin_len, const CK_BYTE *label)
{
	CK_ULONG all, read_write;

	REQUIRE(pin != NULL, CKR_ARGUMENTS_BAD, "pPin is NULL");
	REQUIRE(label != NULL, CKR_ARGUMENTS_BAD, "pLabel is NULL");
	sessions_count(token, &all, &read_write);
	REQUIRE(all == 0, CKR_SESSION_EXISTS, "a session with the token is open");
	return token_init(token, bytes_of(pin, pin_len), label);
}

CK_RV C_InitToken(
	CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pLabel)
{
	WITH_TOKEN(slotID, init_token(token, pPin, ulPinLen, pLabel));
}

static CK_RV init_pin(struct session *session, CK_BYTE *pin, CK_ULONG pin_len)
{
	REQUIRE(session_state(session) == CKS_RW_SO_FUNCTIONS, CKR_USER_NOT_LOGGED_IN,
		"the SO is not logged in");
	REQUIRE(pin != NULL, CKR_ARGUMENTS_BAD, "pPin is NULL");
	return token_init_pin(session->token, bytes_of(pin, pin_len));
}

CK_RV C_InitPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	WITH_SESSION(hSession, init_pin(session, pPin, ulPinLen));
}

static CK_RV set_pin(struct session *session, CK_BYTE *old_pin, CK_ULONG old_len, CK_BYTE *new_pin,
	CK_ULONG new_len)
{
	REQUIRE(session->read_write, CKR_SESSION_READ_ONLY, "the session is read-only");
	REQUIRE(old_pin != NULL, CKR_ARGUMENTS_BAD, "pOldPin is NULL");
	REQUIRE(new_pin != NULL, CKR_ARGUMENTS_BAD, "pNewPin is NULL");
	return token_set_pin(
		session->token, bytes_of(old_pin, old_len), bytes_of(new_pin, new_len));
}

CK_RV C_SetPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
	CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)
{
	WITH_SESSION(hSession, set_pin(session, pOldPin, ulOldLen, pNewPin, ulNewLen));
}

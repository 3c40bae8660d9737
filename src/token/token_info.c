/* SPDX-License-Identifier: Apache-2.0 */
/* token_info.c: C_GetTokenInfo. */
#include "token/token_info.h"

#include <string.h>

#include "token/token_pin.h"

static CK_FLAGS count_flags(
	const struct store_tries *tries, CK_FLAGS low, CK_FLAGS final, CK_FLAGS locked)
{
	if (tries->wrong >= PIN_TRIES || tries->started >= PIN_STARTED_MAX)
		return low | locked;
	if (tries->wrong == 0)
		return 0;
	return tries->wrong == PIN_TRIES - 1 ? low | final : low;
}

static CK_RV add_info_of_initialized(
	struct token *token, const struct store_token *t, CK_TOKEN_INFO *info)
{
	struct store_tries user, so;
	char serial[2 * STORE_SERIAL_LEN + 1];

	TRY(pin_tries(token, LOGIN_USER, &user));
	TRY(pin_tries(token, LOGIN_SO, &so));
	memcpy(info->label, t->label, sizeof info->label);
	hex_encode(t->serial, STORE_SERIAL_LEN, serial);
	memcpy(info->serialNumber, serial, sizeof info->serialNumber);
	info->flags |= CKF_TOKEN_INITIALIZED | (t->user.set ? CKF_USER_PIN_INITIALIZED : 0);
	info->flags |= count_flags(
		&user, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
	info->flags |=
		count_flags(&so, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
	return CKR_OK;
}

CK_RV token_info(struct token *token, CK_TOKEN_INFO *ret_info)
{
	struct store_token stored;
	CK_TOKEN_INFO info = {.flags = CKF_RNG | CKF_LOGIN_REQUIRED};
	CK_RV rv = store_token_get(token->store, &stored);

	if (rv != CKR_OK && rv != CKR_TOKEN_NOT_RECOGNIZED)
		return rv;
	memset(info.label, ' ', sizeof info.label);
	memset(info.serialNumber, ' ', sizeof info.serialNumber);
	memset(info.utcTime, ' ', sizeof info.utcTime); /* no CKF_CLOCK_ON_TOKEN */
	if (rv == CKR_OK)
		TRY(add_info_of_initialized(token, &stored, &info));
	info.flags |= store_is_read_only(token->store) ? CKF_WRITE_PROTECTED : 0;
	info.ulMaxSessionCount = info.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	info.ulMinPinLen = PIN_MIN;
	info.ulMaxPinLen = PIN_MAX;
	info.ulTotalPublicMemory = info.ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
	info.ulTotalPrivateMemory = info.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	*ret_info = info;
	return CKR_OK;
}

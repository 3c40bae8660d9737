/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_choice.h: how the input of foreign_answers.h chooses an answer. */
#ifndef KEYDIV_TESTS_FOREIGN_CHOICE_H
#define KEYDIV_TESTS_FOREIGN_CHOICE_H

#include "foreign_answers.h"

enum answer { RIGHT, WRONG, CODE };

static const CK_RV codes[] = {CKR_OK, CKR_HOST_MEMORY, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED,
	CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID,
	CKR_ATTRIBUTE_VALUE_INVALID, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED,
	CKR_FUNCTION_CANCELED, CKR_FUNCTION_NOT_SUPPORTED, CKR_KEY_HANDLE_INVALID,
	CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED,
	CKR_MECHANISM_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE,
	CKR_OPERATION_NOT_INITIALIZED, CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED,
	CKR_PIN_LOCKED, CKR_SESSION_CLOSED, CKR_SESSION_COUNT, CKR_SESSION_HANDLE_INVALID,
	CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_USER_ALREADY_LOGGED_IN,
	CKR_USER_NOT_LOGGED_IN, CKR_USER_PIN_NOT_INITIALIZED, CKR_BUFFER_TOO_SMALL,
	CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CRYPTOKI_ALREADY_INITIALIZED, 0x80000001UL,
	CK_UNAVAILABLE_INFORMATION};

/* Choose the next answer. A code may be CKR_OK, and nothing is written then. */
static inline enum answer choose(CK_RV *ret_rv)
{
	uint8_t how = take_byte(answers.in);

	*ret_rv = CKR_OK;
	if (how < 0xa0)
		return RIGHT;
	answers.lied = true;
	if (how < 0xd0)
		return WRONG;
	how = take_byte(answers.in);
	*ret_rv =
		how == 255 ? take_number(answers.in) : codes[how % (sizeof codes / sizeof *codes)];
	return CODE;
}

/* Fill N bytes at P with bytes of the input, repeated, of which one differs. */
static inline void garbage(void *p, size_t n)
{
	uint8_t some[4], *to = p;

	for (unsigned i = 0; i < sizeof some; i++)
		some[i] = take_byte(answers.in);
	for (size_t i = 0; i < n; i++)
		to[i] = some[i % sizeof some];
	if (n > 0)
		to[take_byte(answers.in) % n] ^= take_byte(answers.in);
}

static inline CK_ULONG wrong_number(CK_ULONG right)
{
	uint8_t how = take_byte(answers.in);

	return how < 64 ? right - 1 : how < 128 ? right + 1 : take_number(answers.in);
}

static inline void put_text(CK_BYTE *to, size_t n, const char *text)
{
	memset(to, ' ', n);
	memcpy(to, text, strlen(text));
}

#endif

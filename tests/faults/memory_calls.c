/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_calls.c: calls about the module, sessions, logins and objects, and changes of the token,
 * as actions of the regime `memory`.
 */
#include "memory.h"

static CK_OBJECT_HANDLE object;

/* --- The module, sessions and logins --- */

static CK_RV start(struct seat *seat, const void *use)
{
	(void)use;
	return seat_try_start(seat);
}

static CK_RV start_and_end(struct seat *seat, const void *use)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV rv = f->C_Initialize(&args);

	(void)seat;
	(void)use;
	return rv != CKR_OK ? rv : f->C_Finalize(NULL);
}

static CK_RV end(struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	return f->C_Finalize(NULL);
}

static CK_RV open_and_close(struct seat *seat, const void *use)
{
	CK_SESSION_HANDLE other;
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &other);

	(void)seat;
	(void)use;
	return rv != CKR_OK ? rv : f->C_CloseSession(other);
}

static CK_RV close_all(struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	return f->C_CloseAllSessions(slot);
}

/* The login is open afterwards in any case: the next step needs it. */
static CK_RV login_again(struct seat *seat, const void *use)
{
	CK_RV rv = f->C_Logout(seat->session);

	(void)use;
	if (rv == CKR_OK || rv == CKR_USER_NOT_LOGGED_IN)
		rv = f->C_Login(
			seat->session, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof USER_PIN - 1);
	return rv;
}

static CK_RV information(struct seat *seat, const void *use)
{
	CK_MECHANISM_TYPE types[256];
	CK_SESSION_INFO session_info;
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8, types_n = 256;
	CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &n);

	(void)use;
	if (rv == CKR_OK)
		rv = f->C_GetSlotInfo(slot, &slot_info);
	if (rv == CKR_OK)
		rv = f->C_GetTokenInfo(slot, &token_info);
	if (rv == CKR_OK)
		rv = f->C_GetMechanismList(slot, types, &types_n);
	return rv != CKR_OK ? rv : f->C_GetSessionInfo(seat->session, &session_info);
}

static CK_RV random_numbers(struct seat *seat, const void *use)
{
	CK_BYTE bytes[64];
	CK_RV rv = f->C_SeedRandom(seat->session, (CK_BYTE_PTR) "seed", 4);

	(void)use;
	return rv != CKR_OK ? rv : f->C_GenerateRandom(seat->session, bytes, sizeof bytes);
}

/* --- Objects of the session --- */

static void with_object(const struct seat *seat, const void *use)
{
	CK_RV rv = f->C_CreateObject(seat->session,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), READABLE, YES(CKA_ENCRYPT)), &object);

	(void)use;
	if (rv != CKR_OK)
		trouble("no object: %s", name_of(rv));
}

static CK_RV create(struct seat *seat, const void *use)
{
	CK_OBJECT_HANDLE made;

	(void)use;
	return f->C_CreateObject(seat->session,
		T(KEY(CKK_AES), RAW(CKA_VALUE, mk, 16), READABLE, YES(CKA_DERIVE),
			YES(CKA_WRAP_WITH_TRUSTED), STR(CKA_LABEL, "a key"),
			NESTED(CKA_DERIVE_TEMPLATE, NO(CKA_EXTRACTABLE), YES(CKA_SENSITIVE)),
			ALLOWED(CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_CMAC)),
		&made);
}

static uint8_t much[60000];

static CK_RV create_data(struct seat *seat, const void *use)
{
	const CK_BBOOL *token = use;
	CK_OBJECT_HANDLE made;

	return f->C_CreateObject(seat->session,
		T(CLASS(CKO_DATA), RAW(CKA_TOKEN, token, 1), RAW(CKA_VALUE, much, sizeof much),
			STR(CKA_LABEL, "much"), STR(CKA_APPLICATION, "memory")),
		&made);
}

static CK_RV copy(struct seat *seat, const void *use)
{
	CK_OBJECT_HANDLE made;

	(void)use;
	return f->C_CopyObject(seat->session, object, T(STR(CKA_LABEL, "a copy")), &made);
}

static CK_RV set(struct seat *seat, const void *use)
{
	(void)use;
	return f->C_SetAttributeValue(seat->session, object,
		T(RAW(CKA_LABEL, much, 2000), STR(CKA_ID, "an id that is longer than before")));
}

static CK_RV get(struct seat *seat, const void *use)
{
	CK_ULONG size;
	CK_ATTRIBUTE a = {CKA_VALUE, action_result.bytes, 16};
	CK_RV rv = f->C_GetAttributeValue(seat->session, object, &a, 1);

	(void)use;
	action_result.n = 16;
	return rv != CKR_OK ? rv : f->C_GetObjectSize(seat->session, object, &size);
}

static CK_RV make_and_destroy(struct seat *seat, const void *use)
{
	CK_OBJECT_HANDLE made;
	CK_RV rv = f->C_CopyObject(seat->session, object, NOTHING, &made);

	(void)use;
	return rv != CKR_OK ? rv : f->C_DestroyObject(seat->session, made);
}

static CK_RV find_objects(struct seat *seat, const void *use)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 0;
	CK_RV rv = f->C_FindObjectsInit(seat->session, T(CLASS(CKO_SECRET_KEY)));

	(void)use;
	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(seat->session, found, 64, &n);
	CK_RV final = f->C_FindObjectsFinal(seat->session);
	action_result.n = 1;
	action_result.bytes[0] = (uint8_t)n;
	return rv != CKR_OK ? rv : final;
}

/* --- Changes of the token --- */

static CK_RV create_key(struct seat *seat, const void *use)
{
	(void)use;
	return object_create(seat, 3);
}

static CK_RV derive_key(struct seat *seat, const void *use)
{
	(void)use;
	return object_create(seat, 4);
}

static CK_RV derive_client(struct seat *seat, const void *use)
{
	(void)use;
	return object_create(seat, 5);
}

static CK_RV alter(struct seat *seat, const void *use)
{
	(void)use;
	return object_alter(seat, 0);
}

static CK_RV use_key(struct seat *seat, const void *use)
{
	(void)use;
	return object_use(seat, 1);
}

static CK_RV destroy(struct seat *seat, const void *use)
{
	(void)use;
	return object_destroy(seat, 1);
}

static CK_RV destroy_client(struct seat *seat, const void *use)
{
	(void)use;
	return object_destroy(seat, 2);
}

static CK_RV take_number(struct seat *seat, const void *use)
{
	return number_take(seat, *(const unsigned *)use);
}

static CK_RV use_window(struct seat *seat, const void *use)
{
	unsigned which = *(const unsigned *)use;

	return window_use(seat, which, world->head[which] + 20);
}

static CK_RV set_pin(struct seat *seat, const void *use)
{
	(void)use;
	return pin_step(seat);
}

static CK_RV init_token(struct seat *seat, const void *use)
{
	(void)use;
	return fresh_step(seat);
}

static const unsigned which[2] = {0, 1};

static const struct action actions[] = {
	{"C_Initialize and C_Login", FROM_NIL, NULL, start, NULL, false},
	{"C_Initialize and C_Finalize", FROM_NIL, NULL, start_and_end, NULL, false},
	{"C_Finalize", ENDS, NULL, end, NULL, false},
	{"C_CloseAllSessions", ENDS, NULL, close_all, NULL, false},
	{"C_OpenSession and C_CloseSession", CALL, NULL, open_and_close, NULL, false},
	{"C_Logout and C_Login", ENDS, NULL, login_again, NULL, false},
	{"C_GetTokenInfo and others", CALL, NULL, information, NULL, false},
	{"C_GenerateRandom", CALL, NULL, random_numbers, NULL, false},
	{"C_CreateObject in the session", CALL, NULL, create, NULL, false},
	{"C_CreateObject of much data", CALL, NULL, create_data, &template_false, false},
	{"C_CopyObject", CALL, with_object, copy, NULL, false},
	{"C_SetAttributeValue in the session", CALL, with_object, set, NULL, false},
	{"C_GetAttributeValue", CALL, with_object, get, NULL, false},
	{"C_DestroyObject in the session", CALL, with_object, make_and_destroy, NULL, false},
	{"C_FindObjects", CALL, NULL, find_objects, NULL, false},
	{"C_CreateObject", CHANGE, NULL, create_key, NULL, false},
	{"C_DeriveKey to the token", CHANGE, NULL, derive_key, NULL, false},
	{"C_DeriveKey of a client", CHANGE, NULL, derive_client, NULL, false},
	{"C_SetAttributeValue", CHANGE, NULL, alter, NULL, false},
	{"use of a token object", CHANGE, NULL, use_key, NULL, false},
	{"C_DestroyObject", CHANGE, NULL, destroy, NULL, false},
	{"C_DestroyObject of a client", CHANGE, NULL, destroy_client, NULL, false},
	{"NEXT_KEY", CHANGE, NULL, take_number, &which[0], false},
	{"NEXT_KEY with a reservation", CHANGE, NULL, take_number, &which[1], false},
	{"a window", CHANGE, NULL, use_window, &which[0], false},
	{"a window with a reservation", CHANGE, NULL, use_window, &which[1], false},
	{"C_SetPIN", CHANGE, NULL, set_pin, NULL, false},
	{"C_InitToken and C_InitPIN", CHANGE, NULL, init_token, NULL, false},
};

void memory_calls(add_action *add)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		add(&actions[i]);
}

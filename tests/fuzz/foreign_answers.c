/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_answers.c: see foreign_answers.h. */
#include "foreign_answers.h"

#include "base/result.h"
#include "foreign_choice.h"

#define SLOT 7
#define SESSIONS 64
#define OBJECT 55

struct answers answers;
struct key *answers_key;

static struct {
	CK_SESSION_HANDLE handle;
	CK_SLOT_ID slot;
	bool open, failed; /* failed: keydiv must only close the session */
	CK_MECHANISM_TYPE operation;
} sessions[SESSIONS];
static unsigned sessions_n;
static bool up, ours, refused, last_try; /* ours: keydiv has initialised the module last */

static const struct {
	CK_KEY_TYPE type;
	CK_ULONG length;
} kinds[ANSWERS_KINDS] = {{CKK_AES, 16}, {CKK_AES, 32}, {CKK_DES3, 24}, {CKK_GENERIC_SECRET, 20},
	{CKK_SHA256_HMAC, 32}};

void answers_start(struct input *in, unsigned kind, bool login_required, bool no_cmac)
{
	uint8_t value[32];

	answers = (struct answers){.in = in,
		.type = kinds[kind].type,
		.length = kinds[kind].length,
		.login_required = login_required,
		.no_cmac = no_cmac};
	sessions_n = 0;
	up = ours = refused = last_try = false;
	for (unsigned i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)(7 * i + 1);
	MUST(key_load(answers_key, answers.type, value, answers.length) == CKR_OK);
}

unsigned answers_open_sessions(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sessions_n; i++)
		n += sessions[i].open;
	return n;
}

/* --- Sessions that keydiv may use --- */

/* Note RV of a function that has no session. */
static CK_RV give(CK_RV rv)
{
	if (rv == CKR_CRYPTOKI_NOT_INITIALIZED) {
		up = answers.owed = false; /* as far as keydiv can know */
		sessions_n = 0;
	}
	return rv;
}

/* Find the session H. Each is used only until a call with it fails. */
static unsigned use(CK_SESSION_HANDLE h)
{
	unsigned i = sessions_n;

	MUST(up);
	while (i > 0 && !(sessions[i - 1].open && sessions[i - 1].handle == h))
		i--;
	MUST(i > 0 && !sessions[i - 1].failed);
	return i - 1;
}

/* Note RV of a function of session I. TOLERATED: keydiv goes on after this code. */
static CK_RV give_in(unsigned i, CK_RV rv, bool tolerated)
{
	if (rv != CKR_OK && !tolerated)
		sessions[i].failed = true;
	return give(rv);
}

/* --- Module, slots and tokens --- */

static CK_RV initialize(CK_VOID_PTR unused)
{
	CK_RV rv;

	(void)unused;
	MUST(!answers.owed);
	(void)choose(&rv);
	up = rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED;
	answers.owed = ours = rv == CKR_OK;
	return rv;
}

static CK_RV finalize(CK_VOID_PTR unused)
{
	CK_RV rv;

	(void)unused;
	MUST(ours); /* another user of the module would be left without it */
	(void)choose(&rv);
	up = ours = answers.owed = false;
	return rv;
}

static CK_RV get_info(CK_INFO *info)
{
	CK_RV rv;

	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give(rv);
	memset(info, 0, sizeof *info);
	put_text(info->manufacturerID, sizeof info->manufacturerID, "tests");
	put_text(info->libraryDescription, sizeof info->libraryDescription, "answers");
	if (answer == WRONG && take_byte(answers.in) & 1)
		put_text(info->libraryDescription, sizeof info->libraryDescription,
			MODULE_DESCRIPTION);
	else if (answer == WRONG)
		garbage(info, sizeof *info);
	return rv;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
	CK_ULONG room = *n;
	CK_RV rv;

	(void)present;
	MUST(list != NULL && room >= 2);
	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give(rv);
	list[0] = SLOT;
	list[1] = SLOT + 1;
	*n = 2;
	if (answer == WRONG) {
		*n = wrong_number(2);
		if (take_byte(answers.in) & 1)
			garbage(list, (*n < 4 ? *n : 4) * sizeof *list);
	}
	return rv;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	CK_RV rv;

	(void)slot;
	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give(rv);
	memset(info, ' ', sizeof *info);
	info->flags = CKF_TOKEN_PRESENT;
	if (answer == WRONG)
		garbage(info, sizeof *info);
	return rv;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv;

	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give(rv);
	memset(info, 0, sizeof *info);
	put_text(info->label, sizeof info->label, slot == SLOT ? "fake" : "second");
	put_text(info->manufacturerID, sizeof info->manufacturerID, "tests");
	put_text(info->model, sizeof info->model, "model");
	put_text(info->serialNumber, sizeof info->serialNumber, slot == SLOT ? "1" : "2");
	info->flags = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
	if (answers.login_required)
		info->flags |= CKF_LOGIN_REQUIRED;
	if (answer == WRONG && take_byte(answers.in) & 1)
		garbage(info, sizeof *info);
	else if (answer == WRONG)
		info->flags ^= (CK_FLAGS)1 << take_byte(answers.in) % 32;
	last_try = info->flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY);
	return rv;
}

/* Return the function of the mechanism TYPE, or 0 if the token has no such mechanism. */
static CK_FLAGS use_of(CK_MECHANISM_TYPE type)
{
	switch (type) {
	case CKM_AES_ECB:
	case CKM_DES3_ECB:
		return CKF_ENCRYPT;
	case CKM_AES_CMAC:
	case CKM_DES3_CMAC:
		return answers.no_cmac ? 0 : CKF_SIGN;
	default:
		return CKF_SIGN;
	}
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	CK_RV rv;

	(void)slot;
	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give(rv);
	if (answer == RIGHT && use_of(type) == 0)
		return CKR_MECHANISM_INVALID;
	*info = (CK_MECHANISM_INFO){1, 64, use_of(type)};
	if (answer == WRONG)
		info->flags = take_number(answers.in);
	return rv;
}

/* --- Sessions --- */

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
	CK_SESSION_HANDLE *ret)
{
	CK_RV rv;

	(void)application;
	(void)notify;
	MUST(up && (flags & CKF_SERIAL_SESSION) && sessions_n < SESSIONS);
	enum answer answer = choose(&rv);
	if (rv != CKR_OK)
		return give(rv);
	if (answer == RIGHT)
		*ret = 1000 + sessions_n;
	else if (answer == WRONG)
		*ret = take_number(answers.in);
	sessions[sessions_n].handle = *ret;
	sessions[sessions_n].slot = slot;
	sessions[sessions_n].failed = false;
	sessions[sessions_n++].open = true;
	return rv;
}

/* The module may say that closing has failed. Nobody can do more about it than to forget. */
static CK_RV close_session(CK_SESSION_HANDLE h)
{
	unsigned i = sessions_n;
	CK_RV rv;

	MUST(up);
	while (i > 0 && !(sessions[i - 1].open && sessions[i - 1].handle == h))
		i--;
	MUST(i > 0);
	sessions[i - 1].open = false;
	(void)choose(&rv);
	return rv == CKR_CRYPTOKI_NOT_INITIALIZED ? CKR_SESSION_CLOSED : rv;
}

static CK_RV get_session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO *info)
{
	unsigned i = use(h);
	CK_RV rv;

	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give_in(i, rv, false);
	*info = (CK_SESSION_INFO){sessions[i].slot, CKS_RO_PUBLIC_SESSION, CKF_SERIAL_SESSION, 0};
	if (answer == WRONG)
		info->state = take_number(answers.in);
	return rv;
}

static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG n)
{
	unsigned i = use(h);
	CK_RV rv;

	MUST(user == CKU_USER && n == strlen(ANSWERS_PIN) && memcmp(pin, ANSWERS_PIN, n) == 0);
	MUST(!refused && !last_try); /* a PIN that was refused would lock the token */
	(void)choose(&rv);
	refused = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED;
	return give_in(i, rv, rv == CKR_USER_ALREADY_LOGGED_IN);
}

/* --- Objects --- */

static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *t, CK_ULONG n)
{
	unsigned i = use(h);
	CK_RV rv;

	MUST(t != NULL && n > 0);
	(void)choose(&rv);
	return give_in(i, rv, false);
}

static CK_RV find_objects(
	CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *ret, CK_ULONG room, CK_ULONG *ret_n)
{
	unsigned i = use(h);
	CK_RV rv;

	MUST(room == 2);
	enum answer answer = choose(&rv);
	if (answer == CODE)
		return give_in(i, rv, false);
	ret[0] = OBJECT;
	*ret_n = 1;
	if (answer == WRONG) {
		*ret_n = wrong_number(1);
		garbage(ret, room * sizeof *ret);
	}
	return rv;
}

static CK_RV find_final(CK_SESSION_HANDLE h)
{
	unsigned i = use(h);
	CK_RV rv;

	(void)choose(&rv);
	return give_in(i, rv, false);
}

/* Note what the module says about the key. */
static void note(const CK_ATTRIBUTE *a, CK_ULONG number)
{
	if (a->ulValueLen != sizeof number)
		return;
	if (a->type == CKA_KEY_TYPE)
		answers.key_type = number;
	if (a->type == CKA_VALUE_LEN)
		answers.value_len = number;
}

static CK_RV get_attribute(
	CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a, CK_ULONG n)
{
	unsigned i = use(h);
	CK_RV rv;

	(void)object;
	MUST(n == 1 && a->pValue != NULL);
	CK_ULONG room = a->ulValueLen;
	CK_ULONG number = a->type == CKA_KEY_TYPE    ? answers.type
			  : a->type == CKA_VALUE_LEN ? answers.length
						     : 1; /* CK_TRUE as well */
	enum answer answer = choose(&rv);
	if (answer == CODE) {
		note(a, 0); /* nothing was written */
		return give_in(i, rv,
			rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
				(rv == CKR_BUFFER_TOO_SMALL && a->type == CKA_ALLOWED_MECHANISMS));
	}
	if (answer == RIGHT && a->type == CKA_ALLOWED_MECHANISMS)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (answer == WRONG && take_byte(answers.in) & 1)
		number = take_number(answers.in);
	memcpy(a->pValue, &number, room < sizeof number ? room : sizeof number);
	if (answer == WRONG && take_byte(answers.in) & 1)
		a->ulValueLen = wrong_number(room);
	else if (a->type == CKA_ALLOWED_MECHANISMS)
		a->ulValueLen = 8;
	note(a, number);
	return rv;
}

/* --- Computations --- */

/* C_SignInit and C_EncryptInit. */
static CK_RV begin(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	unsigned i = use(h);
	CK_RV rv;

	(void)key;
	MUST(m->pParameter == NULL && m->ulParameterLen == 0);
	(void)choose(&rv);
	sessions[i].operation = m->mechanism;
	return give_in(i, rv, false);
}

static enum mac_kind kind_of(CK_MECHANISM_TYPE type)
{
	return type == CKM_SHA_1_HMAC    ? MAC_HMAC_SHA1
	       : type == CKM_SHA224_HMAC ? MAC_HMAC_SHA224
	       : type == CKM_SHA256_HMAC ? MAC_HMAC_SHA256
	       : type == CKM_SHA384_HMAC ? MAC_HMAC_SHA384
	       : type == CKM_SHA512_HMAC ? MAC_HMAC_SHA512
					 : MAC_CMAC;
}

/* Hand out N bytes of RESULT, which is all that ROOM has space for, or lie about them. */
static CK_RV hand_out(unsigned i, uint8_t *result, CK_ULONG n, CK_BYTE *out, CK_ULONG *len)
{
	CK_ULONG room = *len;
	CK_RV rv;

	MUST(n <= room);
	enum answer answer = choose(&rv);
	if (answer == WRONG && take_byte(answers.in) & 1)
		garbage(result, n);
	if (answer != CODE || rv != CKR_OK)
		memcpy(out, result, n); /* also before a failure, as a broken device does */
	if (answer != CODE)
		*len = answer == WRONG && take_byte(answers.in) & 1 ? wrong_number(n) : n;
	return give_in(i, rv, false);
}

static CK_RV sign(CK_SESSION_HANDLE h, CK_BYTE *in, CK_ULONG n, CK_BYTE *out, CK_ULONG *len)
{
	unsigned i = use(h);
	enum mac_kind kind = kind_of(sessions[i].operation);
	bool cipher = answers.type == CKK_AES || answers.type == CKK_DES3;
	uint8_t mac[KEY_MAC_MAX] = {0};
	size_t size = 16;

	/* With a key of another kind the module answers all the same. */
	if (kind != MAC_CMAC || cipher) {
		size = mac_length(kind, answers_key);
		MUST(key_mac(answers_key, kind, in, n, mac) == CKR_OK);
	}
	CK_RV rv = hand_out(i, mac, size, out, len);
	answers.last.is_mac = true;
	answers.last.n = *len;
	memcpy(answers.last.bytes, mac, size);
	return rv;
}

static CK_RV encrypt(CK_SESSION_HANDLE h, CK_BYTE *in, CK_ULONG n, CK_BYTE *out, CK_ULONG *len)
{
	unsigned i = use(h);
	uint8_t blocks[600] = {0};

	MUST(n <= sizeof blocks);
	if (key_encrypt_blocks(answers_key, NULL, in, n, blocks) != CKR_OK)
		memset(blocks, 0, n); /* a block of the other cipher, or a key of none */
	CK_RV rv = hand_out(i, blocks, n, out, len);
	answers.last.is_mac = false;
	answers.last.n = *len;
	memcpy(answers.last.bytes, blocks, n);
	return rv;
}

CK_FUNCTION_LIST answers_functions = {
	.version = {2, 40},
	.C_Initialize = initialize,
	.C_Finalize = finalize,
	.C_GetInfo = get_info,
	.C_GetSlotList = get_slot_list,
	.C_GetSlotInfo = get_slot_info,
	.C_GetTokenInfo = get_token_info,
	.C_GetMechanismInfo = get_mechanism_info,
	.C_OpenSession = open_session,
	.C_CloseSession = close_session,
	.C_GetSessionInfo = get_session_info,
	.C_Login = login,
	.C_FindObjectsInit = find_init,
	.C_FindObjects = find_objects,
	.C_FindObjectsFinal = find_final,
	.C_GetAttributeValue = get_attribute,
	.C_SignInit = begin,
	.C_Sign = sign,
	.C_EncryptInit = begin,
	.C_Encrypt = encrypt,
};

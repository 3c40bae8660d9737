/* SPDX-License-Identifier: Apache-2.0 */
/* fake_foreign.c: see fake_foreign.h. */
#include "fake_foreign.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define SESSIONS 4096
#define NONE CK_UNAVAILABLE_INFORMATION

enum { IDLE, SIGN, ENCRYPT };

static struct session {
	bool open;
	CK_SLOT_ID slot;
	int operation;
	bool searching;
	CK_OBJECT_HANDLE found[FAKE_KEYS], key;
	CK_ULONG found_n, found_at;
	CK_MECHANISM_TYPE mechanism;
} sessions[SESSIONS];

static struct fake_control control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CK_ULONG epoch; /* part of handles, so that handles die with a reset */

EXPORT struct fake_control *fake_foreign_control(void);
EXPORT void fake_foreign_reset(void);
EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list);

struct fake_control *fake_foreign_control(void)
{
	return &control;
}

void fake_foreign_reset(void)
{
	memset(sessions, 0, sizeof sessions);
	control.sessions = 0;
	control.logged_in = false;
	epoch++;
}

/* Return true if the call of FUNCTION is to fail or to lie. */
static bool faulty(const char *function)
{
	control.calls++;
	if (control.function == NULL || strcmp(function, control.function) != 0)
		return false;
	if (control.skip > 0) {
		control.skip--;
		return false;
	}
	if (control.times == 0)
		return false;
	control.times--;
	control.faults++;
	return true;
}

/* Begin a function: take the lock, and fail if the test wants that. */
#define BEGIN(name)                                                                                \
	pthread_mutex_lock(&lock);                                                                 \
	bool lie = faulty(name);                                                                   \
	(void)lie;                                                                                 \
	if (lie && control.rv != CKR_OK)                                                           \
		return leave(control.rv);                                                          \
	if (!control.up)                                                                           \
	return leave(CKR_CRYPTOKI_NOT_INITIALIZED)

static CK_RV leave(CK_RV rv)
{
	pthread_mutex_unlock(&lock);
	return rv;
}

static struct session *find_session(CK_SESSION_HANDLE h)
{
	CK_ULONG i = h % SESSIONS;

	return h / SESSIONS == epoch + 1 && sessions[i].open ? &sessions[i] : NULL;
}

static bool token_in(CK_SLOT_ID slot)
{
	return !control.removed && (slot == FAKE_SLOT || slot == FAKE_SLOT + 1);
}

#define SESSION(h)                                                                                 \
	struct session *s = find_session(h);                                                       \
	if (s == NULL)                                                                             \
		return leave(CKR_SESSION_HANDLE_INVALID);                                          \
	if (!token_in(s->slot))                                                                    \
	return leave(CKR_DEVICE_REMOVED)

/* --- Module, slots and tokens --- */

static CK_RV initialize(CK_VOID_PTR args)
{
	const CK_C_INITIALIZE_ARGS *a = args;

	pthread_mutex_lock(&lock);
	if (faulty("C_Initialize") && control.rv != CKR_OK)
		return leave(control.rv);
	if (control.up)
		return leave(CKR_CRYPTOKI_ALREADY_INITIALIZED);
	if (a != NULL && a->pReserved != NULL)
		strncpy(control.arguments, a->pReserved, sizeof control.arguments - 1);
	control.up = true;
	control.initialized++;
	fake_foreign_reset();
	epoch = 0; /* handles begin at the same numbers, as those of SoftHSM do */
	return leave(CKR_OK);
}

static CK_RV finalize(CK_VOID_PTR reserved)
{
	(void)reserved;
	BEGIN("C_Finalize");
	if (control.end_hook != NULL)
		control.end_hook();
	control.up = false;
	control.finalized++;
	return leave(CKR_OK);
}

static CK_RV get_info(CK_INFO_PTR info)
{
	BEGIN("C_GetInfo");
	memset(info, ' ', sizeof *info);
	info->cryptokiVersion = (CK_VERSION){2, 40};
	info->libraryVersion = (CK_VERSION){1, 0};
	info->flags = 0;
	return leave(CKR_OK);
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR list, CK_ULONG_PTR n)
{
	BEGIN("C_GetSlotList");
	CK_ULONG count = present && control.removed ? 0 : 2, room = *n;
	*n = lie && control.lie == FAKE_HUGE ? NONE : lie && control.lie == FAKE_EMPTY ? 0 : count;
	if (list != NULL && room < count)
		return leave(CKR_BUFFER_TOO_SMALL);
	for (CK_ULONG i = 0; list != NULL && i < count; i++)
		list[i] = FAKE_SLOT + i;
	return leave(CKR_OK);
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
	(void)slot;
	BEGIN("C_GetSlotInfo");
	memset(info, ' ', sizeof *info);
	info->flags = CKF_TOKEN_PRESENT;
	return leave(CKR_OK);
}

static void put_text(CK_BYTE *to, size_t n, const char *text)
{
	memset(to, ' ', n);
	memcpy(to, text, strlen(text));
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	BEGIN("C_GetTokenInfo");
	if (!token_in(slot))
		return leave(CKR_TOKEN_NOT_PRESENT);
	memset(info, 0, sizeof *info);
	put_text(info->label, sizeof info->label, slot == FAKE_SLOT ? "fake" : "second");
	put_text(info->manufacturerID, sizeof info->manufacturerID, "tests");
	put_text(info->model, sizeof info->model, "model");
	put_text(info->serialNumber, sizeof info->serialNumber, slot == FAKE_SLOT ? "1" : "2");
	info->flags = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
	if (control.login_required)
		info->flags |= CKF_LOGIN_REQUIRED;
	if (control.wrong_pins >= FAKE_TRIES)
		info->flags |= CKF_USER_PIN_LOCKED;
	else if (control.wrong_pins == FAKE_TRIES - 1)
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	return leave(CKR_OK);
}

/* The function of the mechanism TYPE, or 0 if the module has no such mechanism. */
static CK_FLAGS use_of(CK_MECHANISM_TYPE type)
{
	if (type == CKM_AES_ECB || type == CKM_DES3_ECB)
		return control.no_ecb ? 0 : CKF_ENCRYPT;
	if (type == CKM_AES_CMAC || type == CKM_DES3_CMAC)
		return control.no_cmac ? 0 : CKF_SIGN;
	return (type == CKM_SHA256_HMAC || type == CKM_SHA_1_HMAC) && !control.no_hmac ? CKF_SIGN
										       : 0;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
	(void)slot;
	BEGIN("C_GetMechanismInfo");
	CK_FLAGS use = use_of(type);
	if (use == 0)
		return leave(CKR_MECHANISM_INVALID);
	*info = (CK_MECHANISM_INFO){1, 64, use};
	return leave(CKR_OK);
}

/* --- Sessions --- */

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application,
	CK_NOTIFY notify, CK_SESSION_HANDLE_PTR ret)
{
	(void)application;
	(void)notify;
	BEGIN("C_OpenSession");
	if (!token_in(slot))
		return leave(CKR_TOKEN_NOT_PRESENT);
	if (!(flags & CKF_SERIAL_SESSION))
		return leave(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	for (CK_ULONG i = 0; i < SESSIONS; i++)
		if (!sessions[i].open) {
			sessions[i] = (struct session){.open = true, .slot = slot};
			*ret = (epoch + 1) * SESSIONS + i;
			control.sessions++;
			return leave(CKR_OK);
		}
	return leave(CKR_SESSION_COUNT);
}

static CK_RV close_session(CK_SESSION_HANDLE h)
{
	BEGIN("C_CloseSession");
	if (control.end_hook != NULL)
		control.end_hook();
	struct session *s = find_session(h);
	if (s == NULL)
		return leave(CKR_SESSION_HANDLE_INVALID);
	s->open = false;
	if (--control.sessions == 0)
		control.logged_in = false;
	return leave(CKR_OK);
}

static CK_RV get_session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO_PTR info)
{
	BEGIN("C_GetSessionInfo");
	SESSION(h);
	CK_STATE state = control.logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
	*info = (CK_SESSION_INFO){s->slot, state, CKF_SERIAL_SESSION, 0};
	return leave(CKR_OK);
}

static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	BEGIN("C_Login");
	SESSION(h);
	if (user != CKU_USER)
		return leave(CKR_USER_TYPE_INVALID);
	if (control.logged_in)
		return leave(CKR_USER_ALREADY_LOGGED_IN);
	control.logins++;
	if (control.wrong_pins >= FAKE_TRIES)
		return leave(CKR_PIN_LOCKED);
	if (n != strlen(control.pin) || memcmp(pin, control.pin, n) != 0) {
		control.wrong_pins++;
		return leave(CKR_PIN_INCORRECT);
	}
	control.wrong_pins = 0;
	control.logged_in = true;
	return leave(CKR_OK);
}

/* --- Objects --- */

static struct fake_key *find_key(const struct session *s, CK_OBJECT_HANDLE h)
{
	struct fake_key *k = &control.keys[h % FAKE_KEYS];

	if (h / FAKE_KEYS != epoch + 1 || !k->present || k->slot != s->slot)
		return NULL;
	return k->is_private && control.login_required && !control.logged_in ? NULL : k;
}

static bool matches(const struct fake_key *k, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		if (t[i].type == CKA_LABEL &&
			(t[i].ulValueLen != strlen(k->label) ||
				memcmp(t[i].pValue, k->label, t[i].ulValueLen)))
			return false;
		if (t[i].type == CKA_ID)
			return false;
	}
	return true;
}

static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	if (control.hook != NULL)
		control.hook();
	BEGIN("C_FindObjectsInit");
	SESSION(h);
	if (s->searching)
		return leave(CKR_OPERATION_ACTIVE);
	s->searching = true;
	s->found_n = s->found_at = 0;
	for (CK_ULONG i = 0; i < FAKE_KEYS; i++) {
		CK_OBJECT_HANDLE key = (epoch + 1) * FAKE_KEYS + i;
		if (find_key(s, key) != NULL && matches(&control.keys[i], t, n))
			s->found[s->found_n++] = key;
	}
	return leave(CKR_OK);
}

static CK_RV find_objects(
	CK_SESSION_HANDLE h, CK_OBJECT_HANDLE_PTR ret, CK_ULONG room, CK_ULONG_PTR ret_n)
{
	BEGIN("C_FindObjects");
	SESSION(h);
	if (!s->searching)
		return leave(CKR_OPERATION_NOT_INITIALIZED);
	CK_ULONG n = 0;
	while (n < room && s->found_at < s->found_n)
		ret[n++] = s->found[s->found_at++];
	*ret_n = lie && control.lie == FAKE_HUGE ? NONE : lie ? 0 : n;
	return leave(CKR_OK);
}

static CK_RV find_final(CK_SESSION_HANDLE h)
{
	BEGIN("C_FindObjectsFinal");
	SESSION(h);
	s->searching = false;
	return leave(CKR_OK);
}

static CK_RV put(CK_ATTRIBUTE *a, const void *value, CK_ULONG n, bool lie)
{
	if (lie && control.lie == FAKE_HUGE) {
		a->ulValueLen = NONE;
		return CKR_OK;
	}
	if (a->pValue == NULL || a->ulValueLen < n) {
		a->ulValueLen = NONE;
		return CKR_BUFFER_TOO_SMALL;
	}
	memcpy(a->pValue, value, n);
	a->ulValueLen = lie && control.lie == FAKE_SHORT ? n - 1 : n;
	return CKR_OK;
}

static CK_RV get_attribute(
	CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	BEGIN("C_GetAttributeValue");
	SESSION(h);
	const struct fake_key *k = find_key(s, object);
	if (k == NULL)
		return leave(CKR_OBJECT_HANDLE_INVALID);
	if (n != 1)
		return leave(CKR_ARGUMENTS_BAD);
	if (t->type == CKA_KEY_TYPE)
		return leave(put(t, &k->type, sizeof k->type, lie));
	if (t->type == CKA_VALUE_LEN)
		return leave(put(t, &k->length, sizeof k->length, lie));
	if (t->type == CKA_ALLOWED_MECHANISMS && k->allowed_n > 0)
		return leave(put(t, k->allowed, k->allowed_n * sizeof k->allowed[0], lie));
	CK_BBOOL flag = t->type == CKA_SIGN          ? k->sign
			: t->type == CKA_ENCRYPT     ? k->encrypt
			: t->type == CKA_EXTRACTABLE ? k->extractable
			: t->type == CKA_SENSITIVE   ? k->sensitive
						     : 2;
	if (flag == 2)
		return leave(CKR_ATTRIBUTE_TYPE_INVALID);
	return leave(put(t, &flag, sizeof flag, lie));
}

/* --- Computations --- */

static CK_RV begin(struct session *s, int operation, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	const struct fake_key *k = find_key(s, key);

	if (s->operation != IDLE)
		return CKR_OPERATION_ACTIVE;
	if (k == NULL)
		return CKR_KEY_HANDLE_INVALID;
	if (use_of(m->mechanism) != (operation == SIGN ? CKF_SIGN : CKF_ENCRYPT))
		return CKR_MECHANISM_INVALID;
	if (k->allowed_n > 0 && m->mechanism != k->allowed[0] && m->mechanism != k->allowed[1])
		return CKR_MECHANISM_INVALID;
	if (operation == SIGN ? !k->sign : !k->encrypt)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	s->operation = operation;
	s->key = key;
	s->mechanism = m->mechanism;
	return CKR_OK;
}

static CK_RV sign_init(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	BEGIN("C_SignInit");
	SESSION(h);
	return leave(begin(s, SIGN, m, key));
}

static CK_RV encrypt_init(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	BEGIN("C_EncryptInit");
	SESSION(h);
	return leave(begin(s, ENCRYPT, m, key));
}

static const char *cipher_name(const struct fake_key *k, bool ecb)
{
	static const char *const names[2][3] = {{"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"},
		{"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"}};

	if (k->type != CKK_AES)
		return k->type == CKK_DES3 ? (ecb ? "DES-EDE3-ECB" : "DES-EDE3-CBC")
					   : "DES-EDE-ECB";
	return names[ecb][k->length / 8 - 2];
}

static size_t compute_mac(const struct fake_key *k, CK_MECHANISM_TYPE mechanism, const CK_BYTE *in,
	CK_ULONG n, CK_BYTE out[64])
{
	bool hmac = mechanism == CKM_SHA256_HMAC || mechanism == CKM_SHA_1_HMAC;
	const char *value =
		hmac ? (mechanism == CKM_SHA_1_HMAC ? "SHA1" : "SHA256") : cipher_name(k, false);
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(
				       hmac ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER,
				       (char *)(uintptr_t)value, 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, hmac ? "HMAC" : "CMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t len = 0;

	if (!EVP_MAC_init(ctx, k->value, k->length, params) || !EVP_MAC_update(ctx, in, n) ||
		!EVP_MAC_final(ctx, out, &len, 64))
		len = 0;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return len;
}

static size_t compute_ecb(const struct fake_key *k, const CK_BYTE *in, CK_ULONG n, CK_BYTE *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name(k, true), NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	if (!EVP_EncryptInit_ex2(ctx, cipher, k->value, NULL, NULL) ||
		!EVP_CIPHER_CTX_set_padding(ctx, 0) ||
		!EVP_EncryptUpdate(ctx, out, &len, in, (int)n))
		len = 0;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return (size_t)len;
}

/* Hand RESULT out, or lie about it. A failed call has written a part of a wrong result before. */
static CK_RV give(const CK_BYTE *result, size_t n, bool lie, CK_BYTE *out, CK_ULONG *len)
{
	if (*len < n + 1)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(out, result, n);
	*len = n;
	if (!lie)
		return CKR_OK;
	if (control.lie == FAKE_WRONG)
		out[n / 2] ^= 0x40;
	*len = control.lie == FAKE_SHORT   ? n - 1
	       : control.lie == FAKE_LONG  ? n + 1
	       : control.lie == FAKE_EMPTY ? 0
	       : control.lie == FAKE_HUGE  ? NONE
					   : n;
	return CKR_OK;
}

static CK_RV compute(CK_SESSION_HANDLE h, int operation, bool lie, CK_BYTE *in, CK_ULONG n,
	CK_BYTE *out, CK_ULONG *len)
{
	CK_BYTE result[4096];
	SESSION(h);
	const struct fake_key *k = find_key(s, s->key);
	bool right = s->operation == operation;

	s->operation = IDLE;
	if (!right)
		return leave(CKR_OPERATION_NOT_INITIALIZED);
	if (k == NULL)
		return leave(CKR_KEY_HANDLE_INVALID);
	if (operation == ENCRYPT && n > sizeof result)
		return leave(CKR_DATA_LEN_RANGE);
	size_t size = operation == SIGN ? compute_mac(k, s->mechanism, in, n, result)
					: compute_ecb(k, in, n, result);
	if (size == 0)
		return leave(CKR_FUNCTION_FAILED);
	return leave(give(result, size, lie, out, len));
}

/* The fault comes after rubbish was written to the output, as a broken device would do. */
static CK_RV sign(
	CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
	memset(out, 0x55, *len);
	BEGIN("C_Sign");
	return compute(h, SIGN, lie, in, n, out, len);
}

static CK_RV encrypt(
	CK_SESSION_HANDLE h, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
	memset(out, 0x55, *len);
	BEGIN("C_Encrypt");
	return compute(h, ENCRYPT, lie, in, n, out, len);
}

/* --- The list. keydiv must call no other function, so the others are NULL. --- */

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	static CK_FUNCTION_LIST functions = {
		.version = {2, 40},
		.C_Initialize = initialize,
		.C_Finalize = finalize,
		.C_GetInfo = get_info,
		.C_GetFunctionList = C_GetFunctionList,
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
		.C_SignInit = sign_init,
		.C_Sign = sign,
		.C_EncryptInit = encrypt_init,
		.C_Encrypt = encrypt,
	};

	*list = &functions;
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* parameter_calls.c: see parameter_calls.h. */
#include "parameter_calls.h"

#include <stdbool.h>
#include <string.h>

#include "keydiv.h"
#include "template.h"

static const CK_BYTE value[32] = {1, 2, 4, 7, 8, 11, 13, 14, 16, 19, 21, 22, 25, 26, 28, 31, 32, 35,
	37, 38, 41, 42, 44, 47, 49, 50, 52, 55, 56, 59, 61, 62}; /* odd parity */

#define SESSION_KEY(type, n) KEY(type), RAW(CKA_VALUE, value, n)

static CK_RV make(struct parameter_calls *c, CK_KEY_TYPE type, CK_ULONG n, CK_OBJECT_HANDLE *use,
	CK_OBJECT_HANDLE *base)
{
	CK_RV rv = c->f->C_CreateObject(c->session,
		T(SESSION_KEY(type, n), YES(CKA_SIGN), YES(CKA_VERIFY), YES(CKA_ENCRYPT),
			YES(CKA_DECRYPT)),
		use);

	if (rv != CKR_OK)
		return rv;
	return c->f->C_CreateObject(c->session,
		T(SESSION_KEY(type, n), OPEN_MASTER,
			ALLOWED(CKM_HKDF_DERIVE, CKM_HKDF_DATA, CKM_SP800_108_COUNTER_KDF,
				CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF,
				CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA,
				CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA,
				CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_CMAC, CKM_KEYDIV_AN10922,
				CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_KEYDIV_WITH_DERIVED_KEY)),
		base);
}

CK_RV parameter_calls_keys(struct parameter_calls *calls)
{
	/* A type (4 bytes), a length (4 bytes) and CK_FALSE. */
	static const CK_BYTE forbids[] = {0, 0, 1, 4, 0, 0, 0, 1, 0};
	static const struct {
		CK_KEY_TYPE type;
		CK_ULONG n;
	} keys[] = {{CKK_AES, 16}, {CKK_DES3, 24}, {CKK_GENERIC_SECRET, 32}};

	for (unsigned i = 0; i < 3; i++) {
		CK_RV rv = make(calls, keys[i].type, keys[i].n, &calls->use[i], &calls->base[i]);
		if (rv != CKR_OK)
			return rv;
	}
	CK_RV rv = calls->f->C_CreateObject(calls->session,
		T(SESSION_KEY(CKK_AES, 32), YES(CKA_WRAP), YES(CKA_UNWRAP)), &calls->wrap);
	if (rv != CKR_OK)
		return rv;
	return calls->f->C_CreateObject(calls->session,
		T(SESSION_KEY(CKK_AES, 32), YES(CKA_WRAP), YES(CKA_UNWRAP),
			RAW(CKA_KEYDIV_FLAT_WRAP_TEMPLATE, forbids, sizeof forbids),
			RAW(CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE, forbids, sizeof forbids)),
		&calls->templates);
}

/* Count a result, and destroy the object that the call made. */
static unsigned made(const struct parameter_calls *c, CK_RV rv, CK_OBJECT_HANDLE object)
{
	if (rv != CKR_OK)
		return 0;
	(void)c->f->C_DestroyObject(c->session, object);
	return 1;
}

static unsigned key_calls(const struct parameter_calls *c, CK_MECHANISM *m)
{
	CK_OBJECT_HANDLE object = 0;
	CK_BYTE out[64];
	CK_ULONG n = sizeof out;
	unsigned count = 0;

	for (unsigned i = 0; i < 3; i++) {
		CK_RV rv = c->f->C_DeriveKey(c->session, m, c->base[i], NOTHING, &object);
		count += made(c, rv, object);
		rv = c->f->C_DeriveKey(
			c->session, m, c->base[i], T(CLASS(CKO_DATA), LENGTH(16)), &object);
		count += made(c, rv, object);
	}
	/* A password may ask for 2^31 rounds, so the template is one that fails before them. */
	CK_ULONG length = m->mechanism == CKM_KEYDIV_FLAT_PKCS5_PBKD2 ? 17 : 16;
	CK_RV rv = c->f->C_GenerateKey(c->session, m, T(TYPE(CKK_AES), LENGTH(length)), &object);
	count += made(c, rv, object);
	count += c->f->C_WrapKey(c->session, m, c->wrap, c->use[0], out, &n) == CKR_OK;
	rv = c->f->C_UnwrapKey(c->session, m, c->wrap, out, 24, T(KEY(CKK_AES)), &object);
	return count + made(c, rv, object);
}

/* Begin and end each operation. */
static unsigned operation_calls(const struct parameter_calls *c, CK_MECHANISM *m)
{
	CK_RV(*const begin[])
	(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE) = {c->f->C_EncryptInit,
		c->f->C_DecryptInit, c->f->C_SignInit, c->f->C_VerifyInit, c->f->C_SignRecoverInit,
		c->f->C_VerifyRecoverInit, c->f3->C_MessageEncryptInit, c->f3->C_MessageDecryptInit,
		c->f3->C_MessageSignInit, c->f3->C_MessageVerifyInit};
	CK_BYTE text[32] = {0}, out[96];
	CK_ULONG n = sizeof out;
	unsigned count = 0;

	for (unsigned i = 0; i < sizeof begin / sizeof begin[0]; i++)
		for (unsigned k = 0; k < 6; k++) {
			CK_OBJECT_HANDLE key = k < 3 ? c->use[k] : c->base[k - 3];
			if (begin[i](c->session, m, key) != CKR_OK)
				continue;
			count++;
			if (i == 0)
				(void)c->f->C_Encrypt(c->session, text, sizeof text, out, &n);
			if (i == 2)
				(void)c->f->C_Sign(c->session, text, sizeof text, out, &n);
			(void)begin[i](c->session, NULL, 0);
			if (i >= 6)
				(void)c->f3->C_SessionCancel(
					c->session, CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT |
							    CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY);
		}
	if (c->f->C_DigestInit(c->session, m) == CKR_OK) {
		count++;
		(void)c->f->C_DigestInit(c->session, NULL);
	}
	return count;
}

/* A buffer of a message, and the parameter of the message. */
struct message {
	CK_SESSION_HANDLE s;
	void *p;
	CK_ULONG n;
	CK_BYTE text[32], out[96];
	CK_ULONG out_n;
};

static CK_ULONG *room(struct message *m)
{
	m->out_n = sizeof m->out;
	return &m->out_n;
}

static unsigned cipher_messages(const CK_FUNCTION_LIST_3_0 *f3, struct message *m, bool encrypt)
{
	CK_ULONG n = sizeof m->text;
	unsigned count = 0;

	if (encrypt) {
		count += f3->C_EncryptMessage(m->s, m->p, m->n, m->text, 5, m->text, n, m->out,
				 room(m)) == CKR_OK;
		count += f3->C_EncryptMessageBegin(m->s, m->p, m->n, m->text, 5) == CKR_OK;
		count += f3->C_EncryptMessageNext(m->s, m->p, m->n, m->text, n, m->out, room(m),
				 CKF_END_OF_MESSAGE) == CKR_OK;
		(void)f3->C_MessageEncryptFinal(m->s);
		return count;
	}
	count += f3->C_DecryptMessage(m->s, m->p, m->n, m->text, 5, m->text, n, m->out, room(m)) ==
		 CKR_OK;
	count += f3->C_DecryptMessageBegin(m->s, m->p, m->n, m->text, 5) == CKR_OK;
	count += f3->C_DecryptMessageNext(m->s, m->p, m->n, m->text, n, m->out, room(m),
			 CKF_END_OF_MESSAGE) == CKR_OK;
	(void)f3->C_MessageDecryptFinal(m->s);
	return count;
}

static unsigned mac_messages(const CK_FUNCTION_LIST_3_0 *f3, struct message *m, bool sign)
{
	CK_ULONG n = sizeof m->text;
	unsigned count = 0;

	if (sign) {
		count += f3->C_SignMessage(m->s, m->p, m->n, m->text, n, m->out, room(m)) == CKR_OK;
		count += f3->C_SignMessageBegin(m->s, m->p, m->n) == CKR_OK;
		count += f3->C_SignMessageNext(m->s, m->p, m->n, m->text, n, m->out, room(m)) ==
			 CKR_OK;
		(void)f3->C_MessageSignFinal(m->s);
		return count;
	}
	count += f3->C_VerifyMessage(m->s, m->p, m->n, m->text, n, m->out, 16) == CKR_OK;
	count += f3->C_VerifyMessageBegin(m->s, m->p, m->n) == CKR_OK;
	count += f3->C_VerifyMessageNext(m->s, m->p, m->n, m->text, n, m->out, 16) == CKR_OK;
	(void)f3->C_MessageVerifyFinal(m->s);
	return count;
}

/* Pass the bytes as the parameter of messages, under a key with usage and under a master. */
static unsigned message_calls(
	const struct parameter_calls *c, CK_MECHANISM_TYPE number, void *p, CK_ULONG n)
{
	const CK_OBJECT_HANDLE keys[] = {c->use[0], c->base[0]};
	struct message m = {.s = c->session, .p = p, .n = n};
	CK_MECHANISM none = {number, NULL, 0};
	unsigned count = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (c->f3->C_MessageEncryptInit(c->session, &none, keys[i]) == CKR_OK)
			count += cipher_messages(c->f3, &m, true);
		if (c->f3->C_MessageDecryptInit(c->session, &none, keys[i]) == CKR_OK)
			count += cipher_messages(c->f3, &m, false);
		if (c->f3->C_MessageSignInit(c->session, &none, keys[i]) == CKR_OK)
			count += mac_messages(c->f3, &m, true);
		if (c->f3->C_MessageVerifyInit(c->session, &none, keys[i]) == CKR_OK)
			count += mac_messages(c->f3, &m, false);
	}
	return count;
}

unsigned parameter_calls_run(
	const struct parameter_calls *calls, CK_MECHANISM_TYPE number, const void *p, CK_ULONG n)
{
	CK_MECHANISM m = {number, (void *)(uintptr_t)p, n};
	unsigned count = key_calls(calls, &m);
	CK_OBJECT_HANDLE object = 0;

	m = (CK_MECHANISM){number, NULL, 0};
	CK_RV rv = calls->f->C_DeriveKey(
		calls->session, &m, calls->base[0], T(RAW(CKA_KEYDIV_PARAMETER, p, n)), &object);
	count += made(calls, rv, object);
	m = (CK_MECHANISM){number, (void *)(uintptr_t)p, n};
	count += operation_calls(calls, &m);
	return count + message_calls(calls, number, (void *)(uintptr_t)p, n);
}

unsigned template_calls_run(const struct parameter_calls *calls, const void *p, CK_ULONG n)
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE,
		CKA_DERIVE_TEMPLATE, CKA_KEYDIV_FLAT_WRAP_TEMPLATE, CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE,
		CKA_KEYDIV_FLAT_DERIVE_TEMPLATE};
	CK_SESSION_HANDLE s = calls->session;
	CK_MECHANISM aes = {CKM_AES_KEY_GEN, NULL, 0}, kwp = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
	CK_BYTE room[128], wrapped[24] = {0};
	unsigned count = 0;

	for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
		CK_ATTRIBUTE a = RAW(types[i], p, n);
		CK_OBJECT_HANDLE object = 0;
		CK_RV rv = calls->f->C_CreateObject(
			s, T(SESSION_KEY(CKK_AES, 16), YES(CKA_UNWRAP), a), &object);
		count += made(calls, rv, object);
		rv = calls->f->C_GenerateKey(s, &aes, T(LENGTH(16), YES(CKA_WRAP), a), &object);
		count += made(calls, rv, object);
		rv = calls->f->C_UnwrapKey(
			s, &kwp, calls->wrap, wrapped, 24, T(KEY(CKK_AES), a), &object);
		count += made(calls, rv, object);
		rv = calls->f->C_CopyObject(s, calls->wrap, T(a), &object);
		count += made(calls, rv, object);
		count += calls->f->C_SetAttributeValue(s, calls->wrap, T(a)) == CKR_OK;
		if (calls->f->C_FindObjectsInit(s, T(a)) == CKR_OK)
			count += calls->f->C_FindObjectsFinal(s) == CKR_OK;
		/* The buffer of an array holds pointers to more buffers. */
		CK_ULONG length = n < sizeof room ? n : sizeof room;
		if (length > 0)
			memcpy(room, p, length);
		a = (CK_ATTRIBUTE){types[i], room, length};
		count += calls->f->C_GetAttributeValue(s, calls->templates, &a, 1) == CKR_OK;
	}
	return count;
}

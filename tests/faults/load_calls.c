/* SPDX-License-Identifier: Apache-2.0 */
/* load_calls.c: calls about the module, sessions, session objects, messages; see load.h. */
#include "load.h"

#define TEXT "hello from the device"
#define TEXT_N (sizeof TEXT - 1)

/* --- The module and sessions --- */

CK_RV information_step(struct seat *seat)
{
	CK_INFO info;
	CK_SLOT_ID slots[8];
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_SESSION_INFO session_info;
	CK_MECHANISM_TYPE types[256];
	CK_ULONG n = 8, types_n = 256;
	CK_RV rv = f->C_GetInfo(&info);

	if (rv == CKR_OK)
		rv = f->C_GetSlotList(CK_TRUE, slots, &n);
	if (rv == CKR_OK)
		rv = f->C_GetSlotInfo(slot, &slot_info);
	if (rv == CKR_OK)
		rv = f->C_GetTokenInfo(slot, &token_info);
	if (rv == CKR_OK)
		rv = f->C_GetMechanismList(slot, types, &types_n);
	if (rv == CKR_OK)
		rv = f->C_GetSessionInfo(seat->session, &session_info);
	if (rv == CKR_OK && (n != 2 || memcmp(token_info.label, TOKEN_LABEL, 10) != 0))
		trouble("seat %u: other slots", seat->index);
	return rv;
}

static void must_give(CK_RV wanted, CK_RV rv, const char *what)
{
	if (rv != wanted)
		trouble("%s gave %s", what, name_of(rv));
}

CK_RV refused_step(struct seat *seat)
{
	CK_SESSION_HANDLE h = seat->session;
	CK_BYTE bytes[64] = {0};
	CK_ULONG n = sizeof bytes;
	CK_SLOT_ID event;
	CK_OBJECT_HANDLE made[2];

	must_give(CKR_NO_EVENT, f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL), "an event");
	must_give(CKR_FUNCTION_NOT_PARALLEL, f->C_GetFunctionStatus(h), "C_GetFunctionStatus");
	must_give(CKR_FUNCTION_NOT_PARALLEL, f->C_CancelFunction(h), "C_CancelFunction");
	CK_RV unsupported[] = {f->C_DigestEncryptUpdate(h, bytes, 16, bytes, &n),
		f->C_DecryptDigestUpdate(h, bytes, 16, bytes, &n),
		f->C_SignEncryptUpdate(h, bytes, 16, bytes, &n),
		f->C_DecryptVerifyUpdate(h, bytes, 16, bytes, &n),
		f->C_SignRecoverInit(h, MECH(CKM_AES_CMAC), 1),
		f->C_SignRecover(h, bytes, 16, bytes, &n),
		f->C_VerifyRecoverInit(h, MECH(CKM_AES_CMAC), 1),
		f->C_VerifyRecover(h, bytes, 16, bytes, &n),
		f->C_GenerateKeyPair(
			h, MECH(CKM_AES_KEY_GEN), NOTHING, NOTHING, &made[0], &made[1]),
		f3->C_SignMessageBegin(h, NULL, 0), f3->C_VerifyMessageBegin(h, NULL, 0),
		f3->C_LoginUser(h, CKU_USER, bytes, 4, bytes, 1)};
	for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++)
		must_give(CKR_FUNCTION_NOT_SUPPORTED, unsupported[i], "what is not supported");
	must_give(CKR_OPERATION_NOT_INITIALIZED, f->C_GetOperationState(h, bytes, &n),
		"C_GetOperationState");
	must_give(CKR_SAVED_STATE_INVALID, f->C_SetOperationState(h, bytes, 4, 0, 0),
		"C_SetOperationState");
	return CKR_OK;
}

CK_RV new_session_step(struct seat *seat)
{
	struct seat other = *seat;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &other.session);

	if (rv != CKR_OK)
		return rv;
	rv = f->C_GetSessionInfo(other.session, &info);
	if (rv == CKR_OK)
		rv = seat_named(&other, "master", &key);
	CK_RV end = f->C_CloseSession(other.session);
	return rv != CKR_OK ? rv : end;
}

/* --- Objects of the session --- */

/* Encrypt with KEY, and compare with AES-128 of SP 800-38A, F.1.1. */
static CK_RV compare_block(const struct seat *seat, CK_OBJECT_HANDLE key)
{
	static const uint8_t right[4] = {0x3a, 0xd7, 0x7b, 0xb4};
	uint8_t block[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11,
		0x73, 0x93, 0x17, 0x2a};
	CK_ULONG n = sizeof block;
	CK_RV rv = f->C_EncryptInit(seat->session, MECH(CKM_AES_ECB), key);

	if (rv == CKR_OK)
		rv = f->C_Encrypt(seat->session, block, sizeof block, block, &n);
	if (rv == CKR_OK && memcmp(block, right, sizeof right) != 0)
		trouble("seat %u: another ciphertext", seat->index);
	return rv;
}

static CK_RV make(const struct seat *seat, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret_key)
{
	CK_ATTRIBUTE all[12] = {KEY(CKK_AES), RAW(CKA_VALUE, mk, 16)};

	memcpy(all + 3, t, n * sizeof *t);
	return f->C_CreateObject(seat->session, all, 3 + n, ret_key);
}

/* Destroy KEY, if there is one, and return RV or the code of that. */
static CK_RV done(const struct seat *seat, CK_OBJECT_HANDLE key, CK_RV rv)
{
	CK_RV end = key == 0 ? CKR_OK : f->C_DestroyObject(seat->session, key);

	return rv != CKR_OK ? rv : end;
}

CK_RV session_object_step(struct seat *seat)
{
	CK_OBJECT_HANDLE key = 0, copy = 0;
	CK_ULONG size;
	char label[8] = "";
	CK_ATTRIBUTE read = {CKA_LABEL, label, sizeof label};
	CK_RV rv = make(seat, T(YES(CKA_ENCRYPT)), &key);

	if (rv == CKR_OK)
		rv = f->C_CopyObject(seat->session, key, T(STR(CKA_LABEL, "copy")), &copy);
	if (rv == CKR_OK)
		rv = f->C_SetAttributeValue(seat->session, copy, T(STR(CKA_LABEL, "copied")));
	if (rv == CKR_OK)
		rv = f->C_GetAttributeValue(seat->session, copy, &read, 1);
	if (rv == CKR_OK && memcmp(label, "copied", 6) != 0)
		trouble("seat %u: another label", seat->index);
	if (rv == CKR_OK)
		rv = f->C_GetObjectSize(seat->session, copy, &size);
	if (rv == CKR_OK)
		rv = compare_block(seat, copy);
	if (rv == CKR_OK)
		rv = f->C_DigestInit(seat->session, MECH(CKM_SHA256));
	if (rv == CKR_OK)
		rv = f->C_DigestKey(seat->session, copy);
	if (rv == CKR_KEY_INDIGESTIBLE)
		rv = CKR_OK; /* as for every key of this token */
	rv = done(seat, key, rv);
	return done(seat, copy, rv);
}

CK_RV random_step(struct seat *seat)
{
	CK_BYTE bytes[32];
	CK_RV rv = f->C_SeedRandom(seat->session, (CK_BYTE_PTR) "seed", 4);

	if (rv == CKR_OK)
		rv = f->C_GenerateRandom(seat->session, bytes, sizeof bytes);
	if (rv == CKR_OK)
		rv = f->C_DigestInit(seat->session, MECH(CKM_SHA256));
	if (rv == CKR_OK)
		rv = f3->C_SessionCancel(seat->session, CKF_DIGEST);
	return rv;
}

/* --- Messages --- */

/* In one call, or in two parts. */
static CK_RV seal_message(const struct seat *seat, CK_OBJECT_HANDLE key, CK_GCM_MESSAGE_PARAMS *p,
	bool parts, CK_BYTE ret[TEXT_N])
{
	CK_SESSION_HANDLE h = seat->session;
	CK_BYTE *in = (CK_BYTE_PTR)TEXT;
	CK_ULONG n = TEXT_N;
	CK_RV rv = f3->C_MessageEncryptInit(h, MECH_P(CKM_AES_GCM, p, sizeof *p), key);

	if (rv != CKR_OK)
		return rv;
	if (parts) {
		rv = f3->C_EncryptMessageBegin(h, p, sizeof *p, NULL, 0);
		if (rv == CKR_OK)
			rv = f3->C_EncryptMessageNext(h, p, sizeof *p, in, 16, ret, &n, 0);
		CK_ULONG rest = TEXT_N - n;
		if (rv == CKR_OK)
			rv = f3->C_EncryptMessageNext(h, p, sizeof *p, in + 16, TEXT_N - 16,
				ret + n, &rest, CKF_END_OF_MESSAGE);
	} else {
		rv = f3->C_EncryptMessage(h, p, sizeof *p, NULL, 0, in, TEXT_N, ret, &n);
	}
	CK_RV end = f3->C_MessageEncryptFinal(h);
	return rv != CKR_OK ? rv : end;
}

static CK_RV open_message(const struct seat *seat, CK_OBJECT_HANDLE key, CK_GCM_MESSAGE_PARAMS *p,
	bool parts, CK_BYTE sealed[TEXT_N])
{
	CK_SESSION_HANDLE h = seat->session;
	CK_BYTE clear[TEXT_N];
	CK_ULONG n = TEXT_N;
	CK_RV rv = f3->C_MessageDecryptInit(h, MECH_P(CKM_AES_GCM, p, sizeof *p), key);

	if (rv != CKR_OK)
		return rv;
	if (parts) {
		rv = f3->C_DecryptMessageBegin(h, p, sizeof *p, NULL, 0);
		if (rv == CKR_OK)
			rv = f3->C_DecryptMessageNext(
				h, p, sizeof *p, sealed, TEXT_N, clear, &n, CKF_END_OF_MESSAGE);
	} else {
		rv = f3->C_DecryptMessage(h, p, sizeof *p, NULL, 0, sealed, TEXT_N, clear, &n);
	}
	if (rv == CKR_OK && (n != TEXT_N || memcmp(clear, TEXT, TEXT_N) != 0))
		trouble("seat %u: another message", seat->index);
	CK_RV end = f3->C_MessageDecryptFinal(h);
	return rv != CKR_OK ? rv : end;
}

CK_RV messages_step(struct seat *seat)
{
	CK_BYTE iv[12] = "twelve bytes", tag[16], sealed[TEXT_N];
	CK_GCM_MESSAGE_PARAMS p = {iv, 12, 0, CKG_NO_GENERATE, tag, 128};
	CK_OBJECT_HANDLE key = 0;
	unsigned parts = draw_below(&seat->random, 4);
	CK_RV rv = make(seat, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)), &key);

	if (rv == CKR_OK)
		rv = seal_message(seat, key, &p, parts & 1, sealed);
	if (rv == CKR_OK)
		rv = open_message(seat, key, &p, parts & 2, sealed);
	return done(seat, key, rv);
}

/* --- Keys that are derived for one operation, and for the MACs of messages --- */

static CK_RV sign_messages(const struct seat *seat, CK_MECHANISM *m, CK_OBJECT_HANDLE master)
{
	CK_BYTE mac[16];
	CK_ULONG n = sizeof mac;
	CK_RV rv = f3->C_MessageSignInit(seat->session, m, master);

	if (rv != CKR_OK)
		return rv;
	rv = f3->C_SignMessage(seat->session, NULL, 0, (CK_BYTE_PTR)TEXT, TEXT_N, mac, &n);
	CK_RV end = f3->C_MessageSignFinal(seat->session);
	if (rv == CKR_OK && end == CKR_OK)
		rv = f3->C_MessageVerifyInit(seat->session, m, master);
	if (rv != CKR_OK || end != CKR_OK)
		return rv != CKR_OK ? rv : end;
	rv = f3->C_VerifyMessage(seat->session, NULL, 0, (CK_BYTE_PTR)TEXT, TEXT_N, mac, n);
	end = f3->C_MessageVerifyFinal(seat->session);
	return rv != CKR_OK ? rv : end;
}

static CK_RV encrypt_once(const struct seat *seat, CK_MECHANISM *m, CK_OBJECT_HANDLE master)
{
	CK_BYTE sealed[64], clear[64];
	CK_ULONG n = sizeof sealed, clear_n = sizeof clear;
	CK_RV rv = f->C_EncryptInit(seat->session, m, master);

	if (rv == CKR_OK)
		rv = f->C_Encrypt(seat->session, (CK_BYTE_PTR)TEXT, TEXT_N, sealed, &n);
	if (rv == CKR_OK)
		rv = f->C_DecryptInit(seat->session, m, master);
	if (rv == CKR_OK)
		rv = f->C_Decrypt(seat->session, sealed, n, clear, &clear_n);
	if (rv == CKR_OK && (clear_n != TEXT_N || memcmp(clear, TEXT, TEXT_N) != 0))
		trouble("seat %u: another clear text", seat->index);
	return rv;
}

CK_RV derived_key_step(struct seat *seat)
{
	KEYDIV_PARAMETER p;
	CK_OBJECT_HANDLE master = 0;
	bool macs = draw_below(&seat->random, 2) == 0;
	CK_RV rv = make(seat, T(YES(CKA_DERIVE)), &master);

	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	keydiv_put_number(&p, KEYDIV_COUNTER, draw_below(&seat->random, 1000) + 1);
	keydiv_put_type(&p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	keydiv_put_type(&p, KEYDIV_OPERATION, macs ? CKM_AES_CMAC : CKM_AES_GCM);
	if (!macs)
		keydiv_put(&p, KEYDIV_IV, "twelve bytes", 12);
	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p);
	if (rv == CKR_OK)
		rv = macs ? sign_messages(seat, &m, master) : encrypt_once(seat, &m, master);
	return done(seat, master, rv);
}

/* --- Key blocks --- */

CK_RV key_block_step(struct seat *seat)
{
	CK_OBJECT_HANDLE key = 0, kek = 0, back = 0;
	CK_BYTE block[512];
	CK_ULONG n = sizeof block;
	CK_RV rv = make(seat, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT), YES(CKA_DECRYPT)), &key);

	if (rv == CKR_OK)
		rv = f->C_CreateObject(seat->session,
			T(KEY(CKK_AES), RAW(CKA_VALUE, mk32, 16), YES(CKA_WRAP), YES(CKA_UNWRAP),
				ALLOWED(CKM_KEYDIV_KEY_BLOCK)),
			&kek);
	if (rv == CKR_OK)
		rv = f->C_WrapKey(seat->session, MECH(CKM_KEYDIV_KEY_BLOCK), kek, key, block, &n);
	if (rv == CKR_OK)
		rv = f->C_UnwrapKey(
			seat->session, MECH(CKM_KEYDIV_KEY_BLOCK), kek, block, n, NOTHING, &back);
	if (rv == CKR_OK)
		rv = compare_block(seat, back);
	rv = done(seat, key, rv);
	rv = done(seat, kek, rv);
	return done(seat, back, rv);
}

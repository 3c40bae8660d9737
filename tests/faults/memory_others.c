/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_others.c: messages, keys that are derived for one operation, key blocks, SHE, LoRaWAN and
 * keys in another token, as actions of the regime `memory`.
 */
#include "../module/use_support.h"
#include "fake_open.h"
#include "memory.h"

static CK_OBJECT_HANDLE base, target;
static uint8_t block[1024];
static CK_ULONG block_n;

static void need(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		trouble("no %s: %s", what, name_of(rv));
}

static CK_OBJECT_HANDLE make(const uint8_t value[16], CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ATTRIBUTE all[12] = {KEY(CKK_AES), RAW(CKA_VALUE, value, 16)};
	CK_OBJECT_HANDLE made = 0;

	memcpy(all + 3, t, n * sizeof *t);
	need(f->C_CreateObject(s, all, 3 + n, &made), "key");
	return made;
}

static void result_is(const uint8_t *p, CK_ULONG n)
{
	memcpy(action_result.bytes, p, n);
	action_result.n = n;
}

/* --- WITH_DERIVED_KEY in one part --- */

static void for_sealed(const struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	master = make(mk, T(YES(CKA_DERIVE)));
	sealed();
	need(encrypt(), "ciphertext");
}

static CK_RV seal(struct seat *seat, const void *use)
{
	CK_RV rv = encrypt();

	(void)seat;
	(void)use;
	if (rv == CKR_OK)
		result_is(out, out_n);
	return rv;
}

static CK_RV open_sealed(struct seat *seat, const void *use)
{
	CK_RV rv = decrypt();

	(void)seat;
	(void)use;
	if (rv == CKR_OK)
		result_is(back, back_n);
	return rv;
}

/* --- Messages --- */

static void for_messages(const struct seat *seat, const void *use)
{
	for_sealed(seat, use);
	without(KEYDIV_AAD);
	need(encrypt(), "ciphertext");
}

/* The operation is over afterwards, whatever its messages gave. */
static CK_RV end_messages(CK_RV rv, CK_RV end)
{
	return rv != CKR_OK ? rv : end;
}

static CK_RV encrypt_messages(struct seat *seat, const void *use)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f3->C_MessageEncryptInit(seat->session, &m, master);

	(void)use;
	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < 2 && rv == CKR_OK; i++) {
		out_n = sizeof out;
		rv = f3->C_EncryptMessage(seat->session, NULL, 0, (CK_BYTE_PTR) "header", 6, text,
			sizeof text - 1, out, &out_n);
	}
	if (rv == CKR_OK)
		result_is(out, out_n);
	return end_messages(rv, f3->C_MessageEncryptFinal(seat->session));
}

static CK_RV decrypt_messages(struct seat *seat, const void *use)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f3->C_MessageDecryptInit(seat->session, &m, master);

	(void)use;
	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < 2 && rv == CKR_OK; i++) {
		back_n = sizeof back;
		rv = f3->C_DecryptMessage(
			seat->session, NULL, 0, NULL, 0, out, out_n, back, &back_n);
	}
	if (rv == CKR_OK)
		result_is(back, back_n);
	return end_messages(rv, f3->C_MessageDecryptFinal(seat->session));
}

static void for_macs(const struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	master = make(mk, T(YES(CKA_DERIVE)));
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_CMAC);
	need(sign(), "MAC");
}

static CK_RV sign_messages(struct seat *seat, const void *use)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f3->C_MessageSignInit(seat->session, &m, master);

	(void)use;
	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < 2 && rv == CKR_OK; i++) {
		out_n = sizeof out;
		rv = f3->C_SignMessage(seat->session, NULL, 0, text, sizeof text - 1, out, &out_n);
	}
	if (rv == CKR_OK)
		result_is(out, out_n);
	return end_messages(rv, f3->C_MessageSignFinal(seat->session));
}

static CK_RV verify_messages(struct seat *seat, const void *use)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f3->C_MessageVerifyInit(seat->session, &m, master);

	(void)use;
	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < 2 && rv == CKR_OK; i++)
		rv = f3->C_VerifyMessage(seat->session, NULL, 0, text, sizeof text - 1, out, out_n);
	return end_messages(rv, f3->C_MessageVerifyFinal(seat->session));
}

static void for_gcm(const struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	base = make(mk, T(YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
}

static CK_RV gcm_messages(struct seat *seat, const void *use)
{
	CK_BYTE iv[12] = "twelve bytes", tag[16];
	CK_GCM_MESSAGE_PARAMS p = {iv, 12, 0, CKG_NO_GENERATE, tag, 128};
	CK_RV rv = f3->C_MessageEncryptInit(seat->session, MECH_OF(CKM_AES_GCM, p), base);

	(void)use;
	if (rv != CKR_OK)
		return rv;
	out_n = sizeof out;
	rv = f3->C_EncryptMessage(
		seat->session, &p, sizeof p, NULL, 0, text, sizeof text - 1, out, &out_n);
	CK_RV end = f3->C_MessageEncryptFinal(seat->session);
	if (rv != CKR_OK || end != CKR_OK)
		return end_messages(rv, end);
	result_is(tag, sizeof tag);
	rv = f3->C_MessageDecryptInit(seat->session, MECH_OF(CKM_AES_GCM, p), base);
	if (rv != CKR_OK)
		return rv;
	back_n = sizeof back;
	rv = f3->C_DecryptMessage(seat->session, &p, sizeof p, NULL, 0, out, out_n, back, &back_n);
	return end_messages(rv, f3->C_MessageDecryptFinal(seat->session));
}

/* --- Key blocks --- */

static void for_block(const struct seat *seat, const void *use)
{
	(void)use;
	base = make(mk, T(YES(CKA_WRAP), YES(CKA_UNWRAP), ALLOWED(CKM_KEYDIV_KEY_BLOCK)));
	target = make(mk32, T(YES(CKA_EXTRACTABLE), YES(CKA_ENCRYPT), YES(CKA_DECRYPT)));
	block_n = sizeof block;
	need(f->C_WrapKey(seat->session, MECH(CKM_KEYDIV_KEY_BLOCK), base, target, block, &block_n),
		"key block");
}

static CK_RV open_block(struct seat *seat, const void *use)
{
	const CK_BBOOL *token = use;
	CK_OBJECT_HANDLE made;

	return f->C_UnwrapKey(seat->session, MECH(CKM_KEYDIV_KEY_BLOCK), base, block, block_n,
		T(RAW(CKA_TOKEN, token, 1)), &made);
}

/* --- Vehicles and LoRaWAN --- */

static const uint8_t she_fields[] =
	"\x62\x00\x0fmodule serial 1\x63\x00\x01\x41\x64\x00\x04\x00\x00\x00\x01\x65\x00\x01\x00";

static void for_she(const struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	base = make(mk, T(YES(CKA_WRAP), ALLOWED(CKM_KEYDIV_SHE_KEY_UPDATE)));
	target = make(mk32, T(YES(CKA_EXTRACTABLE), YES(CKA_SIGN), YES(CKA_VERIFY)));
}

static CK_RV update_she(struct seat *seat, const void *use)
{
	(void)use;
	block_n = sizeof block;
	CK_RV rv = f->C_WrapKey(seat->session,
		MECH_P(CKM_KEYDIV_SHE_KEY_UPDATE, she_fields, sizeof she_fields - 1), base, target,
		block, &block_n);
	if (rv == CKR_OK)
		result_is(block, block_n);
	return rv;
}

static CK_RV prove_she(struct seat *seat, const void *use)
{
	CK_RV rv = f->C_SignInit(seat->session,
		MECH_P(CKM_KEYDIV_SHE_KEY_PROOF, she_fields, sizeof she_fields - 5), target);

	(void)use;
	block_n = sizeof block;
	if (rv == CKR_OK)
		rv = f->C_Sign(seat->session, NULL, 0, block, &block_n);
	if (rv == CKR_OK)
		result_is(block, block_n);
	return rv;
}

static void for_join(const struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	base = make(mk, T(YES(CKA_DERIVE), ALLOWED(CKM_KEYDIV_LORAWAN_MIC)));
}

static CK_RV check_join(struct seat *seat, const void *use)
{
	CK_BYTE request[19] = {0}, mic[4] = {0};
	CK_RV rv = f->C_VerifyInit(seat->session, MECH(CKM_KEYDIV_LORAWAN_MIC), base);

	(void)use;
	if (rv == CKR_OK)
		rv = f->C_Verify(seat->session, request, sizeof request, mic, sizeof mic);
	return rv == CKR_SIGNATURE_INVALID ? CKR_OK : rv;
}

/* --- A key in another token --- */

#define URI "pkcs11:token=fake;object=mk"

static void for_foreign(const struct seat *seat, const void *use)
{
	(void)seat;
	(void)use;
	fake_open(USER_PIN);
	fake->keys[0] = fake_key_that_signs("mk", CKK_AES, 16);
	memcpy(fake->keys[0].value, mk, 16);
}

static CK_RV link_foreign(struct seat *seat, const void *use)
{
	(void)use;
	return f->C_CreateObject(seat->session,
		T(CLASS(CKO_SECRET_KEY), YES(CKA_TOKEN), YES(CKA_DERIVE),
			ALLOWED(CKM_KEYDIV_DEVICE_KEY), STR(CKA_LABEL, "foreign"),
			STR(CKA_KEYDIV_FOREIGN_KEY, URI)),
		&base);
}

static void for_linked(const struct seat *seat, const void *use)
{
	struct seat copy = *seat;

	for_foreign(seat, use);
	need(link_foreign(&copy, use), "link");
}

static CK_RV derive_foreign(struct seat *seat, const void *use)
{
	KEYDIV_PARAMETER p;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-1");
	CK_OBJECT_HANDLE made;
	CK_ATTRIBUTE check = {CKA_CHECK_VALUE, action_result.bytes, 3};
	CK_RV rv = f->C_DeriveKey(seat->session, &m, base, NOTHING, &made);

	(void)use;
	action_result.n = 3;
	if (rv != CKR_OK)
		return rv;
	rv = f->C_GetAttributeValue(seat->session, made, &check, 1);
	return rv != CKR_OK ? rv : f->C_DestroyObject(seat->session, made);
}

static const struct action actions[] = {
	{"C_Encrypt with a derived key", CALL, for_sealed, seal, NULL, false},
	{"C_Decrypt with a derived key", CALL, for_sealed, open_sealed, NULL, false},
	{"C_EncryptMessage", CALL, for_messages, encrypt_messages, NULL, false},
	{"C_DecryptMessage", CALL, for_messages, decrypt_messages, NULL, false},
	{"C_SignMessage", CALL, for_macs, sign_messages, NULL, false},
	{"C_VerifyMessage", CALL, for_macs, verify_messages, NULL, false},
	{"messages with CKM_AES_GCM", CALL, for_gcm, gcm_messages, NULL, false},
	{"C_UnwrapKey of a key block", CALL, for_block, open_block, &template_false, false},
	{"C_WrapKey for SHE", CALL, for_she, update_she, NULL, false},
	{"C_Sign for SHE", CALL, for_she, prove_she, NULL, false},
	{"C_Verify for LoRaWAN", CALL, for_join, check_join, NULL, false},
	{"C_DeriveKey with a foreign key", LINK, for_linked, derive_foreign, NULL, true},
	{"C_CreateObject of a foreign key", LINK, for_foreign, link_foreign, NULL, true},
};

void memory_others(add_action *add)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		add(&actions[i]);
}

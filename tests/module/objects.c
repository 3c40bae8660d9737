/* SPDX-License-Identifier: Apache-2.0 */
/* objects.c: the harness' short ways to make keys and look at objects. */
#include "harness.h"

CK_RV try_import(CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE *extra, CK_ULONG count,
	CK_OBJECT_HANDLE *ret_key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE t[40] = {{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type},
		{CKA_VALUE, (void *)value, n}};

	ck_assert(count <= 37);
	if (count > 0)
		memcpy(t + 3, extra, count * sizeof *extra);
	return f->C_CreateObject(s, t, 3 + count, ret_key);
}

CK_OBJECT_HANDLE import(
	CK_KEY_TYPE type, const void *value, size_t n, CK_ATTRIBUTE *extra, CK_ULONG count)
{
	CK_OBJECT_HANDLE key = 0;

	ok(try_import(type, value, n, extra, count, &key));
	return key;
}

CK_OBJECT_HANDLE open_master(void)
{
	return import(CKK_AES, mk, sizeof mk, T(OPEN_MASTER));
}

CK_OBJECT_HANDLE closed_master(void)
{
	return import(CKK_AES, mk, sizeof mk,
		T(YES(CKA_DERIVE), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE)));
}

CK_MECHANISM for_device(KEYDIV_PARAMETER *p, CK_MECHANISM_TYPE type, const char *serial)
{
	keydiv_start(p);
	keydiv_put(p, KEYDIV_DEVICE, serial, strlen(serial));
	return keydiv_mechanism(type, p);
}

CK_RV derive_device(CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *ret_key)
{
	KEYDIV_PARAMETER p;
	CK_MECHANISM m = for_device(&p, CKM_KEYDIV_DEVICE_KEY, "SN-000123");

	return f->C_DeriveKey(s, &m, base, t, n, ret_key);
}

size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2, i;
	unsigned byte;

	for (i = 0; i < n; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

bool expect_value(CK_OBJECT_HANDLE key, const char *hex, const char *file, int line)
{
	uint8_t got[512];
	char text[1025];
	CK_ATTRIBUTE a = {CKA_VALUE, got, sizeof got};
	CK_RV rv = f->C_GetAttributeValue(s, key, &a, 1);
	CK_ULONG i;

	if (!expect_rv(CKR_OK, CKR_OK, rv, "reading CKA_VALUE", file, line))
		return false;
	for (i = 0; i < a.ulValueLen; i++)
		sprintf(text + 2 * i, "%02x", got[i]);
	text[2 * i] = 0;
	if (strcmp(text, hex) != 0) {
		char complaint[2200];

		snprintf(complaint, sizeof complaint, "value %s, wanted %s", text, hex);
		return expect_true(false, complaint, file, line);
	}
	return true;
}

bool get_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL v = 0xEE;
	CK_ATTRIBUTE a = {type, &v, sizeof v};
	CK_RV rv = f->C_GetAttributeValue(s, object, &a, 1);

	if (rv != CKR_OK || a.ulValueLen != 1)
		ck_abort_msg("boolean 0x%lx of object %lu: %s, length %lu", type, object,
			name_of(rv), a.ulValueLen);
	return v;
}

CK_ULONG get_ulong(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG v = 0xEEEE;
	CK_ATTRIBUTE a = {type, &v, sizeof v};
	CK_RV rv = f->C_GetAttributeValue(s, object, &a, 1);

	if (rv != CKR_OK || a.ulValueLen != sizeof v)
		ck_abort_msg("number 0x%lx of object %lu: %s, length %lu", type, object,
			name_of(rv), a.ulValueLen);
	return v;
}

size_t get_bytes(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, uint8_t *out, size_t room)
{
	CK_ATTRIBUTE a = {type, out, room};
	CK_RV rv = f->C_GetAttributeValue(s, object, &a, 1);

	if (rv != CKR_OK)
		ck_abort_msg("attribute 0x%lx of object %lu: %s", type, object, name_of(rv));
	return a.ulValueLen;
}

CK_ULONG find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out,
	CK_ULONG room)
{
	CK_OBJECT_HANDLE chunk[32];
	CK_ULONG total = 0, got, i;

	ok(f->C_FindObjectsInit(session, t, n));
	do {
		ok(f->C_FindObjects(session, chunk, 32, &got));
		for (i = 0; i < got; i++, total++)
			if (total < room)
				out[total] = chunk[i];
	} while (got > 0);
	ok(f->C_FindObjectsFinal(session));
	return total;
}

bool exists(CK_OBJECT_HANDLE object)
{
	CK_ULONG v;
	CK_ATTRIBUTE a = {CKA_CLASS, &v, sizeof v};
	CK_RV rv = f->C_GetAttributeValue(s, object, &a, 1);

	if (rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID)
		ck_abort_msg("object %lu: %s", object, name_of(rv));
	return rv == CKR_OK;
}

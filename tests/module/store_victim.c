/* SPDX-License-Identifier: Apache-2.0 */
/* store_victim.c: the token whose files are damaged, and what may be seen of it then. */
#include "store_victim.h"

void make_victim(void)
{
	user();
	import(CKK_AES, mk, 16,
		T(YES(CKA_TOKEN), YES(CKA_ENCRYPT), READABLE, STR(CKA_LABEL, "first"),
			RAW(CKA_ID, "1", 1)));
	import(CKK_AES, mk32, 32,
		T(YES(CKA_TOKEN), YES(CKA_DERIVE), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE),
			STR(CKA_LABEL, "second")));
	import(CKK_AES, mk32, 16,
		T(YES(CKA_TOKEN), NO(CKA_PRIVATE), YES(CKA_ENCRYPT), READABLE,
			STR(CKA_LABEL, "third")));
	ok(f->C_Finalize(NULL));
}

bool look_with(void (*more)(void))
{
	if (f->C_Initialize(NULL) != CKR_OK)
		return true;
	bool refused = look_initialized(more);
	ok(f->C_Finalize(NULL));
	return refused;
}

bool look_initialized(void (*more)(void))
{
	static const struct {
		const char *label, *value;
		bool readable, derives; /* readable: not sensitive and extractable */
	} wanted[] = {{"first", "2b7e151628aed2a6abf7158809cf4f3c", true, false},
		{"second", NULL, false, true},
		{"third", "000102030405060708090a0b0c0d0e0f", true, false}};
	bool refused = false;
	CK_RV rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
	size_t i;
	uint8_t value[64];

	if (rv == CKR_OK)
		rv = f->C_Login(s, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, 4);
	if (rv != CKR_OK) {
		/*
		 * a damaged file is not a wrong PIN in disguise that could be tried for ever; but
		 * any refusal will do
		 */
		return true;
	}
	for (i = 0; i < 3; i++) {
		CK_OBJECT_HANDLE h[4];
		CK_ULONG n = 0, k;

		rv = f->C_FindObjectsInit(
			s, T(RAW(CKA_LABEL, wanted[i].label, strlen(wanted[i].label))));
		if (rv == CKR_OK)
			rv = f->C_FindObjects(s, h, 4, &n);
		f->C_FindObjectsFinal(s);
		refused |= rv != CKR_OK || n != 1;
		for (k = 0; k < n && rv == CKR_OK; k++) {
			CK_BBOOL sensitive = 9, extractable = 9, derives = 9;
			CK_ATTRIBUTE flags[] = {{CKA_SENSITIVE, &sensitive, 1},
				{CKA_EXTRACTABLE, &extractable, 1}, {CKA_DERIVE, &derives, 1}};
			CK_ATTRIBUTE v = {CKA_VALUE, value, sizeof value};
			CK_OBJECT_HANDLE child;
			uint8_t right[64];
			CK_RV read = f->C_GetAttributeValue(s, h[k], &v, 1);

			if (f->C_GetAttributeValue(s, h[k], flags, 3) != CKR_OK)
				refused = true;
			else
				holds(sensitive == !wanted[i].readable &&
					extractable == wanted[i].readable &&
					derives == wanted[i].derives);
			if (read == CKR_OK) {
				holds(wanted[i].readable);
				if (wanted[i].readable)
					holds(v.ulValueLen == unhex(wanted[i].value, right) &&
						memcmp(value, right, v.ulValueLen) == 0);
			} else if (wanted[i].readable || read != CKR_ATTRIBUTE_SENSITIVE) {
				refused = true;
			}
			rv = derive_device(h[k], NOTHING, &child);
			if (rv == CKR_OK)
				holds(wanted[i].derives);
			else
				refused |= wanted[i].derives;
			rv = CKR_OK;
		}
	}
	if (more != NULL)
		more();
	return refused;
}

bool look(void)
{
	return look_with(NULL);
}

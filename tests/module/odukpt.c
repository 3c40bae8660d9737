/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt.c: short ways to O-DUKPT keys, clients and numbers. */
#include "odukpt.h"

KEYDIV_PARAMETER p;
CK_OBJECT_HANDLE made;

void start(void)
{
	user();
	made = 0xABCD;
}

CK_RV derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = keydiv_mechanism(type, &p);

	return f->C_DeriveKey(s, &m, base, t, n, &made);
}

void shape(unsigned char r, unsigned char n)
{
	const uint8_t bytes[2] = {r, n};

	keydiv_put(&p, KEYDIV_SHAPE, bytes, 2);
}

void device_shape(unsigned char r, unsigned char n)
{
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_DEVICE, "TERMINAL-01", 11);
	shape(r, n);
}

CK_OBJECT_HANDLE bdk(void)
{
	return import(CKK_AES, mk, 16,
		T(OPEN_MASTER, ALLOWED(CKM_KEYDIV_ODUKPT_INITIAL_KEY, CKM_KEYDIV_ODUKPT_KEY)));
}

CK_OBJECT_HANDLE initial_key(unsigned char r, unsigned char n)
{
	device_shape(r, n);
	ok(derive(CKM_KEYDIV_ODUKPT_INITIAL_KEY, bdk(), T(YES(CKA_DERIVE), READABLE_TRUSTED)));
	return made;
}

/* A client of shape (R, N), in the token or the session. */
CK_OBJECT_HANDLE client(unsigned char r, unsigned char n, bool token)
{
	CK_BBOOL on_token = token;
	CK_OBJECT_HANDLE initial = initial_key(r, n);

	keydiv_start(&p);
	shape(r, n);
	ok(derive(CKM_KEYDIV_ODUKPT_CLIENT, initial,
		T(RAW(CKA_TOKEN, &on_token, 1), STR(CKA_LABEL, "client"))));
	return made;
}

CK_RV next(CK_OBJECT_HANDLE state, CK_ATTRIBUTE *t, CK_ULONG n)
{
	keydiv_start(&p);
	return derive(CKM_KEYDIV_ODUKPT_NEXT_KEY, state, t, n);
}

uint64_t number_of(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
	uint8_t bytes[8];
	uint64_t v = 0;
	int i;

	ck_assert_uint_eq(get_bytes(key, type, bytes, 8), 8);
	for (i = 0; i < 8; i++)
		v = v << 8 | bytes[i];
	return v;
}

CK_RV serve(CK_OBJECT_HANDLE base, unsigned char r, unsigned char n, uint64_t number,
	const char *purpose, CK_ATTRIBUTE *t, CK_ULONG count)
{
	device_shape(r, n);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, number);
	if (purpose != NULL)
		keydiv_put(&p, KEYDIV_ODUKPT_PURPOSE, purpose, strlen(purpose));
	return derive(CKM_KEYDIV_ODUKPT_KEY, base, t, count);
}

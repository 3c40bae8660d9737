/* SPDX-License-Identifier: Apache-2.0 */
/* use_support.c: see use_support.h. */
#include "use_support.h"

#include "base/bytes.h"

CK_OBJECT_HANDLE master;
uint64_t counter = 1;
uint8_t text[22] = "hello from the device";
uint8_t out[128], back[128];
CK_ULONG out_n, back_n;
uint8_t parameter[4200];
CK_ULONG parameter_n;

/* The place of the first field with a tag of TAG or more. */
static size_t place_of(uint8_t tag)
{
	size_t at = 0;

	while (at < parameter_n && parameter[at] < tag)
		at += 3 + (size_t)get_be16(parameter + at + 1);
	return at;
}

static size_t length_at(size_t at)
{
	return 3 + (size_t)get_be16(parameter + at + 1);
}

void without(uint8_t tag)
{
	size_t at = place_of(tag);

	if (at == parameter_n || parameter[at] != tag)
		return;
	size_t n = length_at(at);
	memmove(parameter + at, parameter + at + n, parameter_n - at - n);
	parameter_n -= n;
}

void field_of(uint8_t tag, const void *value, size_t n)
{
	without(tag);
	size_t at = place_of(tag);
	memmove(parameter + at + 3 + n, parameter + at, parameter_n - at);
	parameter[at] = tag;
	put_be16(parameter + at + 1, (uint16_t)n);
	if (n > 0)
		memcpy(parameter + at + 3, value, n);
	parameter_n += 3 + n;
}

void double_field(uint8_t tag)
{
	size_t at = place_of(tag), n = length_at(at);

	memmove(parameter + at + n, parameter + at, parameter_n - at);
	parameter_n += n;
}

void swap_with_next(uint8_t tag)
{
	uint8_t field[4200];
	size_t at = place_of(tag), n = length_at(at);

	if (at + n == parameter_n) { /* the last field: swap with the first */
		at = 0;
		n = length_at(0);
	}
	size_t next = length_at(at + n);
	memcpy(field, parameter + at, n);
	memmove(parameter + at, parameter + at + n, next);
	memcpy(parameter + at + next, field, n);
}

void compose(CK_MECHANISM_TYPE derivation, CK_MECHANISM_TYPE operation)
{
	uint8_t number[8];

	parameter_n = 0;
	if (derivation == CKM_KEYDIV_DEVICE_KEY || derivation == CKM_KEYDIV_DEVICE_MESSAGE_KEY) {
		field_of(KEYDIV_DEVICE, "SN-000123", 9);
		put_be64(number, counter);
		field_of(KEYDIV_COUNTER, number, 8);
	}
	put_be32(number, (uint32_t)derivation);
	field_of(KEYDIV_DERIVATION, number, 4);
	put_be32(number, (uint32_t)operation);
	field_of(KEYDIV_OPERATION, number, 4);
}

void sealed(void)
{
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKM_AES_GCM);
	field_of(KEYDIV_IV, "twelve bytes", 12);
	field_of(KEYDIV_AAD, "header", 6);
	field_of(KEYDIV_TAG_LENGTH, "\x10", 1);
	field_of(KEYDIV_KEY_TYPE, "\0\0\0\x1f", 4); /* CKK_AES */
	field_of(KEYDIV_KEY_LENGTH, "\x20", 1);
}

CK_MECHANISM mechanism(void)
{
	return (CK_MECHANISM){CKM_KEYDIV_WITH_DERIVED_KEY, parameter, parameter_n};
}

CK_RV sign(void)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f->C_SignInit(s, &m, master);

	out_n = sizeof out;
	return rv != CKR_OK ? rv : f->C_Sign(s, text, sizeof text - 1, out, &out_n);
}

CK_RV verify(void)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f->C_VerifyInit(s, &m, master);

	return rv != CKR_OK ? rv : f->C_Verify(s, text, sizeof text - 1, out, out_n);
}

CK_RV encrypt(void)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f->C_EncryptInit(s, &m, master);

	out_n = sizeof out;
	return rv != CKR_OK ? rv : f->C_Encrypt(s, text, sizeof text - 1, out, &out_n);
}

CK_RV decrypt(void)
{
	CK_MECHANISM m = mechanism();
	CK_RV rv = f->C_DecryptInit(s, &m, master);

	back_n = sizeof back;
	return rv != CKR_OK ? rv : f->C_Decrypt(s, out, out_n, back, &back_n);
}

/* Return true if OPERATION of the parameter makes a MAC. */
static bool is_mac(void)
{
	CK_MECHANISM_INFO info;
	size_t at = place_of(KEYDIV_OPERATION);

	ok(f->C_GetMechanismInfo(slot, get_be32(parameter + at + 3), &info));
	return (info.flags & CKF_SIGN) != 0;
}

CK_RV init(void)
{
	CK_MECHANISM m = mechanism();

	return is_mac() ? f->C_SignInit(s, &m, master) : f->C_EncryptInit(s, &m, master);
}

void cancel(void)
{
	ok(f->C_SignInit(s, NULL, 0));
	ok(f->C_EncryptInit(s, NULL, 0));
}

/* --- Masters with a window --- */

CK_OBJECT_HANDLE without_window;

CK_OBJECT_HANDLE windowed(bool token, CK_ULONG window, CK_ULONG reserve)
{
	return import(CKK_AES, mk, sizeof mk,
		(CK_ATTRIBUTE[]){YES(CKA_DERIVE), NUM(CKA_KEYDIV_WINDOW, window),
			NUM(CKA_KEYDIV_RESERVE, reserve), STR(CKA_LABEL, "windowed"),
			RAW(CKA_TOKEN, token ? &template_true : &template_false, 1)},
		5);
}

void windowed_set_up(void)
{
	user();
	without_window = closed_master();
	master = windowed(true, 64, 1);
}

void device_signs(uint64_t number, CK_MECHANISM_TYPE operation)
{
	CK_OBJECT_HANDLE mine = master;

	counter = number;
	compose(CKM_KEYDIV_DEVICE_MESSAGE_KEY, operation);
	master = without_window;
	ok(sign());
	master = mine;
}

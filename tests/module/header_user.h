/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header_user.h: a client that includes a pkcs11.h and keydiv.h and nothing else, in whatever
 * language includes this.
 */
#include <p11-kit/pkcs11.h>

#include <keydiv.h>

static int use_header(void)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	CK_MECHANISM m;

	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
	keydiv_put_number(&p, KEYDIV_COUNTER, 1);
	m = keydiv_mechanism(CKM_KEYDIV_DEVICE_MESSAGE_KEY, &p);
	if (m.mechanism != 0x8B440003UL || m.ulParameterLen != 12 + 11 || m.pParameter != p.bytes)
		return 1;
	keydiv_start(&p);
	keydiv_put(&p, KEYDIV_SALT, "12345678", 8);
	keydiv_put(&p, KEYDIV_DEVICE, "x", 1); /* out of order */
	m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
	if (m.ulParameterLen != 1 || p.bytes[0] != 0)
		return 2;
	return CKK_KEYDIV_ODUKPT_CLIENT == 0x8B440001UL && CKR_KEYDIV_EXHAUSTED == 0x8B440001UL &&
			       CKA_KEYDIV_REMAINING == 0x8B440003UL
		       ? 0
		       : 3;
}

int main(void)
{
	return use_header();
}

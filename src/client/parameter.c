/* SPDX-License-Identifier: Apache-2.0 */
/* parameter.c: see parameter.h. */
#include "parameter.h"

#include "keydiv.h"

#define VALUE_MAX 4096
#define GMAC_IV 12

/* --- Fields --- */

bool field_put(struct wire *w, uint8_t tag, const void *p, CK_ULONG n)
{
	if (n > VALUE_MAX || (p == NULL && n > 0))
		return false;
	wire_put_byte(w, tag);
	wire_put_byte(w, (uint8_t)(n >> 8));
	wire_put_byte(w, (uint8_t)n);
	wire_put_raw(w, p, n);
	return true;
}

/* Append the field unless it is empty: an absent field means the same. */
static bool put_unless_empty(struct wire *w, uint8_t tag, const void *p, CK_ULONG n)
{
	return n == 0 || field_put(w, tag, p, n);
}

bool field_put_byte(struct wire *w, uint8_t tag, CK_ULONG value)
{
	uint8_t byte = (uint8_t)value;

	return value <= UINT8_MAX && field_put(w, tag, &byte, sizeof byte);
}

bool field_put_u32(struct wire *w, uint8_t tag, CK_ULONG value)
{
	uint8_t p[4];

	put_be32(p, (uint32_t)value);
	return value <= UINT32_MAX && field_put(w, tag, p, sizeof p);
}

bool field_put_u64(struct wire *w, uint8_t tag, CK_ULONG value)
{
	uint8_t p[8];

	put_be64(p, value);
	return field_put(w, tag, p, sizeof p);
}

/* Copy the parameter of M, which must have SIZE bytes. */
static bool copy(const CK_MECHANISM *m, void *ret, size_t size)
{
	if (m->pParameter == NULL || m->ulParameterLen != size)
		return false;
	memcpy(ret, m->pParameter, size);
	return true;
}

/* --- Ciphers and GMAC --- */

/* Version 2.40 of the standard had no ulIvBits, so callers give structs of two sizes. */
static bool copy_gcm(const CK_MECHANISM *m, CK_GCM_PARAMS *ret)
{
	struct {
		CK_BYTE_PTR pIv;
		CK_ULONG ulIvLen;
		CK_BYTE_PTR pAAD;
		CK_ULONG ulAADLen;
		CK_ULONG ulTagBits;
	} old;

	if (copy(m, ret, sizeof *ret))
		return true;
	if (!copy(m, &old, sizeof old))
		return false;
	*ret = (CK_GCM_PARAMS){
		old.pIv, old.ulIvLen, 8 * old.ulIvLen, old.pAAD, old.ulAADLen, old.ulTagBits};
	return true;
}

bool flatten_gcm(struct wire *w, const CK_MECHANISM *m)
{
	CK_GCM_PARAMS p;

	return copy_gcm(m, &p) && p.ulTagBits % 8 == 0 &&
	       field_put(w, KEYDIV_IV, p.pIv, p.ulIvLen) &&
	       put_unless_empty(w, KEYDIV_AAD, p.pAAD, p.ulAADLen) &&
	       field_put_byte(w, KEYDIV_TAG_LENGTH, p.ulTagBits / 8);
}

bool flatten_ccm(struct wire *w, const CK_MECHANISM *m)
{
	CK_CCM_PARAMS p;

	return copy(m, &p, sizeof p) && field_put(w, KEYDIV_IV, p.pNonce, p.ulNonceLen) &&
	       put_unless_empty(w, KEYDIV_AAD, p.pAAD, p.ulAADLen) &&
	       field_put_byte(w, KEYDIV_TAG_LENGTH, p.ulMACLen) &&
	       field_put_u64(w, KEYDIV_DATA_LENGTH, p.ulDataLen);
}

bool flatten_gmac(struct wire *w, const CK_MECHANISM *m)
{
	CK_GCM_PARAMS p;

	if (m->ulParameterLen == GMAC_IV)
		return field_put(w, KEYDIV_IV, m->pParameter, GMAC_IV);
	return copy_gcm(m, &p) && p.ulAADLen == 0 && p.ulTagBits == 128 &&
	       field_put(w, KEYDIV_IV, p.pIv, p.ulIvLen);
}

/* --- Derivation --- */

bool flatten_ecb_data(struct wire *w, const CK_MECHANISM *m)
{
	CK_KEY_DERIVATION_STRING_DATA p;

	return copy(m, &p, sizeof p) && field_put(w, KEYDIV_MESSAGE, p.pData, p.ulLen);
}

bool flatten_aes_cbc_data(struct wire *w, const CK_MECHANISM *m)
{
	CK_AES_CBC_ENCRYPT_DATA_PARAMS p;

	return copy(m, &p, sizeof p) && field_put(w, KEYDIV_MESSAGE, p.pData, p.length) &&
	       field_put(w, KEYDIV_IV, p.iv, sizeof p.iv);
}

bool flatten_des3_cbc_data(struct wire *w, const CK_MECHANISM *m)
{
	CK_DES_CBC_ENCRYPT_DATA_PARAMS p;

	return copy(m, &p, sizeof p) && field_put(w, KEYDIV_MESSAGE, p.pData, p.length) &&
	       field_put(w, KEYDIV_IV, p.iv, sizeof p.iv);
}

/* Only extraction uses a salt. A salt that is a key has no flat form. */
static bool put_hkdf_salt(struct wire *w, const CK_HKDF_PARAMS *p)
{
	if (!p->bExtract || p->ulSaltType == CKF_HKDF_SALT_NULL)
		return true;
	return p->ulSaltType == CKF_HKDF_SALT_DATA &&
	       put_unless_empty(w, KEYDIV_SALT_VALUE, p->pSalt, p->ulSaltLen);
}

bool flatten_hkdf(struct wire *w, const CK_MECHANISM *m)
{
	CK_HKDF_PARAMS p;

	if (!copy(m, &p, sizeof p) || p.bExtract > CK_TRUE || p.bExpand > CK_TRUE)
		return false;
	CK_ULONG steps =
		(p.bExtract ? KEYDIV_STEPS_EXTRACT : 0) | (p.bExpand ? KEYDIV_STEPS_EXPAND : 0);

	return field_put_u32(w, KEYDIV_HASH, p.prfHashMechanism) &&
	       field_put_byte(w, KEYDIV_STEPS, steps) && put_hkdf_salt(w, &p) &&
	       put_unless_empty(w, KEYDIV_INFO, p.pInfo, p.ulInfoLen);
}

/* The hash of the PRF, or CK_UNAVAILABLE_INFORMATION. */
static CK_MECHANISM_TYPE pbkdf2_hash(CK_ULONG prf)
{
	static const struct {
		CK_ULONG prf;
		CK_MECHANISM_TYPE hash;
	} known[] = {{CKP_PKCS5_PBKD2_HMAC_SHA1, CKM_SHA_1},
		{CKP_PKCS5_PBKD2_HMAC_SHA224, CKM_SHA224},
		{CKP_PKCS5_PBKD2_HMAC_SHA256, CKM_SHA256},
		{CKP_PKCS5_PBKD2_HMAC_SHA384, CKM_SHA384},
		{CKP_PKCS5_PBKD2_HMAC_SHA512, CKM_SHA512}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].prf == prf)
			return known[i].hash;
	return CK_UNAVAILABLE_INFORMATION;
}

bool flatten_pbkdf2(struct wire *w, const CK_MECHANISM *m)
{
	CK_PKCS5_PBKD2_PARAMS2 p;

	return copy(m, &p, sizeof p) && p.saltSource == CKZ_SALT_SPECIFIED && p.pPrfData == NULL &&
	       p.ulPrfDataLen == 0 && field_put(w, KEYDIV_PASSWORD, p.pPassword, p.ulPasswordLen) &&
	       field_put_u32(w, KEYDIV_HASH, pbkdf2_hash(p.prf)) &&
	       field_put(w, KEYDIV_SALT_VALUE, p.pSaltSourceData, p.ulSaltSourceDataLen) &&
	       field_put_u64(w, KEYDIV_ITERATIONS, p.iterations);
}

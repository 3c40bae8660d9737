/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.c: see pairs.h. */
#include "pairs.h"

static uint64_t state = 1;

void pairs_seed(uint64_t seed)
{
	state = seed * 2 + 1;
}

CK_ULONG random_below(CK_ULONG limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % limit;
}

void random_fill(void *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)random_below(256);
}

/* One chance in N. */
static bool one_in(CK_ULONG n)
{
	return random_below(n) == 0;
}

static struct pair pair;
static KEYDIV_PARAMETER fields;
static uint8_t bytes[4][256]; /* what the structs point to */

static void put_hash(CK_ULONG number)
{
	uint8_t hash[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
		(uint8_t)number};

	keydiv_put(&fields, KEYDIV_HASH, hash, sizeof hash);
}

static void put_byte(unsigned char tag, CK_ULONG value)
{
	uint8_t byte = (uint8_t)value;

	keydiv_put(&fields, tag, &byte, 1);
}

static const CK_MECHANISM_TYPE hashes[] = {
	CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_MD5};

static void hkdf(void)
{
	static CK_HKDF_PARAMS p;
	CK_ULONG steps = one_in(20) ? 0 : 1 + random_below(3);

	p = (CK_HKDF_PARAMS){steps & 1, (steps & 2) != 0, hashes[random_below(one_in(9) ? 6 : 5)],
		one_in(3) ? CKF_HKDF_SALT_NULL : CKF_HKDF_SALT_DATA, bytes[0], random_below(100), 0,
		bytes[1], random_below(200)};
	put_hash(p.prfHashMechanism);
	put_byte(KEYDIV_STEPS, steps);
	if (p.ulSaltType == CKF_HKDF_SALT_DATA)
		keydiv_put(&fields, KEYDIV_SALT_VALUE, p.pSalt, p.ulSaltLen);
	if (p.ulInfoLen > 0 || one_in(2))
		keydiv_put(&fields, KEYDIV_INFO, p.pInfo, p.ulInfoLen);
	pair.native.pParameter = &p;
	pair.native.ulParameterLen = sizeof p;
}

static void pbkdf2(void)
{
	static CK_PKCS5_PBKD2_PARAMS2 p;
	static const CK_ULONG prf[] = {CKP_PKCS5_PBKD2_HMAC_SHA1, CKP_PKCS5_PBKD2_HMAC_SHA224,
		CKP_PKCS5_PBKD2_HMAC_SHA256, CKP_PKCS5_PBKD2_HMAC_SHA384,
		CKP_PKCS5_PBKD2_HMAC_SHA512, 99};
	CK_ULONG which = random_below(one_in(9) ? 6 : 5);

	p = (CK_PKCS5_PBKD2_PARAMS2){CKZ_SALT_SPECIFIED, bytes[0], random_below(100),
		one_in(20) ? 1UL << 31 : random_below(4), prf[which], NULL, 0, bytes[1],
		random_below(100)};
	keydiv_put(&fields, KEYDIV_PASSWORD, p.pPassword, p.ulPasswordLen);
	put_hash(hashes[which]);
	keydiv_put(&fields, KEYDIV_SALT_VALUE, p.pSaltSourceData, p.ulSaltSourceDataLen);
	keydiv_put_number(&fields, KEYDIV_ITERATIONS, p.iterations);
	pair.native.pParameter = &p;
	pair.native.ulParameterLen = sizeof p;
}

/* --- SP 800-108 --- */

static CK_PRF_DATA_PARAM pieces[8];
static CK_SP800_108_COUNTER_FORMAT counters[8];
static CK_SP800_108_DKM_LENGTH_FORMAT lengths[8];

/* Make piece I of TYPE, and append its flat form to OUT. Returns the length of the flat form. */
static size_t piece(size_t i, CK_ULONG type, bool counter_mode, uint8_t *out)
{
	static const uint8_t widths[] = {32, 32, 32, 8, 16, 24, 64, 7, 0, 200};
	CK_ULONG width = widths[random_below(10)], method = one_in(9) ? 3 : 1 + random_below(2);
	size_t n = 0;

	pieces[i] = (CK_PRF_DATA_PARAM){type, NULL, 0};
	if (type == CK_SP800_108_BYTE_ARRAY) {
		n = random_below(60);
		pieces[i].pValue = bytes[0] + i;
		pieces[i].ulValueLen = n;
		memcpy(out + 3, bytes[0] + i, n);
	} else if (type == CK_SP800_108_DKM_LENGTH) {
		lengths[i] = (CK_SP800_108_DKM_LENGTH_FORMAT){method, CK_FALSE, width};
		pieces[i].pValue = &lengths[i];
		pieces[i].ulValueLen = sizeof lengths[i];
		out[3] = (uint8_t)method;
		out[4] = (uint8_t)width;
		n = 2;
	} else if (counter_mode || type != CK_SP800_108_ITERATION_VARIABLE || one_in(20)) {
		counters[i] = (CK_SP800_108_COUNTER_FORMAT){CK_FALSE, width};
		pieces[i].pValue = &counters[i];
		pieces[i].ulValueLen = sizeof counters[i];
		out[3] = (uint8_t)width;
		n = 1;
	}
	out[0] = (uint8_t)type;
	out[1] = 0;
	out[2] = (uint8_t)n;
	return 3 + n;
}

static void sp800_108(CK_MECHANISM_TYPE type)
{
	static const CK_MECHANISM_TYPE prfs[] = {CKM_AES_CMAC, CKM_SHA256_HMAC, CKM_DES3_CMAC,
		CKM_SHA_1_HMAC, CKM_SHA224_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC, CKM_AES_GCM};
	static CK_SP800_108_KDF_PARAMS p;
	static CK_SP800_108_FEEDBACK_KDF_PARAMS feedback;
	bool counter_mode = type == CKM_SP800_108_COUNTER_KDF;
	CK_ULONG prf = prfs[random_below(one_in(9) ? 8 : one_in(3) ? 7 : 2)], iv_n;
	CK_ULONG count = 1 + random_below(4), first = random_below(count);
	uint8_t list[8 * 64];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		CK_ULONG other = one_in(20) ? 6 : one_in(20) ? 1 : 2 + random_below(3);
		if (counter_mode && other == CK_SP800_108_OPTIONAL_COUNTER && !one_in(9))
			other = CK_SP800_108_BYTE_ARRAY;
		n += piece(i, i == first && !one_in(20) ? CK_SP800_108_ITERATION_VARIABLE : other,
			counter_mode, list + n);
	}
	put_hash(prf);
	keydiv_put(&fields, KEYDIV_DATA_PARAMETERS, list, n);
	p = (CK_SP800_108_KDF_PARAMS){prf, count, pieces, 0, NULL};
	pair.native.pParameter = &p;
	pair.native.ulParameterLen = sizeof p;
	if (type != CKM_SP800_108_FEEDBACK_KDF)
		return;
	iv_n = one_in(3) ? 0 : random_below(80);
	if (iv_n > 0 || one_in(2))
		keydiv_put(&fields, KEYDIV_FEEDBACK_IV, bytes[1], iv_n);
	feedback = (CK_SP800_108_FEEDBACK_KDF_PARAMS){
		prf, count, pieces, iv_n, iv_n > 0 ? bytes[1] : NULL, 0, NULL};
	pair.native.pParameter = &feedback;
	pair.native.ulParameterLen = sizeof feedback;
}

/* --- Keys by encrypting data --- */

static void encrypt_data(CK_MECHANISM_TYPE type)
{
	static CK_KEY_DERIVATION_STRING_DATA ecb;
	static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes;
	static CK_DES_CBC_ENCRYPT_DATA_PARAMS des;
	bool is_aes = type == CKM_AES_ECB_ENCRYPT_DATA || type == CKM_AES_CBC_ENCRYPT_DATA;
	bool is_cbc = type == CKM_AES_CBC_ENCRYPT_DATA || type == CKM_DES3_CBC_ENCRYPT_DATA;
	CK_ULONG block = is_aes ? 16 : 8, n = block * random_below(6) + (one_in(9) ? 1 : 0);

	if (!is_aes && one_in(5))
		memcpy(bytes[0] + 8, bytes[0], 8); /* equal blocks */
	ecb = (CK_KEY_DERIVATION_STRING_DATA){bytes[0], n};
	aes = (CK_AES_CBC_ENCRYPT_DATA_PARAMS){.pData = bytes[0], .length = n};
	des = (CK_DES_CBC_ENCRYPT_DATA_PARAMS){.pData = bytes[0], .length = n};
	memcpy(aes.iv, bytes[1], sizeof aes.iv);
	memcpy(des.iv, bytes[1], sizeof des.iv);
	keydiv_put(&fields, KEYDIV_MESSAGE, bytes[0], n);
	if (is_cbc)
		keydiv_put(&fields, KEYDIV_IV, bytes[1], block);
	pair.native.pParameter = !is_cbc ? (void *)&ecb : is_aes ? (void *)&aes : (void *)&des;
	pair.native.ulParameterLen = !is_cbc ? sizeof ecb : is_aes ? sizeof aes : sizeof des;
}

/* --- Authenticated encryption --- */

static void gcm(void)
{
	static CK_GCM_PARAMS p;
	CK_ULONG iv_n = one_in(9) ? 120 + random_below(12) : random_below(20);

	p = (CK_GCM_PARAMS){bytes[0], iv_n, 8 * iv_n, bytes[1], random_below(200),
		8 * (one_in(5) ? random_below(20) : 12 + random_below(5))};
	keydiv_put(&fields, KEYDIV_IV, p.pIv, iv_n);
	if (p.ulAADLen > 0 || one_in(2))
		keydiv_put(&fields, KEYDIV_AAD, p.pAAD, p.ulAADLen);
	if (p.ulTagBits != 128 || one_in(2))
		put_byte(KEYDIV_TAG_LENGTH, p.ulTagBits / 8);
	pair.native.pParameter = &p;
	pair.native.ulParameterLen = sizeof p;
	pair.data_length = random_below(100);
}

static void ccm(void)
{
	static CK_CCM_PARAMS p;

	pair.data_length = random_below(100);
	p = (CK_CCM_PARAMS){one_in(9) ? 70000 : pair.data_length, bytes[0], 5 + random_below(11),
		bytes[1], random_below(200),
		one_in(5) ? random_below(20) : 4 + 2 * random_below(7)};
	keydiv_put(&fields, KEYDIV_IV, p.pNonce, p.ulNonceLen);
	if (p.ulAADLen > 0 || one_in(2))
		keydiv_put(&fields, KEYDIV_AAD, p.pAAD, p.ulAADLen);
	if (p.ulMACLen != 16 || one_in(2))
		put_byte(KEYDIV_TAG_LENGTH, p.ulMACLen);
	keydiv_put_number(&fields, KEYDIV_DATA_LENGTH, p.ulDataLen);
	pair.native.pParameter = &p;
	pair.native.ulParameterLen = sizeof p;
}

static void gmac(void)
{
	CK_ULONG n = one_in(3) ? 10 + random_below(5) : 12;

	keydiv_put(&fields, KEYDIV_IV, bytes[0], n);
	pair.native.pParameter = bytes[0];
	pair.native.ulParameterLen = n;
	pair.data_length = random_below(100);
}

/* --- The pair --- */

static void start(CK_MECHANISM_TYPE type)
{
	random_fill(bytes, sizeof bytes);
	keydiv_start(&fields);
	pair = (struct pair){.native = {type, NULL, 0}};
}

const struct pair *random_pair(CK_MECHANISM_TYPE type)
{
	start(type);
	switch (type) {
	case CKM_HKDF_DERIVE:
	case CKM_HKDF_DATA:
		hkdf();
		break;
	case CKM_PKCS5_PBKD2:
		pbkdf2();
		break;
	case CKM_SP800_108_COUNTER_KDF:
	case CKM_SP800_108_FEEDBACK_KDF:
	case CKM_SP800_108_DOUBLE_PIPELINE_KDF:
		sp800_108(type);
		break;
	case CKM_AES_GCM:
		gcm();
		break;
	case CKM_AES_CCM:
		ccm();
		break;
	case CKM_AES_GMAC:
		gmac();
		break;
	default:
		encrypt_data(type);
	}
	ck_assert(!fields.failed);
	pair.flat = keydiv_mechanism(CKM_KEYDIV_FLAT(type), &fields);
	return &pair;
}

const struct pair *random_message(CK_MECHANISM_TYPE type, CK_ULONG data_length, uint8_t *tag)
{
	static CK_GCM_MESSAGE_PARAMS g;
	static CK_CCM_MESSAGE_PARAMS c;
	CK_ULONG tag_n = 12 + 2 * random_below(3), iv_n = 7 + random_below(7);

	start(type);
	g = (CK_GCM_MESSAGE_PARAMS){bytes[0], iv_n, 0, CKG_NO_GENERATE, tag, 8 * tag_n};
	c = (CK_CCM_MESSAGE_PARAMS){data_length, bytes[0], iv_n, 0, CKG_NO_GENERATE, tag, tag_n};
	keydiv_put(&fields, KEYDIV_IV, bytes[0], iv_n);
	put_byte(KEYDIV_TAG_LENGTH, tag_n);
	if (type == CKM_AES_CCM)
		keydiv_put_number(&fields, KEYDIV_DATA_LENGTH, data_length);
	pair.native.pParameter = type == CKM_AES_GCM ? (void *)&g : (void *)&c;
	pair.native.ulParameterLen = type == CKM_AES_GCM ? sizeof g : sizeof c;
	pair.flat = keydiv_mechanism(CKM_KEYDIV_FLAT(type), &fields);
	return &pair;
}

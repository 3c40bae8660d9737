/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aes.c: AES (FIPS 197). Key generation, and encryption in the modes of SP 800-38A, 38C (CCM)
 * and 38D (GCM).
 */
#include "native.h"
#include "operation_fields.h"

#define BLOCK 16
#define GCM_IV_MAX 128 /* the limit of libcrypto */
#define GCM_TAG_MIN 12 /* shorter tags weaken with use, SP 800-38D appendix C */

/* --- Parameters (Current Mechanisms Specification, 2.11 to 2.13) --- */

static CK_RV iv_setup(const CK_MECHANISM *caller, struct cipher_setup *ret)
{
	ENSURE(caller->pParameter != NULL && caller->ulParameterLen == BLOCK,
		CKR_MECHANISM_PARAM_INVALID);
	ret->iv = bytes_of(caller->pParameter, BLOCK);
	return CKR_OK;
}

static CK_RV ctr_setup(const CK_MECHANISM *caller, struct cipher_setup *ret)
{
	CK_AES_CTR_PARAMS params;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &params, sizeof params));
	ENSURE(params.ulCounterBits >= 1 && params.ulCounterBits <= 8 * BLOCK,
		CKR_MECHANISM_PARAM_INVALID);
	ret->counter_bits = (unsigned)params.ulCounterBits;
	ret->iv = bytes_of(
		(const uint8_t *)caller->pParameter + offsetof(CK_AES_CTR_PARAMS, cb), BLOCK);
	return CKR_OK;
}

static CK_RV gcm_tag_length(CK_ULONG bits, size_t *ret)
{
	ENSURE(bits % 8 == 0 && bits >= 8 * GCM_TAG_MIN && bits <= 8 * BLOCK,
		CKR_MECHANISM_PARAM_INVALID);
	*ret = bits / 8;
	return CKR_OK;
}

/* ulIvBits repeats ulIvLen. Many callers leave ulIvBits zero, so ulIvBits is ignored. */
static CK_RV gcm_setup(const CK_MECHANISM *caller, struct cipher_setup *ret)
{
	CK_GCM_PARAMS params = {0};

	TRY(native_gcm(caller, &params));
	ENSURE(params.pIv != NULL && params.ulIvLen >= 1, CKR_MECHANISM_PARAM_INVALID);
	TRY(native_bytes(params.pIv, params.ulIvLen, GCM_IV_MAX, &ret->iv));
	TRY(native_bytes(params.pAAD, params.ulAADLen, NATIVE_BYTES_MAX, &ret->aad));
	return gcm_tag_length(params.ulTagBits, &ret->tag_len);
}

/*
 * The nonce has 15 - q bytes, where the length of the data fits into q bytes (SP
 * 800-38C appendix A.1).
 */
static CK_RV ccm_lengths(CK_ULONG nonce, CK_ULONG tag, CK_ULONG data)
{
	ENSURE(nonce >= 7 && nonce <= 13, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(tag >= 4 && tag <= BLOCK && tag % 2 == 0, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(nonce == 7 || data >> (8 * (15 - nonce)) == 0, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

static CK_RV ccm_setup(const CK_MECHANISM *caller, struct cipher_setup *ret)
{
	CK_CCM_PARAMS params;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &params, sizeof params));
	TRY(ccm_lengths(params.ulNonceLen, params.ulMACLen, params.ulDataLen));
	ENSURE(params.pNonce != NULL, CKR_MECHANISM_PARAM_INVALID);
	TRY(native_bytes(params.pAAD, params.ulAADLen, NATIVE_BYTES_MAX, &ret->aad));
	ret->iv = bytes_of(params.pNonce, params.ulNonceLen);
	ret->tag_len = params.ulMACLen;
	ret->data_len = params.ulDataLen;
	return CKR_OK;
}

static CK_RV gcm_message(const void *caller, CK_ULONG n, struct message_setup *ret)
{
	CK_GCM_MESSAGE_PARAMS params;

	TRY(native_struct(caller, n, &params, sizeof params));
	ENSURE(params.pIv != NULL && params.pTag != NULL, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(params.ulIvLen >= 1 && params.ulIvLen <= GCM_IV_MAX, CKR_MECHANISM_PARAM_INVALID);
	ENSURE(params.ulIvFixedBits <= 8 * params.ulIvLen, CKR_MECHANISM_PARAM_INVALID);
	TRY(gcm_tag_length(params.ulTagBits, &ret->tag_len));
	ret->nonce = params.pIv;
	ret->nonce_len = params.ulIvLen;
	ret->fixed_bits = params.ulIvFixedBits;
	ret->generator = params.ivGenerator;
	ret->tag = params.pTag;
	ret->data_len = 0;
	ret->aad = bytes_of(NULL, 0);
	return CKR_OK;
}

static CK_RV ccm_message(const void *caller, CK_ULONG n, struct message_setup *ret)
{
	CK_CCM_MESSAGE_PARAMS params;

	TRY(native_struct(caller, n, &params, sizeof params));
	ENSURE(params.pNonce != NULL && params.pMAC != NULL, CKR_MECHANISM_PARAM_INVALID);
	TRY(ccm_lengths(params.ulNonceLen, params.ulMACLen, params.ulDataLen));
	ENSURE(params.ulNonceFixedBits <= 8 * params.ulNonceLen, CKR_MECHANISM_PARAM_INVALID);
	ret->nonce = params.pNonce;
	ret->nonce_len = params.ulNonceLen;
	ret->fixed_bits = params.ulNonceFixedBits;
	ret->generator = params.nonceGenerator;
	ret->tag = params.pMAC;
	ret->tag_len = params.ulMACLen;
	ret->data_len = params.ulDataLen;
	ret->aad = bytes_of(NULL, 0);
	return CKR_OK;
}

/* --- Fields of the flat forms --- */

static const struct field gcm_fields[] = {FIELD_IV, FIELD_AAD, FIELD_TAG_LENGTH, {0}};
static const struct field ccm_fields[] = {
	FIELD_IV, FIELD_AAD, FIELD_TAG_LENGTH, {NUMBER_FIELD(DATA_LENGTH), true, 8, 8}, {0}};

static CK_RV ccm_check(const struct parameter *p)
{
	return ccm_lengths(parameter_get(p, KEYDIV_IV).n, BLOCK,
		get_be64(parameter_get(p, KEYDIV_DATA_LENGTH).p));
}

/* --- Known answers --- */

#define SP_800_38A_KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define SP_800_38A_PLAIN "6bc1bee22e409f96e93d7e117393172a"

/* SP 800-38A F.1.1, FIPS 197 C.3 */
static const struct operation_answer ecb_answers[] = {
	{CKK_AES, SP_800_38A_KEY, NULL, NULL, SP_800_38A_PLAIN, "3ad77bb40d7a3660a89ecaf32466ef97"},
	{CKK_AES, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", NULL, NULL,
		"00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"},
	{0},
};

/* SP 800-38A F.2.1 */
static const struct operation_answer cbc_answers[] = {
	{CKK_AES, SP_800_38A_KEY, "000102030405060708090a0b0c0d0e0f", NULL, SP_800_38A_PLAIN,
		"7649abac8119b246cee98e9b12e9197d"},
	{0},
};

/* SP 800-38A F.2.1 with the block of padding after it (PKCS #7, RFC 5652 section 6.3) */
static const struct operation_answer cbc_pad_answers[] = {
	{CKK_AES, SP_800_38A_KEY, "000102030405060708090a0b0c0d0e0f", NULL, SP_800_38A_PLAIN,
		"7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c"},
	{0},
};

/* SP 800-38A F.5.1 */
static const struct operation_answer ctr_answers[] = {
	{CKK_AES, SP_800_38A_KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", NULL, SP_800_38A_PLAIN,
		"874d6191b620e3261bef6864990db6ce"},
	{0},
};

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 4 */
static const struct operation_answer gcm_answers[] = {
	{CKK_AES, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
		"5bc94fbc3221a5db94fae95ae7121a47"},
	{0},
};

/* SP 800-38C, example 2 */
static const struct operation_answer ccm_answers[] = {
	{CKK_AES, "404142434445464748494a4b4c4d4e4f", "1011121314151617",
		"000102030405060708090a0b0c0d0e0f", "202122232425262728292a2b2c2d2e2f",
		"d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd"},
	{0},
};

/* --- The mechanisms --- */

#define CRYPT (CKF_ENCRYPT | CKF_DECRYPT)
#define MESSAGES (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE)

const struct mechanism mech_aes_key_gen = {
	.type = CKM_AES_KEY_GEN,
	.name = "CKM_AES_KEY_GEN",
	.source = "PKCS#11 3.0",
	.info = {16, 32, CKF_GENERATE},
	.operation = {.generates = CKK_AES},
	.test = {.run = operation_self_test},
};

const struct mechanism mech_aes_ecb = {
	.type = CKM_AES_ECB,
	.name = "CKM_AES_ECB",
	.source = "FIPS 197, SP 800-38A",
	.info = {16, 32, CRYPT},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_ECB},
	.test = {.operation_answers = ecb_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_cbc = {
	.type = CKM_AES_CBC,
	.name = "CKM_AES_CBC",
	.source = "FIPS 197, SP 800-38A",
	.info = {16, 32, CRYPT},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_CBC,
		.cipher_setup = iv_setup,
		.inputs = &inputs_block16,
		.for_use = true},
	.test = {.operation_answers = cbc_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_cbc_pad = {
	.type = CKM_AES_CBC_PAD,
	.name = "CKM_AES_CBC_PAD",
	.source = "FIPS 197, SP 800-38A",
	.info = {16, 32, CRYPT},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_CBC_PAD,
		.cipher_setup = iv_setup,
		.inputs = &inputs_block16,
		.for_use = true},
	.test = {.operation_answers = cbc_pad_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_ctr = {
	.type = CKM_AES_CTR,
	.name = "CKM_AES_CTR",
	.source = "FIPS 197, SP 800-38A",
	.info = {16, 32, CRYPT},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_CTR,
		.cipher_setup = ctr_setup,
		.inputs = &inputs_block16,
		.for_use = true},
	.test = {.operation_answers = ctr_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_gcm = {
	.type = CKM_AES_GCM,
	.form = FORM_POINTERS,
	.name = "CKM_AES_GCM",
	.source = "SP 800-38D",
	.info = {16, 32, CRYPT | MESSAGES},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_GCM,
		.cipher_setup = gcm_setup,
		.message_setup = gcm_message,
		.inputs = &inputs_gcm,
		.for_use = true,
		.further = further_counter},
	.test = {.operation_answers = gcm_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_ccm = {
	.type = CKM_AES_CCM,
	.form = FORM_POINTERS,
	.name = "CKM_AES_CCM",
	.source = "SP 800-38C",
	.info = {16, 32, CRYPT | MESSAGES},
	.key_types = key_types_aes,
	.operation = {.cipher = CIPHER_CCM,
		.cipher_setup = ccm_setup,
		.message_setup = ccm_message,
		.inputs = &inputs_ccm,
		.for_use = true,
		.further = further_counter},
	.test = {.operation_answers = ccm_answers, .run = operation_self_test},
};

const struct mechanism mech_flat_aes_gcm = {
	.type = CKM_AES_GCM,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_AES_GCM",
	.what = "encryption",
	.info = {16, 32, CRYPT | MESSAGES},
	.key_types = key_types_aes,
	.fields = gcm_fields,
	.operation = {.cipher = CIPHER_GCM, .inputs = &inputs_gcm},
	.test = {.operation_answers = gcm_answers, .run = operation_self_test},
};

const struct mechanism mech_flat_aes_ccm = {
	.type = CKM_AES_CCM,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_AES_CCM",
	.what = "encryption",
	.info = {16, 32, CRYPT | MESSAGES},
	.key_types = key_types_aes,
	.fields = ccm_fields,
	.check = ccm_check,
	.operation = {.cipher = CIPHER_CCM, .inputs = &inputs_ccm},
	.test = {.operation_answers = ccm_answers, .run = operation_self_test},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encrypt_data.c: derive keys by encrypting data, CKM_{AES,DES3}_{ECB,CBC}_ENCRYPT_DATA (PKCS#11
 * Current Mechanisms Specification 2.15).
 */
#include "flat.h"
#include "native.h"

/* The parsed parameter, for plan and derive. */
struct native {
	struct bytes data;
	bool has_iv;
	uint8_t iv[KEY_BLOCK_MAX];
};

_Static_assert(sizeof(struct native) <= NATIVE_MAX, "room for the parsed parameter");

/* Copy N bytes of data at P to HEAP. The data must be whole blocks, at least one. */
static CK_RV copy_data(
	const CK_BYTE *p, CK_ULONG n, size_t block, struct native *ret, uint8_t *heap, size_t *used)
{
	TRY(native_copy(p, n, heap, used, &ret->data));
	ENSURE(n > 0 && n % block == 0, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

static CK_RV parse_ecb(
	const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used, size_t block)
{
	struct native *native = out;
	CK_KEY_DERIVATION_STRING_DATA p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	native->has_iv = false;
	return copy_data(p.pData, p.ulLen, block, native, heap, used);
}

static CK_RV parse_aes_ecb(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	return parse_ecb(caller, out, heap, used, 16);
}

static CK_RV parse_des3_ecb(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	return parse_ecb(caller, out, heap, used, 8);
}

static CK_RV parse_aes_cbc(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	struct native *native = out;
	CK_AES_CBC_ENCRYPT_DATA_PARAMS p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	native->has_iv = true;
	memcpy(native->iv, p.iv, sizeof p.iv);
	return copy_data(p.pData, p.length, 16, native, heap, used);
}

static CK_RV parse_des3_cbc(const CK_MECHANISM *caller, void *out, uint8_t *heap, size_t *used)
{
	struct native *native = out;
	CK_DES_CBC_ENCRYPT_DATA_PARAMS p;

	TRY(native_struct(caller->pParameter, caller->ulParameterLen, &p, sizeof p));
	native->has_iv = true;
	memcpy(native->iv, p.iv, sizeof p.iv);
	return copy_data(p.pData, p.length, 8, native, heap, used);
}

/* The fields of the flat forms with a cipher of BLOCK bytes. ECB has no IV. */
#define ECB_FIELDS(block)                                                                          \
	{                                                                                          \
		{FIELD(MESSAGE), true, block, FLAT_BYTES_MAX},                                     \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define CBC_FIELDS(block)                                                                          \
	{                                                                                          \
		{FIELD(MESSAGE), true, block, FLAT_BYTES_MAX}, {FIELD(IV), true, block, block},    \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static const struct field aes_ecb_fields[] = ECB_FIELDS(16), des3_ecb_fields[] = ECB_FIELDS(8);
static const struct field aes_cbc_fields[] = CBC_FIELDS(16), des3_cbc_fields[] = CBC_FIELDS(8);

static CK_RV parse_flat(const struct parameter *p, size_t block, void *out)
{
	struct native *native = out;
	struct bytes iv = parameter_get(p, KEYDIV_IV);

	native->data = parameter_get(p, KEYDIV_MESSAGE);
	native->has_iv = iv.p != NULL;
	if (native->has_iv)
		memcpy(native->iv, iv.p, iv.n);
	REQUIRE(native->data.n % block == 0, CKR_MECHANISM_PARAM_INVALID,
		"the data is not whole blocks");
	return CKR_OK;
}

static CK_RV parse_flat_aes(const struct parameter *p, void *out)
{
	return parse_flat(p, 16, out);
}

static CK_RV parse_flat_des3(const struct parameter *p, void *out)
{
	return parse_flat(p, 8, out);
}

/*
 * Return true if ECB would give a key with two neighbouring blocks of DES alike. As a DES key it
 * encrypts as single DES, and any other key of two such blocks has 64 bits. A search for the key
 * would then reveal other children of the base, because each block is encrypted alone.
 */
static bool repeats_block(const struct derivation *d)
{
	const struct native *native = d->native;
	const size_t block = 8; /* of DES */

	if (native->has_iv || key_block_size(d->base) != block)
		return false;
	for (size_t at = block; at < d->length; at += block)
		if (memcmp(native->data.p + at - block, native->data.p + at, block) == 0)
			return true;
	return false;
}

/*
 * Plan a generic secret if the template has no type, as long as the data if the template
 * has no length.
 */
static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	const struct native *native = d->native;

	TRY(derive_plan_as(d, request, CKK_GENERIC_SECRET, native->data.n));
	ENSURE(d->length <= native->data.n, CKR_KEY_SIZE_RANGE);
	REQUIRE(!repeats_block(d), CKR_MECHANISM_PARAM_INVALID,
		"equal blocks of data would give a weak key");
	return CKR_OK;
}

/*
 * Bytes are removed from the trailing end of the ciphertext until the key has its length, so
 * encrypt only the leading blocks that the key needs.
 */
static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	const struct native *native = d->native;
	size_t block = key_block_size(d->base), n = (d->length + block - 1) / block * block;
	SECRET text = {0};

	TRY(secret_resize(&text, n));
	TRY(key_encrypt_blocks(d->base, native->has_iv ? native->iv : NULL, native->data.p, n,
		secret_bytes(&text)));
	return secret_set(ret_value, secret_peek(&text), d->length);
}

/* --- The mechanisms --- */

/*
 * The first blocks of SP 800-38A F.1.1 and F.2.1, SP 800-67 B.1, and the text of B.1 in CBC mode by
 * a second implementation.
 */
#define AES_KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define AES_TEXT                                                                                   \
	"\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a"                         \
	"\xae\x2d\x8a\x57\x1e\x03\xac\x9c\x9e\xb7\x6f\xac\x45\xaf\x8e\x51"
#define DES3_KEY "0123456789abcdef23456789abcdef01456789abcdef0123"
#define DES3_TEXT "The qufck brown fox jump"

static const CK_KEY_DERIVATION_STRING_DATA aes_ecb = {(CK_BYTE *)AES_TEXT, 32};
static const CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, (CK_BYTE *)AES_TEXT, 32};
static const CK_KEY_DERIVATION_STRING_DATA des3_ecb = {(CK_BYTE *)DES3_TEXT, 24};
static const CK_DES_CBC_ENCRYPT_DATA_PARAMS des3_cbc = {
	{0, 1, 2, 3, 4, 5, 6, 7}, (CK_BYTE *)DES3_TEXT, 24};

static const struct bytes aes_ecb_native[] = {
	{(const void *)&aes_ecb, sizeof aes_ecb}, {(const void *)&aes_ecb, sizeof aes_ecb}};
static const struct bytes aes_cbc_native[] = {{(const void *)&aes_cbc, sizeof aes_cbc}};
static const struct bytes des3_ecb_native[] = {{(const void *)&des3_ecb, sizeof des3_ecb}};
static const struct bytes des3_cbc_native[] = {{(const void *)&des3_cbc, sizeof des3_cbc}};

/* The results, which both forms share. */
#define AES_ECB_KEY "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
#define AES_ECB_KEY_24 "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699d"
#define AES_CBC_KEY "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
#define DES3_ECB_KEY "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900"
#define DES3_CBC_KEY "f368d06f3bbd614e60f2d0245cad3f818d5c69f2cb3fd5c7"

/* The fields of the flat forms. */
#define FLAT_AES_TEXT                                                                              \
	"300020"                                                                                   \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
#define FLAT_AES_IV "720010000102030405060708090a0b0c0d0e0f"
#define FLAT_DES3_TEXT "30001854686520717566636b2062726f776e20666f78206a756d70"
#define FLAT_DES3_IV "7200080001020304050607"

static const struct known_answer aes_ecb_answers[] = {
	{CKK_AES, AES_KEY, NULL, CKK_AES, AES_ECB_KEY},
	{CKK_AES, AES_KEY, NULL, CKK_AES, AES_ECB_KEY_24},
	{0},
};

static const struct known_answer aes_cbc_answers[] = {
	{CKK_AES, AES_KEY, NULL, CKK_AES, AES_CBC_KEY},
	{0},
};

static const struct known_answer des3_ecb_answers[] = {
	{CKK_DES3, DES3_KEY, NULL, CKK_GENERIC_SECRET, DES3_ECB_KEY},
	{0},
};

static const struct known_answer des3_cbc_answers[] = {
	{CKK_DES3, DES3_KEY, NULL, CKK_GENERIC_SECRET, DES3_CBC_KEY},
	{0},
};

static const struct known_answer flat_aes_ecb_answers[] = {
	{CKK_AES, AES_KEY, FLAT_AES_TEXT, CKK_AES, AES_ECB_KEY},
	{CKK_AES, AES_KEY, FLAT_AES_TEXT, CKK_AES, AES_ECB_KEY_24},
	{0},
};

static const struct known_answer flat_aes_cbc_answers[] = {
	{CKK_AES, AES_KEY, FLAT_AES_TEXT FLAT_AES_IV, CKK_AES, AES_CBC_KEY},
	{0},
};

static const struct known_answer flat_des3_ecb_answers[] = {
	{CKK_DES3, DES3_KEY, FLAT_DES3_TEXT, CKK_GENERIC_SECRET, DES3_ECB_KEY},
	{0},
};

static const struct known_answer flat_des3_cbc_answers[] = {
	{CKK_DES3, DES3_KEY, FLAT_DES3_TEXT FLAT_DES3_IV, CKK_GENERIC_SECRET, DES3_CBC_KEY},
	{0},
};

const struct mechanism mech_aes_ecb_encrypt_data = {
	.type = CKM_AES_ECB_ENCRYPT_DATA,
	.form = FORM_POINTERS,
	.name = "CKM_AES_ECB_ENCRYPT_DATA",
	.source = "PKCS#11 2.15",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.parse_native = parse_aes_ecb,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = aes_ecb_answers, .native_answers = aes_ecb_native},
};

const struct mechanism mech_aes_cbc_encrypt_data = {
	.type = CKM_AES_CBC_ENCRYPT_DATA,
	.form = FORM_POINTERS,
	.name = "CKM_AES_CBC_ENCRYPT_DATA",
	.source = "PKCS#11 2.15",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.parse_native = parse_aes_cbc,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = aes_cbc_answers, .native_answers = aes_cbc_native},
};

const struct mechanism mech_des3_ecb_encrypt_data = {
	.type = CKM_DES3_ECB_ENCRYPT_DATA,
	.form = FORM_POINTERS,
	.name = "CKM_DES3_ECB_ENCRYPT_DATA",
	.source = "PKCS#11 2.15",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_tdes,
	.parse_native = parse_des3_ecb,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = des3_ecb_answers, .native_answers = des3_ecb_native},
};

const struct mechanism mech_des3_cbc_encrypt_data = {
	.type = CKM_DES3_CBC_ENCRYPT_DATA,
	.form = FORM_POINTERS,
	.name = "CKM_DES3_CBC_ENCRYPT_DATA",
	.source = "PKCS#11 2.15",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_tdes,
	.parse_native = parse_des3_cbc,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = des3_cbc_answers, .native_answers = des3_cbc_native},
};

const struct mechanism mech_flat_aes_ecb_encrypt_data = {
	.type = CKM_AES_ECB_ENCRYPT_DATA,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_AES_ECB_ENCRYPT_DATA",
	.what = "key -> key",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = aes_ecb_fields,
	.parse_flat = parse_flat_aes,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = flat_aes_ecb_answers},
};

const struct mechanism mech_flat_aes_cbc_encrypt_data = {
	.type = CKM_AES_CBC_ENCRYPT_DATA,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_AES_CBC_ENCRYPT_DATA",
	.what = "key -> key",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = aes_cbc_fields,
	.parse_flat = parse_flat_aes,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = flat_aes_cbc_answers},
};

const struct mechanism mech_flat_des3_ecb_encrypt_data = {
	.type = CKM_DES3_ECB_ENCRYPT_DATA,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_DES3_ECB_ENCRYPT_DATA",
	.what = "key -> key",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_tdes,
	.fields = des3_ecb_fields,
	.parse_flat = parse_flat_des3,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = flat_des3_ecb_answers},
};

const struct mechanism mech_flat_des3_cbc_encrypt_data = {
	.type = CKM_DES3_CBC_ENCRYPT_DATA,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_DES3_CBC_ENCRYPT_DATA",
	.what = "key -> key",
	.info = {0, 0, CKF_DERIVE},
	.key_types = key_types_tdes,
	.fields = des3_cbc_fields,
	.parse_flat = parse_flat_des3,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf},
	.test = {.answers = flat_des3_cbc_answers},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* mechanism_table.c: a working key and parameter for every mechanism. */
#include "mechanism_table.h"

static uint8_t iv[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static uint8_t data[32] = "data of two AES blocks in length";
static CK_AES_CTR_PARAMS ctr = {128, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static CK_GCM_PARAMS gcm = {iv, 12, 96, data, 20, 128};
static CK_CCM_PARAMS ccm = {32, iv, 12, data, 20, 16};
static CK_ULONG eight = 8;
static CK_KEY_DERIVATION_STRING_DATA string = {data, 32};
static CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc_data = {{1}, data, 32};
static CK_DES_CBC_ENCRYPT_DATA_PARAMS des_cbc_data = {{1}, data, 32};
static CK_HKDF_PARAMS hkdf = {
	CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, data, 32, 0, data, 20};
static uint8_t password[] = "password";
static CK_PKCS5_PBKD2_PARAMS2 pbkdf2 = {
	CKZ_SALT_SPECIFIED, data, 16, 1000, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, password, 8};
static CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
static CK_PRF_DATA_PARAM counter_fields[] = {
	{CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof counter},
	{CK_SP800_108_BYTE_ARRAY, data, 20}};
static CK_PRF_DATA_PARAM feedback_fields[] = {
	{CK_SP800_108_ITERATION_VARIABLE, NULL, 0}, {CK_SP800_108_BYTE_ARRAY, data, 20}};
static CK_SP800_108_KDF_PARAMS counter_kdf = {CKM_AES_CMAC, 2, counter_fields, 0, NULL};
static CK_SP800_108_KDF_PARAMS pipeline_kdf = {CKM_AES_CMAC, 2, feedback_fields, 0, NULL};
static CK_SP800_108_FEEDBACK_KDF_PARAMS feedback_kdf = {
	CKM_AES_CMAC, 2, feedback_fields, 0, NULL, 0, NULL};

#define FLAT(text) (text), sizeof(text) - 1
#define DEVICE_FIELD                                                                               \
	"\x01\x00\x09"                                                                             \
	"SN-000123"
#define COUNTER_FIELD "\x10\x00\x08\x00\x00\x00\x00\x00\x00\x00\x01"
#define NONCE_FIELDS                                                                               \
	"\x20\x00\x08"                                                                             \
	"initiate"                                                                                 \
	"\x21\x00\x08"                                                                             \
	"response"
#define SHE_PLACE                                                                                  \
	"\x62\x00\x0f"                                                                             \
	"module serial 1"                                                                          \
	"\x63\x00\x01\x41"
#define SHAPE_FIELD "\x50\x00\x02\x03\x03"
#define HASH_FIELD "\x78\x00\x04\x00\x00\x02\x50" /* CKM_SHA256 */
#define PRF_FIELD "\x78\x00\x04\x00\x00\x10\x8a"  /* CKM_AES_CMAC */
#define SALT_VALUE_FIELD                                                                           \
	"\x7a\x00\x04"                                                                             \
	"salt"
#define FLAT_HKDF FLAT(HASH_FIELD "\x79\x00\x01\x03" SALT_VALUE_FIELD)
#define PIECES_FIELD(iteration)                                                                    \
	"\x7d" iteration "\x04\x00\x04"                                                            \
	"text"
#define COUNTER_32 "\x00\x0b\x01\x00\x01\x20"
#define CHAINED_VALUE "\x00\x0a\x01\x00\x00"
#define IV_FIELD                                                                                   \
	"\x72\x00\x0c"                                                                             \
	"twelve bytes"
#define BLOCKS_FIELD                                                                               \
	"\x30\x00\x20"                                                                             \
	"data of two AES blocks in length"
#define NATIVE(x) &(x), sizeof(x)
#define E(type) (type), #type

const struct example examples[] = {
	{E(CKM_AES_KEY_GEN), CKK_AES, 32, NULL, 0, 0},
	{E(CKM_GENERIC_SECRET_KEY_GEN), CKK_GENERIC_SECRET, 32, NULL, 0, 0},
	{E(CKM_DES2_KEY_GEN), CKK_DES2, 16, NULL, 0, 0},
	{E(CKM_DES3_KEY_GEN), CKK_DES3, 24, NULL, 0, 0},
	{E(CKM_HKDF_KEY_GEN), CKK_HKDF, 32, NULL, 0, 0},
	{E(CKM_PKCS5_PBKD2), CKK_AES, 16, NATIVE(pbkdf2), 0},
	{E(CKM_AES_ECB), CKK_AES, 16, NULL, 0, 0},
	{E(CKM_AES_CBC), CKK_AES, 16, iv, 16, 0},
	{E(CKM_AES_CBC_PAD), CKK_AES, 24, iv, 16, 0},
	{E(CKM_AES_CTR), CKK_AES, 32, NATIVE(ctr), 0},
	{E(CKM_AES_GCM), CKK_AES, 16, NATIVE(gcm), 0},
	{E(CKM_AES_CCM), CKK_AES, 16, NATIVE(ccm), 0},
	{E(CKM_DES3_ECB), CKK_DES3, 24, NULL, 0, 0},
	{E(CKM_DES3_CBC), CKK_DES2, 16, iv, 8, 0},
	{E(CKM_DES3_CBC_PAD), CKK_DES3, 24, iv, 8, 0},
	{E(CKM_AES_CMAC), CKK_AES, 16, NULL, 0, 0},
	{E(CKM_AES_CMAC_GENERAL), CKK_AES, 16, NATIVE(eight), 0},
	{E(CKM_DES3_CMAC), CKK_DES3, 24, NULL, 0, 0},
	{E(CKM_DES3_CMAC_GENERAL), CKK_DES3, 24, NATIVE(eight), 0},
	{E(CKM_AES_GMAC), CKK_AES, 16, iv, 12, 0},
	{E(CKM_SHA_1), 0, 0, NULL, 0, 0},
	{E(CKM_SHA224), 0, 0, NULL, 0, 0},
	{E(CKM_SHA256), 0, 0, NULL, 0, 0},
	{E(CKM_SHA384), 0, 0, NULL, 0, 0},
	{E(CKM_SHA512), 0, 0, NULL, 0, 0},
	{E(CKM_SHA_1_HMAC), CKK_SHA_1_HMAC, 20, NULL, 0, 0},
	{E(CKM_SHA224_HMAC), CKK_GENERIC_SECRET, 28, NULL, 0, 0},
	{E(CKM_SHA256_HMAC), CKK_SHA256_HMAC, 32, NULL, 0, 0},
	{E(CKM_SHA384_HMAC), CKK_SHA384_HMAC, 48, NULL, 0, 0},
	{E(CKM_SHA512_HMAC), CKK_SHA512_HMAC, 64, NULL, 0, 0},
	{E(CKM_SHA_1_HMAC_GENERAL), CKK_GENERIC_SECRET, 20, NATIVE(eight), 0},
	{E(CKM_SHA224_HMAC_GENERAL), CKK_GENERIC_SECRET, 28, NATIVE(eight), 0},
	{E(CKM_SHA256_HMAC_GENERAL), CKK_GENERIC_SECRET, 32, NATIVE(eight), 0},
	{E(CKM_SHA384_HMAC_GENERAL), CKK_GENERIC_SECRET, 48, NATIVE(eight), 0},
	{E(CKM_SHA512_HMAC_GENERAL), CKK_GENERIC_SECRET, 64, NATIVE(eight), 0},
	{E(CKM_AES_KEY_WRAP), CKK_AES, 32, NULL, 0, 0},
	{E(CKM_AES_KEY_WRAP_KWP), CKK_AES, 32, NULL, 0, 0},
	{E(CKM_KEYDIV_KEY_BLOCK), CKK_AES, 32, NULL, 0, 0},
	{E(CKM_KEYDIV_DEVICE_KEY), CKK_AES, 16, FLAT(DEVICE_FIELD), 0},
	{E(CKM_KEYDIV_MESSAGE_KEY), CKK_AES, 16, FLAT(COUNTER_FIELD), 0},
	{E(CKM_KEYDIV_DEVICE_MESSAGE_KEY), CKK_AES, 16, FLAT(DEVICE_FIELD COUNTER_FIELD), 0},
	{E(CKM_KEYDIV_SESSION_KEY), CKK_AES, 16, FLAT(NONCE_FIELDS), 0},
	{E(CKM_KEYDIV_DEVICE_SESSION_KEY), CKK_AES, 16, FLAT(DEVICE_FIELD NONCE_FIELDS), 0},
	{E(CKM_KEYDIV_DATA_KEY), CKK_AES, 32,
		FLAT("\x28\x00\x10"
		     "sixteen byte non"),
		0},
	{E(CKM_KEYDIV_WITH_DERIVED_KEY), CKK_AES, 16,
		FLAT(DEVICE_FIELD COUNTER_FIELD
			"\x70\x00\x04\x8b\x44\x00\x03\x71\x00\x04\x00\x00\x10\x8a"),
		0},
	{E(CKM_KEYDIV_CMAC), CKK_AES, 16,
		FLAT("\x30\x00\x03"
		     "abc"),
		0},
	{E(CKM_KEYDIV_AN10922), CKK_AES, 16,
		FLAT("\x30\x00\x03"
		     "abc"),
		0},
	{E(CKM_KEYDIV_SCP03_KEY), CKK_AES, 16,
		FLAT("\x31\x00\x01\x04\x32\x00\x10"
		     "host+cardchallen"),
		0},
	{E(CKM_KEYDIV_GP_STATIC_KEY), CKK_AES, 32,
		FLAT("\x38\x00\x01\x03\x39\x00\x0a"
		     "0123456789"
		     "\x3a\x00\x01\x01"),
		0},
	{E(CKM_KEYDIV_SCP02_KEY), CKK_DES2, 16, FLAT("\x3b\x00\x02\x01\x82\x3c\x00\x02\x00\x01"),
		0},
	{E(CKM_KEYDIV_SDM_SESSION_KEY), CKK_AES, 16,
		FLAT("\x3e\x00\x01\x02\x3f\x00\x07"
		     "tag UID"
		     "\x43\x00\x03\x00\x00\x3d"),
		0},
	{E(CKM_KEYDIV_RETAIL_MAC), CKK_DES2, 16,
		FLAT("\x33\x00\x08"
		     "last MAC"
		     "\x3d\x00\x01\x01"),
		0},
	{E(CKM_KEYDIV_AES_CMAC_ODD), CKK_AES, 16, NULL, 0, 0},
	{E(CKM_KEYDIV_OSDP_SCBK), CKK_AES, 16,
		FLAT("\x3f\x00\x08"
		     "the cUID"),
		0},
	{E(CKM_KEYDIV_OSDP_SESSION_KEY), CKK_AES, 16,
		FLAT("\x4b\x00\x01\x01\x4c\x00\x08"
		     "RND of A"),
		0},
	{E(CKM_KEYDIV_OMS_MODE7_KEY), CKK_AES, 16,
		FLAT("\x4d\x00\x01\x01\x4e\x00\x04\xb3\x0a\x00\x00\x4f\x00\x04\x78\x56\x34\x12"),
		0},
	{E(CKM_KEYDIV_EMV_CARD_KEY), CKK_DES2, 16,
		FLAT("\x34\x00\x01"
		     "A"
		     "\x35\x00\x10"
		     "1234567890123456"
		     "\x36\x00\x02"
		     "01"),
		0},
	{E(CKM_KEYDIV_EMV_SESSION_KEY), CKK_DES2, 16,
		FLAT("\x37\x00\x08\x00\x01\x00\x00\x00\x00\x00\x00"), 0},
	{E(CKM_KEYDIV_LORAWAN_SESSION_KEY), CKK_AES, 16,
		FLAT("\x44\x00\x01\x01\x45\x00\x03\x01\x00\x00\x46\x00\x03\x01\x02\x03\x48\x00\x02"
		     "\x01\x02"),
		0},
	{E(CKM_KEYDIV_LORAWAN_DEVICE_KEY), CKK_AES, 16,
		FLAT("\x44\x00\x01\x05\x49\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08"), 0},
	{E(CKM_KEYDIV_LORAWAN_MIC), CKK_AES, 16, NULL, 0, 0},
	{E(CKM_KEYDIV_LORAWAN_JOIN_ACCEPT), CKK_AES, 16, NULL, 0, 0},
	{E(CKM_KEYDIV_LORAWAN_MULTICAST_KEY), CKK_AES, 16,
		FLAT("\x44\x00\x01\x13\x4a\x00\x04\x01\x02\x03\x04"), 0},
	{E(CKM_KEYDIV_SHE_KEY_UPDATE), CKK_AES, 16,
		FLAT(SHE_PLACE "\x64\x00\x04\x00\x00\x00\x01\x65\x00\x01\x00"), 0},
	{E(CKM_KEYDIV_SHE_KEY_PROOF), CKK_AES, 16, FLAT(SHE_PLACE "\x64\x00\x04\x00\x00\x00\x01"),
		0},
	{E(CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY), CKK_DES2, 16,
		FLAT("\x40\x00\x0a\xff\xff\x98\x76\x54\x32\x10\xe0\x00\x01"), 0},
	{E(CKM_KEYDIV_TDES_DUKPT_KEY), CKK_DES2, 16,
		FLAT("\x40\x00\x0a\xff\xff\x98\x76\x54\x32\x10\xe0\x00\x01\x41\x00\x02\x10\x00"),
		0},
	{E(CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL), CKK_DES2, 16,
		FLAT("\x40\x00\x0a\xff\xff\x98\x76\x54\x32\x10\xe0\x00\x01\x41\x00\x02\x10\x00"),
		0},
	{E(CKM_KEYDIV_AES_DUKPT_INITIAL_KEY), CKK_AES, 16,
		FLAT("\x40\x00\x08\x12\x34\x56\x78\x90\x12\x34\x56"), 0},
	{E(CKM_KEYDIV_AES_DUKPT_KEY), CKK_AES, 16,
		FLAT("\x40\x00\x0c\x12\x34\x56\x78\x90\x12\x34\x56\x00\x00\x00\x01\x41\x00\x02\x10"
		     "\x00"),
		0},
	{E(CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL), CKK_AES, 16,
		FLAT("\x40\x00\x0c\x12\x34\x56\x78\x90\x12\x34\x56\x00\x00\x00\x01\x41\x00\x02\x10"
		     "\x00"),
		0},
	{E(CKM_KEYDIV_ODUKPT_INITIAL_KEY), CKK_AES, 16, FLAT(DEVICE_FIELD SHAPE_FIELD), 0},
	{E(CKM_KEYDIV_ODUKPT_KEY), CKK_AES, 16,
		FLAT(DEVICE_FIELD SHAPE_FIELD "\x51\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00"), 0},
	{E(CKM_KEYDIV_ODUKPT_CLIENT), CKK_AES, 16, FLAT(SHAPE_FIELD),
		CKM_KEYDIV_ODUKPT_INITIAL_KEY},
	{E(CKM_KEYDIV_ODUKPT_NEXT_KEY), CKK_KEYDIV_ODUKPT_CLIENT, 16, NULL, 0,
		CKM_KEYDIV_ODUKPT_CLIENT},
	{E(CKM_KEYDIV_HOROWITZ_DK), CKK_AES, 16,
		FLAT("\x60\x00\x07"
		     "signing"),
		0},
	{E(CKM_KEYDIV_HOROWITZ_PASSWORD_KEY), CKK_AES, 16,
		FLAT("\x60\x00\x07"
		     "signing"
		     "\x61\x00\x08"
		     "password"),
		0},
	{E(CKM_KEYDIV_RFC3961_DK), CKK_AES, 16, FLAT("\x60\x00\x05\x00\x00\x00\x02\x99"), 0},
	{E(CKM_SP800_108_COUNTER_KDF), CKK_AES, 16, NATIVE(counter_kdf), 0},
	{E(CKM_SP800_108_FEEDBACK_KDF), CKK_AES, 16, NATIVE(feedback_kdf), 0},
	{E(CKM_SP800_108_DOUBLE_PIPELINE_KDF), CKK_AES, 16, NATIVE(pipeline_kdf), 0},
	{E(CKM_HKDF_DERIVE), CKK_HKDF, 32, NATIVE(hkdf), 0},
	{E(CKM_HKDF_DATA), CKK_HKDF, 32, NATIVE(hkdf), 0},
	{E(CKM_AES_ECB_ENCRYPT_DATA), CKK_AES, 16, NATIVE(string), 0},
	{E(CKM_AES_CBC_ENCRYPT_DATA), CKK_AES, 16, NATIVE(aes_cbc_data), 0},
	{E(CKM_DES3_ECB_ENCRYPT_DATA), CKK_DES3, 24, NATIVE(string), 0},
	{E(CKM_DES3_CBC_ENCRYPT_DATA), CKK_DES3, 24, NATIVE(des_cbc_data), 0},
	{E(CKM_KEYDIV_FLAT_AES_GCM), CKK_AES, 16, FLAT(IV_FIELD), 0},
	{E(CKM_KEYDIV_FLAT_AES_CCM), CKK_AES, 16,
		FLAT(IV_FIELD "\x77\x00\x08\x00\x00\x00\x00\x00\x00\x00\x20"), 0},
	{E(CKM_KEYDIV_FLAT_AES_GMAC), CKK_AES, 16, FLAT(IV_FIELD), 0},
	{E(CKM_KEYDIV_FLAT_PKCS5_PBKD2), CKK_AES, 16,
		FLAT("\x61\x00\x08"
		     "password" HASH_FIELD SALT_VALUE_FIELD
		     "\x7c\x00\x08\x00\x00\x00\x00\x00\x00\x03\xe8"),
		0},
	{E(CKM_KEYDIV_FLAT_SP800_108_COUNTER_KDF), CKK_AES, 16,
		FLAT(PRF_FIELD PIECES_FIELD(COUNTER_32)), 0},
	{E(CKM_KEYDIV_FLAT_SP800_108_FEEDBACK_KDF), CKK_AES, 16,
		FLAT(PRF_FIELD PIECES_FIELD(CHAINED_VALUE)), 0},
	{E(CKM_KEYDIV_FLAT_SP800_108_DOUBLE_PIPELINE_KDF), CKK_AES, 16,
		FLAT(PRF_FIELD PIECES_FIELD(CHAINED_VALUE)), 0},
	{E(CKM_KEYDIV_FLAT_HKDF_DERIVE), CKK_HKDF, 32, FLAT_HKDF, 0},
	{E(CKM_KEYDIV_FLAT_HKDF_DATA), CKK_HKDF, 32, FLAT_HKDF, 0},
	{E(CKM_KEYDIV_FLAT_AES_ECB_ENCRYPT_DATA), CKK_AES, 16, FLAT(BLOCKS_FIELD), 0},
	{E(CKM_KEYDIV_FLAT_AES_CBC_ENCRYPT_DATA), CKK_AES, 16,
		FLAT(BLOCKS_FIELD "\x72\x00\x10"
				  "sixteen bytes iv"),
		0},
	{E(CKM_KEYDIV_FLAT_DES3_ECB_ENCRYPT_DATA), CKK_DES3, 24, FLAT(BLOCKS_FIELD), 0},
	{E(CKM_KEYDIV_FLAT_DES3_CBC_ENCRYPT_DATA), CKK_DES3, 24,
		FLAT(BLOCKS_FIELD "\x72\x00\x08"
				  "bytes iv"),
		0},
};
const size_t example_count = sizeof examples / sizeof *examples;

#define CRYPT (CKF_ENCRYPT | CKF_DECRYPT)
#define MAC (CKF_SIGN | CKF_VERIFY)
#define WRAPPING (CKF_WRAP | CKF_UNWRAP)
#define MESSAGES (CRYPT | CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT)

const struct required required[] = {
	{CKM_AES_KEY_GEN, CKF_GENERATE},
	{CKM_GENERIC_SECRET_KEY_GEN, CKF_GENERATE},
	{CKM_DES2_KEY_GEN, CKF_GENERATE},
	{CKM_DES3_KEY_GEN, CKF_GENERATE},
	{CKM_AES_ECB, CRYPT},
	{CKM_AES_CBC, CRYPT},
	{CKM_AES_CBC_PAD, CRYPT},
	{CKM_AES_CTR, CRYPT},
	{CKM_AES_GCM, MESSAGES},
	{CKM_AES_CCM, MESSAGES},
	{CKM_DES3_ECB, CRYPT},
	{CKM_DES3_CBC, CRYPT},
	{CKM_AES_CMAC, MAC},
	{CKM_AES_CMAC_GENERAL, MAC},
	{CKM_DES3_CMAC, MAC},
	{CKM_DES3_CMAC_GENERAL, MAC},
	{CKM_AES_GMAC, MAC},
	{CKM_SHA_1, CKF_DIGEST},
	{CKM_SHA224, CKF_DIGEST},
	{CKM_SHA256, CKF_DIGEST},
	{CKM_SHA384, CKF_DIGEST},
	{CKM_SHA512, CKF_DIGEST},
	{CKM_SHA_1_HMAC, MAC},
	{CKM_SHA224_HMAC, MAC},
	{CKM_SHA256_HMAC, MAC},
	{CKM_SHA384_HMAC, MAC},
	{CKM_SHA512_HMAC, MAC},
	{CKM_SHA_1_HMAC_GENERAL, MAC},
	{CKM_SHA224_HMAC_GENERAL, MAC},
	{CKM_SHA256_HMAC_GENERAL, MAC},
	{CKM_SHA384_HMAC_GENERAL, MAC},
	{CKM_SHA512_HMAC_GENERAL, MAC},
	{CKM_AES_KEY_WRAP, WRAPPING},
	{CKM_AES_KEY_WRAP_KWP, WRAPPING},
	{CKM_KEYDIV_KEY_BLOCK, WRAPPING},
	{CKM_KEYDIV_DEVICE_KEY, CKF_DERIVE},
	{CKM_KEYDIV_MESSAGE_KEY, CKF_DERIVE},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY, CKF_DERIVE},
	{CKM_KEYDIV_SESSION_KEY, CKF_DERIVE},
	{CKM_KEYDIV_DEVICE_SESSION_KEY, CKF_DERIVE},
	{CKM_KEYDIV_DATA_KEY, CKF_DERIVE},
	{CKM_KEYDIV_CMAC, CKF_DERIVE},
	{CKM_KEYDIV_LORAWAN_SESSION_KEY, CKF_DERIVE},
	{CKM_KEYDIV_LORAWAN_DEVICE_KEY, CKF_DERIVE},
	{CKM_KEYDIV_SHE_KEY_UPDATE, CKF_WRAP},
	{CKM_KEYDIV_SHE_KEY_PROOF, MAC},
	{CKM_KEYDIV_LORAWAN_MIC, MAC},
	{CKM_KEYDIV_LORAWAN_JOIN_ACCEPT, CKF_ENCRYPT},
	{CKM_KEYDIV_LORAWAN_MULTICAST_KEY, CKF_DERIVE},
	{CKM_KEYDIV_WITH_DERIVED_KEY, MESSAGES | MAC | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY},
};
const size_t required_count = sizeof required / sizeof *required;

const struct example *example_of(CK_MECHANISM_TYPE type)
{
	size_t i;

	for (i = 0; i < example_count; i++)
		if (examples[i].type == type)
			return &examples[i];
	return NULL;
}

CK_MECHANISM_TYPE standard_number(CK_MECHANISM_TYPE type)
{
	return (type & ~0x7FFFUL) == CKM_KEYDIV_FLAT(0) ? type & 0x7FFFUL : type;
}

CK_MECHANISM example_mechanism(const struct example *e)
{
	return (CK_MECHANISM){e->type, (void *)e->parameter, e->parameter_length};
}

void example_value(const struct example *e, uint8_t ret[EXAMPLE_KEY_MAX])
{
	ck_assert_uint_le(e->key_length, EXAMPLE_KEY_MAX);
	for (CK_ULONG i = 0; i < e->key_length; i++) {
		ret[i] = (uint8_t)(7 * i + 2);
		ret[i] ^= __builtin_parity(ret[i]) == 0;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * des3.c: TDEA (SP 800-67) with two and three keys. Key generation, ECB and CBC, for the schemes
 * that still need TDEA.
 */
#include "native.h"
#include "operation_fields.h"

#define BLOCK 8

static CK_RV iv_setup(const CK_MECHANISM *caller, struct cipher_setup *ret)
{
	ENSURE(caller->pParameter != NULL && caller->ulParameterLen == BLOCK,
		CKR_MECHANISM_PARAM_INVALID);
	ret->iv = bytes_of(caller->pParameter, BLOCK);
	return CKR_OK;
}

#define SP_800_67_KEY "0123456789abcdef23456789abcdef01456789abcdef0123"
#define SP_800_67_PLAIN                                                                            \
	"5468652071756663"                                                                         \
	"6b2062726f776e20"                                                                         \
	"666f78206a756d70"

/* SP 800-67 appendix B.1 */
static const struct operation_answer ecb_answers[] = {
	{CKK_DES3, SP_800_67_KEY, NULL, NULL, SP_800_67_PLAIN,
		"a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900"},
	{0},
};

/* NIST, "Examples with Intermediate Values", TDES_CBC */
static const struct operation_answer cbc_answers[] = {
	{CKK_DES3, SP_800_67_KEY, "f69f2445df4f9b17", NULL,
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
		"2079c3d53aa763e193b79e2569ab5262516570481f25b50f73c0bda85c8e0da7"},
	{0},
};

const struct mechanism mech_des2_key_gen = {
	.type = CKM_DES2_KEY_GEN,
	.name = "CKM_DES2_KEY_GEN",
	.source = "PKCS#11 3.0",
	.info = {0, 0, CKF_GENERATE},
	.operation = {.generates = CKK_DES2},
	.test = {.run = operation_self_test},
};

const struct mechanism mech_des3_key_gen = {
	.type = CKM_DES3_KEY_GEN,
	.name = "CKM_DES3_KEY_GEN",
	.source = "PKCS#11 3.0",
	.info = {0, 0, CKF_GENERATE},
	.operation = {.generates = CKK_DES3},
	.test = {.run = operation_self_test},
};

const struct mechanism mech_des3_ecb = {
	.type = CKM_DES3_ECB,
	.name = "CKM_DES3_ECB",
	.source = "SP 800-67",
	.info = {0, 0, CKF_ENCRYPT | CKF_DECRYPT},
	.key_types = key_types_tdes,
	.operation = {.cipher = CIPHER_ECB},
	.test = {.operation_answers = ecb_answers, .run = operation_self_test},
};

const struct mechanism mech_des3_cbc = {
	.type = CKM_DES3_CBC,
	.name = "CKM_DES3_CBC",
	.source = "SP 800-67",
	.info = {0, 0, CKF_ENCRYPT | CKF_DECRYPT},
	.key_types = key_types_tdes,
	.operation = {.cipher = CIPHER_CBC,
		.cipher_setup = iv_setup,
		.inputs = &inputs_block8,
		.for_use = true},
	.test = {.operation_answers = cbc_answers, .run = operation_self_test},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* aes_mac.c: AES-CMAC (SP 800-38B), whole or truncated, and AES-GMAC (SP 800-38D). */
#include "native.h"
#include "operation_fields.h"

#define GMAC_IV 12

/*
 * The parameter of GMAC is an IV of 12 bytes (Current Mechanisms Specification, AES-GMAC). Some
 * callers pass a CK_GCM_PARAMS, because GMAC is a use of GCM. This struct is accepted too. The
 * authenticated data is then also the data of the operation, not the AAD of the struct.
 */
static CK_RV gmac_setup(const CK_MECHANISM *caller, size_t length, struct bytes *ret_iv)
{
	CK_GCM_PARAMS params;

	if (caller->ulParameterLen == GMAC_IV) {
		ENSURE(caller->pParameter != NULL, CKR_MECHANISM_PARAM_INVALID);
		*ret_iv = bytes_of(caller->pParameter, GMAC_IV);
		return CKR_OK;
	}
	TRY(native_gcm(caller, &params));
	ENSURE(params.pIv != NULL && params.ulIvLen == GMAC_IV && params.ulAADLen == 0,
		CKR_MECHANISM_PARAM_INVALID);
	ENSURE(params.ulTagBits == 8 * length, CKR_MECHANISM_PARAM_INVALID);
	*ret_iv = bytes_of(params.pIv, GMAC_IV);
	return CKR_OK;
}

#define KEY "2b7e151628aed2a6abf7158809cf4f3c"

/* SP 800-38B appendix D.1, examples 1, 2 and 3 */
static const struct operation_answer cmac_answers[] = {
	{CKK_AES, KEY, NULL, NULL, "", "bb1d6929e95937287fa37d129b756746"},
	{CKK_AES, KEY, NULL, NULL, "6bc1bee22e409f96e93d7e117393172a",
		"070a16b46b4d4144f79bdd9dd04a287c"},
	{CKK_AES, KEY, NULL, NULL,
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
		"dfa66747de9ae63030ca32611497c827"},
	{0},
};

/* The same answers, truncated to 8 bytes */
static const struct operation_answer cmac_general_answers[] = {
	{CKK_AES, KEY, NULL, NULL, "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144"},
	{0},
};

/*
 * McGrew and Viega, "The Galois/Counter Mode of Operation", test case 1, and CAVP
 * gcmEncryptExtIV128 with AAD only
 */
static const struct operation_answer gmac_answers[] = {
	{CKK_AES, "00000000000000000000000000000000", "000000000000000000000000", NULL, "",
		"58e2fccefa7e3061367f1d57a4e7455a"},
	{CKK_AES, "77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3", NULL,
		"7a43ec1d9c0a5a78a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946"},
	{0},
};

const struct mechanism mech_aes_cmac = {
	.type = CKM_AES_CMAC,
	.name = "CKM_AES_CMAC",
	.source = "SP 800-38B",
	.info = {16, 32, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.operation = {.mac = MAC_CMAC, .inputs = &inputs_none, .for_use = true},
	.test = {.operation_answers = cmac_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_cmac_general = {
	.type = CKM_AES_CMAC_GENERAL,
	.name = "CKM_AES_CMAC_GENERAL",
	.source = "SP 800-38B",
	.info = {16, 32, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.operation = {.mac = MAC_CMAC,
		.mac_general = true,
		.inputs = &inputs_general,
		.for_use = true,
		.whole = CKM_AES_CMAC},
	.test = {.operation_answers = cmac_general_answers, .run = operation_self_test},
};

const struct mechanism mech_aes_gmac = {
	.type = CKM_AES_GMAC,
	.form = FORM_POINTERS,
	.name = "CKM_AES_GMAC",
	.source = "SP 800-38D",
	.info = {16, 32, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.operation = {.mac = MAC_GMAC,
		.mac_setup = gmac_setup,
		.inputs = &inputs_gmac,
		.for_use = true},
	.test = {.operation_answers = gmac_answers, .run = operation_self_test},
};

static const struct field gmac_fields[] = {FIELD_IV, {0}};

const struct mechanism mech_flat_aes_gmac = {
	.type = CKM_AES_GMAC,
	.form = FORM_FLAT,
	.name = "CKM_KEYDIV_FLAT_AES_GMAC",
	.what = "authentication",
	.info = {16, 32, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.fields = gmac_fields,
	.operation = {.mac = MAC_GMAC, .inputs = &inputs_gmac},
	.test = {.operation_answers = gmac_answers, .run = operation_self_test},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* des3_mac.c: CMAC (SP 800-38B) with TDEA, whole or truncated. */
#include "operation_fields.h"

#define KEY2 "4cf15134a2850dd58a3d10ba80570d38"
#define KEY3 "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5"

/* SP 800-38B appendix D.4 (three keys), examples 1 and 2, and D.5 (two keys), examples 1 and 2 */
static const struct operation_answer cmac_answers[] = {
	{CKK_DES3, KEY3, NULL, NULL, "", "b7a688e122ffaf95"},
	{CKK_DES3, KEY3, NULL, NULL, "6bc1bee22e409f96", "8e8f293136283797"},
	{CKK_DES2, KEY2, NULL, NULL, "", "bd2ebf9a3ba00361"},
	{CKK_DES2, KEY2, NULL, NULL, "6bc1bee22e409f96", "4ff2ab813c53ce83"},
	{0},
};

/* The same answers, truncated to 4 bytes */
static const struct operation_answer cmac_general_answers[] = {
	{CKK_DES3, KEY3, NULL, NULL, "6bc1bee22e409f96", "8e8f2931"},
	{0},
};

const struct mechanism mech_des3_cmac = {
	.type = CKM_DES3_CMAC,
	.name = "CKM_DES3_CMAC",
	.source = "SP 800-38B",
	.info = {0, 0, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_tdes,
	.operation = {.mac = MAC_CMAC, .inputs = &inputs_none, .for_use = true},
	.test = {.operation_answers = cmac_answers, .run = operation_self_test},
};

const struct mechanism mech_des3_cmac_general = {
	.type = CKM_DES3_CMAC_GENERAL,
	.name = "CKM_DES3_CMAC_GENERAL",
	.source = "SP 800-38B",
	.info = {0, 0, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_tdes,
	.operation = {.mac = MAC_CMAC,
		.mac_general = true,
		.inputs = &inputs_general,
		.for_use = true,
		.whole = CKM_DES3_CMAC},
	.test = {.operation_answers = cmac_general_answers, .run = operation_self_test},
};

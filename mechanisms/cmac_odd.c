/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmac_odd.c: the bytes 1, 3, 5 ... 15 of AES-CMAC (0122), which NTAG 424 DNA and DESFire EV2 put
 * into messages. NXP calls this value MACt.
 */
#include "operation_fields.h"

/*
 * NXP AN12196 rev 1.5, page 12: the MAC of an empty message under the session key of a tag, then
 * the odd-numbered bytes of example 2 of SP 800-38B
 */
static const struct operation_answer answers[] = {
	{CKK_AES, "3fb5f6e3a807a03d5e3570ace393776f", NULL, NULL, "", "94eed9ee65337086"},
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", NULL, NULL,
		"6bc1bee22e409f96e93d7e117393172a", "0ab44d449b9d4a7c"},
	{0},
};

const struct mechanism mech_aes_cmac_odd = {
	.type = CKM_KEYDIV_AES_CMAC_ODD,
	.name = "CKM_KEYDIV_AES_CMAC_ODD",
	.what = "authentication with AES, 8 bytes of CMAC",
	.source = "NXP AN12196",
	.info = {16, 32, CKF_SIGN | CKF_VERIFY},
	.key_types = key_types_aes,
	.operation = {.mac = MAC_CMAC_ODD, .inputs = &inputs_none, .for_use = true},
	.test = {.operation_answers = answers, .run = operation_self_test},
};

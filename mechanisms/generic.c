/* SPDX-License-Identifier: Apache-2.0 */
/* generic.c: generate generic secrets, the keys of HMAC and HKDF. */
#include "mechanism.h"

const struct mechanism mech_generic_secret_key_gen = {
	.type = CKM_GENERIC_SECRET_KEY_GEN,
	.name = "CKM_GENERIC_SECRET_KEY_GEN",
	.source = "PKCS#11 3.0",
	.info = {1, SECRET_MAX, CKF_GENERATE},
	.operation = {.generates = CKK_GENERIC_SECRET},
	.test = {.run = operation_self_test},
};

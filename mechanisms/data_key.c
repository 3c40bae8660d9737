/* SPDX-License-Identifier: Apache-2.0 */
/* data_key.c: master -> data key, as a key management service gives them out (0006). */
#include "kdf.h"

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	return kdf_result(d, d->base, "data", d->parameter->encoded, ret_value);
}

static const struct field fields[] = {
	{FIELD(NONCE), true, 16, 64},
	{FIELD(ENCRYPTION_CONTEXT), false, 1, 2048},
	{0},
};

static const struct known_answer answers[] = {
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", "280010000102030405060708090a0b0c0d0e0f",
		CKK_AES, "f5197b7decbd8e22496680298aa2b747c6fc47449ab7f65a76f37047c04af36e"},
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c", "280010000102030405060708090a0b0c0d0e0f",
		CKK_AES, "56ce9c7de4096c95c62c1981e7a7717c1d37d1a44f10b7788601f4456db5115a"},
	{0},
};

static const uint32_t usages[] = {0, USAGE_ENCRYPT};

/* A data key without usage is a master of its own. */
static const struct role role = {
	.usage = USAGE_ALL,
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_DEVICE_KEY, CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_DEVICE_MESSAGE_KEY,
		CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_DEVICE_SESSION_KEY, CKM_KEYDIV_DATA_KEY,
		CKM_KEYDIV_WITH_DERIVED_KEY},
};

const struct mechanism mech_data_key = {
	.type = CKM_KEYDIV_DATA_KEY,
	.name = "CKM_KEYDIV_DATA_KEY",
	.what = "master -> data key",
	.source = "SP 800-108r1",
	.scheme = "device",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.derive = {.value = derive, .role = &role, .for_use = true},
	.test = {.answers = answers, .usages = usages},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* device_key.c: master -> device key (0001). */
#include "kdf.h"

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	return kdf_result(d, d->base, "device", d->parameter->encoded, ret_value);
}

static const struct field fields[] = {
	DEVICE_KEY_FIELDS,
	{0},
};

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"
#define DEVICE "010009534e2d303030313233"

static const struct known_answer answers[] = {
	{CKK_AES, MASTER, DEVICE, CKK_AES, "2759dd4361d7979a96a5c23692cd5555"},
	{CKK_AES, MASTER, DEVICE, CKK_AES,
		"25ac2ff675ae7b1e4d1fd82bfa4fd18823e730af45624caa310dc2536fd53d56"},
	{CKK_AES, MASTER, "010009534e2d30303031323302000800112233445566770300036d6163", CKK_AES,
		"a534ead2171eb5a37319a6e5e19dd387"},
	{CKK_AES, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", DEVICE,
		CKK_AES, "9eaf70a77a7975216ac1571d42c87475dfc1b8e0974217d4f3ac1b7946e6c546"},
	{CKK_AES, MASTER, DEVICE, CKK_AES, "3f2dba18a87fa581e735f039b80cbbfd"},
	{CKK_AES, MASTER, DEVICE, CKK_AES, "0432d978ebae574bcbefa48e7c0504b8"},
	{CKK_AES, MASTER, DEVICE, CKK_AES, "b5f9a1124d32f3142b091ba9bd783347"},
	{CKK_AES, MASTER, DEVICE, CKK_AES, "e4f6626f91d7a036582ee027e14ac50e"},
	{CKK_AES, MASTER, DEVICE, CKK_DES2, "ea0157708ccb8f9831ae736d8a16efcb"},
	{CKK_AES, MASTER, DEVICE, CKK_SHA256_HMAC,
		"24d46aa5ed7c13e7ead23bb3b3862a3e9d64e2e81bb78b04fc1ba814cdac5dd3"},
	{0},
};

static const uint32_t usages[] = {0, 0, 0, 0, USAGE_SIGN, USAGE_ENCRYPT | USAGE_DECRYPT,
	USAGE_ENCRYPT | USAGE_SIGN, USAGE_WRAP, USAGE_ENCRYPT, USAGE_SIGN};

static const struct role role = {
	.usage = USAGE_ALL,
	.level = LEVEL_SHORTEN,
	.children = {CKM_KEYDIV_MESSAGE_KEY, CKM_KEYDIV_SESSION_KEY, CKM_KEYDIV_WITH_DERIVED_KEY},
};

const struct mechanism mech_device_key = {
	.type = CKM_KEYDIV_DEVICE_KEY,
	.name = "CKM_KEYDIV_DEVICE_KEY",
	.what = "master -> device key",
	.source = "SP 800-108r1",
	.scheme = "device",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.derive = {.value = derive, .role = &role, .for_use = true},
	.test = {.answers = answers, .usages = usages},
};

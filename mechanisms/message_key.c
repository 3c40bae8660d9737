/* SPDX-License-Identifier: Apache-2.0 */
/* message_key.c: device key -> message key (0002), and master -> message key in one call (0003). */
#include "kdf.h"

#define LABEL "message"

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	return kdf_result(d, d->base, LABEL, d->parameter->encoded, ret_value);
}

static CK_RV derive_from_master(struct derivation *d, struct secret *ret_value)
{
	struct key *device_key;

	TRY(load_device_key(d, &device_key));
	return kdf_result(d, device_key, LABEL,
		parameter_span(d->parameter, KEYDIV_COUNTER, KEYDIV_MESSAGE_PURPOSE), ret_value);
}

static const struct field fields[] = {
	{NUMBER_FIELD(COUNTER), true, 8, 8},
	{FIELD(MESSAGE_PURPOSE), false, 1, 32},
	{0},
};

static const struct field fields_from_master[] = {
	DEVICE_KEY_FIELDS,
	{NUMBER_FIELD(COUNTER), true, 8, 8},
	{FIELD(MESSAGE_PURPOSE), false, 1, 32},
	{0},
};

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"
#define DEVICE_KEY "2759dd4361d7979a96a5c23692cd5555" /* of MASTER and SN-000123 */

static const struct known_answer answers[] = {
	{CKK_AES, DEVICE_KEY, "1000080000000000000001", CKK_AES,
		"d5158ad88eaed7329eb0fa2246ed5c5d"},
	{CKK_AES, DEVICE_KEY, "1000080000000000000001110003656e63", CKK_AES,
		"078cccc4817b8b0e058a84653f251b1a50674428046ba93f61a453e5605c567f"},
	{CKK_AES, DEVICE_KEY, "1000080000000000000001", CKK_AES,
		"4fdf5115c93626ecf9759b92909656fb"},
	{CKK_AES, DEVICE_KEY, "1000080000000000000001", CKK_AES,
		"5edbec2fe5b1b5e9a516134bb0d69808"},
	{0},
};

static const struct known_answer answers_from_master[] = {
	{CKK_AES, MASTER, "010009534e2d3030303132331000080000000000000001", CKK_AES,
		"d5158ad88eaed7329eb0fa2246ed5c5d"},
	{CKK_AES, MASTER, "010009534e2d3030303132331000080000000000000001110003656e63", CKK_AES,
		"078cccc4817b8b0e058a84653f251b1a50674428046ba93f61a453e5605c567f"},
	{CKK_AES, MASTER, "010009534e2d3030303132331000080000000000000001", CKK_AES,
		"4fdf5115c93626ecf9759b92909656fb"},
	{CKK_AES, MASTER, "010009534e2d3030303132331000080000000000000001", CKK_AES,
		"5edbec2fe5b1b5e9a516134bb0d69808"},
	{0},
};

/* Of both lists of answers. */
static const uint32_t usages[] = {0, 0, USAGE_VERIFY, USAGE_DECRYPT};

const struct mechanism mech_message_key = {
	.type = CKM_KEYDIV_MESSAGE_KEY,
	.name = "CKM_KEYDIV_MESSAGE_KEY",
	.what = "device key -> message key",
	.source = "SP 800-108r1",
	.scheme = "device",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.derive = {.value = derive,
		.role = &role_by_use,
		.for_use = true,
		.counter = {.tag = KEYDIV_COUNTER, .bits = 64}},
	.test = {.answers = answers, .usages = usages},
};

const struct mechanism mech_device_message_key = {
	.type = CKM_KEYDIV_DEVICE_MESSAGE_KEY,
	.name = "CKM_KEYDIV_DEVICE_MESSAGE_KEY",
	.what = "master -> message key",
	.source = "SP 800-108r1",
	.scheme = "device",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_from_master,
	.derive = {.value = derive_from_master,
		.role = &role_by_use,
		.for_use = true,
		.counter = {.tag = KEYDIV_COUNTER, .bits = 64}},
	.test = {.answers = answers_from_master, .usages = usages},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* session_key.c: device key -> session key (0004), and master -> session key in one call (0005). */
#include "kdf.h"

#define LABEL "session"

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	return kdf_result(d, d->base, LABEL, d->parameter->encoded, ret_value);
}

static CK_RV derive_from_master(struct derivation *d, struct secret *ret_value)
{
	struct key *device_key;

	TRY(load_device_key(d, &device_key));
	return kdf_result(d, device_key, LABEL,
		parameter_span(d->parameter, KEYDIV_INITIATOR_NONCE, KEYDIV_SESSION_PURPOSE),
		ret_value);
}

static const struct field fields[] = {
	{FIELD(INITIATOR_NONCE), true, 8, 64},
	{FIELD(RESPONDER_NONCE), true, 8, 64},
	{FIELD(SESSION_PURPOSE), false, 1, 32},
	{0},
};

static const struct field fields_from_master[] = {
	DEVICE_KEY_FIELDS,
	{FIELD(INITIATOR_NONCE), true, 8, 64},
	{FIELD(RESPONDER_NONCE), true, 8, 64},
	{FIELD(SESSION_PURPOSE), false, 1, 32},
	{0},
};

static const struct known_answer answers[] = {
	{CKK_AES, "2759dd4361d7979a96a5c23692cd5555",
		"2000080001020304050607"
		"21000808090a0b0c0d0e0f",
		CKK_AES, "b7bcbd512389f178170f19fe0494677c"},
	{CKK_AES, "2759dd4361d7979a96a5c23692cd5555",
		"2000080001020304050607"
		"21000808090a0b0c0d0e0f",
		CKK_AES, "efc4e5c8739fa49d48d413f90650b0fa"},
	{0},
};

static const struct known_answer answers_from_master[] = {
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
		"010009534e2d303030313233"
		"2000080001020304050607"
		"21000808090a0b0c0d0e0f",
		CKK_AES, "b7bcbd512389f178170f19fe0494677c"},
	{CKK_AES, "2b7e151628aed2a6abf7158809cf4f3c",
		"010009534e2d303030313233"
		"2000080001020304050607"
		"21000808090a0b0c0d0e0f",
		CKK_AES, "efc4e5c8739fa49d48d413f90650b0fa"},
	{0},
};

/* Of both lists of answers. */
static const uint32_t usages[] = {0, USAGE_SIGN};

const struct mechanism mech_session_key = {
	.type = CKM_KEYDIV_SESSION_KEY,
	.name = "CKM_KEYDIV_SESSION_KEY",
	.what = "device key -> session key",
	.source = "SP 800-108r1",
	.scheme = "device",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.derive = {.value = derive, .role = &role_by_use, .for_use = true},
	.test = {.answers = answers, .usages = usages},
};

const struct mechanism mech_device_session_key = {
	.type = CKM_KEYDIV_DEVICE_SESSION_KEY,
	.name = "CKM_KEYDIV_DEVICE_SESSION_KEY",
	.what = "master -> session key",
	.source = "SP 800-108r1",
	.scheme = "device",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields_from_master,
	.derive = {.value = derive_from_master, .role = &role_by_use, .for_use = true},
	.test = {.answers = answers_from_master, .usages = usages},
};

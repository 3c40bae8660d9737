/* SPDX-License-Identifier: Apache-2.0 */
/* cmac.c: derive a key whose value is AES-CMAC(base, MESSAGE), SP 800-38B (0101). */
#include "mechanism.h"

#define MAC_LENGTH 16

/*
 * A CMAC has 16 bytes. An AES-192 or AES-256 base gives such a key only if the template asks for 16
 * bytes, because no key gets shorter without a request.
 */
static CK_RV plan(struct derivation *d, const struct key_request *request)
{
	TRY(derive_plan_default(d, request));
	ENSURE(d->length == MAC_LENGTH, CKR_KEY_SIZE_RANGE);
	return CKR_OK;
}

static CK_RV derive(struct derivation *d, struct secret *ret_value)
{
	struct bytes message = parameter_get(d->parameter, KEYDIV_MESSAGE);

	TRY(secret_resize(ret_value, MAC_LENGTH));
	return key_cmac(d->base, message.p, message.n, secret_bytes(ret_value));
}

static const struct field fields[] = {
	{FIELD(MESSAGE), true, 0, 4000},
	{0},
};

#define MASTER "2b7e151628aed2a6abf7158809cf4f3c"

/*
 * An answer of this project, then examples 1 and 2 of SP 800-38B (RFC 4493), which include
 * the empty message.
 */
static const struct known_answer answers[] = {
	{CKK_AES, MASTER, "300009534e2d303030313233", CKK_AES, "fa6b718d2d54dfdea10dae169a93615f"},
	{CKK_AES, MASTER, "300000", CKK_AES, "bb1d6929e95937287fa37d129b756746"},
	{CKK_AES, MASTER, "3000106bc1bee22e409f96e93d7e117393172a", CKK_AES,
		"070a16b46b4d4144f79bdd9dd04a287c"},
	{0},
};

const struct mechanism mech_cmac = {
	.type = CKM_KEYDIV_CMAC,
	.name = "CKM_KEYDIV_CMAC",
	.what = "base -> its AES-CMAC",
	.source = "SP 800-38B, RFC 4493",
	.info = {16, 32, CKF_DERIVE},
	.key_types = key_types_aes,
	.fields = fields,
	.derive = {.plan = plan, .value = derive, .role = &role_leaf, .for_use = true},
	.test = {.answers = answers},
};

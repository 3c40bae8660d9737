/* SPDX-License-Identifier: Apache-2.0 */
/* operation_fields.c: see operation_fields.h. */
#include "operation_fields.h"

#define AES_BLOCK 16
#define CTR_BITS (8 * AES_BLOCK)

const struct operation_inputs inputs_none = {0};
const struct operation_inputs inputs_general = {
	.tag_min = 1, .tag_max = KEY_MAC_MAX, .tag_step = 1};
const struct operation_inputs inputs_retail = {
	.tag_min = 1, .tag_max = 8, .tag_step = 1, .tag_default = 8};
const struct operation_inputs inputs_block8 = {.iv_min = 8, .iv_max = 8};
const struct operation_inputs inputs_block16 = {.iv_min = AES_BLOCK, .iv_max = AES_BLOCK};
const struct operation_inputs inputs_gmac = {.iv_min = 12, .iv_max = 12};
/* The longest IV is the limit of libcrypto. Shorter tags weaken: SP 800-38D appendix C. */
const struct operation_inputs inputs_gcm = {
	.iv_min = 1,
	.iv_max = 128,
	.aad = true,
	.tag_min = 12,
	.tag_max = AES_BLOCK,
	.tag_step = 1,
	.tag_default = AES_BLOCK,
};
/* SP 800-38C appendix A.1 */
const struct operation_inputs inputs_ccm = {
	.iv_min = 7,
	.iv_max = 13,
	.aad = true,
	.tag_min = 4,
	.tag_max = AES_BLOCK,
	.tag_step = 2,
	.tag_default = AES_BLOCK,
	.data_length = true,
};

const struct field further_counter[] = {
	{NUMBER_FIELD(COUNTER), false, 8, 8},
	{0},
};

static CK_RV take_iv(
	const struct operation_inputs *inputs, const struct parameter *p, struct bytes *ret)
{
	struct bytes iv = parameter_get(p, KEYDIV_IV);

	REQUIRE(iv.p != NULL || inputs->iv_max == 0, CKR_MECHANISM_PARAM_INVALID,
		"the field IV is missing");
	REQUIRE(iv.p == NULL || inputs->iv_max != 0, CKR_MECHANISM_PARAM_INVALID,
		"the operation takes no IV");
	REQUIRE(iv.p == NULL || (iv.n >= inputs->iv_min && iv.n <= inputs->iv_max),
		CKR_MECHANISM_PARAM_INVALID, "the operation takes no IV of this length");
	*ret = iv;
	return CKR_OK;
}

static CK_RV take_aad(
	const struct operation_inputs *inputs, const struct parameter *p, struct bytes *ret)
{
	*ret = parameter_get(p, KEYDIV_AAD);
	REQUIRE(ret->p == NULL || inputs->aad, CKR_MECHANISM_PARAM_INVALID,
		"the operation takes no AAD");
	return CKR_OK;
}

/* *RET = TAG_LENGTH of P, or the default. 0 for an operation without the field. */
static CK_RV take_tag_length(
	const struct operation_inputs *inputs, const struct parameter *p, size_t least, size_t *ret)
{
	struct bytes field = parameter_get(p, KEYDIV_TAG_LENGTH);
	size_t length = field.p != NULL ? field.p[0] : inputs->tag_default;

	REQUIRE(field.p == NULL || inputs->tag_max != 0, CKR_MECHANISM_PARAM_INVALID,
		"the operation takes no TAG_LENGTH");
	if (inputs->tag_max != 0) {
		REQUIRE(field.p != NULL || inputs->tag_default != 0, CKR_MECHANISM_PARAM_INVALID,
			"the field TAG_LENGTH is missing");
		REQUIRE(length >= least, CKR_MECHANISM_PARAM_INVALID, "TAG_LENGTH is too small");
		REQUIRE(length >= inputs->tag_min && length <= inputs->tag_max &&
				length % inputs->tag_step == 0,
			CKR_MECHANISM_PARAM_INVALID,
			"TAG_LENGTH is not a length that the operation takes");
	}
	*ret = length;
	return CKR_OK;
}

static CK_RV take_data_length(
	const struct operation_inputs *inputs, const struct parameter *p, size_t *ret)
{
	struct bytes field = parameter_get(p, KEYDIV_DATA_LENGTH);

	REQUIRE(field.p == NULL || inputs->data_length, CKR_MECHANISM_PARAM_INVALID,
		"the operation takes no DATA_LENGTH");
	*ret = field.p != NULL ? get_be64(field.p) : 0;
	return CKR_OK;
}

CK_RV operation_fields_cipher(const struct mechanism *mech, const struct parameter *p, size_t least,
	struct cipher_setup *ret)
{
	const struct operation_inputs *inputs = mech->operation.inputs;
	struct cipher_setup setup = {.mode = ret->mode, .encrypt = ret->encrypt};

	TRY(take_iv(inputs, p, &setup.iv));
	TRY(take_aad(inputs, p, &setup.aad));
	TRY(take_tag_length(inputs, p, least, &setup.tag_len));
	TRY(take_data_length(inputs, p, &setup.data_len));
	setup.counter_bits = mech->operation.cipher == CIPHER_CTR ? CTR_BITS : 0;
	*ret = setup;
	return CKR_OK;
}

CK_RV operation_fields_mac(const struct mechanism *mech, const struct parameter *p,
	const struct parameter *further, size_t whole, size_t least, struct mac_start *ret)
{
	const struct operation_inputs *inputs = mech->operation.inputs;
	struct mac_start start = {.kind = mech->operation.mac};
	struct bytes aad;
	size_t length, data_length;

	TRY(take_iv(inputs, p, &start.iv));
	TRY(take_aad(inputs, p, &aad));
	TRY(take_tag_length(inputs, p, least, &length));
	TRY(take_data_length(inputs, p, &data_length));
	REQUIRE(length <= whole, CKR_MECHANISM_PARAM_INVALID,
		"the MAC is longer than the mechanism's");
	start.length = inputs->tag_max != 0 ? length : whole;
	if (mech->operation.take_further != NULL)
		TRY(mech->operation.take_further(further, &start));
	start.special = start.iv.p != NULL || start.kind != mech->operation.mac;
	*ret = start;
	return CKR_OK;
}
